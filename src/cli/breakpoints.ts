/** `guesthouse boot --break`: stops a guest at a breakpoint, and reports where and why. */

import {
  type Breakpoint,
  BreakpointError,
  BreakpointWatch,
  type Hit,
  parseBreakpoint,
} from '../debug/index.ts';
import type { Host } from '../host/index.ts';
import { hex } from '../host/internal.ts';
import { processorState } from '../inspect/index.ts';
import type { Monitor, SymbolTable } from '../vmm/index.ts';
import { complain, UsageError } from './output.ts';

/** What `--break` and `--hits` ask for. */
export interface BreakOptions {
  /** Breakpoints as docs/boot.md describes them. */
  readonly break: readonly string[];
  /** The guest stops at this hit, from 1. */
  readonly hits: number;
}

/** Collects the values of an option that may be repeated. */
export function repeated(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

/** The breakpoints of a guest that runs. */
export class GuestBreakpoints {
  readonly #watch: BreakpointWatch;
  readonly #breakpoints: readonly Breakpoint[];
  readonly #host: Host;
  readonly #monitor: Monitor;
  readonly #symbols: SymbolTable;
  readonly #hits: number;
  readonly #quiet: boolean;
  #count = 0;
  #last: Hit | null = null;

  /**
   * @param quiet whether hits are not printed
   * @throws UsageError for a text that is no breakpoint
   */
  constructor(host: Host, monitor: Monitor, symbols: SymbolTable, options: BreakOptions, quiet: boolean) {
    this.#host = host;
    this.#monitor = monitor;
    this.#symbols = symbols;
    this.#hits = options.hits;
    this.#quiet = quiet;
    this.#breakpoints = options.break.map((text) => parsed(text, symbols));
    const watched = { host, trace: host.machine.trace, vcpu: () => monitor.current };
    this.#watch = new BreakpointWatch(watched, this.#breakpoints, (hit) => this.#hit(hit));
  }

  /** Whether the guest must stop: to be asked when the host has handled an exit. */
  get stopped(): boolean {
    return this.#watch.ended();
  }

  #hit(hit: Hit): boolean {
    // One event can hit several breakpoints. The guest stops at the first.
    if (this.#count >= this.#hits) return true;
    this.#count++;
    this.#last = hit;
    if (!this.#quiet) complain(this.#sentence(hit));
    return this.#count >= this.#hits;
  }

  /** Says what the user can do now. */
  advise(): void {
    complain(
      `the guest stopped there; --hits ${this.#hits + 1} goes on to the next hit, --json prints the registers`,
    );
  }

  /** The last hit and the state of the guest, for `--json`. */
  get summary() {
    const { breakpoint, cpu, cause } = this.#last as Hit;
    const vcpu = this.#monitor.current;
    const { registers } = processorState(this.#host, this.#host.machine.cpu(0), vcpu);
    const { psw: _, ...values } = registers;
    const code = registers.code.map((line) => ({ ...line, ...this.#symbolAt(line.address) }));
    const at = this.#symbolAt(registers.pswAddress);
    const where = { cpu, ...at, cause };
    return {
      breakpoint: this.#text(breakpoint),
      hits: this.#count,
      ...where,
      registers: { ...values, code },
    };
  }

  #text(breakpoint: number): string {
    return (this.#breakpoints[breakpoint] as Breakpoint).text;
  }

  #symbolAt(address: bigint): { symbol?: string } {
    const symbol = this.#symbols.nameOf(address);
    return symbol === null ? {} : { symbol };
  }

  #sentence(hit: Hit): string {
    const done = `after ${this.#host.machine.cpu(0).executed} instructions`;
    return `breakpoint "${this.#text(hit.breakpoint)}": CPU ${hit.cpu ?? 0} ${this.#why(hit)} ${done}`;
  }

  #why({ cause }: Hit): string {
    switch (cause.kind) {
      case 'instruction':
        return `is about to execute the instruction at ${this.#place(cause.address)}`;
      case 'access': {
        const bytes = `${cause.length} ${cause.length === 1 ? 'byte' : 'bytes'}`;
        const what = cause.store ? `stored ${bytes} at` : `read ${bytes} at`;
        return `${what} ${this.#place(cause.address)} by the instruction at ${this.#place(cause.instruction)}`;
      }
      case 'event': {
        const { type, ...fields } = cause.event;
        const words = Object.entries(fields).map(
          ([name, value]) => `${name} ${typeof value === 'bigint' ? hex(value) : value}`,
        );
        return `caused the event ${type} (${words.join(', ')})`;
      }
    }
  }

  #place(address: bigint): string {
    const symbol = this.#symbols.nameOf(address);
    return symbol === null ? hex(address) : `${hex(address)} (${symbol})`;
  }

  /** Ends the watch. */
  close(): void {
    this.#watch.close();
  }
}

function parsed(text: string, symbols: SymbolTable): Breakpoint {
  try {
    return parseBreakpoint(text, symbols);
  } catch (error) {
    if (error instanceof BreakpointError) throw new UsageError(`--break: ${error.message}`);
    throw error;
  }
}
