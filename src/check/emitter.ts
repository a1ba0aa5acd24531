/** Finds the place in the source where something was emitted. */

/** Frames of the machinery between an emitter and a checker, by the names of their functions and files. */
const MACHINERY = /\/(check|trace)\/|Checker|Hook|Operations|callAll|deliver|\bLocks?\.|locks\.ts/;

/** Returns the stack frame that emitted, from an error that a listener created; null if the engine does not provide it. */
export function sourceOf(error: Error | null): string | null {
  const frames = (error?.stack ?? '').split('\n').map((line) => line.trim());
  const emitter = frames.find((frame) => /^at |@/.test(frame) && !MACHINERY.test(frame));
  return emitter?.replace(/^at /, '') ?? null;
}
