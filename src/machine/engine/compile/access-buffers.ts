/**
 * The access buffers of a processor: where compiled code looks up the frame of a page. They hold what the TLBs have, joined:
 * for a guest, its own translation and the host's of the result. So a hit in a buffer is a hit in the TLBs, and
 * everything that is not in a buffer goes to the interpreter.
 *
 * A buffer belongs to a context: to everything besides the page that the frame depends on. Each context has a buffer for
 * loads and one for stores, direct-mapped, with entries of 16 bytes:
 *
 *     0: address of the page, 64 bits; in an entry that is not used, of a page that belongs elsewhere: page 0 in all entries but
 *        the first, which has page 1
 *     8: what to add to an address to get the absolute address, 32 bits
 */

import type { LogicalPage } from '../../addresses.ts';
import { controlRegisterOf, FETCH, STORE } from '../../cpu/access.ts';
import type { Processor } from '../../cpu/processor.ts';
import {
  BLOCK,
  BUFFER_ENTRIES,
  CONTEXT_SIZE,
  CONTEXTS,
  type ProcessorBlock,
  STORE_BUFFER,
} from '../../processor-block.ts';
import { TLB_SLOTS, type TlbWatcher } from '../../tlb.ts';
import { JumpDependencies } from './jump-dependencies.ts';
import type { JumpTable } from './jump-table.ts';

const WORDS = CONTEXT_SIZE / 4;
const STORE_WORDS = STORE_BUFFER / 4;
const ENTRY_WORDS = 4;
/** Entries in a group. Groups without an entry are left out when a context is cleared. */
const GROUP = 64;
const GROUP_WORDS = GROUP * ENTRY_WORDS;
/** The page in the first entry when it is not used. */
const FIRST_UNUSED = 0x1000;
const NONE = -1;
const SEVERAL = -2;

/** What a translation depends on, besides the page. */
class Context {
  valid = false;
  guest = false;
  dat = false;
  asceHi = 0;
  asceLo = 0;
  prefix = 0;
  /** The host's space of a guest, and where the guest's storage is in it. */
  hostAsceHi = 0;
  hostAsceLo = 0;
  originPage = 0;
  pages = 0;
  /** Whether it has had an entry since it was cleared, and 1 for each group that has. */
  used = false;
  readonly groups = new Uint8Array(BUFFER_ENTRIES / GROUP);
  /** For each entry of a guest's context, the slot of the host's TLB that it depends on, or NONE. */
  #hostSlots: Int16Array | null = null;

  /** For each slot of the host's TLB the entry that depends on it, or NONE, or SEVERAL. */
  #entries: Int16Array | null = null;

  get entries(): Int16Array {
    this.#entries ??= new Int16Array(TLB_SLOTS).fill(NONE);
    return this.#entries;
  }

  get hostSlots(): Int16Array {
    this.#hostSlots ??= new Int16Array(BUFFER_ENTRIES).fill(NONE);
    return this.#hostSlots;
  }
}

/** The access buffers of one processor. */
export class AccessBuffers {
  readonly #cpu: Processor;
  readonly #words: Uint32Array;
  readonly #used: Uint32Array;
  readonly #address: number;
  readonly #contexts = Array.from({ length: CONTEXTS }, () => new Context());
  #current = 0;
  #next = 0;
  /** The entries for jumps to code, and on which slots of the own (or host's) and the guest's TLB they depend. */
  readonly #jumps: JumpTable;
  readonly #dependencies = new JumpDependencies();
  readonly #guestDependencies = new JumpDependencies();
  /** Whether any code may be elsewhere now, or not be there any more. */
  codeMoved = false;

  constructor(cpu: Processor, { buffer, offset }: ProcessorBlock, jumps: JumpTable) {
    this.#cpu = cpu;
    this.#jumps = jumps;
    this.#address = offset + BLOCK.BUFFERS;
    this.#words = new Uint32Array(buffer, this.#address, CONTEXTS * WORDS);
    this.#used = new Uint32Array(buffer, offset + BLOCK.USED, 1);
    // Storage can be that of a former machine.
    if (this.#used[0] !== 0) this.#words.fill(0);
    this.#used[0] = 0;
    cpu.tlb.watchers.push(new Watcher(this, false));
    cpu.guestTlb.watchers.push(new Watcher(this, true));
  }

  /** Selects the context of the processor's state. Returns the absolute address of its buffers. */
  select(): number {
    if (!this.#matches(this.#contexts[this.#current] as Context)) this.#current = this.#find();
    return this.#address + this.#current * CONTEXT_SIZE;
  }

  #find(): number {
    const known = this.#contexts.findIndex((context) => this.#matches(context));
    if (known >= 0) return known;
    const index = this.#next;
    this.#next = (index + 1) % CONTEXTS;
    this.#clear(index);
    // Memory that was never used has zeros, which would be page 0 in the first entry.
    this.#drop(index * WORDS);
    this.codeMoved = true;
    this.#assign(this.#contexts[index] as Context);
    return index;
  }

  #matches(context: Context): boolean {
    const cpu = this.#cpu;
    const { sie } = cpu;
    if (!context.valid || context.dat !== cpu.dat || context.guest !== (sie !== null)) return false;
    if (context.prefix !== cpu.prefix) return false;
    if (cpu.dat) {
      const cr = controlRegisterOf(cpu.space) * 2;
      if (context.asceLo !== cpu.cr32[cr] || context.asceHi !== cpu.cr32[cr + 1]) return false;
    }
    if (sie === null) return true;
    return (
      context.hostAsceLo === sie.asceLo &&
      context.hostAsceHi === sie.asceHi &&
      context.originPage === sie.originPage &&
      context.pages === sie.pages
    );
  }

  #assign(context: Context): void {
    const cpu = this.#cpu;
    const { sie } = cpu;
    const cr = controlRegisterOf(cpu.space) * 2;
    context.valid = true;
    context.guest = sie !== null;
    context.dat = cpu.dat;
    context.prefix = cpu.prefix;
    context.asceLo = cpu.cr32[cr] as number;
    context.asceHi = cpu.cr32[cr + 1] as number;
    context.hostAsceLo = sie?.asceLo ?? 0;
    context.hostAsceHi = sie?.asceHi ?? 0;
    context.originPage = sie?.originPage ?? 0;
    context.pages = sie?.pages ?? 0;
  }

  /**
   * Enters a page into the buffers of the current context, if an access to it needs no check. Preconditions: the processor
   * is in the state for which the context was selected.
   */
  enter(page: LogicalPage, store: boolean): void {
    const cpu = this.#cpu;
    this.select();
    const frame = cpu.cachedFrame(page, store ? STORE : FETCH);
    if (frame < 0) return;
    const context = this.#contexts[this.#current] as Context;
    const index = page % BUFFER_ENTRIES;
    const words = this.#words;
    const base = this.#current * WORDS + index * ENTRY_WORDS;
    const at = base + (store ? STORE_WORDS : 0);
    const lo = ((page % 0x10_0000) << 12) >>> 0;
    if (context.guest) {
      const slot = cpu.hostSlotOf(page);
      // The entry for the other kind of access can be of another page, on which the same slot depends no more.
      if (context.hostSlots[index] !== slot) this.#drop(base);
      context.hostSlots[index] = slot;
      const other = context.entries[slot] as number;
      context.entries[slot] = other === NONE || other === index ? index : SEVERAL;
    }
    words[at] = lo;
    words[at + 1] = Math.floor(page / 0x10_0000);
    words[at + 2] = (frame - lo) >>> 0;
    context.used = true;
    context.groups[(index / GROUP) | 0] = 1;
    this.#used[0] = 1;
  }

  /** Drops an entry for jumps when a TLB loses the translation of a page of its code, which `cachedFrame` has found. */
  watchCode(page: LogicalPage, entry: number): void {
    const slot = page & (TLB_SLOTS - 1);
    if (this.#cpu.sie === null) {
      this.#dependencies.add(slot, entry);
      return;
    }
    this.#dependencies.add(this.#cpu.hostSlotOf(page), entry);
    this.#guestDependencies.add(slot, entry);
  }

  /** Makes all entries for jumps invalid. */
  dropJumps(): void {
    this.codeMoved = false;
    this.#jumps.clear();
    this.#dependencies.clear();
    this.#guestDependencies.clear();
  }

  /** Drops what depends on a slot of a TLB. */
  replaced(slot: number, guest: boolean): void {
    const entries = (guest ? this.#guestDependencies : this.#dependencies).take(slot);
    if (entries === null) this.codeMoved = true;
    else for (const entry of entries) this.#jumps.drop(entry);
    for (let n = 0; n < CONTEXTS; n++) {
      const context = this.#contexts[n] as Context;
      if (!context.used || !(context.dat || context.guest)) continue;
      if (!context.guest) {
        if (!guest) this.#drop(n * WORDS + slot * ENTRY_WORDS);
      } else if (guest) {
        if (context.dat) this.#drop(n * WORDS + slot * ENTRY_WORDS);
      } else {
        this.#dropDependent(context, n, slot);
      }
    }
  }

  /** Drops the entries of a guest's context that depend on a slot of the host's TLB. */
  #dropDependent(context: Context, n: number, slot: number): void {
    const { entries, hostSlots } = context;
    const entry = entries[slot] as number;
    if (entry === NONE) return;
    entries[slot] = NONE;
    for (let index = entry === SEVERAL ? 0 : entry; index >= 0; index = hostSlots.indexOf(slot, index + 1)) {
      if (hostSlots[index] === slot) {
        hostSlots[index] = NONE;
        this.#drop(n * WORDS + index * ENTRY_WORDS);
      }
      // An entry that was alone may depend on another slot now, and stays.
      if (entry !== SEVERAL) return;
    }
  }

  /** Drops the entries of a page in both buffers. @param at the index of its entry for loads */
  #drop(at: number): void {
    const words = this.#words;
    const none = at % WORDS === 0 ? FIRST_UNUSED : 0;
    words[at] = none;
    words[at + 1] = 0;
    words[at + STORE_WORDS] = none;
    words[at + STORE_WORDS + 1] = 0;
  }

  /** Drops everything. */
  purged(): void {
    this.codeMoved = true;
    for (let n = 0; n < CONTEXTS; n++) this.#clear(n);
  }

  #clear(n: number): void {
    const context = this.#contexts[n] as Context;
    context.valid = false;
    if (!context.used) return;
    context.used = false;
    if (context.guest) {
      context.hostSlots.fill(NONE);
      context.entries.fill(NONE);
    }
    context.groups.forEach((used, group) => {
      if (used !== 0) this.#clearGroup(n * WORDS + group * GROUP_WORDS);
    });
    context.groups.fill(0);
    this.#drop(n * WORDS);
  }

  /** Clears a group in both buffers. @param at the index of its first entry for loads */
  #clearGroup(at: number): void {
    this.#words.fill(0, at, at + GROUP_WORDS);
    this.#words.fill(0, at + STORE_WORDS, at + STORE_WORDS + GROUP_WORDS);
  }
}

/** Tells the buffers which TLB has lost entries. */
class Watcher implements TlbWatcher {
  readonly #buffers: AccessBuffers;
  readonly #guest: boolean;

  constructor(buffers: AccessBuffers, guest: boolean) {
    this.#buffers = buffers;
    this.#guest = guest;
  }

  replaced(slot: number): void {
    this.#buffers.replaced(slot, this.#guest);
  }

  purged(): void {
    this.#buffers.purged();
  }
}
