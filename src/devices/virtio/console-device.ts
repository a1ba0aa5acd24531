/** The console device with one port, which Linux knows as `hvc0`. Virtio 1.2, section 5.3. */

import { SavedFields } from '../saved-state.ts';
import { features } from './features.ts';
import { RingError } from './ring-error.ts';
import { DEVICE_ID, type VirtioDevice, type VirtioPort } from './virtio-device.ts';
import type { Virtqueue } from './virtqueue.ts';

/** Feature bits of the console. */
export const CONSOLE_FEATURE = { SIZE: 0, EMERGENCY_WRITE: 2 } as const;
/** Queue numbers. */
export const CONSOLE_QUEUE = { RECEIVE: 0, TRANSMIT: 1 } as const;

const QUEUE_SIZE = 64;
const CONFIGURATION_BYTES = 12;
/** Maximum number of bytes of input that are kept until the driver has room for them. */
const INPUT_MAX = 0x1_0000;
/** Number of bytes of output that are copied at a time, and the maximum of one buffer. */
const CHUNK = 0x1_0000;
const OUTPUT_MAX = 0x10_0000;

/** Where the output of a console goes. */
export interface ConsoleOutput {
  /** Receives what the guest wrote. */
  write(bytes: Uint8Array): void;
}

/** The size of a terminal in characters, 1 to 65,535 each. */
export interface ConsoleSize {
  readonly columns: number;
  readonly rows: number;
}

/** A console. */
export class ConsoleDevice implements VirtioDevice {
  readonly id = DEVICE_ID.CONSOLE;
  readonly features = features(CONSOLE_FEATURE.SIZE, CONSOLE_FEATURE.EMERGENCY_WRITE);
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly #output: ConsoleOutput;
  #size: ConsoleSize;
  #input: Uint8Array = new Uint8Array(0);
  #port!: VirtioPort;

  /** @throws RangeError if the size is out of range */
  constructor(output: ConsoleOutput, size: ConsoleSize = { columns: 80, rows: 24 }) {
    demandSize(size);
    this.#output = output;
    this.#size = size;
  }

  connect(port: VirtioPort): void {
    this.#port = port;
  }

  /** Number of bytes that `input` would accept. */
  get inputSpace(): number {
    return INPUT_MAX - this.#input.length;
  }

  /** Adds input, which is kept until the driver has room for it. Returns the number of bytes accepted. */
  input(bytes: Uint8Array): number {
    const accepted = bytes.subarray(0, this.inputSpace);
    const all = new Uint8Array(this.#input.length + accepted.length);
    all.set(this.#input);
    all.set(accepted, this.#input.length);
    this.#input = all;
    this.#port.perform(() => this.#receive());
    return accepted.length;
  }

  /** Tells the guest of another size of the terminal. @throws RangeError if it is out of range */
  resize(size: ConsoleSize): void {
    demandSize(size);
    this.#size = size;
    this.#port.configurationChanged();
  }

  readConfiguration(littleEndian: boolean): Uint8Array {
    const bytes = new Uint8Array(CONFIGURATION_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, this.#size.columns, littleEndian);
    view.setUint16(2, this.#size.rows, littleEndian);
    view.setUint32(4, 1, littleEndian);
    return bytes;
  }

  /** A driver in need writes a character into the last word of the configuration space. */
  writeConfiguration(bytes: Uint8Array, littleEndian: boolean): void {
    if (bytes.length < CONFIGURATION_BYTES) return;
    const character = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8, littleEndian);
    this.#output.write(Uint8Array.of(character & 0xff));
  }

  process(queue: Virtqueue): void {
    if (queue.index === CONSOLE_QUEUE.TRANSMIT) this.#transmit(queue);
    else this.#receive();
  }

  #transmit(queue: Virtqueue): void {
    for (const request of queue.requests()) {
      const length = request.readableLength;
      if (length > OUTPUT_MAX) throw new RingError(`${length} bytes of output in a buffer`);
      for (let done = 0; done < length; done += CHUNK) {
        this.#output.write(request.read(done, Math.min(CHUNK, length - done)));
      }
      queue.give(request, 0);
    }
  }

  /** Fills buffers of the driver with input. */
  #receive(): void {
    const queue = this.#port.queues[CONSOLE_QUEUE.RECEIVE] as Virtqueue;
    for (let n = queue.maximum; n > 0 && this.#input.length > 0; n--) {
      const request = queue.take();
      if (!request) {
        // A buffer that came in between is found by the next notification or the next input.
        if (!queue.awaitNotification()) return;
        continue;
      }
      const written = request.write(0, this.#input);
      this.#input = this.#input.slice(written);
      queue.give(request, written);
    }
  }

  reset(): void {
    // Input comes from outside: it waits for the next driver, as it does for the first one.
  }

  save(): unknown {
    return { columns: this.#size.columns, rows: this.#size.rows, input: this.#input.slice() };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('console', state);
    const size = { columns: saved.integer('columns', 0xffff), rows: saved.integer('rows', 0xffff) };
    const input = saved.bytes('input', INPUT_MAX, false);
    return () => {
      this.#size = size;
      this.#input = input;
    };
  }
}

function demandSize({ columns, rows }: ConsoleSize): void {
  for (const length of [columns, rows]) {
    if (!Number.isInteger(length) || length < 1 || length > 0xffff) {
      throw new RangeError(`a terminal of ${columns} columns and ${rows} rows`);
    }
  }
}
