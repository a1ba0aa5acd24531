/**
 * Plays scenarios, guests and traces, forward and back.
 */

export { linesOf } from './lines.ts';
export * from './player.ts';
export * from './positions.ts';
export { readScript, type Script } from './scenario-run.ts';
export * from './snapshot.ts';
