/**
 * The terminal that `run` is started on, as the terminal of the system. The program owns it, as it would when a shell starts it: all control
 * sequences pass in both directions, since editors and pagers need them. The keys ^A x end the run.
 */

import { spawnSync } from 'node:child_process';
import { WriteStream } from 'node:tty';
import type { Linux, SystemTerminal } from '../host/task/index.ts';
import { EscapeKeys } from './escape-keys.ts';
import type { ProgramOutputs } from './program-output.ts';

/** Typed bytes that wait until the system takes them; more are lost. */
const TYPED_MAX = 1 << 20;
const HELP = '^A x ends the run, ^A ^A sends ^A, ^A h shows this';

/** What the terminal tells. */
export interface TerminalEvents {
  /** The system may go on. */
  changed(): void;
  /** ^A x was typed. */
  end(): void;
}

/** Connects the terminal with a system. Preconditions: standard input is a terminal. */
export class ProgramTerminal {
  readonly terminal: SystemTerminal;
  readonly #screen: WriteStream;
  readonly #events: TerminalEvents;
  readonly #keys: EscapeKeys;
  #typed: Uint8Array = new Uint8Array(0);
  #raw = false;
  readonly #restore = () => {
    process.stdin.setRawMode(false);
    this.#raw = false;
  };
  readonly #resized = () => {
    this.terminal.resize(this.#screen.columns, this.#screen.rows);
    this.#events.changed();
  };
  readonly #continued = () => {
    this.#restore();
    this.#setRaw();
    this.#resized();
  };

  constructor(linux: Linux, outputs: ProgramOutputs, events: TerminalEvents) {
    this.#events = events;
    this.#screen = screenOf();
    this.#keys = new EscapeKeys((command) => {
      if (command === 'end') events.end();
      else if (command === 'help') this.#screen.write(`\r\n${HELP}\r\n`);
    });
    this.terminal = linux.makeTerminal({
      columns: this.#screen.columns ?? 0,
      rows: this.#screen.rows ?? 0,
      take: (bytes) => take(bytes),
    });
    const take = outputs.taker(this.#screen, this.terminal);
  }

  /** Begins to read, with the terminal in raw mode. */
  begin(): void {
    const { stdin } = process;
    process.on('exit', this.#restore);
    process.on('SIGCONT', this.#continued);
    this.#screen.on('resize', this.#resized);
    this.#screen.on('error', () => this.hangUp());
    this.#setRaw();
    stdin.on('data', (bytes: Buffer) => this.#take(bytes));
    stdin.on('end', () => this.hangUp());
    stdin.on('error', () => this.hangUp());
  }

  /** Whether the terminal shows bytes as they are. */
  get isRaw(): boolean {
    return this.#raw;
  }

  #setRaw(): void {
    process.stdin.setRawMode(true);
    this.#raw = true;
    // Node's raw mode leaves the terminal to translate output, which the system's terminal has done.
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  }

  #take(bytes: Uint8Array): void {
    const typed = this.#keys.take(bytes);
    if (this.#typed.length + typed.length <= TYPED_MAX) this.#typed = Buffer.concat([this.#typed, typed]);
    this.service();
    this.#events.changed();
  }

  /** Passes on what was typed, as far as the system takes it. */
  service(): void {
    if (this.#typed.length > 0) this.#typed = this.#typed.subarray(this.terminal.type(this.#typed));
  }

  /** The connection to the terminal is lost: so is that of the system. */
  hangUp(): void {
    if (!this.terminal.isConnected) return;
    this.terminal.hangUp();
    this.#events.changed();
  }

  /** Restores the terminal. */
  close(): void {
    this.#restore();
    process.off('exit', this.#restore);
    process.off('SIGCONT', this.#continued);
    this.#screen.off('resize', this.#resized);
  }
}

/** What shows the output of the terminal: standard output or standard error, if that is a terminal, or standard input itself. */
function screenOf(): WriteStream {
  for (const stream of [process.stdout, process.stderr]) if (stream.isTTY) return stream as WriteStream;
  return new WriteStream(0);
}
