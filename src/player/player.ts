/** Plays a source of any kind. A program that plays only some kinds can load the others when they are needed: see `playable.ts`. */

import type { Storage } from '../machine/index.ts';
import { playableGuest } from './guest/index.ts';
import type { Playable } from './playable.ts';
import type { Settings, Source } from './positions.ts';
import { playableProgram } from './program/index.ts';
import { RecordingPlayer } from './recording-player.ts';
import { playableScenario } from './scenario-run.ts';
import { playableTrace } from './trace/index.ts';

/** One recording, and a run of it that snapshots are taken of. */
export class Player extends RecordingPlayer {
  /**
   * @param spare storage of closed players, to be reused
   * @throws PlayerError if the source cannot be played
   */
  constructor(source: Source, settings: Settings = {}, spare: readonly Storage[] = []) {
    super(playableOf(source), settings, spare);
  }
}

function playableOf(source: Source): Playable {
  switch (source.kind) {
    case 'scenario':
      return playableScenario(source.text);
    case 'guest':
      return playableGuest(source);
    case 'program':
      return playableProgram(source);
    default:
      return playableTrace(source);
  }
}
