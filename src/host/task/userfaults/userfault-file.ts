/** The descriptor by which user space serves faults: userfaultfd(2). */

import { LinuxError } from '../../errors.ts';
import type { Mm } from '../../mm/index.ts';
import { O, POLL } from '../abi/files.ts';
import { AnonymousFile } from '../events/anonymous.ts';
import type { Inode } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import type { Thread } from '../process/task.ts';
import { MESSAGE, UFFD_API, UFFDIO } from './abi.ts';
import { ALL_IOCTLS, COMMANDS } from './commands.ts';
import { Userfaults } from './faults.ts';

/** A userfaultfd. */
export class UserfaultFile extends AnonymousFile {
  readonly #faults: Userfaults;

  /** @param mm the memory whose faults are served. @param flags bits of `O` */
  constructor(inode: Inode, mm: Mm, isUserModeOnly: boolean, flags: number) {
    super(inode, '[userfaultfd]', O.RDONLY | flags);
    this.#faults = new Userfaults(mm, isUserModeOnly, this.queue);
  }

  /** Reads messages: as many as there are and fit. */
  override read(into: Uint8Array): number | null {
    if (!this.#faults.isInitialized) throw new LinuxError('EINVAL', 'UFFDIO_API comes first');
    if (into.length < MESSAGE.SIZE)
      throw new LinuxError('EINVAL', `${into.length} bytes are too few for a message`);
    let done = 0;
    while (done + MESSAGE.SIZE <= into.length) {
      if (!this.#faults.take(new DataView(into.buffer, into.byteOffset + done, MESSAGE.SIZE))) break;
      done += MESSAGE.SIZE;
    }
    return done > 0 ? done : null;
  }

  override poll(): number {
    if (!this.#faults.isInitialized || !this.nonBlocking) return POLL.ERR;
    return this.#faults.counts.unread > 0 ? POLL.IN : 0;
  }

  override control(command: number, argument: number, thread: Thread): Blocking<number> | number {
    const perform = COMMANDS.get(command);
    const isTooEarly = command !== UFFDIO.API && !this.#faults.isInitialized;
    if (perform === undefined || isTooEarly)
      throw new LinuxError('EINVAL', `command 0x${command.toString(16)} of a userfaultfd`);
    return perform(this.#faults, argument, thread);
  }

  override get information(): string {
    const { unread, total } = this.#faults.counts;
    const numbers = [UFFD_API, this.#faults.features, ALL_IOCTLS].map((value) => value.toString(16));
    return `pending:\t${unread}\ntotal:\t${total}\nAPI:\t${numbers.join(':')}\n`;
  }

  protected override closed(): void {
    this.#faults.end();
  }
}
