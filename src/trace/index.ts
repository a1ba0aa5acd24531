/**
 * Typed events, emitted by every module. This module imports no other, and no event changes what its emitter does next.
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
