/** Runs the example programs (examples/programs) for tests. */

import { readdirSync, readFileSync } from 'node:fs';
import type { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Linux } from '../linux.ts';
import type { LinuxOptions } from '../linux-options.ts';
import type { LinuxProcess } from '../linux-process.ts';
import type { CallTracer } from '../process/call-tracer.ts';

const IMAGES = new URL('../../../../examples/programs/images/', import.meta.url);
/** More units of work than any of them needs. */
const WORK = 200_000_000;

/** Offset of the code in the files of `executable`. */
const CODE_AT = 0x78;

/** The names of the programs. */
export const PROGRAMS = readdirSync(IMAGES)
  .filter((name) => name.endsWith('.elf'))
  .map((name) => name.replace('.elf', ''));

/** Returns the ELF file of a program. @param name of a program in examples/programs, or in a folder there: `kvm/NAME` */
export function programImage(name: string): Uint8Array {
  return readFileSync(new URL(`${name.replace(/^(.*)\//, '../$1/images/')}.elf`, IMAGES));
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
  readonly process: LinuxProcess;
  /** Returns what it has printed. */
  readonly output: () => string;
}

/** Starts a program as scripts/record-programs.ts does. */
export function startProgram(name: string, machine: Machine, options: LinuxOptions = {}): Started {
  const linux = new Linux(new Host(machine), options);
  const base = name.slice(name.lastIndexOf('/') + 1);
  const path = `/programs/${base}`;
  linux.files.write(path, programImage(name), 0o755);
  linux.files.makeDirectory(`/tmp/${base}`);
  let output = '';
  const take = (bytes: Uint8Array) => {
    output += Buffer.from(bytes).toString('latin1');
  };
  const process = linux.spawn({
    path,
    args: [path, ...(name === 'hello' ? ['one', 'two'] : [])],
    env: { NAME: 'value' },
    directory: `/tmp/${base}`,
    stdin: linux.makeInput(),
    stdout: take,
    stderr: take,
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

/** Returns an executable with one segment, which can be read, written and executed. @param code in hexadecimal */
export function executable(code: string): Uint8Array {
  const bytes = Buffer.from(code.replaceAll(' ', ''), 'hex');
  const file = Buffer.alloc(CODE_AT + bytes.length);
  file.write('7f454c4602020100', 'hex');
  // ET_EXEC, EM_S390, EV_CURRENT; the entry; one program header of 56 bytes behind the header of 64.
  file.write('0002001600000001', 16, 'hex');
  file.writeBigUInt64BE(BigInt(0x1_0000 + CODE_AT), 24);
  file.writeBigUInt64BE(64n, 32);
  file.write('0040003800010000', 52, 'hex');
  // PT_LOAD, PF_R | PF_W | PF_X.
  file.write('0000000100000007', 64, 'hex');
  file.writeBigUInt64BE(0x1_0000n, 80);
  file.writeBigUInt64BE(0x1_0000n, 88);
  file.writeBigUInt64BE(BigInt(file.length), 96);
  file.writeBigUInt64BE(BigInt(file.length), 104);
  file.writeBigUInt64BE(0x1000n, 112);
  file.set(bytes, CODE_AT);
  return file;
}
