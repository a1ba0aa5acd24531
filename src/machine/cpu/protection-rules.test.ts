/** The rules of protection, each condition by itself. */

import { describe, expect, it } from 'vitest';
import { fetchOverridden, keyAllowsFetch, keyAllowsStore, lowAddressProtected } from './protection.ts';

const LOW_ADDRESS = 0x1000_0000;
const FETCH_OVERRIDE = 0x0200_0000;
const STORAGE_OVERRIDE = 0x0100_0000;
/** Every other bit of the low half of control register 0. */
const others = (bit: number) => ~bit >>> 0;

describe('low-address protection', () => {
  it.each([
    [0, 0],
    [0, 511],
    [1, 0],
    [1, 511],
  ])('covers byte %i/%i', (page, offset) => {
    expect(lowAddressProtected(LOW_ADDRESS, page, offset, false)).toBe(true);
    expect(lowAddressProtected(LOW_ADDRESS, page, offset, true)).toBe(false);
    expect(lowAddressProtected(others(LOW_ADDRESS), page, offset, false)).toBe(false);
  });

  it.each([
    [0, 512],
    [1, 512],
    [2, 0],
  ])('does not cover byte %i/%i', (page, offset) => {
    expect(lowAddressProtected(LOW_ADDRESS, page, offset, false)).toBe(false);
  });
});

describe('fetch-protection override', () => {
  it.each([0, 2047])('opens page 0 up to byte %i', (last) => {
    expect(fetchOverridden(FETCH_OVERRIDE, 0, last, false)).toBe(true);
    expect(fetchOverridden(FETCH_OVERRIDE, 0, last, true)).toBe(false);
    expect(fetchOverridden(others(FETCH_OVERRIDE), 0, last, false)).toBe(false);
  });

  it.each([
    [0, 2048],
    [1, 0],
  ])('does not open byte %i/%i', (page, last) => {
    expect(fetchOverridden(FETCH_OVERRIDE, page, last, false)).toBe(false);
  });
});

describe('key-controlled protection', () => {
  it.each([
    // PSW key, storage key, may store, may fetch
    [0, 0x58, true, true],
    [5, 0x58, true, true],
    [5, 0x50, true, true],
    [4, 0x50, false, true],
    [4, 0x58, false, false],
    [4, 0x98, false, false],
    [4, 0x90, false, true],
  ])('key %i and storage key 0x%s', (key, storageKey, store, fetch) => {
    expect(keyAllowsStore(others(STORAGE_OVERRIDE), key, storageKey)).toBe(store);
    expect(keyAllowsFetch(others(STORAGE_OVERRIDE), key, storageKey)).toBe(fetch);
  });

  it('storage-protection override opens pages of key 9, and no others', () => {
    expect(keyAllowsStore(STORAGE_OVERRIDE, 4, 0x98)).toBe(true);
    expect(keyAllowsFetch(STORAGE_OVERRIDE, 4, 0x98)).toBe(true);
    expect(keyAllowsStore(STORAGE_OVERRIDE, 4, 0x88)).toBe(false);
    expect(keyAllowsFetch(STORAGE_OVERRIDE, 4, 0x88)).toBe(false);
  });
});
