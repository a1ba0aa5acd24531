/**
 * Running out of memory: by an injected failure of each allocation of each operation, and on a machine with little
 * storage. An operation that ends with ENOMEM has changed nothing, and succeeds once there is memory.
 */

import { describe, expect, it } from 'vitest';
import { CRST_SIZE } from '../machine/index.ts';
import type { Gmap } from './gmap/index.ts';
import type { Host } from './host.ts';
import type { Mm } from './mm/index.ts';
import { bytes, codeOf, frameCounts, MIB, makeHost, PIB, snapshotOf, TIB } from './testing/index.ts';

const HOME = 0x1000_0000n;
const GIB = 1n << 30n;

/**
 * Runs the operation with its first allocation failing, then its second, and so on until none is left to fail.
 * Returns the number of its allocations.
 */
function failEach(host: Host, snapshot: () => unknown, operation: () => unknown): number {
  const { frames, locks } = host.kernel;
  for (let n = 1; ; n++) {
    const before = snapshot();
    frames.failIn(n);
    const code = codeOf(operation);
    const fired = frames.failing === 0;
    frames.failIn(0);
    expect(locks.held).toEqual([]);
    if (!fired) {
      expect(code).toBe('ok');
      return n - 1;
    }
    expect(code).toBe('ENOMEM');
    expect(snapshot()).toEqual(before);
  }
}

interface Setup {
  host: Host;
  mm: Mm;
  gmap: Gmap;
  problems: string[];
}

function setUp(): Setup {
  const { host, problems } = makeHost();
  const mm = host.createMm();
  return { host, mm, gmap: host.createGmap(mm), problems };
}

describe('ENOMEM at each single allocation', () => {
  it('creating a process: its region-third table', () => {
    const { host } = makeHost();
    expect(
      failEach(
        host,
        () => [frameCounts(host), host.processes.size],
        () => host.createMm(),
      ),
    ).toBe(1);
    expect(host.processes.size).toBe(1);
  });

  it('mmap needs no memory', () => {
    const { host, mm, gmap } = setUp();
    const maps = () => mm.mmap({ address: HOME, length: 3n * GIB, taken: 'replace' });
    expect(failEach(host, () => snapshotOf(host, mm, gmap), maps)).toBe(0);
  });

  it.each([
    ['munmap', (mm: Mm) => mm.munmap({ address: HOME, length: 2n * MIB })],
    ['mprotect', (mm: Mm) => mm.mprotect({ address: HOME, length: 2n * MIB, protection: 1 })],
    ['dontNeed', (mm: Mm) => mm.dontNeed({ address: HOME, length: 2n * MIB })],
  ])('%s needs no memory', (_, operation) => {
    const { host, mm, gmap } = setUp();
    mm.mmap({ address: HOME - MIB, length: 4n * MIB });
    for (const i of [-1n, 0n, 1n, 2n]) mm.write(HOME + i * MIB, bytes(1));
    expect(
      failEach(
        host,
        () => snapshotOf(host, mm, gmap),
        () => operation(mm),
      ),
    ).toBe(0);
  });

  it('a fault of the process: page, segment table and page table', () => {
    const { host, mm, gmap } = setUp();
    const snapshot = () => snapshotOf(host, mm, gmap);
    mm.mmap({ address: HOME, length: 2n * MIB });
    expect(failEach(host, snapshot, () => mm.fault(HOME, false))).toBe(3);
    expect(failEach(host, snapshot, () => mm.fault(HOME + MIB, true))).toBe(2);
    expect(failEach(host, snapshot, () => mm.fault(HOME + 0x1000n, true))).toBe(1);
    expect(failEach(host, snapshot, () => mm.fault(HOME + 0x1000n, true))).toBe(0);
  });

  it('a fault of a process without PGSTEs: every other page table shares a frame', () => {
    const { host } = makeHost();
    const mm = host.createMm();
    mm.mmap({ address: HOME, length: 4n * MIB });
    const faults = [0n, 1n, 2n, 3n].map((i) =>
      failEach(
        host,
        () => snapshotOf(host, mm),
        () => mm.fault(HOME + i * MIB, true),
      ),
    );
    expect(faults).toEqual([3, 1, 2, 1]);
    expect(host.kernel.frames.count('page-table')).toBe(2);
  });

  it('a read or write of the kernel stores nothing, although the pages before the failed one are present', () => {
    const { host, mm } = setUp();
    mm.mmap({ address: HOME, length: 2n * MIB });
    mm.write(HOME, bytes(1));
    for (let n = 1; n <= 2; n++) {
      host.kernel.frames.failIn(n);
      expect(codeOf(() => mm.write(HOME + 0xffen, new Uint8Array(0x1003).fill(9)))).toBe('ENOMEM');
      expect(mm.read(HOME + 0xffen, 2)).toEqual(bytes(0, 0));
    }
    host.kernel.frames.failIn(0);
    mm.write(HOME + 0xffen, new Uint8Array(0x1003).fill(9));
    expect(mm.read(HOME + 0xffdn, 0x1005)).toEqual(bytes(0, ...Array.from({ length: 0x1003 }, () => 9), 0));
  });

  it('the first gmap: its table, and a page table for each of many that have no PGSTEs', () => {
    const { host } = makeHost();
    const mm = host.createMm();
    mm.mmap({ address: HOME, length: 40n * MIB });
    mm.mmap({ address: 3n * TIB, length: 3n * MIB });
    const places = [
      ...Array.from({ length: 40 }, (_, i) => HOME + BigInt(i) * MIB),
      ...[0n, 1n, 2n].map((i) => 3n * TIB + i * MIB),
    ];
    for (const [i, place] of places.entries()) mm.write(place + BigInt(i) * 4096n, bytes(i));
    const gmaps: Gmap[] = [];
    const count = failEach(
      host,
      () => [snapshotOf(host, mm), places.map((place, i) => mm.read(place + BigInt(i) * 4096n, 1)[0])],
      () => gmaps.push(host.createGmap(mm)),
    );
    expect(count).toBe(1 + 43);
    expect(host.stats()).toMatchObject({ tables: 1, pagetables: 43 });
    expect(gmaps).toHaveLength(1);
    expect([...mm.gmaps]).toEqual(gmaps);
    for (const [i, place] of places.entries()) {
      expect(mm.read(place + BigInt(i) * 4096n, 1)).toEqual(bytes(i));
    }
  });

  it('a second gmap: its table alone', () => {
    const { host, mm, gmap } = setUp();
    mm.mmap({ address: HOME, length: 2n * MIB });
    mm.write(HOME, bytes(1));
    expect(
      failEach(
        host,
        () => snapshotOf(host, mm, gmap),
        () => host.createGmap(mm),
      ),
    ).toBe(1);
  });

  describe('gmap.map', () => {
    it.each([
      ['in an empty gmap', 0n, MIB, 3],
      ['across 2 GiB', 2n * GIB - MIB, 2n * MIB, 4],
      ['across 4 TiB', 4n * TIB - MIB, 2n * MIB, 5],
      ['across 8 PiB', 8n * PIB - MIB, 2n * MIB, 6],
      ['over 9 GiB', GIB, 9n * GIB, 7],
      ['at the top', (1n << 64n) - 2n * MIB, MIB, 3],
    ])('%s', (_, to, length, tables) => {
      const { host, mm, gmap } = setUp();
      const map = () => gmap.map({ from: HOME, to, length });
      expect(failEach(host, () => snapshotOf(host, mm, gmap), map)).toBe(tables);
      expect(host.stats().tables).toBe(1 + tables);
      expect([...gmap.segments()]).toHaveLength(Number(length / MIB));
    });

    it('over existing and missing tables: entries in the existing ones stay mapped and linked', () => {
      const { host, mm, gmap } = setUp();
      mm.mmap({ address: HOME, length: 4n * MIB });
      // Before, between and after the missing tables.
      for (const [i, to] of [2n * GIB - MIB, 4n * GIB, 8n * GIB].entries()) {
        gmap.map({ from: HOME + BigInt(i) * MIB, to, length: MIB });
        host.writeAsGuest(gmap, host.machine.cpu(i), to, bytes(i + 1));
      }
      const snapshot = () => [
        snapshotOf(host, mm, gmap),
        [2n * GIB - MIB, 4n * GIB, 8n * GIB].map((to, i) =>
          codeOf(() => expect(host.readAsGuest(gmap, host.machine.cpu(i), to, 1)).toEqual(bytes(i + 1))),
        ),
      ];
      const all = () => gmap.map({ from: 0n, to: GIB, length: 9n * GIB });
      let purges = 0;
      const count = failEach(
        host,
        () => {
          purges = host.stats().purges;
          return host.stats().rmaps === 3 ? snapshot() : null;
        },
        all,
      );
      // Segment tables at 2 and 6 GiB are missing.
      expect(count).toBe(2);
      expect(host.stats()).toMatchObject({ rmaps: 0, purges: purges + 1 });
    });

    it('writes no table after it was freed', () => {
      const { host, gmap } = setUp();
      const { frames } = host.kernel;
      const { storage } = host.machine;
      const freed: number[] = [];
      const free = frames.free.bind(frames);
      frames.free = (table) => {
        free(table);
        storage.fill(table, CRST_SIZE, 0x55);
        freed.push(table);
      };
      frames.failIn(5);
      expect(codeOf(() => gmap.map({ from: HOME, to: 4n * TIB - MIB, length: 2n * MIB }))).toBe('ENOMEM');
      expect(freed).toHaveLength(4);
      for (const table of freed) {
        expect(storage.read(table, CRST_SIZE)).toEqual(new Uint8Array(CRST_SIZE).fill(0x55));
      }
    });

    it('leaves no freed table to be freed again with the gmap', () => {
      const { host, mm, gmap } = setUp();
      for (const n of [2, 3]) {
        host.kernel.frames.failIn(n);
        expect(codeOf(() => gmap.map({ from: HOME, to: 0n, length: MIB }))).toBe('ENOMEM');
      }
      // Its tables get the frames of those that were freed.
      const other = host.createGmap(mm);
      other.map({ from: HOME, to: 0n, length: MIB });
      gmap.free();
      expect(host.stats().tables).toBe(4);
      expect([...other.segments()]).toEqual([{ guest: 0n, process: HOME, linked: false }]);
    });

    it('and the gmap no longer uses the tables that were freed', () => {
      const { host, mm, gmap } = setUp();
      mm.mmap({ address: HOME, length: 2n * MIB });
      for (const n of [2, 3, 4]) {
        host.kernel.frames.failIn(n);
        expect(codeOf(() => gmap.map({ from: HOME, to: 2n * GIB - MIB, length: 2n * MIB }))).toBe('ENOMEM');
        expect(codeOf(() => gmap.fault(2n * GIB - MIB))).toBe('EFAULT');
        expect(codeOf(() => gmap.unmap({ address: 0n, length: 4n * GIB }))).toBe('ok');
        // Their frames are used for something else meanwhile.
        const other = host.createGmap(mm);
        other.map({ from: HOME, to: 0n, length: MIB });
        expect(codeOf(() => gmap.fault(2n * GIB))).toBe('EFAULT');
        expect([...gmap.segments()]).toEqual([]);
        other.free();
      }
      gmap.map({ from: HOME, to: 2n * GIB - MIB, length: 2n * MIB });
      host.writeAsGuest(gmap, host.machine.cpu(0), 2n * GIB - 1n, bytes(1, 2));
      expect(mm.read(HOME + MIB - 1n, 2)).toEqual(bytes(1, 2));
    });
  });

  it('gmap.fault: segment table and page table of the process', () => {
    const { host, mm, gmap } = setUp();
    mm.mmap({ address: HOME, length: 2n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
    const snapshot = () => snapshotOf(host, mm, gmap);
    expect(failEach(host, snapshot, () => gmap.fault(0n))).toBe(2);
    expect(failEach(host, snapshot, () => gmap.fault(MIB))).toBe(1);
    expect(failEach(host, snapshot, () => gmap.fault(MIB))).toBe(0);
  });

  it('unmap, discard and free need no memory', () => {
    const { host, mm, gmap } = setUp();
    mm.mmap({ address: HOME, length: 2n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
    for (const at of [0n, MIB]) host.writeAsGuest(gmap, host.machine.cpu(0), at, bytes(1));
    const snapshot = () => null;
    expect(failEach(host, snapshot, () => gmap.discard({ address: 0n, length: MIB }))).toBe(0);
    expect(failEach(host, snapshot, () => gmap.unmap({ address: 0n, length: MIB }))).toBe(0);
    expect(failEach(host, snapshot, () => gmap.free())).toBe(0);
    expect(failEach(host, snapshot, () => host.exitMm(mm))).toBe(0);
  });

  it("a guest's store: the segment is linked before the page is made, each of the two all or nothing", () => {
    const { host, mm, gmap } = setUp();
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    const write = () => host.writeAsGuest(gmap, host.machine.cpu(1), 0x5000n, bytes(1));
    const before = snapshotOf(host, mm, gmap);
    for (const n of [1, 2]) {
      host.kernel.frames.failIn(n);
      expect(codeOf(write)).toBe('ENOMEM');
      expect(snapshotOf(host, mm, gmap)).toEqual(before);
    }
    host.kernel.frames.failIn(3);
    expect(codeOf(write)).toBe('ENOMEM');
    // Linked, with no page behind it.
    expect([...gmap.segments()]).toEqual([{ guest: 0n, process: HOME, linked: true }]);
    expect(host.kernel.frames.count('page')).toBe(0);
    expect(failEach(host, () => snapshotOf(host, mm, gmap), write)).toBe(1);
    expect(mm.read(HOME + 0x5000n, 1)).toEqual(bytes(1));
  });

  it("a guest's store over two pages stores all or nothing", () => {
    const { host, mm, gmap } = setUp();
    mm.mmap({ address: HOME, length: MIB });
    gmap.map({ from: HOME, to: 0n, length: MIB });
    const cpu = host.machine.cpu(0);
    host.writeAsGuest(gmap, cpu, 0n, bytes(1));
    host.kernel.frames.failIn(1);
    expect(codeOf(() => host.writeAsGuest(gmap, cpu, 0xfffn, bytes(7, 7)))).toBe('ENOMEM');
    expect(host.readAsGuest(gmap, cpu, 0xfffn, 2)).toEqual(bytes(0, 0));
    host.writeAsGuest(gmap, cpu, 0xfffn, bytes(7, 7));
    expect(host.readAsGuest(gmap, cpu, 0xfffn, 2)).toEqual(bytes(7, 7));
  });
});

describe('a machine with little storage', () => {
  it('has no room for a process in 64 KiB', () => {
    const { host } = makeHost({ storageSize: 0x1_0000 });
    expect(host.kernel.frames.available).toBe(0);
    expect(codeOf(() => host.createMm())).toBe('ENOMEM');
    expect(host.processes.size).toBe(0);
  });

  it('fails with ENOMEM when the guest has touched all of 1 MiB, and continues when memory is freed', () => {
    const { host, problems } = makeHost({ storageSize: 0x10_0000 });
    const mm = host.createMm();
    const gmap = host.createGmap(mm);
    mm.mmap({ address: HOME, length: 2n * MIB });
    gmap.map({ from: HOME, to: 0n, length: 2n * MIB });
    const [cpu] = host.machine.cpus;
    let touched = 0;
    while (codeOf(() => host.writeAsGuest(gmap, cpu!, BigInt(touched) * 4096n, bytes(touched))) === 'ok') {
      touched++;
    }
    // 240 frames, less 4 + 4 for the process, 16 for the gmap and a page table.
    expect(touched).toBe(240 - 8 - 16 - 1);
    expect(host.kernel.frames.available).toBe(0);
    const before = snapshotOf(host, mm, gmap);
    expect(codeOf(() => host.createMm())).toBe('ENOMEM');
    expect(codeOf(() => host.createGmap(mm))).toBe('ENOMEM');
    expect(codeOf(() => gmap.map({ from: HOME, to: 8n * PIB, length: MIB }))).toBe('ENOMEM');
    expect(codeOf(() => gmap.fault(MIB))).toBe('ENOMEM');
    expect(codeOf(() => mm.fault(HOME + MIB, false))).toBe('ENOMEM');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
    for (let i = 0; i < touched; i++) {
      expect(host.readAsGuest(gmap, cpu!, BigInt(i) * 4096n, 1)).toEqual(bytes(i));
    }
    mm.dontNeed({ address: HOME, length: 0x2000n });
    host.writeAsGuest(gmap, cpu!, MIB, bytes(0xaa));
    expect(mm.read(HOME + MIB, 1)).toEqual(bytes(0xaa));
    host.exitMm(mm);
    expect(host.kernel.frames.available).toBe(240);
    expect(problems).toEqual([]);
  });

  it('a map that needs more tables than there are frames changes nothing', () => {
    const { host } = makeHost({ storageSize: 0x10_0000 });
    const mm = host.createMm();
    const gmap = host.createGmap(mm);
    gmap.map({ from: HOME, to: 2n * GIB, length: MIB });
    const before = snapshotOf(host, mm, gmap);
    // 2048 segment tables of 16 KiB each.
    expect(codeOf(() => gmap.map({ from: 0n, to: 0n, length: 4n * TIB }))).toBe('ENOMEM');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
  });

  it('a process with more page tables than PGSTE frames are left for keeps them all', () => {
    const { host } = makeHost({ storageSize: 0x10_0000 });
    const mm = host.createMm();
    mm.mmap({ address: 0n, length: 120n * MIB });
    // A page and half a page table frame for each segment.
    for (let i = 0n; i < 120n; i++) mm.write(i * MIB, bytes(Number(i)));
    const before = snapshotOf(host, mm);
    expect(before.frames).toMatchObject({ page: 120, 'page-table': 60 });
    expect(codeOf(() => host.createGmap(mm))).toBe('ENOMEM');
    expect(snapshotOf(host, mm)).toEqual(before);
    for (let i = 0n; i < 120n; i++) expect(mm.read(i * MIB, 1)).toEqual(bytes(Number(i)));
    mm.munmap({ address: 60n * MIB, length: 60n * MIB });
    expect(codeOf(() => host.createGmap(mm))).toBe('ok');
    expect(host.stats().pagetables).toBe(60);
  });
});
