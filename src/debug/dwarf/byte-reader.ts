/** Reads the parts of an ELF file that debuggers use. The file is not trusted: whatever is out of range is an error. */

/** The data is not as it should be. */
export class DwarfError extends Error {
  override readonly name = 'DwarfError';
}

/** Paths and names are no longer. */
const TEXT_MAX = 4096;
const HALF = 0x1_0000_0000;

/** Reads big-endian data from its begin to its end. Each method throws a `DwarfError` at the end. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** All bytes. */
  get bytes(): Uint8Array {
    return this.#bytes;
  }

  get length(): number {
    return this.#bytes.length;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length;
  }

  /** Takes bytes. Returns where they are. */
  skip(count: number): number {
    const { at } = this;
    if (!(count >= 0) || count > this.#bytes.length - at) throw new DwarfError(`no ${count} bytes at ${at}`);
    this.at += count;
    return at;
  }

  /** Returns a reader of the next bytes, which are taken. */
  part(count: number): ByteReader {
    const at = this.skip(count);
    return new ByteReader(this.#bytes.subarray(at, at + count));
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  s8(): number {
    return this.#view.getInt8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2));
  }

  s16(): number {
    return this.#view.getInt16(this.skip(2));
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4));
  }

  s32(): number {
    return this.#view.getInt32(this.skip(4));
  }

  /** 64 bits, as a number: not exact beyond 2^53. */
  u64(): number {
    const at = this.skip(8);
    return this.#view.getUint32(at) * HALF + this.#view.getUint32(at + 4);
  }

  /** 64 bits with a sign, as a number. */
  s64(): number {
    const at = this.skip(8);
    return this.#view.getInt32(at) * HALF + this.#view.getUint32(at + 4);
  }

  /** A number of any length: ULEB128. Not exact beyond 2^53. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      if (scale <= Number.MAX_SAFE_INTEGER) value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** A number of any length with a sign: SLEB128. */
  signed(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      if (scale <= Number.MAX_SAFE_INTEGER) value += (byte & 0x7f) * scale;
      if (byte < 0x80) return (byte & 0x40) !== 0 ? value - scale * 128 : value;
    }
  }

  /** A string of at most 4,096 bytes that ends with 0: a character for each byte. */
  text(): string {
    const length = this.#bytes.subarray(this.at, this.at + TEXT_MAX + 1).indexOf(0);
    if (length < 0) throw new DwarfError(`the string at ${this.at} has no end, or is too long`);
    const end = this.at + length;
    let text = '';
    while (this.at < end) text += String.fromCharCode(this.u8());
    this.at = end + 1;
    return text;
  }
}
