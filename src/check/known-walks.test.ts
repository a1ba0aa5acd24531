/** What remembered walks confirm. */

import { beforeEach, describe, expect, it } from 'vitest';
import { Storage, TLB_SLOTS, Tlb } from '../machine/index.ts';
import { KnownWalks, NotedEntries } from './known-walks.ts';

const PAGE = 0x123;
const [HI, LO] = [1, 0x8000_01cf];

let storage: Storage;
let tlb: Tlb;
let known: KnownWalks;
let slot: number;

beforeEach(() => {
  storage = new Storage(1 << 20);
  tlb = new Tlb();
  known = new KnownWalks(tlb, storage);
  slot = tlb.insert(PAGE, HI, LO, 0x77, 0x40, false);
  const entries = new NotedEntries(storage);
  for (const page of [1, 2, 3]) entries.fetch(page, 8 * page);
  known.note(slot, entries);
});

/** The address of the entry fetched from a page. */
const entry = (page: number) => page * 0x1000 + 8 * page;

describe('a remembered walk', () => {
  it('confirms the translation again', () => {
    expect(known.confirms(slot)).toBe(true);
    expect(known.confirms(slot + 1)).toBe(false);
  });

  it.each([1, 2, 3])(
    'does not when the entry of table %i has changed, in either half, until it is as before',
    (page) => {
      for (const address of [entry(page), entry(page) + 7]) {
        storage.set8(address, 1);
        expect(known.confirms(slot)).toBe(false);
        storage.set8(address, 0);
        expect(known.confirms(slot)).toBe(true);
      }
    },
  );

  it('does not depend on other storage', () => {
    storage.set8(entry(2) + 8, 1);
    storage.set8(entry(2) - 1, 1);
    expect(known.confirms(slot)).toBe(true);
  });

  it.each<[string, () => void]>([
    ['page', () => tlb.insert(PAGE + TLB_SLOTS, HI, LO, 0x77, 0x40, false)],
    ['ASCE, high', () => tlb.insert(PAGE, HI + 1, LO, 0x77, 0x40, false)],
    ['ASCE, low', () => tlb.insert(PAGE, HI, LO - 1, 0x77, 0x40, false)],
    ['frame', () => tlb.insert(PAGE, HI, LO, 0x78, 0x40, false)],
    ['page table', () => tlb.insert(PAGE, HI, LO, 0x77, 0x41, false)],
    ['protection', () => tlb.insert(PAGE, HI, LO, 0x77, 0x40, true)],
  ])('does not confirm another %s', (_, change) => {
    change();
    expect(known.confirms(slot)).toBe(false);
  });
});
