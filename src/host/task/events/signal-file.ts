/** A descriptor from which signals are read: signalfd(2). */

import { LinuxError } from '../../errors.ts';
import { O, POLL } from '../abi/files.ts';
import { SI, SIG } from '../abi/signals.ts';
import type { Inode } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import type { SignalInfo } from '../signals/pending-signals.ts';
import type { SignalSet } from '../signals/signal-sets.ts';
import { takeSignal } from '../signals/take.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { AnonymousFile } from './anonymous.ts';

/** Size of struct signalfd_siginfo. */
const INFO = 128;

/** Who is in a system call. */
export interface CallerOf {
  readonly current: Thread | null;
}

/** A signalfd. Who reads it takes its own signals. */
export class SignalFile extends AnonymousFile {
  mask: SignalSet;
  readonly #system: CallerOf;

  /** @param queue those who wait for signals. @param flags bits of `O` */
  constructor(inode: Inode, mask: SignalSet, system: CallerOf, queue: WaitQueue, flags: number) {
    super(inode, '[signalfd]', O.RDWR | flags, queue);
    this.mask = mask;
    this.#system = system;
  }

  override read(into: Uint8Array): number | null {
    if (into.length < INFO) throw new LinuxError('EINVAL', `${into.length} bytes are too few for a signal`);
    const caller = this.#system.current;
    if (caller === null) return null;
    let done = 0;
    while (done + INFO <= into.length) {
      const info = takeSignal(caller, ~this.mask);
      if (info === null) break;
      into.set(encode(info), done);
      done += INFO;
    }
    return done === 0 ? null : done;
  }

  override poll(): number {
    const caller = this.#system.current;
    if (caller === null) return 0;
    return ((caller.pending.set | caller.process.pending.set) & this.mask) === 0n ? 0 : POLL.IN;
  }
}

/** Returns a struct signalfd_siginfo. */
function encode(info: SignalInfo): Uint8Array {
  const bytes = new Uint8Array(INFO);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, info.signal);
  view.setInt32(4, info.errno ?? 0);
  view.setInt32(8, info.code);
  if (info.timer !== undefined) {
    view.setUint32(24, info.timer.id);
    view.setUint32(32, info.timer.overrun);
  } else if (info.address !== undefined) {
    view.setBigUint64(72, BigInt(info.address));
  } else if (info.band !== undefined) {
    view.setUint32(28, info.band);
    view.setInt32(20, info.fd ?? 0);
  } else {
    view.setUint32(12, info.pid ?? 0);
    view.setUint32(16, info.uid ?? 0);
  }
  if (info.signal === SIG.CHLD && info.code !== SI.USER) view.setInt32(40, info.status ?? 0);
  if (info.value !== undefined) {
    // sigval is a union: the int is in the first half of the pointer.
    view.setInt32(44, Number(BigInt.asIntN(32, info.value >> 32n)));
    view.setBigUint64(48, BigInt.asUintN(64, info.value));
  }
  return bytes;
}
