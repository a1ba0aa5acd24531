/**
 * /dev/kvm, as programs of ours use it. Their output is not recorded from Linux, which needs a real processor for it: it was compared by hand with
 * what the kernel's sources and its documentation say.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Machine, type MachineOptions } from '../../../machine/index.ts';
import { runProgram } from '../testing/index.ts';

const IMAGES = new URL('../../../../examples/programs/kvm/images/', import.meta.url);
const STORAGE = 64 << 20;

describe.each(['ucontrol', 'refusals', 'close', 'interrupts', 'model', 'demand'])('%s', (name) => {
  const expected = readFileSync(new URL(`${name}.expected`, IMAGES), 'utf8');

  it.each<MachineOptions>([
    { cpus: 1, engine: 'interpret' },
    { cpus: 1, engine: 'auto' },
    { cpus: 2, engine: 'auto' },
  ])('prints what it should: %j', (options) => {
    expect(runProgram(`kvm/${name}`, new Machine(options)).output).toBe(expected);
  });

  it('gives back all that its virtual machines had', () => {
    const { linux } = runProgram(`kvm/${name}`, new Machine({ storageSize: STORAGE }));
    const { frames } = linux.host.kernel;
    expect(frames.count('gmap-table')).toBe(0);
    expect(frames.count('pgste-table')).toBe(0);
    expect(frames.count('kernel')).toBe(0);
  });
});
