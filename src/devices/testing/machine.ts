/** A machine with one virtio device and its driver, for tests. */

import { ChannelSubsystem } from '../channel/channel-subsystem.ts';
import { FEATURE, features } from '../virtio/features.ts';
import { VirtioCcw } from '../virtio/virtio-ccw.ts';
import type { VirtioDevice } from '../virtio/virtio-device.ts';
import { TestOwner } from './test-owner.ts';
import { type DriverOptions, VirtioDriver } from './virtio-driver.ts';

/** The ways in which a driver and a device can talk, by name. */
export const WAYS: readonly [string, DriverOptions][] = [
  ['legacy, split ring, indicators of the device', { revision: 0, adapter: false }],
  ['legacy, split ring, adapter interruptions', { revision: 0 }],
  ['revision 1, split ring', { revision: 1, features: ~features(FEATURE.RING_PACKED) }],
  [
    'revision 2, split ring without event index',
    { features: ~features(FEATURE.RING_PACKED, FEATURE.EVENT_INDEX) },
  ],
  ['revision 2, packed ring', {}],
  [
    'revision 2, packed ring of 7 without event index',
    { features: ~features(FEATURE.EVENT_INDEX), queueSize: 7 },
  ],
];

/** A device and its driver, which has set it up. */
export interface TestMachine {
  readonly owner: TestOwner;
  readonly subsystem: ChannelSubsystem;
  readonly driver: VirtioDriver;
}

/** Attaches a device. Its driver has not done anything yet. */
export function attach(device: VirtioDevice, owner = new TestOwner()): TestMachine {
  const subsystem = new ChannelSubsystem(owner);
  subsystem.attach(new VirtioCcw(device, { packed: true }), 0);
  return { owner, subsystem, driver: new VirtioDriver(owner, subsystem) };
}

/** Attaches a device and sets it up. */
export function start(device: VirtioDevice, options: DriverOptions = {}): TestMachine {
  const machine = attach(device);
  machine.driver.setUp(options);
  return machine;
}
