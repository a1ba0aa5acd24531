/** The fuzzer of the engines finds nothing in fixed runs, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Cpu, instructionLength } from '../../machine/index.ts';
import { BRANCH_MNEMONICS, FORMS, lineOf } from '../../machine/internal.ts';
import { CaseCampaign, EnginesFuzzer, formatCase, parseCase } from '../index.ts';
import { failureIn, kindsFound } from '../testing/index.ts';
import { EngineWorld } from './world.ts';

afterEach(() => vi.restoreAllMocks());

it('finds nothing in fixed runs', { timeout: 60_000 }, () => {
  expect(failureIn(new EnginesFuzzer(), 15)).toBe(null);
});

/** Returns the mnemonics of the programs of a case. */
function* mnemonicsOf(seed: number): Generator<string> {
  for (const step of new EnginesFuzzer().generate(seed).steps) {
    if (step.do !== 'code') continue;
    const hex = step.code.join('');
    for (let at = 0; at < hex.length; ) {
      const field = (from: number, digits: number) =>
        Number.parseInt(hex.slice(at + from, at + from + digits), 16);
      yield lineOf(field(0, 8) || 0, field(8, 4) || 0)?.[0] ?? '';
      at += instructionLength(field(0, 2)) * 2;
    }
  }
}

it('has programs of every compiled instruction and branch', () => {
  const names = new Set<string>();
  for (let seed = 0; seed < 150; seed++) for (const name of mnemonicsOf(seed)) names.add(name);
  expect([...Object.keys(FORMS), ...BRANCH_MNEMONICS].filter((name) => !names.has(name))).toEqual([]);
});

describe('a difference is found:', () => {
  it.each<[what: string, change: (cpu: Cpu) => void, kind?: string]>([
    ['a general register', (cpu) => void (cpu.gr[15]! ^= 1n)],
    ['a floating-point register', (cpu) => void (cpu.fr[15]! ^= 1n)],
    ['an access register', (cpu) => void (cpu.ar[15]! ^= 1)],
    ['a control register', (cpu) => void (cpu.cr[15]! ^= 1n)],
    ['the condition code', (cpu) => void (cpu.cc ^= 1)],
    ['the instruction address', (cpu) => void (cpu.iaLo ^= 2)],
    ['the breaking-event address', (cpu) => void (cpu.breakingLo ^= 2)],
    ['the number of instructions', (cpu) => void cpu.executed++],
    ['the clock', (cpu) => void cpu.machine.clock.tod++],
    ['the CPU timer', (cpu) => cpu.setTimer(cpu.timer + 1n)],
    ['a byte of storage', (cpu) => void (cpu.storage.bytes[0xf_ffff]! ^= 1)],
    ['a storage key', (cpu) => void (cpu.storage.keys[0xff]! ^= 2)],
    ['a hit in the TLB', (cpu) => void cpu.tlb.hits++],
    ['a missing entry of the TLB', (cpu) => void cpu.tlb.insert(0x100_03ff, 0, 0, 0, 0, false)],
    ['a hit in the TLB of guests', (cpu) => void cpu.guestTlb.hits++],
    ['a pending interruption', (cpu) => cpu.signal(0x1202, 0)],
    ['a trace event', (cpu) => cpu.machine.trace.listener?.({ type: 'purge', by: 'all' }), 'events'],
  ])('%s', (_what, change, kind = 'state') => {
    const { perform } = EngineWorld.prototype;
    vi.spyOn(EngineWorld.prototype, 'perform').mockImplementation(function (this: EngineWorld, step) {
      const result = perform.call(this, step);
      if (step.do === 'run' && this.engine === 'compile') change(this.machine.cpu(0));
      return result;
    });
    expect(kindsFound(new EnginesFuzzer(), 1)).toEqual([kind]);
  });

  it('a step that cannot be performed', () => {
    const fuzzer = new EnginesFuzzer();
    const { setup } = fuzzer.generate(1);
    const { finding } = fuzzer.run({ setup, steps: [{ do: 'store', at: -1, bytes: '00' }] });
    expect(finding?.kind).toBe('breakdown');
  });
});

it('a failing case is reduced, and fails again from its text', () => {
  const { perform } = EngineWorld.prototype;
  vi.spyOn(EngineWorld.prototype, 'perform').mockImplementation(function (this: EngineWorld, step) {
    const result = perform.call(this, step);
    // A fault that shows when register 5 is odd.
    const cpu = this.machine.cpu(0);
    if (step.do === 'run' && this.engine === 'compile' && cpu.gr[5]! & 1n) cpu.gr[1]! ^= 1n;
    return result;
  });
  const fuzzer = new EnginesFuzzer();
  const campaign = new CaseCampaign(fuzzer, 1);
  let failure = null;
  let tries = 0;
  while (failure === null && campaign.runs < 50) failure = campaign.advance(() => ++tries < 400);
  expect(failure?.steps.length).toBeLessThanOrEqual(4);
  const again = parseCase(formatCase(failure as NonNullable<typeof failure>));
  expect(fuzzer.run(again as ReturnType<EnginesFuzzer['generate']>).finding?.kind).toBe('state');
});
