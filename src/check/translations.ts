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

/** Compares every cached translation of every processor with a fresh walk. */
export function checkTranslations(census: Census): void {
  const walk = new Walk(new AbsoluteEntries(census.host.machine.storage));
  for (const cpu of census.host.machine.cpus) {
    const { tlb } = cpu;
    for (let slot = 0; slot < TLB_SLOTS; slot++) {
      if ((tlb.pages[slot] as number) < 0) continue;
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

/** Returns a listener that compares every use of a cached translation with a fresh walk. */
export function translationCheck(host: Host, report: (finding: Finding) => void): TlbHitCheck {
  const fresh = new Walk(new AbsoluteEntries(host.machine.storage));
  return (tlb, slot) => {
    const stale = difference(tlb, slot, fresh);
    if (!stale) return;
    const message = `a processor used a stale TLB entry for ${pageAndSpace(host, tlb, slot)}: ${stale}`;
    report({ rule: 'stale-translation', message });
  };
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
