/**
 * A run of a scenario: each line is a step.
 */

import type { Checker } from '../check/index.ts';
import type { Host, InjectedFault } from '../host/index.ts';
import { extentsOf } from '../inspect/index.ts';
import type { Storage } from '../machine/index.ts';
import {
  type Answer,
  formatBytes,
  formatText,
  type Operation,
  parseLine,
  ScenarioSyntaxError,
  World,
} from '../scenario/index.ts';
import { cut, linesOf } from '../scenario/internal.ts';
import { Trace } from '../trace/index.ts';
import { NO_SYMBOLS } from '../vmm/index.ts';
import { HostSource } from './host-source.ts';
import type { Playable } from './playable.ts';
import type { Progress } from './positions.ts';
import type { Run, RunListener } from './run.ts';
import { fromStart } from './run-pool.ts';
import { Snapshot } from './snapshot.ts';
import { touchedBy } from './touched.ts';

/** Maximum number of lines kept of an answer, and of characters in each: a line may read 16 MiB. */
const ANSWER_LINES = 1000;
const ANSWER_WIDTH = 2000;
/** Maximum number of operations. A longer scenario ends there. */
const OPERATIONS_MAX = 1_000_000;
/** Characters of a line that appear in the name of a violation. */
const NAME_WIDTH = 200;
/** Maximum number of segments mapped in gmaps at a time (16 TiB): the checker visits each of them. */
const SEGMENTS_MAX = 1 << 24;

/** A line of a scenario that performs an operation. */
export interface ScriptLine {
  readonly number: number;
  readonly text: string;
  readonly operation: Operation;
}

/** The lines of a scenario, up to the first syntax error. */
export interface Script {
  readonly lines: readonly ScriptLine[];
  /** The syntax error in the line after them, or null if there is none. */
  readonly error: { readonly line: number; readonly message: string } | null;
}

/** Reads a scenario, at most a million operations of it. */
export function readScript(text: string): Script {
  const lines: ScriptLine[] = [];
  let number = 0;
  for (const line of linesOf(text)) {
    number++;
    try {
      const operation = parseLine(line);
      if (operation === null) continue;
      if (lines.length === OPERATIONS_MAX) {
        return { lines, error: { line: number, message: `more than ${OPERATIONS_MAX} operations` } };
      }
      lines.push({ number, text: cut(line.trim(), NAME_WIDTH), operation });
    } catch (error) {
      if (!(error instanceof ScenarioSyntaxError)) throw error;
      return { lines, error: { line: number, message: error.message } };
    }
  }
  return { lines, error: null };
}

/** A run of a scenario. */
export class ScenarioRun implements Run {
  readonly trace = new Trace();
  readonly snapshot: Snapshot;
  readonly stride = 1;
  readonly vcpu = null;
  readonly live = null;
  readonly inStep = false;
  readonly #script: Script;
  readonly #world: World;
  readonly #listener: RunListener | null;
  #step = 0;
  #failed = false;
  /** An upper bound of the segments mapped in gmaps. */
  #mapped = 0;
  #stuck: string | null = null;

  constructor(
    script: Script,
    injectedFault: InjectedFault | null,
    storage: Storage,
    listener: RunListener | null,
  ) {
    this.#script = script;
    this.#listener = listener;
    this.#world = new World({ trace: this.trace, storage });
    this.#world.host.kernel.injectedFault = injectedFault;
    this.snapshot = new Snapshot(new HostSource(this.#world.host));
  }

  get host(): Host {
    return this.#world.host;
  }

  get step(): number {
    return this.#step;
  }

  get emitting(): number {
    return this.#step;
  }

  get acts(): number {
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

  advance(steps: number, pending: () => boolean = () => false): void {
    for (let i = 0; i < steps && this.end === null; i++) {
      if (i > 0 && pending()) return;
      this.#perform();
    }
  }

  #perform(): void {
    const { number, operation } = this.#script.lines[this.#step] as ScriptLine;
    try {
      this.#demandRoom(operation);
      const touched = this.#listener === null ? null : touchedBy(operation, this.#world);
      const performed = this.#world.perform(operation);
      const { explanation } = performed;
      const answer = this.#listener === null ? [] : firstOf(performed);
      this.#failed = explanation !== undefined;
      const text =
        this.#listener === null || performed.data === undefined ? null : formatText(performed.data);
      this.#listener?.answered({
        step: this.#step,
        line: number,
        answer,
        ...(text === null ? {} : { text }),
        ...(explanation === undefined ? {} : { explanation }),
        ...(touched === null ? {} : { touched }),
      });
    } catch (error) {
      // With an injected fault, the host may reach a state in which nothing works.
      this.#stuck = `line ${number}: ${error instanceof Error ? error.message : String(error)}`;
      this.#failed = true;
    }
    this.#step++;
  }

  /** Checks the limit on mapped segments. @throws Error if the operation would exceed it */
  #demandRoom(operation: Operation): void {
    const mapping = operation.verb === 'gmap_map_segment' || operation.verb === 'slot';
    if (!mapping || operation.length >> 20n > SEGMENTS_MAX) return;
    this.#mapped += Number(operation.length >> 20n);
    if (this.#mapped <= SEGMENTS_MAX) return;
    // Segments mapped twice, or unmapped since, were counted as well. Count again.
    this.#mapped = Number(operation.length >> 20n);
    for (const gmap of this.#world.gmaps.values()) this.#mapped += extentsOf(gmap, 1).size;
    if (this.#mapped > SEGMENTS_MAX) throw new Error('more than 16 TiB are mapped in gmaps');
  }

  announce(checker: Checker): void {
    const line = this.#script.lines[this.#step];
    if (this.#failed) checker.suspect();
    if (line) checker.record(`line ${line.number}: ${line.text}`);
  }

  close(): Storage {
    const { machine, kernel } = this.#world.host;
    machine.storage.clear(kernel.frames.touched);
    return machine.storage;
  }
}

/** Returns the part of an answer that is kept. The rest is never formatted. */
function firstOf({ lines, data }: Answer): string[] {
  if (data !== undefined && data.length > ANSWER_WIDTH / 2) {
    return [shortened(`ok ${formatBytes(data.subarray(0, ANSWER_WIDTH / 2))}`)];
  }
  const kept: string[] = [];
  for (const line of lines) {
    if (kept.length === ANSWER_LINES) {
      kept.push('…');
      break;
    }
    kept.push(shortened(line));
  }
  return kept;
}

function shortened(line: string): string {
  return line.length > ANSWER_WIDTH ? `${cut(line, ANSWER_WIDTH)}…` : line;
}

/** Returns a scenario, to be played. */
export function playableScenario(text: string): Playable {
  const script = readScript(text);
  return {
    kind: 'scenario',
    symbols: NO_SYMBOLS,
    runs: (injectedFault) =>
      fromStart((storage, listener) => new ScenarioRun(script, injectedFault, storage(), listener)),
  };
}
