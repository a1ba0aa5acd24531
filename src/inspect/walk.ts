/**
 * Walks with an explanation of every entry on the way.
 */

import {
  demandDoubleword,
  demandFlag,
  demandInstance,
  demandInteger,
  demandObject,
  hex,
  isUnlinked,
  PAGE_NONE,
  PGSTE_OFFSET,
} from '../host/internal.ts';
import {
  AbsoluteEntries,
  ASCE,
  applyPrefix,
  EDAT,
  type Edat,
  type EntrySource,
  EXECUTION_PROTECT,
  LEVEL_OF_TYPE,
  type Level,
  PAGE,
  programInterruptionName,
  REGION,
  realPage,
  SEGMENT,
  Storage,
  Walk,
  type WalkStep,
} from '../machine/index.ts';

import type { TableEntry } from './answers.ts';

/** A step of an explained walk. */
export interface ExplainedStep {
  /** The level of the table, or `asce` for the element. */
  readonly level: WalkStep['level'] | 'asce';
  /** Index of the entry in its table; 0 for the element. */
  readonly index: number;
  /** Absolute address of the entry, or null for the element, which is in a control register. */
  readonly at: bigint | null;
  /** All 64 bits. */
  readonly value: bigint;
  /** A short description of the entry. */
  readonly meaning: string;
}

/** A walk from an element to a frame or to an exception. */
export interface ExplainedWalk {
  readonly steps: readonly ExplainedStep[];
  /** The absolute address that the walk ends at, or null if it ends with an exception. */
  readonly absolute: bigint | null;
  /** Whether stores are forbidden. */
  readonly protected: boolean;
  /** The exception, or null. */
  readonly exception: { readonly code: number; readonly name: string } | null;
  /** The PGSTE of the page, or null if its page table has none. */
  readonly pgste: bigint | null;
}

/**
 * Translates an address and explains every step.
 * @param pgstes whether page tables have PGSTEs
 * @throws LinuxError EINVAL for an argument of the wrong type
 */
export function explainWalk(storage: Storage, asce: bigint, address: bigint, pgstes: boolean): ExplainedWalk {
  demandInstance('storage', storage, Storage);
  demandFlag('pgstes', pgstes);
  const explained = explainedWalk(
    new AbsoluteEntries(storage),
    { asce, edat: EDAT.EDAT_2, prefix: 0 },
    address,
  );
  return pgstes ? { ...explained, pgste: pgsteOf(storage, explained.steps) } : explained;
}

/** A guest's own translation tables. */
export interface OwnTables {
  /** The element that the guest translates by: control register 1, 7 or 13. */
  readonly asce: bigint;
  /** Which enhanced DAT applies, see `EDAT`. */
  readonly edat: Edat;
  /** Its prefix: a guest absolute byte address, a multiple of 8 KiB. */
  readonly prefix: number;
}

/**
 * Translates a virtual address of a guest by the guest's own tables, which lie in guest memory. The result is a guest
 * absolute address, after prefixing; so are the addresses of entries. If the host's tables do not lead to an entry, the
 * walk ends with the host's exception: no fault is resolved.
 * @param gmap the element of the guest's address space in the host
 * @throws LinuxError EINVAL for an argument of the wrong type
 */
export function explainOwnWalk(
  storage: Storage,
  gmap: bigint,
  own: OwnTables,
  address: bigint,
): ExplainedWalk {
  demandInstance('storage', storage, Storage);
  demandDoubleword('gmap', gmap);
  demandObject('own', own);
  demandInteger('edat', own.edat, EDAT.OFF, EDAT.EDAT_2);
  demandInteger('prefix', own.prefix, 0, 0x7fff_e000);
  return explainedWalk(new GuestEntries(storage, gmap), own, address);
}

/** Table entries in guest memory, read through the host's tables. */
class GuestEntries implements EntrySource {
  hi = 0;
  lo = 0;
  readonly #entries: AbsoluteEntries;
  readonly #walk: Walk;
  readonly #asce: readonly [number, number];

  constructor(storage: Storage, gmap: bigint) {
    this.#entries = new AbsoluteEntries(storage);
    this.#walk = new Walk(new AbsoluteEntries(storage));
    this.#asce = [Number(gmap >> 32n), Number(gmap & 0xffff_ffffn)];
  }

  fetch(page: number, offset: number): number {
    const failed =
      this.#walk.to(...this.#asce, page, EDAT.EDAT_2) || this.#entries.fetch(this.#walk.frame, offset);
    if (failed) return failed;
    this.hi = this.#entries.hi;
    this.lo = this.#entries.lo;
    return 0;
  }
}

function explainedWalk(
  entries: EntrySource,
  { asce, edat, prefix }: OwnTables,
  address: bigint,
): ExplainedWalk {
  demandDoubleword('asce', asce);
  demandDoubleword('address', address);
  const steps: ExplainedStep[] = [
    { level: 'asce', index: 0, at: null, value: asce, meaning: asceMeaning(asce) },
  ];
  const walk = new Walk(entries);
  const [hi, lo] = [Number(asce >> 32n), Number(asce & 0xffff_ffffn)];
  walk.to(hi, lo, Number(address >> 12n), edat, (step) => steps.push(explained(step)));
  const failed = walk.code !== 0;
  return {
    steps,
    absolute: failed ? null : (BigInt(absoluteFrame(walk, prefix)) << 12n) | (address & 0xfffn),
    protected: walk.protect,
    exception: failed ? { code: walk.code, name: programInterruptionName(walk.code) } : null,
    pgste: null,
  };
}

/** Returns the absolute page that a walk ends at. @param prefix prefix of the processor that walks; 0 for a host */
function absoluteFrame({ frame, absolute }: Walk, prefix: number): number {
  return absolute ? frame : applyPrefix(realPage(frame), prefix);
}

function pgsteOf(storage: Storage, steps: readonly ExplainedStep[]): bigint | null {
  const last = steps[steps.length - 1] as ExplainedStep;
  if (last.level !== 'page' || last.at === null) return null;
  // After a page table of another host there may be no storage.
  const at = Number(last.at) + PGSTE_OFFSET;
  return storage.has(at, 8) ? storage.get64(at) : null;
}

function explained({ level, tablePage, offset, index, hi, lo }: WalkStep): ExplainedStep {
  const value = (BigInt(hi) << 32n) | BigInt(lo);
  const at = BigInt(tablePage) * 4096n + BigInt(offset);
  return { level, index, at, value, meaning: meaningOf(level, value, lo).words };
}

/** The state of an entry, and a short description. */
export interface Meaning {
  readonly state: TableEntry['state'];
  readonly words: string;
}

/** Describes an entry of a level. @param lo the low half of `value` */
export function meaningOf(level: Level, value: bigint, lo: number): Meaning {
  if (level === 'page') return pageMeaning(value, lo);
  return level === 'segment' ? segmentMeaning(value, lo) : regionMeaning(level, value, lo);
}

function asceMeaning(asce: bigint): string {
  const lo = Number(asce & 0xffffn);
  if (lo & ASCE.REAL_SPACE) return 'real space: no translation';
  const type = LEVEL_OF_TYPE[(lo & ASCE.TYPE) >>> 2];
  return `${type} table at ${hex(asce & ~0xfffn)}, length ${(lo & ASCE.LENGTH) + 1}/4`;
}

/** What else an entry says about its frame. */
const controls = (lo: number, protect: number) =>
  `${lo & protect ? ', protected' : ''}${lo & EXECUTION_PROTECT ? ', no execution' : ''}`;

function regionMeaning(level: Level, value: bigint, lo: number): Meaning {
  if (lo & REGION.INVALID) return { state: 'invalid', words: 'invalid: no table' };
  if (level === 'region-third' && lo & REGION.FORMAT_CONTROL) {
    const frame = hex(value & ~0x7fff_ffffn);
    return { state: 'frame', words: `2 GiB frame at ${frame}${controls(lo, REGION.PROTECT)}` };
  }
  return {
    state: 'table',
    words: `table at ${hex(value & ~0xfffn)}${lo & REGION.PROTECT ? ', protected' : ''}`,
  };
}

function segmentMeaning(value: bigint, lo: number): Meaning {
  if (lo & SEGMENT.INVALID) {
    if (!isUnlinked(lo)) return { state: 'invalid', words: 'invalid: nothing mapped' };
    const wanted = hex(value & ~0xf_ffffn);
    return { state: 'unlinked', words: `invalid: mapped to process address ${wanted}, not linked` };
  }
  const protect = lo & SEGMENT.PROTECT ? ', protected' : '';
  return lo & SEGMENT.FORMAT_CONTROL
    ? { state: 'frame', words: `1 MiB frame at ${hex(value & ~0xf_ffffn)}${controls(lo, SEGMENT.PROTECT)}` }
    : { state: 'table', words: `page table at ${hex(value & ~0x7ffn)}${protect}` };
}

function pageMeaning(value: bigint, lo: number): Meaning {
  const frame = `frame at ${hex(value & ~0xfffn)}`;
  if ((lo & 0xfff) === PAGE_NONE) {
    return { state: 'no-access', words: `invalid: ${frame}, no access allowed` };
  }
  if (lo & PAGE.INVALID) return { state: 'invalid', words: 'invalid: no frame' };
  return { state: 'frame', words: `${frame}${controls(lo, PAGE.PROTECT)}` };
}
