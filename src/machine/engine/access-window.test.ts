/** Loads and stores without a lookup: nothing can see them. */

import { describe, expect, it } from 'vitest';
import { DAT, DATA, MODE_64 } from '../testing/bare.ts';
import { Engines } from '../testing/engines.ts';
import type { Cpu } from './cpu.ts';

const SEGMENTS = 0x4_0000;
const OTHER_SEGMENTS = 0x4_4000;
const PAGES = 0x4_8000;
const OTHER_PAGES = 0x4_8800;
/** The frame of `DATA` in the other space. */
const OTHER_FRAME = 0x5_0000;
/** A page in the same slot of the TLB as `DATA`, and one at another place of the window. */
const SAME_SLOT = 0x40_0000 + DATA;
const ELSEWHERE = DATA + 0x3000;
/** Where an address-space-control element is. */
const ELEMENT = DATA + 0x5000;

const entryOf = (address: number) => PAGES + (address >> 12) * 8;

/** Makes the tables of two spaces, which differ in the page `DATA`, and sets registers 2 to 9. */
function prepare(cpu: Cpu): void {
  const { storage } = cpu;
  for (const [segments, pages] of [
    [SEGMENTS, PAGES],
    [OTHER_SEGMENTS, OTHER_PAGES],
  ] as const) {
    for (let i = 0; i < 512; i++) storage.set64(segments + i * 8, 0x20n);
    storage.set64(segments, BigInt(pages));
    storage.set64(segments + 4 * 8, BigInt(PAGES));
    for (let i = 0; i < 256; i++) storage.set64(pages + i * 8, BigInt(i * 0x1000));
  }
  storage.set64(OTHER_PAGES + (DATA >> 12) * 8, BigInt(OTHER_FRAME));
  for (let i = 0; i < 0x1000; i += 4) {
    storage.set32(DATA + i, i + 1);
    storage.set32(OTHER_FRAME + i, i + 2);
  }
  storage.set64(ELEMENT, BigInt(OTHER_SEGMENTS));
  cpu.setControl(0, 0x0404_00e0n);
  for (const n of [1, 7]) cpu.setControl(n, BigInt(SEGMENTS));
  cpu.setControl(13, BigInt(OTHER_SEGMENTS));
  [DATA, SAME_SLOT, entryOf(DATA), OTHER_FRAME, ELSEWHERE, 0, ELEMENT, 2 ** 32 + DATA].forEach((value, i) => {
    cpu.gr[2 + i] = BigInt(value);
  });
}

function engines(hex: string): Engines {
  const made = new Engines();
  made.begin(hex, MODE_64 | DAT);
  made.all(prepare);
  return made;
}

/** Runs a program: at once, and a few instructions at a time. Returns what differs. */
function differences(hex: string): string[] {
  return [...engines(hex).differences(60), ...engines(hex).differences(5, 1, 2, 3, 60)];
}

// L 1,0(2) three times; ST 1,4(2) three times: the page is in the window then.
const LOADS = '58102000'.repeat(3);
const STORES = '50102004'.repeat(3);

describe('an access to a page of the window', () => {
  it.each([
    ['is a hit until its entry is replaced: L 1,0(3)', '58103000'],
    // STG 5,0(4); PTLB
    ['goes to another frame after a purge', 'e35040000024 b20d0000'],
    ['is an exception after IPTE', 'a7780000 b2210072'],
    // OILL 5,0x200; STG 5,0(4); PTLB
    ['is an exception after the page was protected', 'a55b0200 e35040000024 b20d0000'],
    ['is in the home space after SACF', 'b2790300'],
    ['is in the secondary space after SACF', 'b2790100'],
    ['is in another space after LCTLG 1,1', 'eb118000002f'],
    ['goes to real storage after STNSM', 'acfb2100'],
    ['is of another page with another high half: LGR 2,9', 'b9040029'],
    // SPKA 16: the keys of the pages are 0.
    ['is an exception with another key', 'b20a0010'],
  ])('%s', (_, change) => {
    // And the same with the accesses in the other order.
    expect(differences(`${LOADS}${STORES}${change}${LOADS}${STORES}`)).toEqual([]);
    expect(differences(`${LOADS}${STORES}${change}${STORES}${LOADS}`)).toEqual([]);
  });

  it('is not a store because a load was before', () => {
    // OILL 5,0x200; STG 5,0(4); PTLB; then loads; then stores
    expect(differences(`a55b0200 e35040000024 b20d0000 ${LOADS}${STORES}`)).toEqual([]);
  });

  it('is not in the window when its operand crosses the end', () => {
    // L 1,4093(2); ST 1,4093(2); LG 1,4092(2); STG 1,4095(2); LH, STH: 4095
    const hex = '58102ffd 50102ffd e3102ffc0004 e3102fff0024 48102fff 40102fff';
    expect(differences(`${LOADS}${STORES}${hex}${hex}`)).toEqual([]);
  });

  it('is with all widths what it was', () => {
    // LG, LH, IC, LMG 1,1, LM 1,1, STG, STH, STC, STMG 1,1, STM 1,1
    const loads = 'e31020100004 48102012 43102013 eb1120100004 98112018';
    const stores = 'e31020200024 40102022 42102023 eb1120280024 90112030';
    expect(differences(`${LOADS}${STORES}${loads}${stores}`)).toEqual([]);
  });
});

it.each([4093, 4094, 4095, 4096])('after %i purges, no page of an earlier window is left', (count) => {
  // L 1,0(2) three times; STG 5,0(4); again: L 3,0(6); L 3,0(6); PTLB; BRCT 7,again; L 1,0(2)
  const made = engines(`${LOADS} e35040000024 58306000 58306000 b20d0000 a776fffa 58102000`);
  made.all((cpu) => {
    cpu.gr[7] = BigInt(count);
  });
  expect(made.differences(4 + count * 4 + 1)).toEqual([]);
  expect(made.interpreted.gr[1]).toBe(2n);
});
