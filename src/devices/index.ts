/**
 * The devices of a machine. Each knows its owner's memory and how to make an interruption pending, but not who the owner is.
 */

export {
  ChannelSubsystem,
  type ChannelSubsystemCallResult,
  type IoProgramInterruption,
  type IoResult,
  type StoreOperand,
  type StoreSubchannelResult,
} from './channel/channel-subsystem.ts';
export { CHSC_BYTES } from './channel/chsc.ts';
export type { ChannelData } from './channel/data.ts';
export { type ChannelDevice, type ChannelPort, type DeviceIdentity, SENSE } from './channel/device.ts';
export { ORB_BYTES } from './channel/orb.ts';
export { SCHIB_BYTES } from './channel/pmcw.ts';
export { IRB_BYTES } from './channel/status.ts';
export type { ConditionCode } from './channel/subchannel.ts';
export { GuestAddressError, type GuestMemory } from './memory.ts';
export type { DeviceOwner, IoInterruptions } from './owner.ts';
export { SavedFields, StateError } from './saved-state.ts';
export { fromEbcdic, toEbcdic } from './sclp/ebcdic.ts';
export {
  type ConsoleKind,
  type GuestConsole,
  Sclp,
  type SclpOptions,
  type ServiceResult,
} from './sclp/sclp.ts';
export { toUtf8, Utf8Decoder } from './sclp/utf8.ts';
export { File9pDevice } from './virtio/9p/file-9p-device.ts';
export { MemoryTree, type MemoryTreeOptions } from './virtio/9p/memory-tree.ts';
export { type BalloonBackend, BalloonDevice } from './virtio/balloon-device.ts';
export { type DiskBackend, DiskError } from './virtio/block/backend.ts';
export { BlockDevice, type BlockOptions } from './virtio/block/block-device.ts';
export { MemoryDisk } from './virtio/block/memory-disk.ts';
export { type DiskBase, SnapshotDisk } from './virtio/block/snapshot-disk.ts';
export { ConsoleDevice, type ConsoleOutput, type ConsoleSize } from './virtio/console-device.ts';
export { type ByteSource, EntropyDevice } from './virtio/entropy-device.ts';
export type { NetworkBackend, NetworkCard } from './virtio/network/backend.ts';
export { NetworkDevice, type NetworkOptions } from './virtio/network/network-device.ts';
export type { Request } from './virtio/request.ts';
export { RingError } from './virtio/ring-error.ts';
export { SeededBytes } from './virtio/seeded-bytes.ts';
export { VirtioCcw, type VirtioCcwOptions } from './virtio/virtio-ccw.ts';
export { DEVICE_ID, type VirtioDevice, type VirtioPort } from './virtio/virtio-device.ts';
export { saveRequest, type Traffic, type Virtqueue } from './virtio/virtqueue.ts';
