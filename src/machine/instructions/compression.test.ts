/**
 * COMPRESSION CALL, compared with a model that knows no dictionary format: a tree of symbols, of which the longest that fits
 * is taken. The test makes the dictionaries of the tree.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PGM } from '../interruption.ts';
import { bare, CODE, DAT, MODE_24, MODE_31, MODE_64, put } from '../testing/bare.ts';

const DICTIONARY = 0x10_0000;
const SOURCE = 0x3_0000;
const TARGET = 0x4_0000;
const BACK = 0x5_0000;
const PAGES = 0xa000;

/** A symbol: its characters after those of its parent, and its index in the dictionary. */
interface Node {
  readonly extension: readonly number[];
  readonly length: number;
  readonly parent: Node | null;
  readonly children: Node[];
  index: number;
}

/** A small generator of numbers. */
function random(seed: number): (n: number) => number {
  let s = seed || 1;
  return (n) => {
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    return (s >>> 0) % n;
  };
}

/** The numbers of siblings in a descriptor that is not the last one, by format, and of children in an entry. */
const SIBLINGS = [7, 14] as const;
const inEntry = (node: Node) => (node.children.length > 1 && node.extension.length > 1 ? 4 : 5);

/** Whether the last sibling descriptor of a node would be full: then its count says that another one follows. */
const full = (node: Node, format: 0 | 1) =>
  node.children.length > inEntry(node) && (node.children.length - inEntry(node)) % SIBLINGS[format] === 0;

/** Makes a tree of symbols, each with its place in a dictionary of `symbols` entries. Returns the alphabet. */
function tree(seed: number, format: 0 | 1, symbols: number): Node[] {
  const below = random(seed);
  const alphabet = Array.from(
    { length: 256 },
    (_, index): Node => ({ extension: [index], length: 1, parent: null, children: [], index }),
  );
  let next = 256;
  const queue = Array.from({ length: 6 }, (_, n) => alphabet[n] as Node);
  while (queue.length > 0) {
    const node = queue.shift() as Node;
    const count = [0, 1, 2, 4, 5, 6, 9, 14, 22][below(9)] as number;
    const firsts = Array.from({ length: 40 }, (_, n) => n).sort(() => below(3) - 1);
    for (const first of firsts.slice(0, count)) {
      const more = Array.from({ length: below(3) === 0 ? below(5) : 0 }, () => below(6));
      const extension = [first, ...more];
      if (node.length + extension.length > 250) continue;
      node.children.push({
        extension,
        length: node.length + extension.length,
        parent: node,
        children: [],
        index: 0,
      });
    }
    // Entries with several children have room for one additional character.
    if (node.parent !== null && node.children.length > 1 && node.extension.length > 2)
      node.children.length = 1;
    while (full(node, format)) node.children.pop();
    const rest = Math.max(0, node.children.length - inEntry(node));
    const descriptors = Math.ceil(rest / SIBLINGS[format]);
    if (next + node.children.length + descriptors > symbols) {
      node.children.length = 0;
      continue;
    }
    node.children.forEach((child, n) => {
      child.index =
        next + n + (n < inEntry(node) ? 0 : 1 + Math.floor((n - inEntry(node)) / SIBLINGS[format]));
      if (below(3) > 0) queue.push(child);
    });
    next += node.children.length + descriptors;
  }
  return alphabet;
}

const nodesOf = (node: Node): Node[] => [node, ...node.children.flatMap(nodesOf)];
const examined = (node: Node) => node.children.length > 0 || node.extension.length > 1;
const bit = (on: boolean, position: number) => (on ? 1 << position : 0);

/** The bytes of a compression dictionary, followed by those of the expansion dictionary. */
function dictionary(alphabet: readonly Node[], format: 0 | 1, symbols: number): Uint8Array {
  const bytes = new Uint8Array(symbols * 16);
  for (const node of alphabet.flatMap(nodesOf)) {
    entry(bytes, node, format, symbols);
    expansion(bytes, node, symbols);
  }
  return bytes;
}

function entry(bytes: Uint8Array, node: Node, format: 0 | 1, symbols: number): void {
  const { children } = node;
  const additional = node.parent === null ? [] : node.extension.slice(1);
  const here = children.slice(0, inEntry(node));
  const rest = children.slice(here.length);
  const at = node.index * 8;
  bytes[at] = Math.min(children.length, here.length + 1) << 5;
  here.forEach((child, n) => void (bytes[at]! |= bit(examined(child), 4 - n)));
  const last = SIBLINGS[format] - 2;
  const yy = bit(examined(rest[last] ?? node), 1) | bit(examined(rest[last + 1] ?? node), 0);
  const pointer = children[0]?.index ?? 0;
  bytes[at + 1] = children.length > 1 ? (yy << 6) | (additional.length << 5) : additional.length << 5;
  bytes[at + 1]! |= pointer >>> 8;
  bytes[at + 2] = pointer & 0xff;
  bytes.set([...additional, ...here.map(({ extension }) => extension[0] as number)], at + 3);
  for (let i = 0; i < rest.length; i += SIBLINGS[format]) {
    const group = rest.slice(i, i + SIBLINGS[format]);
    siblings(bytes, group, i + SIBLINGS[format] < rest.length, format, symbols);
  }
}

function siblings(
  bytes: Uint8Array,
  group: readonly Node[],
  more: boolean,
  format: 0 | 1,
  symbols: number,
): void {
  const descriptor = ((group[0] as Node).index - 1) * 8;
  const examine = group.reduce((bits, child, n) => bits | bit(examined(child), 15 - n), 0);
  const firsts = group.map(({ extension }) => extension[0] as number);
  if (format === 0) {
    bytes[descriptor] = ((more ? 7 : group.length) << 5) | (examine >>> 11);
    bytes.set(firsts, descriptor + 1);
  } else {
    bytes[descriptor] = ((more ? 15 : group.length) << 4) | (examine >>> 12);
    bytes[descriptor + 1] = (examine >>> 4) & 0xff;
    bytes.set(firsts.slice(0, 6), descriptor + 2);
    bytes.set(firsts.slice(6), descriptor + symbols * 8);
  }
}

const charactersOf = (node: Node): number[] =>
  node.parent === null ? [...node.extension] : [...charactersOf(node.parent), ...node.extension];

function expansion(bytes: Uint8Array, node: Node, symbols: number): void {
  const at = (symbols + node.index) * 8;
  const { parent, extension, length } = node;
  // Not the second halves of sibling descriptors, which are where no symbol is.
  if (length <= 7 || parent === null) {
    bytes.set([length, ...charactersOf(node)], at);
  } else {
    bytes.set([(extension.length << 5) | (parent.index >>> 8), parent.index & 0xff, ...extension], at);
    bytes[at + 7] = parent.length;
  }
}

/** Compresses by the tree: returns the indexes of the symbols. */
function model(alphabet: readonly Node[], text: readonly number[]): number[] {
  const indexes: number[] = [];
  for (let i = 0; i < text.length; ) {
    let node = alphabet[text[i] as number] as Node;
    i++;
    for (;;) {
      const found = node.children.find(({ extension }) => extension[0] === text[i]);
      if (found === undefined || i >= text.length) break;
      if (found.extension.some((character, n) => character !== text[i + n])) break;
      i += found.extension.length;
      node = found;
    }
    indexes.push(node.index);
  }
  return indexes;
}

/** The bytes of symbols of `bits` bits each, the first one at bit `cbn`. */
function packed(indexes: readonly number[], bits: number, cbn: number): string {
  const all = '0'.repeat(cbn) + indexes.map((index) => index.toString(2).padStart(bits, '0')).join('');
  const whole = all.padEnd(Math.ceil(all.length / 8) * 8, '0');
  return (whole.match(/.{8}/g) ?? [])
    .map((byte) => Number.parseInt(byte, 2).toString(16).padStart(2, '0'))
    .join('');
}

const cpu = bare();
for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
cpu.storage.set64(0x8000, BigInt(PAGES));
cpu.storage.set64(0x8008, 0xa800n);
for (let i = 0; i < 512; i++) cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000));

/** Registers of an execution: r4 and r5 the first operand, r6 and r7 the second one. */
interface Operands {
  readonly control: number;
  /** The dictionary. */
  readonly origin?: number;
  readonly cbn: number;
  readonly to: number;
  readonly room: number;
  readonly from: number;
  readonly length: number;
}

/**
 * Executes the instruction until it is complete: again after condition code 3, and after a page that was missing is mapped.
 * Returns the condition code, the operands' ends and the bit number.
 */
function run(mask: bigint, operands: Operands, missing = new Set<number>()) {
  const { control, origin = DICTIONARY, cbn, to, room, from, length } = operands;
  cpu.reset();
  cpu.interruptions = 'report';
  cpu.setControl(0, 0x4_00e0n);
  cpu.setControl(1, 0x8000n);
  for (let i = 0; i < 512; i++)
    cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000) | (missing.has(i) ? 0x400n : 0n));
  const high = mask === MODE_64 ? 0n : 0xabcd_0000_0000n;
  Object.assign(cpu.gr, { 0: BigInt(control), 1: high | BigInt(origin + cbn) });
  Object.assign(cpu.gr, {
    4: high | BigInt(to),
    5: high | BigInt(room),
    6: high | BigInt(from),
    7: high | BigInt(length),
  });
  put(cpu, CODE, 'b2630046');
  for (let turns = 0; turns < 1000; turns++) {
    cpu.setPsw(mask | DAT, BigInt(CODE));
    const stop = cpu.run(1);
    if (stop.reason === 'interruption') {
      const page = cpu.teidLo >>> 12;
      expect([cpu.exceptionCode, missing.has(page)]).toEqual([PGM.PAGE_TRANSLATION, true]);
      cpu.storage.set64(PAGES + page * 8, BigInt(page * 0x1000));
    } else if (cpu.cc !== 3) {
      const value = (r: number) => Number((cpu.gr[r] as bigint) - high);
      return { cc: cpu.cc, end: value(4), left: value(5), at: value(6), rest: value(7), cbn: cpu.low(1) & 7 };
    }
  }
  throw new Error('does not end');
}

const bytesAt = (address: number, length: number) =>
  Buffer.from(cpu.storage.read(address, length)).toString('hex');
const EXPAND = 0x100;
const inputs = fc.record({
  seed: fc.integer({ min: 1, max: 2 ** 30 }),
  format: fc.constantFrom(0 as const, 1 as const),
  size: fc.integer({ min: 1, max: 5 }),
  cbn: fc.integer({ min: 0, max: 7 }),
  length: fc.integer({ min: 0, max: 3000 }),
  mask: fc.constantFrom(MODE_24, MODE_31, MODE_64),
  missing: fc.uniqueArray(fc.constantFrom(0x30, 0x40, 0x41, 0x50, 0x100, 0x101, 0x103, 0x110), {
    maxLength: 5,
  }),
});

/** Puts the dictionaries and a text into storage. The text continues symbols as long as it can, most of the time. */
function prepare({
  seed,
  format,
  size,
  length,
}: {
  seed: number;
  format: 0 | 1;
  size: number;
  length: number;
}) {
  const symbols = 256 << size;
  const alphabet = tree(seed, format, symbols);
  cpu.storage.write(DICTIONARY, dictionary(alphabet, format, symbols));
  const below = random(seed + 1);
  const text: number[] = [];
  let node = alphabet[0] as Node;
  while (text.length < length) {
    const child = node.children[below(node.children.length || 1)];
    node =
      child !== undefined && below(8) > 0 ? child : (alphabet[below(16) ? below(6) : below(256)] as Node);
    text.push(...node.extension);
  }
  text.length = length;
  cpu.storage.fill(TARGET, 0x8000, 0);
  cpu.storage.write(SOURCE, Uint8Array.from(text));
  return { alphabet, text };
}

describe('COMPRESSION CALL', () => {
  it('compresses as the model does, and expands to what it has compressed, whatever interrupts it', () => {
    const lengths: number[] = [];
    fc.assert(
      fc.property(inputs, ({ missing, mask, cbn, ...input }) => {
        const { alphabet, text } = prepare(input);
        const bits = input.size + 8;
        const control = (input.size << 12) | (input.format << 9);
        const indexes = model(alphabet, text);
        lengths.push(...indexes);
        const to = { to: TARGET, room: 0x8000, from: SOURCE, length: text.length };
        const result = run(mask, { control, cbn, ...to }, new Set(missing));
        const total = cbn + indexes.length * bits;
        const bytes = Math.floor(total / 8);
        expect(result).toEqual({
          ...{ cc: 0, end: TARGET + bytes, left: 0x8000 - bytes },
          ...{ at: SOURCE + text.length, rest: 0, cbn: total % 8 },
        });
        expect(bytesAt(TARGET, Math.ceil(total / 8))).toBe(packed(indexes, bits, cbn));
        // The second halves of format-1 descriptors are in the expansion dictionary: they do not disturb it.
        const back = { to: BACK, room: text.length, from: TARGET, length: Math.ceil(total / 8) };
        const origin = DICTIONARY + (256 << input.size) * 8;
        const expanded = run(mask, { control: control | EXPAND, cbn, origin, ...back }, new Set(missing));
        expect(expanded.cc).toBe(0);
        expect(expanded.end).toBe(BACK + text.length);
        expect(bytesAt(BACK, text.length)).toBe(Buffer.from(text).toString('hex'));
      }),
      { numRuns: 150, seed: 11 },
    );
    // The trees are worth it: symbols other than characters, and deep ones.
    expect(lengths.filter((index) => index >= 256).length).toBeGreaterThan(lengths.length / 8);
  });

  it('ends with condition code 1 if the next symbol does not fit, and then goes on', () => {
    const { alphabet, text } = prepare({ seed: 5, format: 0, size: 2, length: 600 });
    const indexes = model(alphabet, text);
    let at = { end: TARGET, at: SOURCE, rest: text.length, cbn: 0 };
    for (let turns = 0; ; turns++) {
      const room = 5 + (turns % 3);
      const result = run(MODE_64, {
        control: 0x2000,
        cbn: at.cbn,
        to: at.end,
        room,
        from: at.at,
        length: at.rest,
      });
      // The symbols that fit, and no other.
      const symbols = Math.floor((room * 8 - at.cbn) / 10);
      if (result.cc === 1) expect((result.end - at.end) * 8 + result.cbn - at.cbn).toBe(symbols * 10);
      at = result;
      if (result.cc === 0) break;
    }
    expect(bytesAt(TARGET, Math.ceil((indexes.length * 10) / 8))).toBe(packed(indexes, 10, 0));
    // Expansion stops before a symbol of which only a part fits.
    const origin = DICTIONARY + 1024 * 8;
    const deep = indexes.findIndex((index) => index >= 256);
    const before = indexes.slice(0, deep).length;
    const length = Math.ceil((indexes.length * 10) / 8);
    const result = run(MODE_64, {
      control: 0x2100,
      origin,
      cbn: 0,
      to: BACK,
      room: before + 1,
      from: TARGET,
      length,
    });
    expect([result.cc, result.left]).toEqual([1, 1]);
  });

  it('translates symbols to interchange symbols', () => {
    const { alphabet, text } = prepare({ seed: 9, format: 0, size: 1, length: 200 });
    const table = 0x2000;
    for (let i = 0; i < 512; i++) cpu.storage.set16(DICTIONARY + table + i * 2, 0xfe00 | (511 - i));
    const indexes = model(alphabet, text).map((index) => 511 - index);
    const operands = { to: TARGET, room: 0x1000, from: SOURCE, length: text.length };
    run(MODE_64, { control: 0x1_1000, cbn: (table / 128) << 3, ...operands });
    expect(bytesAt(TARGET, Math.ceil((indexes.length * 9) / 8))).toBe(packed(indexes, 9, 0));
  });

  it('keeps the bits before the first symbol, and clears those after the last one', () => {
    prepare({ seed: 5, format: 0, size: 1, length: 1 });
    cpu.storage.write(SOURCE, Uint8Array.of(0xff));
    for (let cbn = 0; cbn < 8; cbn++) {
      cpu.storage.fill(TARGET, 4, 0xaa);
      run(MODE_64, { control: 0x1000, cbn, to: TARGET, room: 3, from: SOURCE, length: 1 });
      const bits = `${'10101010'.slice(0, cbn)}011111111`;
      const bytes = Math.ceil(bits.length / 8);
      const value = Number.parseInt(bits.padEnd(bytes * 8, '0'), 2);
      expect(bytesAt(TARGET, 4)).toBe(
        value
          .toString(16)
          .padStart(bytes * 2, '0')
          .padEnd(8, 'a'),
      );
    }
  });

  it.each([
    ['a compression entry with too many children', 0, 'e0000000', '0001'],
    ['one with an additional character and too many children', 0, 'c0200000', '0001'],
    ['one with too many additional characters', 0, '00a00000', '0001'],
    ['a child that the dictionary does not have', 0, '201f ff01', '0001'],
    ['siblings that the dictionary does not have', 0, 'c01f ff02 0304 0506', '0007'],
    ['an expansion entry without characters', 0x200, '0000', '8000'],
    ['one with too many characters', 0x200, 'c000', '8000'],
    ['one whose predecessor the dictionary does not have', 0x200, '3fff 0000 0000 0001', '8000'],
    ['one whose predecessor does not end where it begins', 0x200, '2101 0000 0000 0005', '8000'],
    ['one that is its own predecessor', 0x200, '2100 0000 0000 0001', '8000'],
  ])('%s is a data exception', (_, control, bytes, source) => {
    prepare({ seed: 5, format: 0, size: 1, length: 1 });
    cpu.storage.fill(DICTIONARY, 0x2000, 0);
    const expands = control !== 0;
    put(cpu, DICTIONARY + (expands ? 0x100 * 8 : 0), bytes);
    put(cpu, SOURCE, source);
    expect(() =>
      run(MODE_64, {
        ...{ control: expands ? 0x1100 : 0x1000, cbn: 0 },
        ...{ to: TARGET, room: 0x100, from: SOURCE, length: 2 },
      }),
    ).toThrow();
    expect([cpu.exceptionCode, cpu.dataExceptionCode]).toEqual([PGM.DATA, 0]);
  });

  it('an endless chain of siblings, and a symbol that is too long, are data exceptions', () => {
    prepare({ seed: 5, format: 0, size: 5, length: 1 });
    const operands = { control: 0x5000, cbn: 0, to: TARGET, room: 0x100, from: SOURCE, length: 300 };
    cpu.storage.fill(DICTIONARY, 0x2_0000, 0);
    // Character 0: five children 1, and siblings 0 without end; then the source continues with 2.
    put(cpu, DICTIONARY, 'c001 0001 0101 0101');
    put(cpu, SOURCE, '0002');
    expect(() => run(MODE_64, operands)).toThrow();
    expect(cpu.exceptionCode).toBe(PGM.DATA);
    // A child that is its own parent: 260 characters are a symbol, more are not.
    put(cpu, DICTIONARY, '3000 0000');
    cpu.storage.fill(SOURCE, 300, 0);
    expect(() => run(MODE_64, operands)).toThrow();
    expect(cpu.exceptionCode).toBe(PGM.DATA);
    expect(run(MODE_64, { ...operands, length: 260 }).cc).toBe(0);
  });

  it('ends whatever the dictionary, the operands and register 0 are', () => {
    const bytes = fc.uint8Array({ minLength: 512, maxLength: 512 });
    fc.assert(
      fc.property(bytes, fc.bigInt({ min: 0n, max: 0x1_f7ffn }), fc.boolean(), (content, control, wild) => {
        cpu.reset();
        cpu.interruptions = 'report';
        for (let i = 0; i < 0x2_0000; i += 512) cpu.storage.write(DICTIONARY + i, content);
        cpu.storage.write(SOURCE, content);
        Object.assign(cpu.gr, { 0: control, 1: BigInt(DICTIONARY + 5), 4: BigInt(TARGET), 5: 0x1000n });
        Object.assign(cpu.gr, { 6: wild ? 0x10_0000n : BigInt(SOURCE), 7: wild ? 2n ** 64n - 1n : 512n });
        put(cpu, CODE, 'b2630046');
        cpu.setPsw(MODE_64, BigInt(CODE));
        const before = cpu.executed;
        cpu.run(1);
        expect(cpu.executed - before).toBeLessThan(2);
      }),
      { numRuns: 300, seed: 3 },
    );
  });
});
