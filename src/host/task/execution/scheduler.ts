/**
 * Gives processors to threads, and performs what they ask the kernel for. The same system, with the same seed, is scheduled in the same way
 * each time: turns are counted in units of work, and limits and pauses from outside do not change them.
 */

import { type Cpu, CR0, InternalError, type Stop } from '../../../machine/index.ts';
import { SI, SIG } from '../abi/signals.ts';
import { isAwaited, waitAsKernel } from '../process/page-waits.ts';
import { resumeSequence } from '../process/restartable.ts';
import type { GuestRun, Thread } from '../process/task.ts';
import type { RandomBytes } from '../random.ts';
import { takeSignals } from '../signals/deliver.ts';
import { forceSignal } from '../signals/send.ts';
import type { System } from '../system.ts';
import { continueCall, enterCall } from './enter-call.ts';
import { programInterruption } from './faults.ts';

/** Units of work of a turn: the least, and by how many it may be longer. With several processors turns are short, so that they go on together. */
const TURN_ALONE = { least: 1_000_000, more: 200_000 } as const;
const TURN_TOGETHER = { least: 5_000, more: 10_000 } as const;
/** Turns of a thread on a processor before another one gets it, with several processors. */
const TURNS = 100;

/** A processor and the thread on it. */
interface Slot {
  readonly cpu: Cpu;
  /** Returns whether a thread may run there. */
  readonly fits: (thread: Thread) => boolean;
  thread: Thread | null;
  /** Value of `cpu.executed` at which the turn ends, and turns that the thread may still have. */
  turnEnd: number;
  turns: number;
  /** The thread whose address space and registers are loaded last. */
  loaded: object | null;
}

/** What the scheduler could do. */
export type Progress =
  /** A part of the work was done. */
  | 'ran'
  /** No thread can run. */
  | 'idle';

/** Schedules the threads of a system. */
export class Scheduler {
  readonly #system: System;
  readonly #slots: readonly Slot[];
  readonly #random: RandomBytes;
  #next = 0;
  /** Whether all stores since a processor's last run were reported: the host's own are. */
  #reported = false;
  /** How often the kernel has acted for a thread: after system calls and faults, and before threads go on. */
  acts = 0;
  /** Whether it has acted since the last unit of work was completed and what that has led to: the next unit has begun. */
  isInUnit = false;
  /** Whether what is done now is what the unit of work has led to that was completed last: a system call. */
  completesUnit = false;

  constructor(system: System, random: RandomBytes) {
    this.#system = system;
    this.#random = random;
    this.#slots = system.host.machine.cpus.map((cpu, number) => {
      cpu.interruptions = 'report';
      cpu.setControl(0, cpu.cr[0]! | BigInt(CR0.AFP_REGISTERS));
      const bit = 1n << BigInt(number);
      const fits = ({ affinity }: Thread) => (affinity & bit) !== 0n;
      return { cpu, fits, thread: null, turnEnd: 0, turns: 0, loaded: null };
    });
  }

  /** Units of work done by all processors. */
  get work(): number {
    let work = 0;
    for (const { cpu } of this.#slots) work += cpu.executed;
    return work;
  }

  /** The thread that a processor executes, by CPU address, or null. */
  running(address: number): Thread | null {
    return this.#slots[address]?.thread ?? null;
  }

  /** Puts the registers of the threads that have processors into these, as they are after system calls. */
  settle(): void {
    for (const slot of this.#slots) if (slot.thread?.state === 'runnable') this.#load(slot, slot.thread);
  }

  /** Others than this host's processes had control: they may have stored anywhere. */
  begin(): void {
    this.#reported = false;
  }

  /**
   * Goes on with one processor's turn, for at most `most` units of work. Returns `idle` if no thread is runnable: then timers or
   * somebody outside must wake one.
   */
  step(most: number): Progress {
    this.#system.time.expire();
    for (let tried = 0; tried < this.#slots.length; tried++) {
      const slot = this.#slots[this.#next]!;
      if (this.#occupied(slot)) {
        this.#turn(slot, most);
        return 'ran';
      }
      this.#advance();
    }
    return 'idle';
  }

  #advance(): void {
    this.#next = (this.#next + 1) % this.#slots.length;
  }

  /** Returns whether a slot has a thread that can run, after it has got one if possible. */
  #occupied(slot: Slot): boolean {
    const { thread: current } = slot;
    if (current !== null && current.state === 'runnable' && !current.held && slot.fits(current)) return true;
    this.#vacate(slot);
    for (;;) {
      const thread = this.#system.runQueue.take(slot.fits);
      if (thread === null) return false;
      thread.queued = false;
      // One that is held comes back when it is let go.
      if (thread.state !== 'runnable' || thread.held) continue;
      thread.onProcessor = true;
      thread.processor = slot.cpu.address;
      slot.thread = thread;
      slot.turns = TURNS;
      this.#beginTurn(slot);
      return true;
    }
  }

  #beginTurn(slot: Slot): void {
    const { least, more } = this.#slots.length === 1 ? TURN_ALONE : TURN_TOGETHER;
    slot.turnEnd = slot.cpu.executed + least + (this.#random.word() % more);
  }

  #vacate(slot: Slot): void {
    const { thread } = slot;
    if (thread === null) return;
    slot.thread = null;
    thread.onProcessor = false;
    thread.sequenceBroken = true;
    if (thread.state === 'runnable') thread.enqueue();
  }

  /** Does a part of the turn of a slot with a runnable thread. */
  #turn(slot: Slot, most: number): void {
    const thread = slot.thread as Thread;
    if (this.#prepare(thread)) this.#execute(slot, thread, most);
    if (thread.state !== 'runnable') {
      this.#vacate(slot);
      this.#advance();
    } else if (thread.yields || slot.cpu.executed >= slot.turnEnd) {
      this.#endTurn(slot, thread.yields);
      thread.yields = false;
    }
  }

  #endTurn(slot: Slot, yields: boolean): void {
    const isLast = yields || this.#slots.length === 1 || --slot.turns <= 0;
    if (isLast && this.#system.runQueue.length > 0) this.#vacate(slot);
    else this.#beginTurn(slot);
    this.#advance();
  }

  /** Does what is to be done before a thread executes its program. Returns whether it can. */
  #prepare(thread: Thread): boolean {
    const system = this.#system;
    while (thread.state === 'runnable' && !thread.held) {
      if (thread.guest !== null && !thread.hasSignal) return true;
      if (thread.blocking !== null) {
        this.#actInUnit();
        continueCall(system, thread);
        continue;
      }
      const { hasSignal, interrupted, savedMask, passed } = thread;
      if (!hasSignal && interrupted === 0 && savedMask === null && passed === null) {
        if (!thread.sequenceBroken || thread.restartable === null) return true;
        this.#actInUnit();
        resumeSequenceOf(thread);
        continue;
      }
      this.#actInUnit();
      takeSignals(system, thread);
    }
    return false;
  }

  #execute(slot: Slot, thread: Thread, most: number): void {
    const { cpu } = slot;
    const { process, guest } = thread;
    const before = cpu.executed;
    const timers = Math.min(this.#untilTimer(), thread.workClock.left, process.workClock.left);
    const limit = Math.max(1, Math.min(most, slot.turnEnd - before, timers));
    const stop = guest === null ? this.#executeProgram(slot, thread, limit) : null;
    if (guest !== null) this.#executeGuest(slot, thread, guest, limit);
    thread.work += cpu.executed - before;
    thread.workClock.expire();
    process.workClock.expire();
    if (cpu.executed !== before) this.isInUnit = false;
    if (stop !== null) this.#handle(thread, stop);
  }

  #executeProgram(slot: Slot, thread: Thread, limit: number): Stop {
    const { cpu } = slot;
    this.#load(slot, thread);
    const stop = this.#run(cpu, limit);
    thread.registers.save(cpu);
    return stop;
  }

  #executeGuest(slot: Slot, thread: Thread, guest: GuestRun, limit: number): void {
    slot.loaded = null;
    this.acts++;
    this.#system.current = thread;
    if (!guest.execute(slot.cpu, limit)) thread.guest = null;
  }

  #actInUnit(): void {
    this.acts++;
    this.isInUnit = true;
  }

  #run(cpu: Cpu, most: number): Stop {
    cpu.claim();
    try {
      const stop = cpu.runClaimed(most, null, this.#reported);
      this.#reported = true;
      return stop;
    } finally {
      cpu.release();
    }
  }

  #untilTimer(): number {
    const { dueTod } = this.#system.time;
    if (dueTod === null) return Infinity;
    const { clock } = this.#system.host.machine;
    return Math.max(1, Number((dueTod - clock.tod + 3n) / 4n));
  }

  #load(slot: Slot, thread: Thread): void {
    const { cpu } = slot;
    const { mm } = thread.space;
    thread.registers.load(cpu);
    if (slot.loaded === mm && cpu.cr[1] === mm.asce) return;
    slot.loaded = mm;
    cpu.setControl(1, mm.asce);
    cpu.clearExecution();
  }

  #handle(thread: Thread, stop: Stop): void {
    if (stop.reason === 'limit') return;
    if (stop.reason !== 'interruption') throw new InternalError(`a program ended with ${stop.reason}`);
    const { interruption } = stop;
    if (interruption.class === 'supervisor-call') {
      this.acts++;
      this.completesUnit = true;
      try {
        enterCall(this.#system, thread, interruption.code, interruption.length);
      } finally {
        this.completesUnit = false;
      }
    } else {
      this.#actInUnit();
      this.#system.counts.faults++;
      programInterruption(thread, interruption);
    }
  }
}

/** Aborts the restartable sequence that a thread was in. It waits first if user space is to provide a page of what describes it. */
function resumeSequenceOf(thread: Thread): void {
  try {
    if (!resumeSequence(thread)) forceSignal(thread, { signal: SIG.SEGV, code: SI.KERNEL });
  } catch (error) {
    if (!isAwaited(error)) throw error;
    thread.blocking = waitAsKernel(thread, error);
  }
}
