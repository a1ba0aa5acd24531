/** The terminal of a system: its keyboard and screen are outside. */

import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { IFLAG } from '../abi/terminals.ts';
import type { Dentry, Inode, OpenFile, OutputTaker } from '../files/index.ts';
import type { System } from '../system.ts';
import { WaitQueue } from '../wait-queue.ts';
import { Terminal } from './terminal.ts';
import { TerminalFile } from './terminal-file.ts';
import type { TerminalDriver } from './terminal-output.ts';
import { INITIAL_TERMIOS } from './termios.ts';

/** What the terminal of a system is made of. */
export interface SystemTerminalOptions {
  /** Its size in characters; 0 if it is not known. */
  readonly columns: number;
  readonly rows: number;
  /** Takes the bytes that the terminal shows. */
  readonly take: OutputTaker;
}

/** The screen. */
class Screen implements TerminalDriver {
  isPaused = false;
  readonly #take: OutputTaker;

  constructor(take: OutputTaker) {
    this.#take = take;
  }

  get room(): number {
    return this.isPaused ? 0 : Number.MAX_SAFE_INTEGER;
  }

  put(bytes: Uint8Array): void {
    this.#take(bytes);
  }

  flush(): void {}
}

/** The terminal of a system. Its device is /dev/console. */
export class SystemTerminal {
  /** @internal */
  readonly terminal: Terminal;
  readonly #screen: Screen;
  readonly #node: Dentry;

  /** @param node the node of the device */
  constructor(system: System, node: Dentry, { columns, rows, take }: SystemTerminalOptions) {
    this.#screen = new Screen(take);
    this.#node = node;
    this.terminal = new Terminal(system, {
      driver: this.#screen,
      modes: { ...INITIAL_TERMIOS, iflag: INITIAL_TERMIOS.iflag | IFLAG.IUTF8 },
      device: node.inode.rdev,
      queue: new WaitQueue(),
      isConsole: true,
    });
    this.resize(columns, rows);
  }

  /** Number of bytes that `type` takes now. */
  get room(): number {
    return this.terminal.room;
  }

  /** Whether bytes that are typed can arrive yet: nobody has hung up. */
  get isConnected(): boolean {
    return !this.terminal.isGone;
  }

  /** Takes bytes that were typed, as many as there is room for. Returns their number. */
  type(bytes: Uint8Array): number {
    return this.terminal.receive(bytes);
  }

  /** The size of the screen has changed. */
  resize(columns: number, rows: number): void {
    this.terminal.resize({ columns, rows, width: 0, height: 0 });
  }

  /** The screen takes nothing for now: who writes waits until `resume`. */
  pause(): void {
    this.#screen.isPaused = true;
  }

  /** The screen takes bytes again. */
  resume(): void {
    this.#screen.isPaused = false;
    this.terminal.changed();
  }

  /** The connection to the outside is lost: the leader of its session gets SIGHUP, and its files are at their end. */
  hangUp(): void {
    this.terminal.isGone = true;
    this.terminal.hangUp();
  }

  /** Opens it. @param flags bits of `O` */
  open(flags: number = O.RDWR): OpenFile {
    const file = this.openNode(this.#node.inode, flags);
    file.dentry = this.#node;
    return file;
  }

  /** Opens it by a node. @internal */
  openNode(node: Inode, flags: number): OpenFile {
    if (this.terminal.isGone) throw new LinuxError('EIO', 'the terminal was hung up');
    return new TerminalFile(node, flags, this.terminal);
  }
}
