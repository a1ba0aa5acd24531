/** Files, and mapped pages of processes. */

import { onPage } from './places.ts';
import { Refusal } from './refusal.ts';

/** A file in memory, or shared anonymous memory. */
export class FileModel {
  /** Length in pages. */
  readonly pages: number;
  readonly #contents = new Map<number, Uint8Array>();

  constructor(pages: number) {
    this.pages = pages;
  }

  /**
   * Creates a file of `length` bytes.
   * @throws Refusal EINVAL
   */
  static ofLength(length: bigint): FileModel {
    if (length === 0n || !onPage(length) || length > 1n << 42n) throw new Refusal('EINVAL');
    return new FileModel(Number(length >> 12n));
  }

  /** Whether the page was touched. */
  has(index: number): boolean {
    return this.#contents.has(index);
  }

  /** Returns the bytes of a page. */
  page(index: number): Uint8Array {
    let bytes = this.#contents.get(index);
    if (!bytes) this.#contents.set(index, (bytes = new Uint8Array(4096)));
    return bytes;
  }
}

/** The contents behind a mapping. */
export interface Backing {
  /** The file whose pages are mapped, or copied when written; null for zeros. */
  readonly file: FileModel | null;
  readonly shared: boolean;
  /** Whether whole segments may have frames of 1 MiB. */
  readonly large: boolean;
}

/** A mapped page. */
export interface MappedPage {
  readonly backing: Backing;
  /** Number of its page of the file; 0 without a file. */
  readonly index: number;
  /** PROT bits. */
  protection: number;
  /** Contents that only this process has; null for the file's contents, or zeros. */
  bytes: Uint8Array | null;
  /** Whether it was touched, so that it has a page-table entry. */
  present: boolean;
  /** Whether guests are notified when it loses its frame or the right to store. */
  watched: boolean;
}

/**
 * Returns the bytes of a page that is touched.
 * @param copied whether a private page of a file gets a copy of its own
 * @throws Refusal EFAULT beyond the end of the file
 */
export function bytesOf(mapped: MappedPage, copied: boolean): Uint8Array {
  const { file, shared } = mapped.backing;
  if (mapped.bytes) return mapped.bytes;
  if (!file) return (mapped.bytes = new Uint8Array(4096));
  if (mapped.index >= file.pages) throw new Refusal('EFAULT');
  const bytes = file.page(mapped.index);
  return copied && !shared ? (mapped.bytes = bytes.slice()) : bytes;
}

/** Whether a page may be read and may contain more than zeros. */
export function isWorthReading({ bytes, protection, backing, index }: MappedPage): boolean {
  return protection !== 0 && (bytes !== null || (backing.file?.has(index) ?? false));
}

/** Whether two adjacent pages belong to one mapping. */
export function areOneMapping(page: MappedPage, next: MappedPage): boolean {
  const [a, b] = [page.backing, next.backing];
  return (
    page.protection === next.protection &&
    a.file === b.file &&
    a.shared === b.shared &&
    a.large === b.large &&
    next.index === (a.file ? page.index + 1 : 0)
  );
}
