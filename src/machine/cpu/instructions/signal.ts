/** SIGNAL PROCESSOR. Principles of Operation, chapters 4 ("CPU Signaling and Response") and 10. */

import { EXT } from '../../interruption.ts';
import type { Cpu } from '../cpu.ts';
import { GUEST, type InstructionLine } from '../line.ts';
import { SIGP_STATUS } from '../sigp-status.ts';
import { prefixAvailable } from './psw.ts';

/** What an order does to a processor: 0 when accepted, or status. */
type Order = (target: Cpu, sender: Cpu, parameter: number) => number;

const callPending = (cpu: Cpu) => cpu.pending.some((p) => p.code === EXT.EXTERNAL_CALL);

const sense: Order = (target) =>
  (target.stopped ? SIGP_STATUS.STOPPED : 0) | (callPending(target) ? SIGP_STATUS.EXTERNAL_CALL_PENDING : 0);

const externalCall: Order = (target, sender) => {
  if (callPending(target)) return SIGP_STATUS.EXTERNAL_CALL_PENDING;
  target.signal(EXT.EXTERNAL_CALL, 0, sender.address);
  return 0;
};

const emergencySignal: Order = (target, sender) => {
  target.signal(EXT.EMERGENCY_SIGNAL, 0, sender.address);
  return 0;
};

const start: Order = (target) => {
  target.stopped = false;
  target.attention = true;
  return 0;
};

const stop: Order = (target) => {
  target.stop();
  return 0;
};

const restart: Order = (target) => {
  target.restartPending = true;
  target.stopped = false;
  target.attention = true;
  return 0;
};

const initialReset: Order = (target) => {
  target.reset();
  target.stop();
  return 0;
};

/** CPU reset leaves the registers as they are. */
const reset: Order = (target) => {
  target.pending.length = 0;
  target.restartPending = false;
  target.clearExecution();
  target.tlb.purgeAll();
  target.guestTlb.purgeAll();
  target.stop();
  return 0;
};

const setPrefix: Order = (target, _, parameter) => {
  const prefix = parameter & 0x7fff_e000;
  if (!prefixAvailable(target, prefix)) return SIGP_STATUS.INVALID_PARAMETER;
  if (!target.stopped) return SIGP_STATUS.INCORRECT_STATE;
  target.setPrefix(prefix);
  return 0;
};

/** The z/Architecture mode is the only one. */
const setArchitecture: Order = () => SIGP_STATUS.INVALID_PARAMETER;

const storeStatusAtAddress: Order = (target, _, parameter) => {
  const address = parameter & 0x7fff_fe00;
  if (!target.storage.has(address, STATUS_AREA.SIZE)) return SIGP_STATUS.INVALID_PARAMETER;
  if (!target.stopped) return SIGP_STATUS.INCORRECT_STATE;
  storeStatus(target, address);
  return 0;
};

const senseRunning: Order = (target) => (target.stopped ? SIGP_STATUS.NOT_RUNNING : 0);

const stopAndStoreStatus: Order = (target) => {
  target.stop();
  storeStatus(target, target.prefix + STATUS_AREA.ABSOLUTE);
  return 0;
};

/** Where STORE STATUS puts things, from the start of its area; and where that is in the prefix area. */
const STATUS_AREA = {
  SIZE: 512,
  ABSOLUTE: 0x1200,
  FPR: 0x00,
  GPR: 0x80,
  PSW: 0x100,
  PREFIX: 0x118,
  FPC: 0x11c,
  TOD_PROGRAMMABLE: 0x124,
  TIMER: 0x128,
  COMPARATOR: 0x131,
  AR: 0x140,
  CR: 0x180,
} as const;

/** Store status: chapter 4, "Store-Status Operation". */
function storeStatus(cpu: Cpu, at: number): void {
  const { view } = cpu.storage;
  for (let n = 0; n < 16; n++) {
    view.setBigUint64(at + STATUS_AREA.FPR + n * 8, cpu.fr[n] as bigint);
    view.setBigUint64(at + STATUS_AREA.GPR + n * 8, cpu.gr[n] as bigint);
    view.setUint32(at + STATUS_AREA.AR + n * 4, cpu.ar[n] as number);
    view.setBigUint64(at + STATUS_AREA.CR + n * 8, cpu.cr[n] as bigint);
  }
  view.setBigUint64(at + STATUS_AREA.PSW, cpu.pswMask);
  view.setBigUint64(at + STATUS_AREA.PSW + 8, cpu.pswAddress);
  view.setUint32(at + STATUS_AREA.PREFIX, cpu.prefix);
  view.setUint32(at + STATUS_AREA.FPC, cpu.fpc);
  view.setUint32(at + STATUS_AREA.TOD_PROGRAMMABLE, cpu.todProgrammable);
  view.setBigUint64(at + STATUS_AREA.TIMER, BigInt.asUintN(64, cpu.timer));
  // The rightmost byte of the comparator is not kept, which puts the rest one byte on.
  for (let n = 0; n < 7; n++) {
    view.setUint8(
      at + STATUS_AREA.COMPARATOR + n,
      Number((cpu.clockComparator >> BigInt(56 - n * 8)) & 0xffn),
    );
  }
}

const ORDERS: ReadonlyMap<number, Order> = new Map([
  [0x01, sense],
  [0x02, externalCall],
  [0x03, emergencySignal],
  [0x04, start],
  [0x05, stop],
  [0x06, restart],
  [0x09, stopAndStoreStatus],
  [0x0b, initialReset],
  [0x0c, reset],
  [0x0d, setPrefix],
  [0x0e, storeStatusAtAddress],
  [0x12, setArchitecture],
  [0x13, emergencySignal],
  [0x15, senseRunning],
]);

/** SIGNAL PROCESSOR: 0 accepted, 1 status in r1, 3 no such processor. */
function sigp(c: Cpu, r1: number, r3: number): void {
  const parameter = c.gr32[(r1 | 1) * 2] as number;
  const target = c.machine.cpus[(c.gr32[r3 * 2] as number) & 0xffff];
  if (target === undefined) {
    c.cc = 3;
    return;
  }
  const order = ORDERS.get(c.eaLo & 0xff);
  const status = order === undefined ? SIGP_STATUS.INVALID_ORDER : order(target, c, parameter);
  // A processor that resets itself has nothing left to put an answer in.
  if (status !== 0) c.gr32[r1 * 2] = status;
  c.cc = status === 0 ? 0 : 1;
}

export const SIGNAL: readonly InstructionLine[] = [
  ['SIGP', 'RS', 0xae, 'base', sigp, { privileged: true, guest: GUEST.ALWAYS }],
];
