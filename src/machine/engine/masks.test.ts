/** Programs that mask and unmask interruptions: they are taken where they must be, however the program is executed. */

import { describe, expect, it } from 'vitest';
import { CODE, DAT, EXTERNAL, IO, MODE_64, PROBLEM, put } from '../testing/bare.ts';
import { Engines } from '../testing/engines.ts';

const HANDLER = CODE + 0x2000;

/** Makes a program that a handler of external interruptions interrupts every `period` TOD units, by the clock comparator. */
function interrupted(hex: string, period: number): Engines {
  const engines = new Engines();
  engines.begin(hex);
  engines.all((cpu) => {
    // The handler: STCK 0x320; LG 3,0x320; AGHI 3,period; STG 3,0x328; SCKC 0x328; AHI 4,1; LPSWE 0x130
    const aghi = `a73b${period.toString(16).padStart(4, '0')}`;
    put(cpu, HANDLER, `b2050320 e33003200004 ${aghi} e33003280024 b2060328 a74a0001 b2b20130`);
    cpu.storage.set64(0x1b0, MODE_64);
    cpu.storage.set64(0x1b8, BigInt(HANDLER));
    cpu.setControl(0, 0x4_08e0n);
    cpu.setClockComparator(cpu.tod + 40n);
  });
  return engines;
}

describe('an interruption by the clock comparator', () => {
  // STNSM 0x300,0xfc; AHI 1,1; AHI 1,1; STOSM 0x300,1; AHI 2,1; BRC 15,.-20
  const masking = 'acfc0300 a71a0001 a71a0001 ad010300 a72a0001 a7f4fff6';

  it('is taken behind the instruction that unmasks it', () => {
    for (const period of [40, 41, 43, 46, 50, 57, 64, 200]) {
      const engines = interrupted(masking, period);
      expect(engines.differences(100, 1, 2, 3, 700, 701)).toEqual([]);
      expect(Number(engines.compiled.gr[4])).toBeGreaterThan(10);
    }
  });

  it('is taken when a nearer time is set', () => {
    const engines = interrupted(masking, 0x7000);
    engines.all((cpu) => {
      cpu.setClockComparator(cpu.tod + 100_000n);
    });
    expect(engines.differences(100)).toEqual([]);
    engines.all((cpu) => {
      cpu.setClockComparator(cpu.tod + 80n);
    });
    expect(engines.differences(100)).toEqual([]);
    expect(engines.compiled.gr[4]).toBe(1n);
  });

  it('is not taken while it is masked by the control register only', () => {
    const engines = interrupted(masking, 50);
    engines.all((cpu) => {
      cpu.setControl(0, 0x4_00e0n);
    });
    expect(engines.differences(100, 500)).toEqual([]);
    expect(engines.compiled.gr[4]).toBe(0n);
  });
});

/**
 * STOSM 0(6),1; AHI 2,1; STNSM 0(6),0xfc; AHI 1,1; BRC 15,.-16: after 103 instructions, interruptions are masked. Compiled code does not
 * store at low addresses.
 */
const MASKED_BRANCH = 'ad016000 a72a0001 acfc6000 a71a0001 a7f4fff8';
const OPERAND = 0x3_0000n;

describe('an interruption that compiled code unmasks', () => {
  it('of the clock comparator is taken', () => {
    const engines = interrupted(MASKED_BRANCH, 0x7000);
    engines.all((cpu) => {
      cpu.gr[6] = OPERAND;
      cpu.setClockComparator(cpu.tod + 100_000n);
    });
    expect(engines.differences(103)).toEqual([]);
    engines.all((cpu) => {
      cpu.setClockComparator(cpu.tod + 150n);
    });
    expect(engines.differences(100)).toEqual([]);
    expect(engines.compiled.gr[4]).toBe(1n);
  });

  it('that was signalled is taken', () => {
    const engines = interrupted(MASKED_BRANCH, 0x7000);
    engines.all((cpu) => {
      cpu.gr[6] = OPERAND;
      cpu.setClockComparator(cpu.tod + 100_000n);
      cpu.setControl(0, 0x4_48e0n);
    });
    expect(engines.differences(103)).toEqual([]);
    engines.all((cpu) => {
      cpu.signal(0x1201, 0);
    });
    expect(engines.differences(100)).toEqual([]);
    expect(engines.compiled.gr[4]).toBe(1n);
  });
});

describe('an external interruption that was signalled', () => {
  it('is taken behind the instruction that unmasks it', () => {
    // AHI 1,1; STOSM 0x300,1; AHI 2,1; BRC 15,.-4
    const engines = interrupted('a71a0001 ad010300 a72a0001 a7f4fffe', 0x7000);
    engines.all((cpu) => {
      cpu.setClockComparator(cpu.tod + 100_000n);
      cpu.setControl(0, 0x4_48e0n);
      cpu.signal(0x1201, 0);
    });
    expect(engines.differences(1, 1, 1, 30)).toEqual([]);
    expect(engines.compiled.gr[4]).toBe(1n);
  });
});

describe('STORE THEN AND SYSTEM MASK', () => {
  it.each([
    ['disables', 'fc', MODE_64 | EXTERNAL | IO],
    ['disables one class', 'fe', MODE_64 | EXTERNAL | IO],
    ['changes nothing', 'ff', MODE_64 | IO],
    ['turns DAT off', 'f8', MODE_64 | EXTERNAL | DAT],
    ['is privileged', 'fc', MODE_64 | PROBLEM],
  ])('%s', (_, mask, psw) => {
    const engines = new Engines();
    // AHI 1,1; STNSM 0x300,mask; LLC 2,0x300; BRC 15,.-14
    engines.begin(`a71a0001 ac${mask}0300 e32003000094 a7f4fff9`, psw);
    engines.all((cpu) => {
      // A segment table of 512 large pages that are where they are.
      for (let i = 0; i < 512; i++) cpu.storage.set64(0x4_0000 + i * 8, BigInt(i * 0x10_0000 + 0x400));
      cpu.setControl(0, 0x8000_00e0n);
      cpu.setControl(1, 0x4_0000n);
    });
    expect(engines.differences(41, 42, 43, 44, 45)).toEqual([]);
  });
});
