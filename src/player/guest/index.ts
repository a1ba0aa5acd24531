/** Plays guests. */

import type { GuestState } from '../../vmm/index.ts';
import type { Playable } from '../playable.ts';
import type { Source } from '../positions.ts';
import { Checkpoints } from './checkpoints.ts';
import { type Guest, guestOf, savedGuest } from './guest.ts';
import { GuestRun, type History } from './guest-run.ts';

/** Maximum number of runs kept of a guest that is played live: its memory is large. */
const LIVE_RUNS_KEPT = 1;

/** Steps between two checkpoints of a guest that is played live: some seconds. */
const CHECKPOINT_DISTANCE = 250_000_000;

/**
 * Returns a guest, to be played.
 * @param distance steps between two checkpoints, if it is played live
 * @throws PlayerError if its image is malformed
 */
export function playableGuest(source: Source & { kind: 'guest' }, distance = CHECKPOINT_DISTANCE): Playable {
  return playable(guestOf(source), distance);
}

/** Returns a guest that goes on from a state, to be played. @throws PlayerError if it cannot be */
export function playableState(name: string, state: GuestState): Playable {
  return playable(savedGuest(name, state), CHECKPOINT_DISTANCE);
}

function playable(guest: Guest, distance: number): Playable {
  return {
    kind: 'guest',
    symbols: guest.symbols,
    ...(guest.isLive ? { runsKept: LIVE_RUNS_KEPT } : {}),
    runs: (injectedFault) => {
      const history: History = { inputs: [], checkpoints: new Checkpoints(), distance };
      return {
        create: (storage, listener, step) => {
          const from = listener === null ? history.checkpoints.nearest(step) : null;
          return new GuestRun({ guest, injectedFault, storage: storage(), listener, history, from });
        },
        nearest: (step) => history.checkpoints.nearestStep(step),
      };
    },
  };
}
