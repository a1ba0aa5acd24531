/** Runs the example programs (examples/programs) for tests. */

import { readdirSync, readFileSync } from 'node:fs';
import type { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Linux, type LinuxOptions } from '../linux.ts';
import type { CallTracer } from '../process/call-tracer.ts';
import type { Process } from '../process/task.ts';

const IMAGES = new URL('../../../../examples/programs/images/', import.meta.url);
/** More units of work than any of them needs. */
const WORK = 200_000_000;

/** The names of the programs. */
export const PROGRAMS = readdirSync(IMAGES)
  .filter((name) => name.endsWith('.elf'))
  .map((name) => name.replace('.elf', ''));

/** Returns the ELF file of a program. */
export function programImage(name: string): Uint8Array {
  return readFileSync(new URL(`${name}.elf`, IMAGES));
}

/** Returns the ELF file of a hostile program. */
export function hostileImage(name: string): Uint8Array {
  return readFileSync(new URL(`../hostile/images/${name}.elf`, IMAGES));
}

/** Returns what a program prints on Linux, and its exit status in a last line. */
export function recordedOutput(name: string): string {
  return readFileSync(new URL(`${name}.expected`, IMAGES), 'utf8');
}

/** A program that was started. */
export interface Started {
  readonly linux: Linux;
  readonly process: Process;
  /** Returns what it has printed. */
  readonly output: () => string;
}

/** Starts a program as scripts/record-programs.ts does. */
export function startProgram(name: string, machine: Machine, options: LinuxOptions = {}): Started {
  const linux = new Linux(new Host(machine), options);
  const path = `/programs/${name}`;
  linux.files.write(path, programImage(name), 0o755);
  linux.files.directory(`/tmp/${name}`);
  let output = '';
  const out = linux.makeOutput((bytes) => {
    output += Buffer.from(bytes).toString('latin1');
  });
  const process = linux.spawn({
    path,
    args: [path, ...(name === 'hello' ? ['one', 'two'] : [])],
    env: ['NAME=value'],
    directory: `/tmp/${name}`,
    files: [linux.makeInput().open(0), out.open(1), out.open(1)],
  });
  return { linux, process, output: () => output };
}

/** Runs a program to its end. Returns what it printed, in the form of `recordedOutput`. */
export function runProgram(
  name: string,
  machine: Machine,
  { tracer = null, ...options }: LinuxOptions & { readonly tracer?: CallTracer | null } = {},
): { readonly linux: Linux; readonly output: string } {
  const { linux, process, output } = startProgram(name, machine, options);
  linux.system.tracer = tracer;
  const end = linux.run(process, WORK);
  if (end.kind !== 'ended') {
    return { linux, output: [output(), end.kind, ...linux.describeWaits()].join('\n') };
  }
  const { kind, value } = end.status;
  return { linux, output: `${output()}status ${kind === 'exited' ? value : 128 + value}\n` };
}
