import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Gmap, Host, type Mm } from '../host/index.ts';
import { PGSTE, PGSTE_OFFSET } from '../host/internal.ts';
import { AbsoluteEntries, EDAT, Machine, Walk } from '../machine/index.ts';
import {
  entryFields,
  explainOwnWalk,
  explainWalk,
  extentsOf,
  type Field,
  guestExtents,
  mappingExtents,
  PAGE_FLAG,
  pagesOf,
  processorState,
  pswFields,
  segmentPagesOf,
  tableExtents,
  tableOf,
} from './index.ts';

const MIB = 1n << 20n;
const P = 256n * MIB;
const PAGES = 256;
/** The end of all guest pages. */
const ALL = 2 ** 52;

let host: Host;
let mm: Mm;
let gmap: Gmap;

beforeEach(() => {
  host = new Host(new Machine({ storageSize: 64 << 20, cpus: 2 }));
  mm = host.createMm();
  mm.mmap({ address: P, length: 16n * MIB });
  gmap = host.createGmap(mm);
});

describe('the pages of a segment', () => {
  const FIRST = 0x4000_0000 / 4096;
  const at = (page: number) => BigInt(page) << 12n;

  it('have frames, keys, entries and PGSTEs, the same for process and guest', () => {
    gmap.map({ from: P, to: at(FIRST), length: MIB });
    mm.write(P + 0x2005n, Uint8Array.of(1, 2, 3));
    const frame = Number(explainWalk(host.machine.storage, mm.asce, P + 0x2000n, true).absolute);
    host.machine.storage.keys[frame / 4096] = 0x36;
    const found = segmentPagesOf(gmap, FIRST + 2);
    expect(found).toMatchObject({ first: FIRST, page: FIRST + 2, process: Number(P >> 12n) });
    expect([found.frames[2], found.keys[2]]).toEqual([frame, 0x36]);
    expect([found.frames[3], found.keys[3]]).toEqual([-1, -1]);
    expect(found.entries?.[2]).toBe(BigInt(frame));
    expect(found.entries?.[3]).toBe(0x400n);
    expect(found.pgstes).toHaveLength(PAGES);
    expect([...(found.bytes as Uint8Array).subarray(4, 9)]).toEqual([0, 1, 2, 3, 0]);
    expect((found.flags[2] as number) & PAGE_FLAG.CHANGED).not.toBe(0);
    const process = segmentPagesOf(mm, Number(P >> 12n) + 2);
    expect(process).toMatchObject({
      first: Number(P >> 12n),
      process: Number(P >> 12n),
      frames: found.frames,
    });
  });

  it('of a frame of 1 MiB have consecutive frames and no entries', () => {
    mm.mmap({ address: 1n << 30n, length: MIB, large: true });
    mm.write(1n << 30n, Uint8Array.of(9));
    const found = segmentPagesOf(mm, 2 ** 18);
    expect(found.entries).toBeNull();
    expect(found.pgstes).toBeNull();
    expect((found.frames[255] as number) - (found.frames[0] as number)).toBe(255 * 4096);
    expect(found.bytes?.[0]).toBe(9);
  });

  it('without a page table, or without a process segment, have nothing', () => {
    expect(segmentPagesOf(mm, 2 ** 20)).toMatchObject({ process: 2 ** 20, entries: null, bytes: null });
    expect(segmentPagesOf(gmap, 77)).toMatchObject({ process: null, entries: null, bytes: null });
  });

  it('are refused for an invalid page', () => {
    for (const page of [-1, 0.5, 2 ** 52]) {
      expect(() => segmentPagesOf(gmap, page)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
    }
  });
});

describe('extents', () => {
  it('of an empty space are none', () => {
    expect(extentsOf(gmap, 256)).toEqual({ extents: [], size: 0 });
  });

  it('continue across tables', () => {
    gmap.map({ from: P, to: 0n, length: 2n * MIB });
    gmap.map({ from: P, to: 2047n * MIB, length: 2n * MIB });
    gmap.map({ from: P, to: 1n << 60n, length: MIB });
    const last = 2 ** 48;
    expect(extentsOf(gmap, 256)).toEqual({
      extents: [
        { first: 0, end: 2 * PAGES },
        { first: 2047 * PAGES, end: 2049 * PAGES },
        { first: last, end: last + PAGES },
      ],
      size: 5,
    });
  });

  it('are joined across the smallest gaps if there are too many', () => {
    for (const to of [0n, 2n, 100n, 102n, 5000n]) gmap.map({ from: P, to: to * MIB, length: MIB });
    const joined = extentsOf(gmap, 3);
    expect(joined.size).toBe(5);
    expect(joined.extents).toEqual([
      { first: 0, end: 3 * PAGES },
      { first: 100 * PAGES, end: 103 * PAGES },
      { first: 5000 * PAGES, end: 5001 * PAGES },
    ]);
  });

  it('hold everything that is mapped, whatever the limit', () => {
    const segments = fc.uniqueArray(fc.nat(30_000), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(segments, fc.integer({ min: 1, max: 10 }), (list, limit) => {
        const guest = host.createGmap(mm);
        for (const segment of list) guest.map({ from: P, to: BigInt(segment) * MIB, length: MIB });
        const { extents, size } = extentsOf(guest, limit);
        guest.free();
        expect(size).toBe(list.length);
        expect(extents.length).toBeLessThanOrEqual(limit);
        for (const segment of list) {
          expect(extents.some(({ first, end }) => first <= segment * PAGES && segment * PAGES < end)).toBe(
            true,
          );
        }
      }),
      { numRuns: 50 },
    );
  });

  it('stay few even if thousands are found', () => {
    for (let i = 0; i < 10_000; i++) gmap.map({ from: P, to: BigInt(i * 2) * MIB, length: MIB });
    const { extents, size } = extentsOf(gmap, 256);
    expect(size).toBe(10_000);
    expect(extents.length).toBeLessThanOrEqual(256);
    expect(extents[0]?.first).toBe(0);
    expect(extents.at(-1)?.end).toBe(19_999 * PAGES);
  });
});

describe('extents of a guest', () => {
  it('distinguish unlinked, unbacked, linked, shared and large segments', () => {
    mm.mmap({ address: 2n * P, length: MIB, large: true });
    gmap.map({ from: P, to: 0n, length: 4n * MIB });
    gmap.map({ from: P + 1n * MIB, to: 8n * MIB, length: MIB });
    gmap.map({ from: 2n * P, to: 10n * MIB, length: MIB });
    gmap.map({ from: 4n * P, to: 12n * MIB, length: MIB });
    for (const at of [0n, 1n, 8n, 10n])
      host.writeAsGuest(gmap, host.machine.cpu(0), at * MIB, Uint8Array.of(1));
    const first = Number(P >> 12n);
    const none = { unlinked: 0, unbacked: 0, linked: 0, shared: 0, large: 0 };
    const extent = (segment: number, count: number, process: number, more: object) => ({
      first: segment * PAGES,
      end: (segment + count) * PAGES,
      processFirst: process,
      processEnd: process + count * PAGES,
      exact: true,
      present: 0,
      ...none,
      ...more,
    });
    expect(guestExtents(gmap, { first: 0, end: 16 * PAGES, limit: 1000 })).toEqual([
      extent(0, 1, first, { linked: 1, present: 1 }),
      extent(1, 1, first + PAGES, { linked: 1, shared: 1, present: 1 }),
      extent(2, 2, first + 2 * PAGES, { unlinked: 2 }),
      extent(8, 1, first + PAGES, { linked: 1, shared: 1, present: 1 }),
      extent(10, 1, Number(P >> 11n), { large: 1, present: 256 }),
      extent(12, 1, Number(P >> 10n), { unbacked: 1 }),
    ]);
    const [whole] = guestExtents(gmap, { first: 0, end: ALL, limit: 10 });
    expect(whole).toMatchObject({ unlinked: 2, unbacked: 1, linked: 3, shared: 2, large: 1, present: 259 });
    expect(whole).toMatchObject({ exact: false, first: 0, end: 13 * PAGES, processFirst: first });
  });

  it('have the same counts for every limit, and are never more than twice the limit', () => {
    const pieces = fc.array(fc.tuple(fc.nat(500), fc.nat(15), fc.boolean()), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 64 }), (list, limit) => {
        const guest = host.createGmap(mm);
        for (const [to, from, link] of list) {
          guest.map({ from: P + BigInt(from) * MIB, to: BigInt(to) * MIB, length: MIB });
          if (link) guest.fault(BigInt(to) * MIB);
        }
        const exact = guestExtents(guest, { first: 0, end: 512 * PAGES, limit: 512 });
        const coarse = guestExtents(guest, { first: 0, end: 512 * PAGES, limit });
        guest.free();
        expect(coarse.length).toBeLessThanOrEqual(2 * limit);
        for (const key of ['unlinked', 'unbacked', 'linked', 'shared', 'large', 'present'] as const) {
          const sum = (extents: typeof exact) => extents.reduce((all, extent) => all + extent[key], 0);
          expect(sum(coarse), key).toBe(sum(exact));
        }
        expect(exact.every((extent) => extent.exact)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('show where the memory behind unlinked segments ends and begins', () => {
    mm.mmap({ address: P + 20n * MIB, length: MIB });
    gmap.map({ from: P + 14n * MIB, to: 0n, length: 8n * MIB });
    const runs = guestExtents(gmap, { first: 0, end: 8 * PAGES, limit: 1000 }).map(
      ({ first, end, unlinked, unbacked }) => [first / PAGES, end / PAGES, unlinked, unbacked],
    );
    expect(runs).toEqual([
      [0, 2, 2, 0],
      [2, 6, 0, 4],
      [6, 7, 1, 0],
      [7, 8, 0, 1],
    ]);
  });

  it('contain only segments of the range', () => {
    gmap.map({ from: P, to: 0n, length: 16n * MIB });
    const [extent, ...others] = guestExtents(gmap, { first: 3 * PAGES + 5, end: 5 * PAGES + 1, limit: 100 });
    expect(others).toEqual([]);
    expect(extent).toMatchObject({ first: 3 * PAGES, end: 6 * PAGES, unlinked: 3 });
  });
});

describe('extents of a process', () => {
  it('describe mappings and page tables', () => {
    const file = host.createFile(MIB);
    mm.mmap({ address: 2n * P, length: MIB, file, shared: true, protection: 1 });
    mm.write(P + 0x1000n, Uint8Array.of(1));
    gmap.map({ from: P, to: 0n, length: MIB });
    gmap.fault(0n);
    const first = Number(P >> 12n);
    expect(mappingExtents(mm, { first: 0, end: 2 ** 30, limit: 10 })).toHaveLength(1);
    const [own, shared] = mappingExtents(mm, { first, end: first * 3, limit: 1_000_000 });
    expect(own).toMatchObject({ first, end: first + 16 * PAGES, mappings: 1, protection: 3, file: false });
    expect(shared).toMatchObject({ mappings: 1, protection: 1, file: true, sharedMemory: true });
    expect(tableExtents(mm, { first: 0, end: 2 ** 30, limit: 100 })).toEqual([
      { first, end: first + PAGES, tables: 1, large: 0, present: 1, links: 1 },
    ]);
  });
});

describe('pages', () => {
  const flagsAt = (space: Mm | Gmap, page: number) => pagesOf(space, { first: page, end: page + 1 }).flags[0];
  const { MAPPED, PRESENT, PROTECTED, CHANGED, LINKED, SHARED, WATCHED, LOGGED } = PAGE_FLAG;
  const first = Number(P >> 12n);

  it('have flags, in a process and in its guest', () => {
    gmap.map({ from: P, to: 0n, length: MIB });
    expect(flagsAt(mm, first)).toBe(MAPPED);
    expect(flagsAt(gmap, 0)).toBe(MAPPED);
    host.readAsGuest(gmap, host.machine.cpu(0), 0n, 1);
    host.writeAsGuest(gmap, host.machine.cpu(0), 0x1000n, Uint8Array.of(1));
    expect(flagsAt(gmap, 0)).toBe(MAPPED | PRESENT | LINKED);
    expect(flagsAt(gmap, 1)).toBe(MAPPED | PRESENT | LINKED | CHANGED);
    mm.mprotect({ address: P, length: MIB, protection: 1 });
    expect(flagsAt(mm, first + 1)).toBe(MAPPED | PRESENT | PROTECTED | CHANGED);
    mm.munmap({ address: P, length: MIB });
    expect(flagsAt(gmap, 1)).toBe(0);
    expect(flagsAt(gmap, PAGES)).toBe(0);
  });

  it('have flags for sharing, watching and logging', () => {
    gmap.map({ from: P, to: 0n, length: MIB });
    gmap.watch({ address: 0n, length: 4096n });
    expect((flagsAt(gmap, 0) as number) & ~CHANGED).toBe(MAPPED | PRESENT | LINKED | WATCHED);
    expect((flagsAt(gmap, 0) as number) & WATCHED).toBe(WATCHED);
    mm.write(P + 0x1000n, Uint8Array.of(1));
    host.fork(mm);
    expect((flagsAt(mm, first + 1) as number) & (SHARED | PROTECTED)).toBe(SHARED | PROTECTED);
    const log = mm.startLog(first, PAGES);
    mm.write(P + 0x2000n, Uint8Array.of(1));
    expect((flagsAt(mm, first + 2) as number) & LOGGED).toBe(LOGGED);
    expect((flagsAt(mm, first + 1) as number) & LOGGED).toBe(0);
    mm.stopLog(log);
  });

  it('are watched only in the guest that watches them', () => {
    const other = host.createGmap(mm);
    for (const guest of [gmap, other]) guest.map({ from: P, to: 0n, length: MIB });
    gmap.watch({ address: 0n, length: 4096n });
    other.fault(0n);
    expect((flagsAt(gmap, 0) as number) & WATCHED).toBe(WATCHED);
    expect((flagsAt(other, 0) as number) & WATCHED).toBe(0);
    expect((flagsAt(mm, first) as number) & WATCHED).toBe(WATCHED);
  });

  it('are present where a walk ends in a frame', () => {
    gmap.map({ from: P, to: 0n, length: 4n * MIB });
    for (let i = 0; i < 40; i++) gmap.mm.fault(P + BigInt((i * 37) % 1024) * 4096n, i % 2 === 0);
    for (const at of [0n, MIB]) gmap.fault(at);
    const walk = new Walk(new AbsoluteEntries(host.machine.storage));
    const { flags } = pagesOf(gmap, { first: 0, end: 1024 });
    for (let page = 0; page < 1024; page++) {
      const found = walk.to(gmap.asceHi, gmap.asceLo, page, EDAT.EDAT_2) === 0;
      const flag = flags[page] as number;
      expect((flag & LINKED) !== 0 && (flag & PRESENT) !== 0).toBe(found);
    }
  });

  it('are at most 4096', () => {
    expect(pagesOf(mm, { first: 0, end: 1e9 }).flags.length).toBe(4096);
    expect(pagesOf(mm, { first: 10, end: 5 }).flags.length).toBe(0);
  });
});

describe('tables', () => {
  it('are found by level, with the segments linked to them', () => {
    gmap.map({ from: P, to: 1n << 40n, length: 2n * MIB });
    host.writeAsGuest(gmap, host.machine.cpu(0), 1n << 40n, Uint8Array.of(1));
    const page = 2 ** 28;
    const question = { page, from: 0, count: 10 };
    const levels = ['region-first', 'region-second', 'region-third', 'segment', 'page'] as const;
    const tables = levels.map((level) => tableOf(gmap, { ...question, level }));
    expect(tables.map((table) => table?.populated)).toEqual([1, 1, 1, 2, 1]);
    for (const [i, table] of tables.slice(0, 4).entries()) {
      const below = tables[i + 1];
      expect((table?.entries[0]?.value as bigint) & ~0xfffn).toBe(below?.origin);
      expect(table?.entries[0]?.state).toBe('table');
    }
    const [, , , segment, pageTable] = tables;
    expect(segment?.entries[1]).toMatchObject({ state: 'unlinked', page: page + PAGES });
    expect(pageTable?.linkedFrom).toEqual([{ gmap: gmap.id, page }]);
    expect(pageTable?.links).toBe(1);
    expect(tableOf(mm, { ...question, level: 'page', page: Number(P >> 12n) })?.origin).toBe(
      pageTable?.origin,
    );
    expect(pageTable?.entries[0]?.pgste).not.toBeNull();
    expect(tableOf(mm, { ...question, level: 'region-first' })).toBeNull();
    expect(tableOf(gmap, { ...question, level: 'page', page: 0 })).toBeNull();
    expect(tableOf(mm, { ...question, level: 'segment', page: 2 ** 40 })).toBeNull();
  });

  it('are returned in windows', () => {
    gmap.map({ from: P, to: 0n, length: 16n * MIB });
    const piece = tableOf(gmap, { level: 'segment', page: 0, from: 5, count: 3 });
    expect(piece?.populated).toBe(16);
    expect(piece?.entries.map(({ index }) => index)).toEqual([5, 6, 7]);
  });
});

describe('fields', () => {
  const levels = [
    'asce',
    'region-first',
    'region-second',
    'region-third',
    'segment',
    'page',
    'pgste',
  ] as const;
  const whole = (fields: readonly Field[]) =>
    fields.reduce((value, { bits, value: field }) => value | (field << BigInt(63 - bits[1])), 0n);

  it.each(levels)('of %s cover all 64 bits exactly once', (level) => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (value) => {
        const fields = entryFields(level, value);
        expect(fields.map(({ bits }) => bits[0])).toEqual([
          0,
          ...fields.slice(0, -1).map(({ bits }) => bits[1] + 1),
        ]);
        expect(fields.at(-1)?.bits[1]).toBe(63);
        expect(whole(fields)).toBe(value);
        for (const { sentence, name } of fields) expect(sentence && name).not.toBe('');
      }),
    );
  });

  it('of a PSW do as well', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, (1n << 64n) - 1n), (value) => {
        expect(whole(pswFields(value))).toBe(value);
      }),
    );
  });

  it('describe the entries of a space', () => {
    gmap.map({ from: P, to: 0n, length: MIB });
    const say = (level: (typeof levels)[number], value: bigint) =>
      entryFields(level, value).map(({ name, sentence }) => `${name}: ${sentence}`);
    const entry = (level: 'segment' | 'page') =>
      tableOf(gmap, { level, page: 0, from: 0, count: 1 })?.entries[0];
    expect(say('segment', entry('segment')?.value as bigint)[0]).toContain(
      'mapped to process address 0x10000000',
    );
    gmap.watch({ address: 0n, length: 4096n });
    const table = (entry('segment')?.value as bigint) & ~0x7ffn;
    expect(say('segment', entry('segment')?.value as bigint)[0]).toContain(`0x${table.toString(16)}`);
    const page = entry('page');
    expect(say('page', page?.value as bigint)).toContain('P: stores are allowed');
    expect(say('pgste', page?.pgste as bigint)).toContainEqual(expect.stringContaining('IN: watched'));
    expect(Number((page?.pgste as bigint) >> 32n) & PGSTE.NOTIFY).toBe(PGSTE.NOTIFY);
    expect(host.machine.storage.get64(Number(table) + PGSTE_OFFSET)).toBe(page?.pgste);
    expect(say('asce', gmap.asce)).toContain('DT: the top table is a region-first table');
  });
});

describe('walks', () => {
  it('end in a frame or in an exception, with the PGSTE if there is one', () => {
    gmap.map({ from: P, to: 0n, length: MIB });
    const { storage } = host.machine;
    expect(explainWalk(storage, gmap.asce, 0n, true).exception?.name).toContain('segment');
    host.writeAsGuest(gmap, host.machine.cpu(0), 5n, Uint8Array.of(0x77));
    const { absolute, pgste, steps } = explainWalk(storage, gmap.asce, 5n, true);
    expect(storage.get8(Number(absolute))).toBe(0x77);
    expect(pgste).toBe(0n);
    expect(steps).toHaveLength(6);
  });
});

describe('a processor', () => {
  it('caches translations, counts hits and misses, and is stale only with an injected fault', () => {
    const cpu = host.machine.cpu(0);
    gmap.map({ from: P, to: 0n, length: MIB });
    host.writeAsGuest(gmap, cpu, 0n, Uint8Array.of(1));
    host.readAsGuest(gmap, cpu, 0n, 1);
    const before = processorState(host, cpu, null);
    expect(before.host.entries).toMatchObject([{ page: 0, asce: gmap.asce, stale: false }]);
    expect(before.host.hits).toBeGreaterThan(0);
    expect(before.host.misses).toBeGreaterThan(0);
    host.kernel.injectedFault = 'page-table-freed';
    mm.munmap({ address: P, length: MIB });
    expect(processorState(host, cpu, null).host.entries).toMatchObject([{ page: 0, stale: true }]);
    expect(processorState(host, cpu, null).registers.general).toHaveLength(16);
  });

  it('is also stale if it allows stores that the entries forbid', () => {
    const cpu = host.machine.cpu(0);
    gmap.map({ from: P, to: 0n, length: MIB });
    host.writeAsGuest(gmap, cpu, 0n, Uint8Array.of(1));
    host.kernel.injectedFault = 'page-protected';
    mm.mprotect({ address: P, length: 4096n, protection: 1 });
    expect(processorState(host, cpu, null).host.entries).toMatchObject([{ page: 0, stale: true }]);
  });
});

it('inspecting changes nothing', () => {
  gmap.map({ from: P, to: 0n, length: 4n * MIB });
  host.writeAsGuest(gmap, host.machine.cpu(0), 0n, Uint8Array.of(1));
  const { storage } = host.machine;
  const before = [storage.bytes.slice(), storage.keys.slice(), host.stats(), host.kernel.frames.available];
  for (const space of [mm, gmap]) {
    extentsOf(space, 3);
    pagesOf(space, { first: 0, end: 4096 });
    for (const level of ['segment', 'page'] as const) tableOf(space, { level, page: 0, from: 0, count: 9 });
  }
  guestExtents(gmap, { first: 0, end: ALL, limit: 100 });
  tableExtents(mm, { first: 0, end: ALL, limit: 100 });
  processorState(host, host.machine.cpu(0), null);
  const after = [storage.bytes.slice(), storage.keys.slice(), host.stats(), host.kernel.frames.available];
  expect(Buffer.compare(after[0] as Uint8Array, before[0] as Uint8Array)).toBe(0);
  expect(after.slice(1)).toEqual(before.slice(1));
});

describe('a walk by a guest’s own tables', () => {
  const PREFIX = 0x4_0000;
  const SEGMENTS = 0x2_0000n;
  const PAGE_TABLE = 0x3_0000n;
  const own = { asce: SEGMENTS, edat: EDAT.EDAT_2, prefix: PREFIX };
  const absolute = (address: bigint) =>
    explainOwnWalk(host.machine.storage, gmap.asce, own, address).absolute;

  it('ends at a guest absolute address: a page is real, prefixing applies; a 1 MiB frame is absolute', () => {
    gmap.map({ from: P, to: 0n, length: MIB });
    const cpu = host.machine.cpu(0);
    const write = (at: bigint, value: bigint) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, value);
      host.writeAsGuest(gmap, cpu, at, bytes);
    };
    write(SEGMENTS, PAGE_TABLE);
    write(SEGMENTS + 8n, 0x400n);
    for (let i = 0n; i < 256n; i++) write(PAGE_TABLE + i * 8n, i << 12n);
    expect(absolute(0x1234n)).toBe(0x4_1234n);
    expect(absolute(0x4_1234n)).toBe(0x1234n);
    expect(absolute(0x5_1234n)).toBe(0x5_1234n);
    expect(absolute(0x10_1234n)).toBe(0x1234n);
  });
});
