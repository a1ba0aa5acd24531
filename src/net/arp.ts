/** The Address Resolution Protocol for IPv4 over Ethernet. RFC 826. */

import { ADDRESS, MAC, macAt, setMac, viewOf } from './addresses.ts';
import { ETHERNET_BYTES, ETHERTYPE, newFrame } from './ethernet.ts';

/** Operations. */
export const ARP = { REQUEST: 1, REPLY: 2 } as const;
const ARP_BYTES = 28;
const ETHERNET = 1;

/** A packet. */
export interface ArpPacket {
  readonly operation: number;
  readonly senderMac: number;
  readonly sender: number;
  /** The address that is asked for. */
  readonly target: number;
}

/** Returns a packet, or null if it is too short or for other kinds of addresses. */
export function parseArp(payload: Uint8Array): ArpPacket | null {
  if (payload.length < ARP_BYTES) return null;
  const view = viewOf(payload);
  const isOurs =
    view.getUint16(0) === ETHERNET &&
    view.getUint16(2) === ETHERTYPE.IPV4 &&
    view.getUint8(4) === 6 &&
    view.getUint8(5) === 4;
  if (!isOurs) return null;
  return {
    operation: view.getUint16(6),
    senderMac: macAt(view, 8),
    sender: view.getUint32(14),
    target: view.getUint32(24),
  };
}

/** Returns the frame that answers a request for the gateway's address. */
export function arpReply({ senderMac, sender }: ArpPacket): Uint8Array {
  return arpFrame(ARP.REPLY, senderMac, senderMac, sender);
}

/** Returns the frame that asks for the guest's MAC address. */
export function arpRequest(): Uint8Array {
  return arpFrame(ARP.REQUEST, MAC.BROADCAST, 0, ADDRESS.GUEST);
}

function arpFrame(operation: number, to: number, targetMac: number, target: number): Uint8Array {
  const frame = newFrame(to, ETHERTYPE.ARP, ARP_BYTES);
  const view = viewOf(frame.subarray(ETHERNET_BYTES));
  view.setUint16(0, ETHERNET);
  view.setUint16(2, ETHERTYPE.IPV4);
  view.setUint8(4, 6);
  view.setUint8(5, 4);
  view.setUint16(6, operation);
  setMac(view, 8, MAC.GATEWAY);
  view.setUint32(14, ADDRESS.GATEWAY);
  setMac(view, 18, targetMac);
  view.setUint32(24, target);
  return frame;
}
