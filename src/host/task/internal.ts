/** What processes offer to the other modules of this project. Not part of the package's interface. */

export { signalName } from './abi/signals.ts';
export { codePlace, readFile } from './exec/code-place.ts';
export {
  type FolderChange,
  type Inode,
  lookup,
  majorOf,
  makeDevice,
  minorOf,
  pathOf,
  RegularFile,
  Symlink,
} from './files/index.ts';
export { maps } from './proc/process-files.ts';
export type { Registers } from './process/registers.ts';
export type { Crash, Process, Thread } from './process/task.ts';
export type { SignalInfo } from './signals/pending-signals.ts';
export { sendToThread } from './signals/send.ts';
export { encodeSignalInfo } from './signals/signal-info.ts';
export type { System } from './system.ts';
