/** Programs that do anything: no system call may harm Guesthouse, or keep the processes from being killed. */

import { describe, expect, it } from 'vitest';
import { Machine } from '../../machine/index.ts';
import { Host } from '../host.ts';
import { Linux } from './linux.ts';
import { hostileImage } from './testing/index.ts';

/** Units of work: more than the program needs. */
const WORK = 100_000_000;

function run(seed: number, cpus: number) {
  const machine = new Machine({ cpus, storageSize: 64 << 20 });
  const linux = new Linux(new Host(machine), { seed, maxFiles: 16 << 20 });
  linux.files.write('/bin/calls', hostileImage('calls'), 0o755);
  const process = linux.spawn({
    path: '/bin/calls',
    args: ['calls', String(seed)],
    directory: '/tmp',
  });
  return { end: linux.run(process, WORK), work: linux.work, time: machine.clock.tod };
}

describe('a program of random system calls', () => {
  it.each(Array.from({ length: 5 }, (_, i) => i + 1))(
    'ends with seed %i, in the same way each time',
    (seed) => {
      const first = run(seed, 2);
      expect(first.end).toEqual({ kind: 'ended', status: { kind: 'exited', value: 0 } });
      expect(run(seed, 2)).toEqual(first);
    },
  );
});
