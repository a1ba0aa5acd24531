/** What the host offers to the other modules of this project. Not part of the package's interface. */

export {
  demandBigint,
  demandBytes,
  demandDoubleword,
  demandFlag,
  demandInstance,
  demandInteger,
  demandObject,
  show,
} from './arguments.ts';
export { hex } from './errors.ts';
export { PURPOSES, type Purpose } from './frames.ts';
export {
  ANONYMOUS,
  EMPTY_SEGMENT,
  faultPageLocked,
  hasFrame,
  isUnlinked,
  PAGE_NONE,
  PGSTE,
  PGSTE_OFFSET,
  unlinkedRunLength,
  wantedSegment,
} from './mm/internal.ts';
export { HALF, MIB, PAGE_BYTES, PAGES_PER_SEGMENT } from './units.ts';
