/** The scenario language, and the world in which its operations happen. */

export * from './cut.ts';
export * from './format.ts';
export * from './operation.ts';
export * from './parse.ts';
export * from './world.ts';
