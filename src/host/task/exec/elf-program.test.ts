import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LinuxError } from '../../errors.ts';
import { PROGRAMS, programImage } from '../testing/index.ts';
import { type ElfProgram, readElfProgram } from './elf-program.ts';

const fileOf = (bytes: Uint8Array) => ({
  read: (offset: number, length: number) => bytes.slice(offset, offset + length),
});
const read = (bytes: Uint8Array) => readElfProgram(fileOf(bytes));

/** Returns the program, or the message of ENOEXEC. Fails for every other error. */
function outcome(bytes: Uint8Array): ElfProgram | string {
  try {
    return read(bytes);
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'ENOEXEC') return error.message;
    throw error;
  }
}

/** A copy of a program, changed. */
function changed(change: (view: DataView, bytes: Uint8Array) => void, name = 'memory'): Uint8Array {
  const bytes = new Uint8Array(programImage(name));
  change(new DataView(bytes.buffer), bytes);
  return bytes;
}

/** Offsets in the ELF header, and in the first program header. */
const E = { TYPE: 16, MACHINE: 18, PHOFF: 32, PHENTSIZE: 54, PHNUM: 56 } as const;
const P = { OFFSET: 8, VADDR: 16, FILESZ: 32, MEMSZ: 40 } as const;
const FIRST = 64;
const SECOND = FIRST + 56;

/** Gives the first two program headers another type. */
function setTypes(view: DataView, type: number): void {
  view.setUint32(FIRST, type);
  view.setUint32(SECOND, type);
}

describe('the headers of an executable', () => {
  it.each(PROGRAMS)('of %s are those that were linked', (name) => {
    const program = read(programImage(name));
    expect(program.isRelocatable).toBe(name === 'hello');
    expect(program.interpreter).toBeNull();
    expect(program.segments[0]).toMatchObject({ offset: 0, flags: 5 });
    const [{ address, memorySize }] = program.segments as [ElfProgram['segments'][0]];
    expect(program.entry).toBeGreaterThanOrEqual(address);
    expect(program.entry).toBeLessThan(address + memorySize);
    expect(program.headers).toBe(address + 64);
  });

  it.each<[string, (view: DataView, bytes: Uint8Array) => void, RegExp]>([
    ['another magic number', (view) => view.setUint8(0, 0x7e), /no ELF file/],
    ['32 bits', (view) => view.setUint8(4, 1), /32-bit/],
    ['little-endian', (view) => view.setUint8(5, 1), /little-endian/],
    ['another machine', (view) => view.setUint16(E.MACHINE, 62), /ELF machine 62/],
    ['an object file', (view) => view.setUint16(E.TYPE, 1), /ELF type is 1/],
    ['a core file', (view) => view.setUint16(E.TYPE, 4), /ELF type is 4/],
    [
      'program headers of another size',
      (view) => view.setUint16(E.PHENTSIZE, 32),
      /program headers of 32 bytes/,
    ],
    ['no program headers', (view) => view.setUint16(E.PHNUM, 0), /0 program headers/],
    ['too many program headers', (view) => view.setUint16(E.PHNUM, 0xffff), /65535 program headers/],
    ['headers behind the end', (view) => view.setBigUint64(E.PHOFF, 1n << 40n), /past the end/],
    ['headers at 2^64 - 1', (view) => view.setBigUint64(E.PHOFF, 2n ** 64n - 1n), /past the end/],
    ['no segment', (view) => setTypes(view, 0), /no segment/],
    [
      'more bytes in the file',
      (view) => view.setBigUint64(FIRST + P.FILESZ, 1n << 20n),
      /more bytes in the file/,
    ],
    ['no alignment', (view) => view.setBigUint64(FIRST + P.OFFSET, 8n), /not aligned/],
    [
      'an address beyond',
      (view) => view.setBigUint64(FIRST + P.VADDR, 1n << 42n),
      /beyond the address space/,
    ],
    [
      'an address of 2^64',
      (view) => view.setBigUint64(FIRST + P.VADDR, 2n ** 64n - 4096n),
      /beyond the address space/,
    ],
    ['a size beyond', (view) => view.setBigUint64(SECOND + P.MEMSZ, 1n << 42n), /beyond the address space/],
    ['segments that overlap', (view) => view.setBigUint64(FIRST + P.MEMSZ, 1n << 30n), /overlap/],
    ['an interpreter without a path', (view) => view.setUint32(SECOND, 3), /interpreter is not valid/],
  ])('%s: ENOEXEC', (_, change, message) => {
    expect(outcome(changed(change))).toMatch(message);
  });

  it('of a file that is cut are ENOEXEC', () => {
    const image = programImage('memory');
    for (let length = 0; length < SECOND; length++) {
      expect(outcome(image.subarray(0, length))).toMatch(/ends inside|past the end|no ELF file/);
    }
  });

  it('have the path of an interpreter, and the size of the stack', () => {
    const program = read(
      changed((view, bytes) => {
        const path = '/lib/ld64.so.1\0';
        bytes.set(new TextEncoder().encode(path), 0x800);
        const last = FIRST + 56 * (view.getUint16(E.PHNUM) - 1);
        view.setUint32(last, 0x6474_e551);
        view.setBigUint64(last + P.MEMSZ, 0x12_3000n);
        view.setUint32(SECOND, 3);
        view.setBigUint64(SECOND + P.OFFSET, 0x800n);
        view.setBigUint64(SECOND + P.FILESZ, BigInt(path.length));
      }, 'signals'),
    );
    expect(program).toMatchObject({ interpreter: '/lib/ld64.so.1', stackSize: 0x12_3000 });
  });

  it('are read or refused, whatever bytes they have', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(FIRST + 56 * 3 - 1), fc.nat(255)), { minLength: 1, maxLength: 12 }),
        (damage) => {
          const result = outcome(
            changed((_, bytes) => {
              for (const [at, value] of damage) bytes[at] = value;
            }),
          );
          if (typeof result === 'string') return;
          for (const { address, memorySize, fileSize } of result.segments) {
            expect(address + memorySize).toBeLessThanOrEqual(2 ** 42);
            expect(fileSize).toBeLessThanOrEqual(memorySize);
          }
        },
      ),
      { numRuns: 2000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 2].slice(0, bytes.length));
        outcome(bytes);
      }),
    );
  });
});
