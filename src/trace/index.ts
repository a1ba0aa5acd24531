/**
 * Typed events, emitted by every module. This module imports no other. An event does not affect its emitter.
 */

export type {
  ExitEvent,
  ExitReason,
  ForkEvent,
  GmapAllocEvent,
  GmapEvent,
  GmapFaultEvent,
  GmapFreeEvent,
  HostEvent,
  InterruptionEvent,
  LargeFrameEvent,
  LinkEvent,
  MachineEvent,
  MapEvent,
  MmAllocEvent,
  MmapEvent,
  MmEvent,
  MmFaultEvent,
  MmFreeEvent,
  MprotectEvent,
  MremapEvent,
  MunmapEvent,
  PageTableEvent,
  ProcessEndEvent,
  PurgeEvent,
  SignalEvent,
  SystemCallEvent,
  TaskEvent,
  TraceEvent,
  TraceEventOf,
  TraceEventType,
  TracepointEvent,
  UnlinkEvent,
  UnmapEvent,
  VcpuEvent,
  ZapEvent,
} from './events.ts';
export { Hook } from './hook.ts';
export { KERNEL_FUNCTIONS, type KernelCounterpart } from './kernel-functions.ts';
export { Operations } from './operations.ts';
export { EVENT_TYPES, parseEvent, TraceSyntaxError } from './parse.ts';
export { Trace, type TraceListener } from './trace.ts';
