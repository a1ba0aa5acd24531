/**
 * SIGNAL PROCESSOR: what each order does to a CPU in each state, and the answer to the sender. One set of rules for
 * the processors of a machine and for the virtual CPUs of a guest.
 * Principles of Operation, chapter 4, "CPU Signaling and Response".
 */

import type { CpuReset } from './reset.ts';

/** The orders, by code. */
export const SIGP_ORDER = {
  SENSE: 0x01,
  EXTERNAL_CALL: 0x02,
  EMERGENCY_SIGNAL: 0x03,
  START: 0x04,
  STOP: 0x05,
  RESTART: 0x06,
  STOP_AND_STORE_STATUS: 0x09,
  INITIAL_CPU_RESET: 0x0b,
  CPU_RESET: 0x0c,
  SET_PREFIX: 0x0d,
  STORE_STATUS_AT_ADDRESS: 0x0e,
  SET_ARCHITECTURE: 0x12,
  CONDITIONAL_EMERGENCY_SIGNAL: 0x13,
  SENSE_RUNNING_STATUS: 0x15,
} as const;

/** Status bits, in the low half of the register. */
export const SIGP_STATUS = {
  NOT_RUNNING: 0x400,
  INCORRECT_STATE: 0x200,
  INVALID_PARAMETER: 0x100,
  EXTERNAL_CALL_PENDING: 0x80,
  STOPPED: 0x40,
  INVALID_ORDER: 0x02,
} as const;

/** What an order comes to, other than status: accepted, the CPU is busy, or no CPU has the address. */
export const SIGP_CC = { ACCEPTED: 0, STATUS_STORED: 1, BUSY: 2, NOT_OPERATIONAL: 3 } as const;

/** The answer to an order. `status` counts with condition code 1 only. */
export interface SigpAnswer {
  readonly cc: 0 | 1 | 2 | 3;
  readonly status: number;
}

/** A CPU as SIGNAL PROCESSOR addresses it. */
export interface SigpTarget {
  /** Whether it is in the stopped state. */
  readonly stopped: boolean;
  /** Whether a stop is pending that it has not performed yet: it answers most orders with busy. */
  readonly stopping: boolean;
  /** Bits 0 to 63 of its PSW. */
  readonly pswMask: bigint;
  /** Its instruction address. */
  readonly pswAddress: bigint;
  /** Whether an external call is pending: there can be one. */
  readonly externalCallPending: boolean;
  /** Its control register `n`. */
  control(n: number): bigint;
  /** Makes an emergency signal of a sender pending. */
  emergencySignal(sender: number): void;
  /** Makes an external call of a sender pending. */
  externalCall(sender: number): void;
  /** Leaves the stopped state. */
  start(): void;
  /** Makes a stop pending. @param store whether it stores its status at absolute 0x1200 then */
  requestStop(store: boolean): void;
  /** Makes a restart interruption pending and leaves the stopped state. */
  restart(): void;
  /** Resets it and puts it into the stopped state. */
  reset(kind: CpuReset): void;
  /** Whether it has storage at an absolute address, all of `length` bytes. */
  hasStorage(address: number, length: number): boolean;
  setPrefix(prefix: number): void;
  /** Stores its status into the 512 bytes at an absolute address. */
  storeStatus(address: number): void;
  /** Stores its status at absolute 0x1200, and the architecture mode at absolute 163. */
  storeStatusAssigned(): void;
}

const PSW_WAIT = 0x0002_0000_0000_0000n;
const PSW_IO_AND_EXTERNAL = 0x0300_0000_0000_0000n;

const ACCEPTED: SigpAnswer = { cc: SIGP_CC.ACCEPTED, status: 0 };
const BUSY: SigpAnswer = { cc: SIGP_CC.BUSY, status: 0 };
const NOT_OPERATIONAL: SigpAnswer = { cc: SIGP_CC.NOT_OPERATIONAL, status: 0 };
const answer = (status: number): SigpAnswer =>
  status === 0 ? ACCEPTED : { cc: SIGP_CC.STATUS_STORED, status };

/**
 * Carries out an order.
 *
 * @param target the CPU that is addressed; undefined when no CPU has the address
 * @param sender CPU address of the sender
 * @param order the order code, 0 to 255
 * @param parameter the low half of the parameter register
 */
export function signalProcessor(
  target: SigpTarget | undefined,
  sender: number,
  order: number,
  parameter: number,
): SigpAnswer {
  // z/Architecture is the only architectural mode here, so the machine is in it whatever mode is asked for. The CPU
  // address is ignored.
  if (order === SIGP_ORDER.SET_ARCHITECTURE) return answer(SIGP_STATUS.INVALID_PARAMETER);
  if (target === undefined) return NOT_OPERATIONAL;
  const resets = order === SIGP_ORDER.INITIAL_CPU_RESET || order === SIGP_ORDER.CPU_RESET;
  if (target.stopping && !resets) return BUSY;
  return answer(obey(target, sender, order, parameter));
}

/** Carries out an order of a CPU that is not busy. Returns its status, 0 when the order is accepted. */
function obey(target: SigpTarget, sender: number, order: number, parameter: number): number {
  switch (order) {
    case SIGP_ORDER.SENSE:
      return (
        (target.stopped ? SIGP_STATUS.STOPPED : 0) |
        (target.externalCallPending ? SIGP_STATUS.EXTERNAL_CALL_PENDING : 0)
      );
    case SIGP_ORDER.EXTERNAL_CALL:
      if (target.externalCallPending) return SIGP_STATUS.EXTERNAL_CALL_PENDING;
      target.externalCall(sender);
      return 0;
    case SIGP_ORDER.EMERGENCY_SIGNAL:
      target.emergencySignal(sender);
      return 0;
    case SIGP_ORDER.CONDITIONAL_EMERGENCY_SIGNAL:
      if (!wantsEmergencySignal(target, parameter & 0xffff)) return SIGP_STATUS.INCORRECT_STATE;
      target.emergencySignal(sender);
      return 0;
    case SIGP_ORDER.START:
      target.start();
      return 0;
    case SIGP_ORDER.STOP:
      if (!target.stopped) target.requestStop(false);
      return 0;
    case SIGP_ORDER.STOP_AND_STORE_STATUS:
      if (target.stopped) target.storeStatusAssigned();
      else target.requestStop(true);
      return 0;
    case SIGP_ORDER.RESTART:
      target.restart();
      return 0;
    case SIGP_ORDER.INITIAL_CPU_RESET:
      target.reset('initial');
      return 0;
    case SIGP_ORDER.CPU_RESET:
      target.reset('cpu');
      return 0;
    case SIGP_ORDER.SET_PREFIX:
      return setPrefix(target, parameter & 0x7fff_e000);
    case SIGP_ORDER.STORE_STATUS_AT_ADDRESS:
      return storeStatusAtAddress(target, parameter & 0x7fff_fe00);
    case SIGP_ORDER.SENSE_RUNNING_STATUS:
      // A CPU that waits needs no physical processor, so it has none.
      return target.stopped || target.pswMask & PSW_WAIT ? SIGP_STATUS.NOT_RUNNING : 0;
    default:
      return SIGP_STATUS.INVALID_ORDER;
  }
}

/** Whether a CPU must get a conditional emergency signal that names an address-space number. */
function wantsEmergencySignal(target: SigpTarget, asn: number): boolean {
  const { pswMask } = target;
  if (target.stopped || (pswMask & PSW_IO_AND_EXTERNAL) !== PSW_IO_AND_EXTERNAL) return true;
  if (pswMask & PSW_WAIT) return target.pswAddress !== 0n;
  const primary = Number(target.control(4) & 0xffffn);
  const secondary = Number(target.control(3) & 0xffffn);
  return asn === primary || asn === secondary;
}

function setPrefix(target: SigpTarget, prefix: number): number {
  if (!target.hasStorage(prefix, 8192)) return SIGP_STATUS.INVALID_PARAMETER;
  if (!target.stopped) return SIGP_STATUS.INCORRECT_STATE;
  target.setPrefix(prefix);
  return 0;
}

function storeStatusAtAddress(target: SigpTarget, address: number): number {
  if (!target.stopped) return SIGP_STATUS.INCORRECT_STATE;
  if (!target.hasStorage(address, STATUS_SIZE)) return SIGP_STATUS.INVALID_PARAMETER;
  target.storeStatus(address);
  return 0;
}

/** Bytes of the area that the status is stored in. */
export const STATUS_SIZE = 512;
/** Absolute address of that area for the store-status operation, which no order gave an address. */
export const ASSIGNED_STATUS = 0x1200;
/** Absolute address of the byte in which that operation stores the architectural mode: 1, z/Architecture. */
export const ASSIGNED_MODE = 163;

/** The registers that store status stores. */
export interface CpuStatus {
  readonly fr: BigUint64Array;
  readonly gr: BigUint64Array;
  readonly ar: Uint32Array;
  readonly cr: ArrayLike<bigint>;
  readonly pswMask: bigint;
  readonly pswAddress: bigint;
  readonly prefix: number;
  readonly fpc: number;
  readonly todProgrammable: number;
  readonly timer: bigint;
  readonly clockComparator: bigint;
}

/**
 * Stores the status of a CPU, a field at a time: reserved parts of the area keep what they have.
 * Principles of Operation, chapter 4, "Store-Status Operation".
 * @param store takes the offset in the area and the bytes there
 */
export function storeStatus(cpu: CpuStatus, store: (offset: number, bytes: Uint8Array) => void): void {
  const area = new Uint8Array(STATUS_SIZE);
  const view = new DataView(area.buffer);
  for (let n = 0; n < 16; n++) {
    view.setBigUint64(n * 8, cpu.fr[n] as bigint);
    view.setBigUint64(0x80 + n * 8, cpu.gr[n] as bigint);
    view.setUint32(0x140 + n * 4, cpu.ar[n] as number);
    view.setBigUint64(0x180 + n * 8, cpu.cr[n] as bigint);
  }
  view.setBigUint64(0x100, cpu.pswMask);
  view.setBigUint64(0x108, cpu.pswAddress);
  view.setUint32(0x118, cpu.prefix);
  view.setUint32(0x11c, cpu.fpc);
  view.setUint32(0x124, cpu.todProgrammable);
  view.setBigUint64(0x128, BigInt.asUintN(64, cpu.timer));
  // The leftmost seven bytes of the clock comparator, behind a byte of zeros.
  view.setBigUint64(0x130, cpu.clockComparator >> 8n);
  for (const [from, to] of [
    [0, 0x110],
    [0x118, 0x120],
    [0x124, 0x138],
    [0x140, 0x200],
  ] as const) {
    store(from, area.subarray(from, to));
  }
}
