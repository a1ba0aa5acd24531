/** Guest address spaces. */

export * from './gmap.ts';
export * from './tables.ts';
