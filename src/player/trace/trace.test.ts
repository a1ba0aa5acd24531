/**
 * Traces with arbitrary numbers: they are played quickly, and never lead to impossible answers.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { workOf } from '../../../test/work.ts';
import { Player, PlayerError, type Settings, type Snapshot } from '../index.ts';

const QUIET: Settings = { injectedFault: null, check: false };
const PAGES = 2 ** 52;

function played(lines: readonly object[]): Player {
  const text = lines.map((line) => JSON.stringify(line)).join('\n');
  const player = new Player({ kind: 'trace', name: 'x', text }, QUIET);
  player.record(Number.MAX_SAFE_INTEGER);
  return player;
}

function atEnd<T>(player: Player, ask: (snapshot: Snapshot) => T): T {
  return player.at({ step: player.progress.steps, event: 0 }, ask);
}

const address = fc
  .oneof(
    fc.constantFrom(
      0n,
      1n,
      0xfffn,
      0x1000n,
      1n << 20n,
      1n << 31n,
      1n << 63n,
      2n ** 64n - 4096n,
      2n ** 64n - 1n,
    ),
    fc.bigInt(0n, 2n ** 64n - 1n),
    fc.bigInt(0n, 8n).map((n) => n << 20n),
  )
  .map((n) => `0x${n.toString(16)}`);
const small = fc.oneof(fc.nat(2), fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 32));
const range = { mm: small, address, length: address };
const of = (type: string, fields: Record<string, fc.Arbitrary<unknown>>) =>
  fc.record({ type: fc.constant(type), ...fields });
const event = fc.oneof(
  of('mm-alloc', { mm: small, asce: address }),
  of('mm-free', { mm: small }),
  of('gmap-alloc', { gmap: small, mm: small, asce: address }),
  of('gmap-free', { gmap: small }),
  of('map', { gmap: small, from: address, to: address, length: address }),
  of('unmap', { gmap: small, address, length: address }),
  of('link', { gmap: small, guest: address, process: address, entry: address, pageTable: address }),
  of('unlink', { gmap: small, guest: address, process: address, entry: address, reason: fc.string() }),
  of('mmap', { ...range, protection: small }),
  of('munmap', range),
  of('mprotect', { ...range, protection: small }),
  of('mremap', { ...range, to: address, newLength: address }),
  of('fork', { mm: small, child: small }),
  of('zap', range),
  of('mm-fault', { mm: small, address, frame: address, write: fc.boolean() }),
  of('page-table', { mm: small, change: fc.constantFrom('new', 'freed'), address, origin: address }),
  of('large-frame', { mm: small, change: fc.constantFrom('new', 'freed', 'split'), address, frame: address }),
);

/** Extents lie in the space, are not empty, and are in ascending order. */
function expectInOrder(extents: readonly { first: number; end: number }[]): void {
  let from = 0;
  for (const { first, end } of extents) {
    expect(first).toBeGreaterThanOrEqual(from);
    expect(end).toBeGreaterThan(first);
    from = end;
  }
  expect(from).toBeLessThanOrEqual(PAGES);
}

describe('a trace of any numbers', () => {
  it('is played, and has spaces that are possible', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 60 }), (events) => {
        const player = played(events);
        expect(player.progress.end?.stuck).toBe(false);
        atEnd(player, (snapshot) => {
          for (const { name, extents, limit } of snapshot.outline()) {
            expectInOrder(extents);
            expect(extents.at(-1)?.end ?? 0).toBeLessThanOrEqual(limit);
            const row = snapshot.row(name, { first: 0, end: limit, limit: 50 });
            expectInOrder(row?.extents ?? []);
            if (row?.kind === 'process') expectInOrder(row.tables);
            const page = extents[0]?.first ?? 0;
            expect(snapshot.pages(name, { first: page, end: page + 600 })?.flags).toHaveLength(600);
          }
        });
      }),
      { numRuns: 500 },
    );
  });

  /** Plays a trace of many extents, none adjacent to another, and returns a row of all of them. */
  function manyRuns(many: number): void {
    const at = (n: number) => `0x${(BigInt(n) << 21n).toString(16)}`;
    const maps = Array.from({ length: many }, (_, n) => [
      { type: 'mmap', mm: 0, address: at(n), length: '0x100000', protection: 3 },
      {
        type: 'map',
        gmap: 0,
        from: at((n * 7919) % many),
        to: at((n * 104_729) % many),
        length: '0x100000',
      },
    ]);
    const player = played([
      { type: 'mm-alloc', mm: 0, asce: '0x0' },
      { type: 'gmap-alloc', gmap: 0, mm: 0, asce: '0x0' },
      ...maps.flat(),
    ]);
    const row = atEnd(player, (snapshot) => snapshot.row('gmap 0', { first: 0, end: 2 ** 24, limit: 300 }));
    expect(row?.extents.reduce((sum, extent) => sum + ('unlinked' in extent ? extent.unlinked : 0), 0)).toBe(
      many,
    );
  }

  it('with many extents takes little more time than with few', () => {
    const work = (many: number) => workOf(() => manyRuns(many)) / many;
    expect(work(20_000)).toBeLessThan(2 * work(2000));
  });

  it('shows segments that are unmapped and still linked', () => {
    const player = played([
      { type: 'gmap-alloc', gmap: 0, mm: 0, asce: '0x0' },
      { type: 'map', gmap: 0, from: '0x10000000', to: '0x40000000', length: '0x100000' },
      {
        type: 'link',
        gmap: 0,
        guest: '0x100000',
        process: '0x500000',
        entry: '0x0',
        pageTable: '0x0',
      },
    ]);
    const row = atEnd(player, (snapshot) => snapshot.row('gmap 0', { first: 0, end: 2 ** 20, limit: 100 }));
    expect(row?.extents.map(({ first, end }) => [first, end])).toEqual([
      [0x100, 0x200],
      [0x40000, 0x40100],
    ]);
  });

  it('ends if forks copy more than the limit', () => {
    const maps = Array.from({ length: 2000 }, (_, n) => ({
      type: 'mmap',
      mm: 0,
      address: `0x${(n * 8192).toString(16)}`,
      length: '0x1000',
      protection: 3,
    }));
    const forks = Array.from({ length: 100_000 }, (_, n) => ({ type: 'fork', mm: 0, child: n + 1 }));
    const { progress } = played([...maps, ...forks]);
    expect(progress.end).toMatchObject({ stuck: true });
    expect(progress.end?.sentence).toMatch(/^event 2500: forks copy/);
  });

  it('lists at most 500 spaces', () => {
    const events = Array.from({ length: 20_000 }, (_, n) => [
      { type: 'mm-alloc', mm: n, asce: '0x0' },
      { type: 'gmap-alloc', gmap: n, mm: n, asce: '0x0' },
    ]);
    expect(atEnd(played(events.flat()), (snapshot) => snapshot.outline())).toHaveLength(500);
  });
});

describe('a trace file', () => {
  const read = (text: string) => new Player({ kind: 'trace', name: 'x', text }, QUIET);

  it.each([
    ['of empty lines', '\n'.repeat(10_000_000), 'x: the trace contains no events'],
    ['of one long line', `{"type":"${'a'.repeat(1 << 17)}`, 'x:1: longer than 65536 characters'],
    ['that is deep', `{"type":${'['.repeat(50_000)}`, 'x:1: not a JSON object'],
    [
      'with too many events',
      '{"type":"mm-free","mm":0}\n'.repeat(1_000_001),
      'x:1000001: more than 1000000 events',
    ],
  ])('%s is refused', (_, text, message) => {
    expect(() => read(text)).toThrow(new PlayerError(message));
  });
});
