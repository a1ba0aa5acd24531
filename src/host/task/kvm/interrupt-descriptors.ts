/**
 * KVM_IRQFD: who writes to an eventfd interrupts a guest by a route (Linux: virt/kvm/eventfd.c; Documentation/virt/kvm/api.rst, 4.75).
 */

import { LinuxError } from '../../errors.ts';
import { POLL } from '../abi/files.ts';
import type { EventFile } from '../events/event-file.ts';
import type { Thread } from '../process/task.ts';
import type { Waiter } from '../wait-queue.ts';
import { IRQFD, IRQFD_FLAG } from './abi.ts';
import { eventFile } from './event-descriptors.ts';
import type { Routes } from './routes.ts';

const KNOWN = IRQFD_FLAG.DEASSIGN | IRQFD_FLAG.RESAMPLE;
const COUNTER_SIZE = 8;

/** An eventfd that stands for a route. It is no descriptor of the eventfd: the end of the eventfd ends it. */
interface Registration extends Waiter {
  readonly file: EventFile;
  readonly gsi: number;
  /** Called when the eventfd is closed. */
  readonly atEnd: () => void;
}

/** The eventfds that interrupt the guest of a virtual machine. */
export class InterruptDescriptors {
  readonly #registered = new Set<Registration>();
  readonly #routes: Routes;

  constructor(routes: Routes) {
    this.#routes = routes;
  }

  /**
   * KVM_IRQFD. An adapter's interruption is not acknowledged, so that an eventfd to be told of that is taken but not written to, as on
   * Linux.
   * @throws LinuxError EINVAL; EBADF; EBUSY if the eventfd stands for a route already, of any virtual machine, as since Linux 6.17; EFAULT
   */
  change(at: number, thread: Thread): number {
    const request = thread.space.memory.struct(at, IRQFD.SIZE);
    const [flags, gsi] = [request.getUint32(IRQFD.FLAGS), request.getUint32(IRQFD.GSI)];
    if ((flags & ~KNOWN) !== 0) throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)}`);
    const file = eventFile(thread, request.getInt32(IRQFD.FD));
    if ((flags & IRQFD_FLAG.DEASSIGN) !== 0) {
      for (const one of this.#registered) if (one.file === file && one.gsi === gsi) this.#end(one);
      return 0;
    }
    if ((flags & IRQFD_FLAG.RESAMPLE) !== 0) eventFile(thread, request.getInt32(IRQFD.RESAMPLEFD));
    this.#begin(file, gsi);
    return 0;
  }

  #begin(file: EventFile, gsi: number): void {
    if (file.interruptsGuest) throw new LinuxError('EBUSY', 'the eventfd stands for a route already');
    const one: Registration = {
      file,
      gsi,
      wake: (events = 0) => {
        if ((events & POLL.IN) !== 0) this.#signalled(one);
      },
      atEnd: () => this.#end(one),
    };
    this.#registered.add(one);
    file.interruptsGuest = true;
    file.queue.add(one);
    file.whenClosed(one.atEnd);
    if ((file.poll() & POLL.IN) !== 0) this.#routes.signal(gsi);
  }

  #signalled({ file, gsi }: Registration): void {
    if (file.read(new Uint8Array(COUNTER_SIZE)) !== null) this.#routes.signal(gsi);
  }

  #end(one: Registration): void {
    this.#registered.delete(one);
    one.file.interruptsGuest = false;
    one.file.queue.remove(one);
    one.file.notWhenClosed(one.atEnd);
  }

  /** The virtual machine has ended. */
  close(): void {
    for (const one of this.#registered) this.#end(one);
  }
}
