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
    expect(sentenceOf(link)).toBe('Guest 0x40000000 linked to page table 0x28000.');
    expect(sentenceOf({ type: 'map', gmap: 0, from: 0x2000_0000n, to: 1n << 30n, length: 2n << 20n })).toBe(
      '2 MiB of process memory at 0x20000000 mapped to guest 0x40000000.',
    );
    expect(sentenceOf({ ...link, type: 'unlink', reason: 'page-table-freed' })).toBe(
      'Guest 0x40000000 unlinked: its page table is being freed.',
    );
    expect(sentenceOf({ type: 'purge', by: 'ipte', pageTable: 0x28000n, page: 3 })).toContain('page 3');
    expect(sentenceOf({ type: 'purge', by: 'all' })).toBe('Processors purge all translations.');
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
