/**
 * Copies everything that a slice of a guest must not change, and compares it afterwards: the memory of other processes, its
 * own process's memory outside of its slots, state descriptions of other virtual machines, and, if the host handled no fault
 * in between, every table.
 */

import type { Mm } from '../../host/index.ts';
import { CRST_SIZE, PAGE_TABLE_SIZE } from '../../machine/index.ts';
import { eachFrame } from './frames.ts';
import type { GuestWorld } from './world.ts';

const WORDS = 1024;

/** A copy of memory and tables. */
export class Watch {
  readonly #world: GuestWorld;
  readonly #words: Int32Array;
  #copy = new Int32Array(512 * WORDS);
  #used = 0;
  /** For each copied page: the process and the page number. */
  #pages: { readonly mm: Mm; readonly page: number; readonly at: number }[] = [];
  /** For each copied table or state description: its absolute address, its length in words, and whether it is a table. */
  #blocks: { readonly from: number; readonly words: number; readonly at: number; readonly table: boolean }[] =
    [];
  #events = 0;
  /** Whether the guest uses storage keys: the first instruction for them gives every page a frame of its own. */
  #usedKeys = false;

  constructor(world: GuestWorld) {
    this.#world = world;
    const { storage, trace } = world.host.machine;
    this.#words = new Int32Array(storage.bytes.buffer, storage.bytes.byteOffset, storage.size / 4);
    trace.subscribe(({ type }) => {
      if (type !== 'interruption' && type !== 'exit' && type !== 'purge') this.#events++;
    });
  }

  /** Copies everything that a guest of this virtual machine must not change. */
  take(vm: number): void {
    this.#used = 0;
    this.#pages = [];
    this.#blocks = [];
    this.#events = 0;
    this.#usedKeys = this.#world.machine(vm).mm.ptes.usesKeys;
    this.#eachForeign(vm, (mm, page, frame) => {
      this.#pages.push({ mm, page, at: this.#keep(frame, WORDS) });
    });
    const { frames } = this.#world.host.kernel;
    const own = new Set(this.#world.machine(vm).vcpus.map(({ block }) => block.origin));
    for (let at = 0; at < frames.touched; at += 4096) {
      const purpose = frames.purposeOf(at);
      if (purpose === undefined || purpose === 'page' || purpose === 'large-page') continue;
      if (own.has(at)) this.#block(at + 512, 4096 - 512, false);
      else if (purpose === 'kernel') this.#kernel(at);
      else if (purpose === 'pgste-table') this.#block(at, PAGE_TABLE_SIZE, true);
      else this.#block(at, purpose === 'page-table' ? 4096 : CRST_SIZE, true);
    }
  }

  /** Returns a description of a forbidden change, or null. */
  changed(vm: number): string | null {
    const now = new Map<Mm, Map<number, number>>();
    this.#eachForeign(vm, (mm, page, frame) => {
      let pages = now.get(mm);
      if (!pages) {
        pages = new Map();
        now.set(mm, pages);
      }
      pages.set(page, frame);
    });
    for (const { mm, page, at } of this.#pages) {
      const frame = now.get(mm)?.get(page);
      const where = `page 0x${page.toString(16)} of process ${mm.id}`;
      if (frame === undefined) return `${where} has lost its frame`;
      if (!this.#same(frame, WORDS, at)) return `${where} has changed`;
    }
    const resolved = this.#events > 0 || this.#usedKeys !== this.#world.machine(vm).mm.ptes.usesKeys;
    for (const { from, words, at, table } of this.#blocks) {
      if (table && resolved) continue;
      if (!this.#same(from, words, at))
        return `the ${table ? 'table' : 'state description'} at 0x${from.toString(16)} has changed`;
    }
    return null;
  }

  /** Visits the pages that guests of a virtual machine must not reach. */
  #eachForeign(vm: number, callback: (mm: Mm, page: number, frame: number) => void): void {
    const { mm: own, vm: machine } = this.#world.machine(vm);
    for (const mm of this.#world.host.processes) {
      for (const { start, end } of mm.mappings) {
        eachFrame(mm, start, end, (page, frame) => {
          if (mm === own && inSlot(machine, page)) return;
          callback(mm, page, frame);
        });
      }
    }
  }

  #block(from: number, length: number, table: boolean): void {
    this.#blocks.push({ from, words: length >> 2, at: this.#keep(from, length >> 2), table });
  }

  /** Copies a frame of the kernel if it is a state description. The others only shift addresses, or make frames scarce. */
  #kernel(at: number): void {
    for (const { vcpus } of this.#world.machines) {
      if (vcpus.some(({ block }) => block.origin === at)) this.#block(at, 4096, false);
    }
  }

  #keep(from: number, words: number): number {
    const at = this.#used;
    if (at + words > this.#copy.length) {
      const grown = new Int32Array(this.#copy.length * 2 + words);
      grown.set(this.#copy);
      this.#copy = grown;
    }
    this.#copy.set(this.#words.subarray(from >> 2, (from >> 2) + words), at);
    this.#used += words;
    return at;
  }

  #same(from: number, words: number, at: number): boolean {
    const first = from / 4;
    for (let i = 0; i < words; i++) if (this.#words[first + i] !== this.#copy[at + i]) return false;
    return true;
  }
}

/** Whether a page of the process is in a slot. */
function inSlot(
  machine: { readonly slots: { readonly all: ReadonlyMap<number, Slot> } },
  page: number,
): boolean {
  const address = BigInt(page) << 12n;
  for (const { userspaceAddr, memorySize } of machine.slots.all.values()) {
    if (address >= userspaceAddr && address < userspaceAddr + memorySize) return true;
  }
  return false;
}

interface Slot {
  readonly userspaceAddr: bigint;
  readonly memorySize: bigint;
}
