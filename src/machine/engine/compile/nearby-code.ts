/** The code around an instruction: in its page, and in pages near it, which can be anywhere in storage. */

import { FRAME_SIZE } from '../../storage.ts';

/** Where the pages of a program are. */
export interface CodeSpace {
  /** Returns the absolute address of the frame of a page if instructions can be fetched from it without a check, else -1. */
  frameOf(page: number): number;
}

/** A program's code, by byte offset from the start of the page of an instruction. */
export interface Code {
  /** Returns the halfword at an even offset, or -1 if it is not known what is there. */
  halfword(offset: number): number;
}

/** Pages before and behind the first one that a region may have code in. Offsets of its instructions have 16 bits with a sign. */
const NEARBY = 7;

/** The code around an instruction. Where the other pages are is found out when their code is asked for. */
export class NearbyCode implements Code {
  readonly #storage: DataView;
  readonly #page: number;
  readonly #space: CodeSpace | null;
  /** Frames by the distance of their pages from the first. */
  readonly #frames: number[] = [];

  /**
   * @param storage absolute storage
   * @param page the number of the page of the instruction
   * @param frame the absolute address of its frame
   * @param space null if the other pages are not to be used
   */
  constructor(storage: DataView, page: number, frame: number, space: CodeSpace | null) {
    this.#storage = storage;
    this.#page = page;
    this.#space = space;
    this.#frames[NEARBY] = frame;
  }

  halfword(offset: number): number {
    const address = this.addressOf(offset);
    return address < 0 ? -1 : this.#storage.getUint16(address);
  }

  /** Returns the absolute address of a byte, or -1. */
  addressOf(offset: number): number {
    const distance = Math.floor(offset / FRAME_SIZE);
    if (distance < -NEARBY || distance > NEARBY) return -1;
    const frame = this.frameAt(distance);
    return frame < 0 ? -1 : frame + (offset - distance * FRAME_SIZE);
  }

  /** Returns the absolute address of the frame of a page by its distance from the first, -7 to 7, or -1. */
  frameAt(distance: number): number {
    const known = this.#frames[NEARBY + distance];
    if (known !== undefined) return known;
    const frame = this.#space?.frameOf(this.#page + distance) ?? -1;
    this.#frames[NEARBY + distance] = frame;
    return frame;
  }
}
