/** Attributes of a virtual machine (Linux: kvm_s390_vm_set_attr; Documentation/virt/kvm/devices/vm.rst). */

import { LinuxError } from '../../errors.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import type { Thread } from '../process/task.ts';
import {
  CPU_MODEL,
  DEVICE_ATTR,
  MEM_CTRL,
  MIGRATION,
  NO_MEM_LIMIT,
  TOD_ATTR,
  TOD_CLOCK,
  VM_ATTR,
} from './abi.ts';
import {
  getFeatures,
  getFunctions,
  getMachine,
  getMachineFeatures,
  getMachineFunctions,
  getProcessor,
  getUltravisorFeatures,
  setFeatures,
  setFunctions,
  setProcessor,
  setUltravisorFeatures,
} from './cpu-model-attributes.ts';
import type { KvmMachine } from './machine.ts';

/** A request for an attribute: struct kvm_device_attr. */
export interface AttributeRequest {
  readonly flags: number;
  readonly group: number;
  readonly attr: bigint;
  /** Where the value is, or is to be stored. */
  readonly address: number;
}

/** What can be done with an attribute. It is there if it has one of the two. */
export interface Attribute<T> {
  get?(target: T, memory: UserMemory, address: number): void;
  set?(target: T, memory: UserMemory, address: number): void;
}

/** Returns a request. @throws LinuxError EFAULT */
export function readAttribute({ space }: Thread, at: number): AttributeRequest {
  const request = space.memory.struct(at, DEVICE_ATTR.SIZE);
  return {
    flags: request.getUint32(DEVICE_ATTR.FLAGS),
    group: request.getUint32(DEVICE_ATTR.GROUP),
    attr: request.getBigUint64(DEVICE_ATTR.ATTR),
    address: Number(request.getBigUint64(DEVICE_ATTR.ADDR)),
  };
}

/** Returns the key of an attribute in a table. */
export function attributeKey(group: number, attr: number | bigint): string {
  return `${group}/${attr}`;
}

const ATTRIBUTES: ReadonlyMap<string, Attribute<KvmMachine>> = new Map<string, Attribute<KvmMachine>>([
  [attributeKey(VM_ATTR.MEM_CTRL, MEM_CTRL.ENABLE_CMMA), { set: ({ vm }) => vm.enableCmma() }],
  [attributeKey(VM_ATTR.MEM_CTRL, MEM_CTRL.CLR_CMMA), { set: ({ vm }) => vm.cmma.clear() }],
  [attributeKey(VM_ATTR.MIGRATION, MIGRATION.START), { set: ({ vm }) => vm.cmma.startMigration() }],
  [attributeKey(VM_ATTR.MIGRATION, MIGRATION.STOP), { set: ({ vm }) => vm.cmma.stopMigration() }],
  [attributeKey(VM_ATTR.MIGRATION, MIGRATION.STATUS), { get: getMigration }],
  [attributeKey(VM_ATTR.MEM_CTRL, MEM_CTRL.LIMIT_SIZE), { get: getMemoryLimit, set: setMemoryLimit }],
  [attributeKey(VM_ATTR.TOD, TOD_ATTR.LOW), { get: getTod, set: setTod }],
  [attributeKey(VM_ATTR.TOD, TOD_ATTR.HIGH), { get: getTodHigh, set: setTodHigh }],
  [attributeKey(VM_ATTR.TOD, TOD_ATTR.EXT), { get: getTodExtended, set: setTodExtended }],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.PROCESSOR), { get: getProcessor, set: setProcessor }],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.MACHINE), { get: getMachine }],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.PROCESSOR_FEAT), { get: getFeatures, set: setFeatures }],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.MACHINE_FEAT), { get: getMachineFeatures }],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.PROCESSOR_SUBFUNC), { get: getFunctions, set: setFunctions }],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.MACHINE_SUBFUNC), { get: getMachineFunctions }],
  [
    attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.PROCESSOR_UV_FEAT_GUEST),
    { get: getUltravisorFeatures, set: setUltravisorFeatures },
  ],
  [attributeKey(VM_ATTR.CPU_MODEL, CPU_MODEL.MACHINE_UV_FEAT_GUEST), { get: getUltravisorFeatures }],
]);

/**
 * Gets, sets, or asks for an attribute of a virtual machine. Returns 0.
 * @throws LinuxError ENXIO for one that is not there, or not in this direction; EFAULT; what the attribute throws
 */
export function deviceAttribute(
  machine: KvmMachine,
  action: 'get' | 'set' | 'has',
  { group, attr, address, flags }: AttributeRequest,
  { space }: Thread,
): number {
  const attribute = ATTRIBUTES.get(attributeKey(group, attr));
  const perform = action === 'has' ? attribute : attribute?.[action];
  if (attribute === undefined || perform === undefined)
    throw new LinuxError('ENXIO', `there is no attribute ${attr} of group ${group}`);
  if (action === 'has') return 0;
  if (group === VM_ATTR.TOD && flags !== 0) throw new LinuxError('EINVAL', 'flags of an attribute');
  attribute[action]?.(machine, space.memory, address);
  return 0;
}

function setU64(memory: UserMemory, address: number, value: bigint): void {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, value);
  memory.write(address, bytes);
}

function getMemoryLimit({ memoryLimit }: KvmMachine, memory: UserMemory, address: number): void {
  setU64(memory, address, memoryLimit);
}

function getMigration({ vm }: KvmMachine, memory: UserMemory, address: number): void {
  setU64(memory, address, BigInt(vm.cmma.migrating));
}

function setMemoryLimit(machine: KvmMachine, memory: UserMemory, address: number): void {
  if (machine.userControlled) throw new LinuxError('EINVAL', 'the user of the virtual machine limits it');
  const limit = memory.struct(address, 8).getBigUint64(0);
  if (machine.memoryLimit !== NO_MEM_LIMIT && limit > machine.memoryLimit)
    throw new LinuxError('E2BIG', `0x${limit.toString(16)} is more than the limit`);
  if (limit === 0n) throw new LinuxError('EINVAL', 'a limit of 0');
  machine.demandNoVcpus();
  machine.memoryLimit = limit;
}

function getTod(machine: KvmMachine, memory: UserMemory, address: number): void {
  setU64(memory, address, machine.tod);
}

function setTod(machine: KvmMachine, memory: UserMemory, address: number): void {
  machine.tod = memory.struct(address, 8).getBigUint64(0);
}

function getTodHigh(_: KvmMachine, memory: UserMemory, address: number): void {
  memory.write(address, Uint8Array.of(0));
}

function setTodHigh(_: KvmMachine, memory: UserMemory, address: number): void {
  if (memory.read(address, 1)[0] !== 0) throw new LinuxError('EINVAL', 'the TOD clock has no epoch index');
}

function getTodExtended(machine: KvmMachine, memory: UserMemory, address: number): void {
  const bytes = new Uint8Array(TOD_CLOCK.SIZE);
  new DataView(bytes.buffer).setBigUint64(TOD_CLOCK.TOD, machine.tod);
  memory.write(address, bytes);
}

function setTodExtended(machine: KvmMachine, memory: UserMemory, address: number): void {
  const clock = memory.struct(address, TOD_CLOCK.SIZE);
  if (clock.getUint8(TOD_CLOCK.EPOCH_IDX) !== 0)
    throw new LinuxError('EINVAL', 'the TOD clock has no epoch index');
  machine.tod = clock.getBigUint64(TOD_CLOCK.TOD);
}
