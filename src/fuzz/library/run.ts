/**
 * The library's fuzzer: sequences of valid and invalid calls. A call may fail with a documented error, and must then have
 * changed nothing. No rule may be broken, and nothing may change while a listener is called.
 */

import { type Gmap, GuestMemoryFault, type Host, LinuxError } from '../../host/index.ts';
import { BusyError, Storage } from '../../machine/index.ts';
import { ScenarioSyntaxError } from '../../scenario/index.ts';
import { GuestAddressError, ImageError } from '../../vmm/index.ts';
import { type CaseFinding, type CaseResult, describeError, type FuzzCase, type Fuzzer } from '../fuzzer.ts';
import { generateLibrary } from './generate.ts';
import { type ErrorGroup, type LibraryOperation, OPERATIONS } from './operations.ts';
import type { CallStep, LibrarySetup, LibraryStep, Value } from './steps.ts';
import { LibraryWorld, MarkerError } from './world.ts';

const STORAGE_SIZE = 8 << 20;

type ErrorClass = abstract new (...args: never) => Error;

/** Documented errors by group of operations. */
const DOCUMENTED: Readonly<Record<ErrorGroup, readonly ErrorClass[]>> = {
  host: [LinuxError, GuestMemoryFault],
  machine: [RangeError, TypeError, BusyError],
  inspect: [LinuxError],
  check: [LinuxError],
  scenario: [LinuxError, ScenarioSyntaxError, RangeError, TypeError],
  vmm: [LinuxError, ImageError, GuestAddressError],
};

/** Options for tests and the command line. */
export interface LibraryOptions {
  /** Called with each new host. */
  readonly before?: (host: Host) => void;
}

/** The library's fuzzer. */
export class LibraryFuzzer implements Fuzzer<LibrarySetup, LibraryStep> {
  readonly what = 'library';
  readonly #before: ((host: Host) => void) | undefined;
  readonly #spare: Storage[] = [];

  constructor({ before }: LibraryOptions = {}) {
    this.#before = before;
  }

  generate(seed: number): FuzzCase<LibrarySetup, LibraryStep> {
    return generateLibrary(seed);
  }

  run({ setup, steps }: FuzzCase<LibrarySetup, LibraryStep>): CaseResult {
    const storages = [0, 1].map(() => this.#spare.pop() ?? new Storage(STORAGE_SIZE));
    let touched: number[] = [STORAGE_SIZE, STORAGE_SIZE];
    let performed = 0;
    try {
      const world = new LibraryWorld(setup, storages);
      for (const host of world.hosts) this.#before?.(host);
      const calls = new Calls(world);
      for (const step of steps) {
        performed++;
        const check = performed % setup.checkEvery === 0 || performed === steps.length;
        const finding = calls.step(step) ?? (check ? calls.rules(performed === steps.length) : null);
        if (finding) return { finding, performed };
      }
      touched = world.hosts.map(({ kernel }) => kernel.frames.touched);
      return { finding: null, performed };
    } catch (error) {
      return {
        finding: { kind: 'breakdown', message: describeError(error) },
        performed: Math.max(performed, 1),
      };
    } finally {
      for (const [i, storage] of storages.entries()) {
        storage.clear(touched[i] as number);
        this.#spare.push(storage);
      }
    }
  }

  *simpler(step: LibraryStep): Iterable<LibraryStep> {
    if (step.do === 'listen') {
      if (step.after > 0) yield { ...step, after: 0 };
      return;
    }
    for (const [i, arg] of step.args.entries()) {
      for (const simple of simplerValues(arg)) yield { ...step, args: step.args.with(i, simple) };
    }
    if (step.on > 0) yield { ...step, on: 0 };
  }
}

function* simplerValues(value: Value): Iterable<Value> {
  if (value[0] === 'object') {
    for (const name of Object.keys(value[1])) {
      const { [name]: _, ...rest } = value[1];
      yield ['object', rest];
    }
  } else if (value[0] === 'ref' && value[2] > 0) {
    yield ['ref', value[1], 0];
  }
}

/** The calls of a case. */
class Calls {
  readonly #world: LibraryWorld;
  /** A forbidden action of a listener. */
  #acted: CaseFinding | null = null;

  constructor(world: LibraryWorld) {
    this.#world = world;
  }

  step(step: LibraryStep): CaseFinding | null {
    this.#acted = null;
    const finding = step.do === 'call' ? this.#call(step, null) : this.#listen(step);
    return this.#acted ?? finding;
  }

  rules(last: boolean): CaseFinding | null {
    for (const checker of this.#world.checkers) {
      const [violation] = last ? checker.checkAll() : checker.checkChanged();
      if (violation) return { kind: violation.rule, message: violation.message };
    }
    return null;
  }

  /** @param inside the host whose listener makes the call, so that the host must not change; null outside of listeners */
  #call(step: CallStep, inside: Host | null): CaseFinding | null {
    const operation = OPERATIONS.get(step.name) as LibraryOperation;
    const world = this.#world;
    const target = world.object(operation.on, step.on);
    if (target === undefined || (inside !== null && operation.hardware)) return null;
    const args = step.args.map((value) => world.value(value));
    const only = inside ?? undefined;
    const [all, some] = [world.digest(true, only), world.digest(false)];
    try {
      const result = operation.call(target, args);
      if (inside === null) world.keep(result);
    } catch (error) {
      const finding = this.#judge(step.name, operation, error, { all: inside === null ? all : null, some });
      if (finding) return finding;
    }
    if (inside !== null && world.digest(true, inside) !== all) {
      return { kind: 'acted', message: `${step.name} changed something while a listener was called` };
    }
    for (const { kernel } of inside ? [] : world.hosts) {
      if (kernel.locks.held.length > 0) return { kind: 'locks', message: `${step.name} holds a lock` };
    }
    return null;
  }

  /**
   * Judges the error that a call ended with.
   * @param digests of the state before the call: all of it, or null if it is not compared, and what ENOMEM leaves unchanged
   */
  #judge(
    name: string,
    { group, partly = false }: LibraryOperation,
    error: unknown,
    { all, some }: { all: string | null; some: string },
  ): CaseFinding | null {
    // An error that a listener or a trap throws passes through the operation, which completes nevertheless.
    if (error instanceof MarkerError) return null;
    if (!DOCUMENTED[group].some((type) => error instanceof type)) {
      return { kind: `error of ${name}`, message: describeError(error) };
    }
    if (all === null) return null;
    for (const checker of this.#world.checkers) checker.suspect();
    if (partly || group === 'vmm' || group === 'scenario') return null;
    const outOfMemory = error instanceof LinuxError && (error.code === 'ENOMEM' || error.code === 'EFAULT');
    if (this.#world.digest(!outOfMemory) === (outOfMemory ? some : all)) return null;
    return { kind: `change of ${name}`, message: `${(error as Error).message}, but something has changed` };
  }

  #listen(step: LibraryStep & { do: 'listen' }): CaseFinding | null {
    const world = this.#world;
    const gmap =
      step.hook === 'invalidated' ? (world.object('gmap', step.on) as Gmap | undefined) : undefined;
    const host = (world.hosts.find(({ kernel }) => kernel === gmap?.mm.kernel) ??
      world.hosts[step.on & 1]) as Host;
    const hook = hookOf(step.hook, host, gmap);
    if (!hook) return null;
    let left = step.after;
    const leave = hook.subscribe(() => {
      if (left-- !== 0) return;
      switch (step.act) {
        case 'throw':
          throw new MarkerError('a listener threw');
        case 'subscribe':
          hook.subscribe(() => {});
          break;
        case 'leave':
          leave();
          break;
        case 'call':
          this.#acted ??= this.#call(step.call, host);
          break;
        default:
          host.stats();
      }
    });
    return null;
  }
}

interface Subscribable {
  subscribe(listener: () => void): () => void;
}

function hookOf(
  hook: (LibraryStep & { do: 'listen' })['hook'],
  { machine, kernel }: Host,
  gmap: Gmap | undefined,
): Subscribable | undefined {
  switch (hook) {
    case 'trace':
      return machine.trace;
    case 'translations':
      return machine.translationChecks;
    case 'locks':
      return kernel.locks.problems;
    default:
      return gmap?.onInvalidated;
  }
}
