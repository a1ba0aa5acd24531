/**
 * Looking at a machine and its spaces without changing anything.
 */

export * from './answers.ts';
export * from './walk.ts';
