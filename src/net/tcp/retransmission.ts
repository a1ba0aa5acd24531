/** The retransmission timer. RFC 6298, times in milliseconds. */

const FIRST_TIMEOUT = 1000;
const TIMEOUT_MIN = 200;
const TIMEOUT_MAX = 60_000;

/** Measures round trips, and says when what was sent must be sent again. */
export class Retransmission {
  #smoothed: number | null = null;
  #variation = 0;
  #timeout = FIRST_TIMEOUT;
  /** When the timer expires, or null while it is not running. */
  due: number | null = null;
  /** Number of times that it has expired since something was acknowledged. */
  count = 0;

  /** Starts it anew. */
  start(now: number): void {
    this.due = now + this.#timeout;
  }

  stop(): void {
    this.due = null;
  }

  /** It has expired: the next timeout is twice as long. */
  expired(now: number): void {
    this.count++;
    this.#timeout = Math.min(this.#timeout * 2, TIMEOUT_MAX);
    this.start(now);
  }

  /** Something new was acknowledged. @param trip the round trip that was measured, or null */
  acknowledged(trip: number | null): void {
    this.count = 0;
    if (trip === null) return;
    if (this.#smoothed === null) {
      this.#smoothed = trip;
      this.#variation = trip / 2;
    } else {
      this.#variation = 0.75 * this.#variation + 0.25 * Math.abs(this.#smoothed - trip);
      this.#smoothed = 0.875 * this.#smoothed + 0.125 * trip;
    }
    const timeout = this.#smoothed + 4 * this.#variation;
    this.#timeout = Math.min(Math.max(timeout, TIMEOUT_MIN), TIMEOUT_MAX);
  }
}
