/** What is behind the pages of processes: files, and pages that are mapped. */

import { onPage } from './places.ts';
import { Refusal } from './refusal.ts';

/** A file in memory, or what is behind shared anonymous memory. */
export class FileModel {
  /** Length in pages. */
  readonly pages: number;
  readonly #contents = new Map<number, Uint8Array>();

  constructor(pages: number) {
    this.pages = pages;
  }

  /** A file of so many bytes. @throws Refusal EINVAL */
  static ofLength(length: bigint): FileModel {
    if (length === 0n || !onPage(length) || length > 1n << 42n) throw new Refusal('EINVAL');
    return new FileModel(Number(length >> 12n));
  }

  /** Whether anybody has touched the page. */
  has(index: number): boolean {
    return this.#contents.has(index);
  }

  /** The bytes of a page. */
  page(index: number): Uint8Array {
    let bytes = this.#contents.get(index);
    if (!bytes) this.#contents.set(index, (bytes = new Uint8Array(4096)));
    return bytes;
  }
}

/** What a mapping has behind it. */
export interface Backing {
  /** The file whose pages they are, or are copied from when written; null for zeros. */
  readonly file: FileModel | null;
  readonly shared: boolean;
  /** Whether whole segments may have frames of 1 MiB. */
  readonly large: boolean;
}

/** A page that is mapped. */
export interface MappedPage {
  readonly backing: Backing;
  /** Which page of the file it is; 0 without a file. */
  readonly index: number;
  /** PROT bits. */
  protection: number;
  /** What only this process has in it; null for what the file has, or zeros. */
  bytes: Uint8Array | null;
  /** Whether it has been touched, so that there is an entry for it. */
  present: boolean;
  /** Whether guests are to be told when it goes, or can no longer be stored into. */
  watched: boolean;
}

/** The bytes of a page that is touched, a copy of the file's when it is to be one. @throws Refusal EFAULT beyond the end of the file */
export function bytesOf(mapped: MappedPage, copied: boolean): Uint8Array {
  const { file, shared } = mapped.backing;
  if (mapped.bytes) return mapped.bytes;
  if (!file) return (mapped.bytes = new Uint8Array(4096));
  if (mapped.index >= file.pages) throw new Refusal('EFAULT');
  const bytes = file.page(mapped.index);
  return copied && !shared ? (mapped.bytes = bytes.slice()) : bytes;
}

/** Whether there is anything but zeros to be found in a page, as far as is known. */
export function isWorthReading({ bytes, protection, backing, index }: MappedPage): boolean {
  return protection !== 0 && (bytes !== null || (backing.file?.has(index) ?? false));
}

/** Whether two neighbouring pages are of one mapping. */
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
