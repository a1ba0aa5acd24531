import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../machine/index.ts';
import { Time } from './time.ts';

const START = 1_700_000_000_123_456_789n;
const time = () => {
  const { clock } = new Machine({ storageSize: 1 << 20 });
  return { clock, time: new Time(clock, START) };
};

describe('the time of a system', () => {
  it('begins at 0, and at the time of day that it was given', () => {
    const { time: it } = time();
    expect(it.now()).toBe(0);
    expect(it.realtime()).toBe(START);
  });

  it('puts the time of day into the TOD clock', () => {
    const { clock } = time();
    // 1970 is 2,208,988,800 seconds after 1900; bit 51 of the clock is a microsecond.
    const microseconds = 2_208_988_800n * 1_000_000n + START / 1000n;
    expect(clock.tod >> 12n).toBe(microseconds);
  });

  it('has come exactly when the clock is advanced to it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 15 }), (at) => {
        const { time: it } = time();
        it.skipTo(at);
        expect(it.now()).toBe(at);
        expect(it.realtime()).toBe(START + BigInt(at));
      }),
    );
  });

  it('keeps its monotonic clock when the time of day is set', () => {
    const { time: it } = time();
    it.skipTo(1000);
    it.setRealtime(5n);
    expect([it.now(), it.realtime()]).toEqual([1000, 5n]);
    it.skipTo(1500);
    expect(it.realtime()).toBe(505n);
  });

  it('wakes who waits, not before', () => {
    const { time: it } = time();
    let woken = 0;
    it.start(1000, { wake: () => woken++ });
    it.skipTo(999);
    it.expire();
    expect(woken).toBe(0);
    it.skipTo(1000);
    it.expire();
    expect([woken, it.due, it.dueTod]).toEqual([1, Infinity, null]);
  });

  it('ends an hour before the TOD clock begins anew: later timers never expire', () => {
    const { clock, time: it } = time();
    it.skipTo(1e9);
    it.start(1e18, { wake: () => {} });
    expect([it.due, it.dueTod]).toEqual([Infinity, null]);
    it.skipTo(1e18);
    expect(clock.tod >> 32n).toBe(((1n << 64n) - 3_600_000_000n * 4096n) >> 32n);
  });
});
