/** Plays Linux programs. */

import type { Playable } from '../playable.ts';
import type { Source } from '../positions.ts';
import { fromStart } from '../run-pool.ts';
import { programOf } from './program.ts';
import { ProgramRun } from './program-run.ts';

/** @throws PlayerError if a program cannot be executed */
export function demandPlayableProgram(source: Source & { kind: 'program' }): void {
  programOf(source);
}

/** Returns a program, to be played. @throws PlayerError if it cannot be executed */
export function playableProgram(source: Source & { kind: 'program' }): Playable {
  const program = programOf(source);
  return {
    kind: 'program',
    symbols: program.symbols,
    runs: (injectedFault) =>
      fromStart(
        (storage, listener) => new ProgramRun({ program, injectedFault, storage: storage(), listener }),
      ),
  };
}
