/** What process address spaces offer to the other modules of this project. Not part of the package's interface. */

export { enableSie } from './enable-sie.ts';
export { faultPageLocked, provideSegmentLocked } from './faults.ts';
export {
  isUnlinked,
  unlinkedRunLength,
  wantedSegment,
  writeUnlinked,
  writeUnlinkedRun,
} from './guest-entry.ts';
export { splitEdgesLocked } from './large-frames.ts';
export { ANONYMOUS } from './mappings.ts';
export { MmCommon } from './mm-common.ts';
export { MmState } from './mm-state.ts';
export { PageTableDescriptors } from './page-table-descriptors.ts';
export {
  EMPTY_SEGMENT,
  fillEntries,
  hasFrame,
  PAGE_NONE,
  PageTables,
  PGSTE_OFFSET,
} from './page-tables.ts';
export { PGSTE } from './ptes.ts';
export { type LinkOwner, ReverseMaps } from './reverse-maps.ts';
export { zapLocked } from './unmap.ts';
