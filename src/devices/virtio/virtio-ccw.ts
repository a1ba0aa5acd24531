/**
 * Virtio over channel I/O: the control unit of a virtio device. Virtio 1.2, section 4.3.
 *
 * Revisions 0 (the legacy interface, big-endian on this machine), 1 and 2. Where the specification leaves it open how a wrong
 * command ends, it is a unit check with command reject; QEMU ends some of them with a program check.
 */

import type { ChannelData } from '../channel/data.ts';
import { type ChannelDevice, type ChannelPort, SENSE } from '../channel/device.ts';
import { GuestAddressError } from '../memory.ts';
import { SavedFields, StateError } from '../saved-state.ts';
import { FEATURE, features, hasFeature, STATUS } from './features.ts';
import { CLASSIC_QUEUES, Indicators } from './indicators.ts';
import type { RingAddresses } from './ring.ts';
import { RingError } from './ring-error.ts';
import { DEVICE_NAME, type VirtioDevice, type VirtioPort } from './virtio-device.ts';
import { type Traffic, Virtqueue } from './virtqueue.ts';

/** Channel commands of virtio-ccw. */
export const VIRTIO_CCW = {
  WRITE_FEATURES: 0x11,
  READ_FEATURES: 0x12,
  SET_QUEUE: 0x13,
  WRITE_CONFIGURATION: 0x21,
  READ_CONFIGURATION: 0x22,
  WRITE_STATUS: 0x31,
  READ_QUEUE_CONFIGURATION: 0x32,
  RESET: 0x33,
  SET_INDICATORS: 0x43,
  SET_CONFIGURATION_INDICATORS: 0x53,
  READ_STATUS: 0x72,
  SET_ADAPTER_INDICATORS: 0x73,
  SET_REVISION: 0x83,
} as const;

/** The control-unit type of all virtio devices. */
export const VIRTIO_CONTROL_UNIT = 0x3832;
const REVISION_MAX = 2;
/** The alignment of a legacy ring in bytes. */
const LEGACY_ALIGNMENT = 4096;
const OK = 0;

/** Options of the transport. */
export interface VirtioCcwOptions {
  /** Whether packed rings are offered. Default: false, as in QEMU. */
  readonly packed?: boolean;
}

/** A virtio device on the channel path. */
export class VirtioCcw implements ChannelDevice {
  readonly identity;
  readonly #device: VirtioDevice;
  readonly #offered: bigint;
  #queues: readonly Virtqueue[] = [];
  #indicators!: Indicators;
  /** The revision that the driver has set, or null if it has set none, which means revision 0. */
  #revision: number | null = null;
  #status = 0;
  #driverFeatures = 0n;

  constructor(device: VirtioDevice, { packed = false }: VirtioCcwOptions = {}) {
    this.#device = device;
    this.identity = {
      ...{ controlUnitType: VIRTIO_CONTROL_UNIT, controlUnitModel: device.id },
      ...{ deviceType: 0, deviceModel: 0 },
    };
    const common = [FEATURE.INDIRECT_DESCRIPTORS, FEATURE.EVENT_INDEX, FEATURE.VERSION_1];
    this.#offered = device.features | features(...common, ...(packed ? [FEATURE.RING_PACKED] : []));
  }

  connect(port: ChannelPort): void {
    const { memory } = port.owner;
    this.#queues = this.#device.queueSizes.map((size, index) => new Virtqueue(index, size, memory));
    this.#indicators = new Indicators(port);
    this.#device.connect(this.#port());
  }

  #port(): VirtioPort {
    const self = this;
    return {
      get ready() {
        return self.#ready;
      },
      get features() {
        return self.#negotiated;
      },
      get littleEndian() {
        return self.#littleEndian;
      },
      queues: this.#queues,
      perform: (action) => this.#perform(action),
      configurationChanged: () => this.#configurationChanged(),
    };
  }

  get name(): string {
    return DEVICE_NAME[this.#device.id] ?? `virtio device ${this.#device.id}`;
  }

  get traffic(): Readonly<Traffic> {
    const all: Traffic = { requests: 0, bytesOut: 0, bytesIn: 0 };
    for (const { traffic } of this.#queues) {
      all.requests += traffic.requests;
      all.bytesOut += traffic.bytesOut;
      all.bytesIn += traffic.bytesIn;
    }
    return all;
  }

  get #ready(): boolean {
    return (this.#status & (STATUS.DRIVER_OK | STATUS.NEEDS_RESET)) === STATUS.DRIVER_OK;
  }

  get #negotiated(): bigint {
    return this.#driverFeatures & this.#visibleFeatures;
  }

  /** The features that a driver of the revision can see. */
  get #visibleFeatures(): bigint {
    return this.#revision ? this.#offered : this.#offered & 0xffff_ffffn;
  }

  get #littleEndian(): boolean {
    return hasFeature(this.#negotiated, FEATURE.VERSION_1);
  }

  /** The byte order of the configuration space, which a driver reads before it has accepted features. */
  get #configurationLittleEndian(): boolean {
    return this.#revision !== null && this.#revision > 0;
  }

  execute(command: number, data: ChannelData): number {
    switch (command) {
      case VIRTIO_CCW.SET_REVISION:
        return this.#setRevision(data);
      case VIRTIO_CCW.RESET:
        this.#resetDevice();
        return OK;
      case VIRTIO_CCW.READ_FEATURES:
        return this.#readFeatures(data);
      case VIRTIO_CCW.WRITE_FEATURES:
        return this.#writeFeatures(data);
      case VIRTIO_CCW.READ_CONFIGURATION:
        data.write(this.#device.readConfiguration(this.#configurationLittleEndian), true);
        return OK;
      case VIRTIO_CCW.WRITE_CONFIGURATION:
        return this.#writeConfiguration(data);
      case VIRTIO_CCW.READ_STATUS:
        if (this.#revision !== REVISION_MAX) return SENSE.COMMAND_REJECT;
        data.write(Uint8Array.of(this.#status));
        return OK;
      case VIRTIO_CCW.WRITE_STATUS:
        return this.#writeStatus(data);
      default:
        return this.#executeQueueCommand(command, data);
    }
  }

  #executeQueueCommand(command: number, data: ChannelData): number {
    switch (command) {
      case VIRTIO_CCW.READ_QUEUE_CONFIGURATION:
        return this.#readQueueConfiguration(data);
      case VIRTIO_CCW.SET_QUEUE:
        return this.#revision ? this.#setQueue(data) : this.#setLegacyQueue(data);
      case VIRTIO_CCW.SET_INDICATORS:
        return this.#setIndicators(data);
      case VIRTIO_CCW.SET_CONFIGURATION_INDICATORS:
        return operands(data, 8, (view) => {
          this.#indicators.configuration = view.getBigUint64(0) || null;
          return OK;
        });
      case VIRTIO_CCW.SET_ADAPTER_INDICATORS:
        return this.#setAdapterIndicators(data);
      default:
        return SENSE.COMMAND_REJECT;
    }
  }

  #setRevision(data: ChannelData): number {
    return operands(data, 4, (view) => {
      const revision = view.getUint16(0);
      // No revision has data of its own.
      const length = view.getUint16(2);
      const complete = data.read(length).length === length;
      if (!complete || this.#revision !== null || revision > REVISION_MAX) return SENSE.COMMAND_REJECT;
      this.#revision = revision;
      return OK;
    });
  }

  /** The driver gives the number of a word of features in the fifth byte, and gets the word in the first four. */
  #readFeatures(data: ChannelData): number {
    return operands(data, 5, (view) => {
      const index = view.getUint8(4);
      const word = index < 2 ? (this.#visibleFeatures >> BigInt(index * 32)) & 0xffff_ffffn : 0n;
      const result = new DataView(new ArrayBuffer(4));
      result.setUint32(0, Number(word), true);
      data.rewind();
      data.write(new Uint8Array(result.buffer));
      return OK;
    });
  }

  #writeFeatures(data: ChannelData): number {
    return operands(data, 5, (view) => {
      if (this.#status & (STATUS.FEATURES_OK | STATUS.DRIVER_OK)) return SENSE.COMMAND_REJECT;
      const index = view.getUint8(4);
      const word = BigInt(view.getUint32(0, true));
      if (index > 1 || (index === 1 && !this.#revision)) return word === 0n ? OK : SENSE.COMMAND_REJECT;
      const shift = BigInt(index * 32);
      this.#driverFeatures = (this.#driverFeatures & ~(0xffff_ffffn << shift)) | (word << shift);
      return OK;
    });
  }

  #writeConfiguration(data: ChannelData): number {
    const littleEndian = this.#configurationLittleEndian;
    const { length } = this.#device.readConfiguration(littleEndian);
    this.#device.writeConfiguration(data.read(length), littleEndian);
    return OK;
  }

  #writeStatus(data: ChannelData): number {
    return operands(data, 1, (view) => {
      const status = view.getUint8(0);
      if (status === 0) {
        this.#resetDevice();
        return OK;
      }
      const added = status & ~this.#status;
      if (added & STATUS.FEATURES_OK && !this.#featuresAcceptable()) return SENSE.COMMAND_REJECT;
      // Only a reset clears bits.
      this.#status |= status & ~STATUS.NEEDS_RESET;
      if (added & STATUS.DRIVER_OK) this.#driverReady();
      return OK;
    });
  }

  #featuresAcceptable(): boolean {
    const known = (this.#driverFeatures & ~this.#visibleFeatures) === 0n;
    return known && (!this.#revision || hasFeature(this.#driverFeatures, FEATURE.VERSION_1));
  }

  /** Processes what the driver made available before it was ready. */
  #driverReady(): void {
    this.#perform(() => {
      for (const queue of this.#queues) {
        queue.start(this.#negotiated);
        if (queue.active) this.#device.process(queue);
      }
    });
  }

  #readQueueConfiguration(data: ChannelData): number {
    return operands(data, 2, (view) => {
      const result = new DataView(new ArrayBuffer(2));
      result.setUint16(0, this.#queues[view.getUint16(0)]?.maximum ?? 0);
      data.write(new Uint8Array(result.buffer));
      return OK;
    });
  }

  #setQueue(data: ChannelData): number {
    return operands(data, 32, (view) => {
      const at = {
        descriptors: view.getBigUint64(0),
        driver: view.getBigUint64(16),
        device: view.getBigUint64(24),
      };
      return this.#place(view.getUint16(12), view.getUint16(14), at);
    });
  }

  /** A legacy ring is one area: descriptors, the available ring, and from the next page on the used ring. */
  #setLegacyQueue(data: ChannelData): number {
    return operands(data, 16, (view) => {
      const descriptors = view.getBigUint64(0);
      const size = view.getUint16(14);
      if (descriptors !== 0n && view.getUint32(8) !== LEGACY_ALIGNMENT) return SENSE.COMMAND_REJECT;
      const driver = descriptors + BigInt(size * 16);
      const alignment = BigInt(LEGACY_ALIGNMENT);
      const end = driver + BigInt(size * 2 + 6);
      const device = ((end + alignment - 1n) / alignment) * alignment;
      return this.#place(view.getUint16(12), size, { descriptors, driver, device });
    });
  }

  #place(index: number, size: number, at: RingAddresses): number {
    const queue = this.#queues[index];
    if (!queue) return SENSE.COMMAND_REJECT;
    if (at.descriptors === 0n) {
      queue.place(0, null);
      return OK;
    }
    if (!queue.allows(size, this.#negotiated)) return SENSE.COMMAND_REJECT;
    queue.place(size, at);
    if (this.#ready) queue.start(this.#negotiated);
    return OK;
  }

  #setIndicators(data: ChannelData): number {
    if (this.#indicators.adapter || this.#queues.length > CLASSIC_QUEUES) return SENSE.COMMAND_REJECT;
    return operands(data, 8, (view) => {
      this.#indicators.classic = view.getBigUint64(0) || null;
      return OK;
    });
  }

  #setAdapterIndicators(data: ChannelData): number {
    if (this.#indicators.classic !== null) return SENSE.COMMAND_REJECT;
    return operands(data, 25, (view) => {
      const [summary, bits] = [view.getBigUint64(0), view.getBigUint64(8)];
      const isc = view.getUint8(24);
      if (isc > 7) return SENSE.COMMAND_REJECT;
      this.#indicators.adapter =
        summary && bits ? { summary, bits, first: view.getBigUint64(16), isc } : null;
      return OK;
    });
  }

  notify(index: number): boolean {
    const queue = this.#queues[index];
    if (!queue) return false;
    this.#perform(() => {
      if (queue.active) this.#device.process(queue);
    });
    return true;
  }

  #perform(action: () => void): void {
    if (!this.#ready) return;
    this.#guarded(action);
    this.#guarded(() => {
      for (const queue of this.#queues)
        if (queue.needsInterruption()) this.#indicators.queueUsed(queue.index);
    });
  }

  /** Performs an action unless the device needs a reset. An error of the driver is the reason for one. */
  #guarded(action: () => void): void {
    if (this.#status & STATUS.NEEDS_RESET) return;
    try {
      action();
    } catch (error) {
      if (!(error instanceof RingError || error instanceof GuestAddressError)) throw error;
      this.#status |= STATUS.NEEDS_RESET;
      this.#indicators.configurationChanged();
    }
  }

  #configurationChanged(): void {
    if (this.#status & STATUS.DRIVER_OK) this.#indicators.configurationChanged();
  }

  /** Without a subchannel there is no driver. The next one sets the revision again. */
  disabled(): void {
    this.reset();
  }

  reset(): void {
    this.#resetDevice();
    this.#revision = null;
  }

  #resetDevice(): void {
    this.#status = 0;
    this.#driverFeatures = 0n;
    this.#indicators.clear();
    for (const queue of this.#queues) queue.reset();
    this.#device.reset();
  }

  save(): unknown {
    return {
      ...{ id: this.#device.id, revision: this.#revision, status: this.#status },
      ...{ driverFeatures: this.#driverFeatures, indicators: this.#indicators.save() },
      ...{ queues: this.#queues.map((queue) => queue.save()), device: this.#device.save() },
    };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('virtio device', state);
    if (saved.integer('id', 0xff) !== this.#device.id)
      throw new StateError('the virtio device is of another kind');
    const revision = saved.any('revision') === null ? null : saved.integer('revision', REVISION_MAX);
    const status = saved.integer('status', 0xff);
    const driverFeatures = saved.bigint('driverFeatures');
    const visible = revision ? this.#offered : this.#offered & 0xffff_ffffn;
    const states = saved.list('queues', this.#queues.length, (queue) => queue);
    const restores = [
      ...this.#queues.map((queue, n) => queue.prepareRestore(states[n], driverFeatures & visible)),
      this.#indicators.prepareRestore(saved.any('indicators')),
      this.#device.prepareRestore(saved.any('device')),
    ];
    return () => {
      this.#revision = revision;
      this.#status = status;
      this.#driverFeatures = driverFeatures;
      for (const restore of restores) restore();
    };
  }
}

/** Reads the operands of a command. If there are fewer bytes, the command is rejected. */
function operands(data: ChannelData, length: number, execute: (view: DataView) => number): number {
  const bytes = data.read(length);
  if (bytes.length < length) return SENSE.COMMAND_REJECT;
  return execute(new DataView(bytes.buffer, bytes.byteOffset, length));
}
