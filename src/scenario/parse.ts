/**
 * The scenario language: one operation a line. docs/scenarios.md describes it.
 */

/** How many gmaps a scenario can name: 0 to 63. */
export const GMAP_NAMES = 64;

/** An operation of the language. Addresses and lengths in bytes. */
export type Operation =
  | { readonly verb: 'mmap' | 'munmap'; readonly address: bigint; readonly length: bigint }
  | { readonly verb: 'gmap_alloc' | 'gmap_free' | 'dump'; readonly gmap: number }
  | {
      readonly verb: 'gmap_map_segment';
      readonly gmap: number;
      readonly from: bigint;
      readonly to: bigint;
      readonly length: bigint;
    }
  | {
      readonly verb: 'gmap_unmap_segment';
      readonly gmap: number;
      readonly to: bigint;
      readonly length: bigint;
    }
  | { readonly verb: 'gmap_fault'; readonly gmap: number; readonly address: bigint }
  | { readonly verb: 'gmap_discard'; readonly gmap: number; readonly from: bigint; readonly to: bigint }
  | { readonly verb: 'process read'; readonly address: bigint; readonly length: bigint }
  | { readonly verb: 'process write'; readonly address: bigint; readonly bytes: Uint8Array }
  | { readonly verb: 'guest read'; readonly gmap: number; readonly address: bigint; readonly length: bigint }
  | {
      readonly verb: 'guest write';
      readonly gmap: number;
      readonly address: bigint;
      readonly bytes: Uint8Array;
    }
  | { readonly verb: 'stats' }
  | { readonly verb: 'fail'; readonly count: bigint };

/** A line that is not in the language. The message says what is wrong with it. */
export class ScenarioSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ScenarioSyntaxError';
  }
}

const SUFFIXES: Readonly<Record<string, bigint>> = {
  '': 0n,
  K: 10n,
  M: 20n,
  G: 30n,
  T: 40n,
  P: 50n,
};

const NUMBER = /^(0[xX][0-9a-fA-F]+|[0-9]+)([KMGTP]?)$/;
/** No number of 64 bits needs more characters, a few leading zeros included. */
const NUMBER_LENGTH = 64;

/**
 * A number as the language writes it: decimal, or hexadecimal after 0x, then K, M, G, T or P for powers of 1024.
 * @throws ScenarioSyntaxError for anything else, and for a number of more than 64 bits
 */
export function parseNumber(text: string): bigint {
  const match = text.length <= NUMBER_LENGTH ? NUMBER.exec(text) : null;
  if (!match) throw new ScenarioSyntaxError(`${quoted(text)} is not a number`);
  const value = BigInt(match[1] as string) << (SUFFIXES[match[2] as string] as bigint);
  if (value >= 1n << 64n) throw new ScenarioSyntaxError(`${quoted(text)} is more than 64 bits`);
  return value;
}

/** Takes the words of a line one by one, and says which is missing. */
class Words {
  readonly #words: readonly string[];
  #at = 0;

  constructor(line: string) {
    this.#words = line.trim().split(/\s+/);
  }

  word(what: string): string {
    const word = this.#words[this.#at++];
    if (word === undefined) throw new ScenarioSyntaxError(`${what} is missing`);
    return word;
  }

  number(what: string): bigint {
    return parseNumber(this.word(what));
  }

  gmap(): number {
    const number = this.number('the gmap');
    if (number >= BigInt(GMAP_NAMES)) {
      throw new ScenarioSyntaxError(`gmap ${number} is not 0 to ${GMAP_NAMES - 1}`);
    }
    return Number(number);
  }

  bytes(): Uint8Array {
    const hex = this.word('the data');
    if (hex.length % 2 !== 0 || /[^0-9a-fA-F]/.test(hex)) {
      throw new ScenarioSyntaxError(`${quoted(hex)} is not bytes in hexadecimal, two digits each`);
    }
    const bytes = new Uint8Array(hex.length / 2);
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
    return bytes;
  }

  end(): void {
    const extra = this.#words[this.#at];
    if (extra !== undefined) throw new ScenarioSyntaxError(`${quoted(extra)} is one word too many`);
  }
}

/** Reads the operands of each verb. */
const VERBS: Readonly<Record<string, (words: Words) => Operation>> = {
  mmap: (w) => ({ verb: 'mmap', address: w.number('the address'), length: w.number('the length') }),
  munmap: (w) => ({ verb: 'munmap', address: w.number('the address'), length: w.number('the length') }),
  gmap_alloc: (w) => ({ verb: 'gmap_alloc', gmap: w.gmap() }),
  gmap_free: (w) => ({ verb: 'gmap_free', gmap: w.gmap() }),
  gmap_map_segment: (w) => ({
    verb: 'gmap_map_segment',
    gmap: w.gmap(),
    from: w.number('the process address'),
    to: w.number('the guest address'),
    length: w.number('the length'),
  }),
  gmap_unmap_segment: (w) => ({
    verb: 'gmap_unmap_segment',
    gmap: w.gmap(),
    to: w.number('the guest address'),
    length: w.number('the length'),
  }),
  gmap_fault: (w) => ({ verb: 'gmap_fault', gmap: w.gmap(), address: w.number('the guest address') }),
  gmap_discard: (w) => ({
    verb: 'gmap_discard',
    gmap: w.gmap(),
    from: w.number('the first guest address'),
    to: w.number('the guest address after the last'),
  }),
  process: (w) => processAccess(w),
  guest: (w) => guestAccess(w),
  dump: (w) => ({ verb: 'dump', gmap: w.gmap() }),
  stats: () => ({ verb: 'stats' }),
  fail: (w) => ({ verb: 'fail', count: w.number('the count') }),
};

function processAccess(w: Words): Operation {
  const access = w.word('read or write');
  if (access === 'read') {
    return { verb: 'process read', address: w.number('the address'), length: w.number('the length') };
  }
  if (access === 'write')
    return { verb: 'process write', address: w.number('the address'), bytes: w.bytes() };
  throw new ScenarioSyntaxError(`${quoted(access)} is neither read nor write`);
}

function guestAccess(w: Words): Operation {
  const gmap = w.gmap();
  const access = w.word('read or write');
  if (access === 'read') {
    return { verb: 'guest read', gmap, address: w.number('the address'), length: w.number('the length') };
  }
  if (access === 'write')
    return { verb: 'guest write', gmap, address: w.number('the address'), bytes: w.bytes() };
  throw new ScenarioSyntaxError(`${quoted(access)} is neither read nor write`);
}

/**
 * The operation of a line, or null for a blank line and for a comment (a line that starts with #).
 * @throws ScenarioSyntaxError for a line that is not in the language
 */
export function parseLine(line: string): Operation | null {
  const text = line.trim();
  if (text === '' || text.startsWith('#')) return null;
  const words = new Words(text);
  const verb = words.word('the operation');
  const read = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!read) throw new ScenarioSyntaxError(`${quoted(verb)} is no operation`);
  const operation = read(words);
  words.end();
  return operation;
}

/** A word as messages show it: cut, and without control characters. */
function quoted(word: string): string {
  const shown = word.length > 40 ? `${word.slice(0, 40)}…` : word;
  return `"${shown.replace(/[^\x20-\x7e…]/g, '?')}"`;
}
