/**
 * Interruptions of one virtual CPU that user space makes pending, and asks for: KVM_S390_INTERRUPT, KVM_S390_IRQ, KVM_S390_GET_IRQ_STATE,
 * KVM_S390_SET_IRQ_STATE (Linux: arch/s390/kvm/interrupt.c; Documentation/virt/kvm/api.rst, 4.32, 4.76 to 4.78).
 */

import { LinuxError } from '../../errors.ts';
import { type LocalInterrupt, MAX_VCPUS } from '../../kvm/index.ts';
import type { Thread } from '../process/task.ts';
import {
  FIXED_LOGOUT_SIZE,
  INTERRUPT,
  IRQ,
  IRQ_STATE,
  IRQ_STRUCT,
  PGM_FLAG,
  STOP_STORE_STATUS,
} from './abi.ts';
import type { KvmVcpu } from './vcpu.ts';

/** The most local interruptions that KVM_S390_SET_IRQ_STATE takes (Linux: VCPU_IRQS_MAX_BUF). */
const MOST = MAX_VCPUS + 7 + 32;

function unknown(type: number | bigint): LinuxError {
  return new LinuxError('EINVAL', `there is no interruption of a CPU of type 0x${type.toString(16)}`);
}

/** Returns the local interruption that a struct kvm_s390_irq describes. @throws LinuxError EINVAL for another one */
function readLocal(irq: DataView): LocalInterrupt {
  const type = irq.getBigUint64(IRQ_STRUCT.TYPE);
  switch (Number(type)) {
    case IRQ.PROGRAM_INT:
      return readProgram(irq);
    case IRQ.SIGP_SET_PREFIX:
      return { type: 'set-prefix', address: irq.getUint32(IRQ_STRUCT.PREFIX) };
    case IRQ.SIGP_STOP:
      return stopOf(irq.getUint32(IRQ_STRUCT.STOP_FLAGS));
    case IRQ.RESTART:
      return { type: 'restart' };
    case IRQ.INT_CLOCK_COMP:
      return { type: 'clock-comparator' };
    case IRQ.INT_CPU_TIMER:
      return { type: 'cpu-timer' };
    case IRQ.INT_EXTERNAL_CALL:
      return { type: 'external-call', sender: irq.getUint16(IRQ_STRUCT.SENDER) };
    case IRQ.INT_EMERGENCY:
      return { type: 'emergency', sender: irq.getUint16(IRQ_STRUCT.SENDER) };
    case IRQ.MCHK:
      return readMachineCheck(irq);
    case IRQ.INT_PFAULT_INIT:
      return { type: 'pfault-init', token: irq.getBigUint64(IRQ_STRUCT.EXT_PARAMS2) };
    default:
      throw unknown(type);
  }
}

function stopOf(flags: number): LocalInterrupt {
  if ((flags & ~STOP_STORE_STATUS) !== 0)
    throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)} of a stop`);
  return { type: 'stop', store: flags === STOP_STORE_STATUS };
}

function readProgram(irq: DataView): LocalInterrupt {
  const flags = irq.getUint8(IRQ_STRUCT.PGM_FLAGS);
  return {
    type: 'program',
    code: irq.getUint16(IRQ_STRUCT.PGM_CODE),
    teid: irq.getBigUint64(IRQ_STRUCT.PGM_TRANS_EXC_CODE),
    monitorCode: irq.getBigUint64(IRQ_STRUCT.PGM_MON_CODE),
    monitorClass: irq.getUint16(IRQ_STRUCT.PGM_MON_CLASS_NR),
    dataExceptionCode: irq.getUint32(IRQ_STRUCT.PGM_DATA_EXC_CODE),
    exceptionAccess: irq.getUint8(IRQ_STRUCT.PGM_EXC_ACCESS_ID),
    operandAccess: irq.getUint8(IRQ_STRUCT.PGM_OP_ACCESS_ID),
    perCode: irq.getUint8(IRQ_STRUCT.PGM_PER_CODE),
    perAtmid: irq.getUint8(IRQ_STRUCT.PGM_PER_ATMID),
    perAddress: irq.getBigUint64(IRQ_STRUCT.PGM_PER_ADDRESS),
    perAccess: irq.getUint8(IRQ_STRUCT.PGM_PER_ACCESS_ID),
    rewind: (flags & PGM_FLAG.NO_REWIND) === 0,
    ...((flags & PGM_FLAG.ILC_VALID) !== 0 ? { length: flags & PGM_FLAG.ILC_MASK } : {}),
  };
}

function readMachineCheck(irq: DataView): LocalInterrupt {
  const logout = irq.byteOffset + IRQ_STRUCT.MCHK_FIXED_LOGOUT;
  return {
    type: 'machine-check',
    cr14: irq.getBigUint64(IRQ_STRUCT.MCHK_CR14),
    mcic: irq.getBigUint64(IRQ_STRUCT.MCHK_MCIC),
    failingStorageAddress: irq.getBigUint64(IRQ_STRUCT.MCHK_FAILING_STORAGE_ADDRESS),
    externalDamageCode: irq.getUint32(IRQ_STRUCT.MCHK_EXT_DAMAGE_CODE),
    fixedLogout: new Uint8Array(irq.buffer, logout, FIXED_LOGOUT_SIZE).slice(),
  };
}

/** Stores a local interruption as a struct kvm_s390_irq. */
function writeLocal(irq: DataView, one: LocalInterrupt): void {
  const type = (number: number) => irq.setBigUint64(IRQ_STRUCT.TYPE, BigInt(number));
  switch (one.type) {
    case 'program':
      type(IRQ.PROGRAM_INT);
      writeProgram(irq, one);
      break;
    case 'set-prefix':
      type(IRQ.SIGP_SET_PREFIX);
      irq.setUint32(IRQ_STRUCT.PREFIX, one.address);
      break;
    case 'stop':
      type(IRQ.SIGP_STOP);
      irq.setUint32(IRQ_STRUCT.STOP_FLAGS, one.store ? STOP_STORE_STATUS : 0);
      break;
    case 'restart':
      type(IRQ.RESTART);
      break;
    case 'clock-comparator':
      type(IRQ.INT_CLOCK_COMP);
      break;
    case 'cpu-timer':
      type(IRQ.INT_CPU_TIMER);
      break;
    case 'external-call':
    case 'emergency':
      type(one.type === 'emergency' ? IRQ.INT_EMERGENCY : IRQ.INT_EXTERNAL_CALL);
      irq.setUint16(IRQ_STRUCT.SENDER, one.sender);
      break;
    case 'machine-check':
      type(IRQ.MCHK);
      writeMachineCheck(irq, one);
      break;
    case 'pfault-init':
      type(IRQ.INT_PFAULT_INIT);
      irq.setBigUint64(IRQ_STRUCT.EXT_PARAMS2, one.token);
  }
}

function writeProgram(irq: DataView, one: LocalInterrupt & { readonly type: 'program' }): void {
  const valid = one.length === undefined ? 0 : PGM_FLAG.ILC_VALID | (one.length & PGM_FLAG.ILC_MASK);
  irq.setUint16(IRQ_STRUCT.PGM_CODE, one.code);
  irq.setBigUint64(IRQ_STRUCT.PGM_TRANS_EXC_CODE, one.teid ?? 0n);
  irq.setBigUint64(IRQ_STRUCT.PGM_MON_CODE, one.monitorCode ?? 0n);
  irq.setUint16(IRQ_STRUCT.PGM_MON_CLASS_NR, one.monitorClass ?? 0);
  irq.setUint32(IRQ_STRUCT.PGM_DATA_EXC_CODE, one.dataExceptionCode ?? 0);
  irq.setUint8(IRQ_STRUCT.PGM_EXC_ACCESS_ID, one.exceptionAccess ?? 0);
  irq.setUint8(IRQ_STRUCT.PGM_OP_ACCESS_ID, one.operandAccess ?? 0);
  irq.setUint8(IRQ_STRUCT.PGM_PER_CODE, one.perCode ?? 0);
  irq.setUint8(IRQ_STRUCT.PGM_PER_ATMID, one.perAtmid ?? 0);
  irq.setBigUint64(IRQ_STRUCT.PGM_PER_ADDRESS, one.perAddress ?? 0n);
  irq.setUint8(IRQ_STRUCT.PGM_PER_ACCESS_ID, one.perAccess ?? 0);
  irq.setUint8(IRQ_STRUCT.PGM_FLAGS, valid | (one.rewind === false ? PGM_FLAG.NO_REWIND : 0));
}

function writeMachineCheck(irq: DataView, one: LocalInterrupt & { readonly type: 'machine-check' }): void {
  irq.setBigUint64(IRQ_STRUCT.MCHK_CR14, one.cr14);
  irq.setBigUint64(IRQ_STRUCT.MCHK_MCIC, one.mcic);
  irq.setBigUint64(IRQ_STRUCT.MCHK_FAILING_STORAGE_ADDRESS, one.failingStorageAddress);
  irq.setUint32(IRQ_STRUCT.MCHK_EXT_DAMAGE_CODE, one.externalDamageCode);
  new Uint8Array(irq.buffer).set(one.fixedLogout, irq.byteOffset + IRQ_STRUCT.MCHK_FIXED_LOGOUT);
}

/** KVM_S390_IRQ. @throws LinuxError EINVAL; EBUSY if such an interruption is pending already; EFAULT */
export function injectIrq({ vcpu }: KvmVcpu, at: number, { space }: Thread): number {
  vcpu.inject(readLocal(space.memory.struct(at, IRQ_STRUCT.SIZE)));
  return 0;
}

/** KVM_S390_INTERRUPT of a virtual CPU: the older form of KVM_S390_IRQ. @throws LinuxError as `injectIrq` */
export function injectLocal({ vcpu }: KvmVcpu, at: number, { space }: Thread): number {
  const struct = space.memory.struct(at, INTERRUPT.SIZE);
  vcpu.inject(localOf(struct));
  return 0;
}

function localOf(struct: DataView): LocalInterrupt {
  const irq = new DataView(new ArrayBuffer(IRQ_STRUCT.SIZE));
  const [type, parm] = [struct.getUint32(INTERRUPT.TYPE), struct.getUint32(INTERRUPT.PARM)];
  const parm64 = struct.getBigUint64(INTERRUPT.PARM64);
  irq.setBigUint64(IRQ_STRUCT.TYPE, BigInt(type));
  switch (type) {
    case IRQ.PROGRAM_INT:
      irq.setUint16(IRQ_STRUCT.PGM_CODE, demandHalf(parm));
      break;
    case IRQ.INT_EXTERNAL_CALL:
    case IRQ.INT_EMERGENCY:
      irq.setUint16(IRQ_STRUCT.SENDER, demandHalf(parm));
      break;
    case IRQ.SIGP_SET_PREFIX:
      irq.setUint32(IRQ_STRUCT.PREFIX, parm);
      break;
    case IRQ.SIGP_STOP:
      irq.setUint32(IRQ_STRUCT.STOP_FLAGS, parm);
      break;
    case IRQ.MCHK:
      irq.setBigUint64(IRQ_STRUCT.MCHK_MCIC, parm64);
      break;
    case IRQ.INT_PFAULT_INIT:
      irq.setBigUint64(IRQ_STRUCT.EXT_PARAMS2, parm64);
  }
  return readLocal(irq);
}

function demandHalf(parameter: number): number {
  if (parameter > 0xffff) throw new LinuxError('EINVAL', `0x${parameter.toString(16)} is more than 16 bits`);
  return parameter;
}

/** Returns where the local interruptions of a request are, and their length in bytes. @throws LinuxError EFAULT; EINVAL for a length of 0 */
function irqBuffer(at: number, { space }: Thread): { readonly address: number; readonly length: number } {
  const state = space.memory.struct(at, IRQ_STATE.SIZE);
  const length = state.getUint32(IRQ_STATE.LEN);
  if (length === 0) throw new LinuxError('EINVAL', 'a length of 0');
  return { address: Number(state.getBigUint64(IRQ_STATE.BUF)), length };
}

/** KVM_S390_GET_IRQ_STATE. Returns the number of bytes. @throws LinuxError ENOBUFS if they do not fit; EINVAL, EFAULT */
export function getIrqState({ vcpu }: KvmVcpu, at: number, thread: Thread): number {
  const { address, length } = irqBuffer(at, thread);
  const pending = vcpu.pendingInterrupts;
  const bytes = new Uint8Array(pending.length * IRQ_STRUCT.SIZE);
  if (bytes.length > length) throw new LinuxError('ENOBUFS', `${pending.length} interruptions are pending`);
  for (const [n, one] of pending.entries()) {
    writeLocal(new DataView(bytes.buffer, n * IRQ_STRUCT.SIZE, IRQ_STRUCT.SIZE), one);
  }
  thread.space.memory.write(address, bytes);
  return bytes.length;
}

/** KVM_S390_SET_IRQ_STATE. @throws LinuxError EINVAL; EBUSY if an interruption is pending; EFAULT */
export function setIrqState({ vcpu }: KvmVcpu, at: number, thread: Thread): number {
  const { address, length } = irqBuffer(at, thread);
  if (length % IRQ_STRUCT.SIZE !== 0 || length > MOST * IRQ_STRUCT.SIZE)
    throw new LinuxError('EINVAL', `${length} bytes of interruptions`);
  const bytes = thread.space.memory.struct(address, length);
  const list = Array.from({ length: length / IRQ_STRUCT.SIZE }, (_, n) =>
    readLocal(new DataView(bytes.buffer, bytes.byteOffset + n * IRQ_STRUCT.SIZE, IRQ_STRUCT.SIZE)),
  );
  vcpu.setPendingInterrupts(list);
  return 0;
}
