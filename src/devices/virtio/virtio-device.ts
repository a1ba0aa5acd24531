/**
 * What the transport and a virtio device know of each other. A device answers the buffers of its queues, at once or later, and
 * has a configuration space; it knows nothing of channels.
 */

import type { Virtqueue } from './virtqueue.ts';

/** Device IDs. Virtio 1.2, section 5. */
export const DEVICE_ID = { NETWORK: 1, BLOCK: 2, CONSOLE: 3, ENTROPY: 4, BALLOON: 5, FILE_9P: 9 } as const;

/** The names of devices. */
export const DEVICE_NAME: Readonly<Record<number, string>> = {
  [DEVICE_ID.NETWORK]: 'network',
  [DEVICE_ID.BLOCK]: 'disk',
  [DEVICE_ID.CONSOLE]: 'console',
  [DEVICE_ID.ENTROPY]: 'entropy',
  [DEVICE_ID.BALLOON]: 'balloon',
  [DEVICE_ID.FILE_9P]: 'shared folder',
};

/** What a device uses of its transport. */
export interface VirtioPort {
  /** Whether the driver is ready, and the device needs no reset: queues may be used. */
  readonly ready: boolean;
  /** The features that device and driver have. */
  readonly features: bigint;
  /** Whether numbers in buffers are little-endian, as in virtio 1, or big-endian: the legacy interface of this machine. */
  readonly littleEndian: boolean;
  /** The device's queues. */
  readonly queues: readonly Virtqueue[];
  /**
   * Performs an action on the queues when the driver has not asked for it, such as the completion of a request or new input,
   * and then interrupts the driver if it wants so. An error that the driver has caused ends the action, and the device needs a
   * reset. Does nothing unless the device is ready.
   */
  perform(action: () => void): void;
  /** Tells the driver that the configuration space has changed. */
  configurationChanged(): void;
}

/** A virtio device. */
export interface VirtioDevice {
  /** `DEVICE_ID`. */
  readonly id: number;
  /** Feature bits, besides those of every device. */
  readonly features: bigint;
  /** The maximum size of each queue: powers of two up to 32,768. */
  readonly queueSizes: readonly number[];
  /** Connects the device with its transport. Called once, before anything else. */
  connect(port: VirtioPort): void;
  /** Returns a copy of the configuration space. */
  readConfiguration(littleEndian: boolean): Uint8Array;
  /** The driver has written the start of the configuration space. @param bytes no longer than the space */
  writeConfiguration(bytes: Uint8Array, littleEndian: boolean): void;
  /**
   * Processes the buffers of a queue: the driver has notified of some, or is ready now. An error that the driver has caused, a
   * RingError or GuestAddressError, may pass.
   */
  process(queue: Virtqueue): void;
  /** Forgets everything that came from the driver. */
  reset(): void;
  /** Returns the state of the device: values that can be cloned. */
  save(): unknown;
  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void;
}
