/**
 * Watches the threads of a process for what makes a debugger stop them: breakpoints, watchpoints, and the end of a step. Nothing is stored
 * into the memory of the program, and it cannot tell.
 */

import type { Thread } from '../../host/task/internal.ts';
import type { Cpu, CpuState, Machine, ObservedAccess, Observer } from '../../machine/index.ts';
import type { Point, Stop, StopReason } from '../gdb/target.ts';

/** What is watched. */
export interface ProcessWatchOptions {
  readonly machine: Machine;
  readonly points: readonly Point[];
  /** The thread that does one instruction, or null. */
  readonly stepping: Thread | null;
  /** The thread that stopped last: the instruction at which it has stopped is no hit again. */
  readonly stopped: Thread | null;
  /** Returns the thread of the process that a processor executes, or null if it executes another one. */
  readonly running: (cpu: number) => Thread | null;
  readonly hit: (stop: Stop) => void;
}

/** Instructions that were observed: one that a page fault interrupts is observed again. */
interface Place {
  readonly thread: Thread;
  readonly address: bigint;
  readonly executed: number;
}

/** A watch, from its construction until `close`. */
export class ProcessWatch implements Observer {
  readonly before: Observer['before'];
  readonly accessed: Observer['accessed'];
  readonly #options: ProcessWatchOptions;
  readonly #addresses: ReadonlyMap<number, readonly Point[]>;
  readonly #accesses: readonly Point[];
  /** The processor that executes, and its thread. */
  #cpu: Cpu | null = null;
  #thread: Thread | null = null;
  /** The instruction that the stepping thread does. */
  #step: Place | null = null;
  /** Where each thread has executed an instruction with a breakpoint already. */
  #passed: Place | null = null;
  readonly #began: bigint;
  readonly #skipAt: bigint | null;
  #pending: { readonly point: Point; readonly address: bigint } | null = null;
  #isOver = false;

  /** @throws BusyError while a processor executes */
  constructor(options: ProcessWatchOptions) {
    this.#options = options;
    const { points, stepping, stopped, machine } = options;
    this.#addresses = byAddress(points.filter((point) => !isAccess(point)));
    this.#accesses = points.filter(isAccess);
    this.#began = addressOf(stepping);
    this.#skipAt = stopped === null ? null : addressOf(stopped);
    this.before = (cpu) => this.#before(cpu);
    this.accessed = this.#accesses.length > 0 ? (access) => this.#accessed(access) : null;
    machine.observer = this;
  }

  close(): void {
    this.#options.machine.observer = null;
  }

  #before(state: CpuState): boolean {
    const cpu = state as Cpu;
    const thread = this.#options.running(cpu.address);
    this.#cpu = cpu;
    this.#thread = thread;
    if (thread === null) return this.#isOver;
    if (thread === this.#options.stepping) return this.#beforeStep(cpu, thread);
    if (this.#addresses.has(cpu.iaLo)) this.#beforePoint(cpu, thread);
    return this.#isOver;
  }

  #beforeStep(cpu: Cpu, thread: Thread): boolean {
    const address = cpu.pswAddress;
    const { executed } = cpu;
    const isAgain = this.#step?.address === address && this.#step.executed === executed;
    // A signal handler is entered before the first instruction: that is the step.
    const isFirst = this.#step === null && address === this.#began;
    if (isAgain || isFirst) this.#step = { thread, address, executed };
    else this.#stop(thread, { kind: 'step' });
    return this.#isOver;
  }

  #beforePoint(cpu: Cpu, thread: Thread): void {
    const address = cpu.pswAddress;
    const point = this.#addresses.get(cpu.iaLo)?.find((one) => one.address === address);
    if (point === undefined) return;
    const { executed } = cpu;
    const isPassed =
      this.#passed?.thread === thread &&
      this.#passed.address === address &&
      this.#passed.executed === executed;
    if (isPassed) return;
    if (this.#passed === null && thread === this.#options.stopped && address === this.#skipAt) {
      this.#passed = { thread, address, executed };
      return;
    }
    this.#stop(thread, { kind: 'point', point, address });
  }

  #accessed(access: ObservedAccess): void {
    const cpu = this.#cpu;
    if (this.#thread === null || cpu === null) return;
    const address = BigInt(access.page) * 4096n + BigInt(access.offset);
    for (const point of this.#accesses) {
      if (point.kind !== 'access' && (point.kind === 'write') !== access.store) continue;
      if (address >= point.address + BigInt(point.length) || address + BigInt(access.length) <= point.address)
        continue;
      this.#pending ??= { point, address: address > point.address ? address : point.address };
      // The loop of the processor ends after the instruction, and calls `ended`.
      cpu.attention = true;
    }
  }

  abandoned(): void {
    this.#pending = null;
  }

  stored(): boolean {
    return false;
  }

  ended(): boolean {
    if (this.#pending !== null && this.#thread !== null) {
      this.#stop(this.#thread, { kind: 'point', ...this.#pending });
      this.#pending = null;
    }
    return this.#isOver;
  }

  #stop({ tid }: Thread, reason: StopReason): void {
    if (!this.#isOver) this.#options.hit({ thread: tid, reason });
    this.#isOver = true;
  }
}

function isAccess({ kind }: Point): boolean {
  return kind !== 'software' && kind !== 'hardware';
}

function addressOf(thread: Thread | null): bigint {
  if (thread === null) return -1n;
  return (BigInt(thread.registers.addressHi) << 32n) | BigInt(thread.registers.addressLo);
}

/** Points by the low halves of their addresses. */
function byAddress(points: readonly Point[]): Map<number, Point[]> {
  const all = new Map<number, Point[]>();
  for (const point of points) {
    const low = Number(point.address & 0xffff_ffffn);
    const there = all.get(low);
    if (there === undefined) all.set(low, [point]);
    else there.push(point);
  }
  return all;
}
