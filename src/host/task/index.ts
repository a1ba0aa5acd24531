/**
 * Linux programs as processes of the host: a `Linux` system runs executables for s390x, and performs their system calls. docs/processes.md
 * describes it.
 */

export {
  type FileAttributes,
  type FileChanges,
  FileError,
  type FileErrorCode,
  type FileName,
  type FileTree,
  type FolderEntry,
  MODE,
  type OpenFile,
  type OpenMode,
  type TreePath,
  type TreeSpace,
} from '../../files/index.ts';
export type { ChangesGo, OutputTaker } from './files/index.ts';
export { Linux, type LinuxEnd } from './linux.ts';
export { LinuxFiles } from './linux-files.ts';
export type { LinuxOptions, ProgramInput, ProgramOutput, SpawnOptions } from './linux-options.ts';
export { LinuxProcess } from './linux-process.ts';
export type { ExitStatus } from './process/task.ts';
export { InputStream, OutputStream } from './streams.ts';
export type { HandedTree } from './system-files.ts';
export { SystemTerminal, type SystemTerminalOptions } from './terminal/index.ts';
