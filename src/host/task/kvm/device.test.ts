/** /dev/kvm, as programs of ours use it. */

import { describe, expect, it } from 'vitest';
import { Machine, type MachineOptions } from '../../../machine/index.ts';
import { runProgram } from '../testing/index.ts';

const UCONTROL = `KVM's interface has version 12
guest 100000 is our MiB at 0
guest 0 is our MiB at 100000
fault: code 10 at guest 200000, instruction at 200c
guest 200000 is our MiB at 200000
interception 4 of 8300 5000000
our first MiB has 'Z', our third 'Z'
status 0
`;

describe('a user-controlled virtual machine', () => {
  it.each<MachineOptions>([
    { cpus: 1, engine: 'interpret' },
    { cpus: 1, engine: 'auto' },
    { cpus: 2, engine: 'auto' },
  ])('runs until its fault, and after it was served to its end: %j', (options) => {
    expect(runProgram('kvm/ucontrol', new Machine(options)).output).toBe(UCONTROL);
  });
});
