/**
 * Looking at a machine and its spaces, without changing anything: what there is, for a range, in answers of bounded
 * size. docs/inspect.md describes it.
 */

export * from './answers.ts';
export * from './extents.ts';
export * from './fields.ts';
export * from './guest-row.ts';
export * from './pages.ts';
export * from './process-row.ts';
export * from './processors.ts';
export * from './tables.ts';
export * from './walk.ts';
