/**
 * Plays scenarios, guests and traces, forward and back.
 */

export { linesOf } from './lines.ts';
export * from './moments.ts';
export * from './player.ts';
export { readScript, type Script } from './scenario-run.ts';
export * from './scene.ts';
