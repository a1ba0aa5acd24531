/** The first and the last slots of a TLB, and the defaults of an entry. */

import { describe, expect, it } from 'vitest';
import { TLB_SLOTS, Tlb } from './tlb.ts';

describe('a slot', () => {
  it.each([0, 1, TLB_SLOTS - 1])('%i is found, and purged by page, by ASCE and with all', (page) => {
    const tlb = new Tlb();
    const insert = () => tlb.insert(page, 1, 2, 7, 0x40, false);
    const found = () => tlb.find(page, 1, 2) === page;
    expect(insert()).toBe(page);
    expect(found()).toBe(true);
    expect([tlb.hits, tlb.misses]).toEqual([1, 0]);
    tlb.purgePage(0x40, page % 256);
    expect(found()).toBe(false);
    insert();
    tlb.purgeAsce(1, 2);
    expect(found()).toBe(false);
    insert();
    tlb.purgeAll();
    expect(found()).toBe(false);
    expect([tlb.hits, tlb.misses]).toEqual([1, 3]);
  });

  it('has no key unless one is given', () => {
    const tlb = new Tlb();
    expect(tlb.keys[tlb.insert(3, 1, 2, 7, 0x40, false)]).toBe(-1);
    expect(tlb.keys[tlb.insert(3, 1, 2, 7, 0x40, false, 0x90)]).toBe(0x90);
    expect(tlb.keys[tlb.insert(3, 1, 2, 7, 0x40, false)]).toBe(-1);
  });
});
