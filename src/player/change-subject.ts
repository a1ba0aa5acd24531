/** What a search for changes is about, and where in absolute storage that is. */

import { FRAME_SIZE, type Storage } from '../machine/index.ts';
import { PlayerError } from './positions.ts';
import type { Snapshot, SpaceName } from './snapshot.ts';

/** What may change. */
export type ChangeSubject =
  /** Absolute storage: `length` bytes from `address` on, 1 to 4096. A table entry has 8 bytes. */
  | { readonly kind: 'bytes'; readonly address: bigint; readonly length: number }
  /** The storage key of the frame that holds an absolute address. */
  | { readonly kind: 'key'; readonly address: bigint }
  /**
   * The contents of a page: the 4096 bytes of the frame that it has at the position from which the search starts. Another
   * frame behind the page is a change of its entry, not of these contents.
   */
  | { readonly kind: 'page'; readonly space: SpaceName; readonly page: number }
  /** The page-table entry of a page. That of a guest's page is in the page table of the process. */
  | { readonly kind: 'entry'; readonly space: SpaceName; readonly page: number };

/** Where the subject is: bytes of storage or of the storage keys. */
export interface Place {
  readonly of: 'storage' | 'keys';
  /** Absolute address of the first byte; for a key, that of its frame. */
  readonly address: number;
  /** Bytes: 1 for a key. */
  readonly length: number;
}

/** @throws PlayerError if the subject cannot exist */
export function demandSubject(subject: ChangeSubject): void {
  if ('address' in subject && subject.address < 0n)
    throw new PlayerError(`no address of storage is ${subject.address}`);
  if (subject.kind !== 'bytes') return;
  const { length } = subject;
  if (Number.isInteger(length) && length >= 1 && length <= FRAME_SIZE) return;
  throw new PlayerError(`changes are found for 1 to 4096 bytes, not for ${String(length)}`);
}

/** Returns the place of a subject that does not depend on a position, or null. */
export function fixedPlace(subject: ChangeSubject): Place | null {
  switch (subject.kind) {
    case 'bytes':
      return { of: 'storage', address: Number(subject.address), length: subject.length };
    case 'key':
      return { of: 'keys', address: Number(subject.address - (subject.address % 4096n)), length: 1 };
    default:
      return null;
  }
}

/**
 * Returns the place of a page or of its entry.
 * @throws PlayerError if it has none in the snapshot
 */
export function placeIn(snapshot: Snapshot, subject: ChangeSubject & { kind: 'page' | 'entry' }): Place {
  const { kind, space, page } = subject;
  const name = `page 0x${(page * FRAME_SIZE).toString(16)} of ${space}`;
  const place = snapshot.machine?.pagePlace(space, page) ?? null;
  if (place === null) throw new PlayerError(`there is no ${space} at this position`);
  const { frame, entry } = place;
  if (kind === 'page') {
    if (frame === null) throw new PlayerError(`${name} has no frame at this position`);
    return { of: 'storage', address: frame, length: FRAME_SIZE };
  }
  if (entry === null) throw new PlayerError(`${name} has no page-table entry at this position`);
  return { of: 'storage', address: entry, length: 8 };
}

/** @throws PlayerError if the place is not in storage */
export function demandPlace({ of, address, length }: Place, storage: Storage): void {
  if (storage.has(address, of === 'keys' ? FRAME_SIZE : length)) return;
  throw new PlayerError(`0x${address.toString(16)} is not in the ${storage.size / 2 ** 20} MiB of storage`);
}
