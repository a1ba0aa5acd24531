/**
 * A run of a scenario: a step a line.
 */

import type { Checker } from '../check/index.ts';
import type { Host } from '../host/index.ts';
import type { Storage } from '../machine/index.ts';
import { type Operation, parseLine, ScenarioSyntaxError, World } from '../scenario/index.ts';
import { Trace } from '../trace/index.ts';
import { HostScene } from './host-scene.ts';
import { leaveOut } from './leave-out.ts';
import type { LeftOut, Progress } from './moments.ts';
import type { Run, RunListener } from './run.ts';

/** Lines of an answer that are told, and characters of each: a line may answer 16 MiB of memory. */
const ANSWER_LINES = 1000;
const ANSWER_WIDTH = 2000;

/** A line of a scenario. */
interface Line {
  readonly number: number;
  readonly text: string;
  readonly operation: Operation;
}

/** A scenario's lines, up to the first that is not in the language. */
export interface Script {
  readonly lines: readonly Line[];
  /** What is wrong with the line after them; null when nothing is. */
  readonly error: { readonly line: number; readonly message: string } | null;
}

/** Reads a scenario. */
export function readScript(text: string): Script {
  const lines: Line[] = [];
  for (const [i, line] of text.split('\n').entries()) {
    try {
      const operation = parseLine(line);
      if (operation) lines.push({ number: i + 1, text: line.trim(), operation });
    } catch (error) {
      if (!(error instanceof ScenarioSyntaxError)) throw error;
      return { lines, error: { line: i + 1, message: error.message } };
    }
  }
  return { lines, error: null };
}

/** A scenario that is performed. */
export class ScenarioRun implements Run {
  readonly trace = new Trace();
  readonly scene: HostScene;
  readonly stride = 1;
  readonly #script: Script;
  readonly #world: World;
  readonly #listener: RunListener | null;
  #step = 0;
  #failed = false;
  #stuck: string | null = null;

  constructor(script: Script, leftOut: LeftOut | null, storage: Storage, listener: RunListener | null) {
    this.#script = script;
    this.#listener = listener;
    this.#world = new World({ trace: this.trace, storage });
    leaveOut(this.#world.host, leftOut);
    this.scene = new HostScene(this.#world.host);
  }

  get host(): Host {
    return this.#world.host;
  }

  get step(): number {
    return this.#step;
  }

  get of(): number {
    return this.#script.lines.length;
  }

  get end(): Progress['end'] {
    if (this.#stuck !== null) return { sentence: this.#stuck, stuck: true };
    if (this.#step < this.of) return null;
    const { error } = this.#script;
    if (error === null) return { sentence: 'the scenario ended', stuck: false };
    return { sentence: `line ${error.line}: ${error.message}`, stuck: true };
  }

  advance(steps: number): void {
    for (let i = 0; i < steps && this.end === null; i++) this.#perform();
  }

  #perform(): void {
    const { number, operation } = this.#script.lines[this.#step] as Line;
    try {
      const { lines, explanation } = this.#world.perform(operation);
      const answer = firstOf(lines);
      this.#failed = explanation !== undefined;
      const more = explanation === undefined ? {} : { explanation };
      this.#listener?.answered({ step: this.#step, line: number, answer, ...more });
    } catch (error) {
      // A machine that is broken on purpose can come to where nothing makes sense any more.
      this.#stuck = `line ${number}: ${error instanceof Error ? error.message : String(error)}`;
      this.#failed = true;
    }
    this.#step++;
  }

  announce(checker: Checker): void {
    const line = this.#script.lines[this.#step];
    if (this.#failed) checker.suspect();
    if (line) checker.begin(`line ${line.number}: ${line.text}`);
  }

  close(): Storage {
    const { machine, kernel } = this.#world.host;
    machine.storage.clear(kernel.frames.touched);
    return machine.storage;
  }
}

function firstOf(lines: Iterable<string>): string[] {
  const told: string[] = [];
  for (const line of lines) {
    if (told.length === ANSWER_LINES) {
      told.push('…');
      break;
    }
    told.push(line.length > ANSWER_WIDTH ? `${line.slice(0, ANSWER_WIDTH)}…` : line);
  }
  return told;
}
