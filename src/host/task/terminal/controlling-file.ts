/** /dev/tty: the controlling terminal of whoever opens it. */

import { LinuxError } from '../../errors.ts';
import { O } from '../abi/files.ts';
import { type Inode, OpenFile } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import { controls } from './job-control.ts';
import { Terminal } from './terminal.ts';
import { TerminalFile } from './terminal-file.ts';

/** What is open until it is known who opens. */
export class ControllingFile extends OpenFile {
  readonly #asked: number;

  /** @param flags bits of `O` */
  constructor(inode: Inode, flags: number) {
    super(inode, flags);
    this.#asked = flags;
  }

  /** Returns an open file of the caller's terminal. @throws LinuxError ENXIO if it has none */
  override opened({ process }: Thread): OpenFile {
    const { terminal } = process.session;
    if (!(terminal instanceof Terminal) || !controls(terminal, process)) {
      throw new LinuxError('ENXIO', 'the process has no controlling terminal');
    }
    return new TerminalFile(this.inode, this.#asked | O.NOCTTY, terminal);
  }
}
