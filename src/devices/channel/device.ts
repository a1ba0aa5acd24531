/** What the channel subsystem uses of a device, and what a device uses of its subchannel. */

import type { DeviceOwner } from '../owner.ts';
import type { ChannelData } from './data.ts';

/** What a device reports to SENSE ID. */
export interface DeviceIdentity {
  /** 16 bits. */
  readonly controlUnitType: number;
  /** 8 bits. */
  readonly controlUnitModel: number;
  /** 16 bits, 0 if the control unit is the device. */
  readonly deviceType: number;
  /** 8 bits. */
  readonly deviceModel: number;
}

/** Bits of the first byte of sense data. */
export const SENSE = { COMMAND_REJECT: 0x80, INTERVENTION_REQUIRED: 0x40, EQUIPMENT_CHECK: 0x10 } as const;

/** The subchannel of a device, as the device knows it. */
export interface ChannelPort {
  readonly owner: DeviceOwner;
  /** Makes the subchannel status pending with alert status and an I/O interruption, unless it is status pending already. */
  alert(): void;
}

/**
 * A device on the channel path, together with its control unit. It executes each command at once. What takes longer, such as
 * a request in a virtqueue, is not a command.
 */
export interface ChannelDevice {
  readonly identity: DeviceIdentity;
  /** Connects the device with its subchannel. Called once, before anything else. */
  connect(port: ChannelPort): void;
  /**
   * Executes a command. `data` throws if a CCW or an address is wrong, and the device lets this error pass, so it must not
   * have changed its own state before.
   * @param command a command code other than those of the basic commands (no-operation, sense, sense ID)
   * @returns 0, or the first byte of the sense data for a unit check (`SENSE`)
   */
  execute(command: number, data: ChannelData): number;
  /** Processes requests in a virtqueue. Returns false if the device has no such queue. */
  notify(queue: number): boolean;
  /** The subchannel was disabled by MODIFY SUBCHANNEL. */
  disabled(): void;
  /** Resets the device, because the channel subsystem is reset. */
  reset(): void;
  /** Returns the state of the device: values that can be cloned. */
  save(): unknown;
  /**
   * Checks a state that `save` of a device of the same kind and options returned, perhaps in another process. Changes nothing.
   * Returns the function that puts the device into this state.
   * @throws StateError if it is not such a state
   */
  prepareRestore(state: unknown): () => void;
}
