/**
 * Interruptions: the priority in which a processor takes them, and the fields that each stores and loads. Principles of Operation,
 * chapter 6, "Interruptions".
 */

import { realPage } from '../addresses.ts';
import {
  AssignedFrame,
  LOWCORE,
  storeExternal,
  storeProgram,
  storeSupervisorCall,
} from '../assigned-storage.ts';
import { Clock } from '../clock.ts';
import { CR0 } from '../control-registers.ts';
import { EXT, EXTERNAL_CLASSES, externalMaskOf, PGM } from '../interruption.ts';
import { STORE } from './access.ts';
import { type Configuration, type ExternalPending, Processor } from './processor.ts';
import { type EventIndication, NO_EVENTS } from './program-events.ts';
import { isValidPsw } from './state.ts';
import type { Stop } from './stop.ts';

const CLOCK_COMPARATOR_MASK = externalMaskOf(EXT.CLOCK_COMPARATOR);
const CPU_TIMER_MASK = externalMaskOf(EXT.CPU_TIMER);
const CLOCK_MASKS = CLOCK_COMPARATOR_MASK | CPU_TIMER_MASK;

/** Maximum number of program interruptions in a row, without a completed instruction, that is not a loop. */
const PROGRAM_INTERRUPTION_LOOP = 16;

/** When a clock interruption becomes pending, and what that follows from: `clock.work` then, and the clocks. */
interface ClockDue {
  work: number;
  enabled: number;
  base: bigint;
  comparator: bigint;
  epoch: bigint;
  timerZero: bigint;
}

/** A processor with its interruptions, without its run loop. */
export abstract class CpuInterruptions extends Processor {
  /** The assigned storage locations; `#lowcore` sets its base. */
  readonly #assigned: AssignedFrame;
  /** The current PSW is invalid: a specification exception comes before its first instruction. */
  #early = false;
  /** The instruction length that this exception stores. */
  #earlyLength = 0;
  /** The next clock interruption, as it was when `unitsToClock` computed it. */
  readonly #due: ClockDue = { work: 0, enabled: 0, base: 0n, comparator: 0n, epoch: 0n, timerZero: 0n };
  /**
   * Whether the run loop ends before an interruption can be pending that the program can enable by unmasking I/O and external
   * interruptions.
   */
  quietIfUnmasked = false;
  /** Program interruptions since an instruction last completed. */
  programInterruptions = 0;
  /** The program events of the last interruption whose code has the bit of PER. */
  eventIndication: EventIndication = NO_EVENTS;

  constructor(machine: Configuration, address: number) {
    super(machine, address);
    this.#assigned = new AssignedFrame(machine.storage);
  }

  override clearExecution(): void {
    this.#early = false;
    this.executingTarget = false;
    this.programInterruptions = 0;
    this.reported = null;
  }

  /**
   * Takes or reports a program interruption of the instruction under way.
   * @param code with the bit of PER if `eventIndication` is to be indicated
   */
  protected programInterruption(code: number, length: number): Stop | 'taken' {
    const teid = this.teid;
    const enforced = code & PGM.PER && this.sie?.enforceEvents;
    if (this.interruptions !== 'take' || enforced) {
      return { reason: 'interruption', interruption: { class: 'program', code, teid, length } };
    }
    if (++this.programInterruptions > PROGRAM_INTERRUPTION_LOOP) {
      this.programInterruptions = 0;
      return { reason: 'program-loop', code };
    }
    this.injectProgram(code, length, teid);
    return 'taken';
  }

  /**
   * Takes or reports the interruption for program events of an instruction that completed. It follows a supervisor-call
   * interruption of the same instruction, and includes the exception of an invalid PSW that the instruction loaded.
   */
  protected eventInterruption(length: number): Stop | 'taken' {
    this.eventIndication = this.events.take(this.startHi, this.startLo);
    this.programInterruptions = 0;
    if (this.reported !== null && this.reported.class === 'supervisor-call') {
      this.reported = { ...this.reported, events: true };
      return 'taken';
    }
    this.teidHi = this.teidLo = 0;
    if (!this.#early) return this.programInterruption(PGM.PER, length);
    this.#early = false;
    return this.programInterruption(PGM.PER | PGM.SPECIFICATION, this.#earlyLength);
  }

  /** The translation-exception identification. */
  protected get teid(): bigint {
    return (BigInt(this.teidHi) << 32n) | BigInt(this.teidLo);
  }

  /**
   * Takes a program interruption through the prefix area: stores code, length and identification, the current
   * PSW as the old one, and loads the new one.
   */
  injectProgram(code: number, length: number, teid = 0n): void {
    const low = this.#lowcore();
    const { exceptionAccess, dataExceptionCode, operandAccess, monitorClass, monitorCode } = this;
    const breakingEventAddress = (BigInt(this.breakingHi) << 32n) | BigInt(this.breakingLo);
    this.#traced('program', code);
    storeProgram(this.#assigned, {
      ...{ code, length, teid, exceptionAccess, dataExceptionCode, operandAccess, monitorClass, monitorCode },
      breakingEventAddress,
      events: this.eventIndication,
    });
    if ((code & ~PGM.PER) === PGM.DATA && this.cr0 & CR0.AFP_REGISTERS) {
      this.fpc = ((this.fpc & ~0xff00) | (dataExceptionCode << 8)) >>> 0;
    }
    this.#swapPsw(low, LOWCORE.PROGRAM_OLD_PSW, LOWCORE.PROGRAM_NEW_PSW);
  }

  override supervisorCall(code: number): void {
    this.attention = true;
    if (this.interruptions === 'report') {
      this.reported = { class: 'supervisor-call', code, length: this.length };
      return;
    }
    const low = this.#lowcore();
    this.#traced('supervisor-call', code);
    storeSupervisorCall(this.#assigned, code, this.length);
    this.#swapPsw(low, LOWCORE.SVC_OLD_PSW, LOWCORE.SVC_NEW_PSW);
  }

  override enterPsw(hi: number, lo: number, iaHi: number, iaLo: number, length = 0): void {
    this.loadPsw(hi, lo, iaHi, iaLo);
    this.#early = !isValidPsw(hi, lo, iaHi, iaLo);
    this.#earlyLength = length;
    this.window.end();
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

  /** Returns the absolute address of the running program's prefix area. */
  #lowcore(): number {
    return (this.#assigned.base = this.realFrame(realPage(0), STORE));
  }

  /**
   * Returns the interruption to report of the instruction that completed last, or null. It must not be left for the next run: the
   * registers may be another program's then.
   */
  protected takeReported(): Stop | null {
    const interruption = this.reported;
    if (interruption === null) return null;
    this.reported = null;
    return { reason: 'interruption', interruption };
  }

  /**
   * Takes the pending and enabled interruption of the highest priority. Returns 'taken', or a stop that ends the run, or
   * null if none is pending and enabled.
   */
  protected takePending(): Stop | 'taken' | null {
    const reported = this.takeReported();
    if (reported !== null) return reported;
    if (this.#early) {
      this.#early = false;
      this.teidHi = this.teidLo = 0;
      return this.programInterruption(PGM.SPECIFICATION, this.#earlyLength);
    }
    if (this.sie !== null) {
      if (this.sie.externalRequest && this.externalMask) return { reason: 'external-request' };
      if (this.sie.ioRequest && this.ioMask) return { reason: 'io-request' };
    }
    const restart = this.restartPending && this.sie === null;
    if (restart && this.restartFirst) return this.#takeRestart();
    const external = this.externalMask ? this.#takeExternal() : null;
    if (external !== null) return external;
    return restart ? this.#takeRestart() : null;
  }

  /**
   * Takes a restart interruption: an operating processor after all others that are enabled, a stopped one before them.
   * Chapter 6, "Restart Interruption".
   */
  #takeRestart(): 'taken' {
    this.restartPending = this.restartFirst = false;
    this.#traced('restart', 0);
    this.#swapPsw(this.#lowcore(), LOWCORE.RESTART_OLD_PSW, LOWCORE.RESTART_NEW_PSW);
    return 'taken';
  }

  /** Takes the enabled external interruption of the highest priority. */
  #takeExternal(): Stop | 'taken' | null {
    const cr0 = this.cr0;
    if (this.pending.length === 0 && this.unitsToClock() > 1) return null;
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
    // During interpretive execution the pending interruptions are the host's.
    const index = this.sie === null ? this.pending.findIndex((waiting) => waiting.code === code) : -1;
    if (index < 0) return null;
    const [taken] = this.pending.splice(index, 1) as [ExternalPending];
    this.#external(code, taken.parameter, taken.cpuAddress);
    return 'taken';
  }

  /**
   * Takes a clock interruption. It stays pending, so a new PSW that is enabled for it leads to a loop: in a guest that is
   * an interception, before the interruption is taken.
   */
  #clockDue(code: number): Stop | 'taken' {
    if (this.sie !== null && this.#externalNewPswEnabled()) return { reason: 'external-loop', code };
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

  /**
   * The machine's TOD value at which an enabled clock interruption becomes pending, or null if none does.
   * @param external whether external interruptions are not masked
   */
  protected nextClock(external = this.externalMask): bigint | null {
    if (!external) return null;
    const cr0 = this.cr0;
    const now = this.machine.clock.tod;
    let due: bigint | null = null;
    // The difference: a clock that was set back reads less than the machine's.
    if (cr0 & CLOCK_COMPARATOR_MASK) due = now + this.clockComparator - this.tod + 1n;
    if (cr0 & CPU_TIMER_MASK) {
      const left = this.timer + 1n;
      const at = now + (left > 0n ? left : 0n);
      if (due === null || at < due) due = at;
    }
    return due !== null && due < 2n ** 64n ? due : null;
  }

  /**
   * The units of work, at least 1, until a clock interruption becomes pending that is enabled now; Infinity if none does. 1 also if one
   * is pending already. Preconditions: the machine's clock has been advanced.
   * @param external whether external interruptions are not masked
   */
  protected unitsToClock(external = this.externalMask): number {
    const { clock } = this.machine;
    const enabled = external ? this.cr0 & CLOCK_MASKS : 0;
    if (enabled === 0) return Infinity;
    const known = this.#due;
    if (clock.work >= known.work || enabled !== known.enabled || !this.#clocksAreAsWhen(known)) {
      const due = this.nextClock(external);
      known.work = due === null ? Infinity : clock.work + Clock.instructionsUntil(clock.tod, due);
      known.enabled = enabled;
      known.base = clock.base;
      known.comparator = this.clockComparator;
      known.epoch = this.epoch;
      known.timerZero = this.timerZero;
    }
    return known.work - clock.work;
  }

  #clocksAreAsWhen({ base, comparator, epoch, timerZero }: ClockDue): boolean {
    return (
      this.machine.clock.base === base &&
      this.clockComparator === comparator &&
      this.epoch === epoch &&
      this.timerZero === timerZero
    );
  }

  /**
   * Whether no interruption is pending that the program can have enabled by unmasking I/O or external interruptions. False if that is
   * not certain. Preconditions: as `unitsToClock`.
   */
  protected get quiet(): boolean {
    return this.#nothingPending && this.unitsToClock() > 1;
  }

  /**
   * The units of work, at least 2, until an interruption can be pending that the program can enable by unmasking I/O and external
   * interruptions. 0 if one can be pending earlier. Preconditions: as `unitsToClock`.
   */
  protected unitsIfUnmasked(): number {
    if (!this.#nothingPending) return 0;
    const units = this.unitsToClock(true);
    return units > 1 ? units : 0;
  }

  /** Whether no interruption other than those of the clocks is pending, be it masked or not. */
  get #nothingPending(): boolean {
    const { sie } = this;
    if (this.pending.length > 0 || this.restartPending || this.stopping || this.#early) return false;
    return sie === null || !(sie.externalRequest || sie.ioRequest);
  }

  #traced(kind: 'program' | 'supervisor-call' | 'external' | 'restart', code: number): void {
    // A listener may look at the counts of the TLBs.
    this.window.count();
    this.machine.trace.listener?.({
      type: 'interruption',
      cpu: this.address,
      guest: this.sie !== null,
      class: kind,
      code,
      address: this.pswAddress,
    });
  }
}
