/**
 * Examines traces: searches, sums up, checks and compares the events of a trace, as they are read. It also reads what a Linux
 * host writes about its guests. docs/trace.md describes it.
 */

export {
  type FindingPlace,
  TRACE_RULES,
  TraceChecker,
  type TraceFinding,
  type TraceRule,
} from './check/index.ts';
export { fieldsOf, nameOf } from './describe.ts';
export { compareTraces, type DiffLine, type NumberedEvent, type TraceDifference } from './diff.ts';
export { type EventTerms, FilterError, matchesTerms, parseFilter } from './filter.ts';
export type { HostCpu } from './host/cpus.ts';
export type { NotUnderstood } from './host/read.ts';
export { type TracepointFacts, tracepointFacts } from './host/tracepoints.ts';
export { type AddressRange, rangesOf } from './ranges.ts';
export { type TraceKind, TraceReader, traceKindOf } from './read.ts';
export {
  type Count,
  type HotPlace,
  type KindCount,
  type LinkCount,
  Summarizer,
  type Summary,
} from './summary.ts';
