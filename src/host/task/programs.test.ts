/** The example programs, compared with what they print on Linux itself (scripts/record-programs.ts). */

import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Machine, type MachineOptions } from '../../machine/index.ts';
import { Host } from '../index.ts';
import { Linux, type LinuxOptions } from './index.ts';

const IMAGES = new URL('../../../examples/programs/images/', import.meta.url);
const NAMES = readdirSync(IMAGES)
  .filter((name) => name.endsWith('.elf'))
  .map((name) => name.replace('.elf', ''));
/** More than any of them needs. */
const WORK = 200_000_000;
/** Bytes of the storage that is compared. */
const STORAGE = 64 << 20;

const image = (name: string) => readFileSync(new URL(`${name}.elf`, IMAGES));
const expected = (name: string) => readFileSync(new URL(`${name}.expected`, IMAGES), 'utf8');

/** Runs a program as scripts/record-programs.ts does. */
function run(name: string, machine: Machine, options: LinuxOptions = {}) {
  const linux = new Linux(new Host(machine), options);
  linux.files.write(`/programs/${name}`, image(name), 0o755);
  linux.files.directory(`/tmp/${name}`);
  let output = '';
  const out = linux.makeOutput((bytes) => {
    output += Buffer.from(bytes).toString('latin1');
  });
  const path = `/programs/${name}`;
  const process = linux.spawn({
    path,
    args: [path, ...(name === 'hello' ? ['one', 'two'] : [])],
    env: ['NAME=value'],
    directory: `/tmp/${name}`,
    files: [linux.makeInput().open(0), out.open(1), out.open(1)],
  });
  const end = linux.run(process, WORK);
  if (end.kind !== 'ended') return { output: [output, end.kind, ...linux.describeWaits()].join('\n'), linux };
  const { kind, value } = end.status;
  return { output: `${output}status ${kind === 'exited' ? value : 128 + value}\n`, linux };
}

describe.each(NAMES)('%s', (name) => {
  it.each<MachineOptions>([
    { cpus: 1, engine: 'interpret' },
    { cpus: 1, engine: 'auto' },
    { cpus: 3, engine: 'interpret' },
    { cpus: 3, engine: 'auto' },
  ])('prints the same as on Linux: %j', (options) => {
    expect(run(name, new Machine(options)).output).toBe(expected(name));
  });

  it('ends in the same state again, whatever the engine is', () => {
    const states = (['interpret', 'interpret', 'auto'] as const).map((engine) => {
      const machine = new Machine({ cpus: 2, engine, storageSize: STORAGE });
      const { linux, output } = run(name, machine, { seed: 5 });
      const memory = createHash('sha256').update(machine.storage.read(0, STORAGE)).digest('hex');
      return { output, work: linux.work, time: machine.clock.tod, memory };
    });
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });
});
