/**
 * The floating interrupt controller (FLIC) of a virtual machine: a device that user space makes with KVM_CREATE_DEVICE (Linux: kvm_flic_ops;
 * Documentation/virt/kvm/devices/s390_flic.rst).
 */

import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { install } from '../calls/descriptors.ts';
import { AnonymousFile } from '../events/anonymous.ts';
import type { UserMemory } from '../memory/user-memory.ts';
import type { Thread } from '../process/task.ts';
import {
  ADAPTER,
  ADAPTER_REQUEST,
  ADAPTER_REQUEST_TYPE,
  ADAPTER_SUPPRESSIBLE,
  AIS_ALL,
  AIS_REQUEST,
  CREATE_DEVICE,
  CREATE_DEVICE_TEST,
  DEVICE_TYPE_FLIC,
  FLIC,
  FLIC_MAX_BUFFER,
  IRQ_STRUCT,
  KVM,
} from './abi.ts';
import { type AttributeRequest, readAttribute } from './attributes.ts';
import { readFloating, writeFloating } from './floating-interrupts.ts';
import type { KvmMachine } from './machine.ts';

const WORD = 4;

/** Gets or sets what a group stands for. Returns what the command returns. */
type Access = (machine: KvmMachine, request: AttributeRequest, memory: UserMemory) => number;

/** What can be set, and what can be got, by group. */
const SETTERS: ReadonlyMap<number, Access> = new Map<number, Access>([
  [FLIC.ENQUEUE, enqueue],
  [FLIC.CLEAR_IRQS, clearAll],
  [FLIC.APF_ENABLE, setAsynchronousFaults],
  [FLIC.APF_DISABLE_WAIT, setAsynchronousFaults],
  [FLIC.ADAPTER_REGISTER, registerAdapter],
  [FLIC.ADAPTER_MODIFY, modifyAdapter],
  [FLIC.CLEAR_IO_IRQ, clearSubchannel],
  [FLIC.AISM, setMode],
  [FLIC.AIRQ_INJECT, interruptByAdapter],
  [FLIC.AISM_ALL, setModes],
]);
const GETTERS: ReadonlyMap<number, Access> = new Map<number, Access>([
  [FLIC.GET_ALL_IRQS, getAll],
  [FLIC.AISM_ALL, getModes],
]);

/** An open floating interrupt controller. */
export class FlicFile extends AnonymousFile {
  readonly #machine: KvmMachine;

  constructor(machine: KvmMachine) {
    super(machine.system.files.anonymous, 'kvm-flic', O.RDWR);
    this.#machine = machine;
    machine.hold();
  }

  override control(command: number, argument: number, thread: Thread): number {
    this.#machine.demandOwner(thread);
    switch (command) {
      case KVM.SET_DEVICE_ATTR:
        return this.#access(SETTERS, argument, thread);
      case KVM.GET_DEVICE_ATTR:
        return this.#access(GETTERS, argument, thread);
      case KVM.HAS_DEVICE_ATTR:
        return hasGroup(readAttribute(thread, argument).group);
      default:
        throw new LinuxError('ENOTTY', `it has no command 0x${command.toString(16)}`);
    }
  }

  #access(table: ReadonlyMap<number, Access>, argument: number, thread: Thread): number {
    const request = readAttribute(thread, argument);
    const access = table.get(request.group);
    if (access === undefined) throw new LinuxError('EINVAL', `group ${request.group} of a FLIC`);
    return access(this.#machine, request, thread.space.memory);
  }

  protected override closed(): void {
    this.#machine.release();
  }
}

/** KVM_CREATE_DEVICE. @throws LinuxError ENODEV for another device than a FLIC; EINVAL if there is one; EFAULT; EMFILE */
export function createDevice(machine: KvmMachine, at: number, thread: Thread): number {
  const { memory } = thread.space;
  const request = memory.struct(at, CREATE_DEVICE.SIZE);
  const type = request.getUint32(CREATE_DEVICE.TYPE);
  if (type !== DEVICE_TYPE_FLIC) throw new LinuxError('ENODEV', `there is no device of type ${type}`);
  if ((request.getUint32(CREATE_DEVICE.FLAGS) & CREATE_DEVICE_TEST) !== 0) return 0;
  if (machine.hasFlic)
    throw new LinuxError('EINVAL', 'the virtual machine has a floating interrupt controller');
  const fd = install(thread, new FlicFile(machine), true);
  machine.hasFlic = true;
  memory.setU32(at + CREATE_DEVICE.FD, fd);
  return 0;
}

function hasGroup(group: number): number {
  if (!SETTERS.has(group) && !GETTERS.has(group)) throw new LinuxError('ENXIO', `group ${group} of a FLIC`);
  return 0;
}

/** Stores all that is pending. Returns their number. @throws LinuxError EINVAL for a length; ENOMEM if they do not fit; EFAULT */
function getAll({ floating }: KvmMachine, { attr, address }: AttributeRequest, memory: UserMemory): number {
  if (attr === 0n || attr > FLIC_MAX_BUFFER) throw new LinuxError('EINVAL', `a buffer of ${attr} bytes`);
  const { all } = floating;
  const bytes = new Uint8Array(all.length * IRQ_STRUCT.SIZE);
  if (bytes.length > attr) throw new LinuxError('ENOMEM', `${all.length} interruptions do not fit`);
  for (const [n, one] of all.entries())
    writeFloating(new DataView(bytes.buffer, n * IRQ_STRUCT.SIZE, IRQ_STRUCT.SIZE), one);
  memory.write(address, bytes);
  return all.length;
}

/** Makes interruptions pending, up to the first one that cannot be. @throws LinuxError EINVAL, EFAULT, EBUSY */
function enqueue(machine: KvmMachine, { attr, address }: AttributeRequest, memory: UserMemory): number {
  const length = Number(BigInt.asUintN(32, attr));
  if (length % IRQ_STRUCT.SIZE !== 0 || length > FLIC_MAX_BUFFER)
    throw new LinuxError('EINVAL', `a buffer of ${length} bytes`);
  memory.expect(address, length);
  for (let at = 0; at < length; at += IRQ_STRUCT.SIZE)
    machine.injectFloating(readFloating(memory.struct(address + at, IRQ_STRUCT.SIZE)));
  return 0;
}

function clearAll({ floating }: KvmMachine): number {
  floating.clear();
  return 0;
}

/**
 * Faults of the guest are served while its CPU waits, whether it could go on or not: no page is ever read from elsewhere. So there is nothing
 * to enable, or to wait for.
 * @throws LinuxError EINVAL if its user controls the virtual machine
 */
function setAsynchronousFaults({ userControlled }: KvmMachine): number {
  if (userControlled) throw new LinuxError('EINVAL', 'the virtual machine is controlled by its user');
  return 0;
}

function registerAdapter(
  { adapters }: KvmMachine,
  { address }: AttributeRequest,
  memory: UserMemory,
): number {
  const adapter = memory.struct(address, ADAPTER.SIZE);
  adapters.register({
    id: adapter.getUint32(ADAPTER.ID),
    isc: adapter.getUint8(ADAPTER.ISC),
    maskable: adapter.getUint8(ADAPTER.MASKABLE) !== 0,
    swap: adapter.getUint8(ADAPTER.SWAP) !== 0,
    suppressible: (adapter.getUint8(ADAPTER.FLAGS) & ADAPTER_SUPPRESSIBLE) !== 0,
  });
  return 0;
}

function modifyAdapter({ adapters }: KvmMachine, { address }: AttributeRequest, memory: UserMemory): number {
  const request = memory.struct(address, ADAPTER_REQUEST.SIZE);
  const { id } = adapters.get(request.getUint32(ADAPTER_REQUEST.ID));
  switch (request.getUint8(ADAPTER_REQUEST.TYPE)) {
    case ADAPTER_REQUEST_TYPE.MASK:
      adapters.mask(id, request.getUint8(ADAPTER_REQUEST.MASK) !== 0);
      return 0;
    // Routes know where the indicators are: nothing is left to do.
    case ADAPTER_REQUEST_TYPE.MAP:
    case ADAPTER_REQUEST_TYPE.UNMAP:
      return 0;
    default:
      throw new LinuxError('EINVAL', 'there is no such change of an adapter');
  }
}

/** Removes the interruption of a subchannel. @throws LinuxError EINVAL for subchannel 0, or another length than that of its number */
function clearSubchannel({ floating }: KvmMachine, request: AttributeRequest, memory: UserMemory): number {
  if (request.flags !== 0 || request.attr !== BigInt(WORD))
    throw new LinuxError('EINVAL', 'flags, or another length than 4');
  const subchannel = memory.u32(request.address);
  if (subchannel === 0) throw new LinuxError('EINVAL', 'there is no subchannel 0');
  floating.io.withdraw(subchannel);
  return 0;
}

function setMode({ adapters }: KvmMachine, { address }: AttributeRequest, memory: UserMemory): number {
  adapters.demandSuppression();
  const request = memory.struct(address, AIS_REQUEST.SIZE);
  adapters.setMode(request.getUint8(AIS_REQUEST.ISC), request.getUint16(AIS_REQUEST.MODE));
  return 0;
}

function interruptByAdapter({ adapters }: KvmMachine, { attr }: AttributeRequest): number {
  adapters.interrupt(Number(BigInt.asUintN(32, attr)));
  return 0;
}

function getModes({ adapters }: KvmMachine, request: AttributeRequest, memory: UserMemory): number {
  if (request.attr < AIS_ALL.SIZE) throw new LinuxError('EINVAL', `${request.attr} bytes are too few`);
  const { single, none } = adapters.modes;
  memory.write(request.address, Uint8Array.of(single, none));
  return 0;
}

function setModes({ adapters }: KvmMachine, { address }: AttributeRequest, memory: UserMemory): number {
  adapters.demandSuppression();
  const modes = memory.struct(address, AIS_ALL.SIZE);
  adapters.modes = { single: modes.getUint8(AIS_ALL.SINGLE), none: modes.getUint8(AIS_ALL.NO) };
  return 0;
}
