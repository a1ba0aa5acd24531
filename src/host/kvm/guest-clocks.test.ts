/** The clocks of a virtual CPU: when each is due, and when the next clock interruption is due. */

import { beforeEach, describe, expect, it } from 'vitest';
import { Clock, EXT, externalMaskOf, SIE, StateDescription, Storage } from '../../machine/index.ts';
import { GuestClocks } from './guest-clocks.ts';

const COMPARATOR = externalMaskOf(EXT.CLOCK_COMPARATOR);
const TIMER = externalMaskOf(EXT.CPU_TIMER);
const NOW = 1_000_000n;
const END = 1n << 64n;

let clock: Clock;
let block: StateDescription;
let clocks: GuestClocks;

beforeEach(() => {
  clock = new Clock(NOW);
  block = new StateDescription(new Storage(0x2000), 0x200);
  clocks = new GuestClocks(clock, block);
  block.set64(SIE.CLOCK_COMPARATOR, END - 1n);
});

const setTimer = (value: bigint) => block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, value));

describe('the clock comparator', () => {
  it('is due when the guest’s clock, with its epoch difference, has passed it', () => {
    block.set64(SIE.EPOCH, 50n);
    const dueAt = (value: bigint) => {
      block.set64(SIE.CLOCK_COMPARATOR, value);
      return clocks.comparatorDue;
    };
    expect(clocks.tod).toBe(NOW + 50n);
    expect([dueAt(NOW + 49n), dueAt(NOW + 50n), dueAt(NOW + 51n)]).toEqual([true, false, false]);
  });

  it.each([0n, 50n, -50n])('is next due a unit after the clock reads it: epoch difference %d', (epoch) => {
    block.set64(SIE.EPOCH, BigInt.asUintN(64, epoch));
    block.set64(SIE.CLOCK_COMPARATOR, NOW + epoch + 700n);
    expect(clocks.nextDue(COMPARATOR)).toBe(NOW + 701n);
  });
});

describe('the CPU timer', () => {
  it('is due when it is negative', () => {
    const dueAt = (value: bigint) => {
      setTimer(value);
      return clocks.timerDue;
    };
    expect([dueAt(1n), dueAt(0n), dueAt(-1n)]).toEqual([false, false, true]);
  });

  it('runs while the guest waits, and stops while it neither runs nor waits', () => {
    setTimer(100n);
    clock.advance(5);
    expect(clocks.timer).toBe(100n);
    clocks.beginWait();
    clock.advance(10);
    expect([clocks.timer, block.get64(SIE.CPU_TIMER)]).toEqual([60n, 100n]);
    clocks.endWait();
    clock.advance(10);
    expect([clocks.timer, block.get64(SIE.CPU_TIMER)]).toEqual([60n, 60n]);
    clocks.endWait();
    expect(clocks.timer).toBe(60n);
  });

  it('is next due when it becomes negative, or now if it is', () => {
    const next = (value: bigint) => {
      setTimer(value);
      return clocks.nextDue(TIMER);
    };
    expect([next(100n), next(0n), next(-1n), next(-100n)]).toEqual([NOW + 101n, NOW + 1n, NOW, NOW]);
  });
});

describe('the next clock interruption', () => {
  it('is the earlier of the two', () => {
    setTimer(100n);
    block.set64(SIE.CLOCK_COMPARATOR, NOW + 50n);
    expect(clocks.nextDue(COMPARATOR | TIMER)).toBe(NOW + 51n);
    setTimer(10n);
    expect(clocks.nextDue(COMPARATOR | TIMER)).toBe(NOW + 11n);
  });

  it('does not count a clock that is masked off', () => {
    setTimer(10n);
    block.set64(SIE.CLOCK_COMPARATOR, NOW + 50n);
    expect(clocks.nextDue(COMPARATOR)).toBe(NOW + 51n);
    expect(clocks.nextDue(0xffff_ffff & ~(COMPARATOR | TIMER))).toBe(null);
  });

  it('is null if the TOD clock ends before it', () => {
    const next = (value: bigint) => {
      block.set64(SIE.CLOCK_COMPARATOR, value);
      return clocks.nextDue(COMPARATOR);
    };
    expect([next(END - 2n), next(END - 1n)]).toEqual([END - 1n, null]);
  });
});
