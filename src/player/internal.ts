/** What the player offers to the explorer, which loads each kind of source when it is opened. */

export type { Playable } from './playable.ts';
export { demandPlayableProgram, playableProgram } from './program/index.ts';
export { RecordingPlayer } from './recording-player.ts';
export { playableScenario } from './scenario-run.ts';
