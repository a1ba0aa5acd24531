/**
 * Watches a host, and the guest that it runs, for hits of breakpoints. The guest cannot tell: it has the same steps, clocks,
 * memory and events with a watch as without.
 */

import type { Host, Vcpu } from '../host/index.ts';
import { GuestRegisters } from '../inspect/internal.ts';
import type { Cpu, CpuState, ObservedAccess, Observer } from '../machine/index.ts';
import type { Trace, TraceEvent } from '../trace/index.ts';
import { type Breakpoint, isTriggered, type Trigger } from './breakpoint.ts';
import { type Condition, holds } from './condition.ts';

/** Why a breakpoint was hit. */
export type Cause =
  /** The instruction at an address will be executed next. */
  | { readonly kind: 'instruction'; readonly address: bigint }
  /** The instruction at `instruction` has accessed `length` bytes from `address` on, which is as the breakpoint has it. */
  | {
      readonly kind: 'access';
      readonly address: bigint;
      readonly length: number;
      readonly store: boolean;
      readonly instruction: bigint;
    }
  /** An event was emitted. */
  | { readonly kind: 'event'; readonly event: TraceEvent };

/** A hit of a breakpoint. */
export interface Hit {
  /** The index of the breakpoint. */
  readonly breakpoint: number;
  /** CPU address of the virtual CPU that was running, or ran last; null if there is none. */
  readonly cpu: number | null;
  readonly cause: Cause;
}

/** What is watched. */
export interface Watched {
  readonly trace: Trace;
  /** The host, or null if there is only a trace: breakpoints for events are the only ones that can be hit then. */
  readonly host: Host | null;
  /** Returns the virtual CPU that runs, or ran last, or null. */
  vcpu(): Vcpu | null;
}

interface Numbered<T extends Trigger> {
  readonly index: number;
  readonly trigger: T;
}

/** A watch. It begins when it is constructed, and ends with `close`. */
export class BreakpointWatch implements Observer {
  readonly before: Observer['before'];
  readonly accessed: Observer['accessed'];
  readonly #watched: Watched;
  /** The processor on which guests run. */
  readonly #cpu: Cpu | null;
  readonly #breakpoints: readonly Breakpoint[];
  readonly #hit: (hit: Hit) => boolean;
  readonly #instructions: readonly Numbered<Trigger & { kind: 'instruction' }>[];
  readonly #accesses: readonly Numbered<Trigger & { kind: 'access' }>[];
  readonly #events: readonly Numbered<Trigger & { kind: 'event' }>[];
  /** The low halves of the addresses of instructions; null if one of the breakpoints is for a range. */
  readonly #addresses: ReadonlySet<number> | null;
  /** Accesses of the instruction under way, which may not complete. */
  #pending: Hit[] = [];
  /** Units of work before the instruction that was observed last: it may be executed again. */
  #seen = -1;
  #stopped = false;
  readonly #unsubscribe: () => void;

  /**
   * @param hit called for each hit: right before the instruction, after the instruction that has made the access, or while the
   *   event is emitted. Returns whether the guest must stop
   * @param from units of work done: an instruction that comes next then was observed already
   * @throws BusyError while a processor executes
   */
  constructor(watched: Watched, breakpoints: readonly Breakpoint[], hit: (hit: Hit) => boolean, from = -1) {
    this.#watched = watched;
    this.#breakpoints = breakpoints;
    this.#hit = hit;
    this.#seen = from;
    const numbered = breakpoints.map(({ trigger }, index): Numbered<Trigger> => ({ index, trigger }));
    this.#instructions = numbered.filter(hasKind('instruction'));
    this.#accesses = numbered.filter(hasKind('access'));
    this.#events = numbered.filter(hasKind('event'));
    const single = this.#instructions.every(({ trigger }) => trigger.first === trigger.last);

    this.#addresses = single
      ? new Set(this.#instructions.map(({ trigger }) => Number(trigger.first & 0xffff_ffffn)))
      : null;
    this.before = this.#instructions.length > 0 ? (cpu) => this.#before(cpu) : null;
    this.accessed = this.#accesses.length > 0 ? (access) => this.#accessed(access) : null;
    this.#cpu = watched.host?.machine.cpu(0) ?? null;
    if (watched.host !== null) watched.host.machine.observer = this;
    this.#unsubscribe =
      this.#events.length > 0 ? watched.trace.subscribe((event) => this.#emitted(event)) : () => {};
  }

  /** Ends the watch. */
  close(): void {
    this.#unsubscribe();
    if (this.#watched.host !== null) this.#watched.host.machine.observer = null;
  }

  /** Whether a hit has stopped the guest. */
  get stopped(): boolean {
    return this.#stopped;
  }

  /** Lets the guest go on after a hit. */
  resume(): void {
    this.#stopped = false;
  }

  /** Must be called when the guest has left interpretive execution and the host has handled the exit: as `pending` of `run`. */
  ended(): boolean {
    for (const hit of this.#pending.splice(0)) this.#report(hit);
    return this.#stopped;
  }

  abandoned(): void {
    this.#pending.length = 0;
  }

  stored(): boolean {
    return false;
  }

  #before(cpu: CpuState): boolean {
    if (this.#addresses !== null && !this.#addresses.has(cpu.iaLo)) return false;
    const { executed } = this.#cpu as Cpu;
    if (executed === this.#seen) return false;
    this.#seen = executed;
    const address = cpu.pswAddress;
    for (const { index, trigger } of this.#instructions) {
      if (address < trigger.first || address > trigger.last) continue;
      this.#report(this.#hitOf(index, { kind: 'instruction', address }));
    }
    return this.#stopped;
  }

  #accessed(access: ObservedAccess): void {
    for (const { index, trigger } of this.#accesses) {
      if (trigger.access !== 'access' && (trigger.access === 'write') !== access.store) continue;
      const page = trigger.absolute ? access.absolute : access.page;
      const address = BigInt(page) * 4096n + BigInt(access.offset);
      if (address > trigger.last || address + BigInt(access.length) <= trigger.first) continue;
      if (this.#pending.some(({ breakpoint }) => breakpoint === index)) continue;
      this.#pending.push(this.#accessHit(index, address, access));
    }
  }

  #accessHit(index: number, address: bigint, { length, store }: ObservedAccess): Hit {
    const cpu = this.#cpu as Cpu;
    // The loop of the processor ends after the instruction, and calls `ended`.
    cpu.attention = true;
    const instruction = (BigInt(cpu.startHi) << 32n) | BigInt(cpu.startLo);
    return this.#hitOf(index, { kind: 'access', address, length, store, instruction });
  }

  #emitted(event: TraceEvent): void {
    for (const { index, trigger } of this.#events) {
      if (isTriggered(trigger, event)) this.#report(this.#hitOf(index, { kind: 'event', event }));
    }
  }

  #hitOf(breakpoint: number, cause: Cause): Hit {
    return { breakpoint, cpu: this.#watched.vcpu()?.id ?? null, cause };
  }

  #report(hit: Hit): void {
    const { condition } = this.#breakpoints[hit.breakpoint] as Breakpoint;
    if (condition !== null && !this.#holds(condition)) return;
    if (this.#hit(hit)) this.#stopped = true;
  }

  #holds(condition: Condition): boolean {
    const { host } = this.#watched;
    const vcpu = this.#watched.vcpu();
    if (host === null || vcpu === null) return false;
    return holds(condition, new GuestRegisters(host, this.#cpu as Cpu, vcpu), vcpu.id);
  }
}

/** Returns a filter for the breakpoints of a kind. */
function hasKind<K extends Trigger['kind']>(kind: K) {
  return (one: Numbered<Trigger>): one is Numbered<Trigger & { kind: K }> => one.trigger.kind === kind;
}
