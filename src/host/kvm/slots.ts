/**
 * Memory slots: ranges of a process's memory that are ranges of a guest's absolute storage.
 * The rules are those of KVM_SET_USER_MEMORY_REGION on s390x.
 */

import { demandBigint, demandInteger, demandObject, show } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import type { Gmap } from '../gmap/index.ts';
import { type DirtyLog, PROCESS_LIMIT } from '../mm/index.ts';
import { GUEST_LIMIT, MIB, PAGE_BYTES } from '../units.ts';

const MIB_MASK = MIB - 1n;
const PAGE_MASK = PAGE_BYTES - 1n;
const SLOTS = 32767;
const MAX_PAGES = (1n << 31n) - 1n;
const KVM_MEM_LOG_DIRTY_PAGES = 1;

/** A request to make, move, change or delete a slot. */
export interface MemoryRegion {
  /** Which slot: 0 to 32766. */
  readonly slot: number;
  /** KVM_MEM_LOG_DIRTY_PAGES (1), or 0, the default. */
  readonly flags?: number;
  /** Guest absolute address, a multiple of 1 MiB. */
  readonly guestPhysAddr: bigint;
  /** Bytes, a multiple of 1 MiB; 0 deletes the slot. */
  readonly memorySize: bigint;
  /** Process address, a multiple of 1 MiB. */
  readonly userspaceAddr: bigint;
}

/** The slots of one virtual machine. */
export class MemorySlots {
  readonly #gmap: Gmap;
  readonly #slots = new Map<number, Required<MemoryRegion>>();
  /** The slots by guest address, ascending. */
  readonly #sorted: Required<MemoryRegion>[] = [];
  /** The dirty logs of the slots that log, by slot number. */
  readonly #logs = new Map<number, DirtyLog>();

  constructor(gmap: Gmap) {
    this.#gmap = gmap;
  }

  /** All slots, by number. */
  get all(): ReadonlyMap<number, Required<MemoryRegion>> {
    return this.#slots;
  }

  /** Returns the slot of a guest absolute address, or undefined. */
  at(address: bigint): Required<MemoryRegion> | undefined {
    demandBigint('address', address);
    const slot = this.#sorted[this.#countUpTo(address) - 1];
    return slot !== undefined && address < slot.guestPhysAddr + slot.memorySize ? slot : undefined;
  }

  /** Returns the number of slots that begin at `address` or before. */
  #countUpTo(address: bigint): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle]!.guestPhysAddr <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #add(slot: Required<MemoryRegion>): void {
    this.#slots.set(slot.slot, slot);
    this.#sorted.splice(this.#countUpTo(slot.guestPhysAddr), 0, slot);
  }

  #remove(slot: Required<MemoryRegion>): void {
    this.#slots.delete(slot.slot);
    this.#sorted.splice(this.#countUpTo(slot.guestPhysAddr) - 1, 1);
  }

  /**
   * Makes, moves, changes or deletes a slot. A slot with KVM_MEM_LOG_DIRTY_PAGES logs which of its pages are written from
   * then on; an existing log continues when the slot moves.
   *
   * @throws LinuxError EINVAL for a slot number, flag, address or size that is out of range, for another size or process
   *   address of an existing slot, and for deleting a slot that does not exist; EEXIST when it overlaps another
   *   slot; ENOMEM. Nothing has changed then
   */
  set(region: MemoryRegion): void {
    checkNumbers(region);
    const wanted = { flags: 0, ...region };
    const old = this.#slots.get(region.slot);
    if (wanted.memorySize === 0n) this.#delete(wanted.slot, old);
    else if (!old) this.#create(wanted);
    else this.#change(wanted, old);
  }

  /**
   * Returns the pages of a slot that guest or process wrote since its log was started or last taken: offsets in the slot in
   * pages of 4 KiB, ascending.
   * @throws LinuxError EINVAL for a slot number that is out of range; ENOENT when there is no such slot, or it does not log
   */
  takeLog(slot: number): number[] {
    checkSlotNumber(slot);
    const log = this.#logs.get(slot);
    if (!log) throw new LinuxError('ENOENT', `there is no slot ${slot}, or it does not log`);
    return this.#gmap.mm.takeLog(log).map((page) => page - log.start);
  }

  /** Stops all logs. The slots stay as they are. */
  stopLogs(): void {
    for (const slot of [...this.#logs.keys()]) this.#stopLog(slot);
  }

  #stopLog(slot: number): void {
    const log = this.#logs.get(slot);
    if (!log) return;
    this.#gmap.mm.stopLog(log);
    this.#logs.delete(slot);
  }

  #delete(slot: number, old: Required<MemoryRegion> | undefined): void {
    if (!old) throw new LinuxError('EINVAL', `slot ${slot} cannot be deleted: it does not exist`);
    this.#gmap.unmap({ address: old.guestPhysAddr, length: old.memorySize });
    this.#stopLog(slot);
    this.#remove(old);
  }

  #create(wanted: Required<MemoryRegion>): void {
    this.#checkPlace(wanted);
    this.#logged(wanted, () => this.#map(wanted));
    this.#add(wanted);
  }

  /**
   * Performs an action that makes or moves a slot, and starts or stops its log according to its flags. A log is started
   * before the action, because starting can fail and can be undone, and stopped after it, because stopping cannot.
   */
  #logged({ slot, flags, userspaceAddr, memorySize }: Required<MemoryRegion>, action: () => void): void {
    const { mm } = this.#gmap;
    const logs = (flags & KVM_MEM_LOG_DIRTY_PAGES) !== 0;
    const fresh = logs && !this.#logs.has(slot);
    const log = fresh ? mm.startLog(Number(userspaceAddr >> 12n), Number(memorySize >> 12n)) : null;
    try {
      action();
    } catch (error) {
      if (log !== null) mm.stopLog(log);
      throw error;
    }
    if (log !== null) this.#logs.set(slot, log);
    if (!logs) this.#stopLog(slot);
  }

  #change(wanted: Required<MemoryRegion>, old: Required<MemoryRegion>): void {
    if (wanted.userspaceAddr !== old.userspaceAddr || wanted.memorySize !== old.memorySize) {
      throw new LinuxError(
        'EINVAL',
        `slot ${wanted.slot} exists: its size and process address cannot change`,
      );
    }
    const moves = wanted.guestPhysAddr !== old.guestPhysAddr;
    if (moves) this.#checkPlace(wanted);
    this.#logged(wanted, () => {
      if (moves) this.#move(wanted, old);
    });
    this.#remove(old);
    this.#add(wanted);
  }

  #move(wanted: Required<MemoryRegion>, old: Required<MemoryRegion>): void {
    // Once the tables exist nothing can fail, and the old place need not be restored.
    this.#gmap.makeTables({ address: wanted.guestPhysAddr, length: wanted.memorySize });
    this.#gmap.unmap({ address: old.guestPhysAddr, length: old.memorySize });
    this.#map(wanted);
  }

  #map({ userspaceAddr, guestPhysAddr, memorySize }: Required<MemoryRegion>): void {
    this.#gmap.map({ from: userspaceAddr, to: guestPhysAddr, length: memorySize });
  }

  #checkPlace(wanted: Required<MemoryRegion>): void {
    for (const name of ['userspaceAddr', 'memorySize', 'guestPhysAddr'] as const) {
      if (wanted[name] & MIB_MASK) {
        throw new LinuxError('EINVAL', `${name} ${hex(wanted[name])} is not a multiple of 1 MiB`);
      }
    }
    const other = this.#overlapping(wanted);
    if (other === undefined) return;
    throw new LinuxError(
      'EEXIST',
      `slot ${wanted.slot} at ${hex(wanted.guestPhysAddr)} overlaps slot ${other.slot}`,
    );
  }

  /** Returns another slot that overlaps one, or undefined. Only its own former place can lie between it and the next ones. */
  #overlapping({
    slot,
    guestPhysAddr,
    memorySize,
  }: Required<MemoryRegion>): Required<MemoryRegion> | undefined {
    const end = guestPhysAddr + memorySize;
    const next = this.#countUpTo(guestPhysAddr);
    for (let at = Math.max(0, next - 2); at < this.#sorted.length; at++) {
      const other = this.#sorted[at]!;
      if (other.guestPhysAddr >= end) return undefined;
      if (other.slot !== slot && guestPhysAddr < other.guestPhysAddr + other.memorySize) return other;
    }
    return undefined;
  }
}

function checkSlotNumber(slot: number): void {
  if (Number.isInteger(slot) && slot >= 0 && slot < SLOTS) return;
  throw new LinuxError('EINVAL', `slot ${show(slot)} is not 0 to ${SLOTS - 1}`);
}

function checkNumbers(region: MemoryRegion): void {
  demandObject('region', region);
  const { slot, flags = 0, guestPhysAddr, memorySize, userspaceAddr } = region;
  const fail = (why: string): never => {
    throw new LinuxError('EINVAL', why);
  };
  checkSlotNumber(slot);
  demandInteger('flags', flags);
  if (flags & ~KVM_MEM_LOG_DIRTY_PAGES) fail(`flags ${hex(flags)} are unknown`);
  for (const [name, value] of Object.entries({ guestPhysAddr, memorySize, userspaceAddr })) {
    demandBigint(name, value);
    if (value < 0n || value & PAGE_MASK) fail(`${name} ${hex(value)} is not a multiple of 4 KiB`);
  }
  if (memorySize >> 12n > MAX_PAGES) fail(`memorySize ${hex(memorySize)} is more than 2^31 - 1 pages`);
  if (guestPhysAddr + memorySize >= GUEST_LIMIT)
    fail(`${hex(guestPhysAddr)} + ${hex(memorySize)} is 2^64 or more`);
  if (userspaceAddr + memorySize > PROCESS_LIMIT) {
    fail(`userspaceAddr ${hex(userspaceAddr)} + ${hex(memorySize)} is beyond 4 TiB`);
  }
}
