/**
 * Checks of what is asked: LinuxError EINVAL names a value that cannot be, ESRCH and ENOENT a space that has ended.
 */

import { demandInstance, demandInteger, Gmap, LinuxError, Mm, show } from '../host/index.ts';

/** Pages that a space can have. */
const PAGES = 2 ** 52;
/** Parts that one answer can have at most. */
const PARTS = 1 << 20;

/** @throws LinuxError EINVAL for what is neither a process's space nor a guest's; ESRCH, ENOENT for one that has ended */
export function demandSpace(space: Mm | Gmap): void {
  if (!(space instanceof Mm) && !(space instanceof Gmap)) {
    throw new LinuxError('EINVAL', `${show(space)} is neither an Mm nor a Gmap`);
  }
  space.life.demand();
}

/** As `demandSpace`, for a guest's space. */
export function demandGmap(gmap: Gmap): void {
  demandInstance('gmap', gmap, Gmap);
  gmap.life.demand();
}

/** As `demandSpace`, for a process's space. */
export function demandProcess(mm: Mm): void {
  demandInstance('mm', mm, Mm);
  mm.life.demand();
}

/** @throws LinuxError EINVAL when one is not the number of a page, 0 to 2^52 */
export function demandPages(first: number, end: number): void {
  demandInteger('first', first, 0, PAGES);
  demandInteger('end', end, 0, PAGES);
}

/** @throws LinuxError EINVAL when it is not a number of parts that an answer can have */
export function demandLimit(name: string, value: number): void {
  demandInteger(name, value, 1, PARTS);
}
