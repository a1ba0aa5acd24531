/** The CPU model of a guest: what its virtual CPUs say they are (Linux: struct kvm_s390_cpu_model). */

import { hasFacility, MACHINE_TYPE, type Machine } from '../../machine/index.ts';
import { demandBytes, demandDoubleword, demandInteger, demandObject } from '../arguments.ts';
import type { Mm } from '../mm/index.ts';

/** Bytes of a facility list that a guest can have: 256 doublewords. */
const LIST_MAX = 2048;
/** The version in a CPU ID: that of a CPU of a virtual machine. The machine type is behind it. */
const VIRTUAL = 0xff00_0000_0000_8000n;

/** What the virtual CPUs of a virtual machine say they are. */
export interface GuestCpuModel {
  /** What STORE CPU ID stores, 64 bits. */
  readonly cpuId: bigint;
  /** What STORE FACILITY LIST EXTENDED stores: doublewords, at most 256. */
  readonly facilities: Uint8Array;
}

/** Returns the model of a guest that has all facilities of a machine. */
export function modelOf({ cpuModel, facilities }: Machine): GuestCpuModel {
  return { cpuId: VIRTUAL | (BigInt(MACHINE_TYPE[cpuModel]) << 16n), facilities };
}

/** @throws LinuxError EINVAL if it is not a model */
export function demandCpuModel(model: GuestCpuModel): void {
  demandObject('model', model);
  demandDoubleword('cpuId', model.cpuId);
  demandBytes(model.facilities);
  demandInteger('length', model.facilities.length, 0, LIST_MAX);
  demandInteger('length in doublewords', model.facilities.length / 8);
}

/** Whether a guest has a facility: its model has it, and so has the machine (Linux: test_kvm_facility). */
export function guestHas(
  vm: { readonly mm: Mm; readonly cpuModel: GuestCpuModel },
  facility: number,
): boolean {
  const { machine } = vm.mm.kernel;
  return hasFacility(vm.cpuModel.facilities, facility) && hasFacility(machine.facilities, facility);
}
