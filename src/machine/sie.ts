/**
 * START INTERPRETIVE EXECUTION: a processor runs a guest as a state description says, until something is the
 * host's to do.
 *
 * The state description is 512 bytes in absolute storage, laid out as Linux's `kvm_s390_sie_block` has it. The
 * guest's absolute storage is a part of the host's primary address space (control register 1): from the
 * main-storage origin to the limit, or all of it. Its real storage is subject to its own prefix, and its own DAT
 * comes on top of the host's.
 */

import { CR0 } from './control-registers.ts';
import { UNWIND } from './cpu/access.ts';
import { demandLimit, type Stop } from './cpu/stop.ts';
import type { Cpu } from './engine/cpu.ts';
import { ICTL } from './instructions/line.ts';
import { InternalError } from './internal-error.ts';
import { PGM } from './interruption.ts';

/** Bytes of a state description, and its alignment. */
export const STATE_DESCRIPTION_SIZE = 512;

/** Where the fields of a state description are, by byte offset. */
export const SIE = {
  CPU_FLAGS: 0x00,
  PREFIX: 0x04,
  CPU_TIMER: 0x28,
  CLOCK_COMPARATOR: 0x30,
  EPOCH: 0x38,
  LOAD_CONTROLS: 0x44,
  INTERCEPTION_CONTROLS: 0x48,
  INTERCEPTION_CODE: 0x50,
  INTERCEPTION_STATUS: 0x51,
  IPA: 0x56,
  IPB: 0x58,
  TOD_PROGRAMMABLE: 0x6c,
  STORAGE_ORIGIN: 0x80,
  STORAGE_LIMIT: 0x88,
  PSW: 0x90,
  GR14: 0xa0,
  GR15: 0xa8,
  /** Of an external interruption that is intercepted: CPU address and code. */
  EXTERNAL_CPU_ADDRESS: 0xc4,
  EXTERNAL_CODE: 0xc6,
  PROGRAM_LENGTH: 0xcc,
  PROGRAM_CODE: 0xce,
  DATA_EXCEPTION_CODE: 0xd0,
  MONITOR_CLASS: 0xd4,
  EXCEPTION_ACCESS: 0xe0,
  OPERAND_ACCESS: 0xe2,
  /** Translation-exception identification, or the code of a monitor event. */
  TRANSLATION_EXCEPTION: 0xe8,
  CONTROL_REGISTERS: 0x100,
  BREAKING_EVENT_ADDRESS: 0x180,
} as const;

/** Flags of the state description's first word. */
export const CPU_FLAG = {
  STOPPED: 0x8000_0000,
  WAIT: 0x1000_0000,
  STOP_REQUEST: 0x0400_0000,
  IO_REQUEST: 0x0200_0000,
  EXTERNAL_REQUEST: 0x0100_0000,
  RUNNING: 0x0080_0000,
  ZARCH: 0x0000_0800,
  /**
   * The guest's storage is all of the host's space: no main-storage origin and limit. The host's page tables have
   * page-status-table entries then.
   */
  STORAGE_MODE: 0x0000_0080,
} as const;

/** Flags that no guest here can have: region-relocate, MCDS, and the two of storage-key assists. */
const UNSUPPORTED_FLAGS = 0x0000_8100;
const UNSUPPORTED_KEY_FLAGS = 0x0000_6000;

/** Interception controls that are not of one instruction. */
export const INTERCEPT_OPERATION = 0x8000_0000;
export const INTERCEPT_PROGRAM = 0x2000_0000;

/** The interception controls of the instructions on storage keys: ISKE, SSKE and RRBE. */
export const INTERCEPT_KEYS = ICTL.ISKE | ICTL.SSKE | ICTL.RRBE;

/** Interception codes. */
export const ICPT = {
  INSTRUCTION: 0x04,
  PROGRAM: 0x08,
  EXTERNAL_REQUEST: 0x10,
  /** An external interruption whose new PSW is enabled for it. */
  EXTERNAL_INTERRUPTION: 0x14,
  IO_REQUEST: 0x18,
  WAIT: 0x1c,
  VALIDITY: 0x20,
  STOP_REQUEST: 0x28,
  OPERATION: 0x2c,
} as const;

/** Reasons of a validity interception, in the high half of IPB. */
export const VALIDITY = {
  /** A mode flag that this machine does not have, or not z/Architecture. */
  MODE: 0x0001,
  /** A storage-key assist that this machine does not have. */
  KEY_ASSIST: 0x0007,
  /** The guest's prefix area cannot be accessed. */
  PREFIX: 0x0037,
} as const;

/** How interpretive execution ended. */
export type SieExit =
  /** The state description says why: interception code and parameters. */
  | { readonly kind: 'interception'; readonly code: number }
  /**
   * The host's own translation failed below an access of the guest, whose instruction, `length` bytes long, was
   * nullified. `length` is 0 when the instruction could not be fetched.
   */
  | {
      readonly kind: 'host-exception';
      readonly code: number;
      readonly teid: bigint;
      readonly length: number;
    }
  /** The instructions it was given are used up, as if the host had been interrupted. */
  | { readonly kind: 'limit' };

/**
 * Runs a guest on a processor whose control register 1 holds the host's space. General registers 0 to 13,
 * floating-point and access registers are the guest's on entry and on exit; everything else of the processor is
 * the host's again on exit, and the guest's is in the state description.
 *
 * @param description absolute address of the state description, a multiple of 512
 * @param limit units of work after which it comes back: an integer from 1 on, or Infinity
 * @throws RangeError for another limit or where no state description can be; BusyError when the processor executes
 *   already, or while a listener is called. Nothing has changed then
 */
export function interpret(cpu: Cpu, description: number, limit: number): SieExit {
  const block = new StateDescription(cpu, description);
  demandLimit(limit);
  cpu.claim();
  try {
    return execute(cpu, block, limit);
  } finally {
    cpu.release();
  }
}

function execute(cpu: Cpu, block: StateDescription, limit: number): SieExit {
  const invalid = block.invalidMode();
  if (invalid !== 0) return block.validity(invalid);
  const requested = block.requestAtEntry();
  if (requested !== 0) return block.intercepted(requested);
  const host = new HostState(cpu);
  block.enter();
  try {
    return block.prefixAccessible() ? block.ended(cpu.runClaimed(limit)) : block.validity(VALIDITY.PREFIX);
  } finally {
    block.leave();
    host.restore();
  }
}

/** Why an access of `asGuest` could not be made. */
export interface GuestProblem {
  /** Whose exception it is: the guest's own, or the host's below it. */
  readonly kind: 'guest' | 'host';
  /** Program-interruption code. */
  readonly code: number;
  /** Translation-exception identification. */
  readonly teid: bigint;
}

/**
 * Accesses guest storage for a host that executes an intercepted instruction: by the guest's own address, DAT,
 * key and prefix.
 *
 * @param access told the processor, in the guest's state, and the logical address in halves; it may be left in
 *   the middle by an exception
 * @returns null, or why it could not be done
 * @throws RangeError, BusyError as `interpret`
 */
export function asGuest(
  cpu: Cpu,
  description: number,
  access: (cpu: Cpu, hi: number, lo: number) => void,
  address: bigint,
): GuestProblem | null {
  const block = new StateDescription(cpu, description);
  cpu.claim();
  const host = new HostState(cpu);
  block.enter();
  try {
    const hi = Number(address >> 32n);
    const kind = cpu.attemptAll(() => access(cpu, hi, Number(address & 0xffff_ffffn)));
    if (kind === 0) return null;
    const teid = (BigInt(cpu.teidHi) << 32n) | BigInt(cpu.teidLo);
    return { kind: kind === UNWIND.HOST ? 'host' : 'guest', code: cpu.exceptionCode, teid };
  } finally {
    host.restore();
    cpu.release();
  }
}

/** Interception status: whether the instruction is the target of an EXECUTE, and the length of that. */
function statusOf(executeLength: number): number {
  return executeLength === 0 ? 0 : 0x01 | (executeLength << 4);
}

/** What of the processor is the host's, kept while a guest runs on it. */
class HostState {
  readonly #cpu: Cpu;
  readonly #sie: Cpu['sie'];
  readonly #controls: BigUint64Array;
  readonly #psw: readonly [bigint, bigint];
  readonly #gr14: bigint;
  readonly #gr15: bigint;
  readonly #prefix: number;
  readonly #breaking: readonly [number, number];
  readonly #comparator: bigint;
  readonly #timer: bigint;
  readonly #epoch: bigint;
  readonly #todProgrammable: number;
  readonly #interruptions: Cpu['interruptions'];
  readonly #stopped: boolean;

  constructor(cpu: Cpu) {
    this.#cpu = cpu;
    this.#sie = cpu.sie;
    this.#controls = cpu.cr.slice();
    this.#psw = [cpu.pswMask, cpu.pswAddress];
    this.#gr14 = cpu.gr[14] as bigint;
    this.#gr15 = cpu.gr[15] as bigint;
    this.#prefix = cpu.prefix;
    this.#breaking = [cpu.breakingHi, cpu.breakingLo];
    this.#comparator = cpu.clockComparator;
    this.#timer = cpu.timer;
    this.#epoch = cpu.epoch;
    this.#todProgrammable = cpu.todProgrammable;
    this.#interruptions = cpu.interruptions;
    this.#stopped = cpu.stopped;
  }

  restore(): void {
    const cpu = this.#cpu;
    cpu.sie = this.#sie;
    cpu.cr.set(this.#controls);
    cpu.setPsw(...this.#psw);
    cpu.gr[14] = this.#gr14;
    cpu.gr[15] = this.#gr15;
    cpu.prefix = this.#prefix;
    [cpu.breakingHi, cpu.breakingLo] = this.#breaking;
    cpu.epoch = this.#epoch;
    cpu.todProgrammable = this.#todProgrammable;
    cpu.interruptions = this.#interruptions;
    cpu.stopped = this.#stopped;
    cpu.clearExecution();
    cpu.setClockComparator(this.#comparator);
    cpu.setTimer(this.#timer);
  }
}

/** One state description and the processor that runs by it. */
class StateDescription {
  readonly #cpu: Cpu;
  readonly #at: number;
  readonly #view: DataView;

  /** @throws RangeError where no state description can be */
  constructor(cpu: Cpu, at: number) {
    if (
      !Number.isInteger(at) ||
      at % STATE_DESCRIPTION_SIZE !== 0 ||
      !cpu.storage.has(at, STATE_DESCRIPTION_SIZE)
    ) {
      throw new RangeError(`no state description can be at 0x${at.toString(16)}`);
    }
    this.#cpu = cpu;
    this.#at = at;
    this.#view = cpu.storage.view;
  }

  /** The validity reason for which no guest can run by this description, or 0. */
  invalidMode(): number {
    const flags = this.#get32(SIE.CPU_FLAGS);
    if ((flags & CPU_FLAG.ZARCH) === 0 || flags & UNSUPPORTED_FLAGS) return VALIDITY.MODE;
    return flags & UNSUPPORTED_KEY_FLAGS ? VALIDITY.KEY_ASSIST : 0;
  }

  /** The interception code of a request that the guest need not run for, or 0. */
  requestAtEntry(): number {
    return this.#get32(SIE.CPU_FLAGS) & CPU_FLAG.STOP_REQUEST ? ICPT.STOP_REQUEST : 0;
  }

  /** Gives the processor to the guest. */
  enter(): void {
    const cpu = this.#cpu;
    const flags = this.#get32(SIE.CPU_FLAGS);
    const controls = this.#get32(SIE.INTERCEPTION_CONTROLS);
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
      edat: ((cpu.cr32[0] as number) & CR0.EDAT) !== 0,
      interceptOperation: (controls & INTERCEPT_OPERATION) !== 0,
      interceptions: controls | 1,
      loadControls: this.#view.getUint16(this.#at + SIE.LOAD_CONTROLS),
      externalRequest: (flags & CPU_FLAG.EXTERNAL_REQUEST) !== 0,
      ioRequest: (flags & CPU_FLAG.IO_REQUEST) !== 0,
    };
    cpu.interruptions = controls & INTERCEPT_PROGRAM ? 'report-programs' : 'take';
    cpu.stopped = false;
    cpu.clearExecution();
    for (let n = 0; n < 16; n++) cpu.cr[n] = this.#get64(SIE.CONTROL_REGISTERS + n * 8);
    cpu.gr[14] = this.#get64(SIE.GR14);
    cpu.gr[15] = this.#get64(SIE.GR15);
    cpu.prefix = this.#get32(SIE.PREFIX) & 0x7fff_e000;
    cpu.breakingHi = this.#get32(SIE.BREAKING_EVENT_ADDRESS);
    cpu.breakingLo = this.#get32(SIE.BREAKING_EVENT_ADDRESS + 4);
    cpu.tagGuestTlb(this.#at);
    cpu.epoch = this.#get64(SIE.EPOCH);
    cpu.todProgrammable = this.#get32(SIE.TOD_PROGRAMMABLE);
    cpu.setClockComparator(this.#get64(SIE.CLOCK_COMPARATOR));
    cpu.setTimer(this.#get64(SIE.CPU_TIMER));
    cpu.enterPsw(
      this.#get32(SIE.PSW),
      this.#get32(SIE.PSW + 4),
      this.#get32(SIE.PSW + 8),
      this.#get32(SIE.PSW + 12),
    );
  }

  /** Keeps the guest's state in the description. */
  leave(): void {
    const cpu = this.#cpu;
    const { gr, cr } = cpu;
    for (let n = 0; n < 16; n++) this.#set64(SIE.CONTROL_REGISTERS + n * 8, cr[n] as bigint);
    this.#set64(SIE.GR14, gr[14] as bigint);
    this.#set64(SIE.GR15, gr[15] as bigint);
    this.#set64(SIE.CLOCK_COMPARATOR, cpu.clockComparator);
    this.#set64(SIE.CPU_TIMER, BigInt.asUintN(64, cpu.timer));
    this.#set32(SIE.TOD_PROGRAMMABLE, cpu.todProgrammable);
    this.#set32(SIE.BREAKING_EVENT_ADDRESS, cpu.breakingHi);
    this.#set32(SIE.BREAKING_EVENT_ADDRESS + 4, cpu.breakingLo);
    this.#set64(SIE.PSW, cpu.pswMask);
    this.#set64(SIE.PSW + 8, cpu.pswAddress);
  }

  /** Whether both pages of the guest's prefix area can be stored into. */
  prefixAccessible(): boolean {
    const first = this.#cpu.prefix >>> 12;
    return this.#cpu.absoluteStorable(first) && this.#cpu.absoluteStorable(first + 1);
  }

  /** What a stop of the processor is to the host. */
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
        this.#view.setUint16(this.#at + SIE.EXTERNAL_CPU_ADDRESS, 0);
        this.#view.setUint16(this.#at + SIE.EXTERNAL_CODE, stop.code);
        return this.intercepted(ICPT.EXTERNAL_INTERRUPTION);
      case 'external-request':
        return this.intercepted(ICPT.EXTERNAL_REQUEST);
      case 'io-request':
        return this.intercepted(ICPT.IO_REQUEST);
      case 'instruction':
        this.#view.setUint16(this.#at + SIE.IPA, stop.ipa);
        this.#set32(SIE.IPB, stop.ipb);
        this.#view.setUint8(this.#at + SIE.INTERCEPTION_STATUS, statusOf(stop.executeLength));
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

  #program(code: number, teid: bigint, length: number): SieExit {
    this.#view.setUint16(this.#at + SIE.PROGRAM_LENGTH, length);
    this.#view.setUint16(this.#at + SIE.PROGRAM_CODE, code);
    const monitor = code === PGM.MONITOR_EVENT;
    this.#set32(SIE.DATA_EXCEPTION_CODE, this.#cpu.dataExceptionCode);
    this.#view.setUint16(this.#at + SIE.MONITOR_CLASS, monitor ? this.#cpu.monitorClass : 0);
    this.#view.setUint8(this.#at + SIE.EXCEPTION_ACCESS, 0);
    this.#view.setUint8(
      this.#at + SIE.OPERAND_ACCESS,
      code === PGM.PAGE_TRANSLATION ? this.#cpu.operandAccess : 0,
    );
    this.#set64(SIE.TRANSLATION_EXCEPTION, monitor ? this.#cpu.monitorCode : teid);
    return this.intercepted(ICPT.PROGRAM);
  }

  /** A validity interception: the description itself, or the storage it names, will not do. */
  validity(reason: number): SieExit {
    this.#view.setUint16(this.#at + SIE.IPA, 0x1000);
    this.#set32(SIE.IPB, reason << 16);
    return this.intercepted(ICPT.VALIDITY);
  }

  intercepted(code: number): SieExit {
    this.#view.setUint8(this.#at + SIE.INTERCEPTION_CODE, code);
    return { kind: 'interception', code };
  }

  /** A 64-bit field in units of 1 MiB, as a page number. */
  #mibPages(field: number): number {
    return this.#get32(field) * 0x10_0000 + (this.#get32(field + 4) >>> 20) * 256;
  }

  #get32(field: number): number {
    return this.#view.getUint32(this.#at + field);
  }

  #get64(field: number): bigint {
    return this.#view.getBigUint64(this.#at + field);
  }

  #set32(field: number, value: number): void {
    this.#view.setUint32(this.#at + field, value);
  }

  #set64(field: number, value: bigint): void {
    this.#view.setBigUint64(this.#at + field, value);
  }
}
