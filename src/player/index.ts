/**
 * Plays scenarios, guests, Linux programs and traces, forward and back, and takes snapshots at any position. docs/inspect.md describes
 * it.
 */

export type { BreakpointSearch, Direction, FoundHit } from './breakpoint-search.ts';
export type { ChangeSearch } from './change-search.ts';
export type { ChangeTarget, FoundChange } from './change-watch.ts';
export { Player } from './player.ts';
export {
  EVENTS_KEPT,
  isEarlier,
  type LiveProgress,
  PlayerError,
  type Position,
  type Progress,
  type RecordedEvent,
  type Settings,
  type Source,
  type StepAnswer,
  samePosition,
  type TouchedPage,
} from './positions.ts';
export type { LiveRun, Wait } from './run.ts';
export { readScript, type Script, type ScriptLine } from './scenario-run.ts';
export {
  EXTENTS_LIMIT,
  type MachineView,
  Snapshot,
  type SpaceName,
  type SpaceOutline,
  type WalkAnswer,
  type WalkOptions,
} from './snapshot.ts';
export type { TracedWalk } from './trace/traced-walk.ts';
