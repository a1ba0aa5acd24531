/**
 * Notifications of a driver by indicators: bits in guest memory, and an interruption. Virtio 1.2, section 4.3.3.2.
 *
 * Either each device has 64 bits and an interruption of its subchannel, or many devices share bits, a summary byte and an adapter
 * interruption. A change of the configuration has 64 bits of its own. Indicators that are not in memory are not set.
 */

import type { ChannelPort } from '../channel/device.ts';
import { GuestAddressError } from '../memory.ts';
import { readGuest, writeGuest } from '../memory-access.ts';
import { SavedFields } from '../saved-state.ts';

/** Number of queues for which there are classic indicators. */
export const CLASSIC_QUEUES = 64;

/** Indicators for adapter interruptions. */
export interface AdapterIndicators {
  /** Address of the summary byte. */
  readonly summary: bigint;
  /** Address of the bits. */
  readonly bits: bigint;
  /** Number of the bit of queue 0, counted from the left. */
  readonly first: bigint;
  /** Interruption subclass, 0 to 7. */
  readonly isc: number;
}

/** The indicators of a device. */
export class Indicators {
  readonly #port: ChannelPort;
  /** Address of the bits of queues, or null if the driver has set none. */
  classic: bigint | null = null;
  /** Address of the bits for the configuration. */
  configuration: bigint | null = null;
  adapter: AdapterIndicators | null = null;

  constructor(port: ChannelPort) {
    this.#port = port;
  }

  clear(): void {
    this.classic = null;
    this.configuration = null;
    this.adapter = null;
  }

  /** Tells the driver that buffers of a queue were returned. */
  queueUsed(index: number): void {
    if (this.adapter) this.#adapterInterruption(this.adapter, index);
    else if (
      this.classic !== null &&
      this.#set(this.classic + BigInt(7 - (index >> 3)), 1 << (index & 7)) !== null
    ) {
      this.#port.alert();
    }
  }

  /** Tells the driver that the configuration has changed. */
  configurationChanged(): void {
    if (this.configuration !== null && this.#set(this.configuration + 7n, 1) !== null) this.#port.alert();
  }

  #adapterInterruption({ summary, bits, first, isc }: AdapterIndicators, index: number): void {
    const bit = first + BigInt(index);
    if (this.#set(bits + bit / 8n, 0x80 >> Number(bit % 8n)) === null) return;
    // If the summary is set, the driver will look at the bits anyway.
    if (this.#set(summary, 1) === 0) this.#port.owner.interruptions.requestAdapter(isc);
  }

  /** Sets bits of a byte. Returns those of them that were set, or null if there is no memory. */
  #set(address: bigint, bits: number): number | null {
    const { memory } = this.#port.owner;
    try {
      const byte = readGuest(memory, address, 1);
      const before = byte[0] as number;
      byte[0] = before | bits;
      writeGuest(memory, address, byte);
      return before & bits;
    } catch (error) {
      if (error instanceof GuestAddressError) return null;
      throw error;
    }
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    const { classic, configuration, adapter } = this;
    return { classic, configuration, adapter: adapter && { ...adapter } };
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('indicators', state);
    const address = (field: string) => (saved.any(field) === null ? null : saved.bigint(field));
    const [classic, configuration] = [address('classic'), address('configuration')];
    const adapter = saved.any('adapter') === null ? null : adapterOf(saved.any('adapter'));
    return () => {
      this.classic = classic;
      this.configuration = configuration;
      this.adapter = adapter;
    };
  }
}

function adapterOf(state: unknown): AdapterIndicators {
  const saved = new SavedFields('adapter indicators', state);
  const [summary, bits, first] = [saved.bigint('summary'), saved.bigint('bits'), saved.bigint('first')];
  return { summary, bits, first, isc: saved.integer('isc', 7) };
}
