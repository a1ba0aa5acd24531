/** The fuzzer of binary floating point finds nothing in fixed runs, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Cpu } from '../../machine/index.ts';
import { CaseCampaign, FloatsFuzzer, formatCase, seedOf } from '../index.ts';
import { OPERATIONS } from './operations.ts';
import type { FloatStep } from './steps.ts';

afterEach(() => vi.restoreAllMocks());

function kindsFound(runs: number): Set<string> {
  const fuzzer = new FloatsFuzzer();
  const kinds = new Set<string>();
  for (let run = 0; run < runs; run++) {
    for (const step of fuzzer.generate(seedOf(1, run)).steps) {
      const { finding } = fuzzer.run({ setup: {}, steps: [step] });
      if (finding) kinds.add(finding.kind);
    }
  }
  return kinds;
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new FloatsFuzzer(), 3);
  for (let run = 0; run < 100; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

it('performs every operation, with results in registers of every kind', () => {
  const fuzzer = new FloatsFuzzer();
  const names = new Set<string>();
  for (let run = 0; run < 20; run++) for (const { name } of fuzzer.generate(run).steps) names.add(name);
  expect([...names].sort()).toEqual([...OPERATIONS.keys()].sort());
});

describe('an injected fault is found:', () => {
  /** Changes what a processor leaves after every instruction. */
  function faulty(change: (cpu: Cpu) => void): void {
    const { run } = Cpu.prototype;
    vi.spyOn(Cpu.prototype, 'run').mockImplementation(function (this: Cpu, limit) {
      const stop = run.call(this, limit);
      change(this);
      return stop;
    });
  }

  it.each<[fault: string, change: (cpu: Cpu) => void]>([
    ['a wrong last bit', (cpu) => void (cpu.fr[1]! ^= 1n)],
    ['a lost flag', (cpu) => void (cpu.fpc &= ~0x0008_0000)],
    ['a wrong condition code', (cpu) => void (cpu.cc &= 1)],
    ['a wrong data-exception code', (cpu) => void (cpu.dataExceptionCode &= ~4)],
    ['a general register that changes', (cpu) => void (cpu.gr[5]! += 1n)],
  ])('%s', (_fault, change) => {
    faulty(change);
    expect(kindsFound(5).size).toBeGreaterThan(0);
  });

  it('a step that cannot be run', () => {
    const steps = [{ name: 'ADBR', first: 'not a number' } as unknown as FloatStep];
    expect(new FloatsFuzzer().run({ setup: {}, steps }).finding?.kind).toBe('breakdown');
  });
});

describe('a failing step becomes simpler', () => {
  it('field by field', () => {
    const step = { name: 'ADBR', first: '1', second: '0', third: '0', integer: '0', fpc: 3, m3: 0, m4: 0 };
    expect([...new FloatsFuzzer().simpler(step)]).toEqual([
      { ...step, first: '0' },
      { ...step, fpc: 0 },
    ]);
  });
});
