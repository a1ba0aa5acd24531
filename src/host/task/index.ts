/** Linux programs as processes of the host: exec, system calls, signals, files, scheduling. */

export { signalName } from './abi/signals.ts';
export { codePlace, readFile } from './exec/code-place.ts';
export {
  type FolderChange,
  type Inode,
  InputStream,
  majorOf,
  makeDevice,
  minorOf,
  OutputStream,
  type OutputTaker,
  pathOf,
  RegularFile,
  Symlink,
} from './files/index.ts';
export {
  Linux,
  type LinuxEnd,
  type LinuxOptions,
  type SpawnOptions,
  type SystemTerminal,
  type SystemTerminalOptions,
} from './linux.ts';
export { maps } from './proc/process-files.ts';
export type { Crash, ExitStatus, Process, Thread } from './process/task.ts';
export { Strace } from './strace/strace.ts';
export type { System } from './system.ts';
export { type HandedTree, SystemFiles } from './system-files.ts';
