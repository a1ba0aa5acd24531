/** What the module offers to the fuzzer of system calls, and not to users of the package. */

export { AT } from './abi/at.ts';
export { EPOLL, F_ADD_SEALS, F_GET_SEALS, MFD, SEAL, TFD } from './abi/events.ts';
export { O, POLL, RENAME, S, SEEK } from './abi/files.ts';
export { IOCTL } from './abi/ioctls.ts';
export { MADV, MAP, MREMAP } from './abi/memory.ts';
export { CLONE, P, RLIMIT, WAIT } from './abi/processes.ts';
export { NSIG, SA, SIG, SS } from './abi/signals.ts';
export { AF, IPPROTO, MSG, SCM, SO, SOCK, SOL_SOCKET } from './abi/sockets.ts';
export { SYSTEM_CALLS } from './abi/system-calls.ts';
export type { ArgumentKind, CallLine } from './calls/line.ts';
export { CALLS } from './calls/table.ts';
export { type Dentry, Directory, type OpenFile } from './files/index.ts';
export type { CallTracer } from './process/call-tracer.ts';
