/** Drivers of devices, and an owner for them, for tests and fuzzers. */

export { MESSAGE as MESSAGE_9P } from '../virtio/9p/protocol.ts';
export { Server9p } from '../virtio/9p/server.ts';
export { Virtqueue } from '../virtio/virtqueue.ts';
export { makeOrb, ORB_FORMAT_1, PROGRAM, subchannelId } from './channel-driver.ts';
export { message9p } from './client-9p.ts';
export { TestDriverError, WrongDeviceError } from './errors.ts';
export { TestPackedQueue } from './packed-queue.ts';
export { TestSplitQueue } from './split-queue.ts';
export { TestMemory, TestOwner } from './test-owner.ts';
export type { TestQueue } from './test-queue.ts';
export { VirtioDriver } from './virtio-driver.ts';
