/**
 * One processor: it fetches, decodes and executes, and takes interruptions through its prefix area.
 *
 * What an instruction does stands in the table (`instructions/`), how its operands are found in `formats.ts`,
 * how storage is reached in `access.ts`. Interpretive execution (`../sie.ts`) borrows a processor for a guest.
 */

import { logicalPage, realPage } from '../addresses.ts';
import {
  AssignedFrame,
  LOWCORE,
  storeExternal,
  storeProgram,
  storeSupervisorCall,
} from '../assigned-storage.ts';
import { BusyError } from '../busy-error.ts';
import { Clock } from '../clock.ts';
import { CpuAccess, INSTRUCTION, STORE, UNWIND } from '../cpu/access.ts';
import { CpuState } from '../cpu/state.ts';
import { keyOf, TABLE } from '../instructions/decode.ts';
import {
  EXT,
  EXTERNAL_CLASSES,
  externalMaskOf,
  type Interruption,
  isNullifying,
  PGM,
} from '../interruption.ts';
import type { Machine } from '../machine.ts';
import { type CpuReset, eachCleared, initialControl, type ResetPart } from '../reset.ts';
import { ASSIGNED_MODE, ASSIGNED_STATUS, storeStatus } from '../sigp.ts';

const CLOCK_COMPARATOR_MASK = externalMaskOf(EXT.CLOCK_COMPARATOR);
const CPU_TIMER_MASK = externalMaskOf(EXT.CPU_TIMER);

/** Control register 0: AFP-register control, with which a data exception also sets the FPC register. */
const CR0_AFP = 0x4_0000;

/** How many program interruptions may follow one another, with no instruction completed between, before it is a loop. */
const PROGRAM_INTERRUPTION_LOOP = 16;

/** Why `run` came back. */
export type Stop =
  /** The instructions it was given are used up. */
  | { readonly reason: 'limit' }
  /**
   * Wait state, and nothing enabled is pending. `disabled`: no interruption can end it. `until`: the TOD value
   * at which a clock will, or null when no clock can.
   */
  | { readonly reason: 'wait'; readonly disabled: boolean; readonly until: bigint | null }
  /** An interruption for the host, when interruptions are reported. The PSW stands as the old PSW would. */
  | { readonly reason: 'interruption'; readonly interruption: Interruption }
  /** Program interruptions follow one another without an instruction completing. */
  | { readonly reason: 'program-loop'; readonly code: number }
  /** Under interpretive execution: the host's translation failed. `length` is 2 when it did for a fetch of instructions. */
  | { readonly reason: 'host'; readonly code: number; readonly teid: bigint; readonly length: number }
  /** Under interpretive execution: the guest's instruction is for the host. */
  | {
      readonly reason: 'instruction';
      readonly ipa: number;
      readonly ipb: number;
      /** Whether no instruction has this operation code. */
      readonly operation: boolean;
      /** Bytes of the EXECUTE that it is the target of; 0 when it is none. */
      readonly executeLength: number;
    }
  /** Under interpretive execution: a clock's interruption would be taken again and again, for its new PSW enables it. */
  | { readonly reason: 'external-loop'; readonly code: number }
  /** Under interpretive execution: the guest is enabled for what the host wants to deliver. */
  | { readonly reason: 'external-request' | 'io-request' }
  /** `stop` was called, or the processor was told to stop by SIGP. */
  | { readonly reason: 'stopped' }
  /**
   * Check-stop: an interruption could not be taken, because the prefix area is not in storage. Under interpretive
   * execution: because the host's translation of the guest's prefix area failed.
   */
  | { readonly reason: 'check-stop' };

/** A pending external interruption that is not one of the clocks'. */
export interface ExternalPending {
  readonly code: number;
  /** 32-bit parameter, stored at real 128. */
  readonly parameter: number;
  /** CPU address, stored at real 132. */
  readonly cpuAddress: number;
}

/** A processor of a machine. */
export class Cpu extends CpuAccess {
  readonly machine: Machine;
  /** The CPU address, as STAP and SIGP know it. */
  readonly address: number;

  /**
   * Whether interruptions are taken through the prefix area, or reported to the host by `run`: program and
   * supervisor-call interruptions, or only the former.
   */
  interruptions: 'take' | 'report' | 'report-programs' = 'take';
  /** Set to look, before the next instruction, whether something else must happen first. */
  attention = false;
  /** Whether the processor is in the stopped state. */
  stopped = false;
  /** Whether a stop is pending: it stops when no interruption is left that it can take. */
  stopping = false;
  /**
   * Units of work this processor has done: instructions completed, and interruptions taken. Limits are counted in
   * them and the clock runs by them, so that a program that only takes interruptions comes to its limit, too.
   */
  executed = 0;
  /** Clock comparator, in TOD units. */
  clockComparator = 0n;
  /** What is added to the machine's TOD clock here: a guest's epoch difference. */
  epoch = 0n;
  /** External interruptions that wait until they are enabled, oldest first. */
  readonly pending: ExternalPending[] = [];
  /** Whether a restart interruption is pending. */
  restartPending = false;
  /** The restart came to a stopped processor: it is taken before all other interruptions, not after them. */
  #restartFirst = false;
  /** Whether the pending stop stores the status. */
  #storeOnStop = false;

  // The instruction that executes now.
  /** Its address; the target's while an EXECUTE executes one. */
  insHi = 0;
  insLo = 0;
  /** Its length in bytes; the EXECUTE's while an EXECUTE executes one. */
  length = 0;
  /** The effective address of its storage operand, and of a second one, in halves. */
  eaHi = 0;
  eaLo = 0;
  ea2Hi = 0;
  ea2Lo = 0;

  /** Breaking-event address: of the last instruction that branched or loaded a PSW, in halves. */
  breakingHi = 0;
  breakingLo = 1;

  /** The address of the instruction that executes now; the EXECUTE's while an EXECUTE executes one. */
  startHi = 0;
  startLo = 0;
  #executing = false;
  /** Where interruptions store: `#lowcore` finds it. */
  readonly #assigned: AssignedFrame;
  /** The current PSW is invalid: a specification exception comes before its first instruction. */
  #early = false;
  /** Bytes of the instruction that made it invalid and is named by the exception; 0 when none is. */
  #earlyLength = 0;
  /** Program interruptions since an instruction last completed. */
  #loop = 0;
  #busy = false;
  #ipa = 0;
  #ipb = 0;
  #operation = false;
  #executeLength = 0;
  #reported: Interruption | null = null;
  /** `executed` when the clock was last moved on. */
  #clocked = 0;
  /** TOD value at which the CPU timer reads zero. */
  #timerZero = 0n;

  constructor(machine: Machine, address: number) {
    super(machine.storage);
    this.machine = machine;
    this.#assigned = new AssignedFrame(machine.storage);
    this.address = address;
    this.reset();
  }

  /** Resets the processor: what each reset clears is in the table `RESETS`. It is not stopped then. */
  reset(kind: CpuReset = 'clear'): void {
    eachCleared(kind, (part) => this.#clear(part));
    this.stopped = false;
    this.attention = true;
    this.clearExecution();
  }

  #clear(part: ResetPart): void {
    switch (part) {
      case 'local-interruptions':
        this.pending.length = 0;
        this.restartPending = false;
        this.stopping = false;
        break;
      case 'tlb':
        this.tlb.purgeAll();
        this.guestTlb.purgeAll();
        break;
      case 'psw':
        this.loadPsw(0, 0, 0, 0);
        break;
      case 'prefix':
        this.prefix = 0;
        break;
      case 'cpu-timer':
        this.setTimer(0n);
        break;
      case 'clock-comparator':
        this.clockComparator = 0n;
        break;
      case 'tod-programmable':
        this.todProgrammable = 0;
        break;
      case 'control-registers':
        for (let n = 0; n < 16; n++) this.cr[n] = initialControl(n);
        break;
      case 'fpc':
        this.fpc = 0;
        break;
      case 'breaking-event-address':
        this.breakingHi = 0;
        this.breakingLo = 1;
        break;
      case 'access-registers':
        this.ar.fill(0);
        break;
      case 'general-registers':
        this.gr.fill(0n);
        break;
      case 'floating-point-registers':
        this.fr.fill(0n);
        break;
    }
  }

  /** Forgets what was under way in the middle of execution: whoever loads a whole new state calls it. */
  clearExecution(): void {
    this.#early = false;
    this.#executing = false;
    this.#loop = 0;
    this.#reported = null;
  }

  /** The TOD clock as this processor reads it, in TOD units (2^-12 microseconds), 64 bits. */
  get tod(): bigint {
    return BigInt.asUintN(64, this.machine.clock.after(this.executed - this.#clocked) + this.epoch);
  }

  /** The CPU timer: a signed count of TOD units that runs down. */
  get timer(): bigint {
    return BigInt.asIntN(64, this.#timerZero - this.machine.clock.after(this.executed - this.#clocked));
  }

  /** Sets the CPU timer. */
  setTimer(value: bigint): void {
    this.#timerZero = BigInt.asIntN(64, value) + this.machine.clock.after(this.executed - this.#clocked);
    this.attention = true;
  }

  /** Sets the clock comparator. */
  setClockComparator(value: bigint): void {
    this.clockComparator = BigInt.asUintN(64, value);
    this.attention = true;
  }

  /** Loads control register `n`. */
  setControl(n: number, value: bigint): void {
    this.cr[n] = value;
    this.attention = true;
  }

  /** Loads the prefix register and forgets the translations that depend on it. */
  setPrefix(prefix: number): void {
    this.prefix = prefix & 0x7fff_e000;
    this.purgeOwn();
  }

  /** PURGE TLB: forgets what this processor remembers for the program that runs on it. */
  purgeOwn(): void {
    (this.below === null ? this.tlb : this.guestTlb).purgeAll();
  }

  /** Makes an external interruption pending. A second of the same code and CPU address is merged into it. */
  signal(code: number, parameter: number, cpuAddress = 0): void {
    const known = this.pending.findIndex((p) => p.code === code && p.cpuAddress === cpuAddress);
    const merged = known < 0 ? parameter : parameter | (this.pending[known] as ExternalPending).parameter;
    if (known >= 0) this.pending.splice(known, 1);
    this.pending.push({ code, parameter: merged >>> 0, cpuAddress });
    this.attention = true;
  }

  /** Leaves `run` before the next instruction; the processor is then stopped. */
  stop(): void {
    this.stopped = true;
    this.attention = true;
  }

  /** Whether the processor executes now, for itself or for a guest, or its host accesses storage with it. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Takes the processor for one use of it, which ends with `release`.
   * @throws BusyError when it is in use, or while a listener is called
   */
  claim(): void {
    this.machine.demandQuiet(`processor ${this.address} cannot execute`);
    if (this.#busy) throw new BusyError(`processor ${this.address} executes already`);
    this.#busy = true;
    this.machine.trace.operations.begin();
  }

  /** Ends what `claim` began. @throws what a listener threw meanwhile */
  release(): void {
    this.#busy = false;
    this.machine.trace.operations.end();
  }

  /** Makes a stop pending. @param store whether the processor stores its status then */
  requestStop(store: boolean): void {
    this.stopping = true;
    this.#storeOnStop = store;
    this.attention = true;
  }

  /** Leaves the stopped state. */
  start(): void {
    this.stopped = false;
    this.attention = true;
  }

  /** Makes a restart interruption pending, and leaves the stopped state. */
  restart(): void {
    // A second one does not move the first, which the processor has not taken yet.
    this.#restartFirst = this.stopped || (this.restartPending && this.#restartFirst);
    this.restartPending = true;
    this.start();
  }

  /** Store status: into the 512 bytes at an absolute address, which the storage must have. */
  storeStatus(address: number): void {
    storeStatus(this, (offset, bytes) => this.storage.write(address + offset, bytes));
  }

  /** The store-status operation: at absolute 0x1200, and the architectural mode at absolute 163. */
  storeStatusAssigned(): void {
    this.storage.bytes[ASSIGNED_MODE] = 1;
    this.storeStatus(ASSIGNED_STATUS);
  }

  /**
   * Does up to `limit` units of work: instructions, and the interruptions taken on the way.
   * @param limit how many: an integer from 1 on, or Infinity
   * @throws RangeError for another limit; BusyError when the processor executes already, or while a listener is called.
   *   Nothing has changed then. What a program does never throws
   */
  run(limit: number): Stop {
    demandLimit(limit);
    this.claim();
    try {
      return this.runClaimed(limit);
    } finally {
      this.release();
    }
  }

  /** As `run`, for whoever has claimed the processor. */
  runClaimed(limit: number): Stop {
    const end = this.executed + limit;
    while (this.executed < end) {
      if (this.stopped) return { reason: 'stopped' };
      const stop = this.#work(end);
      if (stop === 'taken') this.executed++;
      this.#keepTime();
      if (stop !== null && stop !== 'taken') return stop;
    }
    return { reason: 'limit' };
  }

  /** The pending stop: every interruption that was pending and enabled has been taken. */
  #performStop(): Stop {
    this.stopping = false;
    this.stopped = true;
    if (this.#storeOnStop) this.storeStatusAssigned();
    return { reason: 'stopped' };
  }

  /** Interruptions first, one after another: the new PSW of each may be invalid, waiting, or enabled for the next. */
  #work(end: number): Stop | 'taken' | null {
    try {
      const pending = this.#takePending();
      if (pending !== null) return pending;
      if (this.stopping && this.below === null) return this.#performStop();
      return this.wait ? this.#waiting() : this.#instructions(end);
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      // No instruction is under way: the prefix area could not be reached to take an interruption.
      return { reason: 'check-stop' };
    }
  }

  #keepTime(): void {
    this.machine.clock.advance(this.executed - this.#clocked);
    this.#clocked = this.executed;
  }

  /** Executes until `executed` is `limit`, a clock is due, attention is wanted, or something stops it. */
  #instructions(limit: number): Stop | 'taken' | null {
    const end = Math.min(limit, this.executed + this.#instructionsToClock());
    this.attention = false;
    try {
      while (this.executed < end && !this.attention) {
        this.#one();
        this.executed++;
        this.#loop = 0;
      }
      return null;
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      this.#executing = false;
      try {
        return this.#unwound();
      } catch (failed) {
        this.#back();
        throw failed;
      }
    }
  }

  /** Fetches and executes one instruction. */
  #one(): void {
    const hi = this.iaHi;
    const lo = this.iaLo;
    this.startHi = this.insHi = hi;
    this.startLo = this.insLo = lo;
    // Until the instruction is there its length is not known: exceptions of its fetch have the least.
    this.length = 2;
    if (lo & 1) this.program(PGM.SPECIFICATION);
    const offset = lo & 0xfff;
    const at = this.frame(logicalPage(hi * 0x10_0000 + (lo >>> 12)), offset, INSTRUCTION, 2) + offset;
    const { view } = this.storage;
    let w: number;
    let x = 0;
    if (offset <= 0xffa) {
      w = view.getUint32(at);
      x = view.getUint16(at + 4);
    } else {
      w = view.getUint16(at) * 0x1_0000;
      if (w >= 0x4000_0000) w += this.#halfword(hi, lo, 2);
      if (w >= 0xc000_0000) x = this.#halfword(hi, lo, 4);
    }
    const length = w < 0x4000_0000 ? 2 : w < 0xc000_0000 ? 4 : 6;
    this.length = length;
    this.setInstructionAddress(hi, lo + length);
    this.#dispatch(w, x);
  }

  #dispatch(w: number, x: number): void {
    const execute = TABLE[keyOf(w, x)];
    if (execute === undefined) this.#unknown(w, x);
    else execute(this, w, x);
  }

  /** An operation code that no instruction has: an operation exception, or the host's to see. */
  #unknown(w: number, x: number): void {
    if (this.below?.interceptOperation) this.intercept(w, x, true);
    this.program(PGM.OPERATION);
  }

  /** A halfword of the instruction stream, `step` bytes on. */
  #halfword(hi: number, lo: number, step: number): number {
    const low = lo + step;
    const offset = low & 0xfff;
    const page = this.#wrap(hi * 0x10_0000 + Math.floor(low / 4096));
    return this.storage.view.getUint16(this.frame(logicalPage(page), offset, INSTRUCTION, 2) + offset);
  }

  #wrap(page: number): number {
    return this.addressing === 3 ? page % 2 ** 52 : this.addressing === 1 ? page % 0x8_0000 : page % 0x1000;
  }

  /** Sets the instruction address; `lo` may have run over or under 32 bits. The addressing mode wraps it. */
  setInstructionAddress(hi: number, lo: number): void {
    if (this.addressing === 3) {
      this.iaHi = lo > 0xffff_ffff ? (hi + 1) >>> 0 : lo < 0 ? (hi - 1) >>> 0 : hi;
      this.iaLo = lo >>> 0;
    } else {
      this.iaHi = 0;
      this.iaLo = lo & (this.addressing === 1 ? 0x7fff_ffff : 0x00ff_ffff);
    }
  }

  /** Records a breaking event: an instruction that branches or loads a PSW calls this when it does. */
  breakingEvent(): void {
    this.breakingHi = this.startHi;
    this.breakingLo = this.startLo;
  }

  /** Branches to an address in halves. */
  branchTo(hi: number, lo: number): void {
    this.breakingEvent();
    this.setInstructionAddress(hi, lo);
  }

  /** Branches to the address of general register `r`. */
  branchRegister(r: number): void {
    this.branchTo(this.gr32[r * 2 + 1] as number, this.gr32[r * 2] as number);
  }

  /** Branches to the effective address. */
  branchEffective(): void {
    this.breakingEvent();
    this.iaHi = this.eaHi;
    this.iaLo = this.eaLo;
  }

  /** Branches `halfwords` (signed, up to 32 bits) from the instruction. */
  branchRelative(halfwords: number): void {
    const sum = this.insLo + halfwords * 2;
    const carry = Math.floor(sum / 0x1_0000_0000);
    this.branchTo((this.insHi + carry) >>> 0, sum >>> 0);
  }

  /** Sets the effective address to `halfwords` (signed, up to 32 bits) from the instruction. */
  addressRelative(halfwords: number): void {
    const sum = this.insLo + halfwords * 2;
    this.#setEffective((this.insHi + Math.floor(sum / 0x1_0000_0000)) >>> 0, sum >>> 0);
  }

  /** Sets the effective address from base register `b` (0: none) and displacement `d` (signed, 20 bits). */
  effective(b: number, d: number): void {
    let hi = 0;
    let lo = d;
    if (b !== 0) {
      hi = this.gr32[b * 2 + 1] as number;
      lo += this.gr32[b * 2] as number;
    }
    if (lo < 0) hi = (hi - 1) >>> 0;
    else if (lo > 0xffff_ffff) hi = (hi + 1) >>> 0;
    this.#setEffective(hi, lo >>> 0);
  }

  /** As `effective`, with index register `x` (0: none) added. */
  effectiveIndexed(x: number, b: number, d: number): void {
    if (x === 0) {
      this.effective(b, d);
      return;
    }
    let hi = this.gr32[x * 2 + 1] as number;
    let lo = d + (this.gr32[x * 2] as number);
    if (b !== 0) {
      hi += this.gr32[b * 2 + 1] as number;
      lo += this.gr32[b * 2] as number;
    }
    hi += Math.floor(lo / 0x1_0000_0000);
    this.#setEffective(hi >>> 0, lo >>> 0);
  }

  /** As `effective`, for the second address of an instruction with two. */
  effective2(b: number, d: number): void {
    const { eaHi, eaLo } = this;
    this.effective(b, d);
    this.ea2Hi = this.eaHi;
    this.ea2Lo = this.eaLo;
    this.eaHi = eaHi;
    this.eaLo = eaLo;
  }

  /** Sets the effective address to what general register `r` holds, as the addressing mode cuts it. */
  effectiveRegister(r: number): void {
    this.#setEffective(this.gr32[r * 2 + 1] as number, this.gr32[r * 2] as number);
  }

  #setEffective(hi: number, lo: number): void {
    if (this.addressing === 3) {
      this.eaHi = hi;
      this.eaLo = lo;
    } else {
      this.eaHi = 0;
      this.eaLo = lo & (this.addressing === 1 ? 0x7fff_ffff : 0x00ff_ffff);
    }
  }

  /**
   * EXECUTE: executes the instruction at the effective address with the low byte of `modifier` ORed into its
   * second byte. An odd address is a specification exception, an EXECUTE there an execute exception.
   */
  executeTarget(modifier: number): void {
    if (this.#executing) this.program(PGM.EXECUTE);
    if (this.eaLo & 1) this.program(PGM.SPECIFICATION);
    const hi = this.eaHi;
    const lo = this.eaLo;
    let w = this.#halfword(hi, lo, 0) * 0x1_0000;
    if (w >= 0x4000_0000) w += this.#halfword(hi, lo, 2);
    const x = w >= 0xc000_0000 ? this.#halfword(hi, lo, 4) : 0;
    this.insHi = hi;
    this.insLo = lo;
    this.#executing = true;
    this.#dispatch((w | ((modifier & 0xff) << 16)) >>> 0, x);
    this.#executing = false;
  }

  /** Under interpretive execution: leaves the instruction to the host. The PSW stands behind it. */
  intercept(w: number, x: number, operation = false): never {
    this.unwindKind = UNWIND.INTERCEPT;
    this.#operation = operation;
    this.#executeLength = this.#executing ? this.length : 0;
    this.#ipa = w >>> 16;
    // Behind an instruction of 4 bytes `x` holds what follows it.
    this.#ipb = (((w & 0xffff) << 16) | (w >= 0xc000_0000 ? x : 0)) >>> 0;
    throw this.unwind;
  }

  /** What an instruction that did not complete leads to. */
  #unwound(): Stop | 'taken' {
    switch (this.unwindKind) {
      case UNWIND.HOST:
        this.#back();
        return { reason: 'host', code: this.exceptionCode, teid: this.#teid(), length: this.length };
      case UNWIND.INTERCEPT:
        this.executed++;
        return {
          reason: 'instruction',
          ipa: this.#ipa,
          ipb: this.#ipb,
          operation: this.#operation,
          executeLength: this.#executeLength,
        };
      default:
        if (isNullifying(this.exceptionCode)) this.#back();
        else this.setInstructionAddress(this.startHi, this.startLo + this.length);
        return this.#programInterruption(this.exceptionCode, this.length);
    }
  }

  #teid(): bigint {
    return (BigInt(this.teidHi) << 32n) | BigInt(this.teidLo);
  }

  /**
   * Leaves the rest of an instruction for later: it is executed again, unless an interruption comes first. Long
   * instructions that have written down how far they are call this. Chapter 5, "Interruptible Instructions".
   */
  repeat(): void {
    this.#back();
  }

  /** Nullification: the instruction address goes back to the instruction. */
  #back(): void {
    this.iaHi = this.startHi;
    this.iaLo = this.startLo;
  }

  #programInterruption(code: number, length: number): Stop | 'taken' {
    const teid = this.#teid();
    if (this.interruptions !== 'take') {
      return { reason: 'interruption', interruption: { class: 'program', code, teid, length } };
    }
    if (++this.#loop > PROGRAM_INTERRUPTION_LOOP) {
      this.#loop = 0;
      return { reason: 'program-loop', code };
    }
    this.injectProgram(code, length, teid);
    return 'taken';
  }

  /**
   * Takes a program interruption through the prefix area: stores code, length and identification, the current
   * PSW as the old one, and loads the new one.
   */
  injectProgram(code: number, length: number, teid = 0n): void {
    const low = this.#lowcore();
    const { dataExceptionCode, operandAccess, monitorClass, monitorCode } = this;
    const breakingEventAddress = (BigInt(this.breakingHi) << 32n) | BigInt(this.breakingLo);
    this.#traced('program', code);
    storeProgram(this.#assigned, {
      ...{ code, length, teid, dataExceptionCode, operandAccess, monitorClass, monitorCode },
      breakingEventAddress,
    });
    if (code === PGM.DATA && (this.cr32[0] as number) & CR0_AFP) {
      this.fpc = ((this.fpc & ~0xff00) | (dataExceptionCode << 8)) >>> 0;
    }
    this.#swapPsw(low, LOWCORE.PROGRAM_OLD_PSW, LOWCORE.PROGRAM_NEW_PSW);
  }

  /** The supervisor-call interruption of the SVC that executes now. */
  supervisorCall(code: number): void {
    this.attention = true;
    if (this.interruptions === 'report') {
      this.#reported = { class: 'supervisor-call', code, length: this.length };
      return;
    }
    const low = this.#lowcore();
    this.#traced('supervisor-call', code);
    storeSupervisorCall(this.#assigned, code, this.length);
    this.#swapPsw(low, LOWCORE.SVC_OLD_PSW, LOWCORE.SVC_NEW_PSW);
  }

  /**
   * Makes a PSW current, four words. An invalid one is a specification exception before its first instruction.
   * Chapter 6, "Early Exception Recognition".
   * @param length what the exception stores as the length of the instruction: 0 for a PSW loaded whole, by an
   *   instruction or an interruption; an instruction that changes only the system mask is named
   */
  enterPsw(hi: number, lo: number, iaHi: number, iaLo: number, length = 0): void {
    this.loadPsw(hi, lo, iaHi, iaLo);
    this.#early = !CpuState.pswValid(hi, lo, iaHi, iaLo);
    this.#earlyLength = length;
    this.attention = true;
  }

  #swapPsw(low: number, oldPsw: number, newPsw: number): void {
    const { view } = this.storage;
    view.setUint32(low + oldPsw, this.pswHi);
    view.setUint32(low + oldPsw + 4, this.pswLo);
    view.setUint32(low + oldPsw + 8, this.iaHi);
    view.setUint32(low + oldPsw + 12, this.iaLo);
    this.enterPsw(
      view.getUint32(low + newPsw),
      view.getUint32(low + newPsw + 4),
      view.getUint32(low + newPsw + 8),
      view.getUint32(low + newPsw + 12),
    );
  }

  /** Absolute address of the first page of the prefix area of whoever runs here. */
  #lowcore(): number {
    return (this.#assigned.base = this.realFrame(realPage(0), STORE));
  }

  /** Takes one of what is pending and enabled. Says whether it did, or returns the stop that ends the run. */
  #takePending(): Stop | 'taken' | null {
    if (this.#reported !== null) {
      const interruption = this.#reported;
      this.#reported = null;
      return { reason: 'interruption', interruption };
    }
    if (this.#early) {
      this.#early = false;
      this.teidHi = this.teidLo = 0;
      return this.#programInterruption(PGM.SPECIFICATION, this.#earlyLength);
    }
    if (this.below !== null) {
      if (this.below.externalRequest && this.externalMask) return { reason: 'external-request' };
      if (this.below.ioRequest && this.ioMask) return { reason: 'io-request' };
    }
    const restart = this.restartPending && this.below === null;
    if (restart && this.#restartFirst) return this.#takeRestart();
    const external = this.externalMask ? this.#takeExternal() : null;
    if (external !== null) return external;
    return restart ? this.#takeRestart() : null;
  }

  /**
   * A restart interruption: of an operating processor after all others that are enabled, of a stopped one before.
   * Chapter 6, "Restart Interruption".
   */
  #takeRestart(): 'taken' {
    this.restartPending = this.#restartFirst = false;
    this.#traced('restart', 0);
    this.#swapPsw(this.#lowcore(), LOWCORE.RESTART_OLD_PSW, LOWCORE.RESTART_NEW_PSW);
    return 'taken';
  }

  /** Takes the enabled external interruption of the highest priority. */
  #takeExternal(): Stop | 'taken' | null {
    const cr0 = this.cr32[0] as number;
    for (const { code, mask } of EXTERNAL_CLASSES) {
      if ((cr0 & mask) === 0) continue;
      const taken = this.#takeClass(code);
      if (taken !== null) return taken;
    }
    return null;
  }

  /** Takes an external interruption of one class, if one is pending. */
  #takeClass(code: number): Stop | 'taken' | null {
    switch (code) {
      case EXT.CLOCK_COMPARATOR:
        return this.tod > this.clockComparator ? this.#clockDue(code) : null;
      case EXT.CPU_TIMER:
        return this.timer < 0n ? this.#clockDue(code) : null;
    }
    // Under interpretive execution what is pending is the host's.
    const index = this.below === null ? this.pending.findIndex((waiting) => waiting.code === code) : -1;
    if (index < 0) return null;
    const [taken] = this.pending.splice(index, 1) as [ExternalPending];
    this.#external(code, taken.parameter, taken.cpuAddress);
    return 'taken';
  }

  /**
   * Takes the interruption of a clock. It stays pending, so a new PSW that is enabled for it leads to a loop, which a
   * host sees as an interception before the first turn.
   */
  #clockDue(code: number): Stop | 'taken' {
    if (this.below !== null && this.#externalNewPswEnabled()) return { reason: 'external-loop', code };
    this.#external(code, 0, 0);
    return 'taken';
  }

  #externalNewPswEnabled(): boolean {
    return (this.storage.get8(this.#lowcore() + LOWCORE.EXTERNAL_NEW_PSW) & 1) !== 0;
  }

  #external(code: number, parameter: number, cpuAddress: number): void {
    const low = this.#lowcore();
    this.#traced('external', code);
    storeExternal(this.#assigned, code, cpuAddress, parameter);
    this.#swapPsw(low, LOWCORE.EXTERNAL_OLD_PSW, LOWCORE.EXTERNAL_NEW_PSW);
  }

  #waiting(): Stop {
    const disabled = !this.externalMask && !this.ioMask && !this.machineCheckMask;
    return { reason: 'wait', disabled, until: this.#nextClock() };
  }

  /** The machine's TOD value at which an enabled clock interruption comes due, or null. */
  #nextClock(): bigint | null {
    if (!this.externalMask) return null;
    const cr0 = this.cr32[0] as number;
    let due: bigint | null = null;
    // By difference: a clock that was set back reads less than its epoch.
    if (cr0 & CLOCK_COMPARATOR_MASK) {
      due = this.machine.clock.tod + this.clockComparator - this.tod + 1n;
    }
    if (cr0 & CPU_TIMER_MASK && (due === null || this.#timerZero + 1n < due)) {
      due = this.#timerZero + 1n;
    }
    return due !== null && due < 2n ** 64n ? due : null;
  }

  #instructionsToClock(): number {
    const due = this.#nextClock();
    return due === null ? Infinity : Clock.instructionsUntil(this.machine.clock.tod, due);
  }

  #traced(kind: 'program' | 'supervisor-call' | 'external' | 'restart', code: number): void {
    this.machine.trace.listener?.({
      type: 'interruption',
      cpu: this.address,
      guest: this.below !== null,
      class: kind,
      code,
      address: this.pswAddress,
    });
  }
}

/** @throws RangeError for what is no number of units of work */
export function demandLimit(limit: number): void {
  if (limit === Infinity || (Number.isInteger(limit) && limit >= 1)) return;
  throw new RangeError(`limit ${String(limit)} is not a positive integer`);
}
