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
  type SpaceOutline,
} from '../player/index.ts';
import { EventIndex } from './event-index.ts';
import type { Density, EventFilter, EventWindow, LineError, Look, MachineRoom, Query } from './protocol.ts';

/** Steps between two looks at whether the page wants something else: about this much time goes by, in ms. */
const SLICE_TIME = 40;
/** Instructions that a guest is given before it must be told to go on. */
const GUEST_STEPS = 20_000_000;
/** Things that one answer lists at most. */
const LIST_LIMIT = 1000;

/** Hears of progress. */
type Listener = (progress: Progress) => void;

/** The worker's end of the line. */
export class Room implements MachineRoom {
  #player: Player | null = null;
  #index = new EventIndex([]);
  #opened = 0;
  #outlined: (Moment & { readonly outline: readonly SpaceOutline[] }) | null = null;

  async open(source: Source, settings: Settings, progress: Listener): Promise<Progress> {
    this.#opened++;
    const player = new Player(source, settings);
    this.#player = player;
    this.#index = new EventIndex(player.events);
    this.#outlined = null;
    return this.#record(player, progress);
  }

  go(progress: Listener): Promise<Progress> {
    return this.#record(this.#demand(), progress);
  }

  /** Records in slices, letting questions in between. */
  async #record(player: Player, progress: Listener): Promise<Progress> {
    const mine = this.#opened;
    const limit = player.progress.of ?? player.progress.steps + GUEST_STEPS;
    let slice = 16;
    while (mine === this.#opened && player.progress.end === null && player.progress.steps < limit) {
      const started = performance.now();
      player.record(Math.min(slice, limit - player.progress.steps));
      const took = performance.now() - started;
      slice = Math.max(16, Math.min(slice * 4, Math.round((slice * SLICE_TIME) / Math.max(took, 1))));
      if (took < SLICE_TIME / 4) continue;
      progress(player.progress);
      await new Promise((resolve) => setTimeout(resolve));
    }
    return player.progress;
  }

  async look(moment: Moment, query: Query): Promise<Look> {
    const { outline, ...others } = query;
    return this.#demand().at(moment, (scene) => ({
      ...(outline ? { outline: this.#outlineAt(moment, scene) } : {}),
      ...answer(scene, moment, others),
    }));
  }

  /** The outline, which a picture that is moved asks for over and over. */
  #outlineAt(moment: Moment, scene: Scene): readonly SpaceOutline[] {
    const { step, event } = moment;
    const known = this.#outlined;
    if (known?.step === step && known.event === event) return known.outline;
    const outline = scene.outline();
    this.#outlined = { step, event, outline };
    return outline;
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

function answer(scene: Scene, moment: Moment, query: Omit<Query, 'outline'>): Look {
  return {
    moment,
    stats: scene.stats(),
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
  const lines = text.split('\n');
  for (let done = 0; done < lines.length && errors.length < 100; ) {
    const { error } = readScript(lines.slice(done).join('\n'));
    if (error === null) break;
    errors.push({ line: done + error.line, message: error.message });
    done += error.line;
  }
  return errors;
}
