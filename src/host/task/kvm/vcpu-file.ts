/** The file of a virtual CPU of /dev/kvm. */

import { LinuxError } from '../../errors.ts';
import type { MemoryFile } from '../../mm/index.ts';
import { O } from '../abi/files.ts';
import { AnonymousFile } from '../events/anonymous.ts';
import type { Blocking } from '../process/blocking.ts';
import { isAwaited, isKilled, waitAsKernel } from '../process/page-waits.ts';
import { sleep } from '../process/sleep.ts';
import type { Thread } from '../process/task.ts';
import { WaitQueue } from '../wait-queue.ts';
import { withGuestFaults } from './guest-faults.ts';
import type { KvmVcpu } from './vcpu.ts';
import { VCPU_COMMANDS } from './vcpu-commands.ts';

/** An open virtual CPU. */
export class VcpuFile extends AnonymousFile {
  readonly #vcpu: KvmVcpu;
  /** A thread performs a command; others wait (Linux: vcpu->mutex). */
  #busy = false;
  readonly #unlocked = new WaitQueue();

  constructor(vcpu: KvmVcpu) {
    super(vcpu.machine.system.files.anonymous, `kvm-vcpu:${vcpu.vcpu.id}`, O.RDWR);
    this.#vcpu = vcpu;
  }

  override mappable(): MemoryFile {
    return this.#vcpu.contents;
  }

  override control(command: number, argument: number, thread: Thread): Blocking<number> | number {
    this.#vcpu.machine.demandOwner(thread);
    const line = VCPU_COMMANDS.get(command);
    if (line === undefined)
      throw new LinuxError('ENOTTY', `a virtual CPU has no command 0x${command.toString(16)}`);
    if (this.#busy && !line.isAsynchronous) return this.#held(this.#waiting(command, argument, thread));
    const result = withGuestFaults(() => line.perform(this.#vcpu, argument, thread));
    this.#vcpu.machine.kick();
    return typeof result === 'number' ? result : this.#held(this.#locked(result));
  }

  /** The file stays open until a command has ended, even if another thread closes its last descriptor. */
  *#held(command: Blocking<number>): Blocking<number> {
    this.hold();
    try {
      return yield* command;
    } finally {
      this.release();
    }
  }

  /** Waits until no other command is performed. */
  *#waiting(command: number, argument: number, thread: Thread): Blocking<number> {
    const { time } = this.#vcpu.machine.system;
    while (this.#busy) {
      const why = yield* sleep(time, thread, { queues: [this.#unlocked], what: 'a virtual CPU' });
      if (why === 'signal') throw new LinuxError('EINTR', 'a signal has come');
    }
    for (;;) {
      try {
        const result = this.control(command, argument, thread);
        return typeof result === 'number' ? result : yield* result;
      } catch (error) {
        // The ones that begin at once are begun again by who has called.
        if (!isAwaited(error)) throw error;
        yield* waitAsKernel(thread, error);
        if (isKilled(thread)) throw new LinuxError('EINTR', 'the thread is about to end');
      }
    }
  }

  /** Performs a command while others wait. */
  *#locked(result: Blocking<number>): Blocking<number> {
    this.#busy = true;
    try {
      return yield* result;
    } finally {
      this.#busy = false;
      this.#unlocked.wake();
    }
  }

  protected override closed(): void {
    this.#vcpu.closed();
  }
}
