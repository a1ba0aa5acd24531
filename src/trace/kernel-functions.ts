/**
 * For each type of event, the functions of the Linux kernel that do what it reports (docs/trace.md, "Which kernel"). The names are
 * those of the kernels around 2011 unless a later one is given; a reader of the kernel's history finds its way from there.
 */

import type { TraceEventType } from './events.ts';

/** What corresponds to an event in the Linux kernel. */
export interface KernelCounterpart {
  /** Functions, the innermost last; empty if the hardware does it, or if nothing corresponds. */
  readonly functions: readonly string[];
  /** A trace point that reports the same on a real host, if there is one. */
  readonly tracepoint?: string;
  /** What differs, or why there is none. */
  readonly note?: string;
}

/** The counterparts, by type of event. */
export const KERNEL_FUNCTIONS: Readonly<Record<TraceEventType, KernelCounterpart>> = {
  'mm-alloc': { functions: ['mm_alloc', 'init_new_context'] },
  'mm-free': { functions: ['mmput', 'exit_mmap'] },
  'gmap-alloc': { functions: ['gmap_alloc'], note: 'later gmap_create' },
  'gmap-free': { functions: ['gmap_free'], note: 'later gmap_remove' },
  map: { functions: ['gmap_map_segment'] },
  unmap: { functions: ['gmap_unmap_segment'] },
  'gmap-fault': { functions: ['gmap_fault'] },
  link: { functions: ['gmap_fault'], note: 'a function of its own later: __gmap_link' },
  unlink: {
    functions: ['gmap_unmap_segment', 'page_table_free'],
    note: 'a function of its own later: gmap_unlink',
  },
  purge: {
    functions: ['__ptep_ipte', '__tlb_flush_idte', '__tlb_flush_global'],
    note: 'for ipte, idte and all',
  },
  mmap: { functions: ['do_mmap', 'mmap_region'], note: 'gmaps take no part' },
  munmap: { functions: ['do_munmap'] },
  mprotect: { functions: ['mprotect_fixup', 'change_protection'] },
  mremap: { functions: ['move_vma', 'move_page_tables'] },
  fork: { functions: ['dup_mmap', 'copy_page_range'] },
  'large-frame': {
    functions: ['do_huge_pmd_anonymous_page', 'split_huge_pmd', 'zap_huge_pmd'],
    note: 'for new, split and freed; guests could use such frames only from 2018 on',
  },
  zap: { functions: ['madvise_dontneed', 'zap_page_range'], note: 'for gmap_discard, too' },
  'mm-fault': {
    functions: ['handle_mm_fault', 'handle_pte_fault'],
    tracepoint: 'page-faults',
  },
  'page-table': {
    functions: ['pte_alloc_one', 'page_table_alloc', 'page_table_free'],
    note: 'for new and freed',
  },
  interruption: {
    functions: [],
    tracepoint: 'kvm_s390_deliver_interrupt',
    note: 'the hardware takes it; for a guest also KVM: kvm_s390_deliver_pending_interrupts',
  },
  exit: { functions: ['kvm_arch_vcpu_ioctl_run'], tracepoint: 'kvm_userspace_exit' },
  'system-call': {
    functions: ['system_call'],
    note: 'later __do_syscall',
    tracepoint: 'raw_syscalls:sys_exit',
  },
  signal: { functions: ['get_signal_to_deliver', 'do_signal'], tracepoint: 'signal:signal_deliver' },
  'process-end': { functions: ['do_exit'], tracepoint: 'sched:sched_process_exit' },
  tracepoint: { functions: [], note: 'it is what a kernel reported itself' },
};
