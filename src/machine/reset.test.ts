/** The resets of a processor, each cell of their table. */

import { describe, expect, it, vi } from 'vitest';
import { EXT } from './interruption.ts';
import { Machine } from './machine.ts';
import { type CpuReset, RESETS, type ResetPart } from './reset.ts';

/** Principles of Operation, chapter 4, "Summary of Reset Actions": CPU, initial CPU and clear reset. x clears. */
const WANTED: Readonly<Record<ResetPart, string>> = {
  'local-interruptions': 'xxx',
  tlb: 'xxx',
  'page-fault-handshake': 'xxx',
  psw: '.xx',
  prefix: '.xx',
  'cpu-timer': '.xx',
  'clock-comparator': '.xx',
  'tod-programmable': '.xx',
  'control-registers': '.xx',
  fpc: '.xx',
  'breaking-event-address': '.xx',
  'program-parameter': '.xx',
  'guarded-storage': '..x',
  'access-registers': '..x',
  'general-registers': '..x',
  'floating-point-registers': '..x',
  // A CPU's reset does not touch them, but the clear reset of the configuration does.
  'floating-interruptions': '..x',
};
const RESET_NAMES: readonly CpuReset[] = ['cpu', 'initial', 'clear'];
const PARTS = Object.keys(WANTED) as ResetPart[];

describe('the table of resets', () => {
  it.each(PARTS)('%s', (part) => {
    expect(RESET_NAMES.map((name) => (RESETS[part].includes(name) ? 'x' : '.')).join('')).toBe(WANTED[part]);
    expect(RESETS[part].includes('subsystem')).toBe(part === 'floating-interruptions');
  });

  it('has no other parts', () => {
    expect(Object.keys(RESETS).sort()).toEqual([...PARTS].sort());
  });
});

/** Sets every part of a processor, and resets it. Returns, for each part, 1 if it was kept and 0 if it was cleared. */
function parts(reset: CpuReset): Partial<Record<ResetPart, number>> {
  const cpu = new Machine({ storageSize: 0x10_0000 }).cpu(0);
  cpu.setPsw(0x0100_0001_8000_0000n, 0x1234n);
  cpu.setPrefix(0x4000);
  cpu.setTimer(1n << 40n);
  cpu.setClockComparator(1n << 50n);
  cpu.todProgrammable = 7;
  for (let n = 0; n < 16; n++) {
    cpu.setControl(n, 0x77n);
    cpu.ar[n] = 7;
    cpu.gr[n] = 7n;
    cpu.fr[n] = 7n;
  }
  cpu.fpc = 0x80_0000;
  cpu.breakingHi = 7;
  cpu.programParameter = 7n;
  cpu.guarded.fill(7n);
  const purges = [cpu.tlb, cpu.guestTlb].map((tlb) => vi.spyOn(tlb, 'purgeAll'));
  cpu.signal(EXT.EXTERNAL_CALL, 0, 1);
  cpu.restart();
  cpu.requestStop(true);
  cpu.reset(reset);
  const initial = (n: number) => (n === 0 ? 0xe0n : n === 14 ? 0xc200_0000n : 0n);
  const all = (is: (n: number) => unknown) =>
    Array.from({ length: 16 }, (_, n) => is(n)).every(Boolean) ? 0 : 1;
  return {
    'local-interruptions': cpu.pending.length > 0 || cpu.restartPending || cpu.stopping ? 1 : 0,
    tlb: purges.every((purge) => purge.mock.calls.length > 0) ? 0 : 1,
    psw: cpu.pswMask === 0n && cpu.pswAddress === 0n ? 0 : 1,
    prefix: cpu.prefix === 0 ? 0 : 1,
    'cpu-timer': cpu.timer === 0n ? 0 : 1,
    'clock-comparator': cpu.clockComparator === 0n ? 0 : 1,
    'tod-programmable': cpu.todProgrammable === 0 ? 0 : 1,
    'control-registers': all((n) => cpu.cr[n] === initial(n)),
    fpc: cpu.fpc === 0 ? 0 : 1,
    'breaking-event-address': cpu.breakingHi === 0 && cpu.breakingLo === 1 ? 0 : 1,
    'program-parameter': cpu.programParameter === 0n ? 0 : 1,
    'guarded-storage': cpu.guarded.every((value) => value === 0n) ? 0 : 1,
    'access-registers': all((n) => cpu.ar[n] === 0),
    'general-registers': all((n) => cpu.gr[n] === 0n),
    'floating-point-registers': all((n) => cpu.fr[n] === 0n),
  };
}

describe.each(RESET_NAMES)('a processor after reset %s', (reset) => {
  const left = parts(reset);
  it.each(Object.keys(left) as ResetPart[])('%s', (part) => {
    expect(left[part]).toBe(WANTED[part][RESET_NAMES.indexOf(reset)] === 'x' ? 0 : 1);
  });
});
