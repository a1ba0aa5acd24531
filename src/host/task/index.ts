/** Linux programs as processes of the host: exec, system calls, signals, files, scheduling. */

export { InputStream, OutputStream, type OutputTaker } from './files/index.ts';
export { Linux, type LinuxEnd, type LinuxOptions, type SpawnOptions } from './linux.ts';
export { maps } from './proc/process-files.ts';
export type { ExitStatus, Process } from './process/task.ts';
export { Strace } from './strace/strace.ts';
export { type HandedTree, SystemFiles } from './system-files.ts';
