/** What is at an address of a program: the file that is mapped there, and the address as the file was linked. */

import { LinuxError } from '../../errors.ts';
import { type Dentry, RegularFile } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { readElfProgram } from './elf-program.ts';

const PAGE = 4096;

/** A place in a file. */
export interface CodePlace {
  /** The name by which the file was opened. */
  readonly dentry: Dentry;
  readonly file: RegularFile;
  /** Offset in the file, in bytes. */
  readonly offset: number;
  /** The address as the file was linked, or null if it is no ELF file or the offset in none of its segments. */
  readonly linked: number | null;
}

/** Returns the place of an address of a thread's program, or null if no file is mapped there. */
export function codePlace(system: System, { space }: Thread, address: number): CodePlace | null {
  const page = Math.floor(address / PAGE);
  const backing = space.mm.mappings.at(page)?.backing;
  if (!backing?.file) return null;
  const dentry = system.mappedFiles.get(backing.file);
  if (dentry === undefined || !(dentry.inode instanceof RegularFile)) return null;
  const offset = (page + backing.shift) * PAGE + (address % PAGE);
  return { dentry, file: dentry.inode, offset, linked: linkedAddress(dentry.inode, offset) };
}

function linkedAddress(file: RegularFile, offset: number): number | null {
  try {
    const read = (at: number, length: number) => readFile(file, at, length);
    const { segments } = readElfProgram({ read });
    const segment = segments.find((one) => offset >= one.offset && offset < one.offset + one.fileSize);
    return segment === undefined ? null : segment.address + offset - segment.offset;
  } catch (error) {
    if (error instanceof LinuxError) return null;
    throw error;
  }
}

/** Returns up to `length` bytes of a file. @throws LinuxError ENOMEM, EIO */
export function readFile(file: RegularFile, at: number, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, Math.min(length, file.size - at)));
  return bytes.subarray(0, file.read(bytes, at));
}
