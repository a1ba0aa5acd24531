/** The memory balloon. Virtio 1.2, section 5.5. */

import { SavedFields } from '../saved-state.ts';
import { features } from './features.ts';
import type { Request } from './request.ts';
import { RingError } from './ring-error.ts';
import { DEVICE_ID, type VirtioDevice, type VirtioPort } from './virtio-device.ts';
import { saveRequest, type Virtqueue } from './virtqueue.ts';

/** Feature bits of the balloon. */
export const BALLOON_FEATURE = { MUST_TELL_HOST: 0, STATISTICS: 1, DEFLATE_ON_OOM: 2 } as const;
/** Queue numbers. */
export const BALLOON_QUEUE = { INFLATE: 0, DEFLATE: 1, STATISTICS: 2 } as const;

const QUEUE_SIZE = 128;
const CONFIGURATION_BYTES = 8;
/** Maximum length in bytes of a list of pages, or of statistics. */
const LIST_MAX = 0x1_0000;
/** Length of a statistic: its tag and its value. */
const STATISTIC_BYTES = 10;
const PAGE_SHIFT = 12n;

/** What gets the pages of a balloon. */
export interface BalloonBackend {
  /**
   * The guest does not use a page any more: its content may be lost.
   * @param address guest absolute address of 4 KiB, which need not be memory
   */
  discard(address: bigint): void;
  /** The guest uses a page again. @param address guest absolute address of 4 KiB, which need not be memory */
  giveBack(address: bigint): void;
}

/** A balloon. */
export class BalloonDevice implements VirtioDevice {
  readonly id = DEVICE_ID.BALLOON;
  readonly features = features(BALLOON_FEATURE.STATISTICS, BALLOON_FEATURE.DEFLATE_ON_OOM);
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE, QUEUE_SIZE];
  readonly #backend: BalloonBackend;
  #port!: VirtioPort;
  /** Number of pages that the balloon should have, and that it has as the driver says. */
  #target = 0;
  #actual = 0;
  /** The buffer with statistics. The device returns it to ask for new ones. */
  #statisticsBuffer: Request | null = null;
  #statistics: ReadonlyMap<number, bigint> = new Map();

  constructor(backend: BalloonBackend) {
    this.#backend = backend;
  }

  connect(port: VirtioPort): void {
    this.#port = port;
  }

  /** Asks the guest to give this number of pages of 4 KiB. @throws RangeError if it is not an integer of 32 bits */
  inflateTo(pages: number): void {
    if (!Number.isInteger(pages) || pages < 0 || pages > 0xffff_ffff) throw new RangeError(`${pages} pages`);
    this.#target = pages;
    this.#port.configurationChanged();
  }

  /** Number of pages of 4 KiB that the guest says it has given. */
  get actual(): number {
    return this.#actual;
  }

  /** The statistics that the guest has sent last, by tag. Virtio 1.2, section 5.5.6.4, has the tags. */
  get statistics(): ReadonlyMap<number, bigint> {
    return this.#statistics;
  }

  /** Asks the guest for new statistics. Returns false if it has not sent any since the last call. */
  requestStatistics(): boolean {
    const buffer = this.#statisticsBuffer;
    if (!buffer || !this.#port.ready) return false;
    this.#statisticsBuffer = null;
    this.#port.perform(() => (this.#port.queues[BALLOON_QUEUE.STATISTICS] as Virtqueue).give(buffer, 0));
    return true;
  }

  /** Both fields are little-endian in the legacy interface, too. */
  readConfiguration(): Uint8Array {
    const bytes = new Uint8Array(CONFIGURATION_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.#target, true);
    view.setUint32(4, this.#actual, true);
    return bytes;
  }

  writeConfiguration(bytes: Uint8Array): void {
    if (bytes.length < CONFIGURATION_BYTES) return;
    this.#actual = new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true);
  }

  process(queue: Virtqueue): void {
    for (const request of queue.requests()) {
      if (request.readableLength > LIST_MAX) throw new RingError('a list of pages is too long');
      if (queue.index === BALLOON_QUEUE.STATISTICS) {
        this.#takeStatistics(queue, request);
      } else {
        this.#takePages(request, queue.index === BALLOON_QUEUE.INFLATE);
        queue.give(request, 0);
      }
    }
  }

  #takePages(request: Request, inflate: boolean): void {
    const list = request.read(0, LIST_MAX);
    const view = new DataView(list.buffer);
    for (let at = 0; at + 4 <= list.length; at += 4) {
      const address = BigInt(view.getUint32(at, this.#port.littleEndian)) << PAGE_SHIFT;
      if (inflate) this.#backend.discard(address);
      else this.#backend.giveBack(address);
    }
  }

  /** Keeps the buffer. If the driver sends another one, the first is returned. */
  #takeStatistics(queue: Virtqueue, request: Request): void {
    const list = request.read(0, LIST_MAX);
    const view = new DataView(list.buffer);
    const found = new Map<number, bigint>();
    for (let at = 0; at + STATISTIC_BYTES <= list.length; at += STATISTIC_BYTES) {
      const { littleEndian } = this.#port;
      found.set(view.getUint16(at, littleEndian), view.getBigUint64(at + 2, littleEndian));
    }
    this.#statistics = found;
    if (this.#statisticsBuffer) queue.give(this.#statisticsBuffer, 0);
    this.#statisticsBuffer = request;
  }

  reset(): void {
    this.#actual = 0;
    this.#statisticsBuffer = null;
    this.#statistics = new Map();
  }

  save(): unknown {
    const buffer = this.#statisticsBuffer;
    return {
      ...{ target: this.#target, actual: this.#actual, buffer: buffer && saveRequest(buffer) },
      statistics: [...this.#statistics].map(([tag, value]) => ({ tag, value })),
    };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('balloon', state);
    const [target, actual] = [saved.integer('target', 0xffff_ffff), saved.integer('actual', 0xffff_ffff)];
    const queue = this.#port.queues[BALLOON_QUEUE.STATISTICS] as Virtqueue;
    const buffer = saved.any('buffer') === null ? null : queue.restoreRequest(saved.any('buffer'));
    const statistics = saved.list('statistics', LIST_MAX, (value) => {
      const one = new SavedFields('statistic', value);
      return [one.integer('tag', 0xffff), one.bigint('value')] as const;
    });
    return () => {
      this.#target = target;
      this.#actual = actual;
      this.#statisticsBuffer = buffer;
      this.#statistics = new Map(statistics);
    };
  }
}
