/** Callers and lines of the example program that was built with the tables of debuggers, in DWARF 4 and 5; and damaged tables. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { symbolsOf } from '../../vmm/index.ts';
import { ByteReader, DwarfError } from './byte-reader.ts';
import { callerOf, FLOATING_ORDER, type FrameState } from './call-frames.ts';
import { type ElfSection, elfSections } from './elf-sections.ts';
import { sourceLines } from './source-lines.ts';

const image = (version: number) =>
  new Uint8Array(
    readFileSync(new URL(`../../../examples/programs/frames/images/dwarf${version}.elf`, import.meta.url)),
  );
const FILE = image(5);
const SECTIONS = elfSections(FILE);
const FRAMES = SECTIONS.get('.eh_frame') as ElfSection;
/** Addresses of functions of the program, and of what follows the part of each that makes its stack frame. */
const addressOf = (name: string) => Number(symbolsOf(FILE).find(name)?.address);
const VALUE_OF = addressOf('value_of');
const TWICE = addressOf('twice');

/** A state whose register n is n * 0x10000, with a memory that has at each address its number plus 1. */
const stateAt = (address: number): FrameState => ({
  address,
  register: (n) => n * 0x1_0000,
  memory: (at) => at + 1,
});
const STACK = 15 * 0x1_0000;

describe('the caller of a function', () => {
  it('is where register 14 says before the function has done anything', () => {
    expect(callerOf(FRAMES, stateAt(TWICE))).toEqual({ address: 14 * 0x1_0000, registers: new Map() });
  });

  it('is where the stack says once the registers are there', () => {
    // STMG 12,15,96(15); then LAY 15,-20160(15).
    const saved = (moved: number) => ({
      address: STACK + moved + 112 + 1,
      registers: new Map([12, 13, 14, 15].map((n) => [n, STACK + moved + n * 8 + 1])),
    });
    expect(callerOf(FRAMES, stateAt(TWICE + 6))).toEqual(saved(0));
    expect(callerOf(FRAMES, stateAt(TWICE + 12))).toEqual(saved(20160));
    // Its last instruction, with all of them restored.
    expect(callerOf(FRAMES, stateAt(TWICE + 0x30))).toMatchObject({ address: 14 * 0x1_0000 });
  });

  it('has its stack pointer in a floating-point register', () => {
    const caller = callerOf(FRAMES, stateAt(VALUE_OF + 10));
    expect(caller).toEqual({ address: 14 * 0x1_0000, registers: new Map([[15, 16 * 0x1_0000]]) });
    expect(FLOATING_ORDER).toHaveLength(16);
  });

  it('is not known elsewhere, or if the memory is not there', () => {
    expect(callerOf(FRAMES, stateAt(0))).toBeNull();
    expect(callerOf(FRAMES, stateAt(2 ** 60))).toBeNull();
    expect(callerOf(FRAMES, { ...stateAt(TWICE + 12), memory: () => null })).toBeNull();
    expect(callerOf({ address: 0, bytes: new Uint8Array(0) }, stateAt(TWICE))).toBeNull();
  });
});

describe('lines', () => {
  it.each([4, 5])('are those of the sources, in version %i', (version) => {
    const file = image(version);
    const { address = 0n, size = 0n } = symbolsOf(file).find('main') ?? {};
    const main = Number(address);
    const found = sourceLines(elfSections(file), [main, main + Number(size) - 1, 5]);
    const text = readFileSync(new URL('../../../examples/programs/frames/frames.c', import.meta.url), 'utf8');
    const line = text.split('\n').indexOf('int main(void) {') + 1;
    expect(found.get(main)).toEqual({ file: 'frames/frames.c', line });
    expect(found.get(main + Number(size) - 1)?.line).toBe(line + 3);
    expect(found.size).toBe(2);
  });

  it('are none without the section', () => {
    expect(sourceLines(new Map(), [TWICE]).size).toBe(0);
    expect(elfSections(new Uint8Array(100)).size).toBe(0);
  });
});

describe('damaged tables', () => {
  const bytes = fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { minLength: 1, maxLength: 30 });
  const damaged = (of: Uint8Array, changes: readonly [number, number][], length: number) => {
    const copy = of.slice(0, length);
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return copy;
  };

  it('have some callers and lines or none, and never an error', () => {
    const addresses = [VALUE_OF + 10, TWICE + 12, TWICE + 0x30];
    const property = fc.property(bytes, fc.nat(4000), (changes, length) => {
      const sections = new Map(
        [...SECTIONS].map(([name, { address, bytes: of }]) => [
          name,
          { address, bytes: damaged(of, changes, length) },
        ]),
      );
      const frames = sections.get('.eh_frame') as ElfSection;
      for (const address of addresses) callerOf(frames, stateAt(address));
      sourceLines(sections, addresses);
      elfSections(damaged(FILE, changes, FILE.length));
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('of random bytes, too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        // A unit of version 4 or 5 whose header and program are random.
        for (const version of [4, 5]) {
          const section = new Uint8Array([0, 0, 0, random.length + 2, 0, version, ...random]);
          sourceLines(new Map([['.debug_line', { address: 0, bytes: section }]]), [1, 100]);
        }
        callerOf({ address: 0, bytes: random }, stateAt(10));
      }),
      { numRuns: 500 },
    );
  });

  it('do not make tables of entries that take no bytes', () => {
    // Version 5: no formats, but 2^28 directories.
    const header = [1, 1, 1, 0xfb, 14, 1, 0, 0xff, 0xff, 0xff, 0x7f, 0, 0];
    const unit = [0, 5, 8, 0, 0, 0, 0, header.length, ...header];
    const section = { address: 0, bytes: new Uint8Array([0, 0, 0, unit.length, ...unit]) };
    expect(sourceLines(new Map([['.debug_line', section]]), [0]).size).toBe(0);
  });
});

describe('a reader', () => {
  it('reads numbers of any length', () => {
    expect(new ByteReader(new Uint8Array([0xe5, 0x8e, 0x26])).unsigned()).toBe(624485);
    expect(new ByteReader(new Uint8Array([0xc0, 0xbb, 0x78])).signed()).toBe(-123456);
    expect(new ByteReader(new Uint8Array([0x7f])).signed()).toBe(-1);
    expect(new ByteReader(new Uint8Array([...new Array(1000).fill(0x80), 0])).unsigned()).toBe(0);
  });

  it('does not read beyond the end, or a string that is too long', () => {
    const throws = (bytes: Uint8Array, read: (reader: ByteReader) => unknown) =>
      expect(() => read(new ByteReader(bytes))).toThrow(DwarfError);
    throws(new Uint8Array(3), (reader) => reader.u32());
    throws(new Uint8Array([0x80]), (reader) => reader.unsigned());
    throws(new Uint8Array([65, 65]), (reader) => reader.text());
    throws(new Uint8Array(5000).fill(65), (reader) => reader.text());
    throws(new Uint8Array(8), (reader) => reader.part(9));
    throws(new Uint8Array(8), (reader) => reader.part(-1));
  });
});
