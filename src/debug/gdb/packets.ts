/**
 * Packets of GDB's remote serial protocol: `$`, data, `#` and a checksum of two digits (GDB manual, "Remote Protocol", Overview).
 */

/** The longest packet in bytes, without `$`, `#` and checksum. */
export const PACKET_MAX = 0x4000;

const BYTE = {
  DOLLAR: 0x24,
  HASH: 0x23,
  ESCAPE: 0x7d,
  STAR: 0x2a,
  PLUS: 0x2b,
  MINUS: 0x2d,
  INTERRUPT: 3,
} as const;
/** An escaped byte follows `}` and is combined with this by XOR. */
const ESCAPED = 0x20;

/** What a client has sent. */
export type Received =
  /** The data of a packet, without escapes, one character for each byte. */
  | { readonly kind: 'packet'; readonly data: string }
  /** A packet whose checksum is wrong. */
  | { readonly kind: 'damaged' }
  /** A packet of more than `PACKET_MAX` bytes. */
  | { readonly kind: 'long' }
  /** The client asks for the last packet again. */
  | { readonly kind: 'again' }
  /** The client asks the target to stop. */
  | { readonly kind: 'interrupt' }
  /** A byte that no client of the protocol sends. */
  | { readonly kind: 'foreign' };

/** Divides the bytes of a client into packets. */
export class PacketReader {
  readonly #raw = new Uint8Array(PACKET_MAX);
  /** Bytes of the packet so far, or -1 outside of one; at most `PACKET_MAX` + 1. */
  #count = -1;
  #sum = 0;
  /** The digits of the checksum so far, or null before `#`. */
  #digits: string | null = null;

  /** Takes a byte. Returns what it completes, or null. */
  take(byte: number): Received | null {
    if (this.#count < 0) return this.#outside(byte);
    if (this.#digits !== null) return this.#checksum(byte);
    if (byte === BYTE.HASH) this.#digits = '';
    else if (byte === BYTE.DOLLAR) this.#begin();
    else {
      if (this.#count < PACKET_MAX) this.#raw[this.#count] = byte;
      this.#count = Math.min(this.#count + 1, PACKET_MAX + 1);
      this.#sum = (this.#sum + byte) & 0xff;
    }
    return null;
  }

  #begin(): void {
    this.#count = 0;
    this.#sum = 0;
    this.#digits = null;
  }

  #outside(byte: number): Received | null {
    switch (byte) {
      case BYTE.DOLLAR:
        this.#begin();
        return null;
      case BYTE.PLUS:
        return null;
      case BYTE.MINUS:
        return { kind: 'again' };
      case BYTE.INTERRUPT:
        return { kind: 'interrupt' };
      default:
        return { kind: 'foreign' };
    }
  }

  #checksum(byte: number): Received | null {
    this.#digits += String.fromCharCode(byte);
    if (this.#digits?.length !== 2) return null;
    const raw = this.#raw.subarray(0, Math.min(this.#count, PACKET_MAX));
    const long = this.#count > PACKET_MAX;
    const sound = /^[0-9a-fA-F]{2}$/.test(this.#digits) && Number.parseInt(this.#digits, 16) === this.#sum;
    this.#count = -1;
    if (!sound) return { kind: 'damaged' };
    return long ? { kind: 'long' } : { kind: 'packet', data: unescaped(raw) };
  }
}

function unescaped(raw: Uint8Array): string {
  let data = '';
  for (let n = 0; n < raw.length; n++) {
    const byte = raw[n] as number;
    data += String.fromCharCode(byte === BYTE.ESCAPE ? (raw[++n] ?? 0) ^ ESCAPED : byte);
  }
  return data;
}

/** Returns the packet of some data. @param data one character for each byte */
export function packetOf(data: string): Uint8Array {
  const bytes: number[] = [BYTE.DOLLAR];
  let sum = 0;
  const add = (byte: number) => {
    bytes.push(byte);
    sum = (sum + byte) & 0xff;
  };
  for (let n = 0; n < data.length; n++) {
    const byte = data.charCodeAt(n) & 0xff;
    const special = [BYTE.DOLLAR, BYTE.HASH, BYTE.ESCAPE, BYTE.STAR].some((one) => one === byte);
    if (special) add(BYTE.ESCAPE);
    add(special ? byte ^ ESCAPED : byte);
  }
  const digits = sum.toString(16).padStart(2, '0');
  return Uint8Array.from([...bytes, BYTE.HASH, digits.charCodeAt(0), digits.charCodeAt(1)]);
}
