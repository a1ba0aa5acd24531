/** Processes that run programs for the check of GCC's tests. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Answer, Order } from './worker.ts';

const SOURCE = fileURLToPath(new URL('./worker.ts', import.meta.url));

/** A process that runs one program after another. It is replaced when a program takes too long. */
export class TestWorker {
  readonly #seconds: number;
  #child: ChildProcess | null = null;

  /** @param seconds maximum time of a program */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** Runs a program. */
  async run(order: Order): Promise<Answer> {
    this.#child ??= fork(SOURCE);
    const child = this.#child;
    return await new Promise((resolve) => {
      const answered = (answer: Answer, isOver: boolean) => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (isOver) this.end();
        resolve(answer);
      };
      const timer = setTimeout(() => answered({ end: 'time', work: 0 }, true), this.#seconds * 1000);
      child.once('message', (answer: Answer) => answered(answer, false));
      child.once('exit', (status, signal) =>
        answered({ end: `error: the process ended (${signal ?? status})`, work: 0 }, true),
      );
      child.send(order);
    });
  }

  /** Ends the process. */
  end(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}
