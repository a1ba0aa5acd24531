/** The file that a local socket is bound to. Connecting to it is a matter of sockets; open refuses it. */

import { S } from '../abi/files.ts';
import type { FileSystem } from './file-system.ts';
import { Inode } from './inode.ts';

/** The file of a socket. */
export class SocketInode extends Inode {
  /** @param mode permissions: bits of `S` */
  constructor(fs: FileSystem, mode: number, ino?: number) {
    super(fs, S.IFSOCK | mode, ino);
  }
}
