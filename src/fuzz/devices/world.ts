/** A machine with devices and their drivers, on which the steps of a case are performed. */

import {
  BalloonDevice,
  BlockDevice,
  ChannelSubsystem,
  ConsoleDevice,
  EntropyDevice,
  File9pDevice,
  MemoryDisk,
  MemoryTree,
  type NetworkBackend,
  type NetworkCard,
  NetworkDevice,
  SeededBytes,
  VirtioCcw,
  type VirtioDevice,
} from '../../devices/index.ts';
import {
  makeOrb,
  subchannelId,
  TestDriverError,
  TestOwner,
  type TestQueue,
  VirtioDriver,
  WrongDeviceError,
} from '../../devices/testing/index.ts';
import { bytesOf } from '../handlers.ts';
import type { DevicesSetup, DevicesStep, Kind } from './steps.ts';

/** Size of memory, of which the last part is given to no device. */
const MEMORY = 0x8_0000;
const HEAPS = [0x1_0000, 0x4_0000];
const DISK = 32 * 512;
/** Room for files in bytes. */
const FILES = 8192;
/** Node and browsers have it, but not the language. */
const { structuredClone } = globalThis as unknown as { structuredClone(value: unknown): unknown };
const EVENT_INDEX = 1n << 29n;

/** A device, and what happens at it from outside. */
interface Attached {
  readonly device: VirtioDevice;
  event(count: number): unknown;
}

/** A network that sends every frame back, twice. */
class EchoNetwork implements NetworkBackend {
  readonly #told: (text: string) => void;
  #card: NetworkCard | null = null;

  constructor(told: (text: string) => void) {
    this.#told = told;
  }

  connect(card: NetworkCard): void {
    this.#card = card;
  }

  send(frame: Uint8Array): void {
    this.#told(`frame ${frame.length}`);
    this.give(frame);
    this.give(frame);
  }

  /** Returns whether the frame was taken. */
  give(frame: Uint8Array): boolean {
    return this.#card?.receive(frame) ?? false;
  }

  save(): unknown {
    return null;
  }

  prepareRestore(): () => void {
    return () => {};
  }
}

/** What a step did, for comparison: values that can be compared as JSON. */
export type Outcome = unknown;

/** A machine of a case. */
export class DevicesWorld {
  readonly owner = new TestOwner(MEMORY);
  readonly #setup: DevicesSetup;
  readonly #drivers: VirtioDriver[];
  #subsystem: ChannelSubsystem;
  #devices: readonly Attached[];
  /** What the devices told their back ends since the last step. */
  #told: string[] = [];
  /** Number of steps so far: the time of shared files. */
  #steps = 0;

  constructor(setup: DevicesSetup) {
    this.#setup = setup;
    [this.#subsystem, this.#devices] = this.#make();
    // Each driver has memory of its own for rings and buffers.
    this.#drivers = setup.kinds.map((_, n) => new VirtioDriver(this.owner, this.#subsystem, n, HEAPS[n]));
    if (!setup.hostile) this.owner.memory.onStore = (address, length) => this.#demandAllowed(address, length);
  }

  /** @throws Error if a device stores into memory that no driver has given to it */
  #demandAllowed(address: number, length: number): void {
    if (this.#drivers.some((driver) => driver.allowsStore(address, length))) return;
    throw new Error(`a device stored ${length} bytes at 0x${address.toString(16)}`);
  }

  /** Makes a channel subsystem with new devices. */
  #make(): [ChannelSubsystem, Attached[]] {
    const subsystem = new ChannelSubsystem(this.owner);
    const devices = this.#setup.kinds.map((kind) => this.#makeDevice(kind));
    devices.forEach(({ device }, n) => {
      subsystem.attach(new VirtioCcw(device, { packed: this.#setup.packed }), n);
    });
    return [subsystem, devices];
  }

  #makeDevice(kind: Kind): Attached {
    switch (kind) {
      case 'block': {
        const bytes = Uint8Array.from({ length: DISK }, (_, n) => n & 0xff);
        return { device: new BlockDevice(new MemoryDisk(bytes, this.#setup.readOnly)), event: () => null };
      }
      case 'console': {
        const device = new ConsoleDevice({ write: (bytes) => this.#told.push(`write ${bytes.length}`) });
        const input = (count: number) =>
          device.input(Uint8Array.from({ length: count * 10 }, (_, n) => n & 0xff));
        return {
          device,
          event: (count) => (count === 0 ? device.resize({ columns: 1, rows: 2 }) : input(count)),
        };
      }
      case 'files': {
        const { readOnly } = this.#setup;
        const tree = new MemoryTree({ readOnly, capacity: FILES, now: () => BigInt(this.#steps) });
        return { device: new File9pDevice(tree, 'share'), event: () => null };
      }
      case 'entropy':
        return { device: new EntropyDevice(new SeededBytes(5)), event: () => null };
      case 'balloon': {
        const device = new BalloonDevice({
          discard: (address) => this.#told.push(`discard ${address}`),
          giveBack: (address) => this.#told.push(`give back ${address}`),
        });
        const ask = (count: number) => (count < 10 ? device.requestStatistics() : device.inflateTo(count));
        return { device, event: ask };
      }
      case 'network': {
        const network = new EchoNetwork((text) => this.#told.push(text));
        const device = new NetworkDevice(network, { mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
        const give = (count: number) => network.give(new Uint8Array(14 + count * 70).fill(count));
        return { device, event: give };
      }
    }
  }

  /** Returns the state of the channel subsystem and its devices. */
  save(): unknown {
    return this.#subsystem.save();
  }

  /** Saves the state of the devices, and goes on with new devices that are restored from a clone of it. */
  saveAndRestore(): void {
    const state = structuredClone(this.#subsystem.save());
    [this.#subsystem, this.#devices] = this.#make();
    this.#subsystem.restore(state);
    for (const { channel } of this.#drivers) channel.subsystem = this.#subsystem;
  }

  /** Performs a step. Returns what a caller can see of it. */
  perform(step: DevicesStep): Outcome {
    this.#told = [];
    this.#steps++;
    let result: unknown;
    try {
      result = this.#perform(step);
    } catch (error) {
      // A device returns wrong buffers only if its ring was broken.
      const broken = error instanceof WrongDeviceError && this.#setup.hostile;
      if (!(error instanceof TestDriverError || broken)) throw error;
      result = (error as Error).message;
    }
    const { subchannels, adapters, channelReports } = this.owner.interruptions;
    const interruptions = [[...subchannels], [...adapters].sort(), channelReports];
    return { result: plain(result), told: this.#told, interruptions };
  }

  #perform(step: DevicesStep): unknown {
    const subsystem = this.#subsystem;
    const { memory } = this.owner;
    switch (step.do) {
      case 'set-up':
        return this.#setUp(step);
      case 'buffer':
        return this.#addBuffer(step);
      case 'completed':
        return this.#queue(step.device, step.queue).completed();
      case 'notify':
        return subsystem.notify(step.id, BigInt(step.queue));
      case 'program':
        return this.#start(step);
      case 'instruction':
        return this.#instruction(step.name, step.id);
      case 'modify': {
        const schib = this.#driver(step.device).channel.schib();
        schib.set(bytesOf(step.bytes).subarray(0, schib.length - step.at), step.at);
        return subsystem.modifySubchannel(subchannelId(step.device), schib);
      }
      case 'call': {
        const block = new Uint8Array(4096);
        block.set(bytesOf(step.bytes));
        return subsystem.channelSubsystemCall(block);
      }
      case 'reports':
        return subsystem.storeChannelReportWord(() => true);
      case 'path':
        return subsystem.resetChannelPath(step.gr1);
      case 'monitor':
        return subsystem.setChannelMonitor(step.gr1, BigInt(step.address));
      case 'limit':
        return subsystem.setAddressLimit(step.gr1);
      case 'poke':
        return memory.bytes.set(bytesOf(step.bytes), step.at);
      case 'poke-ring': {
        const at = this.#queue(step.device, step.queue).at[step.area] + step.at;
        memory.bytes.set(bytesOf(step.bytes), at);
        const { channel, queues } = this.#driver(step.device);
        return subsystem.notify(channel.id, BigInt(step.queue % queues.length));
      }
      case 'event':
        return this.#devices[step.device % this.#devices.length]?.event(step.count);
      case 'reset':
        return subsystem.reset();
    }
  }

  #driver(number: number): VirtioDriver {
    return this.#drivers[number % this.#drivers.length] as VirtioDriver;
  }

  #queue(device: number, number: number): TestQueue {
    const { queues } = this.#driver(device);
    const queue = queues[number % Math.max(queues.length, 1)];
    if (!queue) throw new TestDriverError('the device is not set up');
    return queue;
  }

  #setUp(step: DevicesStep & { do: 'set-up' }): unknown {
    const driver = this.#driver(step.device);
    const { revision, adapter } = step;
    const features = step.eventIndex ? ~0n : ~EVENT_INDEX;
    driver.setUp({ revision, adapter, features, queueSize: step.size });
    return driver.features;
  }

  #addBuffer(step: DevicesStep & { do: 'buffer' }): unknown {
    const queue = this.#queue(step.device, step.queue);
    const indirect = step.indirect && step.readable.length + step.writable.length > 0;
    if (!indirect && step.readable.length + step.writable.length === 0) return null;
    queue.add(step.readable.map(bytesOf), step.writable, indirect);
    const kicked = step.kick && queue.kick();
    return [kicked, step.collect ? queue.completed() : null];
  }

  #start(step: DevicesStep & { do: 'program' }): unknown {
    const { channel } = this.#driver(step.device);
    const format1 = (step.word & 0x0080_0000) !== 0;
    if (format1) channel.program(step.ccws, step.at);
    else this.#storeFormat0(step);
    const orb = makeOrb(step.at, step.word);
    const started = this.#subsystem.startSubchannel(channel.id, orb);
    return [started, step.test ? this.#instruction('test', channel.id) : null];
  }

  #storeFormat0({ ccws, at }: DevicesStep & { do: 'program' }): void {
    const { view } = this.owner.memory;
    ccws.forEach(({ command, flags, count, address }, n) => {
      view.setUint32(at + n * 8, ((command << 24) | (address & 0xff_ffff)) >>> 0);
      view.setUint32(at + n * 8 + 4, (flags << 24) | count);
    });
  }

  #instruction(name: string, id: number): unknown {
    const subsystem = this.#subsystem;
    switch (name) {
      case 'halt':
        return subsystem.haltSubchannel(id);
      case 'clear':
        return subsystem.clearSubchannel(id);
      case 'cancel':
        return subsystem.cancelSubchannel(id);
      case 'resume':
        return subsystem.resumeSubchannel(id);
      case 'store':
        return subsystem.storeSubchannel(id);
      default: {
        let irb: Uint8Array | null = null;
        const result = subsystem.testSubchannel(id, (bytes) => {
          irb = bytes;
          return true;
        });
        return [result, irb];
      }
    }
  }
}

/** Returns a value as text that can be compared. */
function plain(value: unknown): string {
  return JSON.stringify(value, (_, one) => {
    if (typeof one === 'bigint') return `${one}n`;
    return one instanceof Uint8Array ? [...one].join() : one;
  });
}
