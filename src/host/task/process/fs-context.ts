/** Where a process looks up paths (Linux: struct fs_struct). Threads share it. */

import type { Dentry } from '../files/dentry.ts';

/** The working directory, the root directory, and the bits that are not set in the modes of new files. */
export class FsContext {
  root: Dentry;
  working: Dentry;
  umask: number;

  constructor(root: Dentry, working: Dentry, umask = 0o022) {
    this.root = root;
    this.working = working;
    this.umask = umask;
  }

  copy(): FsContext {
    return new FsContext(this.root, this.working, this.umask);
  }
}
