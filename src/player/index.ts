/**
 * Plays scenarios, guests and traces, forward and back.
 */

export * from './moments.ts';
