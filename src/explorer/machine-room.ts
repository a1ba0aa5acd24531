/**
 * What the worker does for the page: it plays one story and answers questions about it.
 */

import {
  type Answered,
  type Moment,
  Player,
  type Progress,
  type Recorded,
  readScript,
  type Scene,
  type Settings,
  type Source,
} from '../player/index.ts';
import { EventIndex } from './event-index.ts';
import type { Density, EventFilter, EventWindow, LineError, Look, MachineRoom, Query } from './protocol.ts';

/** After so many milliseconds of playing the page is asked whether it wants something else, */
const SLICE_TIME = 40;
/** and so often it is told of progress. */
const TOLD_EVERY = 100;
/** Steps between two looks at the clock: at most, where an instruction is a step, and where a line or an event is. */
const INSTRUCTIONS_AT_ONCE = 100_000;
const LINES_AT_ONCE = 100;
/** Instructions that a guest is given before it must be told to go on. */
const GUEST_STEPS = 20_000_000;
/** Steps behind what has been played once that one may look at: the page can be so much ahead. */
const AHEAD = 1000;
/** Things that one answer lists at most. */
const LIST_LIMIT = 1000;

/** Lines that are not in the language that are told. */
const ERRORS_LIMIT = 100;

/** Hears of progress. */
type Listener = (progress: Progress) => void;

/** The worker's end of the line. */
export class Room implements MachineRoom {
  #player: Player | null = null;
  #index = new EventIndex([]);
  #opened = 0;
  /** The look under way: two at a time would send the one run that is looked at back and forth. */
  #looking: Promise<unknown> = Promise.resolve();

  async open(source: Source, settings: Settings, progress: Listener): Promise<Progress> {
    this.#opened++;
    // What was open is closed even when this cannot be opened.
    const spare = this.#player?.close();
    this.#player = null;
    this.#index = new EventIndex([]);
    const player = new Player(source, settings, spare);
    this.#player = player;
    this.#index = new EventIndex(player.events);
    return this.#record(player, progress);
  }

  async go(progress: Listener): Promise<Progress> {
    return this.#record(this.#demand(), progress);
  }

  /** Records in slices, letting questions in between. */
  async #record(player: Player, progress: Listener): Promise<Progress> {
    const mine = this.#opened;
    const limit = player.progress.of ?? player.progress.steps + GUEST_STEPS;
    let told = performance.now();
    const record = (steps: number) => {
      player.record(Math.min(steps, limit - player.progress.steps));
      return player.progress.end !== null || player.progress.steps >= limit;
    };
    await inSlices(player, record, () => {
      const now = performance.now();
      if (mine === this.#opened && now - told >= TOLD_EVERY) {
        told = now;
        progress(player.progress);
      }
      return mine === this.#opened;
    });
    return player.progress;
  }

  async look(moment: Moment, query: Query): Promise<Look> {
    const player = this.#demand();
    const look = this.#looking.then(() => this.#look(player, moment, query));
    this.#looking = look.catch(() => undefined);
    return look;
  }

  async #look(player: Player, moment: Moment, query: Query): Promise<Look> {
    const isOpen = () => this.#player === player;
    const last = player.progress.steps + AHEAD;
    const at = moment.step > last ? { step: last, event: 0 } : moment;
    const approach = (steps: number) => player.approach(at.step, steps);
    if (isOpen()) await inSlices(player, approach, isOpen);
    if (!isOpen()) throw new Error('another story was opened');
    return player.at(at, (scene) => answer(scene, at, query));
  }

  async events(filter: EventFilter, from: number, count: number): Promise<EventWindow> {
    const passing = this.#index.passing(filter);
    const first = Math.max(0, Math.min(from, passing.length));
    const end = Math.min(passing.length, first + Math.min(count, LIST_LIMIT));
    const events: Recorded[] = [];
    for (let i = first; i < end; i++) events.push(this.#index.at(passing[i] as number));
    return { total: passing.length, from: first, events };
  }

  async eventBefore(filter: EventFilter, moment: Moment): Promise<number> {
    return this.#index.before(filter, moment);
  }

  async density(filter: EventFilter, cells: number): Promise<Density> {
    return { cells: this.#index.density(filter, Math.min(cells, LIST_LIMIT)) };
  }

  async answers(first: number, count: number): Promise<readonly Answered[]> {
    return this.#demand().answers.slice(first, first + Math.min(count, LIST_LIMIT));
  }

  async lint(text: string): Promise<readonly LineError[]> {
    return lintScenario(text);
  }

  #demand(): Player {
    if (this.#player === null) throw new Error('nothing is open');
    return this.#player;
  }
}

/**
 * Plays in slices of some milliseconds, however long a step takes, and lets others have the thread in between.
 * @param advance does so many steps; says whether that was all
 * @param goesOn asked between slices
 */
async function inSlices(
  player: Player,
  advance: (steps: number) => boolean,
  goesOn: () => boolean,
): Promise<void> {
  const most = player.progress.of === null ? INSTRUCTIONS_AT_ONCE : LINES_AT_ONCE;
  let steps = 1;
  for (;;) {
    const started = performance.now();
    for (let now = started; now - started < SLICE_TIME; ) {
      if (advance(steps)) return;
      const took = performance.now() - now;
      now += took;
      steps = Math.max(
        1,
        Math.min(most, steps * 4, Math.round((steps * SLICE_TIME) / 4 / Math.max(took, 0.01))),
      );
    }
    await new Promise((resolve) => setTimeout(resolve));
    if (!goesOn()) return;
  }
}

function answer(scene: Scene, moment: Moment, query: Query): Look {
  return {
    moment,
    stats: scene.stats(),
    ...(query.outline ? { outline: scene.outline() } : {}),
    ...(query.rows ? { rows: query.rows.map((q) => scene.row(q.space, q.first, q.end, q.cells)) } : {}),
    ...(query.pages ? { pages: query.pages.map((q) => scene.pages(q.space, q.first, q.end)) } : {}),
    ...(query.tables ? { tables: query.tables.map((q) => scene.table(q.space, q)) } : {}),
    ...(query.walks
      ? { walks: query.walks.map((q) => scene.walk(q.space, q.address, q.virtual ?? false)) }
      : {}),
    ...(query.processors ? { processors: scene.processors() } : {}),
  };
}

/** Lines of a scenario that are not in the language, at most 100. */
export function lintScenario(text: string): LineError[] {
  const errors: LineError[] = [];
  for (const [at, line] of text.split('\n').entries()) {
    const { error } = readScript(line);
    if (error !== null) errors.push({ line: at + 1, message: error.message });
    if (errors.length === ERRORS_LIMIT) break;
  }
  return errors;
}
