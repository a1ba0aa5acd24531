/**
 * mmap: adds a mapping to the address space. Its pages get frames when they are touched.
 */

import { demandBigint, demandFlag, demandInstance, demandInteger, demandObject, show } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import { PAGE_BYTES } from '../units.ts';
import { addressOf, checkedRange, GROWN_LIMIT } from './addresses.ts';
import { splitEdgesLocked } from './large-frames.ts';
import { chooseGap, demandRoom } from './mapping-limits.ts';
import { ANONYMOUS, type Backing, PROT } from './mappings.ts';
import { MemoryFile } from './memory-file.ts';
import type { MmState } from './mm-state.ts';
import { removeRangeLocked } from './unmap.ts';

/** Options of mmap. Addresses and lengths are in bytes, multiples of 4 KiB. */
export interface MmapOptions {
  /** Where to map; default the highest gap below 4 TiB that is large enough. */
  readonly address?: bigint;
  readonly length: bigint;
  /** PROT bits; default read and write. */
  readonly protection?: number;
  /** Whether a range that is mapped in part is refused with EEXIST (default), or its mappings are replaced (MAP_FIXED). */
  readonly taken?: 'refuse' | 'replace';
  /** Whether all processes that map the memory see a store (MAP_SHARED), or only this one, the default. */
  readonly shared?: boolean;
  /** The file to map, from byte `offset` on; default anonymous memory. */
  readonly file?: MemoryFile;
  /** A multiple of 4 KiB; default 0. */
  readonly offset?: bigint;
  /** Whether whole segments get frames of 1 MiB when they are first touched. Private anonymous memory only. */
  readonly large?: boolean;
}

/** Checked arguments of mmap, in page numbers. */
export interface MapRequest {
  /** Where to map, or null if any gap will do. */
  readonly start: number | null;
  readonly count: number;
  readonly protection: number;
  readonly replace: boolean;
  readonly backing: {
    readonly file: MemoryFile | null;
    /** The first page of the file. */
    readonly filePage: number;
    readonly shared: boolean;
    readonly large: boolean;
  };
}

/** @throws LinuxError EINVAL for unknown bits */
export function checkProtection(protection: number): void {
  demandInteger('protection', protection);
  if (protection & ~(PROT.READ | PROT.WRITE | PROT.EXEC)) {
    throw new LinuxError('EINVAL', `protection ${hex(protection)} has unknown bits`);
  }
}

/** Checks the options of mmap. @throws LinuxError EINVAL, EBADF as `Mm.mmap` */
export function checkedMapRequest(mm: MmState, options: MmapOptions): MapRequest {
  demandObject('options', options);
  const { address, length, file, protection = PROT.READ | PROT.WRITE } = options;
  const { taken = 'refuse', offset = 0n, shared = false, large = false } = options;
  checkProtection(protection);
  if (taken !== 'refuse' && taken !== 'replace') {
    throw new LinuxError('EINVAL', `taken ${show(taken)} is neither 'refuse' nor 'replace'`);
  }
  demandFlag('shared', shared);
  demandFlag('large', large);
  demandBigint('offset', offset);
  if (offset < 0n || offset % PAGE_BYTES !== 0n || offset >= GROWN_LIMIT) {
    throw new LinuxError('EINVAL', `offset ${hex(offset)} is not a multiple of 4 KiB in a file`);
  }
  if (file !== undefined) {
    demandInstance('file', file, MemoryFile);
    mm.kernel.demandOwn('file', file.life);
    file.life.demand();
  }
  if (large && (file || shared)) {
    throw new LinuxError('EINVAL', 'only private anonymous memory can be large');
  }
  const { start, count } = checkedRange(address === undefined ? 0n : address, length);
  return {
    start: address === undefined ? null : start,
    count,
    protection,
    replace: taken === 'replace',
    backing: { file: file ?? null, filePage: Number(offset / PAGE_BYTES), shared, large },
  };
}

/**
 * Maps memory, see `Mm.mmap`. Returns its first page.
 * Preconditions: the caller holds the mmap lock (write).
 * @throws LinuxError EEXIST, ENOMEM
 */
export function mmapLocked(mm: MmState, request: MapRequest): number {
  mm.mmapLock.expect('write', 'mmap');
  const { count, replace } = request;
  demandRoom(mm);
  const start = request.start ?? chooseGap(mm, count);
  const end = start + count;
  const free = !mm.mappings.touches(start, end);
  if (!free && !replace) {
    throw new LinuxError('EEXIST', `${count * 4} KiB at ${hex(addressOf(start))} are already mapped in part`);
  }
  if (!free) splitEdgesLocked(mm, start, end);
  if (end > mm.tables.limit) grow(mm);
  if (!free) removeRangeLocked(mm, start, end);
  insert(mm, start, request);
  return start;
}

/** Adds a fourth level of tables. Processors that run the process's code get the new element. @throws LinuxError ENOMEM */
function grow(mm: MmState): void {
  const { asce, asceHi, asceLo } = mm;
  mm.tables.grow();
  for (const cpu of mm.kernel.machine.cpus) if (cpu.cr[1] === asce) cpu.setControl(1, mm.asce);
  mm.kernel.purges.asce('space-grown', asceHi, asceLo);
}

function insert(mm: MmState, start: number, { count, protection, backing }: MapRequest): void {
  const { file, filePage, shared, large } = backing;
  if (file !== null || !shared) {
    const shift = file === null ? 0 : filePage - start;
    const wanted: Backing = large || file ? { file, shift, shared, large } : ANONYMOUS;
    mm.mappings.insert(start, start + count, protection, wanted);
    return;
  }
  // Shared anonymous memory is a file of its own, which cannot be opened again.
  const own = new MemoryFile(mm.kernel, mm.common, count);
  mm.mappings.insert(start, start + count, protection, { file: own, shift: -start, shared, large });
  own.close();
}
