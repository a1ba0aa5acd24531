/** Compares cached translations with fresh walks. */

import type { Host } from '../host/index.ts';
import { hex } from '../host/internal.ts';
import {
  AbsoluteEntries,
  EDAT,
  FRAME_SIZE,
  TLB_SLOTS,
  type Tlb,
  type TlbHitCheck,
  Walk,
} from '../machine/index.ts';
import { KnownWalks, NotedEntries } from './known-walks.ts';
import type { Census, Finding } from './rules.ts';

/** Names of the exceptions with which a walk ends. */
const EXCEPTIONS: Readonly<Record<number, string>> = {
  4: 'protection',
  5: 'addressing',
  16: 'segment-translation',
  17: 'page-translation',
  18: 'translation-specification',
  56: 'ASCE-type',
  57: 'region-first-translation',
  58: 'region-second-translation',
  59: 'region-third-translation',
};

/** How many translations are compared before a processor executes instructions. */
const AT_ONCE = 64;

/** Compares every cached translation of every processor with a fresh walk. */
export function checkTranslations(census: Census): void {
  const walk = new Walk(new AbsoluteEntries(census.host.machine.storage));
  for (const cpu of census.host.machine.cpus) {
    const { tlb } = cpu;
    for (let slot = tlb.next(0); slot < TLB_SLOTS; slot = tlb.next(slot + 1)) {
      const stale = census.spaces.has(`${tlb.asceHi[slot]}:${tlb.asceLo[slot]}`)
        ? difference(tlb, slot, walk)
        : 'its address space was freed';
      if (stale) {
        const message = `the TLB of processor ${cpu.address} has a stale entry for ${pageAndSpace(census.host, tlb, slot)}: ${stale}`;
        census.report({ rule: 'stale-translation', message });
      }
    }
  }
}

/** Compares cached translations with fresh walks, and reports those that differ. Remembers the walks: most need not be repeated. */
export class TranslationCheck {
  readonly #host: Host;
  readonly #report: (finding: Finding) => void;
  readonly #entries: NotedEntries;
  readonly #walk: Walk;
  readonly #known = new Map<Tlb, KnownWalks>();

  constructor(host: Host, report: (finding: Finding) => void) {
    this.#host = host;
    this.#report = report;
    this.#entries = new NotedEntries(host.machine.storage);
    this.#walk = new Walk(this.#entries);
  }

  /** Compares a translation that a processor uses. */
  readonly used: TlbHitCheck = (tlb, slot) => {
    this.#compare(this.#knownOf(tlb), tlb, slot, 'a processor used');
  };

  /** Compares translations that a processor may use: the next ones of its TLB. */
  readonly usable = (tlb: Tlb): void => {
    const known = this.#knownOf(tlb);
    let slot = tlb.next(known.next);
    for (let left = AT_ONCE; left > 0 && slot < TLB_SLOTS; left--) {
      this.#compare(known, tlb, slot, 'a processor goes on with');
      slot = tlb.next(slot + 1);
    }
    known.next = slot % TLB_SLOTS;
  };

  #compare(known: KnownWalks, tlb: Tlb, slot: number, what: string): void {
    if (known.confirms(slot)) return;
    this.#entries.begin();
    const stale = difference(tlb, slot, this.#walk);
    if (!stale) {
      known.note(slot, this.#entries);
      return;
    }
    const message = `${what} a stale TLB entry for ${pageAndSpace(this.#host, tlb, slot)}: ${stale}`;
    this.#report({ rule: 'stale-translation', message });
  }

  #knownOf(tlb: Tlb): KnownWalks {
    let known = this.#known.get(tlb);
    if (known === undefined) this.#known.set(tlb, (known = new KnownWalks(tlb, this.#host.machine.storage)));
    return known;
  }
}

/** Returns how the entry in a slot differs from the result of a fresh walk, or an empty string if it does not. */
function difference(tlb: Tlb, slot: number, walk: Walk): string {
  const page = tlb.pages[slot] as number;
  if (walk.to(tlb.asceHi[slot] as number, tlb.asceLo[slot] as number, page, EDAT.EDAT_2)) {
    return `a walk now ends with a ${EXCEPTIONS[walk.code] ?? 'translation'} exception (${hex(walk.code)})`;
  }
  if (walk.frame !== tlb.frames[slot]) {
    return `a walk now finds frame ${hex(walk.frame * FRAME_SIZE)}, not ${hex((tlb.frames[slot] as number) * FRAME_SIZE)}`;
  }
  if (walk.protect !== (tlb.protect[slot] === 1)) {
    return walk.protect ? 'a walk now finds it protected' : 'a walk now finds it not protected';
  }
  if (walk.noExecute !== (tlb.noExecute[slot] === 1)) {
    return walk.noExecute
      ? 'a walk now finds that it may not be executed'
      : 'a walk now finds that it may be executed';
  }
  return walk.table === tlb.tables[slot] ? '' : 'a walk now finds another page table';
}

function pageAndSpace(host: Host, tlb: Tlb, slot: number): string {
  const [hi, lo] = [tlb.asceHi[slot] as number, tlb.asceLo[slot] as number];
  return `page ${hex(BigInt(tlb.pages[slot] as number) << 12n)} of ${nameOf(host, hi, lo)}`;
}

/** Names the address space that an ASCE belongs to. */
function nameOf(host: Host, hi: number, lo: number): string {
  const isIts = ({ asceHi, asceLo }: { readonly asceHi: number; readonly asceLo: number }) =>
    asceHi === hi && asceLo === lo;
  for (const mm of host.processes) {
    if (isIts(mm)) return `process ${mm.id}`;
    for (const gmap of host.gmapsOf(mm)) if (isIts(gmap)) return `gmap ${gmap.id}`;
  }
  return `an address space that was freed (ASCE ${hex((BigInt(hi) << 32n) | BigInt(lo))})`;
}
