/** A file that open can open: any but a symbolic link or a socket. */

import { Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';

/** A file that can be opened. */
export abstract class OpenableInode extends Inode {
  /** Opens it. Permissions were checked. @param flags bits of `O`. @throws LinuxError as open does for files of its type */
  abstract open(flags: number): OpenFile;
}
