/** The file of a virtual machine of /dev/kvm. */

import { hasFacility, KEY_CHANGED, KEY_REFERENCED } from '../../../machine/index.ts';
import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { install } from '../calls/descriptors.ts';
import { AnonymousFile } from '../events/anonymous.ts';
import type { Blocking } from '../process/blocking.ts';
import type { Thread } from '../process/task.ts';
import { CAP, DIRTY_LOG, ENABLE_CAP, KEY_OPERATION, KEYOP, KVM, MEMORY_REGION, SKEYS } from './abi.ts';
import { deviceAttribute, readAttribute } from './attributes.ts';
import { capability } from './capabilities.ts';
import { FACILITY } from './cpu-model.ts';
import { createDevice } from './flic-file.ts';
import { injectFloating } from './floating-interrupts.ts';
import { withGuestFaults } from './guest-faults.ts';
import type { KvmMachine } from './machine.ts';
import { absoluteMemoryOperation } from './memory-operation.ts';
import { StatisticsFile } from './statistics-file.ts';
import { getUsageStates, setUsageStates } from './usage-states.ts';
import { makeVcpu } from './vcpu.ts';
import { VcpuFile } from './vcpu-file.ts';

/** The most storage keys that are read or set at once (Linux: KVM_S390_SKEYS_MAX). */
const SKEYS_MAX = 1 << 20;
/** What KVM_S390_GET_SKEYS returns for a guest that does not use storage keys. */
const SKEYS_NONE = 1;
/** The bits of a storage key: the lowest one is none. */
const KEY_BITS = 0xfe;
/** Slots of a virtual machine. */
const SLOTS = 32767;

/** Performs a command. */
type Command = (machine: KvmMachine, argument: number, thread: Thread) => Blocking<number> | number;

/** The commands of a virtual machine, by number. */
export const VM_COMMANDS: ReadonlyMap<number, Command> = new Map<number, Command>([
  [KVM.CREATE_VCPU, createVcpu],
  [KVM.CHECK_EXTENSION, (machine, argument) => capability(machine.system.host, argument)],
  [KVM.ENABLE_CAP, enableCapability],
  [
    KVM.SET_USER_MEMORY_REGION,
    (machine, at, thread) => setMemoryRegion(machine, at, thread, MEMORY_REGION.SIZE),
  ],
  [
    KVM.SET_USER_MEMORY_REGION2,
    (machine, at, thread) => setMemoryRegion(machine, at, thread, MEMORY_REGION.SIZE2),
  ],
  [KVM.GET_DIRTY_LOG, getDirtyLog],
  [KVM.CREATE_IRQCHIP, createIrqchip],
  [KVM.S390_INTERRUPT, injectFloating],
  [KVM.IOEVENTFD, ({ events }, at, thread) => events.change(at, thread)],
  [KVM.SET_GSI_ROUTING, ({ routes, vm }, at, thread) => routes.set(vm.slots, at, thread)],
  [KVM.IRQFD, ({ interruptEvents }, at, thread) => interruptEvents.change(at, thread)],
  [KVM.CREATE_DEVICE, createDevice],
  [KVM.GET_STATS_FD, getStatistics],
  [KVM.S390_MEM_OP, absoluteMemoryOperation],
  [KVM.S390_GET_CMMA_BITS, getUsageStates],
  [KVM.S390_SET_CMMA_BITS, setUsageStates],
  [KVM.S390_GET_SKEYS, getKeys],
  [KVM.S390_SET_SKEYS, setKeys],
  [KVM.S390_KEYOP, operateOnKey],
  [KVM.GET_DEVICE_ATTR, (machine, at, thread) => attribute(machine, at, thread, 'get')],
  [KVM.SET_DEVICE_ATTR, (machine, at, thread) => attribute(machine, at, thread, 'set')],
  [KVM.HAS_DEVICE_ATTR, (machine, at, thread) => attribute(machine, at, thread, 'has')],
]);

/** An open virtual machine. */
export class VmFile extends AnonymousFile {
  readonly machine: KvmMachine;

  /** @param machine whose reference the file takes over */
  constructor(machine: KvmMachine) {
    super(machine.system.files.anonymous, 'kvm-vm', O.RDWR);
    this.machine = machine;
  }

  override control(command: number, argument: number, thread: Thread): Blocking<number> | number {
    this.machine.demandOwner(thread);
    const perform = VM_COMMANDS.get(command);
    if (perform === undefined)
      throw new LinuxError('ENOTTY', `a virtual machine has no command 0x${command.toString(16)}`);
    return withGuestFaults(() => perform(this.machine, argument, thread));
  }

  protected override closed(): void {
    this.machine.release();
  }
}

function createVcpu(machine: KvmMachine, id: number, thread: Thread): number {
  return install(thread, new VcpuFile(makeVcpu(machine, id)), true);
}

function getStatistics(machine: KvmMachine, _: number, thread: Thread): number {
  const { counts, system } = machine;
  const statistics = {
    names: Object.keys(counts),
    value: (name: string) => counts[name as keyof typeof counts],
  };
  machine.hold();
  const id = `kvm-${thread.process.pid}`;
  const file = new StatisticsFile(system.files.anonymous, 'kvm-vm-stats', id, statistics, () =>
    machine.release(),
  );
  return install(thread, file, true);
}

function createIrqchip(machine: KvmMachine): number {
  if (!machine.hasIrqchip) throw new LinuxError('EINVAL', 'KVM_CAP_S390_IRQCHIP is not enabled');
  return 0;
}

function enableCapability(machine: KvmMachine, at: number, { space }: Thread): number {
  const cap = space.memory.struct(at, ENABLE_CAP.SIZE);
  if (cap.getUint32(ENABLE_CAP.FLAGS) !== 0) throw new LinuxError('EINVAL', 'flags of KVM_ENABLE_CAP');
  switch (cap.getUint32(ENABLE_CAP.CAP)) {
    case CAP.S390_IRQCHIP:
      machine.hasIrqchip = true;
      return 0;
    case CAP.S390_USER_SIGP:
      if (!machine.userControlled) machine.vm.userSigp = true;
      return 0;
    case CAP.S390_USER_STSI:
      machine.userStsi = true;
      return 0;
    case CAP.S390_AIS:
      machine.enableFacility(FACILITY.SUPPRESSION);
      return 0;
    case CAP.S390_GS:
      return enableFacility(machine, FACILITY.GUARDED_STORAGE);
    case CAP.S390_VECTOR_REGISTERS:
      return enableFacility(machine, FACILITY.VECTOR);
    case CAP.HALT_POLL:
      // How long a virtual CPU polls before it sleeps: here it sleeps at once.
      if (cap.getUint32(ENABLE_CAP.ARGS) !== 0) throw new LinuxError('EINVAL', 'more than 32 bits');
      return 0;
    case CAP.S390_USER_INSTR0:
      if (!machine.userControlled) machine.vm.enableUserInstruction0();
      return 0;
    case CAP.S390_USER_OPEREXEC:
      if (!machine.userControlled) machine.vm.enableUserOperations();
      return 0;
    case CAP.S390_HPAGE_1M:
      machine.demandNoVcpus();
  }
  throw new LinuxError('EINVAL', `capability ${cap.getUint32(ENABLE_CAP.CAP)} cannot be enabled`);
}

/** Gives a guest a facility. @throws LinuxError EBUSY if there are virtual CPUs; EINVAL if the machine does not have it */
function enableFacility(machine: KvmMachine, facility: number): number {
  machine.demandNoVcpus();
  if (!hasFacility(machine.system.host.machine.facilities, facility))
    throw new LinuxError('EINVAL', `the machine has no facility ${facility}`);
  machine.enableFacility(facility);
  return 0;
}

function setMemoryRegion(machine: KvmMachine, at: number, { space }: Thread, size: number): number {
  const region = space.memory.struct(at, size);
  const memorySize = region.getBigUint64(MEMORY_REGION.MEMORY_SIZE);
  const guestPhysAddr = region.getBigUint64(MEMORY_REGION.GUEST_PHYS_ADDR);
  if (memorySize !== 0n && guestPhysAddr + memorySize > machine.memoryLimit)
    throw new LinuxError(
      'EINVAL',
      `0x${guestPhysAddr.toString(16)} + 0x${memorySize.toString(16)} is beyond the limit`,
    );
  machine.vm.setMemoryRegion({
    slot: region.getUint32(MEMORY_REGION.SLOT),
    flags: region.getUint32(MEMORY_REGION.FLAGS),
    guestPhysAddr,
    memorySize,
    userspaceAddr: region.getBigUint64(MEMORY_REGION.USERSPACE_ADDR),
  });
  return 0;
}

function getDirtyLog(machine: KvmMachine, at: number, { space }: Thread): number {
  const log = space.memory.struct(at, DIRTY_LOG.SIZE);
  const slot = log.getUint32(DIRTY_LOG.SLOT);
  const { vm } = machine;
  if (slot >= SLOTS) throw new LinuxError('EINVAL', `there is no slot ${slot}`);
  const { memorySize = 0n } = vm.slots.all.get(slot) ?? {};
  const bitmap = bitmapOf(vm.getDirtyLog(slot), Number(memorySize / 4096n));
  space.memory.write(Number(log.getBigUint64(DIRTY_LOG.BITMAP)), bitmap);
  return 0;
}

/** Returns the bitmap of a log: a bit for each page in little-endian order, in doublewords (Linux: set_bit_le). */
function bitmapOf(numbers: readonly number[], count: number): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(count / 64) * 8);
  for (const n of numbers) bytes[n >>> 3]! |= 1 << (n & 7);
  return bytes;
}

/** What both commands for storage keys are passed. @throws LinuxError EINVAL, EFAULT */
function keysRequest(at: number, { space }: Thread): { start: number; count: number; data: number } {
  const keys = space.memory.struct(at, SKEYS.SIZE);
  const [start, count] = [keys.getBigUint64(SKEYS.START_GFN), keys.getBigUint64(SKEYS.COUNT)];
  if (keys.getUint32(SKEYS.FLAGS) !== 0) throw new LinuxError('EINVAL', 'flags of storage keys');
  if (count < 1n || count > SKEYS_MAX) throw new LinuxError('EINVAL', `${count} storage keys`);
  return { start: Number(start), count: Number(count), data: Number(keys.getBigUint64(SKEYS.SKEYDATA_ADDR)) };
}

function getKeys(machine: KvmMachine, at: number, thread: Thread): number {
  const { start, count, data } = keysRequest(at, thread);
  const { vm } = machine;
  const keys = vm.getKeys(start, count);
  if (keys === null) return SKEYS_NONE;
  thread.space.memory.write(data, keys);
  return 0;
}

function setKeys(machine: KvmMachine, at: number, thread: Thread): number {
  const { start, count, data } = keysRequest(at, thread);
  machine.vm.setKeys(start, thread.space.memory.read(data, count));
  return 0;
}

/** KVM_S390_KEYOP: an operation on the storage key of a page, as the instruction of its name. What the key was, is stored. */
function operateOnKey({ vm }: KvmMachine, at: number, { space }: Thread): number {
  const request = space.memory.struct(at, KEYOP.SIZE);
  const address = request.getBigUint64(KEYOP.GUEST_ADDR);
  const key = request.getUint8(KEYOP.KEY) & KEY_BITS;
  request.setUint8(KEYOP.KEY, operate(vm, request.getUint8(KEYOP.OPERATION), address, key));
  space.memory.write(at, new Uint8Array(request.buffer, request.byteOffset, KEYOP.SIZE));
  return 0;
}

/** Performs an operation on a key. Returns what it tells of the former one. @throws LinuxError EINVAL for an unknown one; EFAULT */
function operate(vm: KvmMachine['vm'], operation: number, address: bigint, key: number): number {
  if (!Object.values<number>(KEY_OPERATION).includes(operation))
    throw new LinuxError('EINVAL', `operation ${operation} on a storage key`);
  const old = vm.getKey(address);
  if (operation === KEY_OPERATION.SSKE) vm.setKey(address, key);
  if (operation !== KEY_OPERATION.RRBE) return old;
  if ((old & KEY_REFERENCED) !== 0) vm.setKey(address, old & ~KEY_REFERENCED);
  return old & (KEY_REFERENCED | KEY_CHANGED);
}

function attribute(machine: KvmMachine, at: number, thread: Thread, action: 'get' | 'set' | 'has'): number {
  return deviceAttribute(machine, action, readAttribute(thread, at), thread);
}
