/** The memory of a guest, read without a trace: no fault is resolved, no table and no reference bit changes. */

import type { Vcpu, VirtualMachine } from '../../host/index.ts';
import { processPage } from '../../host/index.ts';
import { ownTablesOf } from '../../inspect/index.ts';
import {
  AbsoluteEntries,
  absoluteAddress,
  applyPrefix,
  type Cpu,
  EDAT,
  type EntrySource,
  PGM,
  realPage,
  type Storage,
  Walk,
} from '../../machine/index.ts';

const PAGE_BYTES = 4096;

/** Reads guest absolute storage. It is also the source of the entries of the guest's own tables. */
export class GuestStorage implements EntrySource {
  hi = 0;
  lo = 0;
  readonly #storage: Storage;
  readonly #vm: VirtualMachine;
  readonly #walk: Walk;

  constructor(storage: Storage, vm: VirtualMachine) {
    this.#storage = storage;
    this.#vm = vm;
    this.#walk = new Walk(new AbsoluteEntries(storage));
  }

  /** Fetches an entry of a table of the guest. */
  fetch(page: number, offset: number): number {
    const bytes = this.page(BigInt(page) * BigInt(PAGE_BYTES));
    if (bytes === null) return PGM.ADDRESSING;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    this.hi = view.getUint32(offset);
    this.lo = view.getUint32(offset + 4);
    return 0;
  }

  /** Returns a copy of the page that holds a guest absolute address, or null if the guest has no memory there. */
  page(address: bigint): Uint8Array | null {
    const slot = this.#vm.slots.at(address);
    if (slot === undefined) return null;
    const page = Number((slot.userspaceAddr + address - slot.guestPhysAddr) >> 12n);
    const { asce, mappings } = this.#vm.mm;
    const code = this.#walk.to(Number(asce >> 32n), Number(asce & 0xffff_ffffn), page, EDAT.EDAT_2);
    if (code === 0) return this.#storage.read(this.#walk.frame * PAGE_BYTES, PAGE_BYTES);
    // A page that was never touched has zeros.
    return mappings.at(processPage(page)) === undefined ? null : new Uint8Array(PAGE_BYTES);
  }

  /**
   * Translates a logical address of a virtual CPU, by the tables of its instructions. Returns a guest absolute address, or null.
   * Preconditions: the virtual CPU does not run.
   */
  absolute(cpu: Cpu, vcpu: Vcpu, logical: bigint): bigint | null {
    const own = ownTablesOf(cpu, vcpu);
    if (own === null) return absoluteAddress(logical, vcpu.block.prefix);
    const walk = new Walk(this);
    const { asce, edat, prefix } = own;
    const code = walk.to(Number(asce >> 32n), Number(asce & 0xffff_ffffn), Number(logical >> 12n), edat);
    if (code !== 0) return null;
    const page = walk.absolute ? walk.frame : applyPrefix(realPage(walk.frame), prefix);
    return BigInt(page) * BigInt(PAGE_BYTES) + (logical & 0xfffn);
  }
}
