/**
 * The time-of-day clock of a machine.
 * Principles of Operation, chapter 4, "Timing".
 */

/** TOD units (2^-12 microseconds) that one instruction takes: about a nanosecond. */
const TOD_PER_INSTRUCTION = 4n;

/**
 * The TOD clock. Time is counted from instructions, so that a run can be repeated exactly; whoever waits moves
 * it on.
 */
export class Clock {
  /** The clock's value, in TOD units, 64 bits. */
  tod: bigint;

  /** @param start the first value, in TOD units since 1900; 0 is as good as any for a deterministic run */
  constructor(start = 0n) {
    this.tod = start;
  }

  /** Moves on by the time that `instructions` take. */
  advance(instructions: number): void {
    this.tod = BigInt.asUintN(64, this.tod + BigInt(instructions) * TOD_PER_INSTRUCTION);
  }

  /**
   * Moves on to `tod` when that is later than now: what waiting does.
   * @throws TypeError when it is not a bigint, RangeError when it is more than 64 bits
   */
  skipTo(tod: bigint): void {
    if (typeof tod !== 'bigint') throw new TypeError(`tod is a bigint, not ${typeof tod}`);
    if (tod >= 1n << 64n) throw new RangeError(`tod ${tod} is more than 64 bits`);
    if (tod > this.tod) this.tod = tod;
  }

  /** How many instructions until the clock has passed `tod`; at least 1. */
  static instructionsUntil(now: bigint, tod: bigint): number {
    return tod < now ? 1 : Number((tod - now) / TOD_PER_INSTRUCTION) + 1;
  }

  /** What the clock reads `instructions` from now. */
  after(instructions: number): bigint {
    return BigInt.asUintN(64, this.tod + BigInt(instructions) * TOD_PER_INSTRUCTION);
  }
}
