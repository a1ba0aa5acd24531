import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Clock } from './clock.ts';

describe('the TOD clock', () => {
  it('starts at 0 by default', () => {
    expect(new Clock().tod).toBe(0n);
    expect(new Clock(5n).tod).toBe(5n);
  });

  it('advances by four units per unit of work: 4096 are a microsecond', () => {
    const clock = new Clock();
    clock.advance(1024);
    expect(clock.tod).toBe(4096n);
    clock.advance(0);
    expect(clock.tod).toBe(4096n);
  });

  it('wraps at 64 bits', () => {
    const clock = new Clock((1n << 64n) - 4n);
    expect(clock.after(2)).toBe(4n);
    expect(clock.tod).toBe((1n << 64n) - 4n);
    clock.advance(2);
    expect(clock.tod).toBe(4n);
  });

  it('skips forward, never back', () => {
    const clock = new Clock(100n);
    clock.skipTo(99n);
    expect(clock.tod).toBe(100n);
    clock.skipTo(101n);
    expect(clock.tod).toBe(101n);
  });

  it('returns its value after a number of units of work', () => {
    expect(new Clock(100n).after(10)).toBe(140n);
  });

  it.each([
    [100n, 99n, 1],
    [100n, 0n, 1],
    [100n, 100n, 1],
    [100n, 103n, 1],
    [100n, 104n, 2],
    [0n, 4096n, 1025],
  ])('from %i, takes until it has passed %i: %i instructions', (now, tod, instructions) => {
    expect(Clock.instructionsUntil(now, tod)).toBe(instructions);
  });

  it('has passed a time after the number of instructions that it returns, and not earlier', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 1n << 40n), fc.bigInt(0n, 1n << 40n), (now, ahead) => {
        const tod = now + ahead;
        const instructions = Clock.instructionsUntil(now, tod);
        expect(new Clock(now).after(instructions) > tod).toBe(true);
        expect(new Clock(now).after(instructions - 1) > tod).toBe(false);
      }),
    );
  });
});

it('skips to a time of 64 bits only', () => {
  const clock = new Clock(5n);
  for (const wrong of [Infinity, 7, null, 'x']) expect(() => clock.skipTo(wrong as never)).toThrow(TypeError);
  expect(() => clock.skipTo(1n << 64n)).toThrow(RangeError);
  expect(clock.tod).toBe(5n);
});
