/**
 * Interruptions as user space injects them: KVM_S390_IRQ and KVM_S390_INTERRUPT (struct kvm_s390_irq). Local ones are for one virtual
 * CPU, floating ones for any of a virtual machine.
 */

import {
  demandBytes,
  demandDoubleword,
  demandFlag,
  demandInteger,
  demandObject,
  show,
} from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { ProgramRequest } from './program-interrupt.ts';

/** A machine check (struct kvm_s390_mchk_info). */
export interface MachineCheck {
  /** The subclass masks that enable it, as in control register 14: 64 bits. */
  readonly cr14: bigint;
  /** Machine-check-interruption code, 64 bits. */
  readonly mcic: bigint;
  readonly failingStorageAddress: bigint;
  /** 32 bits. */
  readonly externalDamageCode: number;
  /** 16 bytes. */
  readonly fixedLogout: Uint8Array;
}

/** An interruption for one virtual CPU. */
export type LocalInterrupt =
  /** KVM_S390_PROGRAM_INT. */
  | ({ readonly type: 'program' } & ProgramRequest)
  /** KVM_S390_SIGP_SET_PREFIX: the new prefix, 32 bits. */
  | { readonly type: 'set-prefix'; readonly address: number }
  /** KVM_S390_SIGP_STOP: whether the status is stored (KVM_S390_STOP_FLAG_STORE_STATUS). */
  | { readonly type: 'stop'; readonly store: boolean }
  /** KVM_S390_RESTART. */
  | { readonly type: 'restart' }
  /** KVM_S390_INT_CLOCK_COMP, KVM_S390_INT_CPU_TIMER: taken if the clock is due when the guest runs. */
  | { readonly type: 'clock-comparator' }
  | { readonly type: 'cpu-timer' }
  /** KVM_S390_INT_EXTERNAL_CALL, KVM_S390_INT_EMERGENCY: the CPU address of the sender. */
  | { readonly type: 'external-call'; readonly sender: number }
  | { readonly type: 'emergency'; readonly sender: number }
  /** KVM_S390_MCHK. */
  | ({ readonly type: 'machine-check' } & MachineCheck)
  /** KVM_S390_INT_PFAULT_INIT: the token, 64 bits. */
  | { readonly type: 'pfault-init'; readonly token: bigint };

/** An interruption for any virtual CPU. */
export type FloatingInterrupt =
  /** KVM_S390_INT_SERVICE: the parameter, 32 bits. */
  | { readonly type: 'service'; readonly parameter: number }
  /** KVM_S390_INT_VIRTIO: the parameters, 32 and 64 bits. */
  | { readonly type: 'virtio'; readonly parameter: number; readonly parameter64: bigint }
  /** KVM_S390_INT_PFAULT_DONE: the token, 64 bits. */
  | { readonly type: 'pfault-done'; readonly token: bigint }
  /** KVM_S390_MCHK: of the masks only that of channel reports counts. */
  | { readonly type: 'machine-check'; readonly cr14: bigint; readonly mcic: bigint }
  /** KVM_S390_INT_IO: of an adapter, or of a subchannel. The three words of the interruption code. */
  | {
      readonly type: 'io';
      readonly adapter: boolean;
      readonly subchannel: number;
      readonly parameter: number;
      readonly identification: number;
    };

/** A token that an interruption of the page-fault handshake brings, or a virtio interruption of the old kind. */
export interface ServiceCall {
  /** 32 bits, and 64 bits. */
  readonly parameter: number;
  readonly parameter64: bigint;
}

const WORD = 0xffff_ffff;

/** @throws LinuxError EINVAL if it is not a local interruption, or a field of it has more bits than it can have */
export function demandLocalInterrupt(request: LocalInterrupt): void {
  demandObject('request', request);
  switch (request.type) {
    case 'program':
    case 'restart':
    case 'clock-comparator':
    case 'cpu-timer':
      return;
    case 'set-prefix':
      demandInteger('address', request.address, 0, WORD);
      return;
    case 'stop':
      if (request.store === undefined) throw new LinuxError('EINVAL', 'store is not given');
      demandFlag('store', request.store);
      return;
    case 'external-call':
    case 'emergency':
      demandInteger('sender', request.sender, 0, 0xffff);
      return;
    case 'machine-check':
      demandMachineCheck(request);
      return;
    case 'pfault-init':
      demandDoubleword('token', request.token);
      return;
    default:
      throw new LinuxError(
        'EINVAL',
        `${show((request as LocalInterrupt).type)} is not an interruption of a CPU`,
      );
  }
}

/** @throws LinuxError EINVAL as `demandLocalInterrupt` */
export function demandMachineCheck(request: MachineCheck): void {
  demandDoubleword('cr14', request.cr14);
  demandDoubleword('mcic', request.mcic);
  demandDoubleword('failingStorageAddress', request.failingStorageAddress);
  demandInteger('externalDamageCode', request.externalDamageCode, 0, WORD);
  demandBytes(request.fixedLogout);
  demandInteger('length', request.fixedLogout.length, 16, 16);
}

/** @throws LinuxError EINVAL if it is not a floating interruption, or a field of it has more bits than it can have */
export function demandFloatingInterrupt(request: FloatingInterrupt): void {
  demandObject('request', request);
  switch (request.type) {
    case 'service':
      demandInteger('parameter', request.parameter, 0, WORD);
      return;
    case 'virtio':
      demandInteger('parameter', request.parameter, 0, WORD);
      demandDoubleword('parameter64', request.parameter64);
      return;
    case 'pfault-done':
      demandDoubleword('token', request.token);
      return;
    case 'machine-check':
      demandDoubleword('cr14', request.cr14);
      demandDoubleword('mcic', request.mcic);
      return;
    case 'io':
      demandFlag('adapter', request.adapter);
      demandInteger('subchannel', request.subchannel, 0, WORD);
      demandInteger('parameter', request.parameter, 0, WORD);
      demandInteger('identification', request.identification, 0, WORD);
      return;
    default:
      throw new LinuxError(
        'EINVAL',
        `${show((request as FloatingInterrupt).type)} is not a floating interruption`,
      );
  }
}
