/** The storage that one CCW designates: a range of addresses, or blocks named by indirect-data-address words (IDAW). */

import { CCW_FLAG, type Ccw } from './ccw.ts';
import type { ChannelStorage } from './channel-storage.ts';
import { ChannelCheck } from './check.ts';
import type { Orb } from './orb.ts';
import { SUBCHANNEL_STATUS } from './status.ts';

/** The data area of a CCW. Its methods throw a ChannelCheck at the first address that is wrong. */
export class DataArea {
  readonly ccw: Ccw;
  readonly #storage: ChannelStorage;
  readonly #orb: Orb;

  constructor(ccw: Ccw, storage: ChannelStorage, orb: Orb) {
    this.ccw = ccw;
    this.#storage = storage;
    this.#orb = orb;
  }

  /** Fetches bytes of the area. `offset + length` must not exceed the count. */
  fetch(offset: number, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const { address, room } = this.#place(offset + done);
      const part = Math.min(room, length - done);
      bytes.set(this.#storage.fetchData(address, part), done);
      done += part;
    }
    return bytes;
  }

  /** Stores bytes into the area, unless the CCW skips them. `offset + bytes.length` must not exceed the count. */
  store(offset: number, bytes: Uint8Array): void {
    if (this.ccw.flags & CCW_FLAG.SKIP) return;
    for (let done = 0; done < bytes.length; ) {
      const { address, room } = this.#place(offset + done);
      const part = bytes.subarray(done, done + room);
      this.#storage.storeData(address, part);
      done += part.length;
    }
  }

  /** Returns the absolute address of a byte of the area, and the number of bytes from there on that lie behind each other. */
  #place(offset: number): { address: bigint; room: number } {
    return this.ccw.flags & CCW_FLAG.INDIRECT ? this.#indirect(offset) : this.#direct(offset);
  }

  #direct(offset: number): { address: bigint; room: number } {
    const address = this.ccw.address + offset;
    const room = Math.min(this.ccw.count - offset, this.#storage.addressEnd - address);
    if (room <= 0) throw invalid();
    return { address: BigInt(address), room };
  }

  #indirect(offset: number): { address: bigint; room: number } {
    const { idawBlock } = this.#orb;
    const first = this.#word(0);
    const start = Number(first % BigInt(idawBlock));
    if (start + offset < idawBlock) {
      return { address: first + BigInt(offset), room: idawBlock - start - offset };
    }
    const within = (start + offset) % idawBlock;
    const block = this.#word(Math.floor((start + offset) / idawBlock));
    if (block % BigInt(idawBlock) !== 0n) throw invalid();
    return { address: block + BigInt(within), room: idawBlock - within };
  }

  /** Fetches an indirect-data-address word. */
  #word(index: number): bigint {
    const { format2Idaws } = this.#orb;
    const bytes = format2Idaws ? 8 : 4;
    const address = this.ccw.address + index * bytes;
    if (address % bytes !== 0 || address + bytes > this.#storage.addressEnd) throw invalid();
    const word = this.#storage.fetchControl(address, bytes);
    const view = new DataView(word.buffer, word.byteOffset, word.byteLength);
    if (format2Idaws) return view.getBigUint64(0);
    const short = view.getUint32(0);
    if (short & 0x8000_0000) throw invalid();
    return BigInt(short);
  }
}

function invalid(): ChannelCheck {
  return new ChannelCheck(SUBCHANNEL_STATUS.PROGRAM_CHECK);
}
