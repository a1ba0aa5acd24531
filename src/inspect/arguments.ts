/**
 * Checks of the arguments of this module: a LinuxError EINVAL names the offending value; ESRCH and ENOENT report a space
 * that has ended.
 */

import { Gmap, LinuxError, Mm } from '../host/index.ts';
import { demandInstance, demandInteger, demandObject, show } from '../host/internal.ts';
import type { PageRange, RowRange } from './answers.ts';

/** Pages that a space can have. */
const PAGES = 2 ** 52;
/** The most extents that one answer can have. */
const EXTENTS = 1 << 20;

/** @throws LinuxError EINVAL unless `space` is an address space; ESRCH, ENOENT if it has ended */
export function demandSpace(space: Mm | Gmap): void {
  if (!(space instanceof Mm) && !(space instanceof Gmap)) {
    throw new LinuxError('EINVAL', `${show(space)} is neither an Mm nor a Gmap`);
  }
  space.life.demand();
}

/** As `demandSpace`, for a guest. */
export function demandGmap(gmap: Gmap): void {
  demandInstance('gmap', gmap, Gmap);
  gmap.life.demand();
}

/** As `demandSpace`, for a process. */
export function demandProcess(mm: Mm): void {
  demandInstance('mm', mm, Mm);
  mm.life.demand();
}

/** @throws LinuxError EINVAL unless both ends are page numbers, 0 to 2^52 */
export function demandPages(range: PageRange): void {
  demandObject('range', range);
  demandInteger('first', range.first, 0, PAGES);
  demandInteger('end', range.end, 0, PAGES);
}

/** @throws LinuxError EINVAL unless `page` is a page number, 0 to 2^52 - 1 */
export function demandPage(name: string, page: number): void {
  demandInteger(name, page, 0, PAGES - 1);
}

/** @throws LinuxError EINVAL unless `demandPages` accepts the range, and `demandLimit` its limit */
export function demandRow(range: RowRange): void {
  demandPages(range);
  demandLimit('limit', range.limit);
}

/** @throws LinuxError EINVAL unless `value` is a number of extents that an answer can have, 1 to 2^20 */
export function demandLimit(name: string, value: number): void {
  demandInteger(name, value, 1, EXTENTS);
}
