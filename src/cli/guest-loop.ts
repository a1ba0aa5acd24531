/** Runs a guest in slices of time. Between slices it handles signals, input and slow readers of the output. */

import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import { type Checker, describeViolation } from '../check/index.ts';
import type { End, Monitor } from '../vmm/index.ts';
import type { GuestBreakpoints } from './breakpoints.ts';
import type { GuestInput } from './guest-input.ts';
import type { GuestNetwork } from './guest-network.ts';
import type { Interrupts } from './interrupts.ts';
import type { Output } from './output.ts';
import type { TraceFile } from './trace-file.ts';

/** Length of a slice in milliseconds. */
const SLICE = 50;
/** Units of work between two checks. Constant, so that every run finds the same. */
const CHECK_EVERY = 2_000_000;

/** TOD units per millisecond. */
const TOD_PER_MILLISECOND = 4_096_000n;
const TOD_PER_MICROSECOND = 4096n;
/** Longest wait for the guest's clock, in milliseconds: timers have 31 bits. */
const WAIT_MAX = 0x7fff_ffff;

/** What a guest runs with. */
export interface LoopOptions {
  readonly checker: Checker | null;
  readonly output: Output;
  readonly trace: TraceFile | null;
  readonly input: GuestInput;
  readonly network: GuestNetwork | null;
  readonly interrupts: Interrupts;
  readonly breakpoints: GuestBreakpoints | null;
  /** Whether a reset that the guest asks for loads the guest again. */
  readonly reboot: boolean;
  /** Maximum units of work; Infinity for no limit. */
  readonly limit: number;
  /** Units of work done so far. */
  executed(): number;
  readonly clock: { readonly tod: bigint; skipTo(tod: bigint): void };
}

/** How a run ended: by the guest, or from outside. */
export type LoopEnd =
  | End
  | { readonly kind: 'interrupted' | 'broken-rule' | 'breakpoint' }
  /** Standard output or the trace cannot be written. */
  | { readonly kind: 'output' };

/** Runs a guest to its end. */
export async function runGuest(monitor: Monitor, options: LoopOptions): Promise<LoopEnd> {
  const loop = new GuestLoop(monitor, options);
  for (;;) {
    const end = loop.slice();
    if (end?.kind === 'input') await loop.waitForInput(end.until);
    else if (end?.kind === 'reset' && options.reboot) monitor.reload();
    else if (end !== null) return loop.checked(end);
    const stop = await loop.serviceIo();
    if (stop !== null) return loop.checked(stop);
  }
}

class GuestLoop {
  readonly #monitor: Monitor;
  readonly #options: LoopOptions;
  /** Units of work after which the next check is due. */
  #checkAt: number;

  constructor(monitor: Monitor, options: LoopOptions) {
    this.#monitor = monitor;
    this.#options = options;
    this.#checkAt = this.#beginCheck();
  }

  /** Runs one slice. Returns how the guest ended, or null if it can continue. */
  slice(): LoopEnd | null {
    const { limit, executed, breakpoints } = this.#options;
    const until = performance.now() + SLICE;
    const late = () => performance.now() >= until;
    const pending = breakpoints === null ? late : () => breakpoints.stopped || late();
    do {
      const done = executed();
      if (done >= limit) return { kind: 'limit' };
      const end = this.#monitor.run(Math.min(limit, this.#checkAt) - done, pending);
      if (breakpoints?.stopped) return { kind: 'breakpoint' };
      if (end.kind !== 'limit') return end;
      if (executed() < this.#checkAt) continue;
      if (this.#endCheck()) return { kind: 'broken-rule' };
      this.#checkAt = this.#beginCheck();
    } while (!pending());
    return null;
  }

  /** Handles signals, input and output. Returns why the guest must stop, or null if it can continue. */
  async serviceIo(): Promise<LoopEnd | null> {
    const { output, trace, input, interrupts, network } = this.#options;
    output.flush();
    await setImmediate();
    if (output.full) await Promise.race([output.drained(), interrupts.interrupted]);
    await trace?.drained(() => interrupts.status !== null);
    if (interrupts.status !== null) return { kind: 'interrupted' };
    if (output.failed || trace?.failure) return { kind: 'output' };
    input.service();
    network?.service();
    return null;
  }

  /**
   * Waits for input or a network while all CPUs of the guest wait. The guest's clock follows the time of day meanwhile.
   * @param until value of the TOD clock at which another event wakes the guest, or null if there is none
   */
  async waitForInput(until: bigint | null): Promise<void> {
    const { output, input, interrupts, clock, network } = this.#options;
    output.flush();
    const next = earlier(until, network?.due ?? null);
    const timer = new AbortController();
    const waits = [input.more(), interrupts.interrupted];
    if (network !== null) waits.push(network.event());
    const [start, began] = [clock.tod, performance.now()];
    let expired = false;
    if (next !== null) {
      const time = Number((next - start) / TOD_PER_MILLISECOND);
      const wait = delay(Math.min(Math.max(time, 0), WAIT_MAX), undefined, timer);
      waits.push(wait.then(() => void (expired = true)).catch(() => {}));
    }
    await Promise.race(waits);
    timer.abort();
    if (network === null) return;
    const passed = start + BigInt(Math.floor((performance.now() - began) * 1000)) * TOD_PER_MICROSECOND;
    clock.skipTo(expired && next !== null ? next : (earlier(passed, next) as bigint));
  }

  /** Performs the last check. Returns the end of the run. */
  checked(end: LoopEnd): LoopEnd {
    if (end.kind === 'interrupted' || end.kind === 'broken-rule' || this.#options.checker === null)
      return end;
    return this.#endCheck() ? { kind: 'broken-rule' } : end;
  }

  #beginCheck(): number {
    const { checker, executed } = this.#options;
    if (checker === null) return Infinity;
    checker.record(`instructions ${executed()} on`);
    return executed() + CHECK_EVERY;
  }

  /** Reports broken rules. Returns whether there are any. */
  #endCheck(): boolean {
    const violations = this.#options.checker?.checkChanged() ?? [];
    if (violations.length > 0) this.#options.output.flush();
    for (const violation of violations) process.stderr.write(`${describeViolation(violation)}\n`);
    return violations.length > 0;
  }
}

/** Returns the earlier of two times, of which null means never. */
function earlier(one: bigint | null, other: bigint | null): bigint | null {
  if (one === null || other === null) return one ?? other;
  return one < other ? one : other;
}
