/**
 * The texts' fuzzer: scenario texts and trace files are parsed and played, and queries are made at any position.
 *
 * A text that cannot be played is rejected with a PlayerError, an invalid query with a LinuxError or a RangeError. No answer
 * exceeds the limit of its query.
 */

import { type InjectedFault, LinuxError } from '../../host/index.ts';
import { Storage } from '../../machine/index.ts';
import {
  EVENTS_KEPT,
  Player,
  PlayerError,
  type Snapshot,
  type Source,
  type SpaceName,
} from '../../player/index.ts';
import { formatOperation, parseLine, ScenarioSyntaxError } from '../../scenario/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { generateTexts } from './generate.ts';
import type { Numeric, TextSetup, TextStep } from './steps.ts';

const STORAGE_SIZE = 16 << 20;
/** Maximum number of steps played for a query. */
const PLAYED = 3000;
/** Maximum number of extents in an answer for each requested one, and a constant. */
const EXTENTS_PER_REQUESTED = 4;
const EXTENTS_MORE = 16;
const PAGES_LIMIT = 4096;
const ENTRIES_LIMIT = 2048;
const EXTENTS_LIMIT = 256;

/** Options for tests and the command line. */
export interface TextsOptions {
  /** Texts of valid scenarios. */
  readonly texts?: readonly string[];
}

/** The texts' fuzzer. */
export class TextsFuzzer implements Fuzzer<TextSetup, TextStep> {
  readonly what = 'texts';
  readonly #texts: readonly string[];
  #spare: readonly Storage[] = [];

  constructor({ texts = [] }: TextsOptions = {}) {
    this.#texts = texts;
  }

  generate(seed: number): FuzzCase<TextSetup, TextStep> {
    return generateTexts(seed, this.#texts);
  }

  run({ setup, steps }: FuzzCase<TextSetup, TextStep>): CaseResult {
    const performed = steps.length;
    try {
      const text = steps.flatMap(textOf).join('\n');
      const finding = setup.kind === 'scenario' ? roundTrip(text) : null;
      return { finding: finding ?? this.#play(setup, text, steps), performed };
    } catch (error) {
      return { finding: { kind: 'breakdown', message: describeError(error) }, performed };
    }
  }

  *simpler(step: TextStep): Iterable<TextStep> {
    if (step.do === 'long' && step.count > 1) yield { ...step, count: step.count >> 1 };
    if (step.do === 'line') {
      if (step.repeat !== undefined && step.repeat > 1) yield { ...step, repeat: step.repeat >> 1 };
      const words = step.text.split(' ');
      if (words.length > 1)
        for (let i = 0; i < words.length; i++) yield { ...step, text: words.toSpliced(i, 1).join(' ') };
    }
    if (step.do === 'query') {
      for (const name of ['step', 'event', 'first', 'end', 'count'] as const) {
        if (step[name] !== 0) yield { ...step, [name]: 0 };
      }
    }
  }

  #play(setup: TextSetup, text: string, steps: readonly TextStep[]): CaseFinding | null {
    const source: Source =
      setup.kind === 'scenario' ? { kind: 'scenario', text } : { kind: 'trace', name: 'trace', text };
    const settings = { injectedFault: setup.injectedFault as InjectedFault | null, check: setup.check };
    const spare =
      this.#spare.length > 0 ? this.#spare : [new Storage(STORAGE_SIZE), new Storage(STORAGE_SIZE)];
    this.#spare = [];
    let player: Player;
    try {
      player = new Player(source, settings, spare);
    } catch (error) {
      if (!(error instanceof PlayerError)) throw error;
      this.#spare = spare;
      return error.message.length > 1000
        ? { kind: 'size', message: 'a message of more than 1000 characters' }
        : null;
    }
    try {
      for (const step of steps) {
        const finding = perform(player, step, setup);
        if (finding) return finding;
      }
      return null;
    } finally {
      this.#spare = player.close().filter(({ size }) => size === STORAGE_SIZE);
    }
  }
}

function textOf(step: TextStep): string[] {
  if (step.do === 'long') return [step.before + step.text.repeat(step.count) + step.after];
  return step.do === 'line' ? new Array<string>(step.repeat ?? 1).fill(step.text) : [];
}

/** Checks that formatting and parsing a line does not change it. */
function roundTrip(text: string): CaseFinding | null {
  for (const line of text.split('\n').slice(0, 100)) {
    try {
      const operation = parseLine(line);
      if (operation === null) continue;
      const written = formatOperation(operation);
      const again = parseLine(written);
      if (again === null || formatOperation(again) !== written) {
        return {
          kind: 'round-trip',
          message: `${line.slice(0, 200)} is written as ${written.slice(0, 200)}`,
        };
      }
    } catch (error) {
      if (!(error instanceof ScenarioSyntaxError)) throw error;
      if (error.message.length > 1000)
        return { kind: 'size', message: 'a message of more than 1000 characters' };
    }
  }
  return null;
}

/** Performs a step, and checks its result. Lines have been performed before. */
function perform(player: Player, step: TextStep, { injectedFault }: TextSetup): CaseFinding | null {
  try {
    if (step.do === 'record') {
      player.record(Math.min(numberOf(step.steps), PLAYED));
      return checkRecording(player, injectedFault !== null);
    }
    if (step.do !== 'query') return null;
    const position = { step: Math.min(numberOf(step.step), PLAYED), event: numberOf(step.event) };
    return player.at(position, (snapshot) => checkAnswer(snapshot, step));
  } catch (error) {
    if (error instanceof LinuxError || error instanceof PlayerError || error instanceof RangeError)
      return null;
    throw error;
  }
}

/** Checks the recording: it is bounded, and no rule is broken unless a fault was injected. */
function checkRecording({ progress, events }: Player, hasFault: boolean): CaseFinding | null {
  const [first] = progress.violations;
  if (first && !hasFault) return { kind: first.violation.rule, message: first.violation.message };
  if (events.length > EVENTS_KEPT) return { kind: 'size', message: `${events.length} events are kept` };
  if (
    !hasFault &&
    progress.end &&
    /InternalError|undefined|Cannot read|is not a function/.test(progress.end.sentence)
  ) {
    return { kind: 'breakdown', message: progress.end.sentence };
  }
  return null;
}

/** Makes a query, and checks that its answer does not exceed its limit. */
function checkAnswer(snapshot: Snapshot, step: TextStep & { do: 'query' }): CaseFinding | null {
  const outline = snapshot.outline();
  const large = outline.find(({ extents }) => extents.length > EXTENTS_LIMIT);
  if (large) return { kind: 'size', message: `${large.extents.length} extents` };
  const space =
    typeof step.space === 'string'
      ? (step.space as SpaceName)
      : (outline[step.space % (outline.length || 1)]?.name ?? 'gmap 0');
  const [first, end, count] = [numberOf(step.first), numberOf(step.end), numberOf(step.count)];
  switch (step.kind) {
    case 'row': {
      const row = snapshot.row(space, { first, end, limit: count });
      const extents = row?.extents.length ?? 0;
      const most = Math.max(count, 0) * EXTENTS_PER_REQUESTED + EXTENTS_MORE;
      return extents > most
        ? { kind: 'size', message: `${extents} extents where ${count} were wanted` }
        : null;
    }
    case 'pages': {
      const flags = snapshot.pages(space, { first, end })?.flags.length ?? 0;
      return flags > PAGES_LIMIT ? { kind: 'size', message: `${flags} pages` } : null;
    }
    case 'table': {
      const level =
        (['page', 'segment', 'region-third', 'region-second', 'region-first'] as const)[
          Math.abs(first) % 5
        ] ?? 'page';
      const entries =
        snapshot.machine?.table(space, { level, page: end, from: 0, count })?.entries.length ?? 0;
      return entries > ENTRIES_LIMIT ? { kind: 'size', message: `${entries} entries` } : null;
    }
    case 'walk':
      snapshot.machine?.walk(space, Number.isSafeInteger(first) ? BigInt(first) : 0n, {
        virtual: count === 0,
      });
      return null;
    case 'processors':
      snapshot.machine?.processors();
      return null;
    case 'stats':
      snapshot.machine?.stats();
      return null;
    default:
      return null;
  }
}

function numberOf(value: Numeric): number {
  return Number(value);
}
