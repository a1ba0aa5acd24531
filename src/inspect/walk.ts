/**
 * A walk in words: every table visited, entry by entry, and what each entry says.
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
} from '../host/index.ts';
import {
  AbsoluteEntries,
  ASCE,
  applyPrefix,
  type EntrySource,
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

/** One line of an explained walk. */
export interface ExplainedStep {
  /** Which table, or `asce`. */
  readonly level: WalkStep['level'] | 'asce';
  /** Index of the entry in its table; 0 for the element. */
  readonly index: number;
  /** Absolute address of the entry; null for the element, which is in a control register. */
  readonly at: bigint | null;
  /** All 64 bits. */
  readonly value: bigint;
  /** What the bits say. */
  readonly meaning: string;
}

/** A walk from an element to a frame, or to an exception. */
export interface ExplainedWalk {
  readonly steps: readonly ExplainedStep[];
  /** Absolute address that the address translates to; null when it ends with an exception. */
  readonly absolute: bigint | null;
  /** Whether stores are forbidden. */
  readonly protected: boolean;
  /** The exception, or null. */
  readonly exception: { readonly code: number; readonly name: string } | null;
  /** The PGSTE of the page, when its page table has them; null otherwise. */
  readonly pgste: bigint | null;
}

/**
 * Translates an address and explains every step.
 * @param pgstes whether page tables have PGSTEs
 */
export function explainWalk(storage: Storage, asce: bigint, address: bigint, pgstes: boolean): ExplainedWalk {
  demandInstance('storage', storage, Storage);
  demandFlag('pgstes', pgstes);
  const explained = explainedWalk(new AbsoluteEntries(storage), asce, address, true);
  return pgstes ? { ...explained, pgste: pgsteOf(storage, explained.steps) } : explained;
}

/** How a guest translates addresses by tables of its own. */
export interface OwnTables {
  /** The element by which it translates: control register 1, 7 or 13. */
  readonly asce: bigint;
  /** Whether its control register 0 has enhanced DAT on. */
  readonly edat: boolean;
  /** Its prefix: guest absolute byte address, a multiple of 8 KiB. */
  readonly prefix: number;
}

/**
 * Translates a guest's virtual address by its own tables, which lie in its storage: the result is a guest absolute
 * address, prefixing applied where the tables lead to a real one, and so are the addresses of entries. Where the host's tables do not lead to an entry, the walk ends with
 * the host's exception; no fault is served.
 *
 * @param gmap the element of the guest's address space in the host
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
  demandFlag('edat', own.edat);
  demandInteger('prefix', own.prefix, 0, 0x7fff_e000);
  return explainedWalk(new GuestEntries(storage, gmap), own.asce, address, own.edat, own.prefix);
}

/** Table entries in a guest's storage, read by way of the host's tables. */
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
    const failed = this.#walk.to(...this.#asce, page, true) || this.#entries.fetch(this.#walk.frame, offset);
    if (failed) return failed;
    this.hi = this.#entries.hi;
    this.lo = this.#entries.lo;
    return 0;
  }
}

function explainedWalk(
  entries: EntrySource,
  asce: bigint,
  address: bigint,
  edat: boolean,
  prefix = 0,
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

/** The absolute page that a walk leads to. @param prefix of the processor whose walk it is; 0 for a host's */
function absoluteFrame({ frame, absolute }: Walk, prefix: number): number {
  return absolute ? frame : applyPrefix(realPage(frame), prefix);
}

function pgsteOf(storage: Storage, steps: readonly ExplainedStep[]): bigint | null {
  const last = steps[steps.length - 1] as ExplainedStep;
  if (last.level !== 'page' || last.at === null) return null;
  // Behind a page table of another host there may be nothing, not even storage.
  const at = Number(last.at) + PGSTE_OFFSET;
  return storage.has(at, 8) ? storage.get64(at) : null;
}

function explained({ level, tablePage, offset, index, hi, lo }: WalkStep): ExplainedStep {
  const value = (BigInt(hi) << 32n) | BigInt(lo);
  const at = BigInt(tablePage) * 4096n + BigInt(offset);
  return { level, index, at, value, meaning: meaningOf(level, value, lo).words };
}

/** What an entry is, and in a few words. */
export interface Meaning {
  readonly state: TableEntry['state'];
  readonly words: string;
}

/** What the bits of an entry of this level say; `lo` is the low half of `value`. */
export function meaningOf(level: Level, value: bigint, lo: number): Meaning {
  if (level === 'page') return pageMeaning(value, lo);
  return level === 'segment' ? segmentMeaning(value, lo) : regionMeaning(value, lo);
}

function asceMeaning(asce: bigint): string {
  const lo = Number(asce & 0xffffn);
  if (lo & ASCE.REAL_SPACE) return 'real space: no translation';
  const type = LEVEL_OF_TYPE[(lo & ASCE.TYPE) >>> 2];
  return `${type} table at ${hex(asce & ~0xfffn)}, length ${(lo & ASCE.LENGTH) + 1}/4`;
}

function regionMeaning(value: bigint, lo: number): Meaning {
  if (lo & REGION.INVALID) return { state: 'invalid', words: 'invalid: no table below' };
  return {
    state: 'table',
    words: `table at ${hex(value & ~0xfffn)}${lo & REGION.PROTECT ? ', protected' : ''}`,
  };
}

function segmentMeaning(value: bigint, lo: number): Meaning {
  if (lo & SEGMENT.INVALID) {
    if (!isUnlinked(lo)) return { state: 'invalid', words: 'invalid: nothing mapped' };
    const wanted = hex(value & ~0xf_ffffn);
    return { state: 'unlinked', words: `invalid: mapped, not linked; wants process address ${wanted}` };
  }
  const protect = lo & SEGMENT.PROTECT ? ', protected' : '';
  return lo & SEGMENT.FORMAT_CONTROL
    ? { state: 'frame', words: `1 MiB frame at ${hex(value & ~0xf_ffffn)}${protect}` }
    : { state: 'table', words: `page table at ${hex(value & ~0x7ffn)}${protect}` };
}

function pageMeaning(value: bigint, lo: number): Meaning {
  const frame = `frame at ${hex(value & ~0xfffn)}`;
  if ((lo & 0xfff) === PAGE_NONE) {
    return { state: 'no-access', words: `invalid: ${frame}, but no access allowed` };
  }
  if (lo & PAGE.INVALID) return { state: 'invalid', words: 'invalid: no frame' };
  return { state: 'frame', words: `${frame}${lo & PAGE.PROTECT ? ', protected' : ''}` };
}
