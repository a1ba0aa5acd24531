/** A descriptor that refers to a process: pidfd_open(2). */

import { O, POLL } from '../abi/files.ts';
import type { Inode } from '../files/index.ts';
import type { Process } from '../process/task.ts';
import { AnonymousFile } from './anonymous.ts';

/** A pidfd. It is ready for reading when the process has ended. */
export class ProcessFile extends AnonymousFile {
  readonly process: Process;

  /** @param flags bits of `O` */
  constructor(inode: Inode, process: Process, flags: number) {
    super(inode, '[pidfd]', O.RDWR | flags, process.endEvents);
    this.process = process;
  }

  override poll(): number {
    return this.process.ended === null ? 0 : POLL.IN | POLL.RDNORM;
  }
}
