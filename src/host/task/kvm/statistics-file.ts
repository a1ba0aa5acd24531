/** A file of statistics: KVM_GET_STATS_FD (Linux: virt/kvm/binary_stats.c; Documentation/virt/kvm/api.rst, 4.133). */

import { O } from '../abi/files.ts';
import { AnonymousFile } from '../events/anonymous.ts';
import type { Inode } from '../files/index.ts';
import { bytesOf } from '../memory/user-memory.ts';
import { STATS_DESC, STATS_HEADER, STATS_NAME_SIZE } from './abi.ts';

const VALUE_SIZE = 8;

/** Counters: their names, and what they are now. */
export interface Statistics {
  readonly names: readonly string[];
  value(name: string): number;
}

/** An open file of statistics: a header, an identification, descriptions, and the values. */
export class StatisticsFile extends AnonymousFile {
  readonly #statistics: Statistics;
  readonly #id: string;
  #offset = 0;
  readonly #done: () => void;

  /** @param kind as /proc/PID/fd shows it. @param id the identification. @param done called when it is closed */
  constructor(inode: Inode, kind: string, id: string, statistics: Statistics, done: () => void) {
    super(inode, kind, O.RDONLY);
    this.#id = id;
    this.#statistics = statistics;
    this.#done = done;
  }

  override read(into: Uint8Array): number {
    const count = this.readAt(into, this.#offset);
    this.#offset += count;
    return count;
  }

  override readAt(into: Uint8Array, offset: number): number {
    const part = this.#contents().subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  #contents(): Uint8Array {
    const { names } = this.#statistics;
    const descriptions = STATS_HEADER.SIZE + STATS_NAME_SIZE;
    const data = descriptions + names.length * STATS_DESC.SIZE;
    const bytes = new Uint8Array(data + names.length * VALUE_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint32(STATS_HEADER.NAME_SIZE, STATS_NAME_SIZE);
    view.setUint32(STATS_HEADER.NUM_DESC, names.length);
    view.setUint32(STATS_HEADER.ID_OFFSET, STATS_HEADER.SIZE);
    view.setUint32(STATS_HEADER.DESC_OFFSET, descriptions);
    view.setUint32(STATS_HEADER.DATA_OFFSET, data);
    bytes.set(bytesOf(this.#id), STATS_HEADER.SIZE);
    names.forEach((name, n) => {
      // Type and unit are 0: a number that only grows.
      const at = descriptions + n * STATS_DESC.SIZE;
      view.setUint16(at + STATS_DESC.COUNT, 1);
      view.setUint32(at + STATS_DESC.OFFSET, n * VALUE_SIZE);
      bytes.set(bytesOf(name), at + STATS_DESC.NAME);
      view.setBigUint64(data + n * VALUE_SIZE, BigInt(this.#statistics.value(name)));
    });
    return bytes;
  }

  protected override closed(): void {
    this.#done();
  }
}
