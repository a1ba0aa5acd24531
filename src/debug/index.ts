/** What debuggers need: breakpoints for guests, and GDB's remote serial protocol. */

export { type Breakpoint, parseBreakpoint, type Trigger } from './breakpoint.ts';
export { BreakpointWatch, type Cause, type Hit, type Watched } from './breakpoint-watch.ts';
export { BreakpointError, type Comparand, type Condition } from './condition.ts';
export type { SourceLine } from './dwarf/source-lines.ts';
export { PACKET_MAX } from './gdb/packets.ts';
export { GdbSession, type SessionEnd } from './gdb/session.ts';
export type {
  DebugTarget,
  Point,
  Resume,
  Stop,
  StopReason,
  TargetDescription,
  TargetRegister,
  TargetThread,
} from './gdb/target.ts';
export { GuestTarget } from './guest/guest-target.ts';
export type { Guest, GuestFactory } from './guest/recorded-guest.ts';
export { backtrace, type CallingFrame } from './process/backtrace.ts';
export { ProcessTarget } from './process/process-target.ts';
export { type ProgramPlace, ProgramSymbols } from './process/program-symbols.ts';
