/** A timer whose expirations are read from a descriptor: timerfd_create(2). */

import { LinuxError } from '../../errors.ts';
import { O, POLL } from '../abi/files.ts';
import type { Inode } from '../files/index.ts';
import { IntervalTimer, type TimerClock } from '../interval-timer.ts';
import { AnonymousFile } from './anonymous.ts';

const SIZE = 8;

/** A timerfd. */
export class TimerFile extends AnonymousFile {
  readonly timer: IntervalTimer;
  /** Whether absolute times are those of CLOCK_REALTIME. */
  readonly isRealtime: boolean;

  /** @param flags bits of `O` */
  constructor(inode: Inode, clock: TimerClock, isRealtime: boolean, flags: number) {
    super(inode, '[timerfd]', O.RDWR | flags);
    this.isRealtime = isRealtime;
    this.timer = new IntervalTimer(clock, () => this.queue.wake(POLL.IN));
  }

  /** Reads how often the timer has expired. */
  override read(into: Uint8Array): number | null {
    if (into.length < SIZE) throw new LinuxError('EINVAL', `${into.length} bytes are too few for a number`);
    const times = this.timer.forward();
    if (times === 0) return null;
    this.timer.start();
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, BigInt(times));
    return SIZE;
  }

  override poll(): number {
    return this.timer.hasExpired ? POLL.IN : 0;
  }

  protected override closed(): void {
    this.timer.stop();
  }
}
