/** Compares what processors remember of walks with fresh walks. */

import { type Host, hex } from '../host/index.ts';
import { AbsoluteEntries, type TlbEntry, type TranslationWitness, Walk } from '../machine/index.ts';
import type { Census, Finding } from './rules.ts';

/** Looks at every remembered translation of every processor. */
export function checkTranslations(census: Census): void {
  const walk = new Walk(new AbsoluteEntries(census.host.machine.storage));
  for (const cpu of census.host.machine.cpus) {
    for (const entry of cpu.tlb.entries()) {
      const stale = census.spaces.has(`${entry.asceHi}:${entry.asceLo}`)
        ? difference(entry, walk)
        : 'its address space is gone';
      if (stale) {
        const message = `processor ${cpu.address} remembers ${spaceAndPage(entry)}: ${stale}`;
        census.report({ rule: 'stale-translation', message });
      }
    }
  }
}

/** Watches every use of a remembered translation. */
export function witnessOf(host: Host, report: (finding: Finding) => void): TranslationWitness {
  const fresh = new Walk(new AbsoluteEntries(host.machine.storage));
  return (_cpu, tlb, slot) => {
    const entry: TlbEntry = {
      page: tlb.pages[slot] as number,
      asceHi: tlb.asceHi[slot] as number,
      asceLo: tlb.asceLo[slot] as number,
      frame: tlb.frames[slot] as number,
      table: tlb.tables[slot] as number,
      protect: tlb.protect[slot] === 1,
    };
    const stale = difference(entry, fresh);
    if (stale) report({ rule: 'stale-translation', message: `used ${spaceAndPage(entry)}: ${stale}` });
  };
}

/** How an entry differs from what a walk finds now, or an empty string. */
function difference(entry: TlbEntry, walk: Walk): string {
  if (walk.to(entry.asceHi, entry.asceLo, entry.page, true)) {
    return `a walk ends with exception ${hex(walk.code)}`;
  }
  if (walk.frame !== entry.frame) {
    return `a walk finds frame ${hex(walk.frame * 4096)}, not ${hex(entry.frame * 4096)}`;
  }
  if (walk.protect !== entry.protect) {
    return walk.protect ? 'a walk finds it protected' : 'a walk finds it not protected';
  }
  return walk.table === entry.table ? '' : 'a walk finds another page table';
}

function spaceAndPage({ asceHi, asceLo, page }: TlbEntry): string {
  const asce = (BigInt(asceHi) << 32n) | BigInt(asceLo);
  return `page ${hex(BigInt(page) << 12n)} of space ${hex(asce)}`;
}
