/**
 * Interruptions that any virtual CPU may take, as user space makes them pending: KVM_S390_INTERRUPT, and the structs of the floating interrupt
 * controller (Linux: arch/s390/kvm/interrupt.c).
 */

import { LinuxError } from '../../errors.ts';
import type { FloatingInterrupt } from '../../kvm/index.ts';
import type { Thread } from '../process/task.ts';
import { INTERRUPT, IO_ADAPTER, IRQ, IRQ_STRUCT } from './abi.ts';
import type { KvmMachine } from './machine.ts';

/** Where the type of an I/O interruption has the subchannel set, and the channel-subsystem image. */
const SET_SHIFT = 16;
const IMAGE_SHIFT = 18;

function unknown(type: bigint): LinuxError {
  return new LinuxError('EINVAL', `there is no floating interruption of type 0x${type.toString(16)}`);
}

/** KVM_S390_INTERRUPT of a virtual machine. @throws LinuxError EINVAL; EBUSY; EFAULT */
export function injectFloating(machine: KvmMachine, at: number, { space }: Thread): number {
  machine.injectFloating(requestOf(space.memory.struct(at, INTERRUPT.SIZE)));
  return 0;
}

function requestOf(struct: DataView): FloatingInterrupt {
  const irq = new DataView(new ArrayBuffer(IRQ_STRUCT.SIZE));
  const [type, parm] = [struct.getUint32(INTERRUPT.TYPE), struct.getUint32(INTERRUPT.PARM)];
  const parm64 = struct.getBigUint64(INTERRUPT.PARM64);
  irq.setBigUint64(IRQ_STRUCT.TYPE, BigInt(type));
  switch (type) {
    case IRQ.MCHK:
      irq.setBigUint64(IRQ_STRUCT.MCHK_CR14, BigInt(parm));
      irq.setBigUint64(IRQ_STRUCT.MCHK_MCIC, parm64);
      break;
    case IRQ.INT_VIRTIO:
    case IRQ.INT_SERVICE:
    case IRQ.INT_PFAULT_DONE:
      irq.setUint32(IRQ_STRUCT.EXT_PARAMS, parm);
      irq.setBigUint64(IRQ_STRUCT.EXT_PARAMS2, parm64);
      break;
    default:
      irq.setUint32(IRQ_STRUCT.IO_SUBCHANNEL, parm);
      irq.setBigUint64(IRQ_STRUCT.IO_PARM, parm64);
  }
  return readFloating(irq);
}

/** Returns the floating interruption that a struct kvm_s390_irq describes. @throws LinuxError EINVAL for another one */
export function readFloating(irq: DataView): FloatingInterrupt {
  const type = irq.getBigUint64(IRQ_STRUCT.TYPE);
  switch (Number(type)) {
    case IRQ.INT_VIRTIO:
      return {
        type: 'virtio',
        parameter: irq.getUint32(IRQ_STRUCT.EXT_PARAMS),
        parameter64: irq.getBigUint64(IRQ_STRUCT.EXT_PARAMS2),
      };
    case IRQ.INT_SERVICE:
      return { type: 'service', parameter: irq.getUint32(IRQ_STRUCT.EXT_PARAMS) };
    case IRQ.INT_PFAULT_DONE:
      return { type: 'pfault-done', token: irq.getBigUint64(IRQ_STRUCT.EXT_PARAMS2) };
    case IRQ.MCHK:
      return {
        type: 'machine-check',
        cr14: irq.getBigUint64(IRQ_STRUCT.MCHK_CR14),
        mcic: irq.getBigUint64(IRQ_STRUCT.MCHK_MCIC),
      };
    default:
      if (type > IRQ.IO_MAX) throw unknown(type);
      return {
        type: 'io',
        adapter: (Number(type) & IO_ADAPTER) !== 0,
        subchannel: irq.getUint32(IRQ_STRUCT.IO_SUBCHANNEL),
        parameter: irq.getUint32(IRQ_STRUCT.IO_PARM),
        identification: irq.getUint32(IRQ_STRUCT.IO_WORD),
      };
  }
}

/** Stores a floating interruption as a struct kvm_s390_irq. */
export function writeFloating(irq: DataView, one: FloatingInterrupt): void {
  irq.setBigUint64(IRQ_STRUCT.TYPE, BigInt(typeOf(one)));
  switch (one.type) {
    case 'virtio':
      irq.setUint32(IRQ_STRUCT.EXT_PARAMS, one.parameter);
      irq.setBigUint64(IRQ_STRUCT.EXT_PARAMS2, one.parameter64);
      return;
    case 'service':
      irq.setUint32(IRQ_STRUCT.EXT_PARAMS, one.parameter);
      return;
    case 'pfault-done':
      irq.setBigUint64(IRQ_STRUCT.EXT_PARAMS2, one.token);
      return;
    case 'machine-check':
      irq.setBigUint64(IRQ_STRUCT.MCHK_CR14, one.cr14);
      irq.setBigUint64(IRQ_STRUCT.MCHK_MCIC, one.mcic);
      return;
    case 'io':
      irq.setUint32(IRQ_STRUCT.IO_SUBCHANNEL, one.subchannel);
      irq.setUint32(IRQ_STRUCT.IO_PARM, one.parameter);
      irq.setUint32(IRQ_STRUCT.IO_WORD, one.identification);
  }
}

function typeOf(one: FloatingInterrupt): number {
  switch (one.type) {
    case 'virtio':
      return IRQ.INT_VIRTIO;
    case 'service':
      return IRQ.INT_SERVICE;
    case 'pfault-done':
      return IRQ.INT_PFAULT_DONE;
    case 'machine-check':
      return IRQ.MCHK;
    case 'io':
      return one.adapter ? IO_ADAPTER : typeOfSubchannel(one.subchannel);
  }
}

/** Returns the type of the interruption of a subchannel (KVM_S390_INT_IO), by its subsystem-identification word. */
function typeOfSubchannel(word: number): number {
  const [image, set] = [word >>> 24, (word >>> 17) & 3];
  return (image << IMAGE_SHIFT) | (set << SET_SHIFT) | (word & 0xffff);
}
