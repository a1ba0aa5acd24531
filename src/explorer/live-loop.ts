/** Plays a guest live: until it is paused, ends, or has done a number of steps. While it waits, its clock follows the time of day. */

import type { Progress } from '../player/index.ts';
import type { RecordingPlayer } from '../player/internal.ts';
import { inSlices } from './slices.ts';

/** TOD units per millisecond. */
const TOD_PER_MILLISECOND = 4_096_000;
/** The longest time that a timer can wait, in milliseconds. */
const WAIT_MAX = 0x7fff_ffff;
/** Milliseconds between two progress reports. */
const REPORT_INTERVAL = 200;

/** Plays one guest. */
export class LiveLoop {
  readonly #player: RecordingPlayer;
  #paused = false;
  /** Ends the wait of the guest. */
  #wake = () => {};
  #reported = -Infinity;
  /** The number of the first item of output that was not reported, and of the first one kept at that time. */
  #outputNext = 0;
  #outputFrom = 0;

  constructor(player: RecordingPlayer) {
    this.#player = player;
  }

  /**
   * Plays the guest.
   * @param steps to be done; Infinity to play until it is paused
   * @param isOpen returns false when it shall end because something else was opened
   * @param progress gets reports. Their output has only what is new, unless earlier output was dropped.
   */
  async play(steps: number, isOpen: () => boolean, progress: (progress: Progress) => void): Promise<void> {
    const to = this.#player.progress.steps + steps;
    this.#paused = false;
    const goesOn = () => isOpen() && !this.#paused;
    while (goesOn()) {
      if (steps === Infinity) await this.#waited();
      if (!goesOn()) return;
      await inSlices(
        (pending) => this.#record(to, pending),
        () => {
          if (isOpen() && performance.now() - this.#reported >= REPORT_INTERVAL) this.#report(progress);
          return goesOn();
        },
      );
      if (!isOpen()) return;
      const { steps: done, end } = this.#player.progress;
      if (done >= to || end !== null) return;
      this.#report(progress);
    }
  }

  /** Ends playing. */
  pause(): void {
    this.#paused = true;
    this.#wake();
  }

  /** Gives console input to the guest. Returns the number of bytes accepted. */
  input(bytes: Uint8Array): number {
    const accepted = this.#player.live?.input(bytes) ?? 0;
    this.#wake();
    return accepted;
  }

  /** Records a slice. Returns whether it is done, or the guest waits. */
  #record(to: number, pending: () => boolean): boolean {
    const player = this.#player;
    player.record(to - player.progress.steps, pending);
    const { steps, end } = player.progress;
    return end !== null || steps >= to || player.live?.wait != null;
  }

  /** Waits as long as the guest does. */
  async #waited(): Promise<void> {
    const wait = this.#player.live?.wait;
    if (wait == null) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (wait.until === null) return;
      const time = Number(wait.until - wait.now) / TOD_PER_MILLISECOND;
      setTimeout(resolve, Math.min(Math.max(time, 0), WAIT_MAX));
    });
    this.#wake = () => {};
  }

  #report(progress: (progress: Progress) => void): void {
    this.#reported = performance.now();
    const { progress: all } = this.#player;
    const isWhole = all.outputFrom !== this.#outputFrom;
    const from = isWhole ? all.outputFrom : this.#outputNext;
    this.#outputFrom = all.outputFrom;
    this.#outputNext = all.outputFrom + all.output.length;
    progress({ ...all, outputFrom: from, output: all.output.slice(from - all.outputFrom) });
  }
}
