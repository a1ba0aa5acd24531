import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFits, ImageError, parseElf } from './elf.ts';

interface Load {
  type?: number;
  flags?: number;
  offset?: bigint;
  virtual?: bigint;
  address?: bigint;
  fileSize?: bigint;
  memorySize?: bigint;
}

const TEXT = Uint8Array.from({ length: 32 }, (_, i) => i + 1);

/** A file with a page for headers, then 32 bytes that all segments without an offset share. */
function build(loads: readonly Load[] = [{}], entry = 0x20000n): Uint8Array<ArrayBuffer> {
  const data = 64 + loads.length * 56;
  const file = new Uint8Array(data + TEXT.length);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1]);
  view.setUint16(16, 2);
  view.setUint16(18, 22);
  view.setUint32(20, 1);
  view.setBigUint64(24, entry);
  view.setBigUint64(32, 64n);
  view.setUint16(52, 64);
  view.setUint16(54, 56);
  view.setUint16(56, loads.length);
  loads.forEach((load, index) => {
    const at = 64 + index * 56;
    const address = load.address ?? 0x20000n;
    view.setUint32(at, load.type ?? 1);
    view.setUint32(at + 4, load.flags ?? 5);
    view.setBigUint64(at + 8, load.offset ?? BigInt(data));
    view.setBigUint64(at + 16, load.virtual ?? address);
    view.setBigUint64(at + 24, address);
    view.setBigUint64(at + 32, load.fileSize ?? 32n);
    view.setBigUint64(at + 40, load.memorySize ?? 64n);
    view.setBigUint64(at + 48, 8n);
  });
  file.set(TEXT, data);
  return file;
}

function patched(change: (view: DataView) => void, loads?: readonly Load[]): Uint8Array {
  const file = build(loads);
  change(new DataView(file.buffer));
  return file;
}

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    expect(error).toBeInstanceOf(ImageError);
    const { message } = error as ImageError;
    expect(message).not.toContain('\n');
    return message;
  }
  return 'no error';
}

describe('parseElf', () => {
  it('reads an image', () => {
    const file = build([
      { address: 0x40000n, flags: 6, memorySize: 0x1000n },
      { address: 0x20000n },
      { type: 0x6474e551, memorySize: 0n, fileSize: 0n },
    ]);
    const image = parseElf(file);
    expect(image.entry).toBe(0x20000n);
    expect(image.segments.map((s) => [s.address, s.memorySize, s.flags])).toEqual([
      [0x20000n, 64n, 5],
      [0x40000n, 0x1000n, 6],
    ]);
    expect(image.segments[0]!.bytes).toEqual(TEXT);
    expect(image.segments[0]!.bytes.buffer).toBe(file.buffer);
  });

  it('reads an image that is a view of a larger buffer', () => {
    const file = build();
    const larger = new Uint8Array(file.length + 20);
    larger.set(file, 13);
    expect(parseElf(larger.subarray(13, 13 + file.length)).segments[0]!.bytes).toEqual(TEXT);
  });

  it('converts a virtual entry address to an absolute one', () => {
    const image = parseElf(build([{ address: 0x20000n, virtual: 0x7000_0000n }], 0x7000_0010n));
    expect(image.entry).toBe(0x20010n);
    expect(image.segments[0]!.address).toBe(0x20000n);
  });

  it('accepts an entry that is an absolute address', () => {
    expect(parseElf(build([{ address: 0x20000n, virtual: 0x7000_0000n }], 0x20010n)).entry).toBe(0x20010n);
  });

  it('ignores a PT_LOAD without memory', () => {
    expect(parseElf(build([{ memorySize: 0n, fileSize: 0n }, {}])).segments).toHaveLength(1);
  });

  it('accepts adjacent segments', () => {
    expect(parseElf(build([{}, { address: 0x20040n }])).segments).toHaveLength(2);
  });

  it('accepts a segment that ends at the last address', () => {
    const image = parseElf(build([{}, { address: 0xffff_ffff_ffff_ffc0n }]));
    expect(image.segments[1]!.memorySize).toBe(64n);
  });

  const malformed: readonly [string, () => Uint8Array, string][] = [
    ['an empty file', () => new Uint8Array(0), 'not an ELF file: it does not start with 7f 45 4c 46'],
    [
      'a wrong magic number',
      () => patched((v) => v.setUint8(3, 0x47)),
      'not an ELF file: it does not start with 7f 45 4c 46',
    ],
    [
      'a file cut in the header',
      () => build().subarray(0, 63),
      'the file ends inside its ELF header: 63 bytes of 64',
    ],
    [
      '32-bit class',
      () => patched((v) => v.setUint8(4, 1)),
      'a 64-bit ELF file is needed, but its class is 1 (32-bit)',
    ],
    ['class 9', () => patched((v) => v.setUint8(4, 9)), 'a 64-bit ELF file is needed, but its class is 9'],
    [
      'little-endian data',
      () => patched((v) => v.setUint8(5, 1)),
      'a big-endian ELF file is needed, but its data encoding is 1 (little-endian)',
    ],
    [
      'data encoding 7',
      () => patched((v) => v.setUint8(5, 7)),
      'a big-endian ELF file is needed, but its data encoding is 7',
    ],
    [
      'identification version',
      () => patched((v) => v.setUint8(6, 0)),
      'ELF identification version 1 is needed, but it is 0',
    ],
    [
      'an object file',
      () => patched((v) => v.setUint16(16, 1)),
      'an executable (ELF type 2) is needed, but the type is 1: a relocatable object file, not linked yet',
    ],
    [
      'an unknown type',
      () => patched((v) => v.setUint16(16, 0xfe00)),
      'an executable (ELF type 2) is needed, but the type is 65024',
    ],
    [
      'a position-independent file',
      () => patched((v) => v.setUint16(16, 3)),
      'the image is position-independent (ELF type 3), but a guest image needs fixed addresses: link it with -static -no-pie',
    ],
    [
      'another machine',
      () => patched((v) => v.setUint16(18, 62)),
      'an image for s390x (ELF machine 22) is needed, but this one is for machine 62',
    ],
    ['version', () => patched((v) => v.setUint32(20, 2)), 'ELF version 1 is needed, but it is 2'],
    [
      'header size',
      () => patched((v) => v.setUint16(52, 63)),
      'the ELF header says that it has 63 bytes, not 64',
    ],
    [
      'program header size',
      () => patched((v) => v.setUint16(54, 0)),
      'a program header has 0 bytes by the ELF header, not 56',
    ],
    [
      'no program headers',
      () => patched((v) => v.setUint16(56, 0)),
      'the image has no program headers, so nothing to load',
    ],
    [
      'the escape for many program headers',
      () => patched((v) => v.setUint16(56, 0xffff)),
      'the number of program headers is 0xffff, the escape for a larger number, which no guest image needs',
    ],
    [
      'more program headers than the file holds',
      () => patched((v) => v.setUint16(56, 0xfffe)),
      '65534 program headers at offset 0x40 reach past the end of the file (152 bytes)',
    ],
    [
      'program headers just past the end',
      () => patched((v) => v.setBigUint64(32, 97n)),
      '1 program headers at offset 0x61 reach past the end of the file (152 bytes)',
    ],
    [
      'a program header offset that overflows',
      () => patched((v) => v.setBigUint64(32, 0xffff_ffff_ffff_ffffn)),
      '1 program headers at offset 0xffffffffffffffff reach past the end of the file (152 bytes)',
    ],
    [
      'a segment past the end of the file',
      () => build([{ offset: 121n }]),
      'segment 0: 0x20 bytes at offset 0x79 reach past the end of the file (152 bytes)',
    ],
    [
      'a segment offset that overflows',
      () => build([{ offset: 0xffff_ffff_ffff_fff0n }]),
      'segment 0: 0x20 bytes at offset 0xfffffffffffffff0 reach past the end of the file (152 bytes)',
    ],
    [
      'an enormous segment',
      () => build([{ fileSize: 1n << 63n, memorySize: 1n << 63n }]),
      'segment 0: 0x8000000000000000 bytes at offset 0x78 reach past the end of the file (152 bytes)',
    ],
    [
      'more bytes in the file than in memory',
      () => build([{ memorySize: 31n }]),
      'segment 0 has 0x20 bytes in the file but only 0x1f in memory',
    ],
    [
      'a segment past the last absolute address',
      () => build([{}, { address: 0xffff_ffff_ffff_ffc1n, virtual: 0n }]),
      'segment 1: 0x40 bytes at 0xffffffffffffffc1 pass the end of the 64-bit addresses',
    ],
    [
      'a segment past the last virtual address',
      () => build([{ virtual: 0xffff_ffff_ffff_ffffn }]),
      'segment 0: 0x40 bytes at 0xffffffffffffffff pass the end of the 64-bit addresses',
    ],
    ['overlapping segments', () => build([{ address: 0x2003fn }, {}]), 'segments 1 and 0 overlap at 0x2003f'],
    ['segments at one address', () => build([{}, {}]), 'segments 0 and 1 overlap at 0x20000'],
    [
      'an odd entry',
      () => build([{}], 0x20001n),
      'the entry 0x20001 is odd, and no instruction starts at an odd address',
    ],
    [
      'an entry that is loaded at an odd address',
      () => build([{ virtual: 0x70001n }], 0x70002n),
      'the entry 0x70002 is loaded at 0x20001, which is odd',
    ],
    [
      'an entry before every segment',
      () => build([{}], 0x1fffen),
      'the entry 0x1fffe is in none of the segments that are loaded',
    ],
    [
      'an entry just behind a segment',
      () => build([{}], 0x20040n),
      'the entry 0x20040 is in none of the segments that are loaded',
    ],
    [
      'an entry in data',
      () => build([{ flags: 6 }]),
      'the entry 0x20000 is in segment 0, which is not executable',
    ],
    [
      'nothing to load',
      () => build([{ type: 4 }]),
      'the image has no segment to load (no PT_LOAD that takes memory)',
    ],
    [
      'a Linux program',
      () => build([{ type: 3 }, {}]),
      'program header 0 names a program interpreter: this is a Linux program, not a guest image',
    ],
  ];

  it.each(malformed)('rejects %s', (_name, make, message) => {
    expect(messageOf(() => parseElf(make()))).toBe(message);
  });

  it('reads or rejects any damaged file, without other errors', () => {
    const whole = build([{}, { address: 0x40000n, flags: 6 }]);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.integer({ min: 0, max: 255 })), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(damage, fc.nat(whole.length), (changes, length) => {
        const file = whole.slice();
        for (const [at, value] of changes) file[at] = value;
        // Half of the files are also truncated.
        const cut = file.subarray(0, length % 2 ? length : file.length);
        try {
          const image = parseElf(cut);
          expect(image.segments.length).toBeGreaterThan(0);
          for (const s of image.segments) {
            expect(BigInt(s.bytes.length) <= s.memorySize).toBe(true);
            expect(s.address + s.memorySize <= 1n << 64n).toBe(true);
          }
          const inside = image.segments.some(
            (s) => image.entry >= s.address && image.entry < s.address + s.memorySize,
          );
          expect(inside).toBe(true);
        } catch (error) {
          if (!(error instanceof ImageError)) throw error;
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('reads 65,534 segments quickly', () => {
    const loads = Array.from({ length: 0xfffe }, (_, i) => ({ address: 0x20000n + BigInt(i) * 64n }));
    expect(parseElf(build(loads)).segments).toHaveLength(0xfffe);
  });
});

describe('checkFits', () => {
  const image = parseElf(build([{}, { address: 0x40000n, memorySize: 0x1000n }]));
  const memoryOf = (bytes: bigint) => (address: bigint, length: bigint) => address + length <= bytes;

  it('accepts an image that fits to the last byte', () => {
    expect(() => checkFits(image, memoryOf(0x41000n))).not.toThrow();
  });

  it('names the segment that does not fit', () => {
    expect(messageOf(() => checkFits(image, memoryOf(0x40fffn)))).toBe(
      'the segment at 0x40000 to 0x40fff does not fit in guest memory',
    );
  });
});

describe('the example guests', () => {
  const examples = new URL('../../examples/', import.meta.url);
  const images = ['images/', 'hostile/images/'].flatMap((folder) =>
    readdirSync(new URL(folder, examples))
      .filter((name) => name.endsWith('.elf'))
      .map((name) => folder + name),
  );

  it.each(images)('%s does not overlap the lowcore and the command line', (name) => {
    const image = parseElf(readFileSync(new URL(name, examples)));
    expect(image.entry).toBe(0x20000n);
    expect(image.segments[0]!.address).toBe(0x20000n);
    checkFits(image, (address, length) => address + length <= 0x100000n);
  });
});

it('an image is a Uint8Array', () => {
  for (const wrong of [null, undefined, 'x', [0x7f], new ArrayBuffer(64)]) {
    expect(() => parseElf(wrong as never)).toThrow(ImageError);
  }
});
