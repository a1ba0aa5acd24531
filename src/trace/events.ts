/**
 * The events of a machine and its host, grouped by emitter. docs/trace.md describes each one for readers of a
 * trace file.
 *
 * Addresses are bigint byte addresses, and an `asce` is an address-space-control element. `mm` is the number of a process
 * address space, `gmap` that of a guest address space, `vcpu` and `cpu` are CPU addresses.
 */

/** Cached translations were purged on every processor. */
export interface PurgeEvent {
  readonly type: 'purge';
  /** By the instruction that does so: IPTE purges one page, IDTE one address space, `all` everything. */
  readonly by: 'ipte' | 'idte' | 'all';
  /** IDTE: the element of the address space. */
  readonly asce?: bigint;
  /** IPTE: the page table, and the index of the entry in it. */
  readonly pageTable?: bigint;
  readonly page?: number;
}

/** A processor took an interruption. */
export interface InterruptionEvent {
  readonly type: 'interruption';
  readonly cpu: number;
  /** Whether a guest took it, in interpretive execution. */
  readonly guest: boolean;
  readonly class: 'program' | 'supervisor-call' | 'external' | 'io' | 'machine-check' | 'restart';
  readonly code: number;
  /** The instruction address in the old PSW. */
  readonly address: bigint;
}

/** What a machine emits. */
export type MachineEvent = PurgeEvent | InterruptionEvent;

/** The address space of a process was created. */
export interface MmAllocEvent {
  readonly type: 'mm-alloc';
  readonly mm: number;
  readonly asce: bigint;
}

/** The address space of a process was freed, with its tables. */
export interface MmFreeEvent {
  readonly type: 'mm-free';
  readonly mm: number;
}

/** A process gained a mapping. */
export interface MmapEvent {
  readonly type: 'mmap';
  readonly mm: number;
  readonly address: bigint;
  readonly length: bigint;
  /** PROT bits. */
  readonly protection: number;
}

/** A range of a process was unmapped. */
export interface MunmapEvent {
  readonly type: 'munmap';
  readonly mm: number;
  readonly address: bigint;
  readonly length: bigint;
}

/** The protection of mapped memory of a process changed. */
export interface MprotectEvent {
  readonly type: 'mprotect';
  readonly mm: number;
  readonly address: bigint;
  readonly length: bigint;
  /** PROT bits. */
  readonly protection: number;
}

/** Mapped memory of a process was resized or moved, with its pages. */
export interface MremapEvent {
  readonly type: 'mremap';
  readonly mm: number;
  readonly address: bigint;
  readonly length: bigint;
  readonly to: bigint;
  readonly newLength: bigint;
}

/** A process was forked. */
export interface ForkEvent {
  readonly type: 'fork';
  readonly mm: number;
  /** The number of the new process. */
  readonly child: number;
}

/** The pages of a range of a process were dropped. The mappings stay. */
export interface ZapEvent {
  readonly type: 'zap';
  readonly mm: number;
  readonly address: bigint;
  readonly length: bigint;
}

/** A fault gave the page of a process at `address` a frame. */
export interface MmFaultEvent {
  readonly type: 'mm-fault';
  readonly mm: number;
  readonly address: bigint;
  readonly frame: bigint;
  /** Whether it was a store that faulted. */
  readonly write: boolean;
}

/** A page table of a process was created or freed. */
export interface PageTableEvent {
  readonly type: 'page-table';
  readonly mm: number;
  readonly change: 'new' | 'freed';
  /** The process address of its segment. */
  readonly address: bigint;
  readonly origin: bigint;
}

/** A segment of a process got a frame of 1 MiB, lost it, or had it split into 256 pages behind a page table. */
export interface LargeFrameEvent {
  readonly type: 'large-frame';
  readonly mm: number;
  readonly change: 'new' | 'split' | 'freed';
  readonly address: bigint;
  readonly frame: bigint;
}

/** What the address space of a process emits. */
export type MmEvent =
  | MmAllocEvent
  | MmFreeEvent
  | MmapEvent
  | MunmapEvent
  | MprotectEvent
  | MremapEvent
  | ForkEvent
  | ZapEvent
  | MmFaultEvent
  | PageTableEvent
  | LargeFrameEvent;

/** A guest address space of a process was created. */
export interface GmapAllocEvent {
  readonly type: 'gmap-alloc';
  readonly gmap: number;
  readonly mm: number;
  readonly asce: bigint;
}

/** A guest address space was freed, with its tables. */
export interface GmapFreeEvent {
  readonly type: 'gmap-free';
  readonly gmap: number;
}

/** `length` bytes of the process from `from` on were mapped to the guest at `to`. They are not linked yet. */
export interface MapEvent {
  readonly type: 'map';
  readonly gmap: number;
  readonly from: bigint;
  readonly to: bigint;
  readonly length: bigint;
}

/** A range of a guest was unmapped. */
export interface UnmapEvent {
  readonly type: 'unmap';
  readonly gmap: number;
  readonly address: bigint;
  readonly length: bigint;
}

/** The host handled a fault of a guest at guest address `guest`; `process` is the process address behind it. */
export interface GmapFaultEvent {
  readonly type: 'gmap-fault';
  readonly gmap: number;
  readonly guest: bigint;
  readonly process: bigint;
}

/** A guest segment entry was linked: it designates a page table of the process, or its 1 MiB frame. */
export interface LinkEvent {
  readonly type: 'link';
  readonly gmap: number;
  readonly guest: bigint;
  readonly process: bigint;
  /** The absolute address of the guest segment entry. */
  readonly entry: bigint;
  readonly pageTable: bigint;
}

/** A linked guest segment entry was unlinked: it is mapped and not linked again, or empty. */
export interface UnlinkEvent {
  readonly type: 'unlink';
  readonly gmap: number;
  readonly guest: bigint;
  readonly process: bigint;
  /** The absolute address of the guest segment entry. */
  readonly entry: bigint;
  readonly reason: 'unmap' | 'remap' | 'free' | 'page-table-freed' | 'segment-changed';
}

/** What a guest address space emits. */
export type GmapEvent =
  | GmapAllocEvent
  | GmapFreeEvent
  | MapEvent
  | UnmapEvent
  | GmapFaultEvent
  | LinkEvent
  | UnlinkEvent;

/** Why a virtual CPU returned to its user: KVM's exit reasons, by KVM's names (linux/kvm.h). */
export type ExitReason =
  | 'KVM_EXIT_S390_SIEIC'
  | 'KVM_EXIT_S390_RESET'
  | 'KVM_EXIT_S390_STSI'
  | 'KVM_EXIT_S390_TSCH'
  | 'KVM_EXIT_MEMORY_FAULT'
  | 'KVM_EXIT_HLT'
  | 'KVM_EXIT_FAIL_ENTRY'
  | 'KVM_EXIT_S390_UCONTROL'
  | 'KVM_EXIT_DEBUG'
  | 'KVM_EXIT_INTR';

/** A virtual CPU returned to its user. */
export interface ExitEvent {
  readonly type: 'exit';
  readonly vcpu: number;
  readonly reason: ExitReason;
  /** The instruction address in its PSW. */
  readonly address: bigint;
}

/** What a virtual CPU emits. */
export type VcpuEvent = ExitEvent;

/**
 * A trace point that another kernel passed, such as `kvm_s390_sie_exit`: an event in a trace of a real host (docs/trace.md). No
 * machine or host of Guesthouse emits it.
 */
export interface TracepointEvent {
  readonly type: 'tracepoint';
  readonly name: string;
  /** The processor of the host. */
  readonly cpu: number;
  /** The thread of the host, and its name. */
  readonly thread: number;
  readonly command: string;
  /** Nanoseconds, from a start that is the host's. */
  readonly time: bigint;
  /** The virtual CPU, if the event names one, or its thread ran one before. */
  readonly vcpu?: number;
  /** The instruction address in the PSW of the guest. */
  readonly address?: bigint;
  /** What the kernel wrote about it. */
  readonly details: string;
}

/** A thread of a process has performed a system call, or has ended in one. */
export interface SystemCallEvent {
  readonly type: 'system-call';
  readonly process: number;
  readonly thread: number;
  /** The call with its arguments and its result, as strace(1) prints it. */
  readonly text: string;
}

/** A thread of a process has taken a signal. */
export interface SignalEvent {
  readonly type: 'signal';
  readonly process: number;
  readonly thread: number;
  /** As strace(1) prints it. */
  readonly text: string;
}

/** A process has ended. */
export interface ProcessEndEvent {
  readonly type: 'process-end';
  readonly process: number;
  /** Its last thread. */
  readonly thread: number;
  /** How, as strace(1) prints it. */
  readonly text: string;
}

/** What Linux programs emit that run as processes. Processes are those of `mm`, and have their numbers. */
export type TaskEvent = SystemCallEvent | SignalEvent | ProcessEndEvent;

/** What happened on a host that is not Guesthouse. */
export type HostEvent = TracepointEvent;

/** A step of a machine, a process, a guest address space or a virtual CPU. */
export type TraceEvent = MachineEvent | MmEvent | GmapEvent | VcpuEvent | TaskEvent | HostEvent;

/** The type of an event, as its `type` field has it. */
export type TraceEventType = TraceEvent['type'];

/** The event of a type. */
export type TraceEventOf<T extends TraceEventType> = Extract<TraceEvent, { readonly type: T }>;
