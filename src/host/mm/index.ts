/** Process address spaces: mappings, page tables, faults. */

export { GROWN_LIMIT, PROCESS_LIMIT } from './addresses.ts';
export { DirtyLog } from './dirty-log.ts';
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
export { ANONYMOUS, type Backing, type Mapping, Mappings, PROT } from './mappings.ts';
export { MemoryFile } from './memory-file.ts';
export { Mm, type MremapOptions } from './mm.ts';
export { MmCommon } from './mm-common.ts';
export { type GmapHandle, MmState } from './mm-state.ts';
export type { MmapOptions } from './mmap.ts';
export { PageTableDescriptors } from './page-table-descriptors.ts';
export {
  EMPTY_PAGE,
  EMPTY_REGION_SECOND,
  EMPTY_REGION_THIRD,
  EMPTY_SEGMENT,
  fillEntries,
  hasFrame,
  PAGE_NONE,
  PAGES_OF_FOUR_LEVELS,
  PAGES_OF_THREE_LEVELS,
  PageTables,
  PGSTE_OFFSET,
} from './page-tables.ts';
export { PGSTE } from './ptes.ts';
export { type LinkOwner, ReverseMaps } from './reverse-maps.ts';
export { zapLocked } from './unmap.ts';
