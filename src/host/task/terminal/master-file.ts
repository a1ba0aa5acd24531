/** The master of a pseudo-terminal, which opening /dev/ptmx makes. */

import { LinuxError } from '../../errors.ts';
import { O, POLL } from '../abi/files.ts';
import { IOCTL } from '../abi/ioctls.ts';
import { RLIMIT } from '../abi/processes.ts';
import { SIG } from '../abi/signals.ts';
import { FLUSH } from '../abi/terminals.ts';
import { type Inode, OpenFile } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import type { PseudoTerminal } from './pseudo-terminal.ts';
import type { Terminal } from './terminal.ts';
import { type ControlledFile, controlTerminal } from './terminal-controls.ts';

const SIGNALS: readonly number[] = [SIG.INT, SIG.QUIT, SIG.TSTP];

/** The names of the terminals: see `DevPts`. */
interface TerminalNames {
  own(number: number, uid: number): void;
  openTerminal(number: number, flags: number): OpenFile;
  remove(number: number): void;
}

/** The master of a pseudo-terminal. */
export class MasterFile extends OpenFile implements ControlledFile {
  readonly isMaster = true;
  readonly isHungUp = false;
  readonly #pair: PseudoTerminal;
  readonly #names: TerminalNames;

  constructor(inode: Inode, flags: number, pair: PseudoTerminal, names: TerminalNames) {
    super(inode, flags, pair.terminal.queue);
    this.#pair = pair;
    this.#names = names;
  }

  get terminal(): Terminal {
    return this.#pair.terminal;
  }

  override opened({ credentials }: Thread): OpenFile {
    this.#names.own(this.#pair.number, credentials.fsuid);
    return this;
  }

  /** @throws LinuxError EIO if the terminal was closed by all who had it open */
  override read(into: Uint8Array): number | null {
    if (into.length === 0) return 0;
    const count = this.#pair.take(into);
    if (count > 0) return count;
    if (this.#pair.isTerminalClosed) throw new LinuxError('EIO', 'nobody has the terminal open');
    return null;
  }

  override write(bytes: Uint8Array): number | null {
    if (bytes.length === 0) return 0;
    const count = this.terminal.receive(bytes);
    return count === 0 ? null : count;
  }

  override available(): number {
    return this.#pair.available;
  }

  override poll(): number {
    let events = this.#pair.available > 0 ? POLL.IN | POLL.RDNORM : 0;
    if (this.terminal.room > 0) events |= POLL.OUT | POLL.WRNORM;
    if (this.#pair.isTerminalClosed) events |= POLL.HUP;
    return events;
  }

  override control(command: number, argument: number, thread: Thread): number {
    const { memory } = thread.space;
    const pair = this.#pair;
    switch (command) {
      case IOCTL.TIOCGPTN:
        memory.setU32(argument, pair.number);
        return 0;
      case IOCTL.TIOCSPTLCK:
        pair.isLocked = memory.u32(argument) !== 0;
        return 0;
      case IOCTL.TIOCGPTLCK:
        memory.setU32(argument, pair.isLocked ? 1 : 0);
        return 0;
      case IOCTL.TIOCGPTPEER:
        return this.#openTerminal(argument, thread);
      case IOCTL.TIOCSIG:
        if (!SIGNALS.includes(argument)) throw new LinuxError('EINVAL', `TIOCSIG ${argument}`);
        this.terminal.signal(argument);
        return 0;
      case IOCTL.TIOCPKT:
        if (memory.u32(argument) === 0) return 0;
        throw new LinuxError('ENOTTY', 'packet mode is not implemented');
      case IOCTL.TCFLSH:
        return this.#flush(argument);
      case IOCTL.TCXONC:
        throw new LinuxError('ENOTTY', 'TCXONC of a master is not implemented');
      default:
        return controlTerminal(this, command, argument, thread);
    }
  }

  #openTerminal(flags: number, thread: Thread): number {
    const file = this.#names.openTerminal(this.#pair.number, flags);
    file.credentials = thread.credentials;
    file.opened(thread);
    const { current } = thread.process.limits[RLIMIT.NOFILE]!;
    return thread.files.add(file, (flags & O.CLOEXEC) !== 0, Number(current));
  }

  /** Its input is the output of the terminal. @throws LinuxError EINVAL */
  #flush(what: number): number {
    if (what > FLUSH.BOTH) throw new LinuxError('EINVAL', `TCFLSH of ${what}`);
    if (what !== FLUSH.OUTPUT) this.#pair.dropOutput();
    if (what !== FLUSH.INPUT) this.terminal.dropTyped();
    this.terminal.changed();
    return 0;
  }

  protected override closed(): void {
    this.#pair.masterClosed();
    this.#names.remove(this.#pair.number);
  }
}
