/** Feature bits that every device has, and the bits of the device status. Virtio 1.2, sections 6 and 2.1. */

/** Feature bits, by number. */
export const FEATURE = {
  INDIRECT_DESCRIPTORS: 28,
  EVENT_INDEX: 29,
  VERSION_1: 32,
  RING_PACKED: 34,
} as const;

/** Device-status bits. */
export const STATUS = {
  ACKNOWLEDGE: 0x01,
  DRIVER: 0x02,
  DRIVER_OK: 0x04,
  FEATURES_OK: 0x08,
  NEEDS_RESET: 0x40,
  FAILED: 0x80,
} as const;

/** Returns the features of some bit numbers. */
export function features(...bits: readonly number[]): bigint {
  return bits.reduce((all, bit) => all | (1n << BigInt(bit)), 0n);
}

/** Whether a feature is among others. */
export function hasFeature(all: bigint, bit: number): boolean {
  return ((all >> BigInt(bit)) & 1n) !== 0n;
}
