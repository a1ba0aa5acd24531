/** Reduces a failing scenario: makes it shorter and simpler, while it still fails. */

import type { Operation } from '../scenario/index.ts';

/** Returns the operations of a scenario up to its failure, or null if it does not fail. */
export type Fails = (operations: readonly Operation[]) => readonly Operation[] | null;

/** Reduces a failing scenario while `more` returns true. */
export function shrink(
  failing: readonly Operation[],
  fails: Fails,
  more: () => boolean = () => true,
): readonly Operation[] {
  const shrinker = new Shrinker(failing, fails, more);
  shrinker.shrink();
  return shrinker.best;
}

class Shrinker {
  best: readonly Operation[];
  readonly #fails: Fails;
  readonly #more: () => boolean;

  constructor(failing: readonly Operation[], fails: Fails, more: () => boolean) {
    this.best = failing;
    this.#fails = fails;
    this.#more = more;
  }

  /** Drops lines and simplifies them alternately, until neither helps. */
  shrink(): void {
    this.#dropNames();
    for (let before = Infinity; this.#more() && weightOf(this.best) < before; ) {
      before = weightOf(this.best);
      this.#dropRanges();
      this.#simplify();
    }
  }

  /** Accepts a candidate if it is simpler and fails too. */
  #try(candidate: readonly Operation[]): boolean {
    if (!this.#more()) return false;
    const failing = this.#fails(candidate);
    if (!failing || weightOf(failing) >= weightOf(this.best)) return false;
    this.best = failing;
    return true;
  }

  /** Drops all operations on one process, or on one gmap. */
  #dropNames(): void {
    for (const name of ['gmap', 'process'] as const) {
      const names = new Set(this.best.map((operation) => nameIn(operation, name)));
      for (const one of names) {
        if (one === undefined) continue;
        this.#try(this.best.filter((operation) => nameIn(operation, name) !== one));
      }
    }
  }

  /** Drops ranges of the scenario, long ones first, from the end on, where operations are rarely needed. */
  #dropRanges(): void {
    for (let length = Math.ceil(this.best.length / 2); length > 0; length = Math.floor(length / 2)) {
      for (let at = this.best.length - length; at > -length && this.#more(); at -= length) {
        this.#try([...this.best.slice(0, Math.max(at, 0)), ...this.best.slice(at + length)]);
        at = Math.min(at, this.best.length);
      }
    }
  }

  #simplify(): void {
    for (let at = 0; at < this.best.length && this.#more(); at++) {
      for (const simpler of simplerThan(this.best[at] as Operation)) {
        if (at >= this.best.length) break;
        this.#try(this.best.with(at, simpler));
      }
    }
    this.#rename('process');
    this.#rename('gmap');
  }

  /** Replaces names of processes or gmaps by lower ones, everywhere. */
  #rename(name: 'process' | 'gmap'): void {
    const of = (operation: Operation) => nameIn(operation, name);
    const names = [...new Set(this.best.map(of))].filter((one) => one !== undefined).sort((a, b) => a - b);
    for (const [i, one] of names.entries()) {
      const lower = name === 'process' ? i + 1 : i;
      if (lower >= one) continue;
      this.#try(
        this.best.map((operation) => (of(operation) === one ? { ...operation, [name]: lower } : operation)),
      );
    }
  }
}

/** Returns the process or gmap that an operation names. */
function nameIn(operation: Operation, name: 'process' | 'gmap'): number | undefined {
  return (operation as { readonly process?: number; readonly gmap?: number })[name];
}

const PAGE = 4096n;
const SEGMENT = 1n << 20n;

/** Returns simpler versions of an operation, the simplest first. */
function* simplerThan(operation: Operation): Generator<Operation> {
  const record = operation as unknown as Record<string, unknown>;
  for (const [name, value] of Object.entries(record)) {
    if (typeof value === 'bigint') {
      for (const simpler of simplerNumbers(value)) yield { ...operation, [name]: simpler } as Operation;
    } else if (value instanceof Uint8Array && value.length > 1) {
      yield { ...operation, [name]: value.slice(0, 1) } as Operation;
      yield { ...operation, [name]: value.slice(0, value.length >> 1) } as Operation;
    }
    if (OPTIONAL.has(name) && !NEEDED.some(([verb, field]) => verb === operation.verb && field === name)) {
      yield without(record, name);
    }
  }
  if (operation.verb === 'mmap' && operation.file !== undefined) {
    const { file: _, offset: __, ...rest } = operation;
    yield rest;
  }
}

function without(record: Record<string, unknown>, name: string): Operation {
  const { [name]: _, ...rest } = record;
  return rest as unknown as Operation;
}

/** Fields that an operation needs. */
const NEEDED = [
  ['mprotect', 'protection'],
  ['gmap_map_segment', 'to'],
  ['slot', 'to'],
  ['gmap_unmap_segment', 'to'],
  ['gmap_discard', 'to'],
] as const;
/** Fields that an operation can omit. */
const OPTIONAL = new Set([
  'cpu',
  'protection',
  'fixed',
  'shared',
  'large',
  'high',
  'mayMove',
  'to',
  'process',
]);

function simplerNumbers(value: bigint): bigint[] {
  const candidates = [0n, 1n, PAGE, SEGMENT, 256n * SEGMENT, value & -SEGMENT, value & -PAGE, value >> 1n];
  return [...new Set(candidates)].filter((one) => digits(one) < digits(value));
}

/** Returns the complexity of a number: its digits other than trailing zeros. */
function digits(value: bigint): number {
  const text = value.toString(16);
  return text.length + 4 * text.replace(/0+$/, '').length;
}

/** Returns the complexity of a scenario: first its lines, then the numbers in them. */
function weightOf(operations: readonly Operation[]): number {
  let weight = 0;
  for (const operation of operations) {
    weight += 10_000;
    for (const value of Object.values(operation)) {
      if (value === true) weight += 20;
      else if (typeof value === 'bigint') weight += digits(value);
      else if (typeof value === 'number') weight += value + 1;
      else if (value instanceof Uint8Array) weight += Math.min(value.length, 1000);
    }
  }
  return weight;
}
