/** Process address spaces: mappings, files in memory, dirty logs. */

export { GROWN_LIMIT, PROCESS_LIMIT } from './addresses.ts';
export { DirtyLog } from './dirty-log.ts';
export { type Backing, type Mapping, Mappings, PROT } from './mappings.ts';
export { type FileBacking, type FileCommon, type FileMapper, MemoryFile } from './memory-file.ts';
export { Mm, type MremapOptions } from './mm.ts';
export type { MmCommon } from './mm-common.ts';
export type { GmapHandle } from './mm-state.ts';
export type { MmapOptions } from './mmap.ts';
export type { PageContents } from './provide.ts';
export {
  type FaultedAccess,
  type PageServer,
  type PageWaiter,
  PendingFault,
  type QueuedFault,
  SERVED,
  type ServedFaults,
} from './served-faults.ts';
export { type PageUsage, USAGE } from './usage-states.ts';
