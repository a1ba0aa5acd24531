/** A file of memfd_create(2): it has no name, and its size and contents can be sealed. */

import { LinuxError } from '../../errors.ts';
import { SEAL } from '../abi/events.ts';
import { type Allocation, type FileContents, type FileSystem, RegularFile } from '../files/index.ts';

const PAGE = 4096;

/** A file that can be sealed. */
export class SealedFile extends RegularFile {
  /** Bits of `SEAL`. */
  #seals: number;

  constructor(fs: FileSystem, mode: number, contents: FileContents, seals: number) {
    super(fs, mode, () => contents);
    this.#seals = seals;
    this.links = 0;
  }

  get seals(): number {
    return this.#seals;
  }

  /**
   * Adds seals. There is no way to take them off.
   * @param isWritten whether somebody has it mapped for writing
   * @throws LinuxError EPERM if the seals are sealed; EBUSY for a seal of a file that is mapped for writing
   */
  seal(seals: number, isWritten: boolean): void {
    this.#demand(SEAL.SEAL, 'seals');
    const added = (seals & SEAL.EXEC) !== 0 && (this.mode & 0o111) !== 0 ? executableSeals(seals) : seals;
    if ((added & SEAL.WRITE & ~this.#seals) !== 0 && isWritten) {
      throw new LinuxError('EBUSY', 'the file is mapped for writing');
    }
    this.#seals |= added;
  }

  /** @throws LinuxError EPERM if writing is sealed */
  demandWritable(): void {
    this.#demand(SEAL.WRITE | SEAL.FUTURE_WRITE, 'contents');
  }

  #demand(seals: number, what: string): void {
    if ((this.#seals & seals) !== 0) throw new LinuxError('EPERM', `the ${what} of the file are sealed`);
  }

  override write(bytes: Uint8Array, at: number): number {
    this.demandWritable();
    if (at + bytes.length <= this.size || (this.#seals & SEAL.GROW) === 0) return super.write(bytes, at);
    // Linux looks at each page: none of the one that would go beyond the end is written.
    const whole = this.size - (this.size % PAGE) - at;
    if (whole <= 0) throw new LinuxError('EPERM', 'the file cannot grow');
    return super.write(bytes.subarray(0, whole), at);
  }

  override truncate(size: number): void {
    if (size < this.size) this.#demand(SEAL.SHRINK, 'end');
    if (size > this.size) this.#demand(SEAL.GROW, 'end');
    super.truncate(size);
  }

  override allocate(what: Allocation, range: { at: number; length: number }, keepsSize: boolean): void {
    if (what !== 'reserve') this.demandWritable();
    if (!keepsSize && range.at + range.length > this.size) this.#demand(SEAL.GROW, 'end');
    super.allocate(what, range, keepsSize);
  }
}

/** A seal of the executable bits of an executable file seals all else, too. */
function executableSeals(seals: number): number {
  return seals | SEAL.SHRINK | SEAL.GROW | SEAL.WRITE | SEAL.FUTURE_WRITE;
}
