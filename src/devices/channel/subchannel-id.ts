/** The subsystem-identification word, by which instructions name a subchannel. Principles of Operation, chapter 14. */

/** The channel-subsystem image that has the devices, as in QEMU: the one for virtual devices. */
export const CSS_ID = 0xfe;

const ONE = 0x0001_0000;
const MULTIPLE = 0x0008_0000;

/** A subsystem-identification word, decoded. */
export interface SubchannelId {
  /** Channel-subsystem image, or null for the default one. */
  readonly css: number | null;
  /** Subchannel set, 0 to 3. */
  readonly set: number;
  /** Subchannel number, 16 bits. */
  readonly number: number;
}

/**
 * Decodes a subsystem-identification word. Returns null if it is not valid, which is an operand exception.
 * @param id the low 32 bits of general register 1
 */
export function decodeSubchannelId(id: number): SubchannelId | null {
  if (!(id & ONE)) return null;
  const css = id >>> 24;
  const multiple = (id & MULTIPLE) !== 0;
  if (!multiple && css !== 0) return null;
  return { css: multiple ? css : null, set: (id >>> 17) & 3, number: id & 0xffff };
}

/** Returns the subsystem-identification word of a subchannel of set 0. @param multiple whether images have numbers */
export function subchannelWord(number: number, multiple: boolean): number {
  return multiple ? ((CSS_ID << 24) | MULTIPLE | ONE | number) >>> 0 : ONE | number;
}
