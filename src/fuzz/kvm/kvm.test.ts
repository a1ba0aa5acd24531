/** The fuzzer of /dev/kvm finds nothing in fixed runs, reaches every command, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Vcpu } from '../../host/kvm/index.ts';
import { KVM, KVM_COMMANDS } from '../../host/task/internal.ts';
import { Storage } from '../../machine/index.ts';
import { kept, made } from '../calls/generate.ts';
import type { Value } from '../calls/steps.ts';
import { hex } from '../calls/structures.ts';
import { CallsWorld } from '../calls/world.ts';
import { CaseCampaign, formatCase, KvmFuzzer } from '../index.ts';
import { generateKvm } from './generate.ts';

afterEach(() => vi.restoreAllMocks());

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new KvmFuzzer(), 3);
  for (let n = 0; n < 4; n++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

/** Returns the commands that the cases of the first `seeds` seeds issue, including those that their file does not have. */
function commandsOf(seeds: number): Set<number> {
  const made = new Set<number>();
  for (let seed = 0; seed < seeds; seed++) {
    for (const step of generateKvm(seed).steps)
      if (step.do === 'call' && step.call === 'ioctl') made.add(Number(step.args[1]));
  }
  return made;
}

it('makes every command that there is, and those that are not there', () => {
  const made = commandsOf(400);
  const there = Object.values(KVM_COMMANDS).flatMap((commands) => [...commands.keys()]);
  expect(there.filter((command) => !made.has(command))).toEqual([]);
  expect(Object.values(KVM).filter((command) => !made.has(command))).toEqual([]);
});

it('runs guests in many ways', () => {
  const run = vi.spyOn(Vcpu.prototype, 'run');
  for (let seed = 0; seed < 16; seed++) {
    const { setup, steps } = generateKvm(seed);
    new CallsWorld({ ...setup, checked: false }, steps, new Storage(setup.storage, 3), 'auto').perform();
  }
  const reasons = new Set(
    run.mock.results.map(({ type, value }) => (type === 'return' ? value.reason : type)),
  );
  expect([...reasons]).toContain('KVM_EXIT_S390_SIEIC');
  // What else there is depends on the seeds.
  expect(reasons.size).toBeGreaterThan(2);
});

describe('an injected fault is found:', () => {
  /** Runs a program that makes a command of a virtual CPU. */
  const run = (command: number) => {
    const control = (fd: Value, number: number, argument: Value) => [fd, hex(number), argument];
    const steps = [
      ...kept(40, 'open', [{ text: '/dev/kvm' }, '0x2', '0x0']),
      ...kept(41, 'ioctl', control('0x28', KVM.CREATE_VM, '0x0')),
      ...kept(44, 'ioctl', control('0x29', KVM.CREATE_VCPU, '0x0')),
      made('ioctl', control('0x2c', command, { data: ['0x100000000', '0x0', '0x0'] })),
    ];
    return new KvmFuzzer().run({ setup: { ...generateKvm(1).setup, uid: 0, failing: 0 }, steps }).finding
      ?.kind;
  };

  it('a virtual CPU that breaks down', () => {
    vi.spyOn(Vcpu.prototype, 'storeStatus').mockImplementation(() => {
      throw new TypeError('undefined is no function');
    });
    expect(run(KVM.S390_STORE_STATUS)).toBe('breakdown');
  });

  it('another result each time', () => {
    let calls = 0;
    vi.spyOn(Vcpu.prototype, 'setGuestDebug').mockImplementation(() => calls++);
    expect(run(KVM.SET_GUEST_DEBUG)).toBe('repetition');
  });
});
