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
        const message = `the TLB of processor ${cpu.address} has a stale translation of ${spaceAndPage(tlb, slot)}: ${stale}`;
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
    const message = `a processor used a stale translation of ${spaceAndPage(tlb, slot)}: ${stale}`;
    report({ rule: 'stale-translation', message });
  };
}

/** Returns how the entry in a slot differs from the result of a fresh walk, or an empty string if it does not. */
function difference(tlb: Tlb, slot: number, walk: Walk): string {
  const page = tlb.pages[slot] as number;
  if (walk.to(tlb.asceHi[slot] as number, tlb.asceLo[slot] as number, page, EDAT.EDAT_2)) {
    return `a walk ends with exception ${hex(walk.code)}`;
  }
  if (walk.frame !== tlb.frames[slot]) {
    return `a walk finds frame ${hex(walk.frame * FRAME_SIZE)}, not ${hex((tlb.frames[slot] as number) * FRAME_SIZE)}`;
  }
  if (walk.protect !== (tlb.protect[slot] === 1)) {
    return walk.protect ? 'a walk finds it protected' : 'a walk finds it not protected';
  }
  if (walk.noExecute !== (tlb.noExecute[slot] === 1)) {
    return walk.noExecute
      ? 'a walk finds that it may not be executed'
      : 'a walk finds that it may be executed';
  }
  return walk.table === tlb.tables[slot] ? '' : 'a walk finds another page table';
}

function spaceAndPage(tlb: Tlb, slot: number): string {
  const asce = (BigInt(tlb.asceHi[slot] as number) << 32n) | BigInt(tlb.asceLo[slot] as number);
  return `page ${hex(BigInt(tlb.pages[slot] as number) << 12n)} of space ${hex(asce)}`;
}
