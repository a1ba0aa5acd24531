/**
 * START INTERPRETIVE EXECUTION: a processor interprets a guest, which a state description defines, until an interception, a
 * host exception or the limit.
 *
 * The guest's absolute storage is a range of the host's primary address space (control register 1): from the main-storage
 * origin to the limit, or all of it. The guest has its own prefix, and its own DAT on top of the host's.
 */

import { absolutePage } from './addresses.ts';
import { UNWIND } from './cpu/access.ts';
import type { Pacer } from './cpu/pacer.ts';
import { demandLimit, type Stop } from './cpu/stop.ts';
import type { Cpu } from './engine/cpu.ts';
import { ICTL } from './instructions/line.ts';
import { InternalError } from './internal-error.ts';
import { PGM } from './interruption.ts';
import {
  CPU_FLAG,
  EXECUTION,
  ICPT,
  INTERCEPT_OPERATION,
  INTERCEPT_PROGRAM,
  INTERCEPTION_STATUS,
  SIE,
  StateDescription,
  VALIDITY,
} from './state-description.ts';

/** Flags that this machine does not support: region relocate, MCDS, and the two storage-key assists. */
const UNSUPPORTED_FLAGS = 0x0000_8100;
const UNSUPPORTED_KEY_FLAGS = 0x0000_6000;

/** The values of `ICTL` that are no bits of the interception controls. */
const INTERNAL_CONTROLS = ICTL.ALWAYS | ICTL.GUARDED_STORAGE;

/** The reason for which interpretive execution ended. */
export type SieExit =
  /** An interception. The state description holds the interception code and its parameters. */
  | { readonly kind: 'interception'; readonly code: number }
  /**
   * The host's translation of a guest access failed. The guest's instruction was nullified. `length` is its length in
   * bytes, or 2 if it could not be fetched.
   */
  | {
      readonly kind: 'host-exception';
      readonly code: number;
      readonly teid: bigint;
      readonly length: number;
    }
  /** The units of work are used up, as if the host had been interrupted. */
  | { readonly kind: 'limit' };

/**
 * Interprets a guest on a processor whose control register 1 holds the ASCE of the host's space. General registers 0 to 13,
 * floating-point, access and guarded-storage registers hold the guest's values on entry and on exit. All other state of the processor is
 * saved and restored; the guest's other state is in the state description.
 *
 * @param description absolute address of the state description, a multiple of 512
 * @param limit maximum number of units of work: a positive integer or Infinity
 * @param pacer may end it before, as at the limit
 * @throws RangeError for another limit, or if no state description can be at the address; BusyError if the processor
 *   executes already, or while a listener is called. Nothing has changed then
 */
export function interpret(cpu: Cpu, description: number, limit: number, pacer: Pacer | null = null): SieExit {
  const guest = new Interpretation(cpu, description);
  demandLimit(limit);
  cpu.claim();
  try {
    return execute(cpu, guest, limit, pacer);
  } finally {
    cpu.release();
  }
}

function execute(cpu: Cpu, guest: Interpretation, limit: number, pacer: Pacer | null): SieExit {
  const invalid = guest.invalidMode();
  if (invalid !== 0) return guest.validity(invalid);
  const requested = guest.requestAtEntry();
  if (requested !== 0) return guest.intercepted(requested);
  const restoreHost = saveHost(cpu);
  guest.enter();
  try {
    if (!guest.prefixAccessible()) return guest.validity(VALIDITY.PREFIX);
    return guest.ended(cpu.runClaimed(limit, pacer));
  } finally {
    guest.leave();
    restoreHost();
  }
}

/** The exception that ended an access of `asGuest`. */
export interface GuestProblem {
  /** `guest` for an exception of the guest, `host` for an exception in the host's translation. */
  readonly kind: 'guest' | 'host';
  /** Program-interruption code. */
  readonly code: number;
  /** Translation-exception identification. */
  readonly teid: bigint;
  /** Exception access identification. */
  readonly exceptionAccess: number;
}

/**
 * Accesses guest storage for a host that emulates an intercepted instruction: by the guest's logical address, DAT, key and
 * prefix. Returns null, or the exception that ended the access.
 *
 * @param access called with the processor in the guest's state, and the logical address in halves. An exception unwinds it
 * @param register the access register of the operand, for a guest in the access-register mode
 * @throws RangeError, BusyError as `interpret`
 */
export function asGuest(
  cpu: Cpu,
  description: number,
  access: (cpu: Cpu, hi: number, lo: number) => void,
  address: bigint,
  register = 0,
): GuestProblem | null {
  const guest = new Interpretation(cpu, description);
  cpu.claim();
  const restoreHost = saveHost(cpu);
  guest.enter();
  try {
    cpu.operandRegister = register;
    const hi = Number(address >> 32n);
    const kind = cpu.attemptAll(() => access(cpu, hi, Number(address & 0xffff_ffffn)));
    if (kind === 0) return null;
    const teid = (BigInt(cpu.teidHi) << 32n) | BigInt(cpu.teidLo);
    const { exceptionCode: code, exceptionAccess } = cpu;
    return { kind: kind === UNWIND.HOST ? 'host' : 'guest', code, teid, exceptionAccess };
  } finally {
    restoreHost();
    cpu.release();
  }
}

/**
 * Returns the interception status: whether the instruction is the target of an EXECUTE, the length of the EXECUTE, and
 * whether the fetch of the instruction is a program event.
 */
function statusOf(executeLength: number, fetchEvent: boolean): number {
  const execute = executeLength === 0 ? 0 : INTERCEPTION_STATUS.EXECUTE | (executeLength << 4);
  return execute | (fetchEvent ? INTERCEPTION_STATUS.FETCH_EVENT : 0);
}

/** Saves the host's state of a processor. Returns a function that restores it. */
function saveHost(cpu: Cpu): () => void {
  const { sie, pswMask, pswAddress, prefix, breakingHi, breakingLo } = cpu;
  const { clockComparator, timer, epoch, todProgrammable, programParameter, interruptions, stopped } = cpu;
  const controls = cpu.cr.slice();
  const gr14 = cpu.gr[14] as bigint;
  const gr15 = cpu.gr[15] as bigint;
  return () => {
    cpu.sie = sie;
    cpu.cr.set(controls);
    cpu.setPsw(pswMask, pswAddress);
    cpu.gr[14] = gr14;
    cpu.gr[15] = gr15;
    cpu.prefix = prefix;
    cpu.breakingHi = breakingHi;
    cpu.breakingLo = breakingLo;
    cpu.epoch = epoch;
    cpu.todProgrammable = todProgrammable;
    cpu.programParameter = programParameter;
    cpu.interruptions = interruptions;
    cpu.stopped = stopped;
    cpu.clearExecution();
    cpu.setClockComparator(clockComparator);
    cpu.setTimer(timer);
  };
}

/** The interpretive execution of one guest on a processor. */
class Interpretation {
  readonly #cpu: Cpu;
  readonly #block: StateDescription;

  /** @throws RangeError if no state description can be at the address */
  constructor(cpu: Cpu, description: number) {
    this.#cpu = cpu;
    this.#block = new StateDescription(cpu.storage, description);
  }

  /** Returns the reason code of a validity interception at entry, or 0 if the modes are valid. */
  invalidMode(): number {
    const flags = this.#block.get32(SIE.CPU_FLAGS);
    if ((flags & CPU_FLAG.ZARCH) === 0 || flags & UNSUPPORTED_FLAGS) return VALIDITY.MODE;
    return flags & UNSUPPORTED_KEY_FLAGS ? VALIDITY.KEY_ASSIST : 0;
  }

  /** Returns the interception code of a request that is pending at entry, or 0. */
  requestAtEntry(): number {
    return this.#block.get32(SIE.CPU_FLAGS) & CPU_FLAG.STOP_REQUEST ? ICPT.STOP_REQUEST : 0;
  }

  /** Loads the guest's state into the processor. */
  enter(): void {
    const cpu = this.#cpu;
    const flags = this.#block.get32(SIE.CPU_FLAGS);
    const controls = this.#block.get32(SIE.INTERCEPTION_CONTROLS);
    const execution = this.#block.get32(SIE.EXECUTION_CONTROLS);
    const usesGuards = (execution & EXECUTION.GUARDED_STORAGE) !== 0;
    const whole = (flags & CPU_FLAG.STORAGE_MODE) !== 0;
    const origin = whole ? 0 : this.#mibPages(SIE.STORAGE_ORIGIN);
    const end = whole ? 2 ** 52 : this.#mibPages(SIE.STORAGE_LIMIT) + 256;
    cpu.sie = {
      originPage: origin,
      pages: Math.max(0, end - origin),
      asceHi: cpu.cr32[3] as number,
      asceLo: cpu.cr32[2] as number,
      prefix: cpu.prefix,
      pageStatus: whole,
      edat: cpu.edat,
      executionProtection: (execution & EXECUTION.EXECUTION_PROTECTION) !== 0,
      interceptOperation: (controls & INTERCEPT_OPERATION) !== 0,
      interceptions: (controls & ~INTERNAL_CONTROLS) | ICTL.ALWAYS | (usesGuards ? 0 : ICTL.GUARDED_STORAGE),
      loadControls: this.#block.get16(SIE.LOAD_CONTROLS),
      externalRequest: (flags & CPU_FLAG.EXTERNAL_REQUEST) !== 0,
      ioRequest: (flags & CPU_FLAG.IO_REQUEST) !== 0,
      enforceEvents: (flags & CPU_FLAG.GUEST_PER) !== 0,
    };
    cpu.interruptions = controls & INTERCEPT_PROGRAM ? 'report-programs' : 'take';
    cpu.stopped = false;
    cpu.clearExecution();
    for (let n = 0; n < 16; n++) cpu.cr[n] = this.#block.control(n);
    cpu.gr[14] = this.#block.get64(SIE.GR14);
    cpu.gr[15] = this.#block.get64(SIE.GR15);
    cpu.prefix = this.#block.prefix;
    cpu.breakingHi = this.#block.get32(SIE.BREAKING_EVENT_ADDRESS);
    cpu.breakingLo = this.#block.get32(SIE.BREAKING_EVENT_ADDRESS + 4);
    cpu.tagGuestTlb(this.#block.origin);
    cpu.epoch = this.#block.get64(SIE.EPOCH);
    cpu.todProgrammable = this.#block.get32(SIE.TOD_PROGRAMMABLE);
    cpu.programParameter = this.#block.get64(SIE.PROGRAM_PARAMETER);
    cpu.setClockComparator(this.#block.get64(SIE.CLOCK_COMPARATOR));
    cpu.setTimer(this.#block.get64(SIE.CPU_TIMER));
    cpu.enterPsw(
      this.#block.get32(SIE.PSW),
      this.#block.get32(SIE.PSW + 4),
      this.#block.get32(SIE.PSW + 8),
      this.#block.get32(SIE.PSW + 12),
    );
  }

  /** Saves the guest's state in the state description. */
  leave(): void {
    const cpu = this.#cpu;
    const { gr, cr } = cpu;
    for (let n = 0; n < 16; n++) this.#block.setControl(n, cr[n] as bigint);
    this.#block.set64(SIE.GR14, gr[14] as bigint);
    this.#block.set64(SIE.GR15, gr[15] as bigint);
    this.#block.set64(SIE.CLOCK_COMPARATOR, cpu.clockComparator);
    this.#block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, cpu.timer));
    this.#block.set32(SIE.TOD_PROGRAMMABLE, cpu.todProgrammable);
    this.#block.set64(SIE.PROGRAM_PARAMETER, cpu.programParameter);
    this.#block.set32(SIE.BREAKING_EVENT_ADDRESS, cpu.breakingHi);
    this.#block.set32(SIE.BREAKING_EVENT_ADDRESS + 4, cpu.breakingLo);
    this.#block.pswMask = cpu.pswMask;
    this.#block.pswAddress = cpu.pswAddress;
  }

  /** Returns whether both pages of the guest's prefix area can be stored into. */
  prefixAccessible(): boolean {
    const first = this.#cpu.prefix >>> 12;
    return [first, first + 1].every((page) => this.#cpu.absoluteStorable(absolutePage(page)));
  }

  /** Returns the exit for a stop of the processor, and stores its interception parameters. */
  ended(stop: Stop): SieExit {
    switch (stop.reason) {
      case 'limit':
        return { kind: 'limit' };
      case 'host':
        return { kind: 'host-exception', code: stop.code, teid: stop.teid, length: stop.length };
      case 'wait':
        return this.intercepted(ICPT.WAIT);
      case 'stopped':
        return this.intercepted(ICPT.STOP_REQUEST);
      case 'external-loop':
        this.#block.set16(SIE.EXTERNAL_CPU_ADDRESS, 0);
        this.#block.set16(SIE.EXTERNAL_CODE, stop.code);
        return this.intercepted(ICPT.EXTERNAL_INTERRUPTION);
      case 'external-request':
        return this.intercepted(ICPT.EXTERNAL_REQUEST);
      case 'io-request':
        return this.intercepted(ICPT.IO_REQUEST);
      case 'instruction':
        this.#block.set16(SIE.IPA, stop.ipa);
        this.#block.set32(SIE.IPB, stop.ipb);
        this.#block.set8(SIE.INTERCEPTION_STATUS, statusOf(stop.executeLength, stop.fetchEvent));
        if (stop.fetchEvent) this.#events();
        return this.intercepted(stop.operation ? ICPT.OPERATION : ICPT.INSTRUCTION);
      case 'program-loop':
        return this.#program(stop.code, 0n, 0);
      case 'check-stop':
        return this.validity(VALIDITY.PREFIX);
      default:
        if (stop.interruption.class !== 'program') throw new InternalError('a guest SVC was reported');
        return this.#program(stop.interruption.code, stop.interruption.teid, stop.interruption.length);
    }
  }

  /** @param whole the code, with the bit of PER if events are indicated */
  #program(whole: number, teid: bigint, length: number): SieExit {
    this.#block.set16(SIE.PROGRAM_LENGTH, length);
    this.#block.set16(SIE.PROGRAM_CODE, whole);
    const code = whole & ~PGM.PER;
    if (whole & PGM.PER) this.#events();
    const monitor = code === PGM.MONITOR_EVENT;
    this.#block.set32(SIE.DATA_EXCEPTION_CODE, this.#cpu.dataExceptionCode);
    this.#block.set16(SIE.MONITOR_CLASS, monitor ? this.#cpu.monitorClass : 0);
    this.#block.set8(SIE.EXCEPTION_ACCESS, this.#cpu.exceptionAccess);
    this.#block.set8(SIE.OPERAND_ACCESS, code === PGM.PAGE_TRANSLATION ? this.#cpu.operandAccess : 0);
    this.#block.set64(SIE.TRANSLATION_EXCEPTION, monitor ? this.#cpu.monitorCode : teid);
    return this.intercepted(ICPT.PROGRAM);
  }

  /** Stores the event information of program-event recording. */
  #events(): void {
    const { code, atmid, address, access } = this.#cpu.eventIndication;
    this.#block.set8(SIE.PER_CODE, code);
    this.#block.set8(SIE.PER_ATMID, atmid);
    this.#block.set64(SIE.PER_ADDRESS, address);
    this.#block.set8(SIE.PER_ACCESS, access ?? 0);
  }

  /** A validity interception: the state description, or the storage it designates, is invalid. */
  validity(reason: number): SieExit {
    this.#block.set16(SIE.IPA, 0x1000);
    this.#block.set32(SIE.IPB, reason << 16);
    return this.intercepted(ICPT.VALIDITY);
  }

  intercepted(code: number): SieExit {
    this.#block.set8(SIE.INTERCEPTION_CODE, code);
    return { kind: 'interception', code };
  }

  /** Returns the page number of a 64-bit address field, rounded down to 1 MiB. */
  #mibPages(field: number): number {
    return this.#block.get32(field) * 0x10_0000 + (this.#block.get32(field + 4) >>> 20) * 256;
  }
}
