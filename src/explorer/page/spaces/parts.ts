/**
 * What a part of a line is, as a kind with a look of its own, and in words.
 */

import type { GuestPart, ProcessPart, TablePart } from '../../../inspect/index.ts';
import type { SpaceName } from '../../protocol.ts';
import { addressOf, count, hex, listed, sizeOfPages } from '../text.ts';

/** Kinds of guest segments. A segment has one; of those that fit, the last one here. */
export const KINDS = ['promise', 'gone', 'linked', 'shared', 'large'] as const;
/** One of them. */
export type Kind = (typeof KINDS)[number];

/** The kinds that a part has, with how much of it each is: they sum to 1. */
export function sharesOf(part: GuestPart): readonly { readonly kind: Kind; readonly share: number }[] {
  // Frames of 1 MiB that several segments share are counted as shared and as large: they are drawn as large.
  const sharedTables = Math.min(part.shared, part.linked);
  const counts = [
    { kind: 'promise', n: part.promised },
    { kind: 'gone', n: part.gone },
    { kind: 'linked', n: part.linked - sharedTables },
    { kind: 'shared', n: sharedTables },
    { kind: 'large', n: part.large },
  ] as const;
  const all = segmentsOf(part);
  return counts.filter(({ n }) => n > 0).map(({ kind, n }) => ({ kind, share: n / all }));
}

/** The kind that most of a part is. */
export function mainKind(part: GuestPart): Kind {
  const shares = sharesOf(part);
  return shares.reduce((best, one) => (one.share > best.share ? one : best), shares[0] ?? NOTHING).kind;
}

const NOTHING = { kind: 'promise', share: 0 } as const;

/** Mapped segments of a part. */
export function segmentsOf(part: GuestPart): number {
  return part.promised + part.gone + part.linked + part.large;
}

/** Whether a part is linked to what is no page table of the process: only a host that was broken on purpose has one. */
export function isStray({ exact, processFirst }: GuestPart): boolean {
  return exact && processFirst < 0;
}

/** A space's name as a reader says it: `guest 0`, `process 1`. */
export function spoken(name: SpaceName): string {
  return name.replace('gmap', 'guest');
}

const WHAT: Readonly<Record<Kind, string>> = {
  promise: 'promised, not linked yet',
  gone: 'promised, but the process has no memory there now',
  linked: 'linked to the process’s page table',
  shared: 'linked to a page table that other guest segments use, too',
  large: 'linked to the process’s frame of 1 MiB',
};

/** A guest part in a sentence. */
export function guestSentence(part: GuestPart): string {
  const { first, end } = part;
  const where = `guest ${hex(addressOf(first))}, ${sizeOfPages(end - first)}`;
  if (isStray(part)) return `${where}, linked to what is no page table of the process any more`;
  const behind = `process ${hex(addressOf(part.processFirst))}`;
  const pages = part.linked + part.large > 0 ? `; ${count(part.present, 'page')} present` : '';
  if (part.exact) {
    const twice = part.large > 0 && part.shared > 0 ? ', which other guest segments use, too' : '';
    return `${where}, ${WHAT[mainKind(part)]}${twice}: ${behind}${pages}`;
  }
  const kinds = [
    part.promised && `${count(part.promised, 'promised', 'promised')}`,
    part.gone && `${count(part.gone, 'with its memory gone', 'with their memory gone')}`,
    part.linked && `${count(part.linked, 'linked', 'linked')}`,
    part.shared && `${count(part.shared, 'of them shared', 'of them shared')}`,
    part.large && `${count(part.large, 'frame of 1 MiB', 'frames of 1 MiB')}`,
  ].filter((word): word is string => Boolean(word));
  return `${where}: ${count(segmentsOf(part), 'segment')}, ${listed(kinds)}${pages}`;
}

/** PROT bits in words. */
export function protectionWords(protection: number): string {
  if (protection === 0) return 'no access';
  const words = [protection & 1 && 'read', protection & 2 && 'write', protection & 4 && 'execute'];
  return listed(words.filter((word): word is string => Boolean(word)));
}

/** PROT bits as `ls -l` has them. */
export function protectionLetters(protection: number): string {
  return `${protection & 1 ? 'r' : '-'}${protection & 2 ? 'w' : '-'}${protection & 4 ? 'x' : '-'}`;
}

/** A part of a process in a sentence. */
export function processSentence(part: ProcessPart): string {
  const where = `process ${hex(addressOf(part.first))}, ${sizeOfPages(part.end - part.first)}`;
  if (part.mappings > 1 || part.protection === null) return `${where}: ${count(part.mappings, 'mapping')}`;
  const memory = part.largeMemory ? 'memory for frames of 1 MiB' : 'memory';
  const kind = `${part.sharedMemory ? 'shared' : 'private'} ${part.file ? 'memory of a file' : memory}`;
  return `${where}: ${kind}, ${protectionWords(part.protection)}`;
}

/** Page tables in a sentence. */
export function tableSentence(part: TablePart): string {
  const where = `process ${hex(addressOf(part.first))}, ${sizeOfPages(part.end - part.first)}`;
  const what = listed(
    [
      part.tables && count(part.tables, 'page table'),
      part.large && count(part.large, 'frame of 1 MiB', 'frames of 1 MiB'),
    ].filter((word): word is string => Boolean(word)),
  );
  const linked =
    part.links === 0 ? 'no guest segment linked' : `${count(part.links, 'guest segment')} linked`;
  return `${where}: ${what}, ${count(part.present, 'page')} present, ${linked}`;
}
