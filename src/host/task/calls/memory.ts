/** System calls for memory: mmap(2), mprotect(2), brk(2) and the like. */

import { LinuxError } from '../../errors.ts';
import { type MmapOptions, PROCESS_LIMIT, PROT } from '../../mm/index.ts';
import { MADV, MAP, MREMAP, PROT_GROWSDOWN, PROT_GROWSUP } from '../abi/memory.ts';
import { RLIM_INFINITY, RLIMIT } from '../abi/processes.ts';
import { SealedFile } from '../events/sealed-file.ts';
import type { AddressSpace } from '../memory/address-space.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { call } from './line.ts';

const PAGE = 4096;
const PROT_ALL = PROT.READ | PROT.WRITE | PROT.EXEC;
const LIMIT = Number(PROCESS_LIMIT);

/** Rounds up to pages; a length of 0 or beyond the address space is refused. @throws LinuxError EINVAL, ENOMEM */
function lengthOf(length: number): bigint {
  if (length === 0) throw new LinuxError('EINVAL', 'a length of 0');
  if (length > LIMIT) throw new LinuxError('ENOMEM', `${length} bytes are more than the address space has`);
  return BigInt(Math.ceil(length / PAGE) * PAGE);
}

/** @throws LinuxError EINVAL unless it is a multiple of 4 KiB; ENOMEM beyond the address space */
function pageAddress(address: number): bigint {
  if (address % PAGE !== 0) throw new LinuxError('EINVAL', `${address} is not a multiple of 4 KiB`);
  if (address > LIMIT) throw new LinuxError('ENOMEM', `${address} is beyond the address space`);
  return BigInt(address);
}

/** mmap has its six arguments in memory: Linux, struct s390_mmap_arg_struct. */
function mmap(system: System, thread: Thread, block: number): number {
  const { memory } = thread.space;
  const [address, length] = [memory.u64(block), memory.u64(block + 8)];
  const [protection, flags] = [memory.u32(block + 20), memory.u32(block + 28)];
  const [fd, offset] = [memory.u32(block + 36) | 0, memory.u64(block + 40)];
  const type = flags & MAP.TYPE;
  if (type !== MAP.SHARED && type !== MAP.PRIVATE && type !== MAP.SHARED_VALIDATE) {
    throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)} of mmap`);
  }
  if (offset % PAGE !== 0) throw new LinuxError('EINVAL', `offset ${offset} is not a multiple of 4 KiB`);
  const size = lengthOf(length);
  demandSpace(thread, size);
  const options: MmapOptions = {
    length: size,
    protection: protection & PROT_ALL,
    shared: type !== MAP.PRIVATE,
    ...backingOf(system, thread, {
      fd,
      offset,
      flags,
      protection: protection & PROT_ALL,
      shared: type !== MAP.PRIVATE,
    }),
  };
  return Number(place(thread, options, address, flags));
}

/** Maps at the place that mmap's arguments ask for. */
function place(thread: Thread, options: MmapOptions, address: number, flags: number): bigint {
  const { mm } = thread.space;
  if ((flags & MAP.FIXED_NOREPLACE) !== 0) return mm.mmap({ ...options, address: pageAddress(address) });
  if ((flags & MAP.FIXED) !== 0)
    return mm.mmap({ ...options, address: pageAddress(address), taken: 'replace' });
  const hint = Math.floor(address / PAGE);
  const count = Number(options.length) / PAGE;
  const fits = hint > 0 && (hint + count) * PAGE <= LIMIT && !mm.mappings.touches(hint, hint + count);
  return mm.mmap(fits ? { ...options, address: BigInt(hint * PAGE) } : options);
}

interface FileMapping {
  readonly fd: number;
  readonly offset: number;
  readonly flags: number;
  readonly protection: number;
  readonly shared: boolean;
}

/** Returns the file and offset of a mapping. @throws LinuxError EBADF, EACCES, ENODEV */
function backingOf(
  system: System,
  thread: Thread,
  { fd, offset, flags, protection, shared }: FileMapping,
): Partial<MmapOptions> {
  if ((flags & MAP.ANONYMOUS) !== 0) return {};
  const file = thread.files.get(fd);
  const mustWrite = shared && (protection & PROT.WRITE) !== 0;
  if (!file.readable || (mustWrite && !file.writable)) {
    throw new LinuxError('EACCES', `descriptor ${fd} is not open for this mapping`);
  }
  if (mustWrite && file.inode instanceof SealedFile) file.inode.demandWritable();
  const contents = file.mappable();
  if (file.dentry !== null) system.mappedFiles.set(contents, file.dentry);
  return { file: contents, offset: BigInt(offset) };
}

/** @throws LinuxError ENOMEM if RLIMIT_AS does not allow `more` bytes */
function demandSpace({ process, space }: Thread, more: bigint): void {
  const { current } = process.limits[RLIMIT.AS]!;
  if (current === RLIM_INFINITY) return;
  let pages = 0;
  for (const { start, end } of space.mm.mappings) pages += end - start;
  if (BigInt(pages * PAGE) + more > current) throw new LinuxError('ENOMEM', 'RLIMIT_AS is reached');
}

function munmap(_: System, { space }: Thread, address: number, length: number): number {
  if (address % PAGE !== 0 || length === 0 || address + length > LIMIT) {
    throw new LinuxError('EINVAL', `munmap of ${length} bytes at ${address}`);
  }
  space.mm.munmap({ address: BigInt(address), length: lengthOf(length) });
  return 0;
}

function mprotect(_: System, { space }: Thread, address: number, length: number, protection: number): number {
  if ((protection & ~(PROT_ALL | PROT_GROWSDOWN | PROT_GROWSUP)) !== 0)
    throw new LinuxError('EINVAL', 'unknown protection');
  const start = pageAddress(address);
  if (length === 0) return 0;
  const wanted = lengthOf(length);
  const mapped = mappedLength(space, start, wanted);
  if (mapped > 0n) space.mm.mprotect({ address: start, length: mapped, protection: protection & PROT_ALL });
  if (mapped < wanted) throw new LinuxError('ENOMEM', 'some of the range is not mapped');
  return 0;
}

/** Returns how many bytes of a range are mapped before its first hole: Linux changes their protection before it fails. */
function mappedLength({ mm }: AddressSpace, address: bigint, length: bigint): bigint {
  const first = Number(address) / PAGE;
  const end = first + Number(length) / PAGE;
  let page = first;
  for (let next = mm.mappings.at(page); next !== undefined && page < end; next = mm.mappings.at(page)) {
    page = next.end;
  }
  return BigInt(Math.min(page, end) - first) * BigInt(PAGE);
}

function mremap(
  _: System,
  thread: Thread,
  address: number,
  oldLength: number,
  newLength: number,
  flags: number,
  to: number,
): number {
  const isFixed = (flags & MREMAP.FIXED) !== 0;
  const mayMove = (flags & MREMAP.MAYMOVE) !== 0;
  if ((flags & ~(MREMAP.MAYMOVE | MREMAP.FIXED)) !== 0 || (isFixed && !mayMove) || oldLength === 0) {
    throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)} of mremap`);
  }
  if (newLength > oldLength) demandSpace(thread, BigInt(newLength - oldLength));
  const options = {
    address: pageAddress(address),
    oldLength: lengthOf(oldLength),
    newLength: lengthOf(newLength),
  };
  const place = isFixed ? { to: pageAddress(to) } : {};
  return Number(thread.space.mm.mremap({ ...options, mayMove, ...place }));
}

/** Linux returns the present end if it cannot change it. */
function brk(_: System, thread: Thread, address: number): number {
  const { space } = thread;
  const { brkStart } = space.layout;
  if (address < brkStart || address > LIMIT) return space.brk;
  const [from, to] = [pageEnd(space.brk), pageEnd(address)];
  try {
    if (to > from) {
      demandSpace(thread, BigInt(to - from));
      space.mm.mmap({ address: BigInt(from), length: BigInt(to - from) });
    } else if (to < from) {
      space.mm.munmap({ address: BigInt(to), length: BigInt(from - to) });
    }
    space.brk = address;
  } catch (error) {
    if (!(error instanceof LinuxError)) throw error;
  }
  return space.brk;
}

function pageEnd(address: number): number {
  return Math.ceil(address / PAGE) * PAGE;
}

/** Advice that changes nothing here. */
const HINTS: ReadonlySet<number> = new Set([
  ...[MADV.NORMAL, MADV.RANDOM, MADV.SEQUENTIAL, MADV.WILLNEED, MADV.MERGEABLE, MADV.UNMERGEABLE],
  ...[MADV.HUGEPAGE, MADV.NOHUGEPAGE, MADV.DONTDUMP, MADV.DODUMP, MADV.COLD, MADV.PAGEOUT],
]);

function madvise(_: System, { space }: Thread, address: number, length: number, advice: number): number {
  const start = pageAddress(address);
  if (length === 0) return 0;
  const range = { address: start, length: lengthOf(length) };
  if (advice === MADV.DONTNEED || advice === MADV.FREE) {
    space.mm.dontNeed(range);
    return 0;
  }
  if (!HINTS.has(advice)) throw new LinuxError('EINVAL', `advice ${advice} of madvise`);
  const first = Number(range.address) / PAGE;
  if (!space.mm.mappings.covers(first, first + Number(range.length) / PAGE)) {
    throw new LinuxError('ENOMEM', 'some of the range is not mapped');
  }
  return 0;
}

function mincore(_: System, { space }: Thread, address: number, length: number, vector: number): number {
  const start = pageAddress(address);
  if (length === 0) return 0;
  space.memory.write(vector, space.mm.mincore({ address: start, length: lengthOf(length) }));
  return 0;
}

/** Memory is never swapped out: a range only has to be mapped. */
function mlock(_: System, { space }: Thread, address: number, length: number): number {
  if (length === 0) return 0;
  const first = Math.floor(address / PAGE);
  if (!space.mm.mappings.covers(first, Math.ceil((address + length) / PAGE))) {
    throw new LinuxError('ENOMEM', 'some of the range is not mapped');
  }
  return 0;
}

/** Files and their mappings share pages: there is nothing to write back. */
function msync(_: System, { space }: Thread, address: number, length: number): number {
  const start = Number(pageAddress(address)) / PAGE;
  if (!space.mm.mappings.covers(start, start + Math.ceil(length / PAGE))) {
    throw new LinuxError('ENOMEM', 'some of the range is not mapped');
  }
  return 0;
}

/** The system calls for memory. */
export const MEMORY_CALLS = [
  call('mmap', 'addr', mmap),
  call('munmap', 'addr size', munmap),
  call('mprotect', 'addr size flags:PROT', mprotect),
  call('mremap', 'addr size size flags:MREMAP addr', mremap, 'an old size of 0, MREMAP_DONTUNMAP'),
  call('brk', 'addr', brk),
  call('madvise', 'addr size int', madvise, 'DONTFORK, WIPEONFORK, REMOVE'),
  call('mincore', 'addr size addr', mincore),
  call('mlock', 'addr size', mlock),
  call('mlock2', 'addr size int', mlock),
  call('munlock', 'addr size', mlock),
  call('mlockall', 'int', () => 0),
  call('munlockall', '', () => 0),
  call('msync', 'addr size int', msync),
];
