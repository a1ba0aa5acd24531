/** A booted Linux that a script talks to: waits for prompts, sends commands and collects their output. */

import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from '../checkout.ts';

const PROMPT = /guesthouse:[^\n]*# $/;
/** What a shell sends to ask where the cursor is, and other control sequences. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: terminals use them.
const CONTROL = /\x1b\[[0-9;?]*[A-Za-z]|\r/g;

/** One run of Linux. */
export class Session {
  readonly #child: ChildProcess;
  /** All output, without control sequences. */
  text = '';
  /** Where the output of the current command begins. */
  #from = 0;
  #arrived = () => {};
  #ended = false;
  /** Milliseconds from the start to the first byte of output, and to the first prompt; 0 if there was none. */
  firstOutput = 0;
  firstPrompt = 0;
  readonly #started = performance.now();
  readonly exit: Promise<number | null>;

  /** @param args arguments of a command @param command of `guesthouse` */
  constructor(args: readonly string[], command = 'boot') {
    const options = { stdio: ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'] };
    this.#child = spawn(process.execPath, [join(ROOT, 'bin/guesthouse.js'), command, ...args], options);
    this.exit = new Promise((resolve) => {
      this.#child.on('exit', (status) => {
        this.#ended = true;
        this.#arrived();
        resolve(status);
      });
    });
    this.#child.stdout?.on('data', (bytes: Buffer) => {
      this.firstOutput ||= performance.now() - this.#started;
      this.text += bytes.toString().replace(CONTROL, '');
      this.#arrived();
    });
  }

  /** Waits until new output matches. Returns it. @throws Error if the guest ends before, or after `seconds` */
  async until(pattern: RegExp, seconds = 300): Promise<string> {
    const deadline = performance.now() + seconds * 1000;
    for (;;) {
      const fresh = this.text.slice(this.#from);
      if (pattern.test(fresh)) {
        this.#from = this.text.length;
        return fresh;
      }
      const left = deadline - performance.now();
      if (this.#ended) throw new Error(`the guest ended before ${pattern}: …${fresh.slice(-300)}`);
      if (left <= 0) throw new Error(`no ${pattern} after ${seconds} s: …${fresh.slice(-300)}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#arrived = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Waits for the first prompt. */
  async ready(seconds?: number): Promise<void> {
    await this.until(PROMPT, seconds);
    this.firstPrompt = performance.now() - this.#started;
  }

  /** Runs a shell command. Returns its output. */
  async run(command: string, seconds?: number): Promise<string> {
    this.type(command);
    const output = await this.until(PROMPT, seconds);
    // Without the echo of the command, and the prompt.
    return output.slice(output.indexOf('\n') + 1).replace(PROMPT, '');
  }

  /** Types a line. */
  type(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }

  /** Ends it. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }
}
