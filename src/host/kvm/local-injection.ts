/**
 * Interruptions that user space injects for one virtual CPU, and those that are pending: KVM_S390_IRQ, KVM_S390_GET_IRQ_STATE and
 * KVM_S390_SET_IRQ_STATE (Linux: do_inject_vcpu).
 */

import { EXT } from '../../machine/index.ts';
import { LinuxError } from '../errors.ts';
import type { Delivery } from './delivery.ts';
import { lastLength } from './instruction-length.ts';
import type { LocalInterrupt } from './interrupt-requests.ts';
import { isExigent, isPending } from './machine-check.ts';
import { completeProgram } from './program-interrupt.ts';
import type { GuestCpu } from './vcpu-context.ts';

/**
 * Makes an interruption pending. Preconditions: its fields are valid, apart from those of a program interruption.
 * @throws LinuxError EINVAL for a wrong field of a program interruption, or a sender that is no virtual CPU; EBUSY for a prefix of a CPU
 *   that is not stopped, a second external call, or a second stop
 */
export function injectLocal(vcpu: GuestCpu, delivery: Delivery, request: LocalInterrupt): void {
  const { local } = vcpu;
  switch (request.type) {
    case 'program': {
      const { type: _, ...program } = request;
      local.injectProgram(completeProgram(program, lastLength(vcpu.block)));
      return;
    }
    case 'set-prefix':
      if (!vcpu.stopped) throw new LinuxError('EBUSY', `virtual CPU ${vcpu.id} is not stopped`);
      local.prefix = request.address;
      return;
    case 'stop':
      stop(vcpu, delivery, request.store);
      return;
    case 'restart':
      delivery.requestRestart();
      return;
    case 'clock-comparator':
      local.injectClock(EXT.CLOCK_COMPARATOR);
      return;
    case 'cpu-timer':
      local.injectClock(EXT.CPU_TIMER);
      return;
    case 'external-call':
      demandSender(vcpu, request.sender);
      if (!local.externalCall(request.sender))
        throw new LinuxError('EBUSY', `an external call of virtual CPU ${vcpu.id} is pending`);
      return;
    case 'emergency':
      demandSender(vcpu, request.sender);
      local.emergencySignal(request.sender);
      return;
    case 'machine-check': {
      const { type: _, ...check } = request;
      local.injectMachineCheck(check);
      return;
    }
    case 'pfault-init':
      local.pageFault = request.token;
      return;
  }
}

/** A stopped CPU only stores its status, if that is wanted. */
function stop(vcpu: GuestCpu, delivery: Delivery, store: boolean): void {
  if (vcpu.stopped) {
    if (store) vcpu.storeStatusAssigned();
    return;
  }
  if (delivery.stopping) throw new LinuxError('EBUSY', `a stop of virtual CPU ${vcpu.id} is pending`);
  delivery.requestStop(store);
}

function demandSender(vcpu: GuestCpu, sender: number): void {
  if (vcpu.vm.vcpuAt(sender) === undefined)
    throw new LinuxError('EINVAL', `there is no virtual CPU ${sender}`);
}

/** Returns what is pending for a virtual CPU, in Linux's order (store_local_irq): by priority, the lowest first, then signals. */
export function pendingLocal({ local }: GuestCpu, delivery: Delivery): LocalInterrupt[] {
  const list: LocalInterrupt[] = [];
  const { restart, stop } = delivery.pending;
  const { prefix, pageFault, program, machineCheck } = local;
  if (prefix !== null) list.push({ type: 'set-prefix', address: prefix });
  if (restart !== 'none') list.push({ type: 'restart' });
  if (stop !== 'none') list.push({ type: 'stop', store: stop === 'store-status' });
  if (pageFault !== null) list.push({ type: 'pfault-init', token: pageFault });
  if (local.clocks.has(EXT.CPU_TIMER)) list.push({ type: 'cpu-timer' });
  if (local.clocks.has(EXT.CLOCK_COMPARATOR)) list.push({ type: 'clock-comparator' });
  const check: LocalInterrupt = { type: 'machine-check', ...machineCheck };
  if (isPending(machineCheck) && !isExigent(machineCheck)) list.push(check);
  if (program !== null) list.push({ type: 'program', ...program });
  if (isExigent(machineCheck)) list.push(check);
  for (const sender of [...local.emergencies].sort((a, b) => a - b)) list.push({ type: 'emergency', sender });
  if (local.has(EXT.EXTERNAL_CALL))
    list.push({ type: 'external-call', sender: local.senderOf(EXT.EXTERNAL_CALL) });
  return list;
}
