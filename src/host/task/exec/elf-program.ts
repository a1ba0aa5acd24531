/**
 * Reads the headers of a Linux executable. It follows the ELF-64 object file format and its s390x supplement. The file is not trusted.
 */

import { LinuxError } from '../../errors.ts';

/** What the loader reads: the file of a program. */
export interface ProgramFile {
  /** Returns up to `length` bytes; fewer only at the end of the file. */
  read(offset: number, length: number): Uint8Array;
}

/** A PT_LOAD segment. Addresses and sizes in bytes. */
export interface LoadSegment {
  readonly address: number;
  readonly offset: number;
  readonly fileSize: number;
  readonly memorySize: number;
  /** Flags of the program header: 4 readable, 2 writable, 1 executable. */
  readonly flags: number;
}

/** An executable. */
export interface ElfProgram {
  /** Whether it is loaded wherever there is room: ET_DYN. */
  readonly isRelocatable: boolean;
  readonly entry: number;
  readonly segments: readonly LoadSegment[];
  /** The path of the program interpreter (ld.so), a character for each byte, or null. */
  readonly interpreter: string | null;
  /** Where the program headers are in memory, before relocation; 0 if they are not loaded. */
  readonly headers: number;
  readonly headerCount: number;
  /** Size of the stack that it asks for, in bytes; 0 for the default. */
  readonly stackSize: number;
}

const HEADER_BYTES = 64;
/** Size of a program header. */
export const PROGRAM_HEADER_BYTES = 56;
const TYPE = { EXECUTABLE: 2, SHARED: 3 } as const;
const MACHINE_S390 = 22;
const SEGMENT = { LOAD: 1, INTERPRETER: 3, HEADERS: 6, STACK: 0x6474_e551 } as const;
const PATH_MAX = 4096;
/** Linux reads at most a page of program headers or so: 64 KiB. */
const HEADERS_MAX = 0x1_0000 / PROGRAM_HEADER_BYTES;
const ADDRESS_END = 2 ** 42;

function refuse(message: string): LinuxError {
  return new LinuxError('ENOEXEC', message);
}

/** Reads the headers of an executable. @throws LinuxError ENOEXEC, with a message that says why it is none */
export function readElfProgram(file: ProgramFile): ElfProgram {
  const bytes = file.read(0, HEADER_BYTES);
  if (bytes.length < 4 || bytes[0] !== 0x7f || bytes[1] !== 0x45 || bytes[2] !== 0x4c || bytes[3] !== 0x46) {
    throw refuse('it is no ELF file and no script');
  }
  if (bytes.length < HEADER_BYTES) throw refuse('the file ends inside its ELF header');
  if (bytes[4] !== 2) throw refuse('it is a 32-bit program, and a 64-bit one is needed');
  if (bytes[5] !== 2) throw refuse('it is a little-endian program, and one for s390x is needed');
  const view = viewOf(bytes);
  const type = view.getUint16(16);
  const machine = view.getUint16(18);
  if (machine !== MACHINE_S390)
    throw refuse(`it is for ELF machine ${machine}, and one for s390x (22) is needed`);
  if (type !== TYPE.EXECUTABLE && type !== TYPE.SHARED)
    throw refuse(`its ELF type is ${type}, not an executable`);
  const count = view.getUint16(56);
  if (view.getUint16(54) !== PROGRAM_HEADER_BYTES || count === 0 || count > HEADERS_MAX) {
    throw refuse(`it has ${count} program headers of ${view.getUint16(54)} bytes`);
  }
  const headersAt = number(view, 32);
  const table = file.read(headersAt, count * PROGRAM_HEADER_BYTES);
  if (table.length < count * PROGRAM_HEADER_BYTES)
    throw refuse('its program headers reach past the end of the file');
  return program(file, view, viewOf(table), headersAt);
}

/** Reads the headers of an executable in memory. @throws LinuxError as `readElfProgram` */
export function programIn(bytes: Uint8Array): ElfProgram {
  return readElfProgram({ read: (offset, length) => bytes.subarray(offset, offset + length) });
}

/**
 * Whether a file is an executable for Linux on s390x, and not an image for the bare machine: it needs an interpreter (PT_INTERP), or its
 * program headers are loaded with it, since Linux tells programs where they are (AT_PHDR).
 */
export function isLinuxProgram(bytes: Uint8Array): boolean {
  try {
    const { interpreter, headers, headerCount, segments } = programIn(bytes);
    const end = headers + headerCount * PROGRAM_HEADER_BYTES;
    const areLoaded = segments.some(
      ({ address, fileSize }) => headers >= address && end <= address + fileSize,
    );
    return interpreter !== null || areLoaded;
  } catch (error) {
    if (error instanceof LinuxError) return false;
    throw error;
  }
}

function program(file: ProgramFile, header: DataView, table: DataView, headersAt: number): ElfProgram {
  const segments: LoadSegment[] = [];
  let interpreter: string | null = null;
  let headers = 0;
  let stackSize = 0;
  const count = table.byteLength / PROGRAM_HEADER_BYTES;
  for (let at = 0; at < table.byteLength; at += PROGRAM_HEADER_BYTES) {
    const type = table.getUint32(at);
    if (type === SEGMENT.LOAD) segments.push(...loadSegment(table, at));
    else if (type === SEGMENT.INTERPRETER && interpreter === null) interpreter = pathAt(file, table, at);
    else if (type === SEGMENT.HEADERS) headers = number(table, at + 16);
    else if (type === SEGMENT.STACK) stackSize = number(table, at + 40);
  }
  if (segments.length === 0) throw refuse('it has no segment to load');
  for (const [i, { address }] of segments.entries()) {
    const before = segments[i - 1];
    if (before !== undefined && before.address + before.memorySize > address)
      throw refuse('its segments overlap');
  }
  if (headers === 0) {
    const first = segments.find(
      ({ offset, fileSize }) => headersAt >= offset && headersAt < offset + fileSize,
    );
    if (first !== undefined) headers = first.address + headersAt - first.offset;
  }
  return {
    isRelocatable: header.getUint16(16) === TYPE.SHARED,
    entry: number(header, 24),
    segments,
    interpreter,
    headers,
    headerCount: count,
    stackSize,
  };
}

/** Returns a segment, or nothing if it takes no memory. */
function loadSegment(table: DataView, at: number): LoadSegment[] {
  const [address, offset] = [number(table, at + 16), number(table, at + 8)];
  const [fileSize, memorySize] = [number(table, at + 32), number(table, at + 40)];
  if (fileSize > memorySize) throw refuse('a segment has more bytes in the file than in memory');
  if (address % 4096 !== offset % 4096) throw refuse('a segment is not aligned to pages of 4 KiB');
  if (address + memorySize > ADDRESS_END || offset + fileSize >= 2 ** 53) {
    throw refuse('a segment is beyond the address space');
  }
  return memorySize === 0 ? [] : [{ address, offset, fileSize, memorySize, flags: table.getUint32(at + 4) }];
}

function pathAt(file: ProgramFile, table: DataView, at: number): string {
  const length = number(table, at + 32);
  const bytes =
    length < 2 || length > PATH_MAX ? new Uint8Array(0) : file.read(number(table, at + 8), length);
  if (bytes.length < 2 || bytes.at(-1) !== 0) throw refuse('the path of its interpreter is not valid');
  return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
}

function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/** Returns 64 bits as a number. Beyond 2^53 it is not exact, and out of every range. */
function number(view: DataView, at: number): number {
  return view.getUint32(at) * 0x1_0000_0000 + view.getUint32(at + 4);
}
