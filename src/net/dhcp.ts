/** A DHCP server with one address to give. RFC 2131, options of RFC 2132. */

import { ADDRESS, isUnicastMac, MAC, macAt, setMac, viewOf } from './addresses.ts';
import { type UdpMessage, udpFrame } from './udp.ts';

/** UDP ports. */
export const DHCP_PORT = { SERVER: 67, CLIENT: 68 } as const;

const BOOTP = { REQUEST: 1, REPLY: 2 } as const;
/** Length of a message without options: the fixed fields and the magic cookie. */
const FIXED_BYTES = 240;
/** Least length of a reply, which is that of BOOTP. */
const REPLY_BYTES = 300;
const COOKIE = 0x6382_5363;
const BROADCAST_FLAG = 0x8000;
/** Offsets of fields. */
const AT = {
  TRANSACTION: 4,
  FLAGS: 10,
  CLIENT: 12,
  YOURS: 16,
  SERVER: 20,
  RELAY: 24,
  HARDWARE: 28,
  COOKIE: 236,
};

const OPTION = {
  PAD: 0,
  MASK: 1,
  ROUTER: 3,
  REQUESTED: 50,
  LEASE: 51,
  TYPE: 53,
  SERVER: 54,
  END: 255,
} as const;
const TYPE = { DISCOVER: 1, OFFER: 2, REQUEST: 3, ACK: 5, NAK: 6, INFORM: 8 } as const;
/** Duration of a lease in seconds: a day. */
const LEASE = 86_400;

/** What the server reads of a message. */
interface Request {
  readonly type: number;
  readonly transaction: number;
  readonly flags: number;
  /** The address that the client has already. */
  readonly client: number;
  readonly hardware: number;
  readonly requested: number | null;
  readonly server: number | null;
}

/** Returns the frame that answers a message of a client, or null if there is nothing to answer. */
export function dhcpReply({ payload }: UdpMessage): Uint8Array | null {
  const request = parseRequest(payload);
  if (request === null || (request.server ?? ADDRESS.GATEWAY) !== ADDRESS.GATEWAY) return null;
  switch (request.type) {
    case TYPE.DISCOVER:
      return reply(request, TYPE.OFFER, ADDRESS.GUEST);
    case TYPE.REQUEST: {
      const wanted = request.requested ?? request.client;
      return wanted === ADDRESS.GUEST
        ? reply(request, TYPE.ACK, ADDRESS.GUEST)
        : reply(request, TYPE.NAK, ADDRESS.ANY);
    }
    case TYPE.INFORM:
      return reply(request, TYPE.ACK, ADDRESS.ANY);
    default:
      return null;
  }
}

/** Returns a message of a client on Ethernet that no relay has passed on, or null if it is none. */
function parseRequest(bytes: Uint8Array): Request | null {
  if (bytes.length < FIXED_BYTES) return null;
  const view = viewOf(bytes);
  const [operation, hardwareType, hardwareLength] = bytes;
  const isOurs = operation === BOOTP.REQUEST && hardwareType === 1 && hardwareLength === 6;
  if (!isOurs || view.getUint32(AT.RELAY) !== 0 || view.getUint32(AT.COOKIE) !== COOKIE) return null;
  const hardware = macAt(view, AT.HARDWARE);
  const options = parseOptions(bytes.subarray(FIXED_BYTES));
  const type = options?.get(OPTION.TYPE);
  if (!options || type?.length !== 1 || !isUnicastMac(hardware)) return null;
  return {
    ...{ type: type[0] as number, transaction: view.getUint32(AT.TRANSACTION), hardware },
    ...{ flags: view.getUint16(AT.FLAGS), client: view.getUint32(AT.CLIENT) },
    ...{ requested: addressOf(options.get(OPTION.REQUESTED)), server: addressOf(options.get(OPTION.SERVER)) },
  };
}

function addressOf(option: Uint8Array | undefined): number | null {
  return option?.length === 4 ? viewOf(option).getUint32(0) : null;
}

/** Returns the options by number, the first of each, or null if one ends beyond the message. */
function parseOptions(bytes: Uint8Array): Map<number, Uint8Array> | null {
  const options = new Map<number, Uint8Array>();
  for (let at = 0; at < bytes.length; ) {
    const code = bytes[at++] as number;
    if (code === OPTION.PAD) continue;
    if (code === OPTION.END) break;
    const length = bytes[at++];
    if (length === undefined || at + length > bytes.length) return null;
    if (!options.has(code)) options.set(code, bytes.subarray(at, at + length));
    at += length;
  }
  return options;
}

function reply(request: Request, type: number, yours: number): Uint8Array {
  const payload = new Uint8Array(REPLY_BYTES);
  const view = viewOf(payload);
  payload.set([BOOTP.REPLY, 1, 6]);
  view.setUint32(AT.TRANSACTION, request.transaction);
  view.setUint16(AT.FLAGS, request.flags & BROADCAST_FLAG);
  if (type === TYPE.ACK) view.setUint32(AT.CLIENT, request.client);
  view.setUint32(AT.YOURS, yours);
  view.setUint32(AT.SERVER, type === TYPE.NAK ? 0 : ADDRESS.GATEWAY);
  setMac(view, AT.HARDWARE, request.hardware);
  view.setUint32(AT.COOKIE, COOKIE);
  payload.set(optionsOf(type, yours), FIXED_BYTES);
  const [mac, destination] = receiverOf(request, type, yours);
  const ports = { from: DHCP_PORT.SERVER, to: DHCP_PORT.CLIENT };
  return udpFrame(mac, { source: ADDRESS.GATEWAY, destination }, { ...ports, payload });
}

/** Returns where a reply goes. RFC 2131, section 4.1. */
function receiverOf(request: Request, type: number, yours: number): [mac: number, address: number] {
  const everybody: [number, number] = [MAC.BROADCAST, ADDRESS.EVERYBODY];
  if (type === TYPE.NAK) return everybody;
  if (request.client !== 0) return [request.hardware, request.client];
  return (request.flags & BROADCAST_FLAG) !== 0 || yours === 0 ? everybody : [request.hardware, yours];
}

function optionsOf(type: number, yours: number): number[] {
  const options = [OPTION.TYPE, 1, type, OPTION.SERVER, 4, ...bytesOf(ADDRESS.GATEWAY)];
  if (type !== TYPE.NAK) {
    options.push(OPTION.MASK, 4, ...bytesOf(ADDRESS.MASK), OPTION.ROUTER, 4, ...bytesOf(ADDRESS.GATEWAY));
  }
  if (yours !== 0) options.push(OPTION.LEASE, 4, ...bytesOf(LEASE));
  return [...options, OPTION.END];
}

function bytesOf(word: number): number[] {
  return [24, 16, 8, 0].map((shift) => (word >>> shift) & 0xff);
}
