/**
 * KVM_IOEVENTFD: notifications of virtio devices wake who waits for an eventfd, and the guest goes on (Linux: virt/kvm/eventfd.c;
 * Documentation/virt/kvm/api.rst, 4.59).
 */

import { LinuxError } from '../../errors.ts';
import { EventFile } from '../events/event-file.ts';
import type { Thread } from '../process/task.ts';
import { IOEVENTFD, IOEVENTFD_FLAG } from './abi.ts';

/** A registered eventfd. */
interface Registration {
  readonly file: EventFile;
  /** The bus: that of notifications, or those of accesses to devices, which s390 does not have. */
  readonly bus: number;
  readonly address: bigint;
  readonly length: number;
  /** The value that it is registered for, or null for all. */
  readonly match: bigint | null;
}

const { DATAMATCH, PIO, DEASSIGN, VIRTIO_CCW_NOTIFY } = IOEVENTFD_FLAG;
const KNOWN = DATAMATCH | PIO | DEASSIGN | VIRTIO_CCW_NOTIFY;
const LENGTHS: readonly number[] = [0, 1, 2, 4, 8];
/** The most that a virtual machine has (Linux: NR_IOBUS_DEVS). */
const MOST = 1000;
const ONE = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 1);

/** The eventfds that are registered for a virtual machine. */
export class EventDescriptors {
  readonly #registered: Registration[] = [];

  /** KVM_IOEVENTFD. @throws LinuxError EINVAL; EBADF; EEXIST if there is such a registration, ENOENT if there is none to end; ENOSPC */
  change(at: number, thread: Thread): number {
    const request = thread.space.memory.struct(at, IOEVENTFD.SIZE);
    const flags = request.getUint32(IOEVENTFD.FLAGS);
    const length = request.getUint32(IOEVENTFD.LEN);
    const hasMatch = (flags & DATAMATCH) !== 0;
    const isEnd = (flags & DEASSIGN) !== 0;
    if (!isEnd && ((flags & ~KNOWN) !== 0 || !LENGTHS.includes(length) || (length === 0 && hasMatch)))
      throw new LinuxError('EINVAL', `flags 0x${flags.toString(16)} with a length of ${length}`);
    const wanted = {
      file: eventFile(thread, request.getInt32(IOEVENTFD.FD)),
      bus: flags & (PIO | VIRTIO_CCW_NOTIFY),
      address: request.getBigUint64(IOEVENTFD.ADDR),
      length,
      match: hasMatch ? request.getBigUint64(IOEVENTFD.DATAMATCH) : null,
    };
    if (isEnd) this.#end(wanted);
    else this.#begin(wanted);
    return 0;
  }

  #begin(wanted: Registration): void {
    if (this.#registered.some((other) => collide(wanted, other)))
      throw new LinuxError('EEXIST', 'there is such an eventfd');
    if (this.#registered.length >= MOST) throw new LinuxError('ENOSPC', `there are ${MOST} eventfds`);
    wanted.file.hold();
    this.#registered.push(wanted);
  }

  #end(wanted: Registration): void {
    const at = this.#registered.findIndex(
      (other) => other.file === wanted.file && other.match === wanted.match && isSamePlace(other, wanted),
    );
    if (at < 0) throw new LinuxError('ENOENT', 'there is no such eventfd');
    this.#registered.splice(at, 1);
    wanted.file.release();
  }

  /** A guest notifies a device. Returns the number of the registration, or null if there is none. */
  notify(subchannel: number, queue: bigint): bigint | null {
    const found = this.#registered.findIndex(
      ({ bus, address, match }) =>
        bus === VIRTIO_CCW_NOTIFY && address === BigInt(subchannel) && (match === null || match === queue),
    );
    if (found < 0) return null;
    this.#registered[found]!.file.write(ONE);
    return BigInt(found);
  }

  /** The virtual machine has ended. */
  close(): void {
    for (const { file } of this.#registered) file.release();
    this.#registered.length = 0;
  }
}

function isSamePlace(one: Registration, other: Registration): boolean {
  return one.bus === other.bus && one.address === other.address && one.length === other.length;
}

/** Whether two would hear of the same notification. */
function collide(one: Registration, other: Registration): boolean {
  if (one.bus !== other.bus || one.address !== other.address) return false;
  if (one.length === 0 || other.length === 0) return true;
  return (
    one.length === other.length && (one.match === null || other.match === null || one.match === other.match)
  );
}

/** Returns the eventfd of a descriptor. @throws LinuxError EBADF; EINVAL for a file that is no eventfd */
export function eventFile(thread: Thread, fd: number): EventFile {
  const file = thread.files.get(fd);
  if (!(file instanceof EventFile)) throw new LinuxError('EINVAL', `descriptor ${fd} is no eventfd`);
  return file;
}
