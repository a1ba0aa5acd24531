/**
 * The symbols of an ELF file: names of functions and data, and their addresses.
 *
 * The file is not trusted. Tables that are out of range are ignored, as if the file had no symbols: a guest runs without them.
 */

/** A symbol. */
export interface ElfSymbol {
  readonly name: string;
  readonly address: bigint;
  /** In bytes; 0 if it is not known. */
  readonly size: bigint;
}

/** A place in an image: a symbol, and the bytes after its address. */
export interface SymbolOffset {
  readonly name: string;
  readonly offset: bigint;
}

const SECTION_HEADER_BYTES = 64;
const SECTION_SYMBOLS = 2;
const SYMBOL_BYTES = 24;
/** Types of symbols: functions, data, and those without a type, as labels in assembler code are. */
const TYPES = { NONE: 0, OBJECT: 1, FUNCTION: 2 } as const;
/** Indexes of sections with a meaning: an undefined symbol, and one whose value is a constant. */
const SECTION = { UNDEFINED: 0, ABSOLUTE: 0xfff1 } as const;
/** Sections of a file that are read, symbols, and characters of a name. A Linux kernel has some 200,000 symbols. */
const SECTIONS_MAX = 10_000;
const SYMBOLS_MAX = 1_000_000;
const NAME_MAX = 256;
/** Names of which a reader can make nothing: local labels, and control characters. */
const USELESS = /^[.$]|[^\x21-\x7e]/;

/** The symbols of an image, by name and by address. They are virtual addresses, as the image was linked. */
export class SymbolTable {
  readonly #names = new Map<string, ElfSymbol>();
  /** In ascending order of address; of several at one address, the function, or the first one. */
  readonly #sorted: readonly ElfSymbol[];

  /** @param symbols in the order of preference: the first of a name, and of an address, counts */
  constructor(symbols: readonly ElfSymbol[]) {
    const byAddress = new Map<bigint, ElfSymbol>();
    for (const symbol of symbols) {
      if (!this.#names.has(symbol.name)) this.#names.set(symbol.name, symbol);
      if (!byAddress.has(symbol.address)) byAddress.set(symbol.address, symbol);
    }
    this.#sorted = [...byAddress.values()].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  /** Number of names. */
  get size(): number {
    return this.#names.size;
  }

  /** Returns the symbol of a name, or null. */
  find(name: string): ElfSymbol | null {
    return this.#names.get(name) ?? null;
  }

  /**
   * Returns the place of an address: the last symbol at or before it, if the address is in it. A symbol without a size
   * extends to the next one. Returns null if there is none.
   */
  at(address: bigint): SymbolOffset | null {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#sorted[middle] as ElfSymbol).address <= address) low = middle + 1;
      else high = middle;
    }
    const symbol = this.#sorted[low - 1];
    if (symbol === undefined) return null;
    const offset = address - symbol.address;
    const inside = symbol.size === 0n ? low < this.#sorted.length || offset === 0n : offset < symbol.size;
    return inside ? { name: symbol.name, offset } : null;
  }

  /** Returns the place of an address as text, `main+0x10`, or null. */
  nameOf(address: bigint): string | null {
    const place = this.at(address);
    if (place === null) return null;
    return place.offset === 0n ? place.name : `${place.name}+0x${place.offset.toString(16)}`;
  }
}

/** No symbols. */
export const NO_SYMBOLS = new SymbolTable([]);

/** What a 64-bit big-endian ELF file begins with. */
const MAGIC = [0x7f, 0x45, 0x4c, 0x46, 2, 2];

/**
 * Reads the symbols of a 64-bit big-endian ELF file. Returns an empty table if it has none, or if they cannot be read.
 * Functions come first, then data, then labels without a type; of each kind, global ones come before local ones.
 */
export function symbolsOf(file: Uint8Array): SymbolTable {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 64 || !MAGIC.every((byte, i) => file[i] === byte)) return NO_SYMBOLS;
  const sections = sectionsOf(view);
  const table = sections.find(({ type }) => type === SECTION_SYMBOLS);
  const strings = table && sections[table.link];
  if (table === undefined || strings === undefined || table.entrySize !== SYMBOL_BYTES) return NO_SYMBOLS;
  return new SymbolTable(readSymbols(file, view, table, strings));
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly entrySize: number;
}

/** Returns the section headers, or none if they are out of range. A section outside of the file is empty. */
function sectionsOf(view: DataView): Section[] {
  const at = view.getBigUint64(40);
  const count = view.getUint16(60);
  const length = BigInt(count * SECTION_HEADER_BYTES);
  if (view.getUint16(58) !== SECTION_HEADER_BYTES || count > SECTIONS_MAX) return [];
  if (at + length > BigInt(view.byteLength)) return [];
  return Array.from({ length: count }, (_, n) => sectionAt(view, Number(at) + n * SECTION_HEADER_BYTES));
}

function sectionAt(view: DataView, at: number): Section {
  const offset = view.getBigUint64(at + 24);
  const size = view.getBigUint64(at + 32);
  const inside = offset + size <= BigInt(view.byteLength);
  return {
    type: view.getUint32(at + 4),
    offset: inside ? Number(offset) : 0,
    size: inside ? Number(size) : 0,
    link: view.getUint32(at + 40),
    entrySize: Number(view.getBigUint64(at + 56)),
  };
}

function readSymbols(file: Uint8Array, view: DataView, table: Section, strings: Section): ElfSymbol[] {
  const ranked: { symbol: ElfSymbol; rank: number }[] = [];
  const count = Math.min(Math.floor(table.size / SYMBOL_BYTES), SYMBOLS_MAX);
  for (let n = 0; n < count; n++) {
    const at = table.offset + n * SYMBOL_BYTES;
    const rank = rankOf(view.getUint8(at + 4));
    const section = view.getUint16(at + 6);
    if (rank < 0 || section === SECTION.UNDEFINED) continue;
    const name = nameAt(file, strings, view.getUint32(at));
    if (name === null) continue;
    const size = view.getBigUint64(at + 16);
    // Nothing lies behind a constant.
    const least = section === SECTION.ABSOLUTE ? 1n : 0n;
    const symbol = { name, address: view.getBigUint64(at + 8), size: size > least ? size : least };
    ranked.push({ symbol, rank });
  }
  return ranked.sort((a, b) => a.rank - b.rank).map(({ symbol }) => symbol);
}

/** Returns the rank of a symbol by its type and binding, or -1 if it is of no use. */
function rankOf(info: number): number {
  const kind = [TYPES.FUNCTION, TYPES.OBJECT, TYPES.NONE].indexOf((info & 15) as 0 | 1 | 2);
  return kind < 0 ? -1 : kind * 2 + (info >>> 4 === 0 ? 1 : 0);
}

function nameAt(file: Uint8Array, strings: Section, offset: number): string | null {
  if (offset >= strings.size) return null;
  const start = strings.offset + offset;
  const longest = file.subarray(start, Math.min(start + NAME_MAX + 1, strings.offset + strings.size));
  const length = longest.indexOf(0);
  if (length <= 0) return null;
  const name = String.fromCharCode(...longest.subarray(0, length));
  return USELESS.test(name) ? null : name;
}
