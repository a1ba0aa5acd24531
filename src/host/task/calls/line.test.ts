import { describe, expect, it } from 'vitest';
import { SYSTEM_CALLS } from '../abi/system-calls.ts';
import { Registers } from '../process/registers.ts';
import { argumentsOf, call } from './line.ts';
import { CALLS } from './table.ts';

const nothing = () => 0;

describe('the arguments of a system call', () => {
  const registers = new Registers();
  for (let r = 2; r < 8; r++) registers.setBig(r, 0xffff_ffff_8000_0000n + BigInt(r));

  it('have 32 bits with a sign as int, descriptors and signals', () => {
    expect(argumentsOf(call('read', 'int fd dirfd sig', nothing), registers)).toEqual(
      [2, 3, 4, 5].map((r) => -0x8000_0000 + r),
    );
  });

  it('have 32 bits without a sign as uint, modes and flags', () => {
    expect(argumentsOf(call('read', 'uint oct flags:O', nothing), registers)).toEqual(
      [2, 3, 4].map((r) => 0x8000_0000 + r),
    );
  });

  it('have 64 bits as long, sizes and addresses', () => {
    registers.set(2, -5);
    registers.set(3, 2 ** 42);
    registers.set(4, 2 ** 33 + 1);
    registers.setBig(5, 2n ** 63n);
    expect(argumentsOf(call('read', 'long addr size buf', nothing), registers)).toEqual([
      -5,
      2 ** 42,
      2 ** 33 + 1,
      2 ** 63,
    ]);
  });

  it('are none if the call has none', () => {
    expect(argumentsOf(call('getpid', '', nothing), registers)).toEqual([]);
  });
});

describe('the table', () => {
  it('has each call once, under its number', () => {
    for (const [number, { name }] of CALLS) expect(SYSTEM_CALLS[name]).toBe(number);
    const names = [...CALLS.values()].map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('has at most six arguments a call, of kinds that are known', () => {
    const kinds = /^(int|fd|dirfd|uint|oct|long|size|addr|path|buf|sig|hex|ioctl|flags:[A-Z]+)$/;
    for (const { kinds: some } of CALLS.values()) {
      expect(some.length).toBeLessThanOrEqual(6);
      for (const kind of some) expect(kind).toMatch(kinds);
    }
  });
});
