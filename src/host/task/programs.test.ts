/** The example programs, compared with what they print on Linux itself (scripts/record-programs.ts). */

import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Machine, type MachineOptions } from '../../machine/index.ts';
import { PROGRAMS, recordedOutput, runProgram } from './testing/index.ts';

/** Bytes of storage. */
const STORAGE = 64 << 20;

describe.each(PROGRAMS)('%s', (name) => {
  it.each<MachineOptions>([
    { cpus: 1, engine: 'interpret' },
    { cpus: 1, engine: 'auto' },
    { cpus: 3, engine: 'interpret' },
    { cpus: 3, engine: 'auto' },
  ])('prints the same as on Linux: %j', (options) => {
    expect(runProgram(name, new Machine(options)).output).toBe(recordedOutput(name));
  });

  it('prints the same whatever the seed is', () => {
    for (const seed of [1, 2]) {
      expect(runProgram(name, new Machine({ cpus: 2 }), { seed }).output).toBe(recordedOutput(name));
    }
  });

  it('ends in the same state again, whatever the engine is', () => {
    const states = (['interpret', 'interpret', 'auto'] as const).map((engine) => {
      const machine = new Machine({ cpus: 2, engine, storageSize: STORAGE });
      const { linux, output } = runProgram(name, machine, { seed: 5 });
      // The rest of storage is as it was.
      const used = linux.host.kernel.frames.touched;
      const memory = createHash('sha256').update(machine.storage.read(0, used)).digest('hex');
      return { output, work: linux.work, time: machine.clock.tod, used, memory };
    });
    expect(states[1]).toEqual(states[0]);
    expect(states[2]).toEqual(states[0]);
  });
});
