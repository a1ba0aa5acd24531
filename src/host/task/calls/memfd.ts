/** Files in memory without names: memfd_create(2). */

import { LinuxError } from '../../errors.ts';
import { MFD, SEAL } from '../abi/events.ts';
import { O } from '../abi/files.ts';
import { SealedFile } from '../events/sealed-file.ts';
import { Dentry, FileContents } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { install } from './descriptors.ts';
import { call } from './line.ts';

const NAME_MAX = 249;

function memfdCreate(system: System, thread: Thread, nameAt: number, flags: number): number {
  const known = MFD.CLOEXEC | MFD.ALLOW_SEALING | MFD.NOEXEC_SEAL | MFD.EXEC;
  if ((flags & ~known) !== 0 || (flags & (MFD.EXEC | MFD.NOEXEC_SEAL)) === (MFD.EXEC | MFD.NOEXEC_SEAL)) {
    throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)} of memfd_create`);
  }
  const name = nameOf(thread, nameAt);
  const { memory } = system.files;
  const isExecutable = (flags & MFD.NOEXEC_SEAL) === 0;
  const seals = isExecutable ? ((flags & MFD.ALLOW_SEALING) !== 0 ? 0 : SEAL.SEAL) : SEAL.EXEC;
  const mode = isExecutable ? 0o777 : 0o666;
  const inode = new SealedFile(memory, mode, new FileContents(memory.host, memory.budget), seals);
  const { fsuid, fsgid } = thread.credentials;
  inode.uid = fsuid;
  inode.gid = fsgid;
  const file = inode.open(O.RDWR | O.LARGEFILE);
  file.credentials = thread.credentials;
  const dentry = new Dentry(`memfd:${name}`, memory.root, inode);
  dentry.removed = true;
  file.dentry = dentry;
  return install(thread, file, (flags & MFD.CLOEXEC) !== 0);
}

function nameOf({ space }: Thread, at: number): string {
  try {
    return space.memory.string(at, NAME_MAX);
  } catch (error) {
    if (!(error instanceof LinuxError) || error.code !== 'ENAMETOOLONG') throw error;
    throw new LinuxError('EINVAL', `a name of more than ${NAME_MAX} bytes`);
  }
}

/** The system call for files in memory. */
export const MEMFD_CALLS = [call('memfd_create', 'path uint', memfdCreate, 'MFD_HUGETLB')];
