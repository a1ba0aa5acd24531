/**
 * The operations of random scenarios: plain records, so that a scenario that fails can be read, cut down and kept.
 * Places are page and segment numbers (byte address / 4096, / 1 MiB) as plain numbers.
 */

/** What is common to all: an allocation during it that is to fail, counted from 1. It is then tried again. */
interface Failing {
  readonly failAt?: number;
}

/** Accesses: on which processor, at which byte of which page, and how many bytes. */
interface Access {
  readonly cpu: number;
  readonly page: number;
  readonly offset: number;
  readonly length: number;
}

/** A range of pages of a process. */
interface Range {
  readonly process: number;
  readonly page: number;
  readonly count: number;
}

/** One operation. Processes and gmaps are named by the slots of a small world. */
export type Operation = Failing &
  (
    | ({ readonly op: 'mmap'; readonly protection: number; readonly replace: boolean } & Range)
    | ({ readonly op: 'munmap' } & Range)
    | ({ readonly op: 'mprotect'; readonly protection: number } & Range)
    | ({ readonly op: 'dontNeed' } & Range)
    | { readonly op: 'exit'; readonly process: number }
    | { readonly op: 'alloc'; readonly process: number; readonly gmap: number }
    | { readonly op: 'free'; readonly gmap: number }
    | {
        readonly op: 'map';
        readonly gmap: number;
        readonly from: number;
        readonly to: number;
        readonly count: number;
      }
    | { readonly op: 'unmap'; readonly gmap: number; readonly to: number; readonly count: number }
    | { readonly op: 'fault'; readonly gmap: number; readonly page: number }
    | { readonly op: 'discard'; readonly gmap: number; readonly page: number; readonly count: number }
    | ({ readonly op: 'processRead'; readonly process: number } & Access)
    | ({ readonly op: 'processWrite'; readonly process: number; readonly value: number } & Access)
    | ({ readonly op: 'guestRead'; readonly gmap: number } & Access)
    | ({ readonly op: 'guestWrite'; readonly gmap: number; readonly value: number } & Access)
    | ({ readonly op: 'kernelRead'; readonly process: number } & Access)
    | ({ readonly op: 'kernelWrite'; readonly process: number; readonly value: number } & Access)
  );

/** How many slots for processes and for gmaps. */
export const PROCESSES = 2;
export const GMAPS = 3;
/** Processors that accesses run on. */
export const CPUS = 3;

/** Few places, so that operations meet: three neighbours most of the time, else the edges of tables. */
const PROCESS_SEGMENTS = [
  ...often(24, 0x100, 0x101, 0x102),
  ...[0x7ff, 0x800, 0, 0x3f_fffe, 0x3f_ffff],
] as const;
const GUEST_SEGMENTS = [
  ...often(24, 0, 1, 2),
  ...[0x7ff, 0x800, 0x3f_ffff, 0x40_0000],
  ...[2 ** 33 - 1, 2 ** 33, 2 ** 44 - 3, 2 ** 44 - 2, 2 ** 44 - 1],
] as const;
const PAGES_IN_SEGMENT = [0, 0, 0, 1, 2, 128, 254, 255] as const;
const MAPPED_COUNTS = [256, 512, 768, 1, 2, 128, 257, 640] as const;
const PAGE_COUNTS = [1, 256, 2, 512, 128, 255, 257, 640] as const;
const OFFSETS = [0, 8, 4095, 4090, 0x800] as const;
const LENGTHS = [4, 1, 16, 2] as const;
const PROTECTIONS = [...often(24, 3), ...[1, 0, 2, 4, 7, 1]] as const;

/** How often which operation is chosen. */
const WEIGHTS: readonly (readonly [Operation['op'], number])[] = [
  ['guestRead', 40],
  ['guestWrite', 30],
  ['processRead', 18],
  ['processWrite', 14],
  ['mmap', 34],
  ['map', 26],
  ['alloc', 20],
  ['munmap', 7],
  ['unmap', 5],
  ['fault', 10],
  ['mprotect', 7],
  ['dontNeed', 5],
  ['discard', 5],
  ['kernelRead', 3],
  ['kernelWrite', 3],
  ['free', 2],
  ['exit', 1],
];
const KINDS: readonly Operation['op'][] = WEIGHTS.flatMap(([op, weight]) => often(weight, op));

/** Choices that come up in turn, `times` of them altogether. */
function often<T>(times: number, ...choices: readonly T[]): T[] {
  return Array.from({ length: times }, (_, i) => choices[i % choices.length] as T);
}

/** How many numbers an operation is made from. */
export const NUMBERS_PER_OPERATION = 10;

/**
 * The operation that some numbers stand for. Any natural numbers do, and smaller ones stand for simpler
 * operations, so that whatever makes and shrinks lists of numbers makes and shrinks scenarios.
 */
export function operationOf(numbers: readonly number[]): Operation {
  let used = 0;
  const next = () => numbers[used++ % numbers.length] ?? 0;
  const pick = <T>(choices: readonly T[]): T => choices[next() % choices.length] as T;
  const op = pick(KINDS);
  // Every 16th operation has a failing allocation, its first to fourth.
  const trouble = next() % 64;
  const failing: Failing = trouble >= 60 ? { failAt: trouble - 59 } : {};
  const slot = { process: pick([0, 0, 1]), gmap: next() % GMAPS };
  const { process, gmap } = slot;
  switch (op) {
    case 'mmap':
    case 'munmap':
    case 'mprotect':
    case 'dontNeed': {
      const range = { process, page: pick(PROCESS_SEGMENTS) * 256 + pick(PAGES_IN_SEGMENT) };
      if (op === 'mmap') {
        const [count, protection] = [pick(MAPPED_COUNTS), pick(PROTECTIONS)];
        return { op, ...range, count, protection, replace: next() % 4 > 0, ...failing };
      }
      const count = op === 'munmap' && next() % 32 === 31 ? 2 ** 30 - range.page : pick(PAGE_COUNTS);
      if (op === 'mprotect') return { op, ...range, count, protection: pick(PROTECTIONS), ...failing };
      return { op, ...range, count, ...failing };
    }
    case 'exit':
      return { op, process, ...failing };
    case 'alloc':
      return { op, process, gmap, ...failing };
    case 'free':
      return { op, gmap, ...failing };
    case 'map': {
      const [from, to] = [pick(PROCESS_SEGMENTS), pick(GUEST_SEGMENTS)];
      return { op, gmap, from, to, count: pick([1, 2, 3, 3]), ...failing };
    }
    case 'unmap': {
      const to = pick(GUEST_SEGMENTS);
      const rest = 2 ** 44 - 1 - to;
      return { op, gmap, to, count: pick([1, 2, 1, 3, 1, 2, 1, 3, 2 ** 33, rest, 0x900]) || 1, ...failing };
    }
    case 'fault':
      return { op, gmap, page: pick(GUEST_SEGMENTS) * 256 + pick(PAGES_IN_SEGMENT), ...failing };
    case 'discard': {
      const page = pick(GUEST_SEGMENTS) * 256 + pick(PAGES_IN_SEGMENT);
      return { op, gmap, page, count: pick([...PAGE_COUNTS, 2 ** 52 - page, 0]), ...failing };
    }
    default: {
      const guest = op === 'guestRead' || op === 'guestWrite';
      const segment = pick<number>(guest ? GUEST_SEGMENTS : PROCESS_SEGMENTS);
      const access = {
        cpu: next() % CPUS,
        page: segment * 256 + pick(PAGES_IN_SEGMENT),
        offset: pick(OFFSETS),
        length: pick(LENGTHS),
      };
      const value = 1 + (next() % 255);
      if (op === 'guestRead') return { op, gmap, ...access, ...failing };
      if (op === 'guestWrite') return { op, gmap, value, ...access, ...failing };
      if (op === 'processRead' || op === 'kernelRead') return { op, process, ...access, ...failing };
      return { op, process, value, ...access, ...failing };
    }
  }
}

/** What a write stores: bytes that tell the write and the place in it apart. */
export function dataOf(value: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (value + i * 37) & 0xff);
}
