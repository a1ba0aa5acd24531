/** Process address spaces: mappings, page tables, faults. */

export { GROWN_LIMIT, PROCESS_LIMIT } from './addresses.ts';
export * from './dirty-log.ts';
export { PGSTE } from './entries.ts';
export {
  isUnlinked,
  unlinkedRunLength,
  wantedSegment,
  writeUnlinked,
  writeUnlinkedRun,
} from './guest-entry.ts';
export * from './mappings.ts';
export * from './memory-file.ts';
export * from './mm.ts';
export * from './page-tables.ts';
export * from './reverse-maps.ts';
