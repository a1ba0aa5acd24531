/** KVM_S390_MEM_OP: user space accesses storage of a guest (Linux: kvm_s390_vm_mem_op, kvm_s390_vcpu_mem_op). */

import { LinuxError } from '../../errors.ts';
import { MEM_OP_MAX_SIZE } from '../../kvm/index.ts';
import type { Thread } from '../process/task.ts';
import { MEM_OP, MEMOP, MEMOP_FLAG } from './abi.ts';
import type { KvmMachine } from './machine.ts';
import type { KvmVcpu } from './vcpu.ts';

/** What is to be done. */
interface MemoryOperation {
  readonly address: bigint;
  readonly flags: bigint;
  readonly length: number;
  readonly op: number;
  /** Where the bytes are in the process, and for a compare-and-exchange the old value. */
  readonly buffer: number;
  readonly oldAddress: number;
  readonly register: number;
  /** The access key; 0 without one. */
  readonly key: number;
}

const { CHECK_ONLY, INJECT_EXCEPTION, SKEY_PROTECTION } = MEMOP_FLAG;
/** The longest operand of a compare-and-exchange in bytes. */
const EXCHANGE_MAX = 16;

function readOperation(at: number, { space }: Thread): MemoryOperation {
  const struct = space.memory.struct(at, MEM_OP.SIZE);
  const flags = struct.getBigUint64(MEM_OP.FLAGS);
  return {
    flags,
    address: struct.getBigUint64(MEM_OP.GADDR),
    length: struct.getUint32(MEM_OP.LENGTH),
    op: struct.getUint32(MEM_OP.OP),
    buffer: Number(struct.getBigUint64(MEM_OP.BUF)),
    oldAddress: Number(struct.getBigUint64(MEM_OP.OLD_ADDR)),
    register: struct.getUint8(MEM_OP.AR),
    key: (flags & BigInt(SKEY_PROTECTION)) !== 0n ? struct.getUint8(MEM_OP.KEY) : 0,
  };
}

/** @throws LinuxError EINVAL for unknown flags, a length of 0, or a key beyond 15; E2BIG for too many bytes */
function demandOperation({ flags, length, key }: MemoryOperation, known: number): void {
  if ((flags & ~BigInt(known)) !== 0n) throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)}`);
  if (length === 0) throw new LinuxError('EINVAL', 'a length of 0');
  if (length > MEM_OP_MAX_SIZE) throw new LinuxError('E2BIG', `${length} bytes at once`);
  if (key > 15) throw new LinuxError('EINVAL', `access key ${key}`);
}

function has({ flags }: MemoryOperation, flag: number): boolean {
  return (flags & BigInt(flag)) !== 0n;
}

/**
 * KVM_S390_MEM_OP of a virtual machine: absolute storage. Returns 0, or the code of the program interruption that the access would cause.
 * @throws LinuxError EINVAL for another operation; EFAULT; as `demandOperation`
 */
export function absoluteMemoryOperation({ vm }: KvmMachine, at: number, thread: Thread): number {
  const operation = readOperation(at, thread);
  switch (operation.op) {
    case MEMOP.ABSOLUTE_READ:
    case MEMOP.ABSOLUTE_WRITE:
      return accessAbsolute(vm.absoluteMemory, operation, thread);
    case MEMOP.ABSOLUTE_CMPXCHG:
      return exchange(vm.absoluteMemory, operation, thread);
    default:
      throw new LinuxError('EINVAL', `operation ${operation.op} on a virtual machine`);
  }
}

type AbsoluteMemory = KvmMachine['vm']['absoluteMemory'];

function accessAbsolute(memory: AbsoluteMemory, operation: MemoryOperation, { space }: Thread): number {
  demandOperation(operation, SKEY_PROTECTION | CHECK_ONLY);
  const { address, length, buffer, key, op } = operation;
  if (has(operation, CHECK_ONLY)) return memory.check(address, length, op === MEMOP.ABSOLUTE_WRITE, key);
  if (op === MEMOP.ABSOLUTE_WRITE) return memory.write(address, space.memory.read(buffer, length), key);
  const bytes = new Uint8Array(length);
  const code = memory.read(address, bytes, key);
  if (code === 0) space.memory.write(buffer, bytes);
  return code;
}

function exchange(memory: AbsoluteMemory, operation: MemoryOperation, { space }: Thread): number {
  demandOperation(operation, SKEY_PROTECTION);
  const { address, length, buffer, oldAddress, key } = operation;
  if (length > EXCHANGE_MAX) throw new LinuxError('EINVAL', `a compare-and-exchange of ${length} bytes`);
  const replacement = space.memory.read(buffer, length);
  const expected = space.memory.read(oldAddress, length);
  const { code, exchanged, old } = memory.compareAndExchange(address, expected, replacement, key);
  if (code === 0 && !exchanged) space.memory.write(oldAddress, old);
  return code;
}

/**
 * KVM_S390_MEM_OP of a virtual CPU: storage by the guest's logical addresses. Returns as `absoluteMemoryOperation`.
 * @throws LinuxError EINVAL for another operation, or an access register beyond 15; EFAULT; as `demandOperation`
 */
export function logicalMemoryOperation({ vcpu, page, machine }: KvmVcpu, at: number, thread: Thread): number {
  const operation = readOperation(at, thread);
  const { op, address, length, buffer, register, key } = operation;
  if (op !== MEMOP.LOGICAL_READ && op !== MEMOP.LOGICAL_WRITE)
    throw new LinuxError('EINVAL', `operation ${op} on a virtual CPU`);
  demandOperation(operation, SKEY_PROTECTION | CHECK_ONLY | INJECT_EXCEPTION);
  if (register > 15) throw new LinuxError('EINVAL', `access register ${register}`);
  const cpu = machine.system.host.machine.cpu(0);
  const options = { register, key, inject: has(operation, INJECT_EXCEPTION) };
  page.loadRegisters(vcpu);
  const { memory } = thread.space;
  if (has(operation, CHECK_ONLY))
    return vcpu.checkLogical(cpu, address, length, op === MEMOP.LOGICAL_WRITE, options);
  if (op === MEMOP.LOGICAL_WRITE)
    return vcpu.writeLogical(cpu, address, memory.read(buffer, length), options);
  const bytes = new Uint8Array(length);
  const code = vcpu.readLogical(cpu, address, bytes, options);
  if (code === 0) memory.write(buffer, bytes);
  return code;
}
