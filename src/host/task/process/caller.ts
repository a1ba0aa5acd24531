/** A thread as the files see it whose operations it calls. */

import type { UserMemory } from '../memory/user-memory.ts';
import type { Session } from './session.ts';

/** Who calls. `Thread` implements it. */
export interface Caller {
  readonly space: { readonly memory: UserMemory };
  readonly process: { readonly pid: number; readonly group: number; readonly session: Session };
}
