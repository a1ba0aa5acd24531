/**
 * Random images: valid ones with some changes in headers or code, and generated ones whose headers have extreme numbers.
 */

import type { FuzzCase } from '../fuzzer.ts';
import { randomInstruction } from '../guests/encode.ts';
import { Random } from '../random.ts';
import type { ImageSetup, ImageStep } from './steps.ts';

const FILE_HEADER = 64;
const PROGRAM_HEADER = 56;
const PROGRAM_HEADERS = 4;
/** File offset of the code of the generated image, and its length in bytes. */
const CODE = FILE_HEADER + PROGRAM_HEADERS * PROGRAM_HEADER;
const CODE_SIZE = 256;
/** Guest address of this code. */
const ENTRY = 0x1_0000;

/** Fields of the file's header after the identification, as offset and length: type to program-header count. */
const FILE_FIELDS = [
  [4, 1],
  [5, 1],
  [6, 1],
  [16, 2],
  [18, 2],
  [20, 4],
  [24, 8],
  [32, 8],
  [52, 2],
  [54, 2],
  [56, 2],
] as const;
/** Fields of a program header: type, flags, offset, virtual and physical address, size in file and memory. */
const PROGRAM_FIELDS = [
  [0, 4],
  [4, 4],
  [8, 8],
  [16, 8],
  [24, 8],
  [32, 8],
  [40, 8],
] as const;
const EXTREMES = [
  0n,
  1n,
  2n,
  3n,
  0xffn,
  0xffffn,
  0x1000n,
  0x1_0000n,
  0xf_ffffn,
  0x10_0000n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x3ff_ffff_ffffn,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 4096n,
  (1n << 64n) - 2n,
  (1n << 64n) - 1n,
] as const;
const LIMITS = [1, 10, 1000, 10_000, 30_000] as const;

/** Returns a small valid image: one segment of code that loads a disabled wait PSW, and three empty program headers. */
export const BLANK_IMAGE: Uint8Array = blankImage();

function blankImage(): Uint8Array {
  const file = new Uint8Array(CODE + CODE_SIZE);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1]);
  view.setUint16(16, 2);
  view.setUint16(18, 22);
  view.setUint32(20, 1);
  view.setBigUint64(24, BigInt(ENTRY));
  view.setBigUint64(32, BigInt(FILE_HEADER));
  view.setUint16(52, FILE_HEADER);
  view.setUint16(54, PROGRAM_HEADER);
  view.setUint16(56, PROGRAM_HEADERS);
  const at = FILE_HEADER;
  view.setUint32(at, 1);
  view.setUint32(at + 4, 7);
  view.setBigUint64(at + 8, BigInt(CODE));
  view.setBigUint64(at + 16, BigInt(ENTRY));
  view.setBigUint64(at + 24, BigInt(ENTRY));
  view.setBigUint64(at + 32, BigInt(CODE_SIZE));
  view.setBigUint64(at + 40, BigInt(CODE_SIZE));
  // BASR 1,0; LPSWE 70(1): a disabled wait PSW, 72 bytes after the entry.
  file.set([0x0d, 0x10, 0xb2, 0xb2, 0x10, 0x46], CODE);
  view.setBigUint64(CODE + 72, 0x2_0001_8000_0000n);
  return file;
}

/** Generates the case of a seed. */
export function generateImages(
  seed: number,
  images: ReadonlyMap<string, Uint8Array>,
): FuzzCase<ImageSetup, ImageStep> {
  const random = new Random(seed);
  const names = [...images.keys()];
  const image = names.length === 0 || random.oneIn(3) ? null : random.pick(names);
  const base = (image === null ? undefined : images.get(image)) ?? BLANK_IMAGE;
  const setup: ImageSetup = {
    image,
    mib: random.pick([1, 2, 4, 8]),
    cpus: random.pick([1, 1, 2, 3]),
    arguments: random.oneIn(8) ? randomArguments(random) : '',
    input: random.oneIn(4),
  };
  // Most changes of headers make an image invalid, so half of the cases change only code.
  const deep = random.oneIn(2);
  const length = random.below(deep ? 8 : random.pick([2, 3, 6]));
  const mutations = Array.from({ length }, () =>
    mutation(random, base, deep ? 8 + random.below(4) : random.below(12)),
  );
  const runs = Array.from({ length: 1 + random.below(3) }, () => action(random));
  return { setup, steps: [...mutations, ...runs] };
}

function randomArguments(random: Random): string {
  const length = random.pick([1, 10, 894, 895, 896, 5000]);
  const last = random.pick(['', 'ä', '\0', '\x7f', '']);
  return `${'a '.repeat(length >> 1)}${last}`;
}

function action(random: Random): ImageStep {
  if (random.oneIn(5)) {
    const text = random.pick(['x', '\n', 'yes\n', '\x04', 'ÿþ\x80', `${'long '.repeat(2000)}\n`]);
    return { do: 'input', text };
  }
  return random.oneIn(12) ? { do: 'endinput' } : { do: 'run', limit: random.pick(LIMITS) };
}

function mutation(random: Random, base: Uint8Array, kind: number): ImageStep {
  switch (kind) {
    case 0:
      return { do: 'cut', length: random.below(base.length + 1) };
    case 1:
      return {
        do: 'insert',
        at: random.below(base.length + 1),
        count: random.pick([1, 7, 56, 4096, 1 << 20]),
        value: random.below(256),
      };
    case 2:
    case 3:
      return field(random, random.pick(FILE_FIELDS), 0);
    case 4:
    case 5:
    case 6:
    case 7:
      return field(
        random,
        random.pick(PROGRAM_FIELDS),
        FILE_HEADER + PROGRAM_HEADER * random.below(PROGRAM_HEADERS),
      );
    case 8:
      return {
        do: 'bytes',
        at: CODE + random.below(base.length - CODE),
        bytes: hexOf(BigInt(random.next()), 4),
      };
    default:
      return { do: 'bytes', at: codeAt(random, base), bytes: instructions(random) };
  }
}

function codeAt(random: Random, base: Uint8Array): number {
  const size = Math.min(base.length - CODE, random.oneIn(3) ? 64 : 4096);
  return CODE + (random.below(size) & ~1);
}

function instructions(random: Random): string {
  return Array.from({ length: 1 + random.below(6) }, () => randomInstruction(random)).join('');
}

function field(random: Random, [offset, bytes]: readonly [number, number], from: number): ImageStep {
  const value = random.oneIn(4)
    ? (BigInt(random.next()) << 32n) | BigInt(random.next())
    : random.pick(EXTREMES) + BigInt(random.below(3) - 1);
  return { do: 'bytes', at: from + offset, bytes: hexOf(value, bytes) };
}

function hexOf(value: bigint, bytes: number): string {
  return BigInt.asUintN(bytes * 8, value)
    .toString(16)
    .padStart(bytes * 2, '0');
}
