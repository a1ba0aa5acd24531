/** Process address spaces: mappings, page tables, faults. */

export * from './mappings.ts';
export * from './mm.ts';
export * from './page-tables.ts';
export * from './reverse-maps.ts';
