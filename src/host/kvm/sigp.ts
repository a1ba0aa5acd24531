/**
 * SIGNAL PROCESSOR among the virtual CPUs of a virtual machine. Principles of Operation, chapter 4, "CPU
 * Signaling and Response".
 */

import { EXT, SIE, SIGP_STATUS as STATUS } from '../../machine/index.ts';
import { operandAddress } from './operand.ts';
import type { Vcpu } from './vcpu.ts';

const ORDER = {
  SENSE: 0x01,
  EXTERNAL_CALL: 0x02,
  EMERGENCY_SIGNAL: 0x03,
  START: 0x04,
  STOP: 0x05,
  RESTART: 0x06,
  INITIAL_CPU_RESET: 0x0b,
  CPU_RESET: 0x0c,
  SET_PREFIX: 0x0d,
  SET_ARCHITECTURE: 0x12,
  SENSE_RUNNING: 0x15,
} as const;

const CC = { ACCEPTED: 0, STATUS_STORED: 1, NOT_OPERATIONAL: 3 } as const;

/** Executes the intercepted SIGP. */
export function signalProcessor(vcpu: Vcpu): null {
  const ipa = vcpu.block.get16(SIE.IPA);
  const r1 = (ipa >>> 4) & 15;
  const target = vcpu.vm.vcpus[Number((vcpu.gr[ipa & 15] as bigint) & 0xffffn)];
  const parameter = vcpu.gr[r1 | 1] as bigint;
  const order = Number(operandAddress(vcpu) & 0xffn);
  const status = target ? obey(vcpu, target, order, parameter) : null;
  if (status === null) {
    vcpu.block.conditionCode = CC.NOT_OPERATIONAL;
  } else if (status === 0) {
    vcpu.block.conditionCode = CC.ACCEPTED;
  } else {
    vcpu.gr[r1] = ((vcpu.gr[r1] as bigint) & ~0xffff_ffffn) | BigInt(status);
    vcpu.block.conditionCode = CC.STATUS_STORED;
  }
  return null;
}

/** What the target answers: 0 when the order was accepted, else its status. */
function obey(sender: Vcpu, target: Vcpu, order: number, parameter: bigint): number {
  switch (order) {
    case ORDER.SENSE:
      return (
        (target.stopped ? STATUS.STOPPED : 0) |
        (target.externals.hasCall() ? STATUS.EXTERNAL_CALL_PENDING : 0)
      );
    case ORDER.EXTERNAL_CALL:
      if (target.externals.hasCall()) return STATUS.EXTERNAL_CALL_PENDING;
      target.externals.add({ code: EXT.EXTERNAL_CALL, cpuAddress: sender.id, parameter: null });
      return 0;
    case ORDER.EMERGENCY_SIGNAL:
      target.externals.add({ code: EXT.EMERGENCY_SIGNAL, cpuAddress: sender.id, parameter: null });
      return 0;
    case ORDER.START:
      target.stopped = false;
      return 0;
    case ORDER.STOP:
      target.stopped = true;
      return 0;
    case ORDER.RESTART:
      target.restartPending = true;
      target.stopped = false;
      return 0;
    case ORDER.INITIAL_CPU_RESET:
      target.reset();
      target.stopped = true;
      return 0;
    case ORDER.CPU_RESET:
      target.externals.clear();
      target.stopped = true;
      return 0;
    case ORDER.SET_PREFIX:
      return setPrefix(target, parameter);
    case ORDER.SET_ARCHITECTURE:
      return (parameter & 0xffn) <= 2n && (parameter & 0xffn) > 0n
        ? STATUS.INVALID_PARAMETER
        : STATUS.INVALID_ORDER;
    case ORDER.SENSE_RUNNING:
      return target.stopped ? STATUS.NOT_RUNNING : 0;
    default:
      return STATUS.INVALID_ORDER;
  }
}

function setPrefix(target: Vcpu, parameter: bigint): number {
  const prefix = Number(parameter & 0x7fff_e000n);
  const { slots } = target.vm;
  if (!slots.at(BigInt(prefix)) || !slots.at(BigInt(prefix) + 4096n)) return STATUS.INVALID_PARAMETER;
  if (!target.stopped) return STATUS.INCORRECT_STATE;
  target.setPrefix(prefix);
  return 0;
}
