/** The service-call logical processor at the limits of lengths, fields and masks. */

import { beforeEach, describe, expect, it } from 'vitest';
import { GuestAddressError, type GuestMemory } from '../memory.ts';
import { toEbcdic } from './ebcdic.ts';
import { Sclp } from './sclp.ts';
import { toUtf8 } from './utf8.ts';

const MIB = 1 << 20;
const SCCB = 0x5000;
const READ_SCP = 0x0002_0001;
const READ_EVENT = 0x0077_0005;
const WRITE_EVENT = 0x0076_0005;
const WRITE_MASK = 0x0078_0005;
const OPERATOR = 0x80;
const ASCII_LAST = 0x40;

const bytes = new Uint8Array(MIB);
const view = new DataView(bytes.buffer, SCCB);
const memory: GuestMemory = {
  read(address, length) {
    if (address + BigInt(length) > BigInt(MIB)) throw new GuestAddressError(address, length);
    return bytes.slice(Number(address), Number(address) + length);
  },
  write(address, data) {
    bytes.set(data, Number(address));
  },
};

let pieces: string[];
beforeEach(() => {
  bytes.fill(0);
  pieces = [];
});
const sclpOf = (memoryBytes = 64n << 20n, cpus = 1) =>
  new Sclp({ memoryBytes, cpus, console: { write: (text) => void pieces.push(text) } });

/** Executes a command with data after the header. Returns the response code. */
function call(sclp: Sclp, command: number, data: readonly number[], length = 8 + data.length): number {
  bytes.fill(0, SCCB, SCCB + 4096);
  view.setUint16(0, length);
  bytes.set(data, SCCB + 8);
  expect(sclp.service(command, BigInt(SCCB), memory, 0n)).toEqual({ cc: 0 });
  return view.getUint16(6);
}
const half = (value: number) => [value >> 8, value & 0xff];
const event = (type: number, data: readonly number[]) => [...half(6 + data.length), type, 0, 0, 0, ...data];
/** Sets masks of `length` bytes: the guest receives the events of `mask`, and sends none. */
const masks = (length: number, mask: readonly number[]) => [
  0,
  0,
  ...half(length),
  ...Array.from({ length }, (_, at) => mask[at] ?? 0),
  ...new Array<number>(3 * length).fill(0xee),
];

describe('the constructor', () => {
  it('names the wrong value', () => {
    expect(() => sclpOf(0n)).toThrow(/guest memory of 0 bytes is not/);
    expect(() => sclpOf(0x10_0001n)).toThrow(/guest memory of 1048577 bytes is not/);
    expect(() => sclpOf(64n << 20n, 0)).toThrow(/^0 CPUs are not 1 to 248$/);
    expect(() => sclpOf(64n << 20n, 249)).toThrow(/^249 CPUs are not 1 to 248$/);
  });
});

describe('READ SCP INFO', () => {
  it.each([
    // Memory in MiB; increments and their size in MiB, in the small field or else in the large one.
    [1n, 1, 1],
    [1020n, 1020, 1],
    [1022n, 511, 2],
    [128n * 1020n, 1020, 128],
    [256n * 1020n, 1020, 256],
    [65_535n, 65_535, 1],
    [65_537n, 65_537, 1],
  ])('of %i MiB: %i increments of %i MiB', (mebibytes, increments, size) => {
    const sclp = sclpOf(mebibytes << 20n);
    expect(call(sclp, READ_SCP, [], 4096)).toBe(0x10);
    const [small, large] = increments < 0x1_0000 ? [increments, 0] : [0, increments];
    expect([view.getUint16(8), Number(view.getBigUint64(104))]).toEqual([small, large]);
    expect([view.getUint8(10), view.getUint32(100)]).toEqual(size <= 128 ? [size, 0] : [0, size]);
  });

  it('needs an SCCB for all CPUs, exactly', () => {
    expect(call(sclpOf(64n << 20n, 3), READ_SCP, [], 128 + 48)).toBe(0x10);
    expect(call(sclpOf(64n << 20n, 3), READ_SCP, [], 128 + 47)).toBe(0x300);
  });
});

describe('WRITE EVENT MASK', () => {
  it.each([1, 4, 8, 9, 1021])('has masks of %i bytes', (length) => {
    const sclp = sclpOf();
    expect(call(sclp, WRITE_MASK, masks(length, [OPERATOR, 0, 0, ASCII_LAST]))).toBe(0x20);
    const [at, own] = [SCCB + 12 + 2 * length, [...new Array<number>(length)]];
    const receives = own.map((_, index) => [0x40, 0x80, 0, 0x40][index] ?? 0);
    const sends = own.map((_, index) => [0x80, 0, 0, 0x40][index] ?? 0);
    expect([...bytes.subarray(at, at + length)]).toEqual(receives);
    expect([...bytes.subarray(at + length, at + 2 * length)]).toEqual(sends);
  });

  it('needs space for the masks, exactly, with 1 to 1021 bytes each', () => {
    const exact = masks(4, []);
    expect(call(sclpOf(), WRITE_MASK, exact.slice(0, -1))).toBe(0x74f0);
    expect(call(sclpOf(), WRITE_MASK, [0, 0, 0, 0, 0, 0, 0, 0])).toBe(0x74f0);
    expect(call(sclpOf(), WRITE_MASK, [0, 0, ...half(1022)], 4096)).toBe(0x74f0);
    expect(call(sclpOf(), WRITE_MASK, [0, 0, 0, 0])).toBe(0x74f0);
    expect(call(sclpOf(), WRITE_MASK, [0, 0, 0])).toBe(0x300);
  });
});

describe('WRITE EVENT DATA', () => {
  const text = (...data: number[]) => [...half(10 + data.length), 0, 4, 0, 0, 0, 0, 0, 0, ...data];
  const block = (objects: readonly number[], end = 12 + objects.length) => [
    ...half(end),
    0,
    1,
    ...toEbcdic('MDB '),
    0,
    0,
    0,
    1,
    ...objects,
  ];
  const message = (data: readonly number[]) => call(sclpOf(), WRITE_EVENT, event(2, data));

  it.each([
    ['no object', block([]), ''],
    ['an empty line', block(text()), '\n'],
    ['a line', block(text(0xc1)), 'A\n'],
    ['an object that is a header alone', block([0, 4, 0, 1, ...text(0xc2)]), 'B\n'],
    ['an object that is a header alone at the end', block([...text(0xc4), 0, 4, 0, 1]), 'D\n'],
    ['a block that is shorter than its event', [...block(text(0xc3)), 1, 2, 3], 'C\n'],
  ])('takes %s', (_, data, expected) => {
    expect(message(data)).toBe(0x20);
    expect(pieces.join('')).toBe(expected);
    expect(pieces).not.toContain('');
  });

  it.each([
    ['a block without its header', block([]).slice(0, 11)],
    ['a block that ends inside its header', block([], 11)],
    ['a block that ends behind its event', block(text(0xc1), 12 + 12)],
    ['a block that ends a header behind its event', block(text(0xc1), 12 + 11 + 4)],
    ['an object without its header', block([0, 4, 0])],
    ['one byte of an object', block([0])],
    ['an object shorter than its header', block([0, 3, 0, 1])],
    ['an object of length 0', block([0, 0, 0, 1])],
    ['an object that ends behind its block', block([0, 5, 0, 1])],
    ['a text that ends before its characters', block([0, 9, 0, 4, 0, 0, 0, 0, 0])],
  ])('refuses %s', (_, data) => {
    expect(message(data)).toBe(0x72f0);
    expect(pieces).toEqual([]);
  });

  it('writes nothing for an empty text', () => {
    expect(call(sclpOf(), WRITE_EVENT, event(0x1a, []))).toBe(0x20);
    expect(pieces).toEqual([]);
  });

  it('shows an incomplete character at the end of the guest', () => {
    const written: [string, string][] = [];
    const sclp = new Sclp({
      memoryBytes: 1n << 20n,
      cpus: 1,
      console: { write: (text, which) => void written.push([text, which]) },
    });
    sclp.finish();
    expect(written).toEqual([]);
    call(sclp, WRITE_EVENT, event(0x1a, [0xe2, 0x82]));
    sclp.finish();
    expect(written).toEqual([['\ufffd', 'ascii']]);
  });

  it('requires complete event headers', () => {
    for (const data of [[0, 6, 2, 0, 0], [0], [0, 0, 2, 0, 0, 0], [0, 5, 2, 0, 0, 0], [0, 7, 2, 0, 0, 0]]) {
      expect(call(sclpOf(), WRITE_EVENT, data)).toBe(0x73f0);
    }
  });
});

describe('events', () => {
  /** Returns whether the service signal reports an event, after input and masks. */
  function signalled(mask: readonly number[], input: string): boolean {
    const sclp = sclpOf();
    call(sclp, WRITE_MASK, masks(4, mask));
    sclp.input(toUtf8(input));
    call(sclp, READ_SCP, [], 4096);
    const signal = sclp.takeSignal();
    return signal !== null && (signal & 1) !== 0;
  }

  it('are reported only if the guest has enabled a console that has input', () => {
    const [none, line, ascii, both] = [[], [OPERATOR], [0, 0, 0, ASCII_LAST], [OPERATOR, 0, 0, ASCII_LAST]];
    expect(signalled(none, 'a\n')).toBe(false);
    for (const mask of [line, ascii, both]) {
      expect(signalled(mask, '')).toBe(false);
      expect(signalled(mask, 'a\n')).toBe(true);
    }
    expect(signalled(line, 'a')).toBe(false);
    expect(signalled(ascii, 'a')).toBe(true);
  });

  it('are not read by a guest that has not enabled them', () => {
    for (const [mask, code] of [
      [[OPERATOR], 0x20],
      [[], 0x60f0],
    ] as const) {
      const sclp = sclpOf();
      call(sclp, WRITE_MASK, masks(4, mask));
      sclp.input(toUtf8('ls\n'));
      expect(call(sclp, READ_EVENT, [], 4096)).toBe(code);
    }
  });
});
