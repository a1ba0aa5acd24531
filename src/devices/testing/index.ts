/** Drivers of devices, and an owner for them, for tests and fuzzers. */

export { makeOrb, ORB_FORMAT_1, PROGRAM, subchannelId } from './channel-driver.ts';
export { TestDriverError, WrongDeviceError } from './errors.ts';
export { TestOwner } from './test-owner.ts';
export type { TestQueue } from './test-queue.ts';
export { VirtioDriver } from './virtio-driver.ts';
