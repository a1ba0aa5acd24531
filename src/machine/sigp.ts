/**
 * SIGNAL PROCESSOR: the action and the response of each order, by the state of the addressed CPU. Processors and virtual
 * CPUs use the same rules.
 * Principles of Operation, chapter 4, "CPU Signaling and Response".
 */

import { PREFIX_AREA_SIZE, PREFIX_BITS } from './addresses.ts';
import { PSW } from './cpu/state.ts';
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

/** Condition codes of SIGNAL PROCESSOR. */
export const SIGP_CC = { ACCEPTED: 0, STATUS_STORED: 1, BUSY: 2, NOT_OPERATIONAL: 3 } as const;

/** The response to an order. `status` is stored with condition code 1 only. */
export interface SigpAnswer {
  readonly cc: 0 | 1 | 2 | 3;
  readonly status: number;
}

/** The CPU that an order is addressed to. */
export interface SigpTarget {
  /** Whether it is in the stopped state. */
  readonly stopped: boolean;
  /** Whether a stop is pending: the CPU responds to most orders with busy. */
  readonly stopping: boolean;
  /** Bits 0 to 63 of its PSW. */
  readonly pswMask: bigint;
  /** Its instruction address. */
  readonly pswAddress: bigint;
  /** Whether an external call is pending. At most one can be. */
  readonly externalCallPending: boolean;
  /** Its control register `n`. */
  control(n: number): bigint;
  /** Makes an emergency signal of a sender pending. */
  emergencySignal(sender: number): void;
  /** Makes an external call of a sender pending. */
  externalCall(sender: number): void;
  /** Leaves the stopped state. */
  start(): void;
  /** Makes a stop pending. @param store whether the CPU stores its status at absolute 0x1200 when it stops */
  requestStop(store: boolean): void;
  /** Makes a restart interruption pending and leaves the stopped state. */
  restart(): void;
  /** Resets it and puts it into the stopped state. */
  reset(kind: CpuReset): void;
  /** Returns whether the configuration has all of `length` bytes of storage at an absolute address. */
  hasStorage(address: number, length: number): boolean;
  /** Loads its prefix register. */
  setPrefix(prefix: number): void;
  /** Stores its status into the 512 bytes at an absolute address. */
  storeStatus(address: number): void;
  /** Stores its status at absolute 0x1200, and the architecture mode at absolute 163. */
  storeStatusAssigned(): void;
}

const IO_AND_EXTERNAL = PSW.IO | PSW.EXTERNAL;

const ACCEPTED: SigpAnswer = { cc: SIGP_CC.ACCEPTED, status: 0 };
const BUSY: SigpAnswer = { cc: SIGP_CC.BUSY, status: 0 };
const NOT_OPERATIONAL: SigpAnswer = { cc: SIGP_CC.NOT_OPERATIONAL, status: 0 };
const answer = (status: number): SigpAnswer =>
  status === 0 ? ACCEPTED : { cc: SIGP_CC.STATUS_STORED, status };

/**
 * Executes an order. Returns the response.
 *
 * @param target the addressed CPU; undefined if no CPU has the address
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
  // z/Architecture is the only architectural mode, and the configuration is in it already. The CPU address is ignored.
  if (order === SIGP_ORDER.SET_ARCHITECTURE) return answer(SIGP_STATUS.INVALID_PARAMETER);
  if (target === undefined) return NOT_OPERATIONAL;
  const resets = order === SIGP_ORDER.INITIAL_CPU_RESET || order === SIGP_ORDER.CPU_RESET;
  if (target.stopping && !resets) return BUSY;
  return answer(obey(target, sender, order, parameter));
}

/** Executes an order of a CPU that is not busy. Returns the status, or 0 if the order is accepted. */
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
      return setPrefix(target, parameter & PREFIX_BITS);
    case SIGP_ORDER.STORE_STATUS_AT_ADDRESS:
      return storeStatusAtAddress(target, parameter & 0x7fff_fe00);
    case SIGP_ORDER.SENSE_RUNNING_STATUS:
      // A waiting CPU is not dispatched on a physical processor.
      return target.stopped || target.pswMask & PSW.WAIT ? SIGP_STATUS.NOT_RUNNING : 0;
    default:
      return SIGP_STATUS.INVALID_ORDER;
  }
}

/** Returns whether a conditional emergency signal for an address-space number (ASN) is accepted. */
function wantsEmergencySignal(target: SigpTarget, asn: number): boolean {
  const { pswMask } = target;
  if (target.stopped || (pswMask & IO_AND_EXTERNAL) !== IO_AND_EXTERNAL) return true;
  if (pswMask & PSW.WAIT) return target.pswAddress !== 0n;
  const primary = Number(target.control(4) & 0xffffn);
  const secondary = Number(target.control(3) & 0xffffn);
  return asn === primary || asn === secondary;
}

function setPrefix(target: SigpTarget, prefix: number): number {
  if (!target.hasStorage(prefix, PREFIX_AREA_SIZE)) return SIGP_STATUS.INVALID_PARAMETER;
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

/** Size of the store-status area in bytes. */
export const STATUS_SIZE = 512;
/** Absolute address of the store-status area, unless the order gives one. */
export const ASSIGNED_STATUS = 0x1200;
/** Absolute address of the byte that holds the architectural mode after store status: 1, z/Architecture. */
export const ASSIGNED_MODE = 163;

/** The state that store status stores. */
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

/** The fields of the area: all between the reserved ones. */
const STATUS_FIELDS = [
  [0, 0x110],
  [0x118, 0x120],
  [0x124, 0x138],
  [0x140, 0x200],
] as const;
/** The fields that a machine-check interruption stores, too: neither PSW nor prefix. Chapter 11, "Machine-Check Save Areas". */
export const MACHINE_CHECK_FIELDS = [
  [0, 0x100],
  [0x11c, 0x120],
  [0x124, 0x138],
  [0x140, 0x200],
] as const;

/**
 * Stores the status of a CPU. Reserved fields of the area are not changed.
 * Principles of Operation, chapter 4, "Store-Status Operation".
 * @param store called with offsets in the area and the bytes to store there
 * @param fields which fields; default all
 */
export function storeStatus(
  cpu: CpuStatus,
  store: (offset: number, bytes: Uint8Array) => void,
  fields: readonly (readonly [from: number, to: number])[] = STATUS_FIELDS,
): void {
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
  // A byte of zeros, then the leftmost seven bytes of the clock comparator.
  view.setBigUint64(0x130, cpu.clockComparator >> 8n);
  for (const [from, to] of fields) store(from, area.subarray(from, to));
}
