import { describe, expect, it } from 'vitest';
import { PACKET_MAX, PacketReader, packetOf, type Received } from './packets.ts';

function received(text: string): Received[] {
  const reader = new PacketReader();
  return Array.from(text, (c) => reader.take(c.charCodeAt(0))).filter((one) => one !== null);
}

const textOf = (bytes: Uint8Array) => String.fromCharCode(...bytes);

describe('a packet', () => {
  it('has a checksum', () => {
    expect(received('$g#67')).toEqual([{ kind: 'packet', data: 'g' }]);
    expect(received('$#00')).toEqual([{ kind: 'packet', data: '' }]);
    expect(received('$g#68')).toEqual([{ kind: 'damaged' }]);
    expect(received('$g#6x')).toEqual([{ kind: 'damaged' }]);
    expect(received('$g#-1')).toEqual([{ kind: 'damaged' }]);
  });

  it('may have escaped bytes', () => {
    const data = 'X0,5:#$}*\x00';
    expect(textOf(packetOf(data))).toContain('}\x03}\x04}]}\x0a\x00');
    expect(received(textOf(packetOf(data)))).toEqual([{ kind: 'packet', data }]);
  });

  it('ends with the escape character without harm', () => {
    expect(received('$}#7d')).toEqual([{ kind: 'packet', data: ' ' }]);
  });

  it('begins again at a dollar sign', () => {
    expect(received('$abc$g#67')).toEqual([{ kind: 'packet', data: 'g' }]);
  });

  it('has at most PACKET_MAX bytes', () => {
    const data = 'm'.repeat(PACKET_MAX);
    expect(received(textOf(packetOf(data)))).toEqual([{ kind: 'packet', data }]);
    expect(received(textOf(packetOf(`${data}m`)))).toEqual([{ kind: 'long' }]);
  });

  it('is not confused with what stands between packets', () => {
    expect(received('+-\x03G')).toEqual([{ kind: 'again' }, { kind: 'interrupt' }, { kind: 'foreign' }]);
  });
});
