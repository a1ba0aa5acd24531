/**
 * Looks at a machine and its address spaces without changing anything. Answers are bounded in size: docs/inspect.md
 * describes them.
 */

export { PAGES_PER_SEGMENT } from '../host/internal.ts';
export {
  type CachedTranslation,
  type EntryState,
  type Extent,
  type Field,
  type GuestCounts,
  type GuestExtent,
  type Line,
  type MappingExtent,
  PAGE_FLAG,
  type PageRange,
  type Pages,
  type ProcessorState,
  type Registers,
  type Row,
  type RowRange,
  type SegmentPages,
  type Table,
  type TableEntry,
  type TableExtent,
  type TranslationBuffer,
} from './answers.ts';
export { type Extents, extentsOf } from './extents.ts';
export { entryFields, pswFields } from './fields.ts';
export { guestExtents } from './guest-extents.ts';
export { PAGES_LIMIT, pagesOf } from './pages.ts';
export { mappingExtents, tableExtents } from './process-extents.ts';
export { ownTablesOf, processorState } from './processors.ts';
export { segmentPagesOf } from './segment-pages.ts';
export { ENTRIES_LIMIT, type TableQuery, tableOf } from './tables.ts';
export {
  type ExplainedStep,
  type ExplainedWalk,
  explainOwnWalk,
  explainWalk,
  type OwnTables,
} from './walk.ts';
