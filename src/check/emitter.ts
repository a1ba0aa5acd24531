/** Finds the place in the source where something was emitted. */

/** The machinery between an emitter and a checker: its functions, and its files by the end of their paths. */
const MACHINERY_FUNCTIONS = /Checker|Hook|Operations|callAll|deliver|\bLocks?\./;
const MACHINERY_FILES = /\/((check|trace)\/[^/]+|locks\.[jt]s[^/]*)$/;

function isMachinery(frame: string): boolean {
  // The file begins at the first slash or scheme. The folders that it lies in are the user's, and may have any name.
  const file = frame.search(/\(|@|\w+:\/\/|\//);
  return MACHINERY_FUNCTIONS.test(frame.slice(0, file)) || MACHINERY_FILES.test(frame);
}

/** Returns the stack frame that emitted, from an error that a listener created; null if the engine does not provide it. */
export function sourceOf(error: Error | null): string | null {
  const frames = (error?.stack ?? '').split('\n').map((line) => line.trim());
  const emitter = frames.find((frame) => /^at |@/.test(frame) && !isMachinery(frame));
  return emitter?.replace(/^at /, '') ?? null;
}
