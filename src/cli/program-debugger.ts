/** `guesthouse run --gdb`: runs a program as GDB asks. */

import { setImmediate } from 'node:timers/promises';
import { ProcessTarget } from '../debug/index.ts';
import type { LinuxProcess } from '../host/task/index.ts';
import { GdbConnection } from './gdb-connection.ts';
import { type ProgramEnd, type ProgramLoop, waitFor } from './program-loop.ts';

/** Length of a slice in milliseconds. */
const SLICE = 50;
const SIGKILL = 9;

/** Waits for GDB, and runs a program that was started until it ends. @param port 0 for any free one. @throws UsageError */
export async function debugProgram(
  process: LinuxProcess,
  loop: ProgramLoop,
  port: number,
): Promise<ProgramEnd> {
  const debugged = new ProgramDebugger(process, loop);
  try {
    await debugged.listen(port);
    return await debugged.run();
  } finally {
    debugged.close();
  }
}

class ProgramDebugger {
  readonly #process: LinuxProcess;
  readonly #loop: ProgramLoop;
  readonly #target: ProcessTarget;
  readonly #connection: GdbConnection;

  constructor(process: LinuxProcess, loop: ProgramLoop) {
    this.#process = process;
    this.#loop = loop;
    this.#target = new ProcessTarget(loop.linux, process);
    this.#connection = new GdbConnection(this.#target, () => this.#target.attach(true));
  }

  listen(port: number): Promise<void> {
    return this.#connection.listen(port);
  }

  async run(): Promise<ProgramEnd> {
    const { interrupts, files } = this.#loop;
    for (;;) {
      if (interrupts.status !== null) return { kind: 'interrupted' };
      this.#endSession();
      const { stop, ended } = this.#target;
      if (ended !== null && !this.#connection.isActive) return { kind: 'ended', status: ended };
      files.service();
      if (stop === null) await this.#slice();
      else await Promise.race([this.#connection.event(), interrupts.interrupted]);
    }
  }

  /** Ends the session if it is over. */
  #endSession(): void {
    const end = this.#connection.takeEnd();
    if (end === 'killed') this.#detach(() => this.#process.kill(SIGKILL));
    else if (end === 'detached') this.#detach(() => {});
    // A client that is lost leaves the program stopped, for the next one.
    else if (end !== null && this.#target.stop === null) this.#target.interrupt();
  }

  #detach(action: () => void): void {
    this.#target.attach(false);
    action();
    this.#target.resume({ kind: 'continue' });
  }

  /** Runs the program for some time, and waits if it waits. */
  async #slice(): Promise<void> {
    const until = performance.now() + SLICE;
    const stopped = this.#connection.advance(() => performance.now() >= until);
    this.#loop.files.service();
    const { waits } = this.#target;
    if (stopped || waits === null || this.#connection.isOver) await setImmediate();
    else await waitFor(this.#loop, waits.until, [this.#connection.event()]);
  }

  close(): void {
    this.#connection.close();
  }
}
