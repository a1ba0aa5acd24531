/** The addresses of the user network: those of QEMU's. IPv4 addresses are 32-bit numbers, MAC addresses 48-bit numbers. */

export const ADDRESS = {
  /** What the DHCP server gives to the guest: 10.0.2.15. */
  GUEST: 0x0a00_020f,
  /** The gateway, which is the only other station: 10.0.2.2. */
  GATEWAY: 0x0a00_0202,
  /** 10.0.2.255 */
  BROADCAST: 0x0a00_02ff,
  MASK: 0xffff_ff00,
  ANY: 0,
  EVERYBODY: 0xffff_ffff,
} as const;

export const MAC = {
  GATEWAY: 0x5255_0a00_0202,
  BROADCAST: 0xffff_ffff_ffff,
} as const;

/** The MAC address of the guest's network device. */
export const GUEST_MAC: Uint8Array = Uint8Array.of(0x52, 0x54, 0x00, 0x12, 0x34, 0x56);

/** Whether an address is that of one station: no broadcast, multicast, loopback or reserved one. */
export function isStation(address: number): boolean {
  const first = address >>> 24;
  return first !== 0 && first !== 127 && first < 224 && address !== ADDRESS.BROADCAST;
}

/** Returns the MAC address at an offset. */
export function macAt(view: DataView, offset: number): number {
  return view.getUint16(offset) * 2 ** 32 + view.getUint32(offset + 2);
}

/** Stores a MAC address. */
export function setMac(view: DataView, offset: number, mac: number): void {
  view.setUint16(offset, Math.floor(mac / 2 ** 32));
  view.setUint32(offset + 2, mac % 2 ** 32);
}

/** Whether a MAC address is that of one station. */
export function isUnicastMac(mac: number): boolean {
  return mac !== 0 && (Math.floor(mac / 2 ** 40) & 1) === 0;
}

/** A view of bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
