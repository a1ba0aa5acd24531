/**
 * PERFORM LOCKED OPERATION and pages that are not there or protected: whichever of its operands is in such a page, a
 * function is completed as if all pages were there, or it has changed nothing.
 */

import { expect, it } from 'vitest';
import { PGM } from '../interruption.ts';
import { bare, CODE, DAT, exception, MODE_64 } from '../testing/bare.ts';
import { lockedFunctions } from './locked.ts';

const PAGES = 0xa000;
/** The second, fourth, sixth and eighth operand, each in a page of its own, and the parameter list in two pages. */
const OPERANDS = [0x3_0000, 0x3_1000, 0x3_2000, 0x3_3000] as const;
const LISTS = [0x3_4ff8, 0x3_4fc0, 0x3_4fa0] as const;
/** Page numbers of all of them. */
const FIRST_PAGE = 0x30;
const COUNT = 6;
const INVALID = 0x400n;
const PROTECTED = 0x200n;

const cpu = bare();
const area = () => Buffer.from(cpu.storage.read(FIRST_PAGE * 0x1000, COUNT * 0x1000)).toString('base64');

/** Runs a function with a page table entry changed. Returns the interruption code, and whether anything changed. */
function run(code: number, list: number, page: number, entry: bigint): [code: number, changed: boolean] {
  cpu.reset();
  cpu.interruptions = 'report';
  cpu.storage.fill(FIRST_PAGE * 0x1000, COUNT * 0x1000, 0);
  for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
  cpu.storage.set64(0x8000, BigInt(PAGES));
  for (let i = 0; i < 256; i++) cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000));
  cpu.storage.set64(PAGES + page * 8, BigInt(page * 0x1000) | entry);
  cpu.setControl(1, 0x8000n);
  cpu.setControl(0, 0x4_00e0n);
  // The values to store are not zero; what is compared is.
  for (const offset of [16, 48, 80, 112]) cpu.storage.set64(list + offset, -1n);
  for (const offset of [24, 56, 88, 120]) cpu.storage.set64(list + offset, -1n);
  OPERANDS.slice(1).forEach((at, i) => {
    cpu.storage.set64(list + 72 + 32 * i, BigInt(at));
  });
  // What COMPARE AND LOAD loads is not zero.
  if (code < 4) for (const at of [0, 8]) cpu.storage.set64(OPERANDS[1] + at, 1n);
  const hasList = (code & 1) === 1 || code >= 16;
  Object.assign(cpu.gr, { 0: BigInt(code), 2: 0n, 3: -1n, 4: code >> 2 === 2 ? 0n : -1n, 5: -1n });
  Object.assign(cpu.gr, { 8: BigInt(OPERANDS[0]), 9: BigInt(hasList ? list : OPERANDS[1]) });
  cpu.storage.write(CODE, Buffer.from('ee2480009000', 'hex'));
  cpu.setPsw(MODE_64 | DAT, BigInt(CODE));
  const before = [...cpu.gr, area()].join(' ');
  const stop = cpu.run(1);
  const met =
    stop.reason === 'interruption' && stop.interruption.class === 'program' ? stop.interruption.code : 0;
  return [met, [...cpu.gr, area()].join(' ') !== before];
}

it.each(Array.from({ length: 24 }, (_, code) => [code]))(
  'function %i is done whole or not at all',
  (code) => {
    for (const list of LISTS) {
      expect(run(code, list, 0x80, 0n)).toEqual([0, true]);
      const codes = new Set<number>();
      for (let page = FIRST_PAGE; page < FIRST_PAGE + COUNT; page++) {
        for (const [entry, exception] of [
          [INVALID, PGM.PAGE_TRANSLATION],
          [PROTECTED, PGM.PROTECTION],
        ] as const) {
          const [met, changed] = run(code, list, page, entry);
          expect([0, exception]).toContain(met);
          expect(changed).toBe(met === 0);
          codes.add(met);
        }
      }
      expect(codes.has(PGM.PAGE_TRANSLATION)).toBe(true);
    }
  },
);

it('says which functions there are as its test of each does', () => {
  const bits = lockedFunctions();
  expect(bits.length).toBe(32);
  for (let code = 0; code < 256; code++) {
    const tested = bare();
    tested.gr[0] = 0x100n | BigInt(code);
    expect(exception(tested, 'ee0000000000')).toBe(0);
    const bit = (bits[code >> 3]! >> (7 - (code & 7))) & 1;
    expect([code, bit]).toEqual([code, tested.cc === 0 ? 1 : 0]);
  }
});
