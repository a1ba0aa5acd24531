/**
 * SIGNAL PROCESSOR among the virtual CPUs of a virtual machine (Linux: arch/s390/kvm/sigp.c). machine/sigp.ts defines the
 * orders.
 */

import {
  type CpuReset,
  EXT,
  SIE,
  SIGP_CC,
  SIGP_ORDER,
  type SigpTarget,
  signalProcessor,
} from '../../machine/index.ts';
import { DONE, type Handled, USER_SPACE } from './handled.ts';
import { operandAddress } from './operand.ts';
import type { VcpuStatistic } from './statistics.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** What counts an order. */
const COUNTS: ReadonlyMap<number, VcpuStatistic> = new Map<number, VcpuStatistic>([
  [0x01, 'instruction_sigp_sense'],
  [0x02, 'instruction_sigp_external_call'],
  [0x03, 'instruction_sigp_emergency'],
  [0x04, 'instruction_sigp_start'],
  [0x05, 'instruction_sigp_stop'],
  [0x06, 'instruction_sigp_restart'],
  [0x09, 'instruction_sigp_stop_store_status'],
  [0x0b, 'instruction_sigp_init_cpu_reset'],
  [0x0c, 'instruction_sigp_cpu_reset'],
  [0x0d, 'instruction_sigp_prefix'],
  [0x0e, 'instruction_sigp_store_status'],
  [0x12, 'instruction_sigp_arch'],
  [0x13, 'instruction_sigp_cond_emergency'],
  [0x15, 'instruction_sigp_sense_running'],
]);

/** The orders that the host executes even if user space executes SIGNAL PROCESSOR: those that must be fast. */
const HOST_ORDERS: ReadonlySet<number> = new Set([0x01, 0x02, 0x03, 0x13, 0x15]);

/** The orders that start a CPU, and those that reset one. */
const STARTS: ReadonlySet<number> = new Set([SIGP_ORDER.START, SIGP_ORDER.RESTART]);
const RESETS: ReadonlySet<number> = new Set([SIGP_ORDER.INITIAL_CPU_RESET, SIGP_ORDER.CPU_RESET]);

/** Executes the intercepted SIGP. */
export function handleSigp(vcpu: GuestCpu): Handled {
  const ipa = vcpu.block.get16(SIE.IPA);
  const r1 = (ipa >>> 4) & 15;
  const order = Number(operandAddress(vcpu) & 0xffn);
  vcpu.counts[COUNTS.get(order) ?? 'instruction_sigp_unknown']++;
  if (vcpu.vm.userSigp && !HOST_ORDERS.has(order)) return USER_SPACE;
  const addressed = vcpu.vm.vcpuAt(Number((vcpu.gr[ipa & 15] as bigint) & 0xffffn));
  if (addressed !== undefined && vcpu.vm.userStarts) {
    const resets = RESETS.has(order);
    if (!resets && (addressed.stopping || addressed.restartPending)) {
      vcpu.block.conditionCode = SIGP_CC.BUSY;
      return DONE;
    }
    if (resets || STARTS.has(order) || !COUNTS.has(order)) return USER_SPACE;
  }
  const parameter = Number((vcpu.gr[r1 | 1] as bigint) & 0xffff_ffffn);
  const { cc, status } = signalProcessor(addressed && new Target(addressed), vcpu.id, order, parameter);
  if (cc === SIGP_CC.STATUS_STORED) {
    vcpu.gr[r1] = ((vcpu.gr[r1] as bigint) & ~0xffff_ffffn) | BigInt(status);
  }
  vcpu.block.conditionCode = cc;
  return DONE;
}

/** A virtual CPU as SIGNAL PROCESSOR addresses it. */
class Target implements SigpTarget {
  readonly #vcpu: GuestCpu;

  constructor(vcpu: GuestCpu) {
    this.#vcpu = vcpu;
  }

  get stopped(): boolean {
    return this.#vcpu.stopped;
  }

  get stopping(): boolean {
    return this.#vcpu.stopping;
  }

  get pswMask(): bigint {
    return this.#vcpu.block.pswMask;
  }

  get pswAddress(): bigint {
    return this.#vcpu.block.pswAddress;
  }

  get externalCallPending(): boolean {
    return this.#vcpu.local.has(EXT.EXTERNAL_CALL);
  }

  control(n: number): bigint {
    return this.#vcpu.control(n);
  }

  emergencySignal(sender: number): void {
    this.#vcpu.local.emergencySignal(sender);
  }

  externalCall(sender: number): void {
    this.#vcpu.local.externalCall(sender);
  }

  start(): void {
    this.#vcpu.stopped = false;
  }

  requestStop(store: boolean): void {
    this.#vcpu.requestStop(store);
  }

  restart(): void {
    this.#vcpu.restart();
  }

  reset(kind: CpuReset): void {
    this.#vcpu.reset(kind);
    this.#vcpu.stopped = true;
  }

  hasStorage(address: number, length: number): boolean {
    return this.#vcpu.vm.hasMemory({ address: BigInt(address), length: BigInt(length) });
  }

  setPrefix(prefix: number): void {
    this.#vcpu.setPrefix(prefix);
  }

  storeStatus(address: number): void {
    this.#vcpu.storeStatus(address);
  }

  storeStatusAssigned(): void {
    this.#vcpu.storeStatusAssigned();
  }
}
