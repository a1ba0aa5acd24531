/** The events that a process emits, whole and in order. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../trace/index.ts';
import type { Host } from '../host.ts';
import { bytes, MIB, makeHost } from '../testing/index.ts';
import type { Mm } from './mm.ts';

const HOME = 8n * MIB;
const PAGE = 4096n;
const GUEST = 5n << 30n;

let host: Host;
let mm: Mm;
let events: TraceEvent[];

beforeEach(() => {
  ({ host } = makeHost());
  mm = host.createMm();
  events = [];
});

const listen = () => host.machine.trace.subscribe((event) => events.push(event));
const frameOf = (segment: number) => BigInt(mm.tables.largeFrameOf(segment));
const tableOf = (segment: number, of = mm) => BigInt(of.tables.pageTableOf(segment));

describe('events', () => {
  it('report the beginning and the end of a process, with its number and its element', () => {
    listen();
    const other = host.createMm();
    const { asce } = other;
    host.exitMm(other);
    expect(events).toEqual([
      { type: 'mm-alloc', mm: 1, asce },
      { type: 'mm-free', mm: 1 },
    ]);
  });

  it('report protection, dropped pages and a move', () => {
    mm.mmap({ address: HOME, length: 2n * MIB });
    mm.write(HOME, bytes(1));
    const pageTable = tableOf(8);
    listen();
    mm.mprotect({ address: HOME, length: PAGE, protection: 1 });
    mm.dontNeed({ address: HOME, length: 2n * PAGE });
    mm.mremap({ address: HOME + MIB, oldLength: MIB, newLength: PAGE, to: 0n });
    expect(events).toEqual([
      { type: 'purge', by: 'ipte', pageTable, page: 0 },
      { type: 'mprotect', mm: 0, address: HOME, length: PAGE, protection: 1 },
      { type: 'purge', by: 'ipte', pageTable, page: 0 },
      { type: 'zap', mm: 0, address: HOME, length: 2n * PAGE },
      { type: 'mremap', mm: 0, address: HOME + MIB, length: MIB, to: 0n, newLength: PAGE },
    ]);
  });

  it('report a fork, with the page tables of the child, and whether a fault is a store', () => {
    mm.mmap({ address: HOME, length: MIB });
    mm.fault(HOME, false);
    const pageTable = tableOf(8);
    const before = BigInt(mm.ptes.frame(Number(pageTable), 0));
    listen();
    const child = host.fork(mm);
    mm.fault(HOME + PAGE, false);
    mm.fault(HOME, true);
    const frame = (index: number) => BigInt(mm.ptes.frame(Number(pageTable), index));
    expect(frame(0)).not.toBe(before);
    expect(events).toEqual([
      { type: 'mm-alloc', mm: 1, asce: child.asce },
      { type: 'page-table', mm: 1, change: 'new', address: HOME, origin: tableOf(8, child) },
      { type: 'purge', by: 'ipte', pageTable, page: 0 },
      { type: 'fork', mm: 0, child: 1 },
      { type: 'mm-fault', mm: 0, address: HOME + PAGE, frame: frame(1), write: false },
      { type: 'purge', by: 'ipte', pageTable, page: 0 },
      { type: 'mm-fault', mm: 0, address: HOME, frame: frame(0), write: true },
    ]);
  });

  it('report that a frame of 1 MiB is made, changed, split and freed, and each new link of a guest', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true });
    const gmap = host.createGmap(mm, 7);
    gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
    listen();
    gmap.fault(GUEST);
    mm.fault(HOME + MIB, true);
    const [frame, other] = [frameOf(8), frameOf(9)];
    mm.mprotect({ address: HOME, length: MIB, protection: 1 });
    mm.mprotect({ address: HOME, length: PAGE, protection: 3 });
    const table = tableOf(8);
    mm.munmap({ address: HOME + MIB, length: MIB });
    const entry = BigInt(gmap.tables.entryOf(Number(GUEST >> 20n)));
    const link = { gmap: 7, guest: GUEST, process: HOME, entry };
    const purge = (asce: bigint) => ({ type: 'purge', by: 'idte', asce });
    expect(events).toEqual([
      { type: 'large-frame', mm: 0, change: 'new', address: HOME, frame },
      { type: 'link', ...link, pageTable: frame },
      { type: 'gmap-fault', gmap: 7, guest: GUEST, process: HOME },
      { type: 'large-frame', mm: 0, change: 'new', address: HOME + MIB, frame: other },
      { type: 'unlink', ...link, reason: 'segment-changed' },
      { type: 'link', ...link, pageTable: frame },
      purge(mm.asce),
      purge(gmap.asce),
      { type: 'mprotect', mm: 0, address: HOME, length: MIB, protection: 1 },
      { type: 'page-table', mm: 0, change: 'new', address: HOME, origin: table },
      { type: 'large-frame', mm: 0, change: 'split', address: HOME, frame },
      { type: 'unlink', ...link, reason: 'segment-changed' },
      { type: 'link', ...link, pageTable: table },
      purge(mm.asce),
      purge(gmap.asce),
      { type: 'purge', by: 'ipte', pageTable: table, page: 0 },
      { type: 'mprotect', mm: 0, address: HOME, length: PAGE, protection: 3 },
      { type: 'large-frame', mm: 0, change: 'freed', address: HOME + MIB, frame: other },
      purge(mm.asce),
      { type: 'munmap', mm: 0, address: HOME + MIB, length: MIB },
    ]);
  });

  it('report that a guest loses its link to a page table or frame that is freed', () => {
    mm.mmap({ address: HOME, length: MIB });
    const gmap = host.createGmap(mm, 7);
    gmap.map({ from: HOME, to: GUEST, length: MIB });
    gmap.fault(GUEST);
    const entry = BigInt(gmap.tables.entryOf(Number(GUEST >> 20n)));
    const origin = tableOf(8);
    listen();
    mm.munmap({ address: HOME, length: MIB });
    expect(events).toEqual([
      { type: 'unlink', gmap: 7, guest: GUEST, process: HOME, entry, reason: 'page-table-freed' },
      { type: 'purge', by: 'idte', asce: mm.asce },
      { type: 'purge', by: 'idte', asce: gmap.asce },
      { type: 'page-table', mm: 0, change: 'freed', address: HOME, origin },
      { type: 'munmap', mm: 0, address: HOME, length: MIB },
    ]);
  });

  it('may end with an unlinking whose new link follows: the only listener unsubscribes there', () => {
    mm.mmap({ address: HOME, length: MIB, large: true });
    const gmap = host.createGmap(mm);
    gmap.map({ from: HOME, to: GUEST, length: MIB });
    gmap.fault(GUEST);
    const seen: string[] = [];
    const unsubscribe = host.machine.trace.subscribe(({ type }) => {
      seen.push(type);
      if (type === 'unlink') unsubscribe();
    });
    mm.mprotect({ address: HOME, length: MIB, protection: 1 });
    expect(seen).toEqual(['unlink']);
    expect(gmap.fault(GUEST)).toBe(HOME);
  });
});
