import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { parseLine } from './parse.ts';
import { parseNumber, ScenarioSyntaxError } from './words.ts';

const gmap = 3;

describe('a line', () => {
  it.each([
    ['mmap 256M 1M', { verb: 'mmap', address: 0x1000_0000n, length: 0x10_0000n }],
    ['munmap 0x1000 4K', { verb: 'munmap', address: 0x1000n, length: 0x1000n }],
    ['gmap_alloc 3', { verb: 'gmap_alloc', gmap }],
    ['gmap_free 3', { verb: 'gmap_free', gmap }],
    [
      'gmap_map_segment 3 1M 2M 3M',
      { verb: 'gmap_map_segment', gmap, from: 1n << 20n, to: 2n << 20n, length: 3n << 20n },
    ],
    ['gmap_unmap_segment 3 2M 3M', { verb: 'gmap_unmap_segment', gmap, to: 2n << 20n, length: 3n << 20n }],
    ['gmap_fault 3 5', { verb: 'gmap_fault', gmap, address: 5n }],
    ['gmap_discard 3 0 4K', { verb: 'gmap_discard', gmap, from: 0n, to: 4096n }],
    ['process read 1G 16', { verb: 'process read', address: 1n << 30n, length: 16n }],
    ['process write 1G 00fF', { verb: 'process write', address: 1n << 30n, bytes: Uint8Array.of(0, 255) }],
    ['guest 3 read 1T 1', { verb: 'guest read', gmap, address: 1n << 40n, length: 1n }],
    ['guest 3 write 1P ab', { verb: 'guest write', gmap, address: 1n << 50n, bytes: Uint8Array.of(0xab) }],
    ['dump 3', { verb: 'dump', gmap }],
    ['stats', { verb: 'stats' }],
    ['fail 2', { verb: 'fail', count: 2n }],
    ['gmap_alloc 63', { verb: 'gmap_alloc', gmap: 63 }],
    ['  \t stats \r', { verb: 'stats' }],
    ['0: munmap 0 4K', { verb: 'munmap', address: 0n, length: 4096n }],
    ['15:  new', { verb: 'new', process: 15 }],
    ['0x2: exit', { verb: 'exit', process: 2 }],
    ['2: gmap_alloc 3', { verb: 'gmap_alloc', process: 2, gmap }],
    ['2: process read 1 2', { verb: 'process read', process: 2, address: 1n, length: 2n }],
    ['process read 1 2 on 3', { verb: 'process read', address: 1n, length: 2n, cpu: 3 }],
    [
      'guest 3 write 1 ab on 0',
      { verb: 'guest write', gmap, address: 1n, bytes: Uint8Array.of(0xab), cpu: 0 },
    ],
    ['1: kernel read 1 2', { verb: 'kernel read', process: 1, address: 1n, length: 2n }],
    ['kernel write 1 ab', { verb: 'kernel write', address: 1n, bytes: Uint8Array.of(0xab) }],
    ['mprotect 0 4K none', { verb: 'mprotect', address: 0n, length: 4096n, protection: 0 }],
    ['3: dontneed 0 4K', { verb: 'dontneed', process: 3, address: 0n, length: 4096n }],
    ['mmap 0 4K rw', { verb: 'mmap', address: 0n, length: 4096n }],
    ['mmap 0 4K fixed rx', { verb: 'mmap', address: 0n, length: 4096n, protection: 5, fixed: true }],
    [
      'mmap 0 4K file 2 8K high shared r',
      {
        verb: 'mmap',
        address: 0n,
        length: 4096n,
        protection: 1,
        shared: true,
        high: true,
        file: 2,
        offset: 8192n,
      },
    ],
    ['mmap 0 4K large', { verb: 'mmap', address: 0n, length: 4096n, large: true }],
    ['1: mremap 0 4K 8K', { verb: 'mremap', process: 1, address: 0n, oldLength: 4096n, newLength: 8192n }],
    ['mremap 0 1 2 maymove', { verb: 'mremap', address: 0n, oldLength: 1n, newLength: 2n, mayMove: true }],
    ['mremap 0 1 2 to 3', { verb: 'mremap', address: 0n, oldLength: 1n, newLength: 2n, to: 3n }],
    [
      'slot 3 1 1M 2M 3M log',
      { verb: 'slot', gmap, slot: 1n, from: 1n << 20n, to: 2n << 20n, length: 3n << 20n, log: true },
    ],
    ['dirty 3 1', { verb: 'dirty', gmap, slot: 1n }],
    ['key 3 4K', { verb: 'key', gmap, address: 4096n }],
    ['set_key 3 4K 0xf8', { verb: 'set_key', gmap, address: 4096n, key: 0xf8 }],
    ['watch 3 4K 8K', { verb: 'watch', gmap, address: 4096n, length: 8192n }],
    ['watched 3', { verb: 'watched', gmap }],
    ['fork 3', { verb: 'fork', child: 3 }],
    ['file 3 4K', { verb: 'file', file: 3, length: 4096n }],
    ['file 3 read 1 2', { verb: 'file read', file: 3, offset: 1n, length: 2n }],
    ['file 3 write 1 ab', { verb: 'file write', file: 3, offset: 1n, bytes: Uint8Array.of(0xab) }],
    ['file 3 close', { verb: 'file close', file: 3 }],
    ['mmap 0 4K w fixed', { verb: 'mmap', address: 0n, length: 4096n, protection: 2, fixed: true }],
    ['dump\t 0x3', { verb: 'dump', gmap }],
  ])('%j', (line, operation) => {
    expect(parseLine(line)).toEqual(operation);
  });

  it.each(['', '   ', '\r', '\t', '# anything', '   # stats', '#'])('%j is ignored', (line) => {
    expect(parseLine(line)).toBe(null);
  });

  it.each([
    ['frob 1', 'unknown operation "frob"'],
    ['STATS', 'unknown operation "STATS" (did you mean `stats`?)'],
    ['toString', 'unknown operation "toString"'],
    ['__proto__', 'unknown operation "__proto__"'],
    ['mmpa 256M 1M', 'unknown operation "mmpa" (did you mean `mmap`?)'],
    ['mmap 256M 1M lage', '"lage" is unexpected (did you mean `large`?)'],
    ['process raed 0 1', '"raed" is neither read nor write (did you mean `read`?)'],
    ['mmap', 'the address is missing'],
    ['mmap 1', 'the length is missing'],
    ['mmap 1 2 3', '"3" is unexpected'],
    ['stats # why', '"#" is unexpected'],
    ['gmap_alloc', 'the gmap is missing'],
    ['gmap_alloc 64', 'gmap 64 is not 0 to 63'],
    ['gmap_map_segment 0 1 2', 'the length is missing'],
    ['gmap_map_segment 0 1', 'the guest address is missing'],
    ['gmap_map_segment 0', 'the process address is missing'],
    ['gmap_discard 0 0', 'the guest address after the last is missing'],
    ['process', 'read or write is missing'],
    ['process peek 0 1', '"peek" is neither read nor write'],
    ['guest 0 poke 0 1', '"poke" is neither read nor write'],
    ['guest read 0 1', '"read" is not a number'],
    ['process write 0', 'the data is missing'],
    ['process write 0 abc', '"abc" is not a sequence of bytes in hexadecimal'],
    ['process write 0 0x12', '"0x12" is not a sequence of bytes in hexadecimal'],
    ['process write 0 "a', 'the text "a" has no closing quotation mark'],
    ['process write 0 "a"b', 'the text "a"b" must be followed by a blank'],
    ['process write 0 "\\q"', 'the text "\\q"" has an unknown escape, \\q'],
    ['process read 0 "1"', '""1"" is not a number'],
    ['fail', 'the count is missing'],
    ['2:', 'the operation is missing'],
    ['16: new', 'process 16 is not 0 to 15'],
    ['x: new', '"x" is not a number'],
    [': new', '"" is not a number'],
    ['2:new', 'unknown operation "2:new"'],
    ['1: 2: new', 'unknown operation "2:"'],
    ['2: stats', 'stats is not an operation on a process'],
    ['2: guest 0 read 0 1', 'guest is not an operation on a process'],
    ['process read 0 1 on', 'the processor is missing'],
    ['process read 0 1 on 4', 'processor 4 is not 0 to 3'],
    ['process read 0 1 at 0', '"at" is unexpected'],
    ['kernel read 0 1 on 0', '"on" is unexpected'],
    ['mmap 0 4K wr', '"wr" is unexpected'],
    ['mmap 0 4K r r', '"r" is unexpected'],
    ['mmap 0 4K fixed r fixed', '"fixed" is unexpected'],
    ['mmap 0 4K file', 'the file is missing'],
    ['mmap 0 4K file 16 0', 'file 16 is not 0 to 15'],
    ['mmap 0 4K file 0', 'the offset in the file is missing'],
    ['mmap 0 4K file 0 0 file 0 0', '"file" is unexpected'],
    ['mremap 0 1', 'the new length is missing'],
    ['mremap 0 1 2 to', 'the new address is missing'],
    ['mremap 0 1 2 maymove to 3', '"to" is unexpected'],
    ['slot 0 0 0 0', 'the length is missing'],
    ['slot 0 0 0 0 1M logs', '"logs" is unexpected'],
    ['dirty 0', 'the slot is missing'],
    ['set_key 0 0', 'the key is missing'],
    ['set_key 0 0 256', 'key 256 is not 0 to 255'],
    ['fork', 'the process is missing'],
    ['fork 16', 'process 16 is not 0 to 15'],
    ['1: file 0 4K', 'file is not an operation on a process'],
    ['file 0', 'the length is missing'],
    ['file 0 peek 0 1', '"peek" is not a number'],
    ['file 0 close it', '"it" is unexpected'],
    ['fault', 'the address is missing'],
    ['fault 0 wirte', '"wirte" is unexpected (did you mean `write`?)'],
    ['mprotect 0 4K', 'the protection is missing'],
    ['mprotect 0 4K rxw', '"rxw" is not a protection'],
    ['mprotect 0 4K rw r', '"r" is unexpected'],
    ['fail x', '"x" is not a number'],
    ['dump \u001b[31m', '"?[31m" is not a number'],
    [`mmap ${'9'.repeat(50)} 1`, `"${'9'.repeat(40)}…" is more than 64 bits`],
  ])('%j is a syntax error', (line, message) => {
    expect(() => parseLine(line)).toThrow(ScenarioSyntaxError);
    expect(() => parseLine(line)).toThrow(message);
  });

  it('may contain any amount of data', () => {
    const operation = parseLine(`process write 0 ${'a5'.repeat(8 << 20)}`);
    expect(operation).toMatchObject({ verb: 'process write', address: 0n });
    const { bytes } = operation as { bytes: Uint8Array };
    expect([bytes.length, bytes[0], bytes.at(-1)]).toEqual([8 << 20, 0xa5, 0xa5]);
    expect(() => parseLine(`process write 0 ${'a5'.repeat(8 << 20)}x5`)).toThrow(ScenarioSyntaxError);
  });

  it('gives an operation, null or a ScenarioSyntaxError with a message of one line', () => {
    const words =
      'mmap munmap gmap_alloc gmap_map_segment gmap_discard process guest read write dump fail # 0 1M 0x 64 0xffffffffffffffff 16384P ab';
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc
        .array(fc.oneof(fc.constantFrom(...words.split(' ')), fc.string()), { maxLength: 6 })
        .map((all) => all.join(' ')),
    );
    fc.assert(
      fc.property(line, (text) => {
        try {
          parseLine(text);
        } catch (error) {
          expect(error).toBeInstanceOf(ScenarioSyntaxError);
          expect((error as Error).message).toMatch(/^[\x20-\x7e…]+$/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

describe('a number', () => {
  it.each([
    ['0', 0n],
    ['007', 7n],
    ['0x0', 0n],
    ['0XfF', 255n],
    ['1K', 1n << 10n],
    ['1M', 1n << 20n],
    ['1G', 1n << 30n],
    ['1T', 1n << 40n],
    ['1P', 1n << 50n],
    ['0x10K', 1n << 14n],
    ['16383P', 16383n << 50n],
    ['18446744073709551615', (1n << 64n) - 1n],
    ['0xffffffffffffffff', (1n << 64n) - 1n],
  ])('%s', (text, value) => {
    expect(parseNumber(text)).toBe(value);
  });

  it.each([
    '',
    ' 1',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '1k',
    '1KB',
    '0x',
    'x1',
    '1_000',
    '0b1',
    'M',
    '16384P',
    '18446744073709551616',
  ])('%j is not a number', (text) => {
    expect(() => parseNumber(text)).toThrow(ScenarioSyntaxError);
  });

  it.each(['9', '0', '0x'])('with a million digits is rejected without being converted: %s…', (digit) => {
    const made = vi.spyOn(globalThis, 'BigInt');
    expect(() => parseNumber(digit + '0'.repeat(1e6))).toThrow(/^"[0-9x]{40}…" is not a number$/);
    expect(made).not.toHaveBeenCalled();
    made.mockRestore();
  });
});
