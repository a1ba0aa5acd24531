/** The header in front of each frame in a buffer. Virtio 1.2, section 5.1.6. */

/** Length in bytes: with the number of buffers, and without it as in the legacy interface without mergeable buffers. */
export const HEADER_BYTES = { LONG: 12, LEGACY: 10 } as const;

/** Whether the header is one of a complete frame: offloads are not offered, so a driver asks for none. */
export function isPlainHeader(header: Uint8Array): boolean {
  const [flags, segmentation] = header;
  return flags === 0 && segmentation === 0;
}

/**
 * Returns a frame behind its header.
 * @param length of the header
 * @param buffers number of buffers that the driver gets it in, 1 to 65,535; a legacy header does not tell
 */
export function withHeader(
  frame: Uint8Array,
  length: number,
  buffers: number,
  littleEndian: boolean,
): Uint8Array {
  const bytes = new Uint8Array(length + frame.length);
  if (length === HEADER_BYTES.LONG) new DataView(bytes.buffer).setUint16(10, buffers, littleEndian);
  bytes.set(frame, length);
  return bytes;
}
