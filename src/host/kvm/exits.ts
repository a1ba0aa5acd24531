/**
 * Why a virtual CPU returns to its user: KVM's exit reasons, by KVM's names (linux/kvm.h).
 */

import type { IoInterruption } from './io-interrupts.ts';

/** Why `Vcpu.run` returned. */
export type Exit =
  /**
   * An interception that user space must handle: its code, and the first two and the other four bytes of the instruction.
   */
  | {
      readonly reason: 'KVM_EXIT_S390_SIEIC';
      readonly icptcode: number;
      readonly ipa: number;
      readonly ipb: number;
    }
  /** The guest asks for a reset of the machine (DIAGNOSE 0x308, subcode 3 or 4). */
  | { readonly reason: 'KVM_EXIT_S390_RESET'; readonly flags: number }
  /** STORE SYSTEM INFORMATION about the virtual machine itself. */
  | {
      readonly reason: 'KVM_EXIT_S390_STSI';
      readonly address: bigint;
      readonly fc: number;
      readonly sel1: number;
      readonly sel2: number;
    }
  /**
   * TEST SUBCHANNEL, which user space executes. If the interruption of the subchannel was pending, it is not any more; user space
   * makes it pending again if it cannot store the operand.
   */
  | {
      readonly reason: 'KVM_EXIT_S390_TSCH';
      /** The subsystem-identification word: general register 1. */
      readonly subchannel: number;
      /** The interruption that was pending, or null. */
      readonly dequeued: IoInterruption | null;
      /** The last four bytes of the instruction. */
      readonly ipb: number;
    }
  /** The guest accessed memory of a slot, but the process has not mapped it, or does not allow the access. */
  | {
      readonly reason: 'KVM_EXIT_MEMORY_FAULT';
      /** Guest absolute address, a multiple of 4 KiB. */
      readonly gpa: bigint;
      /** Bytes. */
      readonly size: bigint;
      /** Whether the access was a store. */
      readonly write: boolean;
    }
  /** A user-controlled guest accessed an address that is not mapped. */
  | {
      readonly reason: 'KVM_EXIT_S390_UCONTROL';
      /** Guest address, a multiple of 4 KiB. */
      readonly transExcCode: bigint;
      /** 0x10: segment translation. */
      readonly pgmCode: number;
    }
  /** The guest waits, enabled, and nothing is pending. `until`: the TOD value of its next clock interruption. */
  | { readonly reason: 'KVM_EXIT_HLT'; readonly until: bigint | null }
  /** The state description is not valid; the reason is that of the validity interception. */
  | { readonly reason: 'KVM_EXIT_FAIL_ENTRY'; readonly hardwareEntryFailureReason: number }
  /** The guest stopped for the debugger of user space: see `DebugStop`. */
  | { readonly reason: 'KVM_EXIT_DEBUG'; readonly address: bigint; readonly type: number }
  /** The limit of `run` was reached. */
  | { readonly reason: 'KVM_EXIT_INTR' };
