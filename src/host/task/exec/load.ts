/** Loads an executable into an address space: its segments, the stack, and the page that signal handlers return through. */

import { LinuxError } from '../../errors.ts';
import { type MemoryFile, type Mm, PROT } from '../../mm/index.ts';
import { UserMemory } from '../memory/user-memory.ts';
import type { ElfProgram, LoadSegment, ProgramFile } from './elf-program.ts';

const PAGE = 4096;
/** Where position-independent programs are loaded: two thirds of the address space. Linux: ELF_ET_DYN_BASE. */
const RELOCATABLE_BASE = 0x2aa_0000_0000;
/** The end of the stack: that of an address space of three levels. */
const STACK_TOP = 0x400_0000_0000;
/** Between the stack and what is mapped below, in bytes: a stack that overflows meets it. Linux: stack_guard_gap. */
const STACK_GUARD = 1 << 20;
const STACK_MAX = 64 << 20;
/** SVC for rt_sigreturn and for sigreturn. */
const TRAMPOLINE = Uint8Array.of(0x0a, 173, 0x0a, 119);
/** Where the instruction for handlers without siginfo is in the page. */
export const SIGRETURN_OFFSET = 2;

/** A file whose pages can be mapped. */
export interface MappableFile extends ProgramFile {
  /** The contents, for mappings; null if the file has none. */
  readonly contents: MemoryFile | null;
}

/** A program in memory. */
export interface LoadedProgram {
  /** What was added to the addresses of the file. */
  readonly base: number;
  readonly entry: number;
  /** The first address behind its segments. */
  readonly end: number;
}

/**
 * Loads the segments of a program.
 * @param where the base of a relocatable program, or null for any place
 * @throws LinuxError ENOMEM; ENOEXEC if two segments meet in one page
 */
export function loadSegments(
  mm: Mm,
  file: MappableFile,
  program: ElfProgram,
  where: number | null,
): LoadedProgram {
  const { segments, isRelocatable } = program;
  const first = floor(segments[0]!.address);
  const last = segments.at(-1)!;
  const end = ceil(last.address + last.memorySize);
  let base = 0;
  if (isRelocatable) {
    // Reserves the whole range, so that the segments are where they belong to each other.
    const wanted = where === null ? {} : { address: BigInt(where) };
    base = Number(mm.mmap({ ...wanted, length: BigInt(end - first), protection: PROT.NONE })) - first;
    mm.munmap({ address: BigInt(base + first), length: BigInt(end - first) });
  }
  for (const segment of segments) loadSegment(mm, file, segment, base);
  return { base, entry: base + program.entry, end: base + last.address + last.memorySize };
}

/** The place of the first program: that of `program`, or the usual one if it is relocatable. */
export function placeOf(program: ElfProgram): number | null {
  return program.isRelocatable ? RELOCATABLE_BASE : null;
}

function loadSegment(mm: Mm, file: MappableFile, segment: LoadSegment, base: number): void {
  const { address, offset, fileSize, memorySize } = segment;
  const protection = protectionOf(segment.flags);
  const start = floor(base + address);
  const fileEnd = ceil(base + address + fileSize);
  const end = ceil(base + address + memorySize);
  if (fileSize > 0) mapFile(mm, file, { start, end: fileEnd, offset: floor(offset), protection });
  const anonymous = fileSize > 0 ? fileEnd : start;
  if (end > anonymous) {
    const range = { address: BigInt(anonymous), length: BigInt(end - anonymous) };
    mm.mmap({ ...range, protection, taken: 'replace' });
  }
  // What follows the segment in its last page of the file is not part of it.
  const tail = base + address + fileSize;
  if (fileSize > 0 && memorySize > fileSize && tail % PAGE !== 0) {
    if ((protection & PROT.WRITE) === 0)
      throw new LinuxError('ENOEXEC', 'a segment with zeros cannot be written');
    new UserMemory(mm).write(tail, new Uint8Array(fileEnd - tail));
  }
}

function mapFile(
  mm: Mm,
  file: MappableFile,
  { start, end, offset, protection }: { start: number; end: number; offset: number; protection: number },
): void {
  const range = { address: BigInt(start), length: BigInt(end - start) };
  if (file.contents !== null) {
    mm.mmap({ ...range, protection, taken: 'replace', file: file.contents, offset: BigInt(offset) });
    return;
  }
  mm.mmap({ ...range, taken: 'replace' });
  new UserMemory(mm).write(start, file.read(offset, end - start));
  mm.mprotect({ ...range, protection });
}

/** Maps a stack. Returns its bounds. @param size in bytes, of the limit of resources */
export function mapStack(mm: Mm, size: number): { low: number; high: number } {
  const length = ceil(Math.min(Math.max(size, 128 << 10), STACK_MAX));
  const low = STACK_TOP - length;
  const guard = { address: BigInt(low - STACK_GUARD), length: BigInt(STACK_GUARD) };
  mm.mmap({ ...guard, protection: PROT.NONE });
  mm.mmap({ address: BigInt(low), length: BigInt(length) });
  return { low, high: STACK_TOP };
}

/** Maps the page with the instructions that a signal handler returns to. Returns its address. */
export function mapTrampoline(mm: Mm): number {
  const page = mm.mmap({ length: BigInt(PAGE) });
  mm.write(page, TRAMPOLINE);
  mm.mprotect({ address: page, length: BigInt(PAGE), protection: PROT.READ | PROT.EXEC });
  return Number(page);
}

function protectionOf(flags: number): number {
  return (flags & 4 ? PROT.READ : 0) | (flags & 2 ? PROT.WRITE : 0) | (flags & 1 ? PROT.EXEC : 0);
}

function floor(address: number): number {
  return address - (address % PAGE);
}

function ceil(address: number): number {
  return floor(address + PAGE - 1);
}
