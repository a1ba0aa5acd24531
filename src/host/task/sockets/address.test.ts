import { describe, expect, it } from 'vitest';
import { AF } from '../abi/sockets.ts';
import { decodeAddress, encodeAddress, LOOPBACK_4, LOOPBACK_6 } from './address.ts';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('addresses of sockets', () => {
  it('of IPv4 are 16 bytes, and 28 for a socket of IPv6', () => {
    const memory = bytes(0, 2, 0x1f, 0x90, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0);
    const address = decodeAddress(memory, AF.INET);
    expect(address).toEqual({ family: AF.INET, ip: LOOPBACK_4, port: 8080 });
    expect(encodeAddress(address!, AF.INET)).toEqual(memory);
    const mapped = encodeAddress(address!, AF.INET6);
    expect([mapped.length, mapped[1], ...mapped.subarray(18, 24)]).toEqual([
      28,
      AF.INET6,
      255,
      255,
      127,
      0,
      0,
      1,
    ]);
  });

  it('of IPv6 are read back as they were written', () => {
    const address = { family: AF.INET6, ip: LOOPBACK_6, port: 1 } as const;
    expect(decodeAddress(encodeAddress(address, AF.INET6), AF.INET6)).toEqual(address);
  });

  it('of local sockets are paths that end with 0, abstract names of any bytes, or nothing', () => {
    expect(decodeAddress(bytes(0, 1, 0x61, 0, 0x62), AF.UNIX)).toEqual({ family: AF.UNIX, name: 'a' });
    expect(decodeAddress(bytes(0, 1, 0, 0x61, 0), AF.UNIX)).toEqual({ family: AF.UNIX, name: '\0a\0' });
    expect(decodeAddress(bytes(0, 1), AF.UNIX)).toEqual({ family: AF.UNIX, name: '' });
    expect(encodeAddress({ family: AF.UNIX, name: 'a' }, AF.UNIX)).toEqual(bytes(0, 1, 0x61, 0));
    expect(encodeAddress({ family: AF.UNIX, name: '\0a' }, AF.UNIX)).toEqual(bytes(0, 1, 0, 0x61));
  });

  it('are refused if they are too short, or of another family', () => {
    expect(() => decodeAddress(bytes(0), AF.INET)).toThrow(/1 bytes/);
    expect(() => decodeAddress(bytes(0, 2, 0, 1), AF.INET)).toThrow(/4 bytes/);
    expect(() => decodeAddress(bytes(0, 1, 0x61), AF.INET)).toThrow(/family 1/);
    expect(decodeAddress(bytes(0, 0), AF.INET)).toBeNull();
  });
});
