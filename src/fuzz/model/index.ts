/** The plain model of a world. */

export * from './gmap.ts';
export * from './memory.ts';
export * from './model.ts';
export * from './process.ts';
