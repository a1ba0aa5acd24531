/**
 * What happened, as typed events. Every room emits them; when nobody listens an emission costs one
 * comparison. This room imports no other, and no event changes what the emitter does next.
 *
 * Addresses are bigint byte addresses; `mm` is the number of a process, `gmap` that of a gmap. docs/trace.md describes every event for the readers of a trace file.
 */

import { Hook } from './hook.ts';
import { Operations } from './operations.ts';

/** A step of a guest address space, a process, a processor or a virtual machine. */
export type TraceEvent =
  /** A process's address space came into being; `asce` is its address-space-control element. */
  | { readonly type: 'mm-alloc'; readonly mm: number; readonly asce: bigint }
  /** A process's address space and its tables went. */
  | { readonly type: 'mm-free'; readonly mm: number }
  /** A gmap of a process came into being; `asce` is its address-space-control element. */
  | { readonly type: 'gmap-alloc'; readonly gmap: number; readonly mm: number; readonly asce: bigint }
  /** A gmap and its tables went. */
  | { readonly type: 'gmap-free'; readonly gmap: number }
  /** `length` bytes of the process from `from` on were promised to the guest at `to`. */
  | {
      readonly type: 'map';
      readonly gmap: number;
      readonly from: bigint;
      readonly to: bigint;
      readonly length: bigint;
    }
  /** The guest's `length` bytes at `to` are no longer mapped. */
  | { readonly type: 'unmap'; readonly gmap: number; readonly to: bigint; readonly length: bigint }
  /** The host served a guest's fault at guest address `guest`; `process` is the process address behind it. */
  | { readonly type: 'gmap-fault'; readonly gmap: number; readonly guest: bigint; readonly process: bigint }
  /** The guest's segment entry at absolute address `entry` now designates `pageTable`. */
  | {
      readonly type: 'link';
      readonly gmap: number;
      readonly guest: bigint;
      readonly process: bigint;
      readonly entry: bigint;
      readonly pageTable: bigint;
    }
  /** A linked entry went back to the promise of `process`, or to empty, and why. */
  | {
      readonly type: 'unlink';
      readonly gmap: number;
      readonly guest: bigint;
      readonly process: bigint;
      readonly entry: bigint;
      readonly reason: 'unmap' | 'remap' | 'free' | 'page-table-gone' | 'segment-changed';
    }
  /** Remembered translations were purged on every processor. */
  | {
      readonly type: 'purge';
      readonly by: 'ipte' | 'idte' | 'all';
      readonly asce?: bigint;
      readonly pageTable?: bigint;
      readonly page?: number;
    }
  /** The process gained a mapping. */
  | {
      readonly type: 'mmap';
      readonly mm: number;
      readonly address: bigint;
      readonly length: bigint;
      readonly protection: number;
    }
  /** The process lost what was mapped in the range. */
  | { readonly type: 'munmap'; readonly mm: number; readonly address: bigint; readonly length: bigint }
  /** What may be done with mapped memory of the process changed. */
  | {
      readonly type: 'mprotect';
      readonly mm: number;
      readonly address: bigint;
      readonly length: bigint;
      readonly protection: number;
    }
  /** Mapped memory of the process got longer or shorter, or moved, with its pages. */
  | {
      readonly type: 'mremap';
      readonly mm: number;
      readonly address: bigint;
      readonly length: bigint;
      readonly to: bigint;
      readonly newLength: bigint;
    }
  /** A process was forked: `child` is the number of the new one. */
  | { readonly type: 'fork'; readonly mm: number; readonly child: number }
  /** The pages of a range of the process were dropped; its mappings stay. */
  | { readonly type: 'zap'; readonly mm: number; readonly address: bigint; readonly length: bigint }
  /** The process's page at `address` got the frame at absolute address `frame`. */
  | {
      readonly type: 'mm-fault';
      readonly mm: number;
      readonly address: bigint;
      readonly frame: bigint;
      readonly write: boolean;
    }
  /** A page table of the process came into being, or went. */
  | {
      readonly type: 'page-table';
      readonly mm: number;
      readonly change: 'new' | 'gone';
      readonly address: bigint;
      readonly origin: bigint;
    }
  /** A segment of the process got a frame of 1 MiB, lost it, or has a page table of its 256 pages instead. */
  | {
      readonly type: 'large-frame';
      readonly mm: number;
      readonly change: 'new' | 'split' | 'gone';
      readonly address: bigint;
      readonly frame: bigint;
    }
  /** A processor took an interruption. `guest` says that it ran interpretively and took it as the guest. */
  | {
      readonly type: 'interruption';
      readonly cpu: number;
      readonly guest: boolean;
      readonly class: 'program' | 'supervisor-call' | 'external' | 'restart';
      readonly code: number;
      readonly address: bigint;
    }
  /** Interpretive execution of a virtual CPU ended and the host decides what next. */
  | { readonly type: 'exit'; readonly vcpu: number; readonly reason: string; readonly address: bigint };

/** Receives each event in the order in which things happened. See `Hook` for what it may do. */
export type TraceListener = (event: TraceEvent) => void;

/**
 * Where events go. One object is shared by a machine and everything on it; any number of listeners subscribe to it. An
 * emitter writes `trace.listener?.({ … })`, so that no event object is made when nobody listens.
 */
export class Trace extends Hook<[event: TraceEvent]> {
  /** The operations under way on the machine and its host. */
  readonly operations: Operations;

  constructor() {
    const operations = new Operations();
    super(operations);
    this.operations = operations;
  }
}

export { Hook } from './hook.ts';
export { Operations } from './operations.ts';
