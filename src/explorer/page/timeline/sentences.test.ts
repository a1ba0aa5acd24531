import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../../trace/index.ts';
import { hex } from '../ui/text.ts';
import { EVENT_TYPES, laneOf, TYPE_NAMES } from './kinds.ts';
import { length, sentenceOf } from './sentences.ts';

const link = {
  type: 'link',
  gmap: 0,
  guest: 0x4000_0000n,
  process: 0x2000_0000n,
  entry: 0x1000n,
  pageTable: 0x28000n,
} as const;

describe('sentences', () => {
  it('describe events', () => {
    expect(sentenceOf(link)).toBe('Guest 0: segment 0x40000000 is linked to page table 0x28000.');
    expect(sentenceOf({ type: 'map', gmap: 0, from: 0x2000_0000n, to: 1n << 30n, length: 2n << 20n })).toBe(
      'Guest 0: 2 MiB at 0x40000000 is mapped to process address 0x20000000.',
    );
    expect(sentenceOf({ ...link, type: 'unlink', reason: 'page-table-freed' })).toBe(
      'Guest 0: segment 0x40000000 is unlinked: its page table is being freed.',
    );
    expect(sentenceOf({ type: 'purge', by: 'ipte', pageTable: 0x28000n, page: 3 })).toContain('page 3');
    expect(sentenceOf({ type: 'purge', by: 'all' })).toBe('All TLB entries are purged.');
  });

  it('name the space of an ASCE, if it is known', () => {
    const purge = { type: 'purge', by: 'idte', asce: 0x101c7n } as const;
    expect(sentenceOf(purge, { nameOf: () => 'process 0' })).toBe(
      'All TLB entries of process 0 are purged (IDTE, ASCE 0x101c7).',
    );
    expect(sentenceOf(purge)).toBe('All TLB entries of an address space are purged (IDTE, ASCE 0x101c7).');
  });

  it('say the outcome of a guest fault, if it is known', () => {
    const fault = { type: 'gmap-fault', gmap: 0, guest: 0n, process: 0x1000_0000n } as const;
    expect(sentenceOf(fault, { outcome: 'segment linked' })).toBe(
      'Guest 0: fault at 0x0, backed by process address 0x10000000: segment linked.',
    );
    expect(sentenceOf(fault)).toBe('Guest 0: fault at 0x0, backed by process address 0x10000000.');
  });

  it.each([
    [0, 'inaccessible'],
    [1, 'read-only'],
    [3, 'writable'],
    [5, 'executable (r-x)'],
  ])('say what protection %d makes of memory', (protection, words) => {
    const mprotect = { type: 'mprotect', mm: 2, address: 0x1000n, length: 4096n, protection } as const;
    expect(sentenceOf(mprotect)).toBe(`Process 2 makes 4 KiB at 0x1000 ${words}.`);
  });

  it('name the type of an unknown event', () => {
    expect(sentenceOf({ type: 'something-new' } as unknown as TraceEvent)).toBe('something-new.');
  });
});

describe('lengths', () => {
  it.each([
    [1n, '1 byte'],
    [4096n, '4 KiB'],
    [4097n, '4097 bytes'],
    [1n << 20n, '1 MiB'],
    [3n << 40n, '3 TiB'],
    [0n, '0 bytes'],
  ])('%d', (bytes, text) => expect(length(bytes)).toBe(text));

  it('addresses are hexadecimal', () => expect(hex(255n)).toBe('0xff'));
});

describe('kinds', () => {
  it('have a lane and a name each', () => {
    expect(new Set(EVENT_TYPES).size).toBe(EVENT_TYPES.length);
    expect([...EVENT_TYPES].sort()).toEqual(Object.keys(TYPE_NAMES).sort());
    expect(laneOf('link').id).toBe('link');
    expect(laneOf('something-new' as 'link').id).toBe('table');
  });
});
