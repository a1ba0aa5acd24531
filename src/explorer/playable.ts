/** Loads what plays a source. Most pages only play scenarios: guests, programs and traces are in files of their own. */

import type { Source } from '../player/index.ts';
import { type Playable, playableScenario } from '../player/internal.ts';

/** Returns the source, to be played. A guest may also be the file of a saved state. @throws PlayerError if it cannot be played */
export async function playableOf(source: Source): Promise<Playable> {
  switch (source.kind) {
    case 'scenario':
      return playableScenario(source.text);
    case 'guest':
      return (await import('./playable-guest.ts')).playableGuestOf(source);
    case 'program':
      return (await import('../player/program/index.ts')).playableProgram(source);
    default:
      return (await import('../player/trace/index.ts')).playableTrace(source);
  }
}
