/** Addresses of sockets, and their form in memory: struct sockaddr_un, sockaddr_in and sockaddr_in6. */

import { LinuxError } from '../../errors.ts';
import { AF } from '../abi/sockets.ts';
import { bytesOf, latin1 } from '../memory/user-memory.ts';

/** A name of a local socket: a path; '\0' and a name that is no path; or '' for none. A character for each byte. */
export interface UnixAddress {
  readonly family: typeof AF.UNIX;
  readonly name: string;
}

/** An address of IPv4 or IPv6. */
export interface InternetAddress {
  readonly family: typeof AF.INET | typeof AF.INET6;
  /** The address of 16 bytes as hexadecimal digits. One of IPv4 is mapped to IPv6. */
  readonly ip: string;
  readonly port: number;
}

export type SocketAddress = UnixAddress | InternetAddress;

const PATH_SIZE = 108;
const MAPPED = '00000000000000000000ffff';
/** All addresses of this system, of IPv4 and IPv6. */
export const ANY_4 = `${MAPPED}00000000`;
export const ANY_6 = '0'.repeat(32);
/** The addresses that lead back to this system: 127.0.0.0/8 and ::1. */
export const LOOPBACK_6 = `${'0'.repeat(31)}1`;
export const LOOPBACK_4 = `${MAPPED}7f000001`;

/** Whether an address is one of IPv4. */
export function isIp4(ip: string): boolean {
  return ip.startsWith(MAPPED);
}

/** Whether an address stands for all of this system. */
export function isAny(ip: string): boolean {
  return ip === ANY_4 || ip === ANY_6;
}

/** Whether an address is of this system. */
export function isLoopback(ip: string): boolean {
  return ip === LOOPBACK_6 || ip.startsWith(`${MAPPED}7f`);
}

/** Reads an address. Returns null for AF_UNSPEC. @throws LinuxError EINVAL, EAFNOSUPPORT */
export function decodeAddress(bytes: Uint8Array, family: number): SocketAddress | null {
  if (bytes.length < 2) throw new LinuxError('EINVAL', `an address of ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const own = view.getUint16(0);
  if (own === AF.UNSPEC) return null;
  if (own === AF.UNIX && family === AF.UNIX) return unixAddress(bytes);
  if (own === AF.INET && family !== AF.UNIX) {
    if (bytes.length < 16) throw new LinuxError('EINVAL', `an address of ${bytes.length} bytes`);
    const ip = MAPPED + digits(bytes.subarray(4, 8));
    return { family: AF.INET, ip, port: view.getUint16(2) };
  }
  if (own === AF.INET6 && family === AF.INET6) {
    if (bytes.length < 24) throw new LinuxError('EINVAL', `an address of ${bytes.length} bytes`);
    return { family: AF.INET6, ip: digits(bytes.subarray(8, 24)), port: view.getUint16(2) };
  }
  throw family === AF.UNIX
    ? new LinuxError('EINVAL', `an address of family ${own}`)
    : new LinuxError('EAFNOSUPPORT', `an address of family ${own}`);
}

function unixAddress(bytes: Uint8Array): UnixAddress {
  if (bytes.length > 2 + PATH_SIZE) throw new LinuxError('EINVAL', `an address of ${bytes.length} bytes`);
  const name = latin1(bytes.subarray(2));
  if (name.startsWith('\0')) return { family: AF.UNIX, name };
  const end = name.indexOf('\0');
  return { family: AF.UNIX, name: end < 0 ? name : name.slice(0, end) };
}

function digits(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Returns an address in its form in memory. @param family that of the socket which tells it */
export function encodeAddress(address: SocketAddress, family: number): Uint8Array {
  if (address.family === AF.UNIX) {
    const { name } = address;
    const end = name === '' || name.startsWith('\0') ? '' : '\0';
    return bytesOf(`\0\u0001${name}${end}`);
  }
  const bytes = new Uint8Array(family === AF.INET6 ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, family);
  view.setUint16(2, address.port);
  const ip = Uint8Array.from(address.ip.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  if (family === AF.INET6) bytes.set(ip, 8);
  else bytes.set(ip.subarray(12), 4);
  return bytes;
}
