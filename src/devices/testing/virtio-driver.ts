/** A driver of a virtio device for tests: it does with channel commands and rings what Linux's virtio_ccw does. */

import type { ChannelSubsystem } from '../channel/channel-subsystem.ts';
import { DEVICE_STATUS } from '../channel/status.ts';
import { FEATURE, hasFeature } from '../virtio/features.ts';
import { VIRTIO_CCW } from '../virtio/virtio-ccw.ts';
import { ChannelDriver } from './channel-driver.ts';
import { CommandError, TestDriverError } from './errors.ts';
import { TestPackedQueue } from './packed-queue.ts';
import { TestSplitQueue } from './split-queue.ts';
import type { TestOwner } from './test-owner.ts';
import type { Completed, TestQueue } from './test-queue.ts';

const OPERANDS = 0x8000;
/** Rings and buffers are given away from here on. */
const HEAP = 0x1_0000;
const STATUS_STEPS = [0x01, 0x03] as const;

/** How a driver sets a device up. */
export interface DriverOptions {
  /** Virtio-ccw revision. Default: 2. */
  readonly revision?: number;
  /** Features to accept, if the device offers them. Default: all. */
  readonly features?: bigint;
  /** Whether to use adapter interruptions. Default: true. */
  readonly adapter?: boolean;
  /** Size of the queues, at most the device's. Default: 8. */
  readonly queueSize?: number;
}

/** The driver of a device. */
export class VirtioDriver {
  readonly owner: TestOwner;
  readonly channel: ChannelDriver;
  /** The revision that was set. */
  revision = 0;
  /** The features that were accepted. */
  features = 0n;
  readonly queues: TestQueue[] = [];
  #heap: number;
  /** Addresses of indicators: of queues, of the configuration, and the summary byte. */
  readonly indicators = 0x9000;
  readonly configurationIndicators = 0x9010;
  readonly summary = 0x9020;

  /**
   * @param number of the subchannel
   * @param heap address of the memory that it gives to rings and buffers
   */
  constructor(owner: TestOwner, subsystem: ChannelSubsystem, number = 0, heap = HEAP) {
    this.owner = owner;
    this.#heap = heap;
    this.channel = new ChannelDriver(owner, subsystem, number);
    this.channel.enable();
  }

  /** Performs a command with operands. Returns the operands as they are then. @throws CommandError */
  command(command: number, operands: Uint8Array | number): Uint8Array {
    const bytes = typeof operands === 'number' ? new Uint8Array(operands) : operands;
    const { memory } = this.owner;
    memory.bytes.set(bytes, OPERANDS);
    // An alert is pending until it is tested, and no function can be started before.
    this.channel.test();
    const irb = this.channel.run([{ command, count: bytes.length, address: OPERANDS }]);
    if (irb.subchannelStatus !== 0 || irb.deviceStatus & DEVICE_STATUS.UNIT_CHECK) {
      throw new CommandError(`command ${command}: ${irb.deviceStatus}, ${irb.subchannelStatus}`);
    }
    return memory.bytes.slice(OPERANDS, OPERANDS + bytes.length);
  }

  /** Sets the device up as Linux does: reset, status, features, queues, indicators, ready. */
  setUp({ revision = 2, features = ~0n, adapter = true, queueSize = 8 }: DriverOptions = {}): this {
    this.channel.test();
    this.channel.disable();
    this.channel.enable();
    if (revision > 0) this.setRevision(revision);
    this.revision = revision;
    this.command(VIRTIO_CCW.RESET, 0);
    for (const status of STATUS_STEPS) this.setStatus(status);
    this.negotiate(features);
    this.setUpQueues(queueSize);
    if (adapter) this.setAdapterIndicators();
    else this.command(VIRTIO_CCW.SET_INDICATORS, numbers([8, this.indicators]));
    this.command(VIRTIO_CCW.SET_CONFIGURATION_INDICATORS, numbers([8, this.configurationIndicators]));
    this.setStatus(revision > 0 ? 0x0f : 0x07);
    return this;
  }

  setRevision(revision: number): void {
    this.command(VIRTIO_CCW.SET_REVISION, numbers([2, revision], [2, 0]));
  }

  setStatus(status: number): void {
    this.command(VIRTIO_CCW.WRITE_STATUS, Uint8Array.of(status));
  }

  get status(): number {
    return this.command(VIRTIO_CCW.READ_STATUS, 1)[0] as number;
  }

  /** Accepts those of the wanted features that the device offers. */
  negotiate(wanted: bigint): void {
    this.features = 0n;
    for (const index of this.revision > 0 ? [0, 1] : [0]) {
      const word = this.offered(index) & Number((wanted >> BigInt(index * 32)) & 0xffff_ffffn);
      this.features |= BigInt(word >>> 0) << BigInt(index * 32);
      const operands = new Uint8Array(5);
      new DataView(operands.buffer).setUint32(0, word, true);
      operands[4] = index;
      this.command(VIRTIO_CCW.WRITE_FEATURES, operands);
    }
    if (this.revision > 0) this.setStatus(0x0b);
  }

  /** Returns a word of the features that the device offers. */
  offered(index: number): number {
    const bytes = this.command(VIRTIO_CCW.READ_FEATURES, Uint8Array.of(0, 0, 0, 0, index));
    return new DataView(bytes.buffer).getUint32(0, true);
  }

  setUpQueues(size: number): void {
    this.queues.length = 0;
    for (let index = 0; ; index++) {
      const maximum = this.queueMaximum(index);
      if (maximum === 0) return;
      this.queues.push(this.setUpQueue(index, this.revision > 0 ? Math.min(size, maximum) : maximum));
    }
  }

  queueMaximum(index: number): number {
    const bytes = this.command(VIRTIO_CCW.READ_QUEUE_CONFIGURATION, numbers([2, index], [2, 0]));
    return new DataView(bytes.buffer).getUint16(2);
  }

  setUpQueue(index: number, size: number): TestQueue {
    const packed = hasFeature(this.features, FEATURE.RING_PACKED);
    const notify = () => this.notify(index);
    const eventIndex = hasFeature(this.features, FEATURE.EVENT_INDEX);
    const queue = packed
      ? new TestPackedQueue(this, size, eventIndex, notify)
      : new TestSplitQueue(this, size, { littleEndian: this.littleEndian, eventIndex }, notify);
    const { descriptors, driver, device } = queue.at;
    const operands =
      this.revision > 0
        ? numbers([8, descriptors], [4, 0], [2, index], [2, size], [8, driver], [8, device])
        : numbers([8, descriptors], [4, 4096], [2, index], [2, size]);
    this.command(VIRTIO_CCW.SET_QUEUE, operands);
    return queue;
  }

  setAdapterIndicators(): void {
    const operands = numbers([8, this.summary], [8, this.indicators], [8, 0], [1, 5]);
    this.command(VIRTIO_CCW.SET_ADAPTER_INDICATORS, operands);
  }

  get littleEndian(): boolean {
    return hasFeature(this.features, FEATURE.VERSION_1);
  }

  /** Notifies the device of a queue. */
  notify(index: number): void {
    const result = this.channel.subsystem.notify(this.channel.id, BigInt(index));
    if (result !== 0n) throw new CommandError(`notification of queue ${index}: ${result}`);
  }

  /** Returns the start of the configuration space. */
  configuration(length: number): DataView {
    return new DataView(this.command(VIRTIO_CCW.READ_CONFIGURATION, length).buffer);
  }

  /** Whether a device may store these bytes: into its rings and buffers, indicators, and the operands of commands. */
  allowsStore(address: number, length: number): boolean {
    const fixed = address >= OPERANDS && address + length <= HEAP;
    return fixed || this.queues.some((queue) => queue.allowsStore(address, length));
  }

  /** Returns the address of memory that nobody else uses. */
  allocate(length: number, alignment = 16): number {
    const at = Math.ceil(this.#heap / alignment) * alignment;
    this.#heap = at + length;
    if (this.#heap > this.owner.memory.bytes.length)
      throw new TestDriverError('the memory of the test is used up');
    return at;
  }

  /** Sends one buffer to a queue, and returns it as the device returned it. */
  send(
    index: number,
    readable: readonly Uint8Array[],
    writable: readonly number[],
    indirect = false,
  ): Completed {
    const queue = this.queues[index] as TestQueue;
    queue.add(readable, writable, indirect);
    queue.kick();
    const [completed] = queue.completed();
    if (!completed) throw new TestDriverError('the device has not returned the buffer');
    return completed;
  }
}

/** Returns big-endian numbers, each with its length in bytes. */
export function numbers(...fields: readonly (readonly [number, number])[]): Uint8Array {
  return Uint8Array.from(
    fields.flatMap(([length, value]) =>
      Array.from({ length }, (_, n) => Math.floor(value / 256 ** (length - 1 - n)) & 0xff),
    ),
  );
}
