/** The sections of an ELF file, by their names. The file is not trusted. */

import { ByteReader, DwarfError } from './byte-reader.ts';

/** A section. */
export interface ElfSection {
  /** Where it is loaded, as the file was linked. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

const MAGIC = [0x7f, 0x45, 0x4c, 0x46, 2, 2];
const HEADER_BYTES = 64;
const SECTIONS_MAX = 10_000;
const NO_BITS = 8;
/** Compressed sections are not read. */
const COMPRESSED = 0x800;

/** Returns the sections of a 64-bit big-endian ELF file that can be read. Of several with a name, the first one. */
export function elfSections(file: Uint8Array): Map<string, ElfSection> {
  const sections = new Map<string, ElfSection>();
  if (file.length < HEADER_BYTES || !MAGIC.every((byte, i) => file[i] === byte)) return sections;
  const header = new DataView(file.buffer, file.byteOffset, HEADER_BYTES);
  const start = Number(header.getBigUint64(40));
  const count = header.getUint16(60);
  if (header.getUint16(58) !== HEADER_BYTES || count > SECTIONS_MAX) return sections;
  if (start + count * HEADER_BYTES > file.length) return sections;
  const headers = Array.from({ length: count }, (_, n) => {
    return sectionAt(
      file,
      new DataView(file.buffer, file.byteOffset + start + n * HEADER_BYTES, HEADER_BYTES),
    );
  });
  const names = headers[header.getUint16(62)]?.bytes ?? new Uint8Array(0);
  for (const { name, ...section } of headers) {
    const text = textAt(names, name);
    if (text !== '' && !sections.has(text)) sections.set(text, section);
  }
  return sections;
}

function sectionAt(file: Uint8Array, view: DataView): ElfSection & { readonly name: number } {
  const [flags, address, offset, size] = [8, 16, 24, 32].map((at) => Number(view.getBigUint64(at))) as [
    number,
    number,
    number,
    number,
  ];
  const isThere = view.getUint32(4) !== NO_BITS && (flags & COMPRESSED) === 0 && offset + size <= file.length;
  return {
    name: view.getUint32(0),
    address,
    bytes: isThere ? file.subarray(offset, offset + size) : new Uint8Array(0),
  };
}

/** Returns the string at an offset, or the empty string if there is none. */
export function textAt(bytes: Uint8Array, offset: number): string {
  if (!(offset < bytes.length)) return '';
  try {
    return new ByteReader(bytes.subarray(offset)).text();
  } catch (error) {
    if (error instanceof DwarfError) return '';
    throw error;
  }
}
