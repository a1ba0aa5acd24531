/** Seals of files in memory: fcntl(2), "File Sealing". */

import { LinuxError } from '../../errors.ts';
import { F_ADD_SEALS, SEAL } from '../abi/events.ts';
import { SealedFile } from '../events/sealed-file.ts';
import type { OpenFile } from '../files/index.ts';
import type { System } from '../system.ts';

/** fcntl with F_ADD_SEALS or F_GET_SEALS. @param seals bits of `SEAL` */
export function sealFile(system: System, file: OpenFile, command: number, seals: number): number {
  const { inode } = file;
  if (command !== F_ADD_SEALS) {
    if (!(inode instanceof SealedFile)) throw new LinuxError('EINVAL', 'the file has no seals');
    return inode.seals;
  }
  if (!file.writable) throw new LinuxError('EPERM', 'the file is not open for writing');
  const all = SEAL.SEAL | SEAL.SHRINK | SEAL.GROW | SEAL.WRITE | SEAL.FUTURE_WRITE | SEAL.EXEC;
  if (!(inode instanceof SealedFile) || (seals & ~all) !== 0) {
    throw new LinuxError('EINVAL', `seals 0x${seals.toString(16)}`);
  }
  inode.seal(seals, isMappedShared(system, inode));
  return 0;
}

/** Whether a process has a shared mapping of a file: it could be written, whatever its protection is now. */
function isMappedShared({ threads }: System, { contents }: SealedFile): boolean {
  if (!contents.memory.isMapped) return false;
  const spaces = new Set([...threads.values()].map(({ space }) => space.mm));
  for (const mm of spaces) {
    for (const { backing } of mm.mappings)
      if (backing.file === contents.memory && backing.shared) return true;
  }
  return false;
}
