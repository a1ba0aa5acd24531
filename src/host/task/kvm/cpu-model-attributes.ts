/**
 * The attributes of the group KVM_S390_VM_CPU_MODEL: which CPU ID, facilities, features and functions of instructions the machine
 * has, and a guest has. User space sets what a guest has before it makes virtual CPUs.
 */

import { LinuxError } from '../../errors.ts';
import { modelOf } from '../../kvm/index.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import {
  CPU_FEAT_SIZE,
  CPU_MACHINE,
  CPU_PROCESSOR,
  CPU_SUBFUNC,
  CPU_UV_FEAT_SIZE,
  FAC_LIST_SIZE,
} from './abi.ts';
import { availableFunctions, MACHINE_FEATURES } from './cpu-model.ts';
import type { KvmMachine } from './machine.ts';

/** Gets the CPU ID and the facilities of a guest. @throws LinuxError EFAULT, as all of these */
export function getProcessor({ cpuModel }: KvmMachine, memory: UserMemory, address: number): void {
  const bytes = new Uint8Array(CPU_PROCESSOR.SIZE);
  new DataView(bytes.buffer).setBigUint64(CPU_PROCESSOR.CPUID, cpuModel.cpuId);
  bytes.set(cpuModel.facilities, CPU_PROCESSOR.FAC_LIST);
  memory.write(address, bytes);
}

/** Sets the CPU ID and the facilities of a guest. @throws LinuxError EBUSY if there are virtual CPUs */
export function setProcessor(machine: KvmMachine, memory: UserMemory, address: number): void {
  machine.demandNoVcpus();
  const processor = memory.struct(address, CPU_PROCESSOR.SIZE);
  const { buffer, byteOffset } = processor;
  const list = new Uint8Array(buffer, byteOffset + CPU_PROCESSOR.FAC_LIST, FAC_LIST_SIZE);
  machine.cpuModel = {
    cpuId: processor.getBigUint64(CPU_PROCESSOR.CPUID),
    // The list of a guest is as long as the machine's.
    facilities: list.slice(0, machine.cpuModel.facilities.length),
  };
}

/** Gets the CPU ID and the facilities of the machine, and which of them a guest may have. */
export function getMachine({ system, facilityMask }: KvmMachine, memory: UserMemory, address: number): void {
  const bytes = new Uint8Array(CPU_MACHINE.SIZE);
  const { machine } = system.host;
  new DataView(bytes.buffer).setBigUint64(CPU_MACHINE.CPUID, modelOf(machine).cpuId);
  bytes.set(facilityMask, CPU_MACHINE.FAC_MASK);
  bytes.set(machine.facilities, CPU_MACHINE.FAC_LIST);
  memory.write(address, bytes);
}

/** Gets the features of a guest. */
export function getFeatures({ features }: KvmMachine, memory: UserMemory, address: number): void {
  memory.write(address, features);
}

/** Sets the features of a guest. @throws LinuxError EINVAL for one that the machine does not have; EBUSY if there are virtual CPUs */
export function setFeatures(machine: KvmMachine, memory: UserMemory, address: number): void {
  const wanted = memory.read(address, CPU_FEAT_SIZE);
  demandAmong(wanted, MACHINE_FEATURES);
  machine.demandNoVcpus();
  machine.features = wanted;
}

/** Gets the features of the machine. */
export function getMachineFeatures(_: KvmMachine, memory: UserMemory, address: number): void {
  memory.write(address, MACHINE_FEATURES);
}

/** Gets the functions of instructions that a guest has. */
export function getFunctions({ functions }: KvmMachine, memory: UserMemory, address: number): void {
  memory.write(address, functions);
}

/** Sets the functions of instructions that a guest has; any are taken. @throws LinuxError EBUSY if there are virtual CPUs */
export function setFunctions(machine: KvmMachine, memory: UserMemory, address: number): void {
  machine.demandNoVcpus();
  machine.functions = memory.read(address, CPU_SUBFUNC.SIZE);
}

/** Gets the functions of instructions that the machine has. */
export function getMachineFunctions({ system }: KvmMachine, memory: UserMemory, address: number): void {
  memory.write(address, availableFunctions(system.host.machine));
}

/** Gets the features of the ultravisor, for the machine or a guest: there is no ultravisor. */
export function getUltravisorFeatures(_: KvmMachine, memory: UserMemory, address: number): void {
  memory.write(address, new Uint8Array(CPU_UV_FEAT_SIZE));
}

/** Sets the features of the ultravisor for a guest. @throws LinuxError EINVAL for any feature; EBUSY if there are virtual CPUs */
export function setUltravisorFeatures(machine: KvmMachine, memory: UserMemory, address: number): void {
  demandAmong(memory.read(address, CPU_UV_FEAT_SIZE), new Uint8Array(CPU_UV_FEAT_SIZE));
  machine.demandNoVcpus();
}

/** @throws LinuxError EINVAL if not all bits are among those that are there */
function demandAmong(wanted: Uint8Array, available: Uint8Array): void {
  if (wanted.some((byte, i) => (byte & ~(available[i] as number)) !== 0))
    throw new LinuxError('EINVAL', 'a feature that the machine does not have');
}
