/**
 * The checkpoints of a guest that is played live. Their number and size are bounded: the older they are, the farther they are apart.
 */

import type { SavedMemory } from '../../vmm/index.ts';
import type { Checkpoint } from './checkpoint.ts';

/** Maximum number of checkpoints, and of bytes of memory in them. Pages that do not change are kept once. */
const COUNT_MAX = 24;
const BYTES_MAX = 96 << 20;
const PAGE = 4096;

/** The checkpoints, in ascending order of step. */
export class Checkpoints {
  readonly #countMax: number;
  readonly #bytesMax: number;
  readonly #kept: Checkpoint[] = [];
  /** How many checkpoints have a page. */
  readonly #uses = new Map<Uint8Array, number>();

  /** @param limits on the number of checkpoints and the bytes of memory in them */
  constructor({ count = COUNT_MAX, bytes = BYTES_MAX } = {}) {
    this.#countMax = count;
    this.#bytesMax = bytes;
  }

  /** Their steps, in ascending order. */
  get steps(): readonly number[] {
    return this.#kept.map(({ step }) => step);
  }

  /** Bytes of memory in them. */
  get bytes(): number {
    return this.#uses.size * PAGE;
  }

  /** Returns the last one at or before a step, or null if there is none. */
  nearest(step: number): Checkpoint | null {
    return this.#kept.findLast((one) => one.step <= step) ?? null;
  }

  /** Returns the step of the last one at or before a step; 0, the start, if there is none. */
  nearestStep(step: number): number {
    return this.nearest(step)?.step ?? 0;
  }

  /** Keeps a checkpoint, and drops others if there are too many. */
  add(checkpoint: Checkpoint): void {
    const { step, state } = checkpoint;
    const before = this.nearest(step);
    if (before?.step === step) return;
    const known = new Map(before?.state.memory.map(({ address, bytes }) => [address, bytes]));
    const memory = state.memory.flatMap((part) => this.#pagesOf(part, known));
    this.#kept.splice(before === null ? 0 : this.#kept.indexOf(before) + 1, 0, {
      ...checkpoint,
      state: { ...state, memory },
    });
    while (this.#kept.length > this.#countMax || this.bytes > this.#bytesMax) this.#dropOne();
  }

  /** Returns the pages of a part, each as the array that is known if the contents are the same. */
  #pagesOf({ address, bytes, keys }: SavedMemory, known: ReadonlyMap<bigint, Uint8Array>): SavedMemory[] {
    return Array.from({ length: bytes.length / PAGE }, (_, n) => {
      const at = address + BigInt(n * PAGE);
      const [now, before] = [bytes.subarray(n * PAGE, (n + 1) * PAGE), known.get(at)];
      const page = before !== undefined && isSame(before, now) ? before : now.slice();
      this.#uses.set(page, (this.#uses.get(page) ?? 0) + 1);
      return { address: at, bytes: page, keys: keys === null ? null : keys.slice(n, n + 1) };
    });
  }

  /** Drops the one whose neighbours are closest to each other, compared with the root of its age. The last one is dropped last. */
  #dropOne(): void {
    const now = this.#kept.at(-1)?.step ?? 0;
    let least = 0;
    let ratio = Infinity;
    for (let i = 0; i < this.#kept.length - 1; i++) {
      const { step } = this.#kept[i] as Checkpoint;
      const gap = (this.#kept[i + 1]?.step ?? step) - (this.#kept[i - 1]?.step ?? 0);
      const own = gap / Math.sqrt(now - step);
      if (own < ratio) [least, ratio] = [i, own];
    }
    const [dropped] = this.#kept.splice(least, 1);
    for (const { bytes } of dropped?.state.memory ?? []) this.#release(bytes);
  }

  #release(page: Uint8Array): void {
    const left = (this.#uses.get(page) ?? 0) - 1;
    if (left > 0) this.#uses.set(page, left);
    else this.#uses.delete(page);
  }
}

/** Whether two pages have the same contents. */
function isSame(one: Uint8Array, other: Uint8Array): boolean {
  const [a, b] = [words(one), words(other)];
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function words(page: Uint8Array): Int32Array {
  return new Int32Array(page.buffer, page.byteOffset, PAGE / 4);
}
