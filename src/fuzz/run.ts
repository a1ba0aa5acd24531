/** Performs operations in the host and in the model, and compares everything that can be compared. */

import { Checker, type Rule } from '../check/index.ts';
import type { Host } from '../host/index.ts';
import { formatOperation, type Operation, World } from '../scenario/index.ts';
import { Model, mayBeHalfDone } from './model/model.ts';
import { StorageCopy } from './storage-copy.ts';

/** Options of a run. */
export interface RunOptions {
  /** Size of storage in bytes. */
  readonly storageSize: number;
  /** Whether the scenario may use up the storage, so that ENOMEM is expected. */
  readonly scarce?: boolean;
  /** Number of operations between two checks of every rule; 0 for one check at the end. */
  readonly checkEvery?: number;
  /** Number of operations between two comparisons of counts and segments; 0 for none. */
  readonly compareEvery?: number;
  /** Called before the first operation. */
  readonly before?: (host: Host) => void;
}

/** The failure of a run. */
export interface Finding {
  /** The broken rule, or a wrong answer, unexpected lack of storage, or an error of the host. */
  readonly kind: Rule | 'answer' | 'storage' | 'breakdown';
  readonly message: string;
}

/** Maximum number of segments of a gmap that is dumped for a comparison. */
const DUMPED_MAX = 5000;

/** Maximum length of an answer in a message. */
const SHOWN = 200;

/** A running scenario. It ends with the first finding. */
export class Run {
  readonly world: World;
  readonly model: Model;
  /** The operations performed, including comparisons that are operations. */
  readonly performed: Operation[] = [];
  /** Number of operations that ended with ENOMEM. */
  refused = 0;
  readonly #options: RunOptions;
  readonly #checker: Checker | null;
  readonly #copy: StorageCopy;

  constructor(options: RunOptions) {
    this.#options = options;
    this.world = new World({ storageSize: options.storageSize });
    this.model = new Model(
      (process, segment) => this.world.process(process).tables.largeFrameOf(segment) >= 0,
    );
    this.#copy = new StorageCopy(this.world.host);
    this.#checker = options.checkEvery ? Checker.attach(this.world.host) : null;
    options.before?.(this.world.host);
  }

  /** Performs an operation. Returns a finding, or null. */
  step(operation: Operation): Finding | null {
    const { checkEvery = 0, compareEvery = 0 } = this.#options;
    this.#checker?.record(formatOperation(operation));
    const found = this.#compared(operation);
    if (found) return found;
    const count = this.performed.length;
    if (checkEvery > 0 && count % checkEvery === 0) {
      const violation = this.#check();
      if (violation) return violation;
    }
    return compareEvery > 0 && count % compareEvery === 0 ? this.#compareCounts() : null;
  }

  /** Compares everything once more, and every byte of the model through every process and guest. */
  finish(): Finding | null {
    return (
      this.#compared({ verb: 'fail', count: 0n }) ??
      this.#compareCounts() ??
      this.#compareContents() ??
      (this.#checker ? this.#check() : violationOf(Checker.attach(this.world.host).checkAll()))
    );
  }

  #check(): Finding | null {
    return violationOf(this.#checker?.checkChanged() ?? []);
  }

  /** Performs an operation in the host and in the model, and compares the answers. */
  #compared(operation: Operation): Finding | null {
    this.performed.push(operation);
    const { frames, locks } = this.world.host.kernel;
    const armed = operation.verb === 'fail' ? 0 : frames.failing;
    const watched = armed > 0 && this.#checker !== null && !mayBeHalfDone(operation) && !this.model.hasLarge;
    if (watched) this.#copy.take();
    let lines: readonly string[];
    try {
      lines = comparable(operation, [...this.world.perform(operation).lines]);
    } catch (error) {
      return { kind: 'breakdown', message: (error as Error).stack ?? String(error) };
    }
    if (locks.held.length > 0) return { kind: 'locks', message: 'a lock is still held' };
    const failed = armed > 0 && frames.failing === 0;
    if (lines[0] === 'error ENOMEM') {
      this.refused++;
      this.#checker?.suspect();
      if (failed || this.#options.scarce || isHungry(operation)) {
        this.model.afterNoMemory(operation, this.world);
        const changed = watched && failed ? this.#copy.difference() : null;
        return changed ? { kind: 'answer', message: `error ENOMEM, but ${changed}` } : null;
      }
    } else if (failed && !this.model.hasLarge) {
      // With large memory, the host may have used pages in place of a frame of 1 MiB.
      return { kind: 'answer', message: `an allocation failed, and the answer is ${shown(lines)}` };
    }
    const expected = this.model.perform(operation);
    this.model.afterLarge(operation, this.world);
    const found = differenceBetween(lines, expected);
    return found && lines[0] === 'error ENOMEM' ? { ...found, kind: 'storage' } : found;
  }

  #compareCounts(): Finding | null {
    let found = this.#compared({ verb: 'stats' });
    for (const [gmap, { segments }] of this.model.gmaps) {
      if (segments.size <= DUMPED_MAX) found ??= this.#compared({ verb: 'dump', gmap });
    }
    return found;
  }

  #compareContents(): Finding | null {
    for (const operation of this.model.reads()) {
      const found = this.#compared(operation);
      if (found) return found;
    }
    return null;
  }
}

/** Performs operations in a new host. */
export function runAll(
  operations: readonly Operation[],
  options: RunOptions,
): { readonly finding: Finding | null; readonly performed: readonly Operation[] } {
  const run = new Run(options);
  for (const operation of operations) {
    const finding = run.step(operation);
    if (finding) return { finding, performed: run.performed };
  }
  return { finding: run.finish(), performed: run.performed };
}

/** Whether an operation may need more tables than fit into storage: 16 KiB for every 2 GiB. */
function isHungry(operation: Operation): boolean {
  return operation.verb === 'gmap_map_segment' && operation.length > 1n << 39n;
}

function differenceBetween(found: readonly string[], expected: readonly string[]): Finding | null {
  if (found.length === expected.length && found.every((line, i) => line === expected[i])) return null;
  return { kind: 'answer', message: `the answer is ${shown(found)}; it must be ${shown(expected)}` };
}

/** Returns a storage key without the reference and change bits, which depend on the contents of TLBs. */
function comparable({ verb }: Operation, lines: readonly string[]): readonly string[] {
  const key = verb === 'key' ? /^ok (0x\w+)$/.exec(lines[0] as string)?.[1] : undefined;
  return key === undefined ? lines : [`ok 0x${(Number(key) & 0xf8).toString(16)}`];
}

function shown(lines: readonly string[]): string {
  const text = lines.join(', ');
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}

function violationOf(violations: ReturnType<Checker['checkChanged']>): Finding | null {
  const [first] = violations;
  return first ? { kind: first.rule, message: first.message } : null;
}
