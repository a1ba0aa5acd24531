/** The network device, a network card with one queue for each direction. Virtio 1.2, section 5.1. */

import { SavedFields } from '../../saved-state.ts';
import { FEATURE, features, hasFeature } from '../features.ts';
import type { Request } from '../request.ts';
import { RingError } from '../ring-error.ts';
import { DEVICE_ID, type VirtioDevice, type VirtioPort } from '../virtio-device.ts';
import { saveRequest, type Virtqueue } from '../virtqueue.ts';
import type { NetworkBackend, NetworkCard } from './backend.ts';
import { HEADER_BYTES, isPlainHeader, withHeader } from './header.ts';

/** Feature bits of the network device. */
export const NETWORK_FEATURE = { MTU: 3, MAC: 5, MERGEABLE_BUFFERS: 15, STATUS: 16 } as const;
/** Queue numbers. */
export const NETWORK_QUEUE = { RECEIVE: 0, TRANSMIT: 1 } as const;

const QUEUE_SIZE = 256;
const CONFIGURATION_BYTES = 12;
const LINK_UP = 1;
/** Maximum number of frames that wait for buffers of the driver. */
const WAITING_MAX = 256;
/** Length of an Ethernet header, and of a VLAN tag, which does not count for the MTU. */
const ETHERNET_BYTES = 14;
const VLAN_BYTES = 4;
/** The range of the MTU: the least that IPv4 needs, and what the field of the configuration space holds. */
const MTU = { MIN: 68, MAX: 0xffff, DEFAULT: 1500 } as const;

/** Options of a network device. */
export interface NetworkOptions {
  /** Its MAC address, 6 bytes. */
  readonly mac: Uint8Array;
  /** The largest payload of a frame in bytes, 68 to 65,535. Default: 1500. */
  readonly mtu?: number;
}

/** A network device. */
export class NetworkDevice implements VirtioDevice, NetworkCard {
  readonly id = DEVICE_ID.NETWORK;
  readonly features = features(
    ...[NETWORK_FEATURE.MTU, NETWORK_FEATURE.MAC, NETWORK_FEATURE.MERGEABLE_BUFFERS, NETWORK_FEATURE.STATUS],
  );
  readonly queueSizes = [QUEUE_SIZE, QUEUE_SIZE];
  readonly #network: NetworkBackend;
  readonly #mac: Uint8Array;
  readonly #mtu: number;
  #port!: VirtioPort;
  /** Frames for which the driver had no buffer. */
  #waiting: Uint8Array[] = [];
  /** Buffers that were taken for the next frame, and the number of bytes that they have room for. */
  #held: Request[] = [];
  #room = 0;
  /** Whether frames of the guest are being sent. An answer that comes meanwhile is delivered after the frame. */
  #sending = false;

  /** @throws RangeError if an option is out of range */
  constructor(network: NetworkBackend, { mac, mtu = MTU.DEFAULT }: NetworkOptions) {
    if (mac.length !== 6) throw new RangeError(`a MAC address of ${mac.length} bytes`);
    if (!Number.isInteger(mtu) || mtu < MTU.MIN || mtu > MTU.MAX) throw new RangeError(`an MTU of ${mtu}`);
    this.#network = network;
    this.#mac = mac.slice();
    this.#mtu = mtu;
    network.connect(this);
  }

  connect(port: VirtioPort): void {
    this.#port = port;
  }

  /** Maximum length of a frame. */
  get #frameMax(): number {
    return ETHERNET_BYTES + VLAN_BYTES + this.#mtu;
  }

  get #headerBytes(): number {
    const isLong = hasFeature(this.#port.features, FEATURE.VERSION_1) || this.#mergeable;
    return isLong ? HEADER_BYTES.LONG : HEADER_BYTES.LEGACY;
  }

  /** Whether a frame may be spread over several buffers. */
  get #mergeable(): boolean {
    return hasFeature(this.#port.features, NETWORK_FEATURE.MERGEABLE_BUFFERS);
  }

  readConfiguration(littleEndian: boolean): Uint8Array {
    const bytes = new Uint8Array(CONFIGURATION_BYTES);
    const view = new DataView(bytes.buffer);
    bytes.set(this.#mac);
    view.setUint16(6, LINK_UP, littleEndian);
    // One pair of queues. The field exists only with a feature that is not offered, but its place does.
    view.setUint16(8, 1, littleEndian);
    view.setUint16(10, this.#mtu, littleEndian);
    return bytes;
  }

  writeConfiguration(): void {
    // A legacy driver may write the MAC address that it wants to have. Every frame has its sender.
  }

  /** @throws RangeError if the frame is too short or too long */
  receive(frame: Uint8Array): boolean {
    if (!this.#fits(frame.length)) throw new RangeError(`a frame of ${frame.length} bytes`);
    if (!this.#port.ready || this.#waiting.length >= WAITING_MAX) return false;
    this.#waiting.push(frame);
    if (!this.#sending) this.#port.perform(() => this.#deliver());
    return true;
  }

  #fits(length: number): boolean {
    return length >= ETHERNET_BYTES && length <= this.#frameMax;
  }

  process(queue: Virtqueue): void {
    if (queue.index === NETWORK_QUEUE.TRANSMIT) this.#transmit(queue);
    else this.#deliver();
  }

  #transmit(queue: Virtqueue): void {
    this.#sending = true;
    try {
      for (const request of queue.requests()) {
        const frame = this.#frameOf(request);
        queue.give(request, 0);
        if (frame === null) continue;
        this.#network.send(frame);
        this.#deliver();
      }
    } finally {
      this.#sending = false;
    }
  }

  /** Returns the frame in a buffer, or null if the network cannot carry it. */
  #frameOf(request: Request): Uint8Array | null {
    const header = this.#headerBytes;
    const length = request.readableLength - header;
    if (length < 0) throw new RingError(`a buffer of ${request.readableLength} bytes has no header`);
    if (!this.#fits(length) || !isPlainHeader(request.read(0, header))) return null;
    return request.read(header, length);
  }

  /** Stores the frames that wait into buffers of the driver. */
  #deliver(): void {
    const queue = this.#port.queues[NETWORK_QUEUE.RECEIVE] as Virtqueue;
    while (this.#waiting.length > 0) {
      const [frame] = this.#waiting as [Uint8Array];
      const length = this.#headerBytes + frame.length;
      if (!this.#hold(queue, length)) return;
      this.#waiting.shift();
      // A single buffer that is too short stays for the next frame; this one is lost.
      if (this.#room >= length) this.#store(queue, frame);
    }
  }

  /**
   * Takes buffers until there is room for a number of bytes. Returns false if the driver has no more. Without mergeable buffers it
   * takes only one, which may be too short.
   */
  #hold(queue: Virtqueue, length: number): boolean {
    // A queue that a driver has put over other memory may always say that there is one more buffer.
    for (let n = queue.maximum * 2; n > 0 && this.#room < length; n--) {
      if (this.#held.length > 0 && !this.#mergeable) return true;
      const request = queue.take();
      if (request) {
        if (request.writableLength < this.#headerBytes) throw new RingError('no room for the header');
        this.#held.push(request);
        this.#room += request.writableLength;
      } else if (!queue.awaitNotification()) {
        return false;
      }
    }
    return this.#room >= length;
  }

  /** Stores a frame into the buffers that were taken, and returns them. */
  #store(queue: Virtqueue, frame: Uint8Array): void {
    const held = this.#held;
    this.#release();
    const bytes = withHeader(frame, this.#headerBytes, held.length, this.#port.littleEndian);
    let done = 0;
    for (const request of held) {
      const written = request.write(0, bytes.subarray(done));
      queue.give(request, written);
      done += written;
    }
  }

  #release(): void {
    this.#held = [];
    this.#room = 0;
  }

  reset(): void {
    this.#waiting = [];
    this.#release();
  }

  save(): unknown {
    return {
      ...{ waiting: this.#waiting.map((frame) => frame.slice()), held: this.#held.map(saveRequest) },
      network: this.#network.save(),
    };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('network device', state);
    const waiting = saved.list('waiting', WAITING_MAX, (frame) =>
      new SavedFields('network device', { frame }).bytes('frame', this.#frameMax, false),
    );
    const queue = this.#port.queues[NETWORK_QUEUE.RECEIVE] as Virtqueue;
    const held = saved.list('held', QUEUE_SIZE, (buffer) => queue.restoreRequest(buffer));
    const restoreNetwork = this.#network.prepareRestore(saved.any('network'));
    return () => {
      this.#waiting = waiting;
      this.#held = held;
      this.#room = held.reduce((room, { writableLength }) => room + writableLength, 0);
      restoreNetwork();
    };
  }
}
