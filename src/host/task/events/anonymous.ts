/** Files that have no names and no contents: descriptors of events (Linux: anon_inode). */

import { Dentry, Inode, OpenFile } from '../files/index.ts';
import { WaitQueue } from '../wait-queue.ts';

/** The inode that such files share. It has no type. */
export class AnonymousInode extends Inode {}

/** An open file without a name. */
export abstract class AnonymousFile extends OpenFile {
  /** @param kind what it is, as /proc/PID/fd shows it. @param flags bits of `O`. @param queue see `OpenFile` */
  constructor(inode: Inode, kind: string, flags: number, queue = new WaitQueue()) {
    super(inode, flags, queue);
    this.dentry = new Dentry(`anon_inode:${kind}`, null, inode);
  }

  /** It has no offset, and a seek does nothing. */
  override seek(): number {
    return 0;
  }
}
