/** Numbers of Linux's signals. Linux: arch/s390/include/uapi/asm/signal.h, include/uapi/asm-generic/{signal-defs,siginfo}.h. */

/** Signals. Those from 32 to 64 are real-time signals. */
export const SIG = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  PWR: 30,
  SYS: 31,
} as const;

/** The first real-time signal, and the number of signals. */
export const SIGRTMIN = 32;
export const NSIG = 64;

/** Flags of sigaction. */
export const SA = {
  NOCLDSTOP: 0x1,
  NOCLDWAIT: 0x2,
  SIGINFO: 0x4,
  RESTORER: 0x0400_0000,
  ONSTACK: 0x0800_0000,
  RESTART: 0x1000_0000,
  NODEFER: 0x4000_0000,
  RESETHAND: 0x8000_0000,
} as const;

/** Handlers with a meaning. */
export const SIG_DFL = 0;
export const SIG_IGN = 1;

/** Ways of sigprocmask. */
export const SIG_HOW = { BLOCK: 0, UNBLOCK: 1, SETMASK: 2 } as const;

/** Flags of an alternate signal stack. */
export const SS = { ONSTACK: 1, DISABLE: 2, AUTODISARM: 0x8000_0000 } as const;
export const MINSIGSTKSZ = 2048;

/** Why a signal was sent: si_code. */
export const SI = {
  USER: 0,
  KERNEL: 0x80,
  QUEUE: -1,
  TIMER: -2,
  TKILL: -6,
  ILL_ILLOPC: 1,
  ILL_ILLOPN: 2,
  ILL_ILLADR: 3,
  ILL_PRVOPC: 5,
  FPE_INTDIV: 1,
  FPE_INTOVF: 2,
  FPE_FLTDIV: 3,
  FPE_FLTOVF: 4,
  FPE_FLTUND: 5,
  FPE_FLTRES: 6,
  FPE_FLTINV: 7,
  SEGV_MAPERR: 1,
  SEGV_ACCERR: 2,
  BUS_ADRALN: 1,
  BUS_ADRERR: 2,
  TRAP_BRKPT: 1,
  CLD_EXITED: 1,
  CLD_KILLED: 2,
  CLD_DUMPED: 3,
  CLD_STOPPED: 5,
  CLD_CONTINUED: 6,
} as const;

/** What a signal does by default: signal(7). */
export type DefaultAction = 'terminate' | 'core' | 'ignore' | 'stop' | 'continue';

const CORE: ReadonlySet<number> = new Set([3, 4, 5, 6, 7, 8, 11, 24, 25, 31]);
const IGNORED: ReadonlySet<number> = new Set([17, 23, 28]);
const STOPS: ReadonlySet<number> = new Set([19, 20, 21, 22]);

/** Returns what a signal does by default. */
export function defaultAction(signal: number): DefaultAction {
  if (signal === SIG.CONT) return 'continue';
  if (STOPS.has(signal)) return 'stop';
  if (IGNORED.has(signal)) return 'ignore';
  return CORE.has(signal) ? 'core' : 'terminate';
}

const NAMES = new Map<number, string>(Object.entries(SIG).map(([name, number]) => [number, name]));

/** Returns the name of a signal, such as `SIGSEGV` or `SIGRT_3`. */
export function signalName(signal: number): string {
  const name = NAMES.get(signal);
  if (name !== undefined) return `SIG${name}`;
  return signal >= SIGRTMIN && signal <= NSIG ? `SIGRT_${signal - SIGRTMIN}` : `signal ${signal}`;
}
