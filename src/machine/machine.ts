/** A machine: absolute storage, its processors, the TOD clock, and the TLB purges that all processors perform. */

import { Hook, Trace } from '../trace/index.ts';
import { PREFIX_AREA_SIZE } from './addresses.ts';
import { BusyError } from './busy-error.ts';
import { Clock } from './clock.ts';
import type { TlbHitCheck } from './cpu/access.ts';
import type { Observer } from './cpu/observer.ts';
import type { Configuration } from './cpu/processor.ts';
import { CPU_MODELS, type CpuModel } from './cpu-model.ts';
import { PAGE_TABLE_ENTRIES } from './dat/formats.ts';
import { TABLE_UNIT } from './dat/walk.ts';
import { CodeCache } from './engine/compile/code-cache.ts';
import { canCompile } from './engine/compile/module.ts';
import { Cpu } from './engine/cpu.ts';
import { facilityList } from './instructions/decode.ts';
import { DEFAULT_STORAGE_SIZE, Storage } from './storage.ts';
import type { Tlb } from './tlb.ts';

const PROCESSORS = 64;

/** How a machine executes instructions: only with the interpreter; with compiled code as soon as possible; or where it pays. */
export const ENGINES = ['interpret', 'compile', 'auto'] as const;
export type Engine = (typeof ENGINES)[number];

/** Branches to an address after which the code there is compiled. */
const THRESHOLD = { compile: 2, auto: 600 } as const;

/** Options of a machine. */
export interface MachineOptions {
  /** Bytes of absolute storage, a multiple of 4 KiB from 8 KiB on; default 1 GiB. */
  readonly storageSize?: number;
  /** Storage of another machine that is no longer in use, cleared, to be reused. Default: new storage of `storageSize`. */
  readonly storage?: Storage;
  /** Number of processors, 1 to 64; default 1. */
  readonly cpus?: number;
  /** The trace that receives events; default a new one without listeners. */
  readonly trace?: Trace;
  /** Initial value of the TOD clock, in TOD units, 64 bits unsigned; default 0. */
  readonly tod?: bigint;
  /** The CPU model; default `max`, which offers everything that is implemented. */
  readonly cpuModel?: CpuModel;
  /**
   * How it executes instructions; default `auto`. The results are the same. Where WebAssembly is missing, or a page's content
   * security policy forbids it, and with storage of more than 4 GiB less 2,368 KiB a processor, the interpreter executes all.
   */
  readonly engine?: Engine;
}

/** A z/Architecture machine. */
export class Machine implements Configuration {
  readonly storage: Storage;
  readonly cpus: readonly Cpu[];
  readonly clock: Clock;
  readonly trace: Trace;
  readonly cpuModel: CpuModel;
  /** The facility list (STFLE), in whole doublewords. */
  readonly facilities: Uint8Array;

  /**
   * The TLB check hook. Check mode subscribes a listener that compares each TLB hit with a fresh walk; see `TlbHitCheck`
   * for its arguments.
   */
  readonly translationChecks: Hook<Parameters<TlbHitCheck>>;

  /**
   * Called with a processor's TLB before it executes instructions: after its host has acted, and each time that it begins to execute a
   * guest. It costs less than `translationChecks`, which also demands that the interpreter executes all code.
   */
  readonly executionChecks: Hook<[tlb: Tlb]>;

  /**
   * @throws RangeError for an invalid storage size, number of processors or TOD value; TypeError for an option of the
   *   wrong type
   */
  constructor(options: MachineOptions = {}) {
    const {
      cpus = 1,
      tod = 0n,
      trace = new Trace(),
      cpuModel = 'max',
      engine = 'auto',
    } = checkedOptions(options);
    this.cpuModel = cpuModel;
    this.facilities = facilityList(cpuModel);
    this.trace = trace;
    this.storage = options.storage ?? new Storage(options.storageSize ?? DEFAULT_STORAGE_SIZE, cpus);
    if (this.storage.size < PREFIX_AREA_SIZE) {
      throw new RangeError(`storage of ${this.storage.size} bytes has no room for a prefix area of 8 KiB`);
    }
    this.clock = new Clock(tod);
    this.cpus = Array.from({ length: cpus }, (_, address) => new Cpu(this, address));
    if (engine !== 'interpret' && this.storage.processors >= cpus && canCompile())
      this.#compile(THRESHOLD[engine]);
    this.translationChecks = new Hook(trace.operations, () => {
      for (const cpu of this.cpus) cpu.onTlbHit = this.translationChecks.listener;
    });
    this.executionChecks = new Hook(trace.operations, () => {
      for (const cpu of this.cpus) cpu.onExecution = this.executionChecks.listener;
    });
  }

  #compile(threshold: number): void {
    const cache = new CodeCache(this.storage, this.cpus, threshold);
    for (const cpu of this.cpus) cpu.useCompiler(cache);
  }

  /** The observer of all processors, for a debugger; null, the default, for none. */
  get observer(): Observer | null {
    return (this.cpus[0] as Cpu).observer;
  }

  /** @throws BusyError while a processor executes, or while a listener is called */
  set observer(observer: Observer | null) {
    this.demandQuiet('an observer cannot be changed');
    for (const cpu of this.cpus) {
      if (cpu.busy) throw new BusyError(`processor ${cpu.address} executes`);
    }
    for (const cpu of this.cpus) cpu.observer = observer;
  }

  /** Returns the processor with a CPU address. @throws RangeError if there is none */
  cpu(address: number): Cpu {
    const cpu = typeof address === 'number' ? this.cpus[address] : undefined;
    if (!cpu) throw new RangeError(`there is no processor ${String(address)}`);
    return cpu;
  }

  /** @throws BusyError while a listener is called: it may read state but not change it */
  demandQuiet(what: string): void {
    if (this.trace.operations.delivering) throw new BusyError(`${what} while a listener is called`);
  }

  /**
   * Purges, on every processor, the translations made from entry `index` (0 to 255) of the page table at absolute address
   * `origin`, in all address spaces. IPTE does this after it has invalidated the entry.
   * @throws RangeError if no such entry can exist; BusyError while a listener is called, as all purges
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

  /** Purges, on every processor, the translations of an address-space-control element, given in halves, as IDTE does. */
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

  /**
   * Purges every processor's TLB after a storage key was set: later accesses must record reference and change again.
   */
  forgetKeys(): void {
    this.demandQuiet('a purge');
    for (const cpu of this.cpus) cpu.tlb.purgeAll();
  }

  /** Purges all TLBs of all processors. */
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
  if (typeof options !== 'object' || options === null) throw new TypeError('options must be an object');
  const { cpus = 1, tod = 0n, cpuModel = 'max', engine = 'auto' } = options;
  const { trace, storage, storageSize = DEFAULT_STORAGE_SIZE } = options;
  if (typeof storageSize !== 'number')
    throw new TypeError(`storageSize must be a number, not ${typeof storageSize}`);
  if (storage !== undefined && !(storage instanceof Storage))
    throw new TypeError('storage must be a Storage');
  if (trace !== undefined && !(trace instanceof Trace)) throw new TypeError('trace must be a Trace');
  if (!Number.isInteger(cpus) || cpus < 1 || cpus > PROCESSORS) {
    throw new RangeError(`${String(cpus)} processors: a machine has 1 to ${PROCESSORS}`);
  }
  if (!CPU_MODELS.includes(cpuModel)) {
    throw new RangeError(`cpuModel ${String(cpuModel)} is not one of ${CPU_MODELS.join(', ')}`);
  }
  if (!ENGINES.includes(engine)) {
    throw new RangeError(`engine ${String(engine)} is not one of ${ENGINES.join(', ')}`);
  }
  if (typeof tod !== 'bigint') throw new TypeError(`tod must be a bigint, not ${typeof tod}`);
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
