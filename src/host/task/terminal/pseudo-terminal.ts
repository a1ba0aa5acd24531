/** Pseudo-terminals: a terminal whose other end, the master, is a file too. Linux: pty(7), drivers/tty/pty.c. */

import { makeDevice } from '../abi/files.ts';
import { SIG } from '../abi/signals.ts';
import type { System } from '../system.ts';
import { WaitQueue } from '../wait-queue.ts';
import { ByteQueue } from './byte-queue.ts';
import { Terminal } from './terminal.ts';
import type { TerminalDriver } from './terminal-output.ts';
import { INITIAL_TERMIOS } from './termios.ts';

/** The major number of the terminals. */
export const SLAVE_MAJOR = 136;

/** Bytes of output that the master has as good as read, and those on their way to it, at most. */
const READ_BUFFER = 4096;
const ON_THE_WAY = 8192;

/** The output of a pseudo-terminal, which the master reads. */
class MasterInput implements TerminalDriver {
  readonly bytes = new ByteQueue(READ_BUFFER + ON_THE_WAY);
  readonly #queue: WaitQueue;

  constructor(queue: WaitQueue) {
    this.#queue = queue;
  }

  get room(): number {
    return this.bytes.room;
  }

  put(bytes: Uint8Array): void {
    this.bytes.put(bytes);
    this.#queue.wake();
  }

  flush(): void {
    this.bytes.shorten(READ_BUFFER);
    this.#queue.wake();
  }
}

/** A pseudo-terminal. */
export class PseudoTerminal {
  readonly number: number;
  readonly terminal: Terminal;
  /** Whether the terminal cannot be opened: TIOCSPTLCK. */
  isLocked = true;
  /** Whether the terminal was opened, and closed by all. */
  isTerminalClosed = false;
  readonly #input: MasterInput;
  readonly #whenUnused: () => void;

  /** @param whenUnused called when both ends are closed */
  constructor(system: System, number: number, whenUnused: () => void) {
    const queue = new WaitQueue();
    this.number = number;
    this.#whenUnused = whenUnused;
    this.#input = new MasterInput(queue);
    this.terminal = new SlaveTerminal(system, this, this.#input, queue);
  }

  /** Number of bytes that the master can read. */
  get available(): number {
    return this.#input.bytes.length;
  }

  /** Takes output for the master. Returns the number of bytes. */
  take(into: Uint8Array): number {
    const count = this.#input.bytes.take(into);
    if (count > 0) this.terminal.changed();
    return count;
  }

  /** Throws away the output that the master has not read. */
  dropOutput(): void {
    this.#input.bytes.shorten(0);
    this.terminal.changed();
  }

  /** The terminal was opened. */
  terminalOpened(): void {
    this.isTerminalClosed = false;
  }

  /** The last file of the terminal was closed. */
  terminalClosed(): void {
    this.isTerminalClosed = true;
    this.terminal.queue.wake();
    if (this.terminal.isGone) this.#whenUnused();
  }

  /** The master was closed: the terminal is hung up. */
  masterClosed(): void {
    const { terminal } = this;
    terminal.isGone = true;
    terminal.hangUp();
    if (terminal.opens === 0) this.#whenUnused();
  }
}

/** The terminal of a pseudo-terminal. */
class SlaveTerminal extends Terminal {
  readonly #pair: PseudoTerminal;

  constructor(system: System, pair: PseudoTerminal, driver: TerminalDriver, queue: WaitQueue) {
    super(system, { driver, queue, modes: INITIAL_TERMIOS, device: makeDevice(SLAVE_MAJOR, pair.number) });
    this.#pair = pair;
  }

  /** The processes in the foreground are told, and the files stay connected. */
  override leaderEnded(): void {
    this.signal(SIG.HUP);
    this.release();
  }

  override closed(): void {
    this.#pair.terminalClosed();
  }
}
