/** A process of a Linux system, as those who have started it see it. */

import { demandInteger } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import type { Kernel } from '../kernel.ts';
import { NSIG, SI, SIG } from './abi/signals.ts';
import type { ExitStatus, Process } from './process/task.ts';
import { sendToProcess } from './signals/send.ts';

/** A process that `Linux.spawn` has started. */
export class LinuxProcess {
  /** @internal */
  readonly process: Process;
  readonly #kernel: Kernel;

  /** @internal */
  constructor(process: Process, kernel: Kernel) {
    this.process = process;
    this.#kernel = kernel;
  }

  /** Its number, from 2 on: that of its address space (`Mm.id`), too. */
  get pid(): number {
    return this.process.pid;
  }

  /** How it ended, or null before its end. */
  get status(): ExitStatus | null {
    return this.process.ended;
  }

  /**
   * Sends it a signal. What the signal does, it does when the system runs.
   * @param signal 1 to 64; default 15, SIGTERM
   * @throws LinuxError EINVAL if there is no such signal; ESRCH if the process has ended; EBUSY from a callback
   */
  kill(signal: number = SIG.TERM): void {
    demandInteger('signal', signal, 1, NSIG);
    this.#kernel.demandQuiet();
    if (this.status !== null) throw new LinuxError('ESRCH', `process ${this.pid} has ended`);
    sendToProcess(this.process, { signal, code: SI.USER, pid: 0, uid: 0 });
  }
}
