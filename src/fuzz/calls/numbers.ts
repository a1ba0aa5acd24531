/** The numbers that arguments of system calls have: flags, commands and options. */

import {
  AF,
  AT,
  CLONE,
  EPOLL,
  F_ADD_SEALS,
  F_GET_SEALS,
  IOCTL,
  IPPROTO,
  MADV,
  MFD,
  MREMAP,
  MSG,
  O,
  P,
  RENAME,
  RLIMIT,
  SA,
  SEAL,
  SEEK,
  SO,
  SOCK,
  SOL_SOCKET,
  TFD,
  UFFD_USER_MODE_ONLY,
  UFFDIO,
  WAIT,
} from '../../host/task/internal.ts';

import { FD } from './layout.ts';

type Names = Readonly<Record<string, number>>;

const numbers = (...names: readonly Names[]): number[] => names.flatMap((one) => Object.values(one));
const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

/** Bits of the flags, by the word behind `flags:` of the kind of the argument. */
export const FLAGS: ReadonlyMap<string, readonly number[]> = new Map([
  ['O', numbers(O)],
  ['PROT', [1, 2, 4, 3, 0x0100_0000]],
  ['CLONE', numbers(CLONE)],
  ['MREMAP', numbers(MREMAP)],
  ['AT', [AT.SYMLINK_NOFOLLOW, AT.REMOVEDIR, AT.SYMLINK_FOLLOW, AT.EMPTY_PATH]],
  ['WAIT', numbers(WAIT)],
  ['UFFD', [O.CLOEXEC, O.NONBLOCK, UFFD_USER_MODE_ONLY]],
]);

const DOMAINS = numbers(AF);
const TYPES = [
  ...numbers(SOCK),
  SOCK.STREAM | SOCK.NONBLOCK,
  SOCK.DGRAM | SOCK.NONBLOCK,
  SOCK.STREAM | SOCK.CLOEXEC,
];
const LEVELS = [SOL_SOCKET, SOL_SOCKET, ...numbers(IPPROTO)];
const OPTIONS = [...numbers(SO), ...upTo(32)];
const FUTEX = [0, 1, 3, 4, 5, 9, 10, 6, 7, 8, 11, 128, 129, 131, 132, 133, 137, 138, 256, 256 + 9];
const CLOCKS = [...upTo(13), -2, -6, -10];
const SIG_HOW = upTo(4);

/** Numbers that mean something, by system call and index of the argument. */
export const COMMANDS: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ['fcntl 1', [...upTo(17), 36, 37, 38, ...[1024, 1026, 1030, 1031, 1032, 1036], F_ADD_SEALS, F_GET_SEALS]],
  ['fcntl 2', [...numbers(SEAL), ...upTo(30), O.NONBLOCK, O.APPEND, 4096, 1 << 20, (1 << 20) + 1]],
  ['ioctl 1', [...numbers(IOCTL), ...numbers(UFFDIO)]],
  ['futex 1', FUTEX],
  ['madvise 2', numbers(MADV)],
  ['lseek 2', numbers(SEEK)],
  ['flock 1', [1, 2, 8, 5, 6]],
  ['fallocate 1', [0, 1, 2, 3, 8, 16, 32, 64]],
  ['renameat2 4', numbers(RENAME)],
  ['memfd_create 1', numbers(MFD)],
  ['eventfd2 1', [0, 1, O.NONBLOCK, O.CLOEXEC]],
  ['timerfd_create 0', CLOCKS],
  ['timerfd_settime 1', numbers(TFD)],
  ['clock_nanosleep 0', CLOCKS],
  ['clock_gettime 0', CLOCKS],
  ['clock_getres 0', CLOCKS],
  ['timer_create 0', CLOCKS],
  ['timer_settime 0', upTo(4)],
  ['timer_gettime 0', upTo(4)],
  ['timer_delete 0', upTo(4)],
  ['epoll_ctl 1', [EPOLL.ADD, EPOLL.ADD, EPOLL.DEL, EPOLL.MOD]],
  ['waitid 0', numbers(P)],
  ['prctl 0', upTo(60)],
  ['prlimit64 1', numbers(RLIMIT)],
  ['setrlimit 0', numbers(RLIMIT)],
  ['getrlimit 0', numbers(RLIMIT)],
  ['rt_sigprocmask 0', SIG_HOW],
  ['sigprocmask 0', SIG_HOW],
  ['socket 0', DOMAINS],
  ['socket 1', TYPES],
  ['socket 2', [0, 0, ...numbers(IPPROTO)]],
  ['socketpair 0', [AF.UNIX, AF.UNIX, ...DOMAINS]],
  ['socketpair 1', TYPES],
  ['socketpair 2', [0]],
  ['accept4 3', [0, SOCK.NONBLOCK, SOCK.CLOEXEC]],
  ['setsockopt 1', LEVELS],
  ['setsockopt 2', OPTIONS],
  ['getsockopt 1', LEVELS],
  ['getsockopt 2', OPTIONS],
  ['shutdown 1', upTo(4)],
  ['sendto 3', numbers(MSG)],
  ['recvfrom 3', numbers(MSG)],
  ['sendmsg 2', numbers(MSG)],
  ['recvmsg 2', numbers(MSG)],
  ['sendmmsg 3', numbers(MSG)],
  ['recvmmsg 3', numbers(MSG)],
  ['socketcall 0', upTo(22)],
  ['setitimer 0', upTo(4)],
  ['getitimer 0', upTo(4)],
  ['getrusage 0', [-1, 0, 1]],
  ['membarrier 0', [0, 1, 2, 4, 8, 16, 32, 64]],
  ['umask 0', [0, 0o22, 0o777]],
  ['close_range 2', [0, 2, 4]],
  ...[
    'rt_sigaction 3',
    'rt_sigprocmask 3',
    'rt_sigpending 1',
    'rt_sigsuspend 1',
    'rt_sigtimedwait 3',
    'signalfd 2',
  ].map((one) => [one, [8]] as const),
  ...['signalfd4 2', 'ppoll 4', 'epoll_pwait 5', 'epoll_pwait2 5'].map((one) => [one, [8]] as const),
  ['signalfd 0', [-1, FD.SIGNAL]],
  ['signalfd4 0', [-1, FD.SIGNAL]],
  ...[
    'poll 1',
    'ppoll 1',
    'epoll_wait 2',
    'epoll_pwait 2',
    'epoll_pwait2 2',
    'select 0',
    'pselect6 0',
    'recvmmsg 2',
  ].map((one) => [one, [1, 2, 3, 3, 64]] as const),
  ...['poll 2', 'epoll_wait 3', 'epoll_pwait 3'].map((one) => [one, [0, 1, 100, -1]] as const),
  ...['readv 2', 'writev 2', 'preadv 2', 'pwritev 2', 'sendmmsg 2'].map(
    (one) => [one, [1, 1, 2, 3]] as const,
  ),
  ...['pread64 3', 'pwrite64 3', 'preadv 3', 'pwritev 3', 'ftruncate 1', 'truncate 1', 'lseek 1'].map(
    (one) => [one, [0, 1, 100, 4096, 10_000, 2 ** 31, -1]] as const,
  ),
  ...['bind 2', 'connect 2', 'sendto 5'].map((one) => [one, [2, 8, 16, 28, 110]] as const),
  ['setsockopt 4', [4, 4, 8, 16]],
  ['getdents64 2', [24, 100, 4096]],
  ['sched_setaffinity 1', [8, 128]],
  ['sched_getaffinity 1', [8, 128]],
  ['statfs64 1', [88]],
  ['fstatfs64 1', [88]],
  ['set_robust_list 1', [24]],
  ['clone3 1', [64, 80, 88]],
  ['openat2 3', [24]],
  ['pidfd_getfd 1', Object.values(FD)],
  ['pidfd_getfd 2', [0]],
  ['copy_file_range 5', [0]],
  ['copy_file_range 1', [0]],
  ['copy_file_range 3', [0]],
  ['pidfd_send_signal 2', [0]],
  ['pidfd_send_signal 3', [0]],
]);

/** Descriptors that calls are made for, by a part of the name. */
export const SORTS: readonly (readonly [part: string, fds: readonly number[]])[] = [
  ['epoll', [FD.EPOLL]],
  ['timerfd', [FD.TIMER]],
  ['signalfd', [FD.SIGNAL]],
  ['pidfd', [FD.PROCESS]],
  ['accept', [FD.LISTENER]],
  ['listen', [FD.LISTENER, FD.DATAGRAM]],
  ['send', [FD.SOCKET, FD.PEER, FD.DATAGRAM, FD.CLIENT]],
  ['recv', [FD.SOCKET, FD.PEER, FD.DATAGRAM, FD.CLIENT]],
  ['sock', [FD.SOCKET, FD.PEER, FD.DATAGRAM, FD.LISTENER, FD.CLIENT]],
  ['peer', [FD.SOCKET, FD.PEER]],
  ['shutdown', [FD.SOCKET, FD.PEER]],
  ['bind', [FD.DATAGRAM, FD.LISTENER, FD.CLIENT]],
  ['connect', [FD.DATAGRAM, FD.CLIENT, FD.CLIENT]],
  ['copy_file', [FD.FILE, FD.MEMORY]],
  ['ioctl', [FD.TERMINAL, FD.TERMINAL, 0, FD.FIFO, FD.SOCKET, FD.FAULTS]],
  ['getdents', [FD.DIRECTORY]],
  ['fchdir', [FD.DIRECTORY]],
  ['trunc', [FD.FILE, FD.MEMORY]],
  ['falloc', [FD.FILE, FD.MEMORY]],
  ['pread', [FD.FILE, FD.MEMORY, FD.OWN_MEMORY]],
  ['pwrite', [FD.FILE, FD.MEMORY, FD.OWN_MEMORY]],
];

/** Flags of SA, which structures have. */
export const SA_FLAGS: readonly number[] = numbers(SA);
