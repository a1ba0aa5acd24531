/** What processes offer to the other modules of this project. Not part of the package's interface. */

export { signalName } from './abi/signals.ts';
export { codePlace, readFile } from './exec/code-place.ts';
export { isLinuxProgram, programIn } from './exec/elf-program.ts';
export {
  type FolderChange,
  type Inode,
  majorOf,
  makeDevice,
  minorOf,
  pathOf,
  RegularFile,
  Symlink,
} from './files/index.ts';
export { maps } from './proc/process-files.ts';
export type { Crash, Thread } from './process/task.ts';
export type { System } from './system.ts';
