/**
 * The kinds of extents, and their descriptions.
 */

import type { GuestExtent, MappingExtent, TableExtent } from '../../../../../inspect/index.ts';
import type { SpaceName } from '../../../../protocol.ts';
import { addressOf, count, hex, listed, sizeOfPages } from '../../../ui/text.ts';

/** Kinds of guest segments. If several apply to a segment, the last one here counts. */
export const KINDS = ['unlinked', 'unbacked', 'linked', 'shared', 'large'] as const;
/** A kind of guest segment. */
export type Kind = (typeof KINDS)[number];

/** Returns the kinds of an extent and the share of each. The shares add up to 1. */
export function sharesOf(extent: GuestExtent): readonly { readonly kind: Kind; readonly share: number }[] {
  // A 1 MiB frame that several segments use counts as shared and as large. It is drawn as large.
  const sharedTables = Math.min(extent.shared, extent.linked);
  const counts = [
    { kind: 'unlinked', n: extent.unlinked },
    { kind: 'unbacked', n: extent.unbacked },
    { kind: 'linked', n: extent.linked - sharedTables },
    { kind: 'shared', n: sharedTables },
    { kind: 'large', n: extent.large },
  ] as const;
  const all = segmentsOf(extent);
  return counts.filter(({ n }) => n > 0).map(({ kind, n }) => ({ kind, share: n / all }));
}

/** Returns the most frequent kind of an extent. */
export function mainKind(extent: GuestExtent): Kind {
  const shares = sharesOf(extent);
  return shares.reduce((best, one) => (one.share > best.share ? one : best), shares[0] ?? NOTHING).kind;
}

const NOTHING = { kind: 'unlinked', share: 0 } as const;

/** Returns the number of mapped segments of an extent. */
export function segmentsOf(extent: GuestExtent): number {
  return extent.unlinked + extent.unbacked + extent.linked + extent.large;
}

/** Whether an extent is linked to a table that is not the process's. Only an injected fault leads to that. */
export function isStray({ exact, processFirst }: GuestExtent): boolean {
  return exact && processFirst < 0;
}

/** Returns the name of a space for the reader: `guest 0`, `process 1`. */
export function displayName(name: SpaceName): string {
  return name.replace('gmap', 'guest');
}

const WHAT: Readonly<Record<Kind, string>> = {
  unlinked: 'mapped, not linked yet',
  unbacked: 'mapped, but the process has no memory there',
  linked: 'linked to a page table of the process',
  shared: 'linked to a page table that other guest segments use as well',
  large: 'linked to a 1 MiB frame of the process',
};

/** Describes a guest extent. */
export function guestSentence(extent: GuestExtent): string {
  const { first, end } = extent;
  const where = `guest ${hex(addressOf(first))}, ${sizeOfPages(end - first)}`;
  if (isStray(extent)) return `${where}, linked to a table that is no longer one of the process`;
  const behind = `process ${hex(addressOf(extent.processFirst))}`;
  const pages = extent.linked + extent.large > 0 ? `; ${count(extent.present, 'page')} present` : '';
  if (extent.exact) {
    const twice = extent.large > 0 && extent.shared > 0 ? ', which other guest segments use as well' : '';
    return `${where}, ${WHAT[mainKind(extent)]}${twice}: ${behind}${pages}`;
  }
  const kinds = [
    extent.unlinked && `${count(extent.unlinked, 'not linked', 'not linked')}`,
    extent.unbacked && `${count(extent.unbacked, 'without process memory', 'without process memory')}`,
    extent.linked && `${count(extent.linked, 'linked', 'linked')}`,
    extent.shared && `${count(extent.shared, 'of them shared', 'of them shared')}`,
    extent.large && `${count(extent.large, '1 MiB frame', '1 MiB frames')}`,
  ].filter((word): word is string => Boolean(word));
  return `${where}: ${count(segmentsOf(extent), 'segment')}, ${listed(kinds)}${pages}`;
}

/** Describes PROT bits. */
export function protectionWords(protection: number): string {
  if (protection === 0) return 'no access';
  const words = [protection & 1 && 'read', protection & 2 && 'write', protection & 4 && 'execute'];
  return listed(words.filter((word): word is string => Boolean(word)));
}

/** Formats PROT bits as `ls -l` does. */
export function protectionLetters(protection: number): string {
  return `${protection & 1 ? 'r' : '-'}${protection & 2 ? 'w' : '-'}${protection & 4 ? 'x' : '-'}`;
}

/** Describes an extent of mappings. */
export function processSentence(extent: MappingExtent): string {
  const where = `process ${hex(addressOf(extent.first))}, ${sizeOfPages(extent.end - extent.first)}`;
  if (extent.mappings > 1 || extent.protection === null)
    return `${where}: ${count(extent.mappings, 'mapping')}`;
  const memory = extent.largeMemory ? 'memory for 1 MiB frames' : 'memory';
  const kind = `${extent.sharedMemory ? 'shared' : 'private'} ${extent.file ? 'memory of a file' : memory}`;
  return `${where}: ${kind}, ${protectionWords(extent.protection)}`;
}

/** Describes page tables. */
export function tableSentence(extent: TableExtent): string {
  const where = `process ${hex(addressOf(extent.first))}, ${sizeOfPages(extent.end - extent.first)}`;
  const what = listed(
    [
      extent.tables && count(extent.tables, 'page table'),
      extent.large && count(extent.large, '1 MiB frame', '1 MiB frames'),
    ].filter((word): word is string => Boolean(word)),
  );
  const linked =
    extent.links === 0 ? 'no guest segment linked' : `${count(extent.links, 'guest segment')} linked`;
  return `${where}: ${what}, ${count(extent.present, 'page')} present, ${linked}`;
}
