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
  PurgeEvent,
  TraceEvent,
  TraceEventOf,
  TraceEventType,
  UnlinkEvent,
  UnmapEvent,
  VcpuEvent,
  ZapEvent,
} from './events.ts';
export { Hook } from './hook.ts';
export { Operations } from './operations.ts';
export { Trace, type TraceListener } from './trace.ts';
