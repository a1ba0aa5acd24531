/**
 * A machine: absolute storage, the processors on it, one clock, and the purges that reach all of them.
 */

import { Trace } from '../trace/index.ts';
import { Clock } from './clock.ts';
import { Cpu } from './cpu/cpu.ts';
import { facilityList } from './cpu/decode.ts';
import { TABLE_UNIT } from './dat/index.ts';
import { InternalError } from './internal-error.ts';
import { DEFAULT_STORAGE_SIZE, Storage } from './storage.ts';

/** What a machine is made of. */
export interface MachineOptions {
  /** Bytes of absolute storage, a multiple of 4 KiB; default 1 GiB. */
  readonly storageSize?: number;
  /** Storage to use again, cleared, of a machine that nobody uses any more; it has its size then. Default a new one. */
  readonly storage?: Storage;
  /** How many processors; default 1. */
  readonly cpus?: number;
  /** Where events go; default a trace of its own, to which nobody listens. */
  readonly trace?: Trace;
  /** The first value of the TOD clock, in TOD units; default 0. */
  readonly tod?: bigint;
}

/** A z/Architecture machine. */
export class Machine {
  readonly storage: Storage;
  readonly cpus: readonly Cpu[];
  readonly clock: Clock;
  readonly trace: Trace;
  /** The facility list (STFLE), in whole doublewords. */
  readonly facilities: Uint8Array = facilityList();

  /** @throws RangeError for a storage size or a number of processors that cannot be */
  constructor(options: MachineOptions = {}) {
    const cpus = options.cpus ?? 1;
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > 64) {
      throw new RangeError(`${cpus} processors: a machine has 1 to 64`);
    }
    this.trace = options.trace ?? new Trace();
    this.storage = options.storage ?? new Storage(options.storageSize ?? DEFAULT_STORAGE_SIZE);
    this.clock = new Clock(options.tod);
    this.cpus = Array.from({ length: cpus }, (_, address) => new Cpu(this, address));
  }

  /** The processor with this CPU address. Throws InternalError when there is none. */
  cpu(address: number): Cpu {
    const cpu = this.cpus[address];
    if (!cpu) throw new InternalError(`there is no processor ${address}`);
    return cpu;
  }

  /**
   * What IPTE does beside the entry: every processor forgets what it made from entry `index` (0 to 255) of the
   * page table at absolute address `origin`, whichever address-space-control element it came by.
   */
  purgePage(origin: number, index: number): void {
    const table = origin / TABLE_UNIT;
    for (const cpu of this.cpus) cpu.tlb.purgePage(table, index);
    this.trace.listener?.({ type: 'purge', by: 'ipte', pageTable: BigInt(origin), page: index });
  }

  /** What IDTE does by element: every processor forgets all that came by it. The element comes in halves. */
  purgeAsce(asceHi: number, asceLo: number): void {
    for (const cpu of this.cpus) cpu.tlb.purgeAsce(asceHi, asceLo);
    this.trace.listener?.({
      type: 'purge',
      by: 'idte',
      asce: (BigInt(asceHi) << 32n) | BigInt(asceLo >>> 0),
    });
  }

  /** After a storage key was set: what is remembered must note reference and change anew. */
  forgetKeys(): void {
    for (const cpu of this.cpus) cpu.tlb.purgeAll();
  }

  /** Every processor forgets everything. */
  purgeAll(): void {
    for (const cpu of this.cpus) {
      cpu.tlb.purgeAll();
      cpu.guestTlb.purgeAll();
    }
    this.trace.listener?.({ type: 'purge', by: 'all' });
  }
}
