/**
 * The rules of protection, which decide whether an access is permitted. Loads, stores, instruction fetches, TEST
 * PROTECTION, MOVE PAGE and the instructions on frames all use these functions. Principles of Operation, chapter 3,
 * "Protection".
 *
 * Each function implements one kind of protection. DAT protection is a bit of the translation, which the accesses test.
 */

import { CR0 } from '../control-registers.ts';
import { KEY_ACC, KEY_FETCH } from '../storage.ts';

/** Bytes at the start of pages 0 and 1 that low-address protection covers. */
const LOW_BYTES = 512;
/** Bytes of page 0 that fetch-protection override opens. */
const OVERRIDE_BYTES = 2048;
/** The access-control bits of a page that storage-protection override opens. */
const OVERRIDE_KEY = 9;

/**
 * Whether low-address protection forbids a store.
 * @param cr0 the low half of control register 0
 * @param page page number of the effective address, before DAT and prefixing
 * @param offset byte offset in the page of the first byte stored
 * @param privateSpace whether the address is translated by an ASCE with the private-space control on
 */
export function lowAddressProtected(
  cr0: number,
  page: number,
  offset: number,
  privateSpace: boolean,
): boolean {
  return page < 2 && offset < LOW_BYTES && (cr0 & CR0.LOW_ADDRESS_PROTECTION) !== 0 && !privateSpace;
}

/**
 * Whether fetch-protection override permits a fetch, whatever the storage key.
 * @param cr0 the low half of control register 0
 * @param page page number of the effective address, before DAT and prefixing
 * @param last byte offset in the page of the last byte fetched
 * @param privateSpace whether the address is translated by an ASCE with the private-space control on
 */
export function fetchOverridden(cr0: number, page: number, last: number, privateSpace: boolean): boolean {
  return page === 0 && last < OVERRIDE_BYTES && (cr0 & CR0.FETCH_OVERRIDE) !== 0 && !privateSpace;
}

/**
 * What key-controlled protection leaves of an access by `key`: whether it may store, and whether it may fetch.
 * Fetch-protection override comes on top.
 * @param cr0 the low half of control register 0
 * @param storageKey access-control and fetch-protection bits of the page
 */
export function keyAllowsStore(cr0: number, key: number, storageKey: number): boolean {
  const control = (storageKey & KEY_ACC) >>> 4;
  if (key === 0 || key === control) return true;
  return control === OVERRIDE_KEY && (cr0 & CR0.STORAGE_OVERRIDE) !== 0;
}

/** As `keyAllowsStore`, for a fetch. */
export function keyAllowsFetch(cr0: number, key: number, storageKey: number): boolean {
  return (storageKey & KEY_FETCH) === 0 || keyAllowsStore(cr0, key, storageKey);
}
