/** The entropy device. Virtio 1.2, section 5.4. Its bytes follow from a seed, so that a run can be repeated. */

import { DEVICE_ID, type VirtioDevice, type VirtioPort } from './virtio-device.ts';
import type { Virtqueue } from './virtqueue.ts';

const QUEUE_SIZE = 8;
/** Maximum number of bytes for one buffer: a device may give less than there is room for. */
const BYTES_MAX = 4096;

/** A sequence of bytes that looks random. */
export interface ByteSource {
  /** Returns the next `length` bytes. */
  next(length: number): Uint8Array;
  /** Returns the state: values that can be cloned. */
  save(): unknown;
  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void;
}

/** A device that gives bytes of a source. */
export class EntropyDevice implements VirtioDevice {
  readonly id = DEVICE_ID.ENTROPY;
  readonly features = 0n;
  readonly queueSizes = [QUEUE_SIZE];
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    this.#source = source;
  }

  connect(_port: VirtioPort): void {
    // It acts only when the driver asks.
  }

  readConfiguration(): Uint8Array {
    return new Uint8Array(0);
  }

  writeConfiguration(): void {
    // There is no configuration.
  }

  process(queue: Virtqueue): void {
    for (const request of queue.requests()) {
      const length = Math.min(request.writableLength, BYTES_MAX);
      queue.give(request, request.write(0, this.#source.next(length)));
    }
  }

  reset(): void {
    // The sequence goes on, as it does after a reset of a machine.
  }

  save(): unknown {
    return { source: this.#source.save() };
  }

  prepareRestore(state: unknown): () => void {
    return this.#source.prepareRestore((state as { source?: unknown } | null)?.source);
  }
}
