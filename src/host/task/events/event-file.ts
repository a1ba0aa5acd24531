/** A counter that wakes those who wait for it: eventfd(2). */

import { LinuxError } from '../../errors.ts';
import { O, POLL } from '../abi/files.ts';
import type { Inode } from '../files/index.ts';
import { AnonymousFile } from './anonymous.ts';

/** The counter stays below: a write that would reach it waits. */
const LIMIT = 0xffff_ffff_ffff_ffffn;
const SIZE = 8;

/** An eventfd. */
export class EventFile extends AnonymousFile {
  #count: bigint;
  readonly #isSemaphore: boolean;
  /** Whether writes to it interrupt a guest of /dev/kvm: then no other route can use it, of this virtual machine or another one. */
  interruptsGuest = false;

  /** @param isSemaphore whether a read takes 1, and not all. @param flags bits of `O` */
  constructor(inode: Inode, count: number, isSemaphore: boolean, flags: number) {
    super(inode, '[eventfd]', O.RDWR | flags);
    this.#count = BigInt(count);
    this.#isSemaphore = isSemaphore;
  }

  override read(into: Uint8Array): number | null {
    if (into.length < SIZE) throw new LinuxError('EINVAL', `${into.length} bytes are too few for a counter`);
    if (this.#count === 0n) return null;
    const taken = this.#isSemaphore ? 1n : this.#count;
    this.#count -= taken;
    new DataView(into.buffer, into.byteOffset).setBigUint64(0, taken);
    this.queue.wake(POLL.OUT | POLL.WRNORM);
    return SIZE;
  }

  override write(bytes: Uint8Array): number | null {
    if (bytes.length < SIZE)
      throw new LinuxError('EINVAL', `${bytes.length} bytes are too few for a counter`);
    const added = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
    if (added === LIMIT) throw new LinuxError('EINVAL', 'a counter cannot have this value');
    if (this.#count + added >= LIMIT) return null;
    this.#count += added;
    this.queue.wake(POLL.IN | POLL.RDNORM);
    return SIZE;
  }

  override poll(): number {
    return (this.#count > 0n ? POLL.IN : 0) | (this.#count < LIMIT - 1n ? POLL.OUT : 0);
  }
}
