/** Where the memory of a program of the fuzzer of /dev/kvm is, besides that of `calls`: addresses and lengths in bytes. */

const MIB = 0x10_0000;

export const AT = {
  /** Memory behind slots and segments of guests. */
  GUEST: 0x4000_0000,
  GUEST_SIZE: 3 * MIB,
  /** Two pages for each virtual CPU: struct kvm_run and the state description. */
  RUN: 0x5000_0000,
  RUN_SIZE: 0x2000,
} as const;

/** Virtual machines and virtual CPUs that have a descriptor and, the latter, a place in memory. */
export const VMS = 2;
export const VCPUS = 4;

/** The descriptors. */
export const FD = {
  KVM: 40,
  /** The first of the virtual machines, and of their virtual CPUs. */
  VM: 41,
  VCPU: 44,
  /** The floating interrupt controller of the first virtual machine. */
  FLIC: 48,
  /** Copies and files of statistics. */
  OTHER: 50,
} as const;

/** Guest absolute addresses: where programs begin. */
export const GUEST_CODE = 0x2000;
