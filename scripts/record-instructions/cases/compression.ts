/**
 * COMPRESSION CALL. The dictionary begins at a multiple of 4 KiB. Of the compression dictionary the first 64 entries are in the
 * arena, of the expansion dictionary the entries from 480 on; zeros follow. Entries and characters are random, of an alphabet of
 * eight characters, so that children are found.
 */

import { Cases, type Random, type RecordedCase, type StateInput } from '../generate.ts';

/** Compression: the dictionary, and the operands before it. */
const DICTIONARY = 0x2_1000;
const SOURCE = 0x2_0f10;
const TARGET = 0x2_0f80;
/** Expansion: the dictionary, the symbol of the first entry in the arena, and the operands behind its entries. */
const EXPANSION = 0x2_0000;
const FIRST = 0x1e0;
const SYMBOLS = 64;

const FORMAT_1 = 0x200;
const EXPAND = 0x100;
const TRANSLATE = 0x1_0000;

const hex = (bytes: readonly number[]) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
const at = (address: number, bytes: readonly number[]) => ({ [address.toString(16)]: hex(bytes) });

export function compression(): RecordedCase[] {
  const c = new Cases();
  c.each('cmpsc', 260, (name, random, i) => {
    const state = i % 2 ? compressing(random, i) : expanding(random, i);
    c.add(name, `${name} %r4,%r6`, state);
  });
  special(c);
  return c.list;
}

/** A character of the alphabet; seldom another one. */
const letter = (random: Random) => (random.below(24) === 0 ? 0x40 + random.below(64) : random.below(8));
const several = (n: number, make: () => number) => Array.from({ length: n }, make);

/** A valid character entry with random children. Only the first two may begin with the same character. */
function characterEntry(random: Random): number[] {
  const kind = random.below(8);
  const letters = several(5, () => letter(random));
  for (let n = 2; n < 5; n++) while (letters.indexOf(letters[n] as number) < n) letters[n] = letter(random);
  const pointer = 8 + random.below(44);
  if (kind < 3) return [random.below(32), random.below(5) << 5, 0, ...letters];
  if (kind < 5) return [0x20 | (random.below(2) << 4), random.below(5) << 5, pointer, ...letters];
  const additional = random.below(2);
  const count = 2 + random.below(5 - additional);
  return [(count << 5) | random.below(32), (random.below(4) << 6) | (additional << 5), pointer, ...letters];
}

function state(random: Random, i: number, control: number, length: number): StateInput {
  const size = 1 + (i % 5);
  const mode = random.below(6) === 0 ? random.of([24, 31]) : 64;
  const high = mode === 64 ? 0n : random.u64() << 32n;
  return {
    r0: (size << 12) | control,
    r5: high + BigInt(random.of([0, 1, 2, 3, 5, 8, 16, 32, 48])),
    r7: high + BigInt(random.below(length)),
    mode,
  };
}

function compressing(random: Random, i: number): StateInput {
  const format = random.below(3) === 0 ? FORMAT_1 : 0;
  const source = several(40, () => letter(random));
  return {
    ...state(random, i, format, 32),
    r1: DICTIONARY + random.below(8),
    r4: TARGET,
    r6: SOURCE,
    m: {
      ...at(SOURCE, source),
      ...at(
        TARGET,
        several(0x40, () => 0),
      ),
      ...at(
        DICTIONARY,
        several(SYMBOLS, () => 0).flatMap(() => characterEntry(random)),
      ),
    },
  };
}

/** An expansion entry: of a whole symbol, or of one with a predecessor. */
function expansionEntry(random: Random, offsets: readonly number[], n: number): number[] {
  const letters = several(7, () => random.below(256));
  const kind = random.below(8);
  if (kind < 4 || n === 0) return [1 + random.below(7), ...letters];
  const before = random.below(n);
  const pointer = FIRST + before;
  const count = 1 + random.below(5);
  return [(count << 5) | (pointer >> 8), pointer & 0xff, ...letters.slice(0, 5), offsets[before] as number];
}

/** The length of the symbol of an entry. */
const lengthOf = ([first = 0, , , , , , , offset = 0]: readonly number[]) =>
  first >> 5 ? offset + (first >> 5) : first & 7;

function expanding(random: Random, i: number): StateInput {
  const entries: number[][] = [];
  for (let n = 0; n < SYMBOLS - 16; n++) entries.push(expansionEntry(random, entries.map(lengthOf), n));
  const size = 1 + (i % 5);
  const bits = 8 + size;
  const cbn = random.below(8);
  let packed = BigInt(random.below(256) >> (8 - cbn));
  for (let n = 0; n < 16; n++) {
    const known = size === 1 ? FIRST + random.below(32) : FIRST + random.below(SYMBOLS - 16);
    const symbol = random.below(3) ? known : random.below(256);
    packed = (packed << BigInt(bits)) | BigInt(symbol);
  }
  const total = cbn + 16 * bits;
  const bytes = Math.ceil(total / 8);
  const text = (packed << BigInt(bytes * 8 - total)).toString(16).padStart(bytes * 2, '0');
  const source = EXPANSION + FIRST * 8 + entries.length * 8;
  return {
    ...state(random, i, EXPAND, bytes),
    // Hercules ends before a symbol that fits if eight symbols do not fit: no symbol fits, or all.
    r5: BigInt(random.of([0, 0x120, 0x120])),
    r7: BigInt(3 + random.below(bytes - 2)),
    r1: EXPANSION + cbn,
    r4: source + 0x20,
    r6: source,
    m: { ...at(EXPANSION + FIRST * 8, entries.flat()), [source.toString(16)]: text },
  };
}

function special(c: Cases): void {
  const operands = { r4: TARGET, r5: 16, r6: SOURCE, r7: 4, m: at(SOURCE, [1, 2, 3, 4]) };
  for (const size of [0, 6, 7, 15])
    c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: size << 12, r1: DICTIONARY });
  c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: 0x1000, r1: DICTIONARY }, [3, 0x10]);
  c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: 0x1000, r1: DICTIONARY }, [3, 0x01]);
  // Operands and dictionary outside of storage.
  c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: 0x1000, r1: 0x7000_0000 });
  c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: 0x1000, r1: EXPANSION, r6: 0x7000_0000 });
  c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: 0x1000, r1: EXPANSION, r4: 0x7000_0000 });
  c.add('cmpsc', 'cmpsc %r4,%r6', { ...operands, r0: 0x1100, r1: EXPANSION, r6: 0x7000_0000 });
  // Symbol translation: the table is 4 KiB behind the beginning of the dictionary, of which no entry has children.
  for (const size of [1, 2]) {
    const table = at(0x2_1000, [0, 0, 0x01, 0x34, 0x01, 0xff, 0x01, 0x02, 0x00, 0x80]);
    c.add('cmpsc', 'cmpsc %r4,%r6', {
      ...operands,
      r0: (size << 12) | TRANSLATE,
      r1: EXPANSION | (0x20 << 3),
      m: { ...operands.m, ...table },
    });
  }
}
