/** Checks traces against the rules that they show. */

export { TraceChecker } from './checker.ts';
export { type FindingPlace, TRACE_RULES, type TraceFinding, type TraceRule } from './rules.ts';
