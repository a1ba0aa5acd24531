/** The fuzzer of /dev/kvm finds nothing in fixed runs, reaches every command, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Vcpu } from '../../host/kvm/index.ts';
import { KVM, KVM_COMMANDS } from '../../host/task/internal.ts';
import { Storage } from '../../machine/index.ts';
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

/** The commands that cases of so many seeds make, with those of the files that have them not. */
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
  for (let seed = 0; seed < 8; seed++) {
    const { setup, steps } = generateKvm(seed);
    new CallsWorld({ ...setup, checked: false }, steps, new Storage(setup.storage, 3), 'auto').perform();
  }
  const reasons = new Set(
    run.mock.results.map(({ type, value }) => (type === 'return' ? value.reason : type)),
  );
  expect([...reasons]).toContain('KVM_EXIT_S390_SIEIC');
  // What else there is depends on the seeds.
  expect(reasons.size).toBeGreaterThan(3);
});

describe('an injected fault is found:', () => {
  const run = (seeds: number) => {
    const fuzzer = new KvmFuzzer();
    for (let seed = 1; seed <= seeds; seed++) {
      const { finding } = fuzzer.run(fuzzer.generate(seed));
      if (finding !== null) return finding.kind;
    }
    return null;
  };

  it('a virtual CPU that breaks down', () => {
    vi.spyOn(Vcpu.prototype, 'storeStatus').mockImplementation(() => {
      throw new TypeError('undefined is no function');
    });
    expect(run(40)).toBe('breakdown');
  });

  it('another result each time', () => {
    vi.spyOn(Vcpu.prototype, 'setGuestDebug').mockImplementation(() => Math.floor(Math.random() * 100));
    expect(run(40)).toBe('repetition');
  });
});
