/** `guesthouse boot --gdb`: runs a guest as GDB asks. */

import { setTimeout as delay, setImmediate } from 'node:timers/promises';
import type { GuestTarget } from '../debug/index.ts';
import type { End } from '../vmm/index.ts';
import { GdbConnection } from './gdb-connection.ts';
import { GuestInput } from './guest-input.ts';
import type { Interrupts } from './interrupts.ts';
import { complain, EXIT, type Output } from './output.ts';

/** Length of a slice in milliseconds. */
const SLICE = 50;
/** TOD units per millisecond. */
const TOD_PER_MILLISECOND = 4_096_000n;
/** Longest wait for the guest's clock, in milliseconds: timers have 31 bits. */
const WAIT_MAX = 0x7fff_ffff;

/** What the guest runs with. */
export interface DebugOptions {
  /** The TCP port; 0 for any free one. */
  readonly port: number;
  readonly output: Output;
  readonly interrupts: Interrupts;
}

/** How it ended: as the guest did, or because GDB killed it, by a signal, or because its output cannot be written. */
export type DebugEnd = End | 'killed' | 'interrupted' | 'output';

/** Waits for GDB, and runs the guest until it ends without a debugger, or GDB ends it. @throws UsageError */
export async function debugGuest(target: GuestTarget, options: DebugOptions): Promise<DebugEnd> {
  const debugged = new GuestDebugger(target, options);
  try {
    await debugged.listen(options.port);
    return await debugged.run();
  } finally {
    debugged.close();
  }
}

class GuestDebugger {
  readonly #target: GuestTarget;
  readonly #output: Output;
  readonly #interrupts: Interrupts;
  readonly #input: GuestInput;
  readonly #connection: GdbConnection;

  constructor(target: GuestTarget, { output, interrupts }: DebugOptions) {
    this.#target = target;
    this.#output = output;
    this.#interrupts = interrupts;
    this.#connection = new GdbConnection(target);
    this.#input = new GuestInput(
      target,
      () => interrupts.interrupt(EXIT.INTERRUPTED),
      () => complain('a guest that GDB debugs cannot be saved'),
    );
  }

  listen(port: number): Promise<void> {
    return this.#connection.listen(port);
  }

  async run(): Promise<DebugEnd> {
    for (;;) {
      if (this.#interrupts.status !== null) return 'interrupted';
      if (this.#output.failed) return 'output';
      const end = this.#endOfSession();
      if (end !== null) return end;
      if (this.#target.stop !== null) await this.#event();
      else await this.#slice();
    }
  }

  /** Ends the session if it is over. Returns how the guest ended, or null. */
  #endOfSession(): DebugEnd | null {
    const { ended } = this.#target;
    if (!this.#connection.isActive) return this.#target.stop === null ? null : endOf(ended);
    const end = this.#connection.takeEnd();
    if (end === null) return null;
    if (end === 'killed') return 'killed';
    if (end === 'exited') return endOf(ended);
    if (end === 'detached') this.#target.resume({ kind: 'continue' });
    // A client that is lost leaves the guest stopped, for the next one.
    else if (this.#target.stop === null) this.#target.interrupt();
    return null;
  }

  /** Runs the guest for some time, and waits if it waits. */
  async #slice(): Promise<void> {
    const until = performance.now() + SLICE;
    const stopped = this.#connection.advance(() => performance.now() >= until);
    this.#output.flush();
    await setImmediate();
    if (this.#output.full) await Promise.race([this.#output.drained(), this.#interrupts.interrupted]);
    this.#input.service();
    if (!stopped && this.#target.waits !== null) await this.#wait(this.#target.waits.until);
  }

  /** Waits for input, for the clock or for the client. */
  async #wait(until: bigint | null): Promise<void> {
    if (this.#connection.isOver) return;
    const timer = new AbortController();
    const waits = [this.#input.more(), this.#event()];
    if (until !== null) {
      const time = Number((until - this.#target.tod) / TOD_PER_MILLISECOND);
      waits.push(delay(Math.min(Math.max(time, 0), WAIT_MAX), undefined, timer).catch(() => {}));
    }
    await Promise.race(waits);
    timer.abort();
  }

  /** Waits for the client, or for a signal. */
  async #event(): Promise<void> {
    await Promise.race([this.#connection.event(), this.#interrupts.interrupted]);
  }

  close(): void {
    this.#connection.close();
    this.#input.close();
  }
}

/** @throws LinuxError if the guest cannot go on because of it */
function endOf(ended: GuestTarget['ended']): End | null {
  if (ended instanceof Error) throw ended;
  return ended;
}
