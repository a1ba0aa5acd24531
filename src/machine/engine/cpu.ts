/**
 * The interpreter: one processor fetches, decodes and executes instructions, and takes interruptions between them.
 *
 * The table (`../instructions/`) defines the operation and the operands of each instruction; `../cpu/` holds the state, the
 * access to storage and the interruptions. Interpretive execution (`../sie.ts`) runs a guest on a processor.
 */

import { logicalPage } from '../addresses.ts';
import { BusyError } from '../busy-error.ts';
import { INSTRUCTION, UNWIND } from '../cpu/access.ts';
import { CpuInterruptions } from '../cpu/interruptions.ts';
import type { Pacer } from '../cpu/pacer.ts';
import type { Configuration } from '../cpu/processor.ts';
import { PER_CODE } from '../cpu/program-events.ts';
import { SPACE } from '../cpu/state.ts';
import { demandLimit, type Stop } from '../cpu/stop.ts';
import {
  type DecodeTable,
  decodeTable,
  ENTRY_KIND_SHIFT,
  ENTRY_NUMBER,
  EXECUTES,
  entryAt,
  OPERATIONS,
} from '../instructions/decode.ts';
import {
  base,
  disp,
  type Execute,
  immediate32,
  lengthOf,
  longDisp,
  type Operation,
  r1,
  r2,
  signed8,
  signed16,
} from '../instructions/formats.ts';
import { isCompleting, isNullifying, PGM } from '../interruption.ts';
import { widenFields } from '../number-fields.ts';
import { FRAME_SIZE } from '../storage.ts';
import type { Tlb } from '../tlb.ts';
import type { CodeCache } from './compile/code-cache.ts';
import { CompiledCode } from './compile/compiled-code.ts';

/** The last offset in a page of an instruction that is fetched through the window: neither it nor its end may be in the next page. */
const LAST_IN_WINDOW = 0xff8;

/** Counts, and halves of addresses: all have 32 bits without a sign, or more. */
const WIDE_FIELDS = [
  ...['executed', 'interceptedAt', 'clocked'],
  ...['iaHi', 'iaLo', 'insHi', 'insLo', 'startHi', 'startLo', 'eaHi', 'eaLo', 'ea2Hi', 'ea2Lo'],
  ...['breakingHi', 'breakingLo', 'teidHi', 'teidLo'],
];

/** A processor of a machine. */
export class Cpu extends CpuInterruptions {
  #busy = false;
  /** The instructions of the machine's model. */
  readonly #table: DecodeTable;
  #setsRegisters = false;
  /** See `Machine.executionChecks`; null outside check mode. */
  onExecution: ((tlb: Tlb) => void) | null = null;
  /** Executes compiled code, or null: the interpreter executes everything. */
  #compiled: CompiledCode | null = null;

  constructor(machine: Configuration, address: number) {
    super(machine, address);
    this.#table = decodeTable(machine.cpuModel);
    widenFields(this, WIDE_FIELDS);
    widenFields(this.window, ['codeHi', 'hits']);
    for (const tlb of [this.tlb, this.guestTlb]) widenFields(tlb, ['hits']);
    this.reset();
  }

  /** Makes the processor execute compiled code. */
  useCompiler(cache: CodeCache): void {
    this.#compiled = new CompiledCode(this, cache);
    this.codeWatch = cache;
  }

  /** Whether the processor executes now, for itself or for a guest, or its host accesses storage with it. */
  get busy(): boolean {
    return this.#busy;
  }

  /**
   * Reserves the processor for one use, which ends with `release`.
   * @throws BusyError when it is in use, or while a listener is called
   */
  claim(): void {
    this.machine.demandQuiet(`processor ${this.address} cannot execute`);
    if (this.#busy) throw new BusyError(`processor ${this.address} executes already`);
    this.#busy = true;
    this.machine.trace.operations.begin();
  }

  /** Ends the use that `claim` began. @throws the error that a listener threw meanwhile */
  release(): void {
    this.#busy = false;
    this.machine.trace.operations.end();
  }

  /**
   * Does up to `limit` units of work: instructions executed and interruptions taken. Returns why it stopped. A program
   * never makes it throw.
   * @param limit an integer from 1 on, or Infinity
   * @throws RangeError for another limit; BusyError when the processor executes already, or while a listener is called.
   *   Nothing has changed then
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

  /**
   * As `run`. Preconditions: the caller has claimed the processor.
   * @param pacer may end the run before the limit
   * @param reported whether `codeWatch` was told of all stores to absolute storage since a processor of the machine ended a run: code
   *   that was compiled is not compared with storage then
   */
  runClaimed(limit: number, pacer: Pacer | null = null, reported = false): Stop {
    this.onExecution?.(this.tlb);
    if (!reported) this.#compiled?.beginRun();
    const end = this.executed + limit;
    let part = pacer === null ? end : Math.min(end, this.executed + pacer.units);
    while (this.executed < end) {
      if (this.executed >= part && pacer !== null) {
        if (!pacer.goesOn()) break;
        part = Math.min(end, this.executed + pacer.units);
      }
      if (this.stopped) return { reason: 'stopped' };
      const stop = this.#work(part);
      if (stop === 'taken') this.executed++;
      this.#advanceClock();
      const isOver = this.observer?.ended() === true;
      if (stop !== null && stop !== 'taken') return stop;
      if (isOver) break;
    }
    return this.takeReported() ?? { reason: 'limit' };
  }

  /** Takes one interruption, or stops, or waits, or executes instructions. Returns 'taken', a stop, or null to go on. */
  #work(end: number): Stop | 'taken' | null {
    try {
      const interruption = this.takePending();
      if (interruption !== null) return interruption;
      if (this.stopping && this.sie === null) return this.#stopNow();
      if (this.wait) return this.#waiting();
      return this.#instructions(end);
    } catch (thrown) {
      if (thrown !== this.unwind) throw thrown;
      // No instruction is under way: the prefix area could not be accessed to take an interruption.
      return { reason: 'check-stop' };
    }
  }

  #stopNow(): Stop {
    this.performStop();
    return { reason: 'stopped' };
  }

  #waiting(): Stop {
    const disabled = !this.externalMask && !this.ioMask && !this.machineCheckMask;
    return { reason: 'wait', disabled, until: this.nextClock() };
  }

  #advanceClock(): void {
    this.machine.clock.advance(this.executed - this.clocked);
    this.clocked = this.executed;
  }

  /**
   * Executes until `executed` is `limit`, a clock interruption is due, `attention` is set, or an instruction does not
   * complete.
   */
  #instructions(limit: number): Stop | 'taken' | null {
    const end = this.#endOfLoop(limit);
    this.attention = this.unmasked = false;
    this.operandRegister = 0;
    this.#setsRegisters = this.space !== SPACE.PRIMARY;
    try {
      if (this.per || this.sie?.enforceEvents) {
        if (!this.#watching(end)) return null;
      } else if (this.observer?.before) {
        return this.#observed(end, this.observer.before);
      } else if (this.#compiled !== null) {
        this.#beginWindow();
        for (let to = end; to > this.executed; to = this.#endOnceUnmasked(limit))
          this.#compiling(to, this.#compiled);
        this.window.end();
        return null;
      } else {
        this.#beginWindow();
        for (let to = end; to > this.executed; to = this.#endOnceUnmasked(limit)) this.#interpret(to, false);
        this.window.end();
        return null;
      }
    } catch (thrown) {
      this.window.end();
      if (thrown !== this.unwind) throw thrown;
      this.observer?.abandoned();
      this.executingTarget = false;
      try {
        return this.#unwound();
      } catch (failed) {
        this.repeat();
        throw failed;
      }
    }
    return this.#completedWithEvents();
  }

  /**
   * If the loop ended because interruptions were unmasked, and none is pending: returns the value of `executed` at which to end it
   * when it goes on. Else returns 0.
   */
  #endOnceUnmasked(limit: number): number {
    if (!this.unmasked || this.observer !== null) return 0;
    this.unmasked = false;
    this.#advanceClock();
    if (!this.quiet) return 0;
    this.attention = false;
    return this.#endOfLoop(limit);
  }

  /**
   * Returns the value of `executed` at which to end the loop: the limit, or when a clock interruption is due. Compiled code may unmask
   * interruptions, and does not look for any then: with it, masked ones count, too.
   */
  #endOfLoop(limit: number): number {
    const units = this.#compiled === null || this.observer !== null ? 0 : this.unitsIfUnmasked();
    this.quietIfUnmasked = units !== 0;
    return Math.min(limit, this.executed + (units !== 0 ? units : this.unitsToClock()));
  }

  #beginWindow(): void {
    const { dat, sie } = this;
    this.window.begin(dat || sie !== null ? this.tlb : null, dat && sie !== null ? this.guestTlb : null);
  }

  /** As the loop of `#instructions`, with compiled code where the program branches to. */
  #compiling(end: number, compiled: CompiledCode): void {
    this.branched = false;
    while (this.executed < end && !this.attention) {
      this.#interpret(end, true);
      while (this.branched) {
        this.branched = false;
        if (this.executed >= end || this.attention) break;
        if (!compiled.run(end)) continue;
        // Compiled code has left an instruction to the interpreter.
        if (this.executed >= end) break;
        this.#interpret(this.executed + 1, false);
        compiled.interpreted();
        this.branched = true;
      }
    }
  }

  /**
   * Executes instructions until `executed` is `end` or `attention` is set, and, if `toBranch`, until one has branched.
   */
  #interpret(end: number, toBranch: boolean): void {
    const { window } = this;
    const { view } = this.storage;
    const table = this.#table;
    const setsRegisters = this.#setsRegisters;
    while (this.executed < end && !this.attention) {
      const hi = this.iaHi;
      const lo = this.iaLo;
      const offset = lo ^ window.codeLo;
      if (hi === window.codeHi && (offset & ~0xffe) === 0 && offset <= LAST_IN_WINDOW) {
        const at = window.codeFrame * FRAME_SIZE + offset;
        // With a sign, V8 makes no object of it.
        const w = view.getInt32(at);
        const x = view.getUint16(at + 4);
        const entry = table[entryAt(w, x)] as number;
        const length = lengthOf(w);
        this.startHi = this.insHi = hi;
        this.startLo = this.insLo = lo;
        this.length = length;
        this.iaLo = lo + length;
        window.hits++;
        if (setsRegisters) this.#setRegisters(at);
        const run = OPERATIONS[entry & ENTRY_NUMBER] as Operation;
        // The kinds of `KINDS`, as literals: V8 makes one jump of them.
        switch (entry >>> ENTRY_KIND_SHIFT) {
          case 2:
            run(this, r1(w), r2(w), 0, 0, 0);
            break;
          case 3:
            run(this, (w >>> 4) & 15, w & 15, 0, 0, 0);
            break;
          case 4:
            run(this, (w >>> 4) & 15, w & 15, (w >>> 12) & 15, (w >>> 8) & 15, 0);
            break;
          case 5:
            this.effectiveIndexed(r2(w), base(w), disp(w));
            run(this, r1(w), base(w), 0, 0, 0);
            break;
          case 6:
            this.effectiveIndexed(r2(w), base(w), longDisp(w, x));
            run(this, r1(w), base(w), 0, 0, 0);
            break;
          case 7:
            this.effective(base(w), disp(w));
            run(this, r1(w), r2(w), 0, 0, 0);
            break;
          case 8:
            this.effective(base(w), longDisp(w, x));
            run(this, r1(w), r2(w), 0, 0, 0);
            break;
          case 9:
            run(this, r1(w), signed16(w), 0, 0, 0);
            break;
          case 10:
            run(this, r1(w), immediate32(w, x), 0, 0, 0);
            break;
          case 11:
            run(this, r1(w), r2(w), x >>> 12, signed16(w), 0);
            break;
          case 12:
            run(this, r1(w), signed8(x >>> 8), r2(w), signed16(w), 0);
            break;
          case 13:
            run(this, r1(w), r2(w), signed16(w), 0, 0);
            break;
          case 14:
            run(this, r1(w), r2(w), (w >>> 8) & 0xff, w & 0xff, x >>> 8);
            break;
          case 15:
            this.effective(base(w), disp(w));
            run(this, (w >>> 16) & 0xff, 0, 0, 0, 0);
            break;
          case 16:
            this.effective(base(w), longDisp(w, x));
            run(this, (w >>> 16) & 0xff, 0, 0, 0, 0);
            break;
          case 17:
            this.effective(base(w), disp(w));
            run(this, signed16(x), 0, 0, 0, 0);
            break;
          case 18:
            this.effective(base(w), disp(w));
            this.effective2(x >>> 12, x & 0xfff);
            run(this, (w >>> 16) & 0xff, 0, 0, 0, 0);
            break;
          default:
            this.#encoded(entry, at);
        }
      } else {
        if (this.#entersPage(hi, lo)) continue;
        this.#one();
      }
      this.executed++;
      this.programInterruptions = 0;
      if (toBranch && this.branched) return;
    }
  }

  /**
   * Executes the instruction at an absolute address as it is encoded. Its bytes are loaded again, without a sign: V8 makes an object of a
   * number above 2^31 that is passed to a function, and the loop would do so for each instruction.
   */
  #encoded(entry: number, at: number): void {
    const { view } = this.storage;
    this.#execute(entry, view.getUint32(at), view.getUint16(at + 4));
  }

  /** Sets the access registers of the operands of the instruction at an absolute address. */
  #setRegisters(at: number): void {
    const { view } = this.storage;
    this.setOperandRegisters(view.getUint32(at), view.getUint16(at + 4));
  }

  /** Puts the page of an instruction into the window, if it need not be fetched with checks. Returns whether it is there then. */
  #entersPage(hi: number, lo: number): boolean {
    if ((lo & 1) !== 0 || (lo & 0xfff) > LAST_IN_WINDOW) return false;
    const frame = this.cachedFrame(logicalPage(hi * 0x10_0000 + (lo >>> 12)), INSTRUCTION);
    if (frame < 0) return false;
    this.window.setCode(hi, lo, frame / FRAME_SIZE);
    return true;
  }

  /** As the loop of `#instructions`, with an observer that is called before each instruction. */
  #observed(end: number, before: (cpu: Cpu) => boolean): null {
    while (this.executed < end && !this.attention && !before(this)) {
      this.#one();
      this.executed++;
      this.programInterruptions = 0;
    }
    return null;
  }

  /** As the loop of `#instructions`, with program-event recording. Returns whether an instruction completed with an event. */
  #watching(end: number): boolean {
    const { events } = this;
    events.watch();
    this.watchingStores = (events.watched & PER_CODE.STORE) !== 0;
    try {
      const before = this.observer?.before;
      while (this.executed < end && !this.attention) {
        if (before?.(this)) break;
        this.#beginWatched();
        this.#one();
        if (this.branched) events.branched(this.iaHi, this.iaLo);
        if (events.code !== 0) return true;
        this.executed++;
        this.programInterruptions = 0;
      }
      return false;
    } catch (thrown) {
      if (this.branched) events.branched(this.iaHi, this.iaLo);
      throw thrown;
    } finally {
      events.unwatch();
      this.watchingStores = false;
    }
  }

  /** Fetches the first halfword of an instruction, and ends it if that is an event that nullifies. */
  #beginWatched(): void {
    const { iaHi, iaLo } = this;
    this.startHi = iaHi;
    this.startLo = iaLo;
    this.length = 2;
    this.branched = false;
    this.events.begin(this.pswHi, this.pswLo);
    if (iaLo & 1) return;
    const first = this.#halfword(iaHi, iaLo, 0);
    if (!this.events.fetched(iaHi, iaLo)) return;
    this.length = lengthOf(first << 16);
    this.program(PGM.PER);
  }

  /**
   * Takes or reports the interruption for the events of a completed instruction. The two are one unit of work together, so
   * that a limit does not part them.
   */
  #completedWithEvents(): Stop | 'taken' {
    const stop = this.eventInterruption(this.length);
    if (stop !== 'taken') this.interceptedAt = ++this.executed;
    return stop;
  }

  /** Fetches and executes one instruction. */
  #one(): void {
    const hi = this.iaHi;
    const lo = this.iaLo;
    this.startHi = this.insHi = hi;
    this.startLo = this.insLo = lo;
    // The length is not known until the instruction is fetched: an exception of the fetch stores 2.
    this.length = 2;
    if (lo & 1) this.program(PGM.SPECIFICATION);
    const offset = lo & 0xfff;
    const at = this.instructionFrame(logicalPage(hi * 0x10_0000 + (lo >>> 12)), offset) + offset;
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
    const length = lengthOf(w);
    this.length = length;
    this.setInstructionAddress(hi, lo + length);
    this.#dispatch(w, x);
  }

  #dispatch(w: number, x: number): void {
    if (this.#setsRegisters) this.setOperandRegisters(w, x);
    this.#execute(this.#table[entryAt(w, x)] as number, w, x);
  }

  #execute(entry: number, w: number, x: number): void {
    if (entry === 0) this.#unknown(w, x);
    else (EXECUTES[entry & ENTRY_NUMBER] as Execute)(this, w, x);
  }

  /** An invalid operation code: an operation exception, or an interception. */
  #unknown(w: number, x: number): void {
    if (this.sie?.interceptOperation) this.intercept(w, x, true);
    this.program(PGM.OPERATION);
  }

  /** Fetches the halfword of the instruction that is `step` bytes after an address. */
  #halfword(hi: number, lo: number, step: number): number {
    const low = lo + step;
    const offset = low & 0xfff;
    const page = (hi * 0x10_0000 + Math.floor(low / 4096)) % this.pageLimit;
    return this.storage.view.getUint16(this.instructionFrame(logicalPage(page), offset) + offset);
  }

  /** EXECUTE. An odd target address is a specification exception, an EXECUTE as the target an execute exception. */
  override executeTarget(modifier: number): void {
    if (this.executingTarget) this.program(PGM.EXECUTE);
    if (this.eaLo & 1) this.program(PGM.SPECIFICATION);
    const hi = this.eaHi;
    const lo = this.eaLo;
    let w = this.#halfword(hi, lo, 0) * 0x1_0000;
    if (this.events.watched !== 0 && this.events.fetched(hi, lo)) this.program(PGM.PER);
    if (w >= 0x4000_0000) w += this.#halfword(hi, lo, 2);
    const x = w >= 0xc000_0000 ? this.#halfword(hi, lo, 4) : 0;
    this.insHi = hi;
    this.insLo = lo;
    this.executingTarget = true;
    this.#dispatch((w | ((modifier & 0xff) << 16)) >>> 0, x);
    this.executingTarget = false;
  }

  /** Ends an instruction that did not complete. */
  #unwound(): Stop | 'taken' {
    switch (this.unwindKind) {
      case UNWIND.HOST:
        this.events.code = 0;
        this.repeat();
        return { reason: 'host', code: this.exceptionCode, teid: this.teid, length: this.length };
      case UNWIND.INTERCEPT:
        this.executed++;
        this.interceptedAt = this.executed;
        this.events.suppressed();
        this.eventIndication = this.events.take(this.startHi, this.startLo);
        return { reason: 'instruction', ...this.intercepted, fetchEvent: this.eventIndication.code !== 0 };
      default:
        return this.#exception(this.exceptionCode);
    }
  }

  /** Takes or reports the interruption for an exception of the instruction under way, and for its events. */
  #exception(code: number): Stop | 'taken' {
    if (isNullifying(code)) this.repeat();
    else if (!isCompleting(code)) this.setInstructionAddress(this.startHi, this.startLo + this.length);
    const { events } = this;
    if (events.code === 0) return this.programInterruption(code, this.length);
    if (!isCompleting(code)) events.suppressed();
    this.eventIndication = events.take(this.startHi, this.startLo);
    return this.programInterruption(this.eventIndication.code === 0 ? code : code | PGM.PER, this.length);
  }
}
