/** Reports system calls, signals and ends of processes: to who asked for the lines of strace, and as events of the trace. */

import type { Trace } from '../../../trace/index.ts';
import type { CallTracer } from '../process/call-tracer.ts';
import type { Thread } from '../process/task.ts';
import type { SignalInfo } from '../signals/pending-signals.ts';
import { Strace } from './strace.ts';

/** The reporter of a system. */
export class CallReports implements CallTracer {
  readonly #trace: Trace;
  readonly #events: Strace;
  readonly #lines: Strace | null;

  /** @param line takes the lines, or undefined if nobody wants them */
  constructor(trace: Trace, line: ((line: string) => void) | undefined) {
    this.#trace = trace;
    this.#events = new Strace((text, thread, type) => {
      trace.listener?.({ type, process: thread.process.pid, thread: thread.tid, text });
    });
    this.#lines = line === undefined ? null : Strace.printing(line);
  }

  entered(thread: Thread): void {
    this.#lines?.entered(thread);
    if (this.#trace.listener !== null) this.#events.entered(thread);
  }

  left(thread: Thread, result: number | null): void {
    this.#lines?.left(thread, result);
    if (this.#trace.listener !== null) this.#events.left(thread, result);
  }

  signal(thread: Thread, info: SignalInfo): void {
    this.#lines?.signal(thread, info);
    if (this.#trace.listener !== null) this.#events.signal(thread, info);
  }

  ended(thread: Thread): void {
    this.#lines?.ended(thread);
    if (this.#trace.listener !== null) this.#events.ended(thread);
  }
}
