/** Ethernet frames, as the network device passes them: without checksum and without VLAN tags. */

import { MAC, macAt, setMac, viewOf } from './addresses.ts';

/** Types of payloads. */
export const ETHERTYPE = { IPV4: 0x0800, ARP: 0x0806 } as const;
/** Length of the header in bytes. */
export const ETHERNET_BYTES = 14;
/** The largest payload in bytes. */
export const MTU = 1500;

/** A frame for the gateway. */
export interface Frame {
  /** MAC address of the sender. */
  readonly source: number;
  readonly type: number;
  readonly payload: Uint8Array;
}

/** Returns what is in a frame, or null if it is too short or not for the gateway. */
export function parseFrame(bytes: Uint8Array): Frame | null {
  if (bytes.length < ETHERNET_BYTES) return null;
  const view = viewOf(bytes);
  const destination = macAt(view, 0);
  if (destination !== MAC.GATEWAY && destination !== MAC.BROADCAST) return null;
  return { source: macAt(view, 6), type: view.getUint16(12), payload: bytes.subarray(ETHERNET_BYTES) };
}

/** Returns a frame of the gateway with a payload of `length` zeros, to be filled in. */
export function newFrame(destination: number, type: number, length: number): Uint8Array {
  const bytes = new Uint8Array(ETHERNET_BYTES + length);
  const view = viewOf(bytes);
  setMac(view, 0, destination);
  setMac(view, 6, MAC.GATEWAY);
  view.setUint16(12, type);
  return bytes;
}
