/** The terminal of a system: its keyboard and screen are outside. */

import type { Operations } from '../../../trace/index.ts';
import { demandBytes, demandInteger } from '../../arguments.ts';
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
  /** Its size in characters, 0 to 65,535; 0 if it is not known. */
  readonly columns: number;
  readonly rows: number;
  /** Takes the bytes that the terminal shows. */
  readonly take: OutputTaker;
}

/** The numbers in struct winsize have 16 bits. */
const SIZE_MAX = 0xffff;

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

/** The terminal of a system, /dev/console: its keyboard and its screen. `Linux.makeTerminal` makes it. */
export class SystemTerminal {
  /** @internal */
  readonly terminal: Terminal;
  readonly #screen: Screen;
  readonly #node: Dentry;
  readonly #operations: Operations;

  /** @param node the node of the device. @internal */
  constructor(system: System, node: Dentry, { columns, rows, take }: SystemTerminalOptions) {
    this.#screen = new Screen(take);
    this.#node = node;
    this.#operations = system.host.kernel.trace.operations;
    this.terminal = new Terminal(system, {
      driver: this.#screen,
      modes: { ...INITIAL_TERMIOS, iflag: INITIAL_TERMIOS.iflag | IFLAG.IUTF8 },
      device: node.inode.rdev,
      queue: new WaitQueue(),
      isConsole: true,
    });
    this.resize(columns, rows);
  }

  /** How many bytes `type` takes now. */
  get room(): number {
    return this.terminal.room;
  }

  /** Whether bytes that are typed can arrive yet: nobody has hung up. */
  get isConnected(): boolean {
    return !this.terminal.isGone;
  }

  /**
   * Takes bytes that were typed, as many as there is room for. Returns their number: 0 after `hangUp`.
   * @throws LinuxError EINVAL if they are no Uint8Array
   */
  type(bytes: Uint8Array): number {
    demandBytes(bytes);
    return this.isConnected ? this.#perform(() => this.terminal.receive(bytes)) : 0;
  }

  /** The size of the screen has changed. @throws LinuxError EINVAL for a size that is not 0 to 65,535 */
  resize(columns: number, rows: number): void {
    demandInteger('columns', columns, 0, SIZE_MAX);
    demandInteger('rows', rows, 0, SIZE_MAX);
    this.#perform(() => this.terminal.resize({ columns, rows, width: 0, height: 0 }));
  }

  /** The screen takes nothing for now: who writes waits until `resume`. */
  pause(): void {
    this.#screen.isPaused = true;
  }

  /** The screen takes bytes again. */
  resume(): void {
    this.#screen.isPaused = false;
    this.#perform(() => this.terminal.changed());
  }

  /** The connection to the outside is lost: the leader of its session gets SIGHUP, and its files are at their end. */
  hangUp(): void {
    this.terminal.isGone = true;
    this.#perform(() => this.terminal.hangUp());
  }

  /** Performs what may show bytes, and throws what `take` then threw. It may be called while a program runs: by `take`. */
  #perform<T>(action: () => T): T {
    this.#operations.begin();
    try {
      return action();
    } finally {
      this.#operations.end();
    }
  }

  /** Opens it. @param flags bits of `O`. @internal */
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
