/**
 * A machine: absolute storage, the processors on it, one clock, and the purges that reach all of them.
 */

import { Hook, Trace } from '../trace/index.ts';
import { BusyError } from './busy-error.ts';
import { Clock } from './clock.ts';
import type { TlbHitCheck } from './cpu/access.ts';
import type { Configuration } from './cpu/processor.ts';
import { PAGE_TABLE_ENTRIES, TABLE_UNIT } from './dat/index.ts';
import { Cpu } from './engine/cpu.ts';
import { facilityList } from './instructions/decode.ts';
import { DEFAULT_STORAGE_SIZE, Storage } from './storage.ts';

/** Bytes of a prefix area: a processor needs one. */
const PREFIX_AREA = 0x2000;
const PROCESSORS = 64;

/** What a machine is made of. */
export interface MachineOptions {
  /** Bytes of absolute storage, a multiple of 4 KiB from 8 KiB on; default 1 GiB. */
  readonly storageSize?: number;
  /** Storage to use again, cleared, of a machine that nobody uses any more; it has its size then. Default a new one. */
  readonly storage?: Storage;
  /** How many processors, 1 to 64; default 1. */
  readonly cpus?: number;
  /** Where events go; default a trace of its own, to which nobody listens. */
  readonly trace?: Trace;
  /** The first value of the TOD clock, in TOD units, 64 bits unsigned; default 0. */
  readonly tod?: bigint;
}

/** A z/Architecture machine. */
export class Machine implements Configuration {
  readonly storage: Storage;
  readonly cpus: readonly Cpu[];
  readonly clock: Clock;
  readonly trace: Trace;
  /** The facility list (STFLE), in whole doublewords. */
  readonly facilities: Uint8Array = facilityList();

  /**
   * Check mode: listeners that compare each use of a translation in a TLB with a fresh walk. They get what
   * `TlbHitCheck` says.
   */
  readonly translationChecks: Hook<Parameters<TlbHitCheck>>;

  /**
   * @throws RangeError for a storage size, a number of processors or a TOD value that cannot be; TypeError for an
   *   option of the wrong type
   */
  constructor(options: MachineOptions = {}) {
    const { cpus = 1, tod = 0n, trace = new Trace() } = checkedOptions(options);
    this.trace = trace;
    this.storage = options.storage ?? new Storage(options.storageSize ?? DEFAULT_STORAGE_SIZE);
    if (this.storage.size < PREFIX_AREA) {
      throw new RangeError(`storage of ${this.storage.size} bytes has no room for a prefix area of 8 KiB`);
    }
    this.clock = new Clock(tod);
    this.cpus = Array.from({ length: cpus }, (_, address) => new Cpu(this, address));
    this.translationChecks = new Hook(trace.operations, () => {
      for (const cpu of this.cpus) cpu.onTlbHit = this.translationChecks.listener;
    });
  }

  /** The processor with this CPU address. @throws RangeError when there is none */
  cpu(address: number): Cpu {
    const cpu = typeof address === 'number' ? this.cpus[address] : undefined;
    if (!cpu) throw new RangeError(`there is no processor ${String(address)}`);
    return cpu;
  }

  /** @throws BusyError while a listener is called: it may look and not act */
  demandQuiet(what: string): void {
    if (this.trace.operations.delivering) throw new BusyError(`${what} while a listener is called`);
  }

  /**
   * What IPTE does beside the entry: every processor forgets what it made from entry `index` (0 to 255) of the
   * page table at absolute address `origin`, whichever address-space-control element it came by.
   * @throws RangeError where no such entry can be; BusyError while a listener is called, as all purges
   */
  purgePage(origin: number, index: number): void {
    this.demandQuiet('a purge');
    if (!Number.isSafeInteger(origin) || origin < 0 || !isEntry(index)) {
      throw new RangeError(`page table 0x${String(origin)} has no entry ${String(index)}`);
    }
    const table = origin / TABLE_UNIT;
    for (const cpu of this.cpus) cpu.tlb.purgePage(table, index);
    this.trace.listener?.({ type: 'purge', by: 'ipte', pageTable: BigInt(origin), page: index });
  }

  /** What IDTE does by element: every processor forgets all that came by it. The element comes in halves. */
  purgeAsce(asceHi: number, asceLo: number): void {
    this.demandQuiet('a purge');
    if (!isHalf(asceHi) || !isHalf(asceLo)) {
      throw new RangeError(`${String(asceHi)} and ${String(asceLo)} are not the halves of an element`);
    }
    for (const cpu of this.cpus) cpu.tlb.purgeAsce(asceHi, asceLo);
    this.trace.listener?.({
      type: 'purge',
      by: 'idte',
      asce: (BigInt(asceHi) << 32n) | BigInt(asceLo >>> 0),
    });
  }

  /** After a storage key was set: what is remembered must note reference and change anew. */
  forgetKeys(): void {
    this.demandQuiet('a purge');
    for (const cpu of this.cpus) cpu.tlb.purgeAll();
  }

  /** Every processor forgets everything. */
  purgeAll(): void {
    this.demandQuiet('a purge');
    for (const cpu of this.cpus) {
      cpu.tlb.purgeAll();
      cpu.guestTlb.purgeAll();
    }
    this.trace.listener?.({ type: 'purge', by: 'all' });
  }
}

/** @throws RangeError, TypeError as the constructor */
function checkedOptions(options: MachineOptions): MachineOptions {
  if (typeof options !== 'object' || options === null) throw new TypeError('options are an object');
  const { cpus = 1, tod = 0n, trace, storage, storageSize = DEFAULT_STORAGE_SIZE } = options;
  if (typeof storageSize !== 'number')
    throw new TypeError(`storageSize is a number, not ${typeof storageSize}`);
  if (storage !== undefined && !(storage instanceof Storage)) throw new TypeError('storage is a Storage');
  if (trace !== undefined && !(trace instanceof Trace)) throw new TypeError('trace is a Trace');
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > PROCESSORS) {
    throw new RangeError(`${String(cpus)} processors: a machine has 1 to ${PROCESSORS}`);
  }
  if (typeof tod !== 'bigint') throw new TypeError(`tod is a bigint, not ${typeof tod}`);
  if (tod !== BigInt.asUintN(64, tod)) throw new RangeError(`tod ${tod} is not 0 to 2^64 - 1`);
  return options;
}

function isEntry(index: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < PAGE_TABLE_ENTRIES;
}

/** Whether it is 32 bits, signed or unsigned. */
function isHalf(value: number): boolean {
  return Number.isInteger(value) && value >= -0x8000_0000 && value <= 0xffff_ffff;
}
