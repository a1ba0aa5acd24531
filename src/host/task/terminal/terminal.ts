/** A terminal (Linux: struct tty_struct), apart from the files that it is open by. */

import { SI, SIG } from '../abi/signals.ts';
import { FLUSH } from '../abi/terminals.ts';
import { signalGroup } from '../process/groups.ts';
import type { ControllingTerminal, Session } from '../process/session.ts';
import { sendToProcess } from '../signals/send.ts';
import type { System } from '../system.ts';
import type { WaitQueue } from '../wait-queue.ts';
import { ByteQueue } from './byte-queue.ts';
import { LineDiscipline } from './line-discipline.ts';
import type { TerminalDriver } from './terminal-output.ts';
import type { Termios } from './termios.ts';

/** The size of a terminal (Linux: struct winsize), in characters and in pixels. */
export interface WindowSize {
  readonly rows: number;
  readonly columns: number;
  readonly width: number;
  readonly height: number;
}

/** What a terminal consists of. */
export interface TerminalParts {
  readonly driver: TerminalDriver;
  readonly modes: Termios;
  /** See `makeDevice`. */
  readonly device: number;
  /** The waiters for input and for room. */
  readonly queue: WaitQueue;
  /** Whether files stay connected when it is hung up, as those of /dev/console do. */
  readonly isConsole?: boolean;
}

/** Bytes that may wait in front of the line discipline. Linux: drivers/tty/pty.c, tty_buffer_set_limit. */
const TYPED_MAX = 8192;
/** Bytes that the line discipline is offered at once. */
const OFFERED = 256;

/** A terminal. */
export class Terminal implements ControllingTerminal {
  readonly system: System;
  readonly line: LineDiscipline;
  readonly device: number;
  readonly queue: WaitQueue;
  readonly isConsole: boolean;
  foreground = 0;
  session: Session | null = null;
  size: WindowSize = { rows: 0, columns: 0, width: 0, height: 0 };
  /** Whether only root can open it: TIOCEXCL. */
  isExclusive = false;
  /** Whether nothing is at its other end any more. */
  isGone = false;
  /** Number of open files, and how often it was hung up: files that were opened before are dead. */
  opens = 0;
  hangUps = 0;
  readonly #initialModes: Termios;
  /** Typed bytes that the line discipline has no room for. */
  readonly #typed = new ByteQueue(TYPED_MAX);

  constructor(system: System, { driver, modes, device, queue, isConsole = false }: TerminalParts) {
    this.system = system;
    this.device = device;
    this.queue = queue;
    this.isConsole = isConsole;
    this.#initialModes = modes;
    this.line = new LineDiscipline(driver, (signal) => this.signal(signal), modes);
  }

  /** Sends a signal to the processes in the foreground. */
  signal(signal: number): void {
    if (this.foreground !== 0) signalGroup(this.system, this.foreground, signal);
  }

  /** Number of typed bytes that `receive` takes now. */
  get room(): number {
    return this.#typed.room;
  }

  /** Takes typed bytes, as many as there is room for. Returns their number. */
  receive(bytes: Uint8Array): number {
    let done = 0;
    while (done < bytes.length && this.room > 0) {
      done += this.#typed.put(bytes.subarray(done));
      this.#pass();
    }
    // Those who wait to type, too, are woken: if nothing changed, they would wake one another for ever.
    if (done > 0) this.queue.wake();
    return done;
  }

  /** There may be room for input or output: typed bytes go on, and those who wait look again. */
  changed(): void {
    this.line.output.flushEcho();
    this.#pass();
    this.queue.wake();
  }

  /** Throws away what was typed and did not reach the line discipline. */
  dropTyped(): void {
    this.#typed.shorten(0);
  }

  #pass(): void {
    const bytes = new Uint8Array(OFFERED);
    while (this.#typed.length > 0) {
      const offered = bytes.subarray(0, this.#typed.peek(bytes));
      const count = this.line.receive(offered);
      if (count === 0) return;
      this.#typed.drop(count);
    }
  }

  /** Sets the size. The processes in the foreground get SIGWINCH if it differs. */
  resize(size: WindowSize): void {
    const { rows, columns, width, height } = this.size;
    const same =
      rows === size.rows && columns === size.columns && width === size.width && height === size.height;
    if (same) return;
    this.size = size;
    this.signal(SIG.WINCH);
  }

  /** It controls a session from now on. */
  control(session: Session, group: number): void {
    this.session = session;
    this.foreground = group;
    session.terminal = this;
  }

  /** It controls no session any more. */
  release(): void {
    if (this.session !== null) this.session.terminal = null;
    this.session = null;
    this.foreground = 0;
  }

  /** The connection is lost: the processes that it controls get SIGHUP, and its files are dead. Linux: __tty_hangup. */
  hangUp(): void {
    this.#hangUp(false);
  }

  #hangUp(leaderEnded: boolean): void {
    const { system, session, foreground } = this;
    const leader = session === null ? undefined : system.processes.get(session.id);
    if (leader !== undefined && leader.session === session) {
      sendToProcess(leader, { signal: SIG.HUP, code: SI.KERNEL });
      sendToProcess(leader, { signal: SIG.CONT, code: SI.KERNEL });
    }
    if (leaderEnded && foreground !== 0) signalGroup(system, foreground, SIG.HUP);
    this.release();
    this.hangUps++;
    this.line.flush(FLUSH.BOTH);
    this.line.setModes(this.#initialModes);
    this.dropTyped();
    this.queue.wake();
  }

  /** The last open file was closed. */
  closed(): void {}

  /** The leader of its session has ended: it is free. Linux: disassociate_ctty. */
  leaderEnded(): void {
    this.#hangUp(true);
  }
}
