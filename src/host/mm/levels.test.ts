/**
 * Four levels of tables: the address space grows when an address from 4 TiB on is mapped, existing mappings do not change,
 * and region-third tables exist as long as they have segment tables.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll, failEach } from '../../check/testing/index.ts';
import type { Host } from '../host.ts';
import { bytes, codeOf, entryOf, frameCounts, MIB, messageOf, snapshotOf, TIB } from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const PAGE = 4096n;
const GUEST = 5n << 30n;
const LIMIT = 4n * TIB;
const END = 1n << 53n;

let host: Host;
let mm: Mm;

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  return () => endAll(host);
});

const at = (address: bigint, of = mm) => of.read(address, 1)[0];
const put = (address: bigint, value: number, of = mm) => of.write(address, bytes(value));
const ran = (address: bigint, cpu = 0) => host.readAsProcess(mm, host.machine.cpu(cpu), address, 1)[0];
const tables = () => host.kernel.frames.count('mm-table') / 4;

describe('growing', () => {
  it.each([
    ['ends at 4 TiB', LIMIT - PAGE, PAGE, 3],
    ['begins at 4 TiB', LIMIT, PAGE, 4],
    ['goes over 4 TiB', LIMIT - PAGE, 2n * PAGE, 4],
    ['ends at 8 PiB', END - PAGE, PAGE, 4],
    ['is the whole address space', 0n, END, 4],
  ])('happens when memory needs it: it %s', (_, address, length, levels) => {
    expect([mm.tables.levels, mm.asce & 0xfffn]).toEqual([3, 0x1c7n]);
    mm.mmap({ address, length });
    expect(mm.tables.levels).toBe(levels);
    expect(mm.asce & 0xfffn).toBe(levels === 3 ? 0x1c7n : 0x1cbn);
    put(address + length - 1n, 1);
    put(address, 2);
    expect(ran(address)).toBe(2);
    expect(ran(address + length - PAGE)).toBe(length === PAGE ? 2 : 0);
    expect(at(address + length - 1n)).toBe(1);
  });

  it('happens once, and is never undone', () => {
    mm.mmap({ address: LIMIT, length: PAGE });
    const { asce } = mm;
    mm.mmap({ address: 8n * TIB, length: PAGE });
    mm.munmap({ address: 0n, length: END });
    expect([mm.asce, mm.tables.levels, tables()]).toEqual([asce, 4, 2]);
  });

  it('does not happen for mmap without an address', () => {
    mm.mmap({ address: LIMIT, length: MIB });
    expect(mm.mmap({ length: MIB })).toBe(LIMIT - MIB);
    mm.mmap({ address: 0n, length: LIMIT - MIB });
    expect(codeOf(() => mm.mmap({ length: PAGE }))).toBe('ENOMEM');
  });

  it('puts a region-second table above the existing region-third table', () => {
    mm.mmap({ address: HOME, length: PAGE });
    put(HOME, 1);
    const third = mm.asce & ~0xfffn;
    mm.mmap({ address: 5n * TIB, length: PAGE });
    expect(entryOf(host, mm.asce, HOME, 2)).toBe(third | 0x0bn);
    expect(entryOf(host, mm.asce, 5n * TIB, 2)).toBe(0x28n);
    put(5n * TIB, 1);
    const second = entryOf(host, mm.asce, 5n * TIB, 2);
    expect(second & 0xfffn).toBe(0x0bn);
    expect(entryOf(host, mm.asce, 5n * TIB, 1) & 0xfffn).toBe(0x07n);
    expect(entryOf(host, mm.asce, 6n * TIB, 1)).toBe(0x24n);
    expect(entryOf(host, mm.asce, 5n * TIB + MIB, 0)).toBe(0x20n);
  });

  it('does not change existing mappings, for the process on every processor and for its guests', () => {
    mm.mmap({ address: HOME, length: MIB });
    const gmap = host.createGmap(mm);
    gmap.map({ from: HOME, to: GUEST, length: MIB });
    host.writeAsGuest(gmap, host.machine.cpu(1), GUEST, bytes(1));
    const running = host.machine.cpu(2);
    running.setControl(1, mm.asce);
    expect([ran(HOME, 0), ran(HOME, 3)]).toEqual([1, 1]);
    gmap.enable(host.machine.cpu(1));
    const old = mm.asce;
    mm.mmap({ address: 7n * TIB, length: PAGE });
    expect(mm.asce).not.toBe(old);
    expect(running.cr[1]).toBe(mm.asce);
    expect(host.machine.cpu(1).cr[1]).toBe(gmap.asce);
    expect([ran(HOME, 0), ran(HOME, 3)]).toEqual([1, 1]);
    expect(host.readAsGuest(gmap, host.machine.cpu(1), GUEST, 1)[0]).toBe(1);
    expect(host.stats().rmaps).toBe(1);
    gmap.disable(host.machine.cpu(1));
    expect(host.machine.cpu(1).cr[1]).toBe(mm.asce);
  });

  it('does not affect other processes', () => {
    const other = host.createMm();
    other.mmap({ address: HOME, length: PAGE });
    host.machine.cpu(1).setControl(1, other.asce);
    mm.mmap({ address: LIMIT, length: PAGE });
    expect([other.tables.levels, host.machine.cpu(1).cr[1]]).toEqual([3, other.asce]);
  });

  it.each([
    ['EEXIST', { address: LIMIT - 2n * PAGE, length: 3n * PAGE }],
    ['EINVAL', { address: END - PAGE, length: 2n * PAGE }],
    ['EINVAL', { address: LIMIT, length: PAGE, protection: 8 }],
    ['EINVAL', { address: LIMIT, length: PAGE, shared: true, large: true }],
  ])('does not happen when mmap ends with %s', (code, options) => {
    mm.mmap({ address: LIMIT - 2n * PAGE, length: PAGE });
    put(LIMIT - 2n * PAGE, 1);
    const before = snapshotOf(host, mm);
    expect(codeOf(() => mm.mmap(options))).toBe(code);
    expect(snapshotOf(host, mm)).toEqual(before);
  });
});

describe('memory from 4 TiB on', () => {
  it('cannot be mapped to guests', () => {
    mm.mmap({ address: LIMIT - MIB, length: 2n * MIB });
    const gmap = host.createGmap(mm);
    expect(codeOf(() => gmap.map({ from: LIMIT, to: 0n, length: MIB }))).toBe('EINVAL');
    expect(codeOf(() => gmap.map({ from: LIMIT - MIB, to: 0n, length: 2n * MIB }))).toBe('EINVAL');
    gmap.map({ from: LIMIT - MIB, to: 0n, length: MIB });
    put(LIMIT - MIB, 1);
    expect(host.readAsGuest(gmap, host.machine.cpu(1), 0n, 1)[0]).toBe(1);
  });

  it('can be protected, dropped, logged and read like any memory', () => {
    const high = END - 2n * MIB;
    mm.mmap({ address: high, length: 2n * MIB });
    put(high + MIB - 1n, 1);
    put(high + MIB, 2);
    mm.mprotect({ address: high, length: MIB, protection: PROT.READ });
    expect(codeOf(() => put(high, 1))).toBe('EFAULT');
    expect(mm.read(high + MIB - 1n, 2)).toEqual(bytes(1, 2));
    const log = mm.startLog(Number((high + MIB) >> 12n), 256);
    put(high + MIB + 5n * PAGE, 3);
    expect(mm.takeLog(log)).toEqual([Number((high + MIB) >> 12n) + 5]);
    mm.dontNeed({ address: high, length: 2n * MIB });
    expect([at(high + MIB - 1n), at(high + MIB)]).toEqual([0, 0]);
  });

  it.each([3, 4])('is not grown into from below 4 TiB, with %i levels', (levels) => {
    if (levels === 4) mm.mmap({ address: 9n * TIB, length: PAGE });
    const last = { address: LIMIT - PAGE, oldLength: PAGE, newLength: 2n * PAGE };
    mm.mmap({ address: LIMIT - PAGE, length: PAGE });
    expect(codeOf(() => mm.mremap(last))).toBe('ENOMEM');
    mm.mmap({ address: HOME, length: PAGE });
    expect(messageOf(() => mm.mremap({ ...last, address: HOME, to: LIMIT - PAGE }))).toBe(
      'the new place 0x3fffffff000 is beyond the address space',
    );
    expect(mm.mremap({ ...last, mayMove: true })).toBe(LIMIT - 3n * PAGE);
    expect(mm.tables.levels).toBe(levels);
  });

  it('can have frames of 1 MiB', () => {
    mm.mmap({ address: 7n * TIB, length: 2n * MIB, large: true });
    put(7n * TIB + MIB, 1);
    expect(host.kernel.frames.count('large-page')).toBe(256);
    mm.mprotect({ address: 7n * TIB + MIB, length: PAGE, protection: PROT.READ });
    expect([ran(7n * TIB + MIB), host.kernel.frames.count('large-page')]).toEqual([1, 0]);
  });

  it('is EFAULT where nothing is mapped, also beyond the reach of three levels', () => {
    for (const grown of [false, true]) {
      if (grown) mm.mmap({ address: LIMIT, length: PAGE });
      const before = frameCounts(host);
      for (const address of [LIMIT + MIB, 9n * TIB, END - 1n, END]) {
        expect(codeOf(() => at(address))).toBe('EFAULT');
        expect(codeOf(() => mm.fault(address, true))).toBe('EFAULT');
        expect(codeOf(() => ran(address))).toBe('EFAULT');
      }
      expect(frameCounts(host)).toEqual(before);
    }
  });
});

describe('region-third tables', () => {
  it('are made with the first page and freed with the last segment table', () => {
    mm.mmap({ address: 4n * TIB, length: 8n * TIB });
    expect(tables()).toBe(2);
    const spots = [4n * TIB, 5n * TIB, 8n * TIB - PAGE, 8n * TIB, 12n * TIB - PAGE];
    spots.forEach((spot, i) => void put(spot, i + 1));
    // Two region tables and five segment tables more.
    expect(tables()).toBe(9);
    expect(spots.map((spot) => ran(spot))).toEqual([1, 2, 3, 4, 5]);
    mm.munmap({ address: 5n * TIB, length: 3n * TIB });
    expect(tables()).toBe(7);
    mm.munmap({ address: 4n * TIB, length: TIB });
    expect(tables()).toBe(5);
    expect(codeOf(() => ran(4n * TIB))).toBe('EFAULT');
    expect([at(8n * TIB), at(12n * TIB - PAGE)]).toEqual([4, 5]);
    mm.munmap({ address: 0n, length: END });
    expect(tables()).toBe(2);
  });

  it('are freed although untouched memory is mapped below', () => {
    mm.mmap({ address: 5n * TIB, length: PAGE });
    mm.mmap({ address: 7n * TIB, length: PAGE });
    put(7n * TIB, 1);
    expect(tables()).toBe(4);
    mm.munmap({ address: 7n * TIB, length: PAGE });
    expect(tables()).toBe(2);
    put(5n * TIB, 2);
    expect([ran(5n * TIB), tables()]).toEqual([2, 4]);
  });

  it('the first one stays', () => {
    mm.mmap({ address: HOME, length: PAGE });
    put(HOME, 1);
    mm.mmap({ address: LIMIT, length: PAGE });
    mm.munmap({ address: HOME, length: PAGE });
    expect(tables()).toBe(2);
    mm.mmap({ address: HOME, length: PAGE });
    put(HOME, 2);
    expect(ran(HOME)).toBe(2);
  });

  it('far from each other are all found by fork and exit', () => {
    const before = frameCounts(host);
    const other = host.createMm();
    for (let i = 0n; i < 6n; i++) {
      const address = i * 1300n * TIB;
      other.mmap({ address, length: PAGE });
      put(address, Number(i), other);
    }
    const child = host.fork(other);
    for (let i = 0n; i < 6n; i++) expect(at(i * 1300n * TIB, child)).toBe(Number(i));
    host.exitMm(other);
    host.exitMm(child);
    expect(frameCounts(host)).toEqual(before);
  });
});

describe('without memory', () => {
  it('ENOMEM: growing allocates one table, and changes nothing if that fails', () => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: HOME, length: PAGE });
      mm.write(HOME, bytes(1));
      host.readAsProcess(mm, host.machine.cpu(1), HOME, 1);
      return {
        host,
        seen: () => [snapshotOf(host, mm), mm.asce],
        operation: () => mm.mmap({ address: HOME, length: 5n * TIB, taken: 'replace' }),
      };
    });
    expect(ends).toEqual(['ENOMEM']);
  });

  it.each([
    ['a page', {}, 4, 'ENOMEM'],
    ['a frame of 1 MiB', { large: true }, 3, 'ok'],
  ])('%s in a new region: the frame, and each of its tables', (_, options, count, end) => {
    const ends = failEach(() => {
      const { host } = checkedHost();
      const mm = host.createMm();
      mm.mmap({ address: 5n * TIB, length: MIB, ...options });
      return { host, seen: () => snapshotOf(host, mm), operation: () => mm.write(5n * TIB, bytes(1)) };
    });
    expect(ends).toEqual(Array(count).fill(end));
  });
});
