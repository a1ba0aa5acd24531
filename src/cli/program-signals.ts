/** Signals to this command, which are those of the program that `run` executes. */

import type { Linux, LinuxProcess } from '../host/task/index.ts';
import { type EndSignal, numberOf } from './interrupts.ts';
import type { ProgramFiles } from './program-files.ts';

/** A second signal within this time, in milliseconds, ends the command if the program has taken none since the first. */
const AGAIN = 1000;

/** Passes signals to a program: to the process group in the foreground. */
export class ProgramSignals {
  readonly #linux: Linux;
  readonly #process: LinuxProcess;
  readonly #files: ProgramFiles;
  readonly #last = new Map<EndSignal, { readonly time: number; readonly taken: number }>();

  constructor(linux: Linux, process: LinuxProcess, files: ProgramFiles) {
    this.#linux = linux;
    this.#process = process;
    this.#files = files;
  }

  /** Passes a signal. Returns false if the command has to end: nobody is there, or the program does not react. */
  pass(signal: EndSignal): boolean {
    const { signals: taken } = this.#linux.system.counts;
    const last = this.#last.get(signal);
    const time = performance.now();
    if (last !== undefined && time - last.time < AGAIN && last.taken === taken) return false;
    this.#last.set(signal, { time, taken });
    if (signal === 'SIGHUP' && this.#files.hasTerminal && !this.#files.isHungUp) {
      this.#files.hangUp();
      return true;
    }
    if (!this.#linux.signalForeground(this.#process, numberOf(signal))) return false;
    this.#files.wake();
    return true;
  }
}
