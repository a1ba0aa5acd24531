/**
 * The contract of guest address spaces (docs/gmap.md), sentence by sentence: the guarantees, and each operation with its
 * errors.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { type Cpu, logicalPage } from '../../machine/index.ts';
import type { Host } from '../host.ts';
import { type Mm, PROT } from '../mm/index.ts';
import {
  bytes,
  codeOf,
  entryOf,
  frameCounts,
  MIB,
  makeHost,
  messageOf,
  PIB,
  pageEntryOf,
  snapshotOf,
  staleTranslations,
  TIB,
  tableBytes,
} from '../testing/index.ts';
import type { Gmap } from './gmap.ts';

const GIB = 1n << 30n;
/** The end of the guest address space, 16 EiB. */
const END = 1n << 64n;
/** The end of a process, 4 TiB. */
const LIMIT = 1n << 42n;
/** An arbitrary process address. */
const HOME = 0x1000_0000n;

let host: Host;
let mm: Mm;
let gmap: Gmap;
let cpus: readonly Cpu[];
let problems: string[];

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  problems = made.problems;
  cpus = host.machine.cpus;
  mm = host.createMm();
  gmap = host.createGmap(mm);
  return () => {
    expect(problems).toEqual([]);
    expect(host.kernel.locks.held).toEqual([]);
  };
});

const segments = (of = gmap) => [...of.segments()];
const purgesOf = (action: () => void) => {
  const before = host.stats().purges;
  action();
  return host.stats().purges - before;
};
const live = () =>
  [...host.processes].flatMap((p) => [p.asce, ...[...p.gmaps].map((g) => (g as unknown as Gmap).asce)]);
const guestRead = (address: bigint, length = 1, cpu = 0, of = gmap) =>
  host.readAsGuest(of, cpus[cpu]!, address, length);
const guestWrite = (address: bigint, data: Uint8Array, cpu = 0, of = gmap) =>
  host.writeAsGuest(of, cpus[cpu]!, address, data);
const processRead = (address: bigint, length = 1, cpu = 0, of = mm) =>
  host.readAsProcess(of, cpus[cpu]!, address, length);
const processWrite = (address: bigint, data: Uint8Array, cpu = 0, of = mm) =>
  host.writeAsProcess(of, cpus[cpu]!, address, data);

describe('what a gmap guarantees', () => {
  describe('1. any segment at any address', () => {
    it('starts out empty', () => {
      expect(segments()).toEqual([]);
      expect(host.stats()).toEqual({ rmaps: 0, tables: 1, pagetables: 0, purges: 0 });
      for (const address of [0n, MIB, END / 2n, END - 1n]) {
        expect(codeOf(() => guestRead(address))).toBe('EFAULT');
      }
    });

    it.each([0n, MIB, 2n * GIB - MIB, 2n * GIB, 4n * TIB, 8n * PIB, END / 2n, END - 2n * MIB])(
      'maps a segment at guest address %i',
      (to) => {
        mm.mmap({ address: HOME, length: MIB });
        gmap.map({ from: HOME, to, length: MIB });
        processWrite(HOME + 0x12345n, bytes(1, 2, 3));
        expect(guestRead(to + 0x12345n, 3)).toEqual(bytes(1, 2, 3));
      },
    );

    it.each([0n, MIB, 2n * GIB - MIB, 2n * GIB, TIB, 4n * TIB - MIB])(
      'maps the segment at process address %i',
      (from) => {
        mm.mmap({ address: from, length: MIB });
        gmap.map({ from, to: HOME, length: MIB });
        processWrite(from + MIB - 1n, bytes(7));
        expect(guestRead(HOME + MIB - 1n)).toEqual(bytes(7));
      },
    );

    it('maps the same process segment at several guest addresses', () => {
      mm.mmap({ address: HOME, length: MIB });
      const places = [0n, MIB, 3n * GIB, 9n * PIB];
      for (const to of places) gmap.map({ from: HOME, to, length: MIB });
      guestWrite(places[2]! + 5n, bytes(0xaa), 1);
      for (const [i, to] of places.entries()) expect(guestRead(to + 5n, 1, i % 3)).toEqual(bytes(0xaa));
      expect(processRead(HOME + 5n)).toEqual(bytes(0xaa));
      expect(host.stats()).toMatchObject({ rmaps: 4, pagetables: 1 });
    });

    it('maps the same process segment in several gmaps', () => {
      const others = [host.createGmap(mm), host.createGmap(mm)];
      mm.mmap({ address: HOME, length: MIB });
      for (const [i, one] of [gmap, ...others].entries()) {
        one.map({ from: HOME, to: BigInt(i) * MIB, length: MIB });
      }
      guestWrite(0n, bytes(1), 0, gmap);
      expect(guestRead(MIB, 1, 1, others[0])).toEqual(bytes(1));
      expect(guestRead(2n * MIB, 1, 2, others[1])).toEqual(bytes(1));
      expect(host.stats()).toMatchObject({ rmaps: 3, pagetables: 1 });
    });

    it('maps in any order: neighbours of the guest need not be neighbours of the process', () => {
      mm.mmap({ address: HOME, length: 4n * MIB });
      for (const i of [2n, 0n, 3n, 1n]) gmap.map({ from: HOME + (3n - i) * MIB, to: i * MIB, length: MIB });
      guestWrite(MIB - 2n, bytes(1, 2, 3, 4));
      expect(processRead(HOME + 4n * MIB - 2n, 2)).toEqual(bytes(1, 2));
      expect(processRead(HOME + 2n * MIB, 2)).toEqual(bytes(3, 4));
    });
  });

  describe('2. mapping links nothing', () => {
    it('writes the wanted process address into the guest segment entry, marked invalid', () => {
      gmap.map({ from: 0x123_4560_0000n, to: 0n, length: MIB });
      expect(entryOf(host, gmap.asce, 0n, 0)).toBe(0x0000_0123_4560_0220n);
    });

    it('needs no mapping of the process, and makes no table or frame of it', () => {
      const before = frameCounts(host);
      gmap.map({ from: LIMIT - MIB, to: 0n, length: MIB });
      // Region-second, region-third and segment table, four frames each.
      expect(frameCounts(host)).toEqual({
        ...before,
        available: before['available']! - 12,
        'gmap-table': before['gmap-table']! + 12,
      });
      expect(segments()).toEqual([{ guest: 0n, process: LIMIT - MIB, linked: false }]);
      expect(codeOf(() => guestRead(0n))).toBe('EFAULT');
    });

    it('is kept by mapping the process afterwards', () => {
      gmap.map({ from: HOME, to: 0n, length: MIB });
      mm.mmap({ address: HOME, length: MIB });
      guestWrite(0n, bytes(5));
      expect(processRead(HOME)).toEqual(bytes(5));
    });
  });

  describe('3. population is driven by faults', () => {
    it('the first guest access to a segment links its entry to the page table of the process', () => {
      mm.mmap({ address: HOME, length: MIB });
      gmap.map({ from: HOME, to: 5n * GIB, length: MIB });
      expect(segments()).toEqual([{ guest: 5n * GIB, process: HOME, linked: false }]);
      guestRead(5n * GIB);
      expect(segments()).toEqual([{ guest: 5n * GIB, process: HOME, linked: true }]);
      expect(entryOf(host, gmap.asce, 5n * GIB, 0)).toBe(entryOf(host, mm.asce, HOME, 0));
    });

    it('both trees share the entries: a page that one side makes present is present for the other', () => {
      mm.mmap({ address: HOME, length: MIB });
      gmap.map({ from: HOME, to: 0n, length: MIB });
      guestRead(0n);
      const faults: string[] = [];
      host.machine.trace.subscribe(({ type }) => {
        if (type.endsWith('fault')) faults.push(type);
      });
      processWrite(HOME + 0x1000n, bytes(1));
      expect(faults.splice(0)).toEqual(['mm-fault']);
      guestRead(0x1000n);
      processRead(HOME);
      expect(faults).toEqual([]);
    });

    it('both trees share the PGSTEs, 0x800 behind the entries', () => {
      mm.mmap({ address: HOME, length: MIB });
      gmap.map({ from: HOME, to: 0n, length: MIB });
      guestRead(0x7000n);
      const table = Number(entryOf(host, mm.asce, HOME, 0));
      host.machine.storage.set64(table + 0x800 + 7 * 8, 0xf004_0000_0000_0000n);
      expect(pageEntryOf(host, gmap.asce, 0x7000n, true)).toBe(0xf004_0000_0000_0000n);
      expect(pageEntryOf(host, mm.asce, HOME + 0x7000n, true)).toBe(0xf004_0000_0000_0000n);
    });
  });

  describe('4. when a page table of the process is freed', () => {
    const places = [0n, 3n * MIB, 7n * GIB];
    let other: Gmap;

    beforeEach(() => {
      other = host.createGmap(mm);
      mm.mmap({ address: HOME, length: MIB });
      for (const to of places) gmap.map({ from: HOME, to, length: MIB });
      other.map({ from: HOME, to: 0n, length: MIB });
      for (const to of places) guestWrite(to, bytes(1), 1);
      guestWrite(0n, bytes(1), 2, other);
      expect(host.stats().rmaps).toBe(4);
    });

    it('every guest segment entry linked to it is unlinked', () => {
      mm.munmap({ address: HOME, length: MIB });
      expect(segments()).toEqual(places.map((guest) => ({ guest, process: HOME, linked: false })));
      expect(segments(other)).toEqual([{ guest: 0n, process: HOME, linked: false }]);
      expect(entryOf(host, gmap.asce, 7n * GIB, 0)).toBe(0x1000_0220n);
      expect(host.stats()).toMatchObject({ rmaps: 0, pagetables: 0 });
    });

    it('before the page table is freed', () => {
      const order: string[] = [];
      host.machine.trace.subscribe((event) => {
        if (event.type === 'unlink') order.push(`unlink ${event.reason}`);
        if (event.type === 'purge') order.push(`purge ${event.by} ${event.asce === mm.asce ? 'mm' : 'gmap'}`);
        if (event.type === 'page-table') order.push(`page table ${event.change}`);
      });
      mm.munmap({ address: HOME, length: MIB });
      expect(order).toEqual([
        ...Array(4).fill('unlink page-table-freed'),
        'purge idte mm',
        'purge idte gmap',
        'purge idte gmap',
        'page table freed',
      ]);
    });

    it('no processor can still use the old translation', () => {
      mm.munmap({ address: HOME, length: MIB });
      for (const cpu of [0, 1, 2]) {
        for (const to of places) expect(codeOf(() => guestRead(to, 1, cpu))).toBe('EFAULT');
        expect(codeOf(() => guestRead(0n, 1, cpu, other))).toBe('EFAULT');
        expect(codeOf(() => processRead(HOME, 1, cpu))).toBe('EFAULT');
      }
      expect(staleTranslations(host, live())).toEqual([]);
    });

    it('the next guest access links again, and the gmap need not be notified', () => {
      mm.munmap({ address: HOME, length: MIB });
      mm.mmap({ address: HOME, length: MIB });
      processWrite(HOME, bytes(9), 0);
      for (const to of places) expect(guestRead(to, 1, 1)).toEqual(bytes(9));
      expect(guestRead(0n, 1, 2, other)).toEqual(bytes(9));
      expect(host.stats()).toMatchObject({ rmaps: 4, pagetables: 1, purges: 0 });
    });
  });

  describe('5. unmapping, remapping and freeing leave no old translation', () => {
    beforeEach(() => {
      mm.mmap({ address: HOME, length: 2n * MIB });
      gmap.map({ from: HOME, to: 0n, length: MIB });
      processWrite(HOME, bytes(1));
      processWrite(HOME + MIB, bytes(2));
      for (const cpu of [0, 1, 2]) expect(guestRead(0n, 1, cpu)).toEqual(bytes(1));
    });

    it('unmapping', () => {
      gmap.unmap({ address: 0n, length: MIB });
      for (const cpu of [0, 1, 2]) expect(codeOf(() => guestRead(0n, 1, cpu))).toBe('EFAULT');
      expect(staleTranslations(host, live())).toEqual([]);
    });

    it('remapping', () => {
      gmap.map({ from: HOME + MIB, to: 0n, length: MIB });
      for (const cpu of [0, 1, 2]) expect(guestRead(0n, 1, cpu)).toEqual(bytes(2));
      expect(staleTranslations(host, live())).toEqual([]);
    });

    it('freeing: also for a gmap whose tables get the frames of the old one', () => {
      const { asce } = gmap;
      gmap.free();
      expect(staleTranslations(host, live())).toEqual([]);
      const next = host.createGmap(mm);
      expect(next.asce).toBe(asce);
      for (const cpu of [0, 1, 2]) expect(codeOf(() => guestRead(0n, 1, cpu, next))).toBe('EFAULT');
    });
  });

  describe('6. a guest reaches the pages behind its mapped segments and nothing else', () => {
    beforeEach(() => {
      mm.mmap({ address: HOME - MIB, length: 3n * MIB });
      for (const i of [-1n, 0n, 1n]) processWrite(HOME + i * MIB, new Uint8Array(4096).fill(0xee));
      gmap.map({ from: HOME, to: 5n * MIB, length: MIB });
    });

    it('the bytes before and after a mapped segment are not mapped', () => {
      expect(codeOf(() => guestRead(5n * MIB - 1n))).toBe('EFAULT');
      expect(codeOf(() => guestRead(6n * MIB))).toBe('EFAULT');
      expect(codeOf(() => guestRead(5n * MIB))).toBe('ok');
      expect(codeOf(() => guestRead(6n * MIB - 1n))).toBe('ok');
    });

    it('a store that leaves the segment stores nothing', () => {
      expect(codeOf(() => guestWrite(6n * MIB - 2n, bytes(1, 2, 3)))).toBe('EFAULT');
      expect(guestRead(6n * MIB - 2n, 2)).toEqual(bytes(0, 0));
    });

    it('not by process addresses', () => {
      expect(codeOf(() => guestRead(HOME))).toBe('EFAULT');
    });

    it('not pages of another gmap or another process', () => {
      const other = host.createGmap(mm);
      const stranger = host.createMm();
      const guest = host.createGmap(stranger);
      guest.map({ from: HOME, to: 5n * MIB, length: MIB });
      expect(codeOf(() => guestRead(5n * MIB, 1, 0, other))).toBe('EFAULT');
      expect(codeOf(() => guestRead(5n * MIB, 1, 0, guest))).toBe('EFAULT');
      stranger.mmap({ address: HOME, length: MIB });
      expect(guestRead(5n * MIB, 1, 0, guest)).toEqual(bytes(0));
    });

    it('an access that would run past 2^64 does not come out at 0', () => {
      gmap.map({ from: HOME, to: 0n, length: MIB });
      gmap.map({ from: HOME, to: END - 2n * MIB, length: MIB });
      expect(codeOf(() => guestRead(END - 1n, 2))).toBe('EFAULT');
      expect(codeOf(() => guestRead(END, 1))).toBe('EFAULT');
      expect(codeOf(() => guestRead(END + 5n * MIB, 1))).toBe('EFAULT');
      expect(codeOf(() => guestRead(-1n, 1))).toBe('EFAULT');
      expect(codeOf(() => guestRead(-2n * MIB, 1))).toBe('EFAULT');
    });
  });
});

describe('alloc', () => {
  it('makes a region-first table of empty entries', () => {
    const table = Number(gmap.asce & ~0xfffn);
    expect(table % 0x4000).toBe(0);
    for (let i = 0; i < 2048; i++) expect(host.machine.storage.get64(table + i * 8)).toBe(0x2cn);
  });

  it("the element is the table's origin | 0x1c0 | 0x0c | 0x03", () => {
    expect(gmap.asce & 0xfffn).toBe(0x1cfn);
    expect(host.kernel.frames.purposeOf(Number(gmap.asce - 0x1cfn))).toBe('gmap-table');
  });

  it('is in the set of gmaps of its process', () => {
    const other = host.createGmap(mm);
    expect([...mm.gmaps]).toEqual([gmap, other]);
  });

  it('gmaps of one process have tables of their own', () => {
    const other = host.createGmap(mm);
    expect(other.asce).not.toBe(gmap.asce);
    gmap.map({ from: HOME, to: 0n, length: MIB });
    expect(segments(other)).toEqual([]);
  });

  it('ENOMEM, and nothing has changed', () => {
    const before = snapshotOf(host, mm, gmap);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => host.createGmap(mm))).toBe('ENOMEM');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
    expect([...mm.gmaps]).toEqual([gmap]);
  });

  it('purges nothing', () => {
    expect(purgesOf(() => host.createGmap(mm))).toBe(0);
  });
});

describe('enableSie: when a process first asks for a gmap', () => {
  let fresh: Mm;
  /** Segments with a page table, in three segment tables. */
  const places = [0n, MIB, 2n * MIB, 2n * GIB - MIB, 2n * GIB, 3n * TIB];
  const pages = [0n, 0x1000n, 0x80000n, 0xff000n];

  beforeEach(() => {
    fresh = host.createMm();
    for (const place of places) fresh.mmap({ address: place, length: MIB });
    for (const [i, place] of places.entries()) {
      for (const [j, page] of pages.entries()) processWrite(place + page, bytes(i, j), i % 3, fresh);
    }
    fresh.mprotect({ address: 0x1000n, length: 0x1000n, protection: PROT.READ });
    fresh.mprotect({ address: 0x80000n, length: 0x1000n, protection: PROT.NONE });
  });

  it('its page tables are 2 KiB, two to a frame, until then', () => {
    expect(host.stats().pagetables).toBe(0);
    expect(host.kernel.frames.count('page-table')).toBe(3);
  });

  it('they are all replaced by ones with PGSTEs', () => {
    host.createGmap(fresh);
    expect(host.stats().pagetables).toBe(6);
    expect(host.kernel.frames.count('page-table')).toBe(0);
    for (const place of places) {
      const table = Number(entryOf(host, fresh.asce, place, 0));
      expect(table % 4096).toBe(0);
      expect(host.kernel.frames.purposeOf(table)).toBe('pgste-table');
      for (let i = 0; i < 256; i++) expect(host.machine.storage.get64(table + 0x800 + i * 8)).toBe(0n);
    }
  });

  it('contents and mappings are unchanged', () => {
    const mappings = [...fresh.mappings];
    const entries = places.map((place) => pages.map((page) => pageEntryOf(host, fresh.asce, place + page)));
    host.createGmap(fresh);
    expect([...fresh.mappings]).toEqual(mappings);
    expect(places.map((place) => pages.map((page) => pageEntryOf(host, fresh.asce, place + page)))).toEqual(
      entries,
    );
    fresh.mprotect({ address: 0x80000n, length: 0x1000n, protection: PROT.READ });
    for (const [i, place] of places.entries()) {
      for (const [j, page] of pages.entries()) {
        expect(processRead(place + page, 2, (i + 1) % 3, fresh)).toEqual(bytes(i, j));
      }
    }
    expect(codeOf(() => processWrite(0x1000n, bytes(1), 0, fresh))).toBe('EFAULT');
  });

  it('every entry in storage is unchanged', () => {
    const tables = () => places.map((place) => Number(entryOf(host, fresh.asce, place, 0)));
    const old = tables();
    const before = old.map((table) => host.machine.storage.read(table, 2048));
    host.createGmap(fresh);
    expect(tables()).not.toEqual(old);
    expect(tables().map((table) => host.machine.storage.read(table, 2048))).toEqual(before);
  });

  it('no processor still uses the old ones', () => {
    host.createGmap(fresh);
    expect(staleTranslations(host, live())).toEqual([]);
    fresh.dontNeed({ address: 0n, length: 0x1000n });
    for (const cpu of [0, 1, 2]) expect(processRead(0n, 2, cpu, fresh)).toEqual(bytes(0, 0));
  });

  it('once: a second gmap replaces nothing', () => {
    host.createGmap(fresh);
    const before = tableBytes(host, fresh);
    host.createGmap(fresh);
    expect(tableBytes(host, fresh)).toEqual(before);
  });

  it('atomically: ENOMEM at any of its allocations changes nothing', () => {
    // The region-first table, then a page table for each of the six segments.
    for (let n = 1; n <= 7; n++) {
      const before = snapshotOf(host, fresh);
      host.kernel.frames.failIn(n);
      expect(codeOf(() => host.createGmap(fresh))).toBe('ENOMEM');
      expect(snapshotOf(host, fresh)).toEqual(before);
    }
    host.kernel.frames.failIn(8);
    expect(codeOf(() => host.createGmap(fresh))).toBe('ok');
    host.kernel.frames.failIn(0);
  });

  it('page tables made afterwards have PGSTEs, also after the last gmap was freed', () => {
    host.createGmap(fresh).free();
    fresh.mmap({ address: 5n * MIB, length: MIB });
    processRead(5n * MIB, 1, 0, fresh);
    expect(host.stats().pagetables).toBe(7);
    expect(host.kernel.frames.count('page-table')).toBe(0);
  });

  it('another process keeps its page tables of 2 KiB', () => {
    const other = host.createMm();
    other.mmap({ address: 0n, length: MIB });
    processRead(0n, 1, 0, other);
    host.createGmap(fresh);
    expect(host.kernel.frames.count('page-table')).toBe(1);
    expect(processRead(0n, 1, 0, other)).toEqual(bytes(0));
  });

  it('a process without page tables needs no new ones', () => {
    const empty = host.createMm();
    const before = host.kernel.frames.available;
    host.createGmap(empty);
    expect(host.kernel.frames.available).toBe(before - 4);
    expect(empty.tables.pgstes).toBe(true);
  });
});

describe('map', () => {
  const ok = { from: HOME, to: 0n, length: MIB };

  describe('EINVAL', () => {
    it.each([
      ['from is not a multiple of 1 MiB', { from: HOME + 1n }, 'from 0x10000001 is not a multiple of 1 MiB'],
      [
        'from is a multiple of 4 KiB only',
        { from: HOME + 0x1000n },
        'from 0x10001000 is not a multiple of 1 MiB',
      ],
      ['to is not a multiple of 1 MiB', { to: 0x1001n }, 'to 0x1001 is not a multiple of 1 MiB'],
      ['to is half a multiple of 1 MiB', { to: MIB / 2n }, 'to 0x80000 is not a multiple of 1 MiB'],
      [
        'length is not a multiple of 1 MiB',
        { length: MIB + 1n },
        'length 0x100001 is not a multiple of 1 MiB',
      ],
      ['length is less than 1 MiB', { length: 0xff000n }, 'length 0xff000 is not a multiple of 1 MiB'],
      ['length is 0', { length: 0n }, 'length is 0'],
      ['from is negative', { from: -MIB }, '-0x100000'],
      ['to is negative', { to: -MIB }, '-0x100000'],
      ['length is negative', { length: -MIB }, '-0x100000'],
      ['from + length exceeds 4 TiB by a segment', { from: LIMIT - MIB, length: 2n * MIB }, '4 TiB'],
      ['from is 4 TiB', { from: LIMIT }, '4 TiB'],
      ['from + length is 2^64', { from: END - MIB, length: MIB }, '4 TiB'],
      ['from is 2^64', { from: END }, '4 TiB'],
      ['to + length is exactly 2^64', { to: END - MIB, length: MIB }, '2^64'],
      ['to + length exceeds 2^64', { to: END - MIB, length: 2n * MIB }, '2^64'],
      ['to is 2^64', { to: END }, '2^64'],
    ])('%s', (_, wrong, words) => {
      gmap.map(ok);
      const before = snapshotOf(host, mm, gmap);
      const range = { ...ok, ...wrong };
      expect(codeOf(() => gmap.map(range))).toBe('EINVAL');
      expect(messageOf(() => gmap.map(range))).toContain(words.replace('-0x', '0x-'));
      expect(snapshotOf(host, mm, gmap)).toEqual(before);
    });

    it.each([
      ['from + length is exactly 4 TiB', { from: LIMIT - 3n * MIB, length: 3n * MIB }],
      ['to + length is 1 MiB below 2^64', { to: END - 2n * MIB }],
      ['from is 0', { from: 0n }],
    ])('not when %s', (_, right) => {
      expect(codeOf(() => gmap.map({ ...ok, ...right }))).toBe('ok');
    });

    it('not for a length of all of a process, 4 TiB', () => {
      const large = makeHost({ storageSize: 0x800_0000 });
      const guest = large.host.createGmap(large.host.createMm());
      guest.map({ from: 0n, to: 0n, length: LIMIT });
      expect(large.host.stats().tables).toBe(1 + 1 + 1 + 2048);
      expect(entryOf(large.host, guest.asce, LIMIT - MIB, 0)).toBe(0x0000_03ff_fff0_0220n);
      expect(codeOf(() => guest.map({ from: 0n, to: 0n, length: LIMIT + MIB }))).toBe('EINVAL');
      guest.unmap({ address: 0n, length: LIMIT });
      expect([...guest.segments()]).toEqual([]);
    });
  });

  it('makes missing tables, and those alone', () => {
    const tables = () => host.stats().tables;
    expect(tables()).toBe(1);
    gmap.map({ ...ok, to: 0n });
    expect(tables()).toBe(4);
    gmap.map({ ...ok, to: 2n * GIB - MIB });
    expect(tables()).toBe(4);
    gmap.map({ ...ok, to: 2n * GIB });
    expect(tables()).toBe(5);
    gmap.map({ ...ok, to: 4n * TIB });
    expect(tables()).toBe(7);
    gmap.map({ ...ok, to: 8n * PIB });
    expect(tables()).toBe(10);
  });

  it.each([
    { name: '2 GiB', edge: 2n * GIB, tables: 5 },
    { name: '4 TiB', edge: 4n * TIB, tables: 6 },
    { name: '8 PiB', edge: 8n * PIB, tables: 7 },
  ])('maps across a boundary of $name', ({ edge, tables }) => {
    mm.mmap({ address: HOME, length: 4n * MIB });
    gmap.map({ from: HOME, to: edge - 2n * MIB, length: 4n * MIB });
    expect(host.stats().tables).toBe(tables);
    expect(segments()).toEqual(
      [0n, 1n, 2n, 3n].map((i) => ({
        guest: edge - 2n * MIB + i * MIB,
        process: HOME + i * MIB,
        linked: false,
      })),
    );
    guestWrite(edge - 2n, bytes(1, 2, 3, 4));
    expect(processRead(HOME + 2n * MIB - 2n, 4)).toEqual(bytes(1, 2, 3, 4));
  });

  it('maps the last segment that can be mapped, at the top of the address space', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: END - 2n * MIB, length: MIB });
    guestWrite(END - MIB - 1n, bytes(3));
    expect(processRead(HOME + MIB - 1n)).toEqual(bytes(3));
    expect(codeOf(() => guestRead(END - MIB))).toBe('EFAULT');
  });

  it('each segment entry becomes from + offset | 0x220', () => {
    gmap.map({ from: LIMIT - 3n * MIB, to: 7n * MIB, length: 3n * MIB });
    expect(entryOf(host, gmap.asce, 7n * MIB, 0)).toBe(0x3ff_ffd0_0220n);
    expect(entryOf(host, gmap.asce, 8n * MIB, 0)).toBe(0x3ff_ffe0_0220n);
    expect(entryOf(host, gmap.asce, 9n * MIB, 0)).toBe(0x3ff_fff0_0220n);
    expect(entryOf(host, gmap.asce, 6n * MIB, 0)).toBe(0x20n);
    expect(entryOf(host, gmap.asce, 10n * MIB, 0)).toBe(0x20n);
  });

  it('overwrites entries that were mapped and not linked, without a purge', () => {
    gmap.map({ ...ok, length: 3n * MIB });
    expect(purgesOf(() => gmap.map({ from: 0n, to: MIB, length: MIB }))).toBe(0);
    expect(segments().map(({ process }) => process)).toEqual([HOME, 0n, HOME + 2n * MIB]);
  });

  it('an entry that was linked is unlinked first', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map(ok);
    guestRead(0n);
    expect(host.stats()).toMatchObject({ rmaps: 1, pagetables: 1 });
    gmap.map(ok);
    expect(host.stats()).toMatchObject({ rmaps: 0, pagetables: 1 });
    expect(segments()).toEqual([{ guest: 0n, process: HOME, linked: false }]);
    // The entry is in no reverse map any more: freeing the page table does not change it.
    gmap.map({ ...ok, from: 2n * HOME });
    mm.munmap({ address: HOME, length: MIB });
    expect(segments()).toEqual([{ guest: 0n, process: 2n * HOME, linked: false }]);
  });

  it('if any was linked, purges once', () => {
    mm.mmap({ address: HOME, length: 5n * MIB });
    gmap.map({ ...ok, length: 5n * MIB });
    for (const i of [0n, 2n, 3n]) guestRead(i * MIB);
    expect(purgesOf(() => gmap.map({ ...ok, length: 5n * MIB }))).toBe(1);
    expect(purgesOf(() => gmap.map({ ...ok, length: 5n * MIB }))).toBe(0);
  });

  it('purges the translations of this gmap, after the last entry is written', () => {
    mm.mmap({ address: HOME, length: 3n * MIB });
    gmap.map({ ...ok, length: 3n * MIB });
    for (const i of [0n, 1n, 2n]) guestRead(i * MIB);
    const seen: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type === 'purge') seen.push(event.asce, entryOf(host, gmap.asce, 2n * MIB, 0));
    });
    gmap.map({ from: 0n, to: 0n, length: 3n * MIB });
    expect(seen).toEqual([gmap.asce, 0x20_0220n]);
  });

  it('ENOMEM changes no entry, whether it was mapped before or not', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    gmap.map({ from: HOME, to: 2n * GIB - 2n * MIB, length: 2n * MIB });
    guestRead(2n * GIB - MIB);
    const before = snapshotOf(host, mm, gmap);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => gmap.map({ from: 0n, to: 2n * GIB - 2n * MIB, length: 4n * MIB }))).toBe('ENOMEM');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
    expect(guestRead(2n * GIB - MIB)).toEqual(bytes(0));
  });

  it('ENOENT for a gmap that was freed', () => {
    gmap.free();
    expect(codeOf(() => gmap.map(ok))).toBe('ENOENT');
  });
});

describe('unmap', () => {
  const ok = { address: 0n, length: MIB };

  it.each([
    ['address is not a multiple of 1 MiB', { address: 0x1001n }],
    ['length is not a multiple of 1 MiB', { length: MIB + 0x1000n }],
    ['length is 0', { length: 0n }],
    ['address is negative', { address: -MIB }],
    ['address + length is exactly 2^64', { address: END - MIB }],
    ['address is 0 and length is 2^64', { length: END }],
    ['address + length exceeds 2^64', { address: END - MIB, length: 5n * MIB }],
  ])('EINVAL: %s', (_, wrong) => {
    gmap.map({ from: HOME, to: ok.address, length: ok.length });
    const before = snapshotOf(host, mm, gmap);
    expect(codeOf(() => gmap.unmap({ ...ok, ...wrong }))).toBe('EINVAL');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
  });

  it('every segment entry in the range becomes 0x20, and no other', () => {
    gmap.map({ from: HOME, to: 0n, length: 5n * MIB });
    gmap.unmap({ address: MIB, length: 3n * MIB });
    const entries = [0n, 1n, 2n, 3n, 4n].map((i) => entryOf(host, gmap.asce, i * MIB, 0));
    expect(entries).toEqual([0x1000_0220n, 0x20n, 0x20n, 0x20n, 0x1040_0220n]);
  });

  it('linked ones are unlinked', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: ok.address, length: ok.length });
    guestRead(0n);
    gmap.unmap(ok);
    expect(host.stats()).toMatchObject({ rmaps: 0, pagetables: 1 });
    expect(segments()).toEqual([]);
    mm.munmap({ address: HOME, length: MIB });
    expect(segments()).toEqual([]);
  });

  it('one of several links to a page table is removed, the others stay', () => {
    mm.mmap({ address: HOME, length: MIB });
    for (const i of [0n, 1n, 2n, 3n]) {
      gmap.map({ from: HOME, to: i * MIB, length: MIB });
      guestRead(i * MIB);
    }
    for (const [gone, left] of [
      [1n, [0n, 2n, 3n]],
      [3n, [0n, 2n]],
      [0n, [2n]],
    ] as const) {
      gmap.unmap({ address: gone * MIB, length: MIB });
      expect(segments().map(({ guest, linked }) => [guest / MIB, linked])).toEqual(
        left.map((i) => [i, true]),
      );
      expect(host.stats().rmaps).toBe(left.length);
    }
    mm.munmap({ address: HOME, length: MIB });
    expect(segments()).toEqual([{ guest: 2n * MIB, process: HOME, linked: false }]);
  });

  it('segments whose tables do not exist are already unmapped', () => {
    const before = snapshotOf(host, mm, gmap);
    for (const to of [0n, 2n * GIB, 4n * TIB, 8n * PIB, END - 2n * MIB])
      gmap.unmap({ address: to, length: MIB });
    gmap.unmap({ address: 0n, length: END - MIB });
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
  });

  it('goes on behind a hole: segments after it are unmapped', () => {
    const places = [0n, 2n * GIB - MIB, 6n * GIB, 5n * TIB, 6n * PIB, 24n * PIB, END - 2n * MIB];
    for (const to of places) gmap.map({ from: HOME, to, length: MIB });
    gmap.unmap({ address: MIB, length: END - 2n * MIB });
    expect(segments()).toEqual([{ guest: 0n, process: HOME, linked: false }]);
  });

  it('goes on behind a hole in which no table exists, and unmaps nothing outside the range', () => {
    const places = [0n, 3n * GIB, 9n * TIB, 17n * PIB, END - 2n * MIB];
    for (const to of places) gmap.map({ from: HOME, to, length: MIB });
    // From a segment that has no table at the lowest level, to just before the one that is kept.
    gmap.unmap({ address: 2n * GIB + 5n * MIB, length: 17n * PIB - 2n * GIB - 5n * MIB });
    expect(segments().map(({ guest }) => guest)).toEqual([0n, 17n * PIB, END - 2n * MIB]);
  });

  it.each([
    ['2 GiB', 2n * GIB],
    ['4 TiB', 4n * TIB],
    ['8 PiB', 8n * PIB],
  ])('goes on behind a hole in which the range begins, just below %s', (_, edge) => {
    // Far away, so that of the tables on the way to the hole only the highest exists.
    const base = 5n << 60n;
    gmap.map({ from: HOME, to: base + edge, length: 2n * MIB });
    gmap.unmap({ address: base + edge - 3n * MIB, length: 4n * MIB });
    expect(segments().map(({ guest }) => guest)).toEqual([base + edge + MIB]);
  });

  it('one purge if any was linked', () => {
    mm.mmap({ address: HOME, length: 3n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 3n * MIB });
    gmap.map({ from: HOME, to: 8n * PIB, length: MIB });
    expect(purgesOf(() => gmap.unmap({ address: 2n * MIB, length: MIB }))).toBe(0);
    guestRead(0n);
    guestRead(MIB);
    guestRead(8n * PIB);
    expect(purgesOf(() => gmap.unmap({ address: 0n, length: 9n * PIB }))).toBe(1);
    expect(purgesOf(() => gmap.unmap({ address: 0n, length: 9n * PIB }))).toBe(0);
  });

  it('allocates nothing, so it cannot fail with ENOMEM', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    guestRead(0n);
    host.kernel.frames.failIn(1);
    gmap.unmap({ address: 0n, length: END - MIB });
    expect(host.kernel.frames.failing).toBe(1);
    host.kernel.frames.failIn(0);
  });

  it('tables stay until the gmap is freed', () => {
    gmap.map({ from: HOME, to: 8n * PIB, length: MIB });
    gmap.unmap({ address: 8n * PIB, length: MIB });
    expect(host.stats().tables).toBe(4);
    gmap.free();
    expect(host.stats().tables).toBe(0);
  });
});

describe('fault', () => {
  it('no table: EFAULT', () => {
    expect(codeOf(() => gmap.fault(0n))).toBe('EFAULT');
    expect(codeOf(() => gmap.fault(END - 1n))).toBe('EFAULT');
  });

  it('an entry of exactly 0x20: EFAULT', () => {
    gmap.map({ from: HOME, to: 0n, length: MIB });
    expect(entryOf(host, gmap.asce, MIB, 0)).toBe(0x20n);
    expect(codeOf(() => gmap.fault(MIB))).toBe('EFAULT');
    gmap.unmap({ address: 0n, length: MIB });
    expect(codeOf(() => gmap.fault(0n))).toBe('EFAULT');
  });

  it('an unlinked entry of process address 0 is not 0x20', () => {
    mm.mmap({ address: 0n, length: MIB });
    gmap.map({ from: 0n, to: HOME, length: MIB });
    expect(entryOf(host, gmap.asce, HOME, 0)).toBe(0x220n);
    expect(gmap.fault(HOME + 0x123n)).toBe(0x123n);
  });

  it('names the guest address in its error', () => {
    expect(messageOf(() => gmap.fault(0xdead_b000n))).toContain('0xdeadb000');
  });

  it("linked: the page table's process address | low 20 bits of the address", () => {
    mm.mmap({ address: 3n * TIB, length: MIB });
    gmap.map({ from: 3n * TIB, to: 8n * PIB, length: MIB });
    gmap.fault(8n * PIB);
    const before = snapshotOf(host, mm, gmap);
    expect(gmap.fault(8n * PIB + 0xabcden)).toBe(3n * TIB + 0xabcden);
    expect(gmap.fault(8n * PIB)).toBe(3n * TIB);
    expect(gmap.fault(8n * PIB + 0xfffffn)).toBe(3n * TIB + 0xfffffn);
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
  });

  it('linked: also where the process has no mapping at its first byte any more', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    gmap.fault(0n);
    mm.munmap({ address: HOME, length: 0x1000n });
    expect(gmap.fault(0x5000n)).toBe(HOME + 0x5000n);
  });

  it("mapped: EFAULT unless a process mapping contains the segment's first byte", () => {
    gmap.map({ from: HOME, to: 0n, length: MIB });
    expect(codeOf(() => gmap.fault(0x5000n))).toBe('EFAULT');
    // All of the segment but its first page.
    mm.mmap({ address: HOME + 0x1000n, length: 0xff000n });
    const before = snapshotOf(host, mm, gmap);
    expect(codeOf(() => gmap.fault(0x5000n))).toBe('EFAULT');
    expect(codeOf(() => guestRead(0x5000n))).toBe('EFAULT');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
    mm.mmap({ address: HOME, length: 0x1000n });
    expect(gmap.fault(0x5000n)).toBe(HOME + 0x5000n);
  });

  it('mapped: a mapping of the first page of the segment is enough; the faulting page is left to the process', () => {
    mm.mmap({ address: HOME, length: 0x1000n });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    expect(gmap.fault(0xff000n)).toBe(HOME + 0xff000n);
    expect(codeOf(() => guestRead(0xff000n))).toBe('EFAULT');
    expect(codeOf(() => guestRead(0xfffn))).toBe('ok');
  });

  it("mapped: a mapping with PROT_NONE at the segment's first byte counts, too", () => {
    mm.mmap({ address: HOME, length: MIB, protection: PROT.NONE });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    expect(gmap.fault(0n)).toBe(HOME);
    expect(codeOf(() => guestRead(0n))).toBe('EFAULT');
  });

  it("mapped: the process's segment and page table are made if missing", () => {
    mm.mmap({ address: 3n * TIB, length: MIB });
    gmap.map({ from: 3n * TIB, to: 0n, length: MIB });
    const before = frameCounts(host);
    gmap.fault(0n);
    expect(frameCounts(host)).toEqual({
      ...before,
      available: before['available']! - 5,
      'mm-table': before['mm-table']! + 4,
      'pgste-table': 1,
    });
    expect(pageEntryOf(host, mm.asce, 3n * TIB)).toBe(0x400n);
    expect(pageEntryOf(host, gmap.asce, 0n)).toBe(0x400n);
  });

  it('mapped: not when they are there already', () => {
    mm.mmap({ address: HOME, length: MIB });
    processWrite(HOME, bytes(4));
    gmap.map({ from: HOME, to: 0n, length: MIB });
    const before = frameCounts(host);
    gmap.fault(0n);
    expect(frameCounts(host)).toEqual(before);
    expect(guestRead(0n)).toEqual(bytes(4));
  });

  it("mapped: the entry becomes the page table's origin, and the reverse map gains it", () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    gmap.fault(0n);
    const entry = entryOf(host, gmap.asce, 0n, 0);
    expect(entry & 0x7ffn).toBe(0n);
    expect(host.kernel.frames.purposeOf(Number(entry))).toBe('pgste-table');
    expect(host.stats().rmaps).toBe(1);
    const { reverseMaps } = host.common;
    const first = reverseMaps.first(Number(entry));
    expect(gmap.segmentOf(reverseMaps.entryOf(first))).toBe(0);
    expect(reverseMaps.after(first)).toBe(-1);
  });

  it('mapped: returns the wanted process address | low 20 bits of the address', () => {
    mm.mmap({ address: 4n * TIB - MIB, length: MIB });
    gmap.map({ from: 4n * TIB - MIB, to: END - 2n * MIB, length: MIB });
    expect(gmap.fault(END - MIB - 1n)).toBe(4n * TIB - 1n);
  });

  it('no purge: nothing valid was replaced', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    const purged: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type === 'purge') purged.push(event);
    });
    expect(purgesOf(() => gmap.fault(0n))).toBe(0);
    expect(purgesOf(() => gmap.fault(0n))).toBe(0);
    expect(purged).toEqual([]);
  });

  it('makes the segment translatable, not the page', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    gmap.fault(0n);
    expect(host.kernel.frames.count('page')).toBe(0);
    gmap.enable(cpus[0]!);
    cpus[0]!.dat = true;
    expect(cpus[0]!.attempt(logicalPage(0), 0)).toBe(-1);
    expect(cpus[0]!.exceptionCode).toBe(0x11);
    gmap.disable(cpus[0]!);
  });

  it('ENOMEM: there is no frame for the segment table or the page table', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    const before = snapshotOf(host, mm, gmap);
    for (const n of [1, 2]) {
      host.kernel.frames.failIn(n);
      expect(codeOf(() => gmap.fault(0n))).toBe('ENOMEM');
      expect(snapshotOf(host, mm, gmap)).toEqual(before);
    }
    expect(codeOf(() => gmap.fault(0n))).toBe('ok');
  });
});

describe('free', () => {
  beforeEach(() => {
    mm.mmap({ address: HOME, length: 4n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
    gmap.map({ from: HOME + 2n * MIB, to: 8n * PIB, length: 2n * MIB });
    for (const to of [0n, MIB, 8n * PIB]) guestWrite(to, bytes(1, 2), 1);
  });

  it("purges the gmap's translations, once", () => {
    const seen: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type === 'purge') seen.push(event.asce);
    });
    const { asce } = gmap;
    expect(purgesOf(() => gmap.free())).toBe(1);
    expect(seen).toEqual([asce]);
    expect(staleTranslations(host, live())).toEqual([]);
  });

  it('drops its reverse-map entries', () => {
    expect(host.stats().rmaps).toBe(3);
    gmap.free();
    expect(host.stats().rmaps).toBe(0);
  });

  it('drops its own reverse-map entries alone', () => {
    const other = host.createGmap(mm);
    other.map({ from: HOME, to: 0n, length: MIB });
    guestRead(0n, 1, 0, other);
    gmap.free();
    expect(host.stats().rmaps).toBe(1);
    expect(guestRead(0n, 2, 0, other)).toEqual(bytes(1, 2));
    mm.munmap({ address: HOME, length: MIB });
    expect(segments(other)).toEqual([{ guest: 0n, process: HOME, linked: false }]);
  });

  it('frees all its tables', () => {
    expect(host.stats().tables).toBe(7);
    gmap.free();
    expect(host.stats().tables).toBe(0);
    expect(host.kernel.frames.count('gmap-table')).toBe(0);
  });

  it('removes it from the gmaps of its process', () => {
    gmap.free();
    expect(mm.gmaps.size).toBe(0);
    expect(gmap.freed).toBe(true);
  });

  it('changes nothing of the process', () => {
    const before = tableBytes(host, mm);
    const counts = frameCounts(host);
    gmap.free();
    expect(tableBytes(host, mm)).toEqual(before);
    expect(frameCounts(host)).toEqual({ ...counts, 'gmap-table': 0, available: counts['available']! + 28 });
    for (const at of [HOME, HOME + MIB, HOME + 2n * MIB]) {
      expect(processRead(at, 2)).toEqual(bytes(1, 2));
      processWrite(at, bytes(3));
    }
  });

  it('a second time is ENOENT, and changes nothing', () => {
    gmap.free();
    const before = snapshotOf(host, mm);
    expect(codeOf(() => gmap.free())).toBe('ENOENT');
    expect(snapshotOf(host, mm)).toEqual(before);
  });

  it('puts the processors that are in it back into the address space of the process', () => {
    gmap.enable(cpus[2]!);
    gmap.free();
    expect(cpus[2]!.cr[1]).toBe(mm.asce);
    expect(host.running.size).toBe(0);
  });

  it('leaves the processors alone that are in another gmap', () => {
    const other = host.createGmap(mm);
    other.enable(cpus[0]!);
    gmap.enable(cpus[1]!);
    gmap.free();
    expect([cpus[0]!.cr[1], cpus[1]!.cr[1]]).toEqual([other.asce, mm.asce]);
    expect([...host.running]).toEqual([[0, other]]);
  });

  it('every operation on it is ENOENT afterwards', () => {
    gmap.free();
    expect(codeOf(() => gmap.map({ from: 0n, to: 0n, length: MIB }))).toBe('ENOENT');
    expect(codeOf(() => gmap.unmap({ address: 0n, length: MIB }))).toBe('ENOENT');
    expect(codeOf(() => gmap.fault(0n))).toBe('ENOENT');
    expect(codeOf(() => gmap.discard({ address: 0n, length: 0x1000n }))).toBe('ENOENT');
    expect(codeOf(() => gmap.enable(cpus[0]!))).toBe('ENOENT');
    expect(codeOf(() => guestRead(0n))).toBe('ENOENT');
  });

  it('a process that exits frees its gmaps', () => {
    const other = host.createGmap(mm);
    other.map({ from: HOME, to: MIB, length: MIB });
    guestRead(MIB, 1, 0, other);
    host.exitMm(mm);
    expect([gmap.freed, other.freed]).toEqual([true, true]);
    expect(host.stats()).toEqual({ rmaps: 0, tables: 0, pagetables: 0, purges: 2 });
    expect(frameCounts(host)).toEqual({
      available: 0x1000 - 16,
      page: 0,
      'large-page': 0,
      'page-table': 0,
      'pgste-table': 0,
      'mm-table': 0,
      'gmap-table': 0,
      kernel: 0,
    });
    expect(staleTranslations(host, live())).toEqual([]);
  });
});

describe('enable and disable', () => {
  it("enable loads control register 1 with the gmap's element", () => {
    gmap.enable(cpus[1]!);
    expect(cpus[1]!.cr[1]).toBe(gmap.asce);
    expect(cpus[0]!.cr[1]).not.toBe(gmap.asce);
  });

  it("disable loads the mm's again", () => {
    gmap.enable(cpus[1]!);
    gmap.disable(cpus[1]!);
    expect(cpus[1]!.cr[1]).toBe(mm.asce);
  });

  it('record which gmap the processor is in', () => {
    const other = host.createGmap(mm);
    gmap.enable(cpus[1]!);
    other.enable(cpus[2]!);
    expect([...host.running]).toEqual([
      [1, gmap],
      [2, other],
    ]);
    gmap.disable(cpus[1]!);
    expect([...host.running]).toEqual([[2, other]]);
    gmap.enable(cpus[2]!);
    expect([...host.running]).toEqual([[2, gmap]]);
  });

  it('purge nothing: translations are tagged by the element they came from', () => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    guestRead(0n);
    processRead(HOME);
    const cached = [...cpus[0]!.tlb.entries()];
    // Guest page 0 and process page 0x10000 share a TLB slot, so only the second of the two is cached.
    expect(cached).toHaveLength(1);
    const purged: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type === 'purge') purged.push(event);
    });
    expect(
      purgesOf(() => {
        gmap.enable(cpus[0]!);
        gmap.disable(cpus[0]!);
      }),
    ).toBe(0);
    expect(purged).toEqual([]);
    expect([...cpus[0]!.tlb.entries()]).toEqual(cached);
  });

  it("the same address means the guest's page in the gmap and the process's outside it", () => {
    mm.mmap({ address: 0n, length: 2n * MIB });
    gmap.map({ from: MIB, to: 0n, length: MIB });
    processWrite(0n, bytes(1));
    processWrite(MIB, bytes(2));
    for (let i = 0; i < 3; i++) {
      expect(guestRead(0n)).toEqual(bytes(2));
      expect(processRead(0n)).toEqual(bytes(1));
    }
  });
});

describe('when a page table is freed', () => {
  beforeEach(() => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
    guestWrite(0n, bytes(1));
    guestWrite(MIB, bytes(2));
  });

  it('the last process mapping that touches its segment was removed', () => {
    mm.munmap({ address: HOME, length: 0x1000n });
    mm.munmap({ address: HOME + 0x2000n, length: MIB - 0x2000n });
    expect(host.stats()).toMatchObject({ rmaps: 2, pagetables: 2 });
    mm.munmap({ address: HOME + 0x1000n, length: 0x1000n });
    expect(host.stats()).toMatchObject({ rmaps: 1, pagetables: 1 });
    expect(entryOf(host, gmap.asce, 0n, 0)).toBe(0x1000_0220n);
    expect(guestRead(MIB)).toEqual(bytes(2));
  });

  it('a munmap of other segments does not free it', () => {
    mm.mmap({ address: HOME + 2n * MIB, length: MIB });
    mm.munmap({ address: HOME + 2n * MIB, length: MIB });
    mm.munmap({ address: HOME - MIB, length: MIB });
    expect(host.stats()).toMatchObject({ rmaps: 2, pagetables: 2 });
  });

  it('a mapping that is replaced removes the old one first', () => {
    mm.mmap({ address: HOME, length: MIB, taken: 'replace' });
    expect(segments()).toEqual([
      { guest: 0n, process: HOME, linked: false },
      { guest: MIB, process: HOME + MIB, linked: true },
    ]);
    expect(guestRead(0n)).toEqual(bytes(0));
  });

  it('every linked entry becomes its process address | 0x220, also above 4 GiB', () => {
    mm.mmap({ address: 3n * TIB + 5n * MIB, length: MIB });
    gmap.map({ from: 3n * TIB + 5n * MIB, to: 9n * MIB, length: MIB });
    guestRead(9n * MIB);
    mm.munmap({ address: 3n * TIB + 5n * MIB, length: MIB });
    expect(entryOf(host, gmap.asce, 9n * MIB, 0)).toBe(0x300_0050_0220n);
  });

  it('it is no gmap operation: stats count no purge', () => {
    expect(purgesOf(() => mm.munmap({ address: HOME, length: 2n * MIB }))).toBe(0);
  });

  it('purges the process and each gmap once, however many page tables are freed', () => {
    const other = host.createGmap(mm);
    other.map({ from: HOME, to: 0n, length: 2n * MIB });
    for (const at of [0n, MIB]) guestRead(at, 1, 0, other);
    const seen: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type === 'purge' && event.by === 'idte') seen.push(event.asce);
    });
    mm.munmap({ address: 0n, length: LIMIT });
    expect(seen.sort()).toEqual([mm.asce, gmap.asce, other.asce].sort());
  });

  it('the frame is freed only after the purge', () => {
    const table = Number(entryOf(host, mm.asce, HOME, 0));
    const frame = Number(pageEntryOf(host, mm.asce, HOME) & ~0xfffn);
    const inUse: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type !== 'purge') return;
      inUse.push(host.kernel.frames.purposeOf(table), host.kernel.frames.purposeOf(frame));
    });
    mm.munmap({ address: HOME, length: MIB });
    expect(inUse).toEqual(['pgste-table', 'page', 'pgste-table', 'page']);
    expect(host.kernel.frames.purposeOf(table)).toBeUndefined();
    expect(host.kernel.frames.purposeOf(frame)).toBeUndefined();
  });

  it('an entry that was mapped elsewhere in the meantime does not change', () => {
    gmap.map({ from: 2n * HOME, to: 0n, length: MIB });
    mm.munmap({ address: HOME, length: 2n * MIB });
    expect(segments()).toEqual([
      { guest: 0n, process: 2n * HOME, linked: false },
      { guest: MIB, process: HOME + MIB, linked: false },
    ]);
  });
});

describe("removing part of a segment's mappings", () => {
  beforeEach(() => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    guestWrite(0n, bytes(1));
    guestWrite(0x3000n, bytes(2));
  });

  it('keeps the page table and the link', () => {
    mm.munmap({ address: HOME, length: 0x2000n });
    expect(host.stats()).toMatchObject({ rmaps: 1, pagetables: 1 });
    expect(segments()).toEqual([{ guest: 0n, process: HOME, linked: true }]);
  });

  it('invalidates the page entries by IPTE', () => {
    const table = entryOf(host, mm.asce, HOME, 0);
    const seen: unknown[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type === 'purge') seen.push([event.by, event.pageTable, event.page]);
    });
    mm.munmap({ address: HOME, length: 0x2000n });
    expect(seen).toEqual([['ipte', table, 0]]);
    expect(pageEntryOf(host, gmap.asce, 0n)).toBe(0x400n);
    expect(pageEntryOf(host, gmap.asce, 0x3000n) & 0xfffn).toBe(0n);
  });

  it('a guest access finds a page-translation exception, then EFAULT', () => {
    mm.munmap({ address: HOME, length: 0x2000n });
    for (const cpu of cpus) {
      gmap.enable(cpu);
      cpu.dat = true;
      expect(cpu.attempt(logicalPage(0), 0)).toBe(-1);
      expect(cpu.exceptionCode).toBe(0x11);
      gmap.disable(cpu);
      expect(codeOf(() => host.readAsGuest(gmap, cpu, 0n, 1))).toBe('EFAULT');
      expect(host.readAsGuest(gmap, cpu, 0x3000n, 1)).toEqual(bytes(2));
    }
  });

  it('a guest reads zeros when the process maps memory there again', () => {
    mm.munmap({ address: HOME, length: 0x2000n });
    mm.mmap({ address: HOME, length: 0x1000n });
    expect(guestRead(0n)).toEqual(bytes(0));
    expect(codeOf(() => guestRead(0x1000n))).toBe('EFAULT');
  });
});

describe('protection, as the guest sees it', () => {
  beforeEach(() => {
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    for (const cpu of [0, 1, 2]) guestWrite(0n, bytes(1), cpu);
  });

  it('mprotect to read-only: a store is EFAULT, a fetch is not', () => {
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    for (const cpu of [0, 1, 2]) {
      expect(codeOf(() => guestWrite(0n, bytes(2), cpu))).toBe('EFAULT');
      expect(codeOf(() => guestWrite(0x1000n, bytes(2), cpu))).toBe('EFAULT');
      expect(guestRead(0n, 1, cpu)).toEqual(bytes(1));
    }
    expect(pageEntryOf(host, gmap.asce, 0n) & 0xfffn).toBe(0x200n);
  });

  it('mprotect to PROT_NONE: both are EFAULT, and the page is kept', () => {
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.NONE });
    for (const cpu of [0, 1, 2]) {
      expect(codeOf(() => guestRead(0n, 1, cpu))).toBe('EFAULT');
      expect(codeOf(() => guestWrite(0n, bytes(2), cpu))).toBe('EFAULT');
    }
    expect(pageEntryOf(host, gmap.asce, 0n) & 0xfffn).toBe(0x401n);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    for (const cpu of [0, 1, 2]) expect(guestRead(0n, 1, cpu)).toEqual(bytes(1));
  });

  it('mprotect to read and write again: a store is stored', () => {
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ });
    guestRead(0n, 1, 1);
    mm.mprotect({ address: HOME, length: MIB, protection: PROT.READ | PROT.WRITE });
    for (const cpu of [0, 1, 2]) guestWrite(0n, bytes(3 + cpu), cpu);
    expect(processRead(HOME)).toEqual(bytes(5));
  });

  it('of a part: the rest does not change', () => {
    mm.mprotect({ address: HOME + 0x1000n, length: 0x1000n, protection: PROT.READ });
    guestWrite(0xfffn, bytes(1));
    guestWrite(0x2000n, bytes(1));
    expect(codeOf(() => guestWrite(0x1000n, bytes(1)))).toBe('EFAULT');
    // A store across the end of the writable part stores nothing.
    expect(codeOf(() => guestWrite(0xffen, bytes(9, 9, 9)))).toBe('EFAULT');
    expect(guestRead(0xffen, 2)).toEqual(bytes(0, 1));
  });

  it('memory that may be written may be read, present or not', () => {
    mm.mmap({ address: HOME + MIB, length: MIB, protection: PROT.WRITE });
    gmap.map({ from: HOME + MIB, to: MIB, length: MIB });
    expect(guestRead(MIB)).toEqual(bytes(0));
    guestWrite(MIB, bytes(1));
    expect(guestRead(MIB)).toEqual(bytes(1));
  });

  it('dontNeed: the next access finds zeros, on either side', () => {
    mm.dontNeed({ address: HOME, length: MIB });
    for (const cpu of [0, 1, 2]) {
      expect(guestRead(0n, 1, cpu)).toEqual(bytes(0));
      expect(processRead(HOME, 1, cpu)).toEqual(bytes(0));
    }
    expect(segments()).toEqual([{ guest: 0n, process: HOME, linked: true }]);
  });
});

describe('discard', () => {
  beforeEach(() => {
    mm.mmap({ address: HOME, length: 4n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
    gmap.map({ from: HOME + 2n * MIB, to: 5n * GIB, length: 2n * MIB });
    for (const i of [0n, 1n, 2n, 3n]) {
      for (const page of [0n, 0x1000n, 0xff000n]) processWrite(HOME + i * MIB + page, bytes(0xd0));
    }
    for (const at of [0n, MIB, 5n * GIB]) guestRead(at);
  });

  const contents = () =>
    [0n, 1n, 2n, 3n].map((i) =>
      [0n, 0x1000n, 0xff000n].map((page) => processRead(HOME + i * MIB + page)[0] === 0xd0),
    );
  const full = [true, true, true];

  it('zaps the process pages behind linked segments in the range', () => {
    gmap.discard({ address: 0n, length: 2n * MIB });
    expect(contents()).toEqual([[false, false, false], [false, false, false], full, full]);
  });

  it('from inclusive, to exclusive, by pages', () => {
    gmap.discard({ address: 0x1000n, length: MIB });
    expect(contents()).toEqual([[true, false, false], [false, true, true], full, full]);
  });

  it('the next access finds fresh zero pages, on every processor and either side', () => {
    for (const cpu of [0, 1, 2]) guestRead(0n, 1, cpu);
    gmap.discard({ address: 0n, length: 0x1000n });
    for (const cpu of [0, 1, 2]) {
      expect(guestRead(0n, 1, cpu)).toEqual(bytes(0));
      expect(processRead(HOME, 1, cpu)).toEqual(bytes(0));
    }
    guestWrite(0n, bytes(4));
    expect(processRead(HOME)).toEqual(bytes(4));
  });

  it('mapping and links stay', () => {
    const before = { segments: segments(), mappings: [...mm.mappings], stats: host.stats() };
    gmap.discard({ address: 0n, length: END });
    expect({ segments: segments(), mappings: [...mm.mappings], stats: host.stats() }).toEqual(before);
  });

  it('frees the frames', () => {
    const before = host.kernel.frames.count('page');
    gmap.discard({ address: 0n, length: MIB });
    expect(host.kernel.frames.count('page')).toBe(before - 3);
  });

  it('holes are skipped, and the segments after them are not', () => {
    gmap.discard({ address: 0xff000n, length: 5n * GIB - 0xfe000n });
    expect(contents()).toEqual([[true, true, false], [false, false, false], [false, true, true], full]);
  });

  it('segments that are mapped and not linked are skipped', () => {
    gmap.discard({ address: 5n * GIB, length: 2n * MIB });
    expect(contents()).toEqual([full, full, [false, false, false], full]);
  });

  it('the range can be the whole address space', () => {
    gmap.discard({ address: 0n, length: END });
    expect(contents()).toEqual([[false, false, false], [false, false, false], [false, false, false], full]);
  });

  it('the range can be empty', () => {
    gmap.discard({ address: 0x1000n, length: 0n });
    expect(contents()).toEqual([full, full, full, full]);
  });

  it.each([
    ['address is not a multiple of 4 KiB', { address: 1n, length: MIB }],
    ['length is not a multiple of 4 KiB', { address: 0n, length: MIB - 1n }],
    ['length is negative', { address: MIB, length: -MIB }],
    ['the end is beyond 2^64', { address: 0n, length: END + 0x1000n }],
    ['address is negative', { address: -0x1000n, length: MIB }],
  ])('EINVAL: %s', (_, range) => {
    expect(codeOf(() => gmap.discard(range))).toBe('EINVAL');
    expect(contents()).toEqual([full, full, full, full]);
  });

  it('needs no memory', () => {
    host.kernel.frames.failIn(1);
    gmap.discard({ address: 0n, length: END });
    expect(host.kernel.frames.failing).toBe(1);
    host.kernel.frames.failIn(0);
  });
});

describe('counts', () => {
  it('rmaps are linked entries, tables are region and segment tables of gmaps, pagetables are those with PGSTEs', () => {
    mm.mmap({ address: HOME, length: 3n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 3n * MIB });
    expect(host.stats()).toEqual({ rmaps: 0, tables: 4, pagetables: 0, purges: 0 });
    guestRead(0n);
    expect(host.stats()).toEqual({ rmaps: 1, tables: 4, pagetables: 1, purges: 0 });
    processRead(HOME + MIB);
    expect(host.stats()).toEqual({ rmaps: 1, tables: 4, pagetables: 2, purges: 0 });
    const other = host.createGmap(mm);
    other.map({ from: HOME, to: 16n * PIB, length: MIB });
    guestRead(16n * PIB, 1, 0, other);
    expect(host.stats()).toEqual({ rmaps: 2, tables: 8, pagetables: 2, purges: 0 });
    other.unmap({ address: 16n * PIB, length: MIB });
    expect(host.stats()).toEqual({ rmaps: 1, tables: 8, pagetables: 2, purges: 1 });
    gmap.map({ from: HOME + MIB, to: 0n, length: MIB });
    expect(host.stats()).toEqual({ rmaps: 0, tables: 8, pagetables: 2, purges: 2 });
    other.free();
    expect(host.stats()).toEqual({ rmaps: 0, tables: 4, pagetables: 2, purges: 3 });
    host.exitMm(mm);
    expect(host.stats()).toEqual({ rmaps: 0, tables: 0, pagetables: 0, purges: 4 });
  });
});
