import { beforeEach, describe, expect, it } from 'vitest';
import type { Gmap } from './gmap/index.ts';
import type { Host } from './host.ts';
import { Lock, Locks, RANK } from './locks.ts';
import type { Mm } from './mm/index.ts';
import { faultPageLocked, provideSegmentLocked, zapLocked } from './mm/internal.ts';
import { guestSegment, processSegment } from './numbers.ts';
import { bytes, codeOf, GIB, MIB, makeHost, PIB } from './testing/index.ts';

describe('check mode', () => {
  let locks: Locks;
  let mmap: Lock;
  let other: Lock;
  let pages: Lock;
  let problems: string[];

  beforeEach(() => {
    locks = new Locks();
    mmap = new Lock(locks, 'mmap lock', RANK.MMAP);
    other = new Lock(locks, 'other mmap lock', RANK.MMAP);
    pages = new Lock(locks, 'page-table lock', RANK.PAGE_TABLE);
    problems = [];
    locks.problems.subscribe((problem) => problems.push(problem));
  });

  it('reports nothing for the right order', () => {
    mmap.acquire('read');
    pages.acquire('write');
    expect(locks.held).toEqual([mmap, pages]);
    pages.release();
    mmap.release();
    mmap.acquire('write');
    mmap.release();
    pages.acquire('write');
    pages.release();
    expect(locks.held).toEqual([]);
    expect(problems).toEqual([]);
  });

  it('reports the wrong order', () => {
    pages.acquire('write');
    mmap.acquire('read');
    expect(problems).toEqual(['mmap lock taken under the page-table lock']);
  });

  it('reports two of one rank: taken in both orders they would deadlock', () => {
    mmap.acquire('read');
    other.acquire('read');
    expect(problems).toEqual(['other mmap lock taken under the mmap lock']);
  });

  it('reports a lock that is taken while it is held', () => {
    mmap.acquire('read');
    mmap.acquire('read');
    expect(problems).toEqual(['mmap lock taken while it is held']);
  });

  it('reports an unpaired release', () => {
    mmap.release();
    expect(problems).toEqual(['mmap lock released while it is not held']);
    mmap.acquire('write');
    mmap.release();
    mmap.release();
    expect(problems).toHaveLength(2);
    expect(locks.held).toEqual([]);
  });

  it('reports a missing lock, and one held for reading only', () => {
    mmap.expect('read', 'a fault');
    mmap.acquire('read');
    mmap.expect('read', 'a fault');
    mmap.expect('write', 'unmapping');
    mmap.release();
    mmap.acquire('write');
    mmap.expect('read', 'a fault');
    mmap.expect('write', 'unmapping');
    expect(problems).toEqual([
      'a fault without the mmap lock',
      'unmapping without the mmap lock for writing',
    ]);
  });

  it('reports an allocation under the page-table lock', () => {
    mmap.acquire('read');
    locks.allocating();
    pages.acquire('write');
    locks.allocating();
    expect(problems).toEqual(['allocation under the page-table lock']);
  });

  it('lists the held locks, also if they are released out of order', () => {
    mmap.acquire('read');
    pages.acquire('write');
    mmap.release();
    expect(locks.held).toEqual([pages]);
    pages.release();
    expect(locks.held).toEqual([]);
    expect(problems).toEqual([]);
  });
});

describe('outside check mode', () => {
  it('nothing is reported, and held locks are not recorded', () => {
    const locks = new Locks();
    const lock = new Lock(locks, 'mmap lock', RANK.MMAP);
    lock.expect('write', 'anything');
    lock.release();
    lock.acquire('read');
    locks.allocating();
    expect(locks.held).toEqual([]);
    lock.release();
    expect(locks.held).toEqual([]);
  });

  it('a lock records its state: check mode, once on, reports a lock that was never released', () => {
    const locks = new Locks();
    const lock = new Lock(locks, 'mmap lock', RANK.MMAP);
    const problems: string[] = [];
    lock.acquire('read');
    locks.problems.subscribe((problem) => problems.push(problem));
    lock.acquire('read');
    expect(problems).toEqual(['mmap lock taken while it is held']);
  });
});

describe('a host', () => {
  let host: Host;
  let mm: Mm;
  let gmap: Gmap;
  let problems: string[];
  /** Locks as they are taken, in order: name and mode. */
  let taken: string[];

  beforeEach(() => {
    const made = makeHost();
    host = made.host;
    problems = made.problems;
    mm = host.createMm();
    gmap = host.createGmap(mm);
    mm.mmap({ address: 0n, length: 4n * MIB });
    gmap.map({ from: 0n, to: 0n, length: 4n * MIB });
    taken = [];
    for (const lock of [mm.mmapLock, mm.pageTableLock]) {
      const acquire = lock.acquire.bind(lock);
      lock.acquire = (mode) => {
        taken.push(`${lock.name} ${mode}`);
        acquire(mode);
      };
    }
  });

  const READ = 'mmap lock read';
  const WRITE = 'mmap lock write';
  const PAGES = 'page-table lock write';

  const operations: [string, string[], () => unknown][] = [
    ['map', [READ, PAGES], () => gmap.map({ from: 0n, to: 0n, length: MIB })],
    ['map of several segments', [READ, PAGES], () => gmap.map({ from: 0n, to: 0n, length: 2n * MIB })],
    ['making tables for a gmap', [READ], () => gmap.makeTables({ address: 0n, length: 4n * GIB })],
    ['unmap', [READ, PAGES], () => gmap.unmap({ address: 0n, length: MIB })],
    ['fault', [READ, PAGES], () => gmap.fault(0n)],
    ['discard', [READ], () => gmap.discard({ address: 0n, length: MIB })],
    ['free', [READ, PAGES], () => gmap.free()],
    ['mmap', [WRITE], () => mm.mmap({ address: 8n * MIB, length: MIB })],
    ['munmap', [WRITE, PAGES], () => mm.munmap({ address: 0n, length: MIB })],
    ['mprotect', [WRITE, PAGES], () => mm.mprotect({ address: 0n, length: MIB, protection: 1 })],
    ['dontNeed', [READ, PAGES], () => mm.dontNeed({ address: 0n, length: MIB })],
    ['a fault of the process', [READ, PAGES], () => mm.fault(0n, true)],
    ['a read of the kernel', [READ, PAGES], () => mm.read(0n, 1)],
    ['exit', [READ, PAGES, WRITE, PAGES], () => host.exitMm(mm)],
  ];

  it.each(operations)('%s takes %j and leaves nothing held', (_, expected, operation) => {
    operation();
    expect(taken).toEqual(expected);
    expect(host.kernel.locks.held).toEqual([]);
    expect(problems).toEqual([]);
  });

  it.each([
    ['fault', () => gmap.fault(0n), 0n],
    ['faultSegment', () => gmap.faultSegment(guestSegment(0)), 0],
  ])(
    '%s takes the same locks where the process has a page table, and none where the entry is linked',
    (_, fault, result) => {
      mm.fault(0n, true);
      taken = [];
      expect(fault()).toBe(result);
      expect(taken).toEqual([READ, PAGES]);
      expect(fault()).toBe(result);
      expect(taken).toEqual([READ, PAGES]);
      expect(problems).toEqual([]);
    },
  );

  it('the first gmap of a process takes its mmap lock for writing, a second takes none', () => {
    const other = host.createMm();
    other.mmap({ address: 0n, length: MIB });
    other.fault(0n, false);
    const modes: string[] = [];
    const acquire = other.mmapLock.acquire.bind(other.mmapLock);
    other.mmapLock.acquire = (mode) => {
      modes.push(mode);
      acquire(mode);
    };
    host.createGmap(other);
    expect(modes).toEqual(['write']);
    host.createGmap(other);
    expect(modes).toEqual(['write']);
  });

  it('holds no lock after an operation that fails', () => {
    const { frames, locks } = host.kernel;
    const cpu = host.machine.cpu(0);
    const noes: [string, () => unknown][] = [
      ['EINVAL', () => gmap.map({ from: 1n, to: 0n, length: MIB })],
      ['EINVAL', () => gmap.unmap({ address: 0n, length: 0n })],
      ['EFAULT', () => gmap.fault(PIB)],
      ['EFAULT', () => host.readAsGuest(gmap, cpu, PIB, 1)],
      ['EFAULT', () => host.writeAsProcess(mm, cpu, PIB, bytes(1))],
      ['EINVAL', () => gmap.discard({ address: 1n, length: -1n })],
      ['EEXIST', () => mm.mmap({ address: 0n, length: MIB })],
      ['EINVAL', () => mm.munmap({ address: 1n, length: MIB })],
      ['ENOMEM', () => mm.mprotect({ address: 0n, length: 8n * MIB, protection: 1 })],
      ['ENOMEM', () => mm.dontNeed({ address: 0n, length: 8n * MIB })],
      ['EFAULT', () => mm.fault(8n * MIB, false)],
      ['EFAULT', () => mm.read(4n * MIB - 1n, 2)],
    ];
    for (const [code, operation] of noes) {
      expect(codeOf(operation)).toBe(code);
      expect(locks.held).toEqual([]);
    }
    const hungry: (() => unknown)[] = [
      () => gmap.map({ from: 0n, to: PIB, length: MIB }),
      () => gmap.fault(0n),
      () => mm.fault(0n, true),
      () => host.createGmap(mm),
      () => host.createMm(),
      () => host.readAsGuest(gmap, cpu, 0n, 1),
    ];
    for (const operation of hungry) {
      frames.failIn(1);
      expect(codeOf(operation)).toBe('ENOMEM');
      expect(locks.held).toEqual([]);
    }
    expect(problems).toEqual([]);
  });

  it('reports operations without the lock that they need', () => {
    expect(codeOf(() => faultPageLocked(mm, 0, false))).toBe('ok');
    provideSegmentLocked(mm, processSegment(1));
    zapLocked(mm, 0, 1);
    expect(problems).toEqual([
      'a fault without the mmap lock',
      'making a page table without the mmap lock',
      'zapping pages without the mmap lock',
    ]);
  });

  it('purges and unlinks under the page-table lock', () => {
    gmap.fault(0n);
    const seen: string[] = [];
    host.machine.trace.subscribe(({ type }) => {
      seen.push(`${type}: ${host.kernel.locks.held.map(({ name }) => name).join(', ')}`);
    });
    gmap.unmap({ address: 0n, length: MIB });
    expect(seen).toEqual([
      'unlink: mmap lock, page-table lock',
      'purge: mmap lock, page-table lock',
      'unmap: ',
    ]);
  });
});
