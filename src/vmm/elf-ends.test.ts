/** Exact limits of an image: its first four bytes, and structures that end at the end of the file. */

import { describe, expect, it } from 'vitest';
import { ImageError, parseElf } from './elf.ts';

const HEADERS = 64 + 56;

/** An image with one segment of 4 bytes at 0x20000 after its header. `change` modifies it last. */
function image(change: (view: DataView) => void = () => {}, size = HEADERS + 4): Uint8Array {
  const file = new Uint8Array(size);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1]);
  view.setUint16(16, 2);
  view.setUint16(18, 22);
  view.setUint32(20, 1);
  view.setBigUint64(24, 0x20000n);
  view.setBigUint64(32, 64n);
  view.setUint16(52, 64);
  view.setUint16(54, 56);
  view.setUint16(56, 1);
  view.setUint32(64, 1);
  view.setUint32(64 + 4, 5);
  view.setBigUint64(64 + 8, BigInt(HEADERS));
  view.setBigUint64(64 + 16, 0x20000n);
  view.setBigUint64(64 + 24, 0x20000n);
  view.setBigUint64(64 + 32, 4n);
  view.setBigUint64(64 + 40, 4n);
  change(view);
  return file;
}

describe('an image', () => {
  it('may end with the last byte of a segment, but not before it', () => {
    const parsed = parseElf(image());
    expect(parsed.segments.map(({ bytes }) => bytes.length)).toEqual([4]);
    expect(() => parseElf(image().subarray(0, HEADERS + 3))).toThrow('reach past the end of the file');
  });

  it('may end with the last byte of its program headers, but not before it', () => {
    const empty = image((view) => view.setBigUint64(64 + 32, 0n)).subarray(0, HEADERS);
    expect(parseElf(empty).segments).toHaveLength(1);
    expect(() => parseElf(empty.subarray(0, HEADERS - 1))).toThrow(
      '1 program headers at offset 0x40 reach past',
    );
  });

  it('may have the length of its header', () => {
    expect(() => parseElf(image().subarray(0, 64))).toThrow('reach past the end of the file');
    expect(() => parseElf(image().subarray(0, 63))).toThrow('inside its ELF header: 63 bytes of 64');
  });

  it.each([0, 1, 2, 3])('begins with 7f 45 4c 46: byte %i', (at) => {
    const file = image((view) => view.setUint8(at, 0));
    expect(() => parseElf(file)).toThrow('not an ELF file: it does not start with 7f 45 4c 46');
  });

  it('of four bytes or fewer is distinguished from one that begins otherwise', () => {
    expect(() => parseElf(image().subarray(0, 4))).toThrow('inside its ELF header: 4 bytes of 64');
    expect(() => parseElf(image().subarray(0, 3))).toThrow('not an ELF file');
    expect(() => parseElf(new Uint8Array(0))).toThrow('not an ELF file');
  });

  it.each([
    [0, 'the type is 0: no type'],
    [1, 'the type is 1: a relocatable object file, not linked yet'],
    [4, 'the type is 4: a core dump'],
    [5, 'the type is 5'],
  ])('of ELF type %i is rejected: %s', (type, message) => {
    const file = image((view) => view.setUint16(16, type));
    expect(() => parseElf(file)).toThrow(new RegExp(`${message}$`));
  });

  it('has as many program headers as its header states: the bytes after them are ignored', () => {
    const file = image((view) => view.setUint32(HEADERS, 3), HEADERS + 56);
    expect(parseElf(file).segments).toHaveLength(1);
  });

  it('is a Uint8Array', () => {
    for (const wrong of ['image', null, undefined, new ArrayBuffer(120)]) {
      expect(() => parseElf(wrong as never)).toThrow(new ImageError('an image is a Uint8Array'));
    }
  });

  it('is rejected with an error that has a name', () => {
    expect(new ImageError('x').name).toBe('ImageError');
  });
});
