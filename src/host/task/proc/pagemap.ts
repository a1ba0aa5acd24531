/**
 * /proc/PID/pagemap: which pages of a process have frames. Linux: Documentation/admin-guide/mm/pagemap.rst, include/uapi/linux/fs.h. As for
 * users other than root, the numbers of frames are 0; and as without CONFIG_MEM_SOFT_DIRTY, it is not known which pages were written lately.
 */

import { LinuxError } from '../../errors.ts';
import type { Mm } from '../../mm/index.ts';
import { S, SEEK } from '../abi/files.ts';
import { type FileSystem, OpenableInode, OpenFile } from '../files/index.ts';
import type { Caller } from '../process/caller.ts';
import { CATEGORY, pageRuns, type Run } from './page-categories.ts';

const PAGE = 4096;
/** Length of an entry in bytes, and the high halves of its bits. */
const ENTRY = 8;
const ENTRY_HI = { PRESENT: 0x8000_0000, FILE: 0x2000_0000 } as const;
/** Pages that a read looks at in one step. */
const STEP = 0x1_0000;
/** Addresses of a process end there at the latest. */
const LAST_PAGE = 2 ** 41;

const PAGEMAP_SCAN = 0xc060_6610;
/** struct pm_scan_arg: its fields, of 8 bytes each. */
const FIELDS = [
  ...['size', 'flags', 'start', 'end', 'walkEnd', 'regions', 'room', 'most', 'inverted', 'all', 'any'],
  'shown',
] as const;
const SCAN_LENGTH = FIELDS.length * 8;
const WALK_END = 4 * 8;
/** Length of struct page_region in bytes. */
const REGION = 24;
const CATEGORIES = 0xff;

/** The file of a process. */
export class PageMap extends OpenableInode {
  readonly #mm: () => Mm;

  /** @param mm returns the address space. @throws LinuxError ESRCH if the process has ended */
  constructor(fs: FileSystem, mm: () => Mm) {
    super(fs, S.IFREG | 0o400);
    this.#mm = mm;
  }

  override open(flags: number): OpenFile {
    return new OpenPageMap(this, flags, this.#mm());
  }
}

class OpenPageMap extends OpenFile {
  readonly #mm: Mm;
  #position = 0;

  constructor(file: PageMap, flags: number, mm: Mm) {
    super(file, flags);
    this.#mm = mm;
  }

  override read(into: Uint8Array): number {
    const count = this.readAt(into, this.#position);
    this.#position += count;
    return count;
  }

  override readAt(into: Uint8Array, offset: number): number {
    if (offset % ENTRY !== 0 || into.length % ENTRY !== 0)
      throw new LinuxError('EINVAL', 'an entry has 8 bytes');
    if (this.#mm.ended) return 0;
    const start = offset / ENTRY;
    const end = Math.min(start + Math.min(into.length / ENTRY, STEP), LAST_PAGE);
    if (start >= end) return 0;
    into.fill(0, 0, (end - start) * ENTRY);
    const view = new DataView(into.buffer, into.byteOffset);
    for (const run of pageRuns(this.#mm, start, end)) {
      if ((run.categories & CATEGORY.PRESENT) === 0) continue;
      const high = ENTRY_HI.PRESENT + ((run.categories & CATEGORY.FILE) !== 0 ? ENTRY_HI.FILE : 0);
      for (let page = run.start; page < run.end; page++) view.setUint32((page - start) * ENTRY, high);
    }
    return (end - start) * ENTRY;
  }

  override seek(offset: number, whence: number): number {
    const base = whence === SEEK.SET ? 0 : whence === SEEK.CUR ? this.#position : Number.NaN;
    const to = base + offset;
    if (!Number.isSafeInteger(to) || to < 0) throw new LinuxError('EINVAL', `no offset ${offset}`);
    this.#position = to;
    return to;
  }

  override control(command: number, argument: number, caller: Caller): number {
    if (command !== PAGEMAP_SCAN) throw new LinuxError('ENOTTY', `no command 0x${command.toString(16)}`);
    const { memory } = caller.space;
    const scan = scanOf(memory.struct(argument, SCAN_LENGTH));
    const { regions, walkEnd } = this.#mm.ended
      ? { regions: [], walkEnd: scan.end }
      : found(pageRuns(this.#mm, scan.start / PAGE, Math.ceil(scan.end / PAGE)), scan);
    regions.forEach(({ start, end, categories }, i) => {
      const view = new DataView(new ArrayBuffer(REGION));
      [start * PAGE, end * PAGE, categories].forEach((value, at) => {
        view.setBigUint64(at * 8, BigInt(value));
      });
      memory.write(scan.regions + i * REGION, new Uint8Array(view.buffer));
    });
    memory.setU64(argument + WALK_END, walkEnd);
    return regions.length;
  }
}

/** What a program looks for. Addresses in bytes. */
type Scan = Readonly<Record<(typeof FIELDS)[number], number>>;

/** @throws LinuxError EINVAL, EFAULT */
function scanOf(view: DataView): Scan {
  const values = FIELDS.map((name, i) => [name, Number(view.getBigUint64(i * 8))] as const);
  const scan = Object.fromEntries(values) as Scan;
  const demand = (condition: boolean, what: string) => {
    if (!condition) throw new LinuxError('EINVAL', `PAGEMAP_SCAN: ${what}`);
  };
  demand(scan.size === SCAN_LENGTH, `a structure of ${scan.size} bytes`);
  demand(scan.flags === 0, 'write protection is not implemented');
  for (const mask of [scan.inverted, scan.all, scan.any, scan.shown]) {
    demand(mask <= CATEGORIES, 'an unknown category');
    demand((mask & CATEGORY.SOFT_DIRTY) === 0, 'PAGE_IS_SOFT_DIRTY is not implemented');
  }
  demand(scan.start % PAGE === 0, 'the start is within a page');
  demand(scan.regions !== 0 || scan.room === 0, 'there is nowhere to put the regions');
  if (scan.end < scan.start || scan.end > LAST_PAGE * PAGE)
    throw new LinuxError('EFAULT', 'PAGEMAP_SCAN: the range is not one of the process');
  return { ...scan, end: Math.ceil(scan.end / PAGE) * PAGE, most: scan.most === 0 ? Infinity : scan.most };
}

/** Returns the regions that a scan finds, and the address at which it ended. */
function found(runs: Iterable<Run>, scan: Scan): { readonly regions: Run[]; readonly walkEnd: number } {
  const regions: Run[] = [];
  if (scan.regions === 0) return { regions, walkEnd: scan.end };
  let left = scan.most;
  for (const run of runs) {
    if (!matches(run.categories, scan)) continue;
    const categories = run.categories & scan.shown;
    const end = Math.min(run.end, run.start + left);
    const last = regions.at(-1);
    if (last !== undefined && last.end === run.start && last.categories === categories) {
      regions[regions.length - 1] = { ...last, end };
    } else if (regions.length === scan.room) {
      return { regions, walkEnd: run.start * PAGE };
    } else {
      regions.push({ start: run.start, end, categories });
    }
    left -= end - run.start;
    if (left === 0) return { regions, walkEnd: end * PAGE };
  }
  return { regions, walkEnd: scan.end };
}

function matches(categories: number, { inverted, all, any }: Scan): boolean {
  const seen = categories ^ inverted;
  return (seen & all) === all && (any === 0 || (seen & any) !== 0);
}
