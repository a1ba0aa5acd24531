/**
 * The CPU model of a guest of /dev/kvm: which facilities it may have, and which it has without a CPU model (Linux: kvm_arch_init_vm,
 * arch/s390/tools/gen_facilities.c; user space enables others by capabilities), the features of the machine, and the functions of its
 * instructions (Linux: kvm_s390_cpu_feat_init).
 */

import { hasFacility, lockedFunctions, type Machine, timingFunctions } from '../../../machine/index.ts';
import { type GuestCpuModel, modelOf } from '../../kvm/index.ts';
import { CPU_FEAT, CPU_FEAT_SIZE, CPU_SUBFUNC } from './abi.ts';

/** Facilities that capabilities and attributes of /dev/kvm are about: bits of the facility list. */
export const FACILITY = {
  TOD_STEERING: 28,
  SUPPRESSION: 72,
  BRANCH_PREDICTION: 82,
  VECTOR: 129,
  GUARDED_STORAGE: 133,
} as const;

/** The first 16 facilities of each doubleword need a hypervisor that knows them. A guest has the others as the machine has them. */
const DOUBLEWORD = 64;
const MANAGED = 16;
/** Those that this one knows, and those that a guest has only by a CPU model. */
const KNOWN: readonly number[] = [
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14],
  ...[73, 75, 76, 77, 78, 130, 131, 139, 146, 150, 151, 155],
];
const BY_MODEL: readonly number[] = [12, 15, 156, 165, 193, 194, 196, 197];
/** A guest is in the z/Architecture mode from the start. */
const CONFIGURED_MODE = 138;

/** Returns a copy of a facility list with another facility. */
export function withFacility(list: Uint8Array, facility: number): Uint8Array {
  const copy = list.slice();
  const byte = facility >>> 3;
  if (byte < copy.length) copy[byte] = (copy[byte] as number) | (0x80 >>> (facility & 7));
  return copy;
}

/** Returns the facilities of a machine that are among some, or need no hypervisor. */
function passed({ facilities }: Machine, known: readonly number[]): Uint8Array {
  let list: Uint8Array = new Uint8Array(facilities.length);
  for (let bit = 0; bit < facilities.length * 8; bit++) {
    const isManaged = bit % DOUBLEWORD < MANAGED;
    if (hasFacility(facilities, bit) && (!isManaged || known.includes(bit))) list = withFacility(list, bit);
  }
  return withFacility(list, CONFIGURED_MODE);
}

/** Returns the facilities that a guest may have. */
export function initialMask(machine: Machine): Uint8Array {
  return passed(machine, [...KNOWN, ...BY_MODEL]);
}

/** Returns the model of a guest to which user space gives none. */
export function initialModel(machine: Machine): GuestCpuModel {
  return { cpuId: modelOf(machine).cpuId, facilities: passed(machine, KNOWN) };
}

/**
 * The features of the machine (struct kvm_s390_vm_cpu_feat): a protection exception says what forbade the access (enhanced
 * suppression on protection). The others are about guests of guests, which the host does not support.
 */
export const MACHINE_FEATURES: Uint8Array = withFacility(new Uint8Array(CPU_FEAT_SIZE), CPU_FEAT.ESOP);

/** Returns which functions the instructions of a machine have that have several (struct kvm_s390_vm_cpu_subfunc). */
export function availableFunctions({ facilities }: Machine): Uint8Array {
  const functions = new Uint8Array(CPU_SUBFUNC.SIZE);
  functions.set(lockedFunctions(), CPU_SUBFUNC.PLO);
  if (hasFacility(facilities, FACILITY.TOD_STEERING)) functions.set(timingFunctions(), CPU_SUBFUNC.PTFF);
  return functions;
}
