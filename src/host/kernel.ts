/**
 * The kernel: the machine, the frame allocator, the locks and the purges, which all objects of a host share.
 */

import { type CodeWatch, Cpu, type Machine, type Storage } from '../machine/index.ts';
import type { Trace } from '../trace/index.ts';
import { demandInstance } from './arguments.ts';
import { LinuxError } from './errors.ts';
import { Frames } from './frames.ts';
import { Locks } from './locks.ts';
import { HALF } from './units.ts';

/**
 * Returns the absolute byte address with these halves; `lo` is signed or unsigned. Below 2 GiB the result is a small
 * integer to V8. A product with 2^32 would not be, not even with 0.
 */
export function absolute(hi: number, lo: number): number {
  return hi === 0 ? lo >>> 0 : hi * HALF + (lo >>> 0);
}

/** The sites where the host purges cached translations. */
export const PURGE_SITES = [
  'gmap-map',
  'gmap-unmap',
  'gmap-free',
  'page-table-freed',
  'page-invalidated',
  'page-protected',
  'page-copied',
  'segment-changed',
  'space-grown',
  'enable-sie',
] as const;

/** A site where the host purges cached translations. */
export type PurgeSite = (typeof PURGE_SITES)[number];

/**
 * A fault that can be injected into a host: it omits the purge of one site, or (`unlink`) does not unlink guests from a
 * page table before freeing it.
 */
export type InjectedFault = PurgeSite | 'unlink';

/** The purges of a host, each named by the site that issues it. */
export class Purges {
  /** Number of purges issued by gmap operations. */
  byGmap = 0;
  readonly #kernel: Kernel;
  readonly #machine: Machine;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#machine = kernel.machine;
  }

  /** Purges the page of entry `index` of the page table at `origin` on all processors. */
  page(site: PurgeSite, origin: number, index: number): void {
    if (site !== this.#kernel.injectedFault) this.#machine.purgePage(origin, index);
  }

  /** Purges the translations of an address-space-control element, given in halves, on all processors. */
  asce(site: PurgeSite, hi: number, lo: number): void {
    if (site !== this.#kernel.injectedFault) this.#machine.purgeAsce(hi, lo);
  }
}

/** The kernel of one host. */
export class Kernel {
  readonly machine: Machine;
  readonly storage: Storage;
  readonly trace: Trace;
  /** @internal */
  readonly locks: Locks;
  /** The frame allocator. @internal */
  readonly frames: Frames;
  /** @internal */
  readonly purges: Purges;
  /** The fault that the host commits from now on, for tests of the checker and demonstrations, or null. */
  injectedFault: InjectedFault | null = null;

  readonly #codeWatch: CodeWatch | null;
  #zeros: number | null = null;

  constructor(machine: Machine) {
    this.machine = machine;
    this.storage = machine.storage;
    this.trace = machine.trace;
    this.locks = new Locks(machine.trace.operations);
    this.#codeWatch = machine.cpu(0).codeWatch;
    this.frames = new Frames(machine.storage, this.locks, this.#codeWatch);
    this.purges = new Purges(this);
  }

  /**
   * The frame of zeros that pages share which were only read (Linux: ZERO_PAGE), or null as long as there was none. The kernel keeps a
   * reference to it, so that no page may be written in it.
   * @internal
   */
  get zeros(): number | null {
    return this.#zeros;
  }

  /** Returns the frame of zeros, with one more reference. @throws LinuxError ENOMEM @internal */
  shareZeros(): number {
    this.#zeros ??= this.frames.allocateZeroed(0, 'page');
    this.frames.share(this.#zeros);
    return this.#zeros;
  }

  /**
   * The host is about to store bytes `first` to `last` of a frame that processes may have: the observer is told, and code that was
   * compiled from it is checked.
   * @internal
   */
  storing(frame: number, first: number, last: number): void {
    this.machine.observer?.stored(frame, first, last);
    this.#codeWatch?.stored(frame, first, last);
  }

  /**
   * Begins a public operation, which `end` ends. Operations nest.
   * @throws LinuxError EBUSY while a listener is called: a listener must not act
   */
  begin(): void {
    this.demandQuiet();
    this.trace.operations.begin();
  }

  /** @throws LinuxError EBUSY while a listener is called: a listener must not act */
  demandQuiet(): void {
    if (!this.trace.operations.delivering) return;
    throw new LinuxError('EBUSY', 'a listener is being called, and must not start an operation');
  }

  /** Ends an operation. @throws at the end of the outermost one, the error that a listener threw meanwhile */
  end(): void {
    this.trace.operations.end();
  }

  /** Performs a public operation. @throws LinuxError as `begin` */
  operation<T>(action: () => T): T {
    this.begin();
    try {
      return action();
    } finally {
      this.end();
    }
  }

  /** @throws LinuxError EINVAL when an object belongs to another host */
  demandOwn(name: string, { kernel }: { readonly kernel: Kernel }): void {
    if (kernel !== this) throw new LinuxError('EINVAL', `the ${name} belongs to another host`);
  }

  /** @throws LinuxError EINVAL for a processor of another machine; EBUSY for one that executes */
  demandCpu(cpu: Cpu): void {
    this.demandOwnCpu(cpu);
    if (cpu.busy) throw new LinuxError('EBUSY', `processor ${cpu.address} executes`);
  }

  /** @throws LinuxError EINVAL for a processor of another machine */
  demandOwnCpu(cpu: Cpu): void {
    demandInstance('cpu', cpu, Cpu);
    if (cpu.machine !== this.machine) {
      throw new LinuxError('EINVAL', `processor ${cpu.address} belongs to another machine`);
    }
  }
}
