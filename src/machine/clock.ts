/**
 * The time-of-day clock of a machine.
 * Principles of Operation, chapter 4, "Timing".
 */

/** TOD units (2^-12 microseconds) per unit of work: about a nanosecond. */
const TOD_PER_INSTRUCTION = 4n;

/**
 * The TOD clock. It advances with the work that processors do, so that a run can be repeated exactly, and when a caller
 * waits.
 */
export class Clock {
  #base: bigint;
  #work = 0;

  /** @param start the first value, in TOD units since 1900 */
  constructor(start = 0n) {
    this.#base = start;
  }

  /** The clock's value when it was last set, in TOD units. */
  get base(): bigint {
    return this.#base;
  }

  /** Units of work by which it has advanced since. A number: run loops ask for it often. */
  get work(): number {
    return this.#work;
  }

  /** The clock's value, in TOD units, 64 bits. */
  get tod(): bigint {
    return this.after(0);
  }

  set tod(value: bigint) {
    this.#base = value;
    this.#work = 0;
  }

  /** The TOD offset: what `set` has added to the physical clock, 64 bits. */
  offset = 0n;

  /** Sets the clock, modulo 2^64. The physical clock does not change. */
  set(tod: bigint): void {
    this.offset = BigInt.asUintN(64, this.offset + tod - this.tod);
    this.tod = BigInt.asUintN(64, tod);
  }

  /** Advances the clock by the time that `instructions` units of work take. */
  advance(instructions: number): void {
    this.#work += instructions;
  }

  /**
   * Advances the clock to `tod`, as waiting does. An earlier value changes nothing.
   * @throws TypeError if `tod` is not a bigint; RangeError if it has more than 64 bits
   */
  skipTo(tod: bigint): void {
    if (typeof tod !== 'bigint') throw new TypeError(`tod must be a bigint, not ${typeof tod}`);
    if (tod >= 1n << 64n) throw new RangeError(`tod ${tod} is more than 64 bits`);
    if (tod > this.tod) this.tod = tod;
  }

  /** Returns the number of units of work, at least 1, after which a clock that reads `now` has passed `tod`. */
  static instructionsUntil(now: bigint, tod: bigint): number {
    return tod < now ? 1 : Number((tod - now) / TOD_PER_INSTRUCTION) + 1;
  }

  /** Returns the value of the clock after `instructions` more units of work. */
  after(instructions: number): bigint {
    return BigInt.asUintN(64, this.#base + BigInt(this.#work + instructions) * TOD_PER_INSTRUCTION);
  }
}
