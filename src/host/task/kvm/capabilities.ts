/** The capabilities of /dev/kvm (Linux: kvm_vm_ioctl_check_extension). */

import { hasFacility } from '../../../machine/index.ts';
import type { Host } from '../../host.ts';
import { MAX_VCPUS, MEM_OP_MAX_SIZE } from '../../kvm/index.ts';
import { CAP, MEMOP_EXTENSION, ROUTES_MAX } from './abi.ts';
import { FACILITY } from './cpu-model.ts';
import { GUEST_DEBUG_FLAGS } from './debug.ts';

/** Slots of a virtual machine. */
const SLOTS = 32767;

/** Those that are there and say no more. */
// biome-ignore format: by number
const PRESENT: ReadonlySet<number> = new Set([
  CAP.USER_MEMORY, CAP.MP_STATE, CAP.SYNC_MMU, CAP.DESTROY_MEMORY_REGION_WORKS, CAP.SET_GUEST_DEBUG,
  CAP.JOIN_MEMORY_REGIONS_WORKS, CAP.IRQFD, CAP.IOEVENTFD, CAP.INTERNAL_ERROR_DATA, CAP.S390_PSW,
  CAP.ENABLE_CAP, CAP.ASYNC_PF, CAP.ONE_REG, CAP.S390_GMAP, CAP.S390_UCONTROL, CAP.SYNC_REGS, CAP.S390_COW,
  CAP.IRQFD_RESAMPLE, CAP.S390_CSS_SUPPORT, CAP.DEVICE_CTRL, CAP.ENABLE_CAP_VM, CAP.S390_IRQCHIP,
  CAP.VM_ATTRIBUTES, CAP.CHECK_EXTENSION_VM, CAP.S390_USER_SIGP, CAP.S390_USER_STSI, CAP.S390_SKEYS,
  CAP.S390_INJECT_IRQ, CAP.S390_IRQ_STATE, CAP.IOEVENTFD_ANY_LENGTH, CAP.S390_USER_INSTR0, CAP.IMMEDIATE_EXIT,
  CAP.S390_AIS, CAP.S390_CMMA_MIGRATION, CAP.S390_AIS_MIGRATION, CAP.S390_VCPU_RESETS, CAP.HALT_POLL,
  CAP.S390_DIAG318, CAP.BINARY_STATS_FD, CAP.SYSTEM_EVENT_DATA, CAP.USER_MEMORY2,
  CAP.S390_USER_OPEREXEC, CAP.S390_KEYOP,
]);

/** Returns what KVM_CHECK_EXTENSION returns; 0 for what is not there. */
export function capability(host: Host, extension: number): number {
  const { facilities } = host.machine;
  switch (extension) {
    case CAP.NR_VCPUS:
      return Math.min(host.machine.cpus.length, MAX_VCPUS);
    case CAP.MAX_VCPUS:
    case CAP.MAX_VCPU_ID:
      return MAX_VCPUS;
    case CAP.NR_MEMSLOTS:
      return SLOTS;
    case CAP.IRQ_ROUTING:
      return ROUTES_MAX;
    case CAP.SET_GUEST_DEBUG2:
      return GUEST_DEBUG_FLAGS;
    case CAP.S390_MEM_OP:
      return MEM_OP_MAX_SIZE;
    case CAP.S390_MEM_OP_EXTENSION:
      return MEMOP_EXTENSION.BASE | MEMOP_EXTENSION.CMPXCHG;
    case CAP.S390_VECTOR_REGISTERS:
      return Number(hasFacility(facilities, FACILITY.VECTOR));
    case CAP.S390_GS:
      return Number(hasFacility(facilities, FACILITY.GUARDED_STORAGE));
    case CAP.S390_BPB:
      return Number(hasFacility(facilities, FACILITY.BRANCH_PREDICTION));
    default:
      return Number(PRESENT.has(extension));
  }
}
