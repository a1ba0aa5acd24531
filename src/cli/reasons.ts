/** The reasons of failures of the system, in words. */

import { getSystemErrorMap } from 'node:util';

/** Reasons that say more than the system's own. */
const OURS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder',
};

/** Returns the reason of a failure in words: of an error of Node, or of a code such as ENOSPC. */
export function reasonOf(failure: unknown): string {
  const code = typeof failure === 'string' ? failure : (failure as NodeJS.ErrnoException).code;
  if (code === undefined) return failure instanceof Error ? failure.message : String(failure);
  const ours = OURS[code];
  if (ours !== undefined) return ours;
  for (const [name, message] of getSystemErrorMap().values()) if (name === code) return message;
  return code;
}
