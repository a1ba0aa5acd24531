/**
 * Reads the ELF file of a guest image: the contents of guest memory, and the entry point.
 *
 * It follows the ELF-64 object file format and its s390x supplement (machine number 22, big-endian). The file is not
 * trusted: every number is checked before it is used, and no size in the file causes a copy or an allocation. The bytes of a
 * segment are a view of the file.
 */

/** An image that cannot be used. The message is one line for the user, and names the bad value. */
export class ImageError extends Error {
  override readonly name = 'ImageError';
}

/** A range of guest memory that the image fills. */
export interface ImageSegment {
  /** Guest absolute address of the first byte (the physical address of the program header, not the virtual one). */
  readonly address: bigint;
  /** Length in guest memory in bytes, at least 1. The part after `bytes` is zero when the guest starts. */
  readonly memorySize: bigint;
  /** The contents from the file: a view of it, not longer than `memorySize`. */
  readonly bytes: Uint8Array;
  /** The permission flags of the program header: 4 readable, 2 writable, 1 executable. */
  readonly flags: number;
}

/** A guest image: checked, and ready to be stored in guest memory. */
export interface ElfImage {
  /** Guest absolute address of the first instruction: even, and inside an executable segment. */
  readonly entry: bigint;
  /** The segments with memory, at least one, in ascending order of address. They do not overlap. */
  readonly segments: readonly ImageSegment[];
}

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const TYPE_EXECUTABLE = 2;
const TYPE_SHARED = 3;
const MACHINE_S390 = 22;
const PHNUM_ESCAPE = 0xffff;
const SEGMENT_LOAD = 1;
const SEGMENT_INTERPRETER = 3;
const FLAG_EXECUTE = 1;
const ADDRESS_END = 1n << 64n;

const TYPE_NAMES: Readonly<Record<number, string>> = {
  0: 'no type',
  1: 'a relocatable object file, not linked yet',
  4: 'a core dump',
};

function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** A PT_LOAD of the file, with its index in the table for messages. */
interface LoadHeader {
  readonly index: number;
  readonly virtual: bigint;
  readonly segment: ImageSegment;
}

/**
 * Checks the first bytes of a file, before the rest of it is read.
 * @throws ImageError if it is not a 64-bit big-endian ELF file
 */
export function checkIdentification(file: Uint8Array): void {
  if (file.length < 4 || file[0] !== 0x7f || file[1] !== 0x45 || file[2] !== 0x4c || file[3] !== 0x46) {
    throw new ImageError('not an ELF file: it does not start with 7f 45 4c 46');
  }
  if (file.length < HEADER_BYTES) {
    throw new ImageError(`the file ends inside its ELF header: ${file.length} bytes of ${HEADER_BYTES}`);
  }
  if (file[4] !== 2) {
    throw new ImageError(
      `a 64-bit ELF file is needed, but its class is ${file[4]}${file[4] === 1 ? ' (32-bit)' : ''}`,
    );
  }
  if (file[5] !== 2) {
    const order = file[5] === 1 ? ' (little-endian)' : '';
    throw new ImageError(`a big-endian ELF file is needed, but its data encoding is ${file[5]}${order}`);
  }
  if (file[6] !== 1) {
    throw new ImageError(`ELF identification version 1 is needed, but it is ${file[6]}`);
  }
}

function checkKind(view: DataView): void {
  const type = view.getUint16(16);
  const machine = view.getUint16(18);
  const version = view.getUint32(20);
  if (machine !== MACHINE_S390) {
    throw new ImageError(
      `an image for s390x (ELF machine 22) is needed, but this one is for machine ${machine}`,
    );
  }
  if (type === TYPE_SHARED) {
    throw new ImageError(
      'the image is position-independent (ELF type 3), but a guest image needs fixed addresses: link it with -static -no-pie',
    );
  }
  if (type !== TYPE_EXECUTABLE) {
    const name = TYPE_NAMES[type];
    throw new ImageError(
      `an executable (ELF type 2) is needed, but the type is ${type}${name ? `: ${name}` : ''}`,
    );
  }
  if (version !== 1) throw new ImageError(`ELF version 1 is needed, but it is ${version}`);
}

/** Checks the position and number of the program headers. Returns their offset in the file. */
function locateProgramHeaders(view: DataView): { offset: number; count: number } {
  const headerSize = view.getUint16(52);
  const entrySize = view.getUint16(54);
  const count = view.getUint16(56);
  if (headerSize !== HEADER_BYTES) {
    throw new ImageError(`the ELF header says that it has ${headerSize} bytes, not ${HEADER_BYTES}`);
  }
  if (count === 0) throw new ImageError('the image has no program headers, so nothing to load');
  if (count === PHNUM_ESCAPE) {
    throw new ImageError(
      'the number of program headers is 0xffff, the escape for a larger number, which no guest image needs',
    );
  }
  if (entrySize !== PROGRAM_HEADER_BYTES) {
    throw new ImageError(
      `a program header has ${entrySize} bytes by the ELF header, not ${PROGRAM_HEADER_BYTES}`,
    );
  }
  const offset = view.getBigUint64(32);
  // Compared by subtraction: the sum of a hostile offset and a length may exceed 64 bits.
  const last = BigInt(view.byteLength) - BigInt(count * PROGRAM_HEADER_BYTES);
  if (offset > last) {
    throw new ImageError(
      `${count} program headers at offset ${hex(offset)} reach past the end of the file (${view.byteLength} bytes)`,
    );
  }
  return { offset: Number(offset), count };
}

function readLoad(file: Uint8Array, view: DataView, at: number, index: number): LoadHeader {
  const flags = view.getUint32(at + 4);
  const offset = view.getBigUint64(at + 8);
  const virtual = view.getBigUint64(at + 16);
  const address = view.getBigUint64(at + 24);
  const fileSize = view.getBigUint64(at + 32);
  const memorySize = view.getBigUint64(at + 40);
  if (fileSize > memorySize) {
    throw new ImageError(
      `segment ${index} has ${hex(fileSize)} bytes in the file but only ${hex(memorySize)} in memory`,
    );
  }
  if (offset + fileSize > BigInt(file.length)) {
    throw new ImageError(
      `segment ${index}: ${hex(fileSize)} bytes at offset ${hex(offset)} reach past the end of the file (${file.length} bytes)`,
    );
  }
  for (const start of [address, virtual]) {
    if (start + memorySize > ADDRESS_END) {
      throw new ImageError(
        `segment ${index}: ${hex(memorySize)} bytes at ${hex(start)} pass the end of the 64-bit addresses`,
      );
    }
  }
  const from = Number(offset);
  const bytes = file.subarray(from, from + Number(fileSize));
  return { index, virtual, segment: { address, memorySize, bytes, flags } };
}

function checkOverlap(sorted: readonly LoadHeader[]): void {
  for (let i = 1; i < sorted.length; i++) {
    const before = sorted[i - 1]!;
    const after = sorted[i]!;
    if (before.segment.address + before.segment.memorySize > after.segment.address) {
      throw new ImageError(
        `segments ${before.index} and ${after.index} overlap at ${hex(after.segment.address)}`,
      );
    }
  }
}

function holdsAddress(start: bigint, load: LoadHeader, address: bigint): boolean {
  return address >= start && address - start < load.segment.memorySize;
}

/**
 * Returns the entry point as an absolute address. The ELF header has it as a virtual address, which differs from the
 * absolute one in an image that is linked for other addresses than it is loaded at.
 */
function locateEntry(entry: bigint, loads: readonly LoadHeader[]): bigint {
  if (entry & 1n)
    throw new ImageError(`the entry ${hex(entry)} is odd, and no instruction starts at an odd address`);
  let absolute = entry;
  let load = loads.find((l) => holdsAddress(l.virtual, l, entry));
  if (load) absolute = entry - load.virtual + load.segment.address;
  else load = loads.find((l) => holdsAddress(l.segment.address, l, entry));
  if (!load) throw new ImageError(`the entry ${hex(entry)} is in none of the segments that are loaded`);
  if (!(load.segment.flags & FLAG_EXECUTE)) {
    throw new ImageError(`the entry ${hex(entry)} is in segment ${load.index}, which is not executable`);
  }
  if (absolute & 1n) {
    throw new ImageError(`the entry ${hex(entry)} is loaded at ${hex(absolute)}, which is odd`);
  }
  return absolute;
}

/**
 * Reads a guest image: a 64-bit big-endian executable for s390x, linked for fixed addresses.
 *
 * The result refers to `file`, which must not change while the result is used. Section headers, symbols and the alignment of
 * segments do not matter for starting a guest and are ignored.
 *
 * @throws ImageError if the file is not such an image, or a number in it is out of range
 */
export function parseElf(file: Uint8Array): ElfImage {
  if (!(file instanceof Uint8Array)) throw new ImageError('an image is a Uint8Array');
  checkIdentification(file);
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  checkKind(view);
  const { offset, count } = locateProgramHeaders(view);
  const loads: LoadHeader[] = [];
  for (let index = 0; index < count; index++) {
    const at = offset + index * PROGRAM_HEADER_BYTES;
    const type = view.getUint32(at);
    if (type === SEGMENT_INTERPRETER) {
      throw new ImageError(
        `program header ${index} names a program interpreter: this is a Linux program, not a guest image`,
      );
    }
    if (type !== SEGMENT_LOAD) continue;
    const load = readLoad(file, view, at, index);
    if (load.segment.memorySize > 0n) loads.push(load);
  }
  if (loads.length === 0)
    throw new ImageError('the image has no segment to load (no PT_LOAD that takes memory)');
  loads.sort((a, b) =>
    a.segment.address < b.segment.address ? -1 : a.segment.address > b.segment.address ? 1 : 0,
  );
  checkOverlap(loads);
  const entry = locateEntry(view.getBigUint64(24), loads);
  return { entry, segments: loads.map((load) => load.segment) };
}

/**
 * Checks that the guest has memory for every byte of the image, before any is stored.
 *
 * @param holds returns whether the guest has memory for `length` bytes (at least 1) from the guest absolute `address` on;
 *   their sum is at most 2^64
 * @throws ImageError naming the segment with the lowest address that does not fit
 */
export function checkFits(image: ElfImage, holds: (address: bigint, length: bigint) => boolean): void {
  for (const { address, memorySize } of image.segments) {
    if (!holds(address, memorySize)) {
      throw new ImageError(
        `the segment at ${hex(address)} to ${hex(address + memorySize - 1n)} does not fit in guest memory`,
      );
    }
  }
}
