/** An open file of a terminal. Linux: drivers/tty/tty_io.c, and the reading of drivers/tty/n_tty.c. */

import { ERRNO } from '../../errno.ts';
import { LinuxError } from '../../errors.ts';
import { O, POLL } from '../abi/files.ts';
import { SIG } from '../abi/signals.ts';
import { LFLAG } from '../abi/terminals.ts';
import { type Inode, OpenFile } from '../files/index.ts';
import type { Blocking } from '../process/blocking.ts';
import { RESTART, sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import { demandForeground, openByLeader } from './job-control.ts';
import type { Terminal } from './terminal.ts';
import { controlTerminal } from './terminal-controls.ts';
import { hasLocal } from './termios.ts';

/** A terminal takes output while fewer bytes than it may hold wait; the rest of its room is for echo. */
const READY = 8;

/** An open file of a terminal. */
export class TerminalFile extends OpenFile {
  readonly terminal: Terminal;
  /** Whether opening it can make it a controlling terminal. */
  readonly #mayControl: boolean;
  readonly #hangUps: number;

  /** @param flags bits of `O`; with NOCTTY, it becomes nobody's controlling terminal */
  constructor(inode: Inode, flags: number, terminal: Terminal) {
    super(inode, flags, terminal.queue);
    this.terminal = terminal;
    this.#mayControl = (flags & O.NOCTTY) === 0 && !terminal.isConsole;
    this.#hangUps = terminal.hangUps;
    terminal.opens++;
  }

  readonly isMaster = false;

  /** Whether the terminal was hung up since it was opened. */
  get isHungUp(): boolean {
    const { terminal } = this;
    return terminal.isGone || (terminal.hangUps !== this.#hangUps && !terminal.isConsole);
  }

  override opened(thread: Thread): OpenFile {
    const { terminal } = this;
    if (terminal.isExclusive && thread.credentials.euid !== 0) {
      throw new LinuxError('EBUSY', 'the terminal is open exclusively');
    }
    if (this.#mayControl && this.readable) openByLeader(terminal, thread);
    return this;
  }

  override read(into: Uint8Array): number | null {
    if (this.isHungUp) return 0;
    const { terminal } = this;
    const count = terminal.line.read(into);
    if (count !== null) terminal.changed();
    return count;
  }

  /** Reads as the modes say: a line, or bytes as MIN and TIME want it. */
  override *reader(length: number, thread: Thread): Blocking<Uint8Array | number> {
    const { terminal } = this;
    if (this.isHungUp || length === 0) return 0;
    const code = demandForeground(terminal, thread, SIG.TTIN);
    if (code !== 0) return code;
    const into = new Uint8Array(Math.min(length, MOST));
    const { time } = terminal.system;
    let done = 0;
    let until = time.now() + terminal.line.waiting.first;
    for (;;) {
      const waiting = terminal.line.waiting;
      const count = this.read(into.subarray(done));
      if (count === null) {
        const stop = yield* this.#wait(thread, until);
        if (stop === 0) continue;
        return done > 0 ? into.subarray(0, done) : stop === TIMEOUT ? 0 : stop;
      }
      done += count;
      const isWhole = terminal.line.isCanonical || done >= Math.min(waiting.least, into.length);
      if (isWhole || this.isHungUp) return into.subarray(0, done);
      until = time.now() + waiting.between;
    }
  }

  /** Waits for input. Returns 0 if there may be some, otherwise what the read returns if it has read nothing. */
  *#wait(thread: Thread, until: number): Blocking<number> {
    const { terminal } = this;
    const { time } = terminal.system;
    if (time.now() >= until) return TIMEOUT;
    if (this.nonBlocking) return -ERRNO.EAGAIN;
    const why = yield* sleep(time, thread, { queues: [this.queue], what: 'the terminal', until });
    if (why === 'signal') return RESTART.SYS;
    return 0;
  }

  override mayWrite(thread: Thread): number {
    const { terminal } = this;
    if (this.isHungUp) throw new LinuxError('EIO', 'the terminal was hung up');
    if (!hasLocal(terminal.line.modes, LFLAG.TOSTOP)) return 0;
    return demandForeground(terminal, thread, SIG.TTOU);
  }

  override write(bytes: Uint8Array): number | null {
    if (this.isHungUp) throw new LinuxError('EIO', 'the terminal was hung up');
    if (bytes.length === 0) return 0;
    const count = this.terminal.line.output.write(bytes);
    return count === 0 ? null : count;
  }

  override available(): number {
    return this.isHungUp ? 0 : this.terminal.line.available;
  }

  override control(command: number, argument: number, thread: Thread): Blocking<number> | number {
    return controlTerminal(this, command, argument, thread);
  }

  override poll(): number {
    const { terminal } = this;
    const both = POLL.IN | POLL.RDNORM | POLL.OUT | POLL.WRNORM;
    if (this.isHungUp) return both | POLL.ERR | POLL.HUP;
    let events = terminal.line.isReadable(true) ? POLL.IN | POLL.RDNORM : 0;
    if (terminal.line.output.room >= READY) events |= POLL.OUT | POLL.WRNORM;
    return events;
  }

  protected override closed(): void {
    const { terminal } = this;
    terminal.opens--;
    if (terminal.opens > 0) return;
    // Nobody has it open: its session goes on without a terminal.
    if (terminal.session !== null && !terminal.isConsole) terminal.session.terminal = null;
    terminal.closed();
  }
}

/** The most that is read at once. */
const MOST = 1 << 16;
/** The time is over. */
const TIMEOUT = 1;
