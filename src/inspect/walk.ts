/**
 * A walk in words: every table visited, entry by entry, and what each entry says.
 */

import { hex, PAGE_NONE, PGSTE_OFFSET, PROMISE } from '../host/index.ts';
import {
  AbsoluteEntries,
  ASCE,
  LEVEL_OF_TYPE,
  PAGE,
  programInterruptionName,
  REGION,
  SEGMENT,
  type Storage,
  Walk,
  type WalkStep,
} from '../machine/index.ts';

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
  const steps: ExplainedStep[] = [
    { level: 'asce', index: 0, at: null, value: asce, meaning: asceMeaning(asce) },
  ];
  const walk = new Walk(new AbsoluteEntries(storage));
  const [hi, lo] = [Number(asce >> 32n), Number(asce & 0xffff_ffffn)];
  walk.to(hi, lo, Number(address >> 12n), true, (step) => steps.push(explained(step)));
  const failed = walk.code !== 0;
  return {
    steps,
    absolute: failed ? null : (BigInt(walk.frame) << 12n) | (address & 0xfffn),
    protected: walk.protect,
    exception: failed ? { code: walk.code, name: programInterruptionName(walk.code) } : null,
    pgste: pgstes ? pgsteOf(storage, steps) : null,
  };
}

function pgsteOf(storage: Storage, steps: readonly ExplainedStep[]): bigint | null {
  const last = steps[steps.length - 1] as ExplainedStep;
  return last.level === 'page' && last.at !== null ? storage.get64(Number(last.at) + PGSTE_OFFSET) : null;
}

function explained({ level, tablePage, offset, index, hi, lo }: WalkStep): ExplainedStep {
  const value = (BigInt(hi) << 32n) | BigInt(lo);
  const at = BigInt(tablePage) * 4096n + BigInt(offset);
  return { level, index, at, value, meaning: meaningOf(level, value, lo) };
}

function meaningOf(level: WalkStep['level'], value: bigint, lo: number): string {
  if (level === 'page') return pageMeaning(value, lo);
  return level === 'segment' ? segmentMeaning(value, lo) : regionMeaning(value, lo);
}

function asceMeaning(asce: bigint): string {
  const lo = Number(asce & 0xffffn);
  if (lo & ASCE.REAL_SPACE) return 'real space: no translation';
  const type = LEVEL_OF_TYPE[(lo & ASCE.TYPE) >>> 2];
  return `${type} table at ${hex(asce & ~0xfffn)}, length ${(lo & ASCE.LENGTH) + 1}/4`;
}

function regionMeaning(value: bigint, lo: number): string {
  if (lo & REGION.INVALID) return 'invalid: no table below';
  return `table at ${hex(value & ~0xfffn)}${lo & REGION.PROTECT ? ', protected' : ''}`;
}

function segmentMeaning(value: bigint, lo: number): string {
  if (lo & SEGMENT.INVALID) {
    return (lo & 0xf_ffff) === PROMISE
      ? `invalid: mapped, not linked; wants process address ${hex(value & ~0xf_ffffn)}`
      : 'invalid: nothing mapped';
  }
  const protect = lo & SEGMENT.PROTECT ? ', protected' : '';
  return lo & SEGMENT.FORMAT_CONTROL
    ? `1 MiB frame at ${hex(value & ~0xf_ffffn)}${protect}`
    : `page table at ${hex(value & ~0x7ffn)}${protect}`;
}

function pageMeaning(value: bigint, lo: number): string {
  if ((lo & 0xfff) === PAGE_NONE) return `invalid: frame at ${hex(value & ~0xfffn)}, but no access allowed`;
  if (lo & PAGE.INVALID) return 'invalid: no frame';
  return `frame at ${hex(value & ~0xfffn)}${lo & PAGE.PROTECT ? ', protected' : ''}`;
}
