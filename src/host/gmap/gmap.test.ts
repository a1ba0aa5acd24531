/**
 * Guest address spaces bit by bit: the tables in absolute storage, and the operations on segment numbers.
 * contract.test.ts tests the contract of the operations.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../trace/index.ts';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { guestSegment, processSegment } from '../numbers.ts';
import { bytes, codeOf, entryOf, GIB, MIB, makeHost, PIB, pageEntryOf, TIB } from '../testing/index.ts';
import type { Gmap } from './gmap.ts';
import { GUEST_SEGMENTS } from './tables.ts';

let host: Host;
let mm: Mm;
let gmap: Gmap;
let problems: string[];

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  problems = made.problems;
  mm = host.createMm();
  gmap = host.createGmap(mm);
  return () => expect(problems).toEqual([]);
});

/** The eight bytes at an absolute address. */
const at = (address: bigint | number) => host.machine.storage.get64(Number(address));

it('a gmap and a process can be told apart', () => {
  expect([gmap.kind, mm.kind]).toEqual(['gmap', 'process']);
});

describe('in absolute storage', () => {
  it('the element: origin of 16 KiB alignment, 0x1c0, region-first type 0x0c, length 3', () => {
    expect(gmap.asce % 0x4000n).toBe(0x1cfn);
    expect((BigInt(gmap.asceHi) << 32n) | BigInt(gmap.asceLo)).toBe(gmap.asce);
  });

  it('a path through all tables, entry by entry', () => {
    // Indexes 1, 2, 3, 4: 1 << 53 | 2 << 42 | 3 << 31 | 4 << 20.
    gmap.map({ from: 0x3_0000_0000n, to: 0x0020_0801_8040_0000n, length: MIB });
    const first = gmap.asce - 0x1cfn;
    const second = at(first + 1n * 8n) - 0x0fn;
    const third = at(second + 2n * 8n) - 0x0bn;
    const segment = at(third + 3n * 8n) - 0x07n;
    for (const table of [second, third, segment]) expect(table % 0x4000n).toBe(0n);
    expect(at(segment + 4n * 8n)).toBe(0x3_0000_0220n);
    // Everything else is empty: 0x2c, 0x28, 0x24, 0x20.
    for (const [table, used, empty] of [
      [first, 1, 0x2cn],
      [second, 2, 0x28n],
      [third, 3, 0x24n],
      [segment, 4, 0x20n],
    ] as const) {
      for (let i = 0; i < 2048; i++) {
        if (i !== used) expect(at(table + BigInt(i) * 8n)).toBe(empty);
      }
    }
  });

  it('indexes of 2047 at every level but the last, which cannot be mapped', () => {
    gmap.map({ from: 0x3ff_fff0_0000n, to: 0xffff_ffff_ffe0_0000n, length: MIB });
    const first = gmap.asce - 0x1cfn;
    const second = at(first + 0x3ff8n) - 0x0fn;
    const third = at(second + 0x3ff8n) - 0x0bn;
    const segment = at(third + 0x3ff8n) - 0x07n;
    expect(at(segment + 0x3ff0n)).toBe(0x3ff_fff0_0220n);
    expect(at(segment + 0x3ff8n)).toBe(0x20n);
  });

  it('an unlinked entry: the process address | 0x220', () => {
    for (const [from, entry] of [
      [0n, 0x220n],
      [0x10_0000n, 0x10_0220n],
      [0x1010_0000n, 0x1010_0220n],
      [0xfff0_0000n, 0xfff0_0220n],
      [0x1_0000_0000n, 0x1_0000_0220n],
      [0x3ff_fff0_0000n, 0x3ff_fff0_0220n],
    ] as const) {
      gmap.map({ from, to: 0x700_0000n, length: MIB });
      expect(entryOf(host, gmap.asce, 0x700_0000n, 0)).toBe(entry);
      expect([...gmap.segments()]).toEqual([{ guest: 0x700_0000n, process: from, linked: false }]);
    }
  });

  it('a link: the page table and nothing else; its entries and PGSTEs', () => {
    mm.mmap({ address: 0x1000_0000n, length: MIB });
    gmap.map({ from: 0x1000_0000n, to: 0n, length: MIB });
    host.writeAsGuest(gmap, host.machine.cpu(0), 0x5000n, bytes(0xab));
    const table = entryOf(host, gmap.asce, 0n, 0);
    expect(table % 0x1000n).toBe(0n);
    const frame = at(table + 5n * 8n);
    expect(frame % 0x1000n).toBe(0n);
    expect(host.machine.storage.get8(Number(frame))).toBe(0xab);
    for (let i = 0n; i < 256n; i++) {
      if (i !== 5n) expect(at(table + i * 8n)).toBe(0x400n);
      expect(at(table + 0x800n + i * 8n)).toBe(0n);
    }
  });

  it('a link to a page table above 4 GiB: both halves of its address', () => {
    const table = 0x1_2345_6000;
    mm.mmap({ address: 0x1000_0000n, length: MIB });
    gmap.map({ from: 0x1000_0000n, to: 0n, length: MIB });
    // Stands for storage of more than 4 GiB, which Node 20 has no typed array for.
    mm.tables.segmentValueOf = () => table;
    gmap.fault(0n);
    expect(entryOf(host, gmap.asce, 0n, 0)).toBe(BigInt(table));
  });

  it('page entries: 0x200 if protected, 0x401 with PROT_NONE, 0x400 without a frame', () => {
    mm.mmap({ address: 0n, length: MIB });
    gmap.map({ from: 0n, to: PIB, length: MIB });
    for (let i = 0n; i < 4n; i++) host.writeAsGuest(gmap, host.machine.cpu(0), PIB + i * 0x1000n, bytes(1));
    mm.mprotect({ address: 0x1000n, length: 0x1000n, protection: 1 });
    mm.mprotect({ address: 0x2000n, length: 0x1000n, protection: 0 });
    mm.dontNeed({ address: 0x3000n, length: 0x1000n });
    const low = [0n, 1n, 2n, 3n].map((i) => pageEntryOf(host, gmap.asce, PIB + i * 0x1000n) & 0xfffn);
    expect(low).toEqual([0n, 0x200n, 0x401n, 0x400n]);
    expect(pageEntryOf(host, gmap.asce, PIB + 0x3000n)).toBe(0x400n);
    expect(host.kernel.frames.count('page')).toBe(3);
  });

  it('unmapped again: exactly 0x20', () => {
    mm.mmap({ address: 3n * TIB, length: MIB });
    gmap.map({ from: 3n * TIB, to: 0n, length: 2n * MIB });
    gmap.fault(0n);
    gmap.unmap({ address: 0n, length: 2n * MIB });
    expect([0n, MIB].map((address) => entryOf(host, gmap.asce, address, 0))).toEqual([0x20n, 0x20n]);
  });
});

describe('in segment numbers', () => {
  it('mapSegments, faultSegment and unmapSegments do what map, fault and unmap do', () => {
    mm.mmap({ address: 0x1000_0000n, length: 3n * MIB });
    gmap.mapSegments(processSegment(0x100), guestSegment(2 ** 43), 3);
    expect([...gmap.segments()]).toEqual(
      [0n, 1n, 2n].map((i) => ({
        guest: (1n << 63n) + i * MIB,
        process: 0x1000_0000n + i * MIB,
        linked: false,
      })),
    );
    expect(gmap.faultSegment(guestSegment(2 ** 43 + 1))).toBe(0x101);
    expect(gmap.faultSegment(guestSegment(2 ** 43 + 1))).toBe(0x101);
    expect(gmap.faultSegment(guestSegment(2 ** 43 + 3))).toBe(-1);
    expect(gmap.faultSegment(guestSegment(5))).toBe(-1);
    expect([...gmap.segments()].map(({ linked }) => linked)).toEqual([false, true, false]);
    gmap.unmapSegments(guestSegment(2 ** 43), 2);
    expect([...gmap.segments()].map(({ guest }) => guest)).toEqual([(1n << 63n) + 2n * MIB]);
    expect(host.stats()).toMatchObject({ rmaps: 0, purges: 1 });
  });

  it('a whole guest of 2 GiB, linked segment by segment', () => {
    mm.mmap({ address: 0x1000_0000n, length: 0x800n * MIB });
    gmap.mapSegments(processSegment(0x100), guestSegment(0x400), 0x800);
    for (let i = 0x400; i < 0xc00; i++) expect(gmap.faultSegment(guestSegment(i))).toBe(i - 0x300);
    expect(host.stats()).toEqual({ rmaps: 0x800, tables: 5, pagetables: 0x800, purges: 0 });
    mm.munmap({ address: 0n, length: 1n << 42n });
    expect(host.stats()).toEqual({ rmaps: 0, tables: 5, pagetables: 0, purges: 0 });
    expect([...gmap.segments()].every(({ linked }) => !linked)).toBe(true);
  });

  it('returns the guest segment that an entry translates', () => {
    gmap.mapSegments(processSegment(0), guestSegment(2 ** 33 - 1), 2);
    for (const segment of [2 ** 33 - 1, 2 ** 33]) {
      expect(gmap.segmentOf(gmap.tables.entryOf(segment))).toBe(segment);
    }
    expect(gmap.tables.entryOf(2 ** 34)).toBe(-1);
    expect(GUEST_SEGMENTS).toBe(2 ** 44);
  });
});

describe('the list of segments', () => {
  it('is ascending, in whatever order they were mapped', () => {
    const places = [8n * PIB, 0n, 4n * TIB, MIB, (1n << 64n) - 2n * MIB, 2n * GIB, 3n * MIB];
    for (const to of places) gmap.map({ from: 0n, to, length: MIB });
    expect([...gmap.segments()].map(({ guest }) => guest)).toEqual(
      [...places].sort((a, b) => (a < b ? -1 : 1)),
    );
  });

  it('has the process address of each linked segment, among ones that are mapped above 4 GiB', () => {
    // Three segment tables full of entries whose high halves are not zero, and in each one that is linked.
    const linked = [100n, 2n * 1024n + 200n, 4n * 1024n + 300n].map((segment) => segment * MIB);
    gmap.map({ from: TIB, to: 0n, length: 6n * GIB });
    mm.mmap({ address: 0x1000_0000n, length: 3n * MIB });
    for (const [i, to] of linked.entries()) {
      gmap.map({ from: 0x1000_0000n + BigInt(i) * MIB, to, length: MIB });
      gmap.fault(to);
    }
    expect([...gmap.segments()].filter((segment) => segment.linked)).toEqual(
      linked.map((guest, i) => ({ guest, process: 0x1000_0000n + BigInt(i) * MIB, linked: true })),
    );
  });
});

describe('making tables in advance', () => {
  it('makes those of a range, which can be mapped without memory then', () => {
    const range = { address: 2n * GIB - MIB, length: 2n * GIB + 2n * MIB };
    gmap.makeTables(range);
    expect(host.stats().tables).toBe(1 + 2 + 3);
    host.kernel.frames.failIn(1);
    gmap.map({ from: 0n, to: range.address, length: range.length });
    expect(host.kernel.frames.failing).toBe(1);
    host.kernel.frames.failIn(0);
    expect([...gmap.segments()]).toHaveLength(2050);
  });
});

describe('runs of segment tables', () => {
  const runs = (start: number, end: number) => {
    const found: number[][] = [];
    const { tables } = gmap;
    for (let at = start; at < end; at = tables.next) {
      tables.seek(at);
      if (tables.entry < 0) continue;
      const { entry, node } = tables;
      expect(host.common.reverseMaps.entryOf(node)).toBe(entry);
      expect(tables.entryOf(at)).toBe(entry);
      found.push([at, Math.min(tables.next, end) - at]);
    }
    return found;
  };

  it('cover the existing tables of a range, and nothing else', () => {
    gmap.mapSegments(processSegment(0), guestSegment(5), 1);
    gmap.mapSegments(processSegment(0), guestSegment(2 ** 22), 1);
    gmap.mapSegments(processSegment(0), guestSegment(2 ** 33 + 2 ** 22 + 2048), 1);
    expect(runs(0, GUEST_SEGMENTS)).toEqual([
      [0, 2048],
      [2 ** 22, 2048],
      [2 ** 33 + 2 ** 22 + 2048, 2048],
    ]);
    expect(runs(2047, 2 ** 22 + 1)).toEqual([
      [2047, 1],
      [2 ** 22, 1],
    ]);
    expect(runs(2048, 2 ** 22)).toEqual([]);
    expect(runs(7, 7)).toEqual([]);
  });
});

describe('events', () => {
  it('report the life of a gmap', () => {
    const events: TraceEvent[] = [];
    host.machine.trace.subscribe((event) => {
      if (event.type !== 'purge' && event.type !== 'page-table' && event.type !== 'mmap') events.push(event);
    });
    const other = host.createGmap(mm, 42);
    const asce = other.asce;
    mm.mmap({ address: 0n, length: 2n * MIB });
    other.map({ from: 0n, to: MIB, length: 2n * MIB });
    other.fault(MIB + 5n);
    other.fault(2n * MIB);
    const entries = [1, 2].map((segment) => BigInt(other.tables.entryOf(segment)));
    const tables = [0n, MIB].map((address) => entryOf(host, mm.asce, address, 0));
    other.map({ from: 0n, to: MIB, length: MIB });
    other.unmap({ address: 2n * MIB, length: MIB });
    other.fault(MIB);
    other.free();
    const link = (i: 0 | 1) => ({ type: 'link', gmap: 42, entry: entries[i], pageTable: tables[i] });
    const unlink = (i: 0 | 1, reason: string) => ({ type: 'unlink', gmap: 42, entry: entries[i], reason });
    expect(events).toEqual([
      { type: 'gmap-alloc', gmap: 42, mm: 0, asce },
      { type: 'map', gmap: 42, from: 0n, to: MIB, length: 2n * MIB },
      { ...link(0), guest: MIB, process: 0n },
      { type: 'gmap-fault', gmap: 42, guest: MIB + 5n, process: 5n },
      { ...link(1), guest: 2n * MIB, process: MIB },
      { type: 'gmap-fault', gmap: 42, guest: 2n * MIB, process: MIB },
      { ...unlink(0, 'remap'), guest: MIB, process: 0n },
      { type: 'map', gmap: 42, from: 0n, to: MIB, length: MIB },
      { ...unlink(1, 'unmap'), guest: 2n * MIB, process: MIB },
      { type: 'unmap', gmap: 42, address: 2n * MIB, length: MIB },
      { ...link(0), guest: MIB, process: 0n },
      { type: 'gmap-fault', gmap: 42, guest: MIB, process: 0n },
      { ...unlink(0, 'free'), guest: MIB, process: 0n },
      { type: 'gmap-free', gmap: 42 },
    ]);
  });

  it('are not emitted by an operation that fails', () => {
    const events: TraceEvent[] = [];
    host.machine.trace.subscribe((event) => events.push(event));
    expect(codeOf(() => gmap.map({ from: 1n, to: 0n, length: MIB }))).toBe('EINVAL');
    expect(codeOf(() => gmap.unmap({ address: 0n, length: 0n }))).toBe('EINVAL');
    expect(codeOf(() => gmap.fault(0n))).toBe('EFAULT');
    host.kernel.frames.failIn(1);
    expect(codeOf(() => gmap.map({ from: 0n, to: 0n, length: MIB }))).toBe('ENOMEM');
    host.kernel.frames.failIn(1);
    expect(codeOf(() => host.createGmap(mm))).toBe('ENOMEM');
    expect(events).toEqual([]);
  });
});

describe('frames that were used before', () => {
  it('become tables of empty entries, and PGSTEs of zeros', () => {
    const { host: used } = makeHost();
    used.machine.storage.bytes.fill(0xff);
    const process = used.createMm();
    process.mmap({ address: 0n, length: MIB });
    const guest = used.createGmap(process);
    guest.map({ from: 0n, to: 0n, length: MIB });
    guest.fault(0n);
    const table = process.tables.pageTableOf(0);
    const { storage } = used.machine;
    for (let i = 0; i < 256; i++) {
      expect(storage.get64(table + i * 8)).toBe(0x400n);
      expect(storage.get64(table + 0x800 + i * 8)).toBe(0n);
    }
    expect([...guest.segments()]).toEqual([{ guest: 0n, process: 0n, linked: true }]);
  });
});
