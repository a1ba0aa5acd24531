import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatNumber, formatOperation } from './format.ts';
import type { Operation } from './operation.ts';
import { parseLine } from './parse.ts';
import { parseNumber } from './words.ts';

const number = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
  fc
    .tuple(fc.nat(5000), fc.constantFrom(0n, 10n, 12n, 20n, 30n, 40n))
    .map(([n, shift]) => BigInt(n) << shift),
);
/** A field that a record has or has not. */
const maybe = <T>(name: string, value: fc.Arbitrary<T>) =>
  fc.option(value).map((found) => (found === null ? {} : { [name]: found }));

/** Fields of a record, each made by its arbitrary; those in `more` are there or not. */
const record = (
  verbs: readonly string[],
  fields: Record<string, fc.Arbitrary<unknown>>,
  more: Record<string, fc.Arbitrary<unknown>> = {},
): fc.Arbitrary<Operation> =>
  fc
    .tuple(
      fc.record({ verb: fc.constantFrom(...verbs), ...fields }),
      ...Object.entries(more).map(([name, value]) => maybe(name, value)),
    )
    .map((parts) => Object.assign({}, ...parts) as Operation);

const process = fc.integer({ min: 1, max: 15 });
const gmap = fc.nat(63);
const range = { address: number, length: number };
const bytes = fc.uint8Array({ minLength: 1, maxLength: 20 });
const cpu = fc.nat(3);
const yes = fc.constant(true as const);
const file = fc.nat(15);
const words = {
  protection: fc.constantFrom(0, 1, 2, 4, 5, 6, 7),
  fixed: yes,
  shared: yes,
  large: yes,
  high: yes,
};
const mremap = { address: number, oldLength: number, newLength: number };

const operation: fc.Arbitrary<Operation> = fc.oneof(
  record(['mmap'], range, { process, ...words }),
  record(['mmap'], { ...range, file, offset: number }, { process, ...words }),
  record(['mremap'], mremap, { process, mayMove: yes }),
  record(['mremap'], { ...mremap, to: number }, { process }),
  record(['fork'], { child: fc.nat(15) }, { process }),
  record(['file'], { file, length: number }),
  record(['file read'], { file, offset: number, length: number }),
  record(['file write'], { file, offset: number, bytes }),
  record(['file close'], { file }),
  record(['munmap', 'dontneed'], range, { process }),
  record(['fault'], { address: number }, { process, write: yes }),
  record(['mprotect'], { ...range, protection: fc.nat(7) }, { process }),
  record(['new', 'exit'], {}, { process }),
  record(['gmap_alloc'], { gmap }, { process }),
  record(['gmap_free', 'dump'], { gmap }),
  record(['gmap_map_segment'], { gmap, from: number, to: number, length: number }),
  record(['gmap_unmap_segment'], { gmap, to: number, length: number }),
  record(['gmap_fault'], { gmap, address: number }),
  record(['gmap_discard'], { gmap, from: number, to: number }),
  record(['process read'], range, { process, cpu }),
  record(['process write'], { address: number, bytes }, { process, cpu }),
  record(['kernel read'], range, { process }),
  record(['kernel write'], { address: number, bytes }, { process }),
  record(['guest read'], { gmap, ...range }, { cpu }),
  record(['guest write'], { gmap, address: number, bytes }, { cpu }),
  record(['slot'], { gmap, slot: number, from: number, to: number, length: number }, { log: yes }),
  record(['dirty'], { gmap, slot: number }),
  record(['key'], { gmap, address: number }),
  record(['set_key'], { gmap, address: number, key: fc.nat(255) }),
  record(['watch'], { gmap, ...range }),
  record(['watched'], { gmap }),
  record(['stats'], {}),
  record(['fail'], { count: number }),
);

describe('an operation as a line', () => {
  it('parses to the same operation', () => {
    fc.assert(
      fc.property(operation, (one) => {
        expect(parseLine(formatOperation(one))).toEqual(one);
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    'mmap 256M 1M',
    '2: mmap 0x1234 4K',
    'mmap 2T 8K rx fixed',
    'mmap 5T 1M none shared large fixed high file 3 4K',
    '3: mremap 256M 4K 8K',
    'mremap 256M 1M 2M maymove',
    'mremap 256M 1M 2M to 1G',
    '2: fork 3',
    'slot 3 0 256M 0 1M log',
    'dirty 3 0',
    'key 3 1M',
    'set_key 3 1M 0x30',
    'watch 3 1M 8K',
    'watched 3',
    'file 15 1M',
    'file 0 read 4K 16',
    'file 0 write 0 00ff',
    'file 0 close',
    '15: mprotect 256M 4K none',
    'new',
    '3: exit',
    '1: gmap_alloc 63',
    'gmap_map_segment 0 256M 0xfffffffffff00000 1M',
    'process read 1G 16 on 3',
    '4: process write 1G 00ff',
    '4: kernel read 1G 16',
    'guest 5 write 1025T c0ffee on 0',
    'fail 2',
    'stats',
  ])('is formatted for readers: %s', (line) => {
    expect(formatOperation(parseLine(line) as Operation)).toBe(line);
  });
});

it('a formatted number parses to the same number', () => {
  fc.assert(fc.property(number, (value) => parseNumber(formatNumber(value)) === value));
});
