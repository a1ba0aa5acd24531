/** PERFORM TIMING FACILITY FUNCTION: the clocks that it answers with, and the functions that it refuses. */

import { describe, expect, it } from 'vitest';
import { PGM } from '../interruption.ts';
import { Machine } from '../machine.ts';
import { bare, DATA, exception, get, MODE_31, MODE_64, PROBLEM } from '../testing/bare.ts';
import { timingFunctions } from './timing-facility.ts';

/** Performs a function. Returns the doublewords of its parameter block. */
function asked(cpu: ReturnType<typeof bare>, code: bigint, count: number): bigint[] {
  Object.assign(cpu.gr, { 0: code, 1: BigInt(DATA) });
  expect(exception(cpu, '0104')).toBe(0);
  expect([cpu.cc, get(cpu, DATA + count * 8, 8)]).toEqual([0, '0000000000000000']);
  return Array.from({ length: count }, (_, i) => cpu.storage.get64(DATA + i * 8));
}

describe('PERFORM TIMING FACILITY FUNCTION', () => {
  it('answers with the physical clock, which SET CLOCK does not change, and the TOD offset, which it does', () => {
    const cpu = bare();
    const start = cpu.tod;
    expect(asked(cpu, 3n, 1)).toEqual([start]);
    cpu.storage.set64(DATA + 0x100, 0x100n);
    cpu.gr[9] = BigInt(DATA + 0x100);
    const before = cpu.tod;
    expect(exception(cpu, 'b2049000')).toBe(0);
    const offset = BigInt.asUintN(64, 0x100n - before);
    expect(asked(cpu, 3n, 1)).toEqual([start + 8n]);
    expect(asked(cpu, 1n, 4)).toEqual([start + 12n, offset, offset, 0n]);
    expect(asked(cpu, 2n, 7)).toEqual([start + 16n, 0n, offset, 0n, 0n, offset, 0n]);
    expect(BigInt.asUintN(64, start + 16n + offset)).toBe(cpu.tod - 4n);
  });

  it('says which functions it has', () => {
    const cpu = bare();
    expect(asked(cpu, 0n, 2)).toEqual([0xf000_0000_0000_0000n, 0n]);
    expect(Buffer.from(timingFunctions())).toEqual(Buffer.from(cpu.storage.read(DATA, 16)));
  });

  it('shows a guest its epoch difference', () => {
    const cpu = bare();
    cpu.epoch = 0x5000n;
    const now = cpu.tod;
    expect(asked(cpu, 1n, 4)).toEqual([now - 0x5000n, 0n, 0x5000n, 0x5000n]);
    cpu.epoch = -0x5000n;
    expect(asked(cpu, 1n, 4)[3]).toBe(BigInt.asUintN(64, -0x5000n));
  });

  it('has no control functions, no other queries, and a reserved bit', () => {
    const cpu = bare();
    for (const [code, mask, wanted] of [
      [0x40n, MODE_64, -3],
      [0x41n, MODE_64, -3],
      [0x7fn, MODE_64, -3],
      [0x40n, MODE_64 | PROBLEM, PGM.PRIVILEGED_OPERATION],
      [4n, MODE_64, PGM.SPECIFICATION],
      [0x3fn, MODE_64 | PROBLEM, PGM.SPECIFICATION],
      [0x80n, MODE_64, PGM.SPECIFICATION],
    ] as const) {
      cpu.gr[0] = 0xffff_ff00n | code;
      expect(exception(cpu, '0104', mask) || -cpu.cc).toBe(wanted);
    }
  });

  it('takes the address of the parameter block from register 1, in the addressing mode', () => {
    const cpu = bare();
    Object.assign(cpu.gr, { 0: 3n, 1: 0xffff_ffff_8000_0000n + BigInt(DATA) });
    expect(exception(cpu, '0104')).toBe(PGM.ADDRESSING);
    expect(exception(cpu, '0104', MODE_31)).toBe(0);
  });

  it('shows all processors of a machine one clock', () => {
    const machine = new Machine({ storageSize: 0x10_0000, cpus: 2 });
    machine.clock.set(0x1000n);
    expect(machine.cpus.map((cpu) => cpu.tod)).toEqual([0x1000n, 0x1000n]);
    expect(machine.clock.offset).toBe(0x1000n);
  });
});
