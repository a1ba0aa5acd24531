/** What processes offer to the other modules of this project. Not part of the package's interface. */

export { AT } from './abi/at.ts';
export { EPOLL, F_ADD_SEALS, F_GET_SEALS, MFD, SEAL, TFD } from './abi/events.ts';
export { O, POLL, RENAME, S, SEEK } from './abi/files.ts';
export { IOCTL } from './abi/ioctls.ts';
export { MADV, MAP, MREMAP } from './abi/memory.ts';
export { CLONE, P, RLIMIT, WAIT } from './abi/processes.ts';
export { NSIG, SA, SIG, SS, signalName } from './abi/signals.ts';
export { AF, IPPROTO, MSG, SCM, SO, SOCK, SOL_SOCKET } from './abi/sockets.ts';
export { SYSTEM_CALLS } from './abi/system-calls.ts';
export type { ArgumentKind, CallLine } from './calls/line.ts';
export { CALLS } from './calls/table.ts';
export { codePlace, readFile } from './exec/code-place.ts';
export { isLinuxProgram, programIn } from './exec/elf-program.ts';
export {
  type Dentry,
  Directory,
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
export { CAP as KVM_CAP, KVM, REG as KVM_REG, RUN as KVM_RUN_PAGE } from './kvm/abi.ts';
export { capability as kvmCapability } from './kvm/capabilities.ts';
export { KVM_COMMANDS } from './kvm/index.ts';
export { maps } from './proc/process-files.ts';
export type { CallTracer } from './process/call-tracer.ts';
export type { Registers } from './process/registers.ts';
export type { Crash, Process, Thread } from './process/task.ts';
export type { SignalInfo } from './signals/pending-signals.ts';
export { sendToThread } from './signals/send.ts';
export { encodeSignalInfo } from './signals/signal-info.ts';
export type { System } from './system.ts';
export { FEATURE as UFFD_FEATURE, UFFD_USER_MODE_ONLY, UFFDIO } from './userfaults/abi.ts';
