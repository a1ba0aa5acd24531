/**
 * A host on a machine: its processes and their guests, and code of theirs that touches memory.
 */

import {
  type Cpu,
  CR0,
  FETCH,
  InternalError,
  isTranslationException,
  logicalPage,
  Machine,
  PGM,
  SPACE,
  STORE,
} from '../machine/index.ts';
import { demandBigint, demandBytes, demandInstance, demandInteger, demandLength } from './arguments.ts';
import { hex, LinuxError } from './errors.ts';
import { Gmap } from './gmap/index.ts';
import { Kernel } from './kernel.ts';
import { VirtualMachine } from './kvm/index.ts';
import { MemoryFile, Mm } from './mm/index.ts';
import { MmCommon } from './mm/internal.ts';

const GUEST_LIMIT = 1n << 64n;

/** Counts at one moment. */
export interface HostStats {
  /** Reverse-map entries: guest segment entries that are linked. */
  readonly rmaps: number;
  /** Region and segment tables of gmaps. */
  readonly tables: number;
  /** Page tables with PGSTEs. */
  readonly pagetables: number;
  /** Purges asked for by gmap operations since the start. */
  readonly purges: number;
}

/** A Linux-like host. */
export class Host {
  readonly machine: Machine;
  readonly kernel: Kernel;
  readonly common: MmCommon;
  /** Which gmap each processor is in, by CPU address. */
  readonly running = new Map<number, Gmap>();
  readonly #mms = new Set<Mm>();
  #gmaps = 0;
  #processes = 0;

  /**
   * A host that owns the whole machine.
   * @throws LinuxError EINVAL for what is no machine; EBUSY when the machine has a host already
   */
  constructor(machine: Machine) {
    demandInstance('machine', machine, Machine);
    if (OWNED.has(machine)) throw new LinuxError('EBUSY', 'the machine has a host already');
    OWNED.add(machine);
    this.machine = machine;
    this.kernel = new Kernel(machine);
    this.common = new MmCommon(this.kernel);
    for (const cpu of machine.cpus) cpu.setControl(0, (cpu.cr[0] as bigint) | BigInt(CR0.EDAT));
  }

  /** The address spaces of the processes that have not ended. */
  get processes(): ReadonlySet<Mm> {
    return this.#mms;
  }

  /**
   * A new, empty process.
   * @param id the number that events and messages call it by; default the next one
   * @throws LinuxError EINVAL for an id that is not an integer from 0 on; ENOMEM
   */
  createMm(id = this.#processes): Mm {
    demandInteger('id', id);
    return this.kernel.operation(() => {
      const mm = new Mm(this.kernel, this.common, this.#mms, id);
      this.#processes = Math.max(this.#processes, id) + 1;
      return mm;
    });
  }

  /**
   * A process with the memory of another, see `Mm.fork`; `id` as for `createMm`.
   * @throws LinuxError EINVAL for a process of another host; ESRCH for one that has ended; ENOMEM
   */
  fork(parent: Mm, id = this.#processes): Mm {
    this.#demandProcess(parent);
    const child = parent.fork(id);
    this.#processes = Math.max(this.#processes, id) + 1;
    return child;
  }

  /** A file in memory of so many bytes. @throws LinuxError EINVAL when that is not a positive multiple of 4 KiB */
  createFile(length: bigint): MemoryFile {
    return this.kernel.operation(() => new MemoryFile(this.kernel, this.common.files, length));
  }

  /**
   * Ends a process: its gmaps, memory and tables go. Virtual machines on it can be destroyed and do nothing else.
   * @throws LinuxError EINVAL for a process of another host; ESRCH for one that has ended
   */
  exitMm(mm: Mm): void {
    this.#demandProcess(mm);
    mm.exit();
  }

  /**
   * A new, empty guest address space of a process.
   * @param id the number that events and messages call it by; default the next one
   * @throws LinuxError EINVAL for a process of another host or an id as `createMm`; ESRCH for a process that has
   *   ended; ENOMEM
   */
  createGmap(mm: Mm, id = this.#gmaps): Gmap {
    this.#demandProcess(mm);
    demandInteger('id', id);
    return this.kernel.operation(() => {
      const gmap = new Gmap(mm, id, this.running);
      this.#gmaps = Math.max(this.#gmaps, id) + 1;
      return gmap;
    });
  }

  /** Returns the gmaps of a process that were not freed. @throws LinuxError EINVAL for what is no process */
  gmapsOf(mm: Mm): readonly Gmap[] {
    demandInstance('mm', mm, Mm);
    return [...mm.gmaps].filter((gmap) => gmap instanceof Gmap);
  }

  /**
   * Creates a virtual machine on a process, with a new gmap that it owns.
   * @param id the number that events and messages call the gmap by; default the next one
   * @throws LinuxError as `createGmap`
   */
  createVm(mm: Mm, id = this.#gmaps): VirtualMachine {
    const gmap = this.createGmap(mm, id);
    return new VirtualMachine({ mm, gmap });
  }

  /** Returns what is counted now. */
  stats(): HostStats {
    const { frames, purges } = this.kernel;
    return {
      rmaps: this.common.reverseMaps.count,
      tables: frames.count('gmap-table') / 4,
      pagetables: frames.count('pgste-table'),
      purges: purges.byGmap,
    };
  }

  /**
   * Reads process memory on a processor, as the process's code would: by way of its TLB, faults being served.
   * @throws LinuxError EINVAL for a process or a processor of another host, an address that is no bigint, or a length
   *   that is not an integer up to 2^31 - 4096; ESRCH for a process that has ended; EBUSY for a processor that executes;
   *   EFAULT, ENOMEM
   */
  readAsProcess(mm: Mm, cpu: Cpu, address: bigint, length: number): Uint8Array {
    this.#demandProcess(mm);
    return this.#read(new ProcessSide(mm), cpu, address, length);
  }

  /** Stores into process memory as the process's code would: all bytes, or none. @throws LinuxError as `readAsProcess` */
  writeAsProcess(mm: Mm, cpu: Cpu, address: bigint, bytes: Uint8Array): void {
    this.#demandProcess(mm);
    this.#write(new ProcessSide(mm), cpu, address, bytes);
  }

  /** Reads guest memory on a processor, as guest code would. @throws LinuxError as `readAsProcess`; ENOENT for a gmap that was freed */
  readAsGuest(gmap: Gmap, cpu: Cpu, address: bigint, length: number): Uint8Array {
    this.#demandGmap(gmap);
    return this.#read(new GuestSide(gmap), cpu, address, length);
  }

  /** Stores into guest memory as guest code would: all bytes, or none. @throws LinuxError as `readAsGuest` */
  writeAsGuest(gmap: Gmap, cpu: Cpu, address: bigint, bytes: Uint8Array): void {
    this.#demandGmap(gmap);
    this.#write(new GuestSide(gmap), cpu, address, bytes);
  }

  #read(side: Side, cpu: Cpu, address: bigint, length: number): Uint8Array {
    demandLength(length);
    const { storage } = this.machine;
    let bytes = new Uint8Array();
    this.#access(side, cpu, address, length, FETCH, (at, done, count) => {
      if (done === 0) bytes = new Uint8Array(length);
      bytes.set(storage.bytes.subarray(at, at + count), done);
    });
    return bytes;
  }

  #write(side: Side, cpu: Cpu, address: bigint, bytes: Uint8Array): void {
    demandBytes(bytes);
    const { storage } = this.machine;
    this.#access(side, cpu, address, bytes.length, STORE, (at, done, count) => {
      storage.bytes.set(bytes.subarray(done, done + count), at);
    });
  }

  /** Calls back for each part of a range, all of which can be accessed then. */
  #access(
    side: Side,
    cpu: Cpu,
    address: bigint,
    length: number,
    access: typeof FETCH | typeof STORE,
    part: PartCallback,
  ): void {
    demandBigint('address', address);
    this.kernel.operation(() => {
      this.kernel.demandCpu(cpu);
      eachPart(this.running, side, cpu, address, length, access, () => {});
      eachPart(this.running, side, cpu, address, length, access, part);
    });
  }

  #demandProcess(mm: Mm): void {
    demandInstance('process', mm, Mm);
    this.kernel.demandOwn('process', mm);
    mm.life.demand();
  }

  #demandGmap(gmap: Gmap): void {
    demandInstance('gmap', gmap, Gmap);
    this.kernel.demandOwn('gmap', gmap.mm);
    gmap.life.demand();
  }
}

/** The machines that have a host. */
const OWNED = new WeakSet<Machine>();

/** Gets the absolute address of a part of a range, how many bytes precede it, and how many it has. */
type PartCallback = (at: number, done: number, count: number) => void;

/** Whose code runs: what control register 1 holds, and who serves a fault. */
interface Side {
  enter(cpu: Cpu): void;
  leave(cpu: Cpu): void;
  fault(address: bigint, write: boolean): void;
}

class ProcessSide implements Side {
  readonly #mm: Mm;

  constructor(mm: Mm) {
    this.#mm = mm;
  }

  enter(cpu: Cpu): void {
    cpu.setControl(1, this.#mm.asce);
  }

  leave(_cpu: Cpu): void {}

  fault(address: bigint, write: boolean): void {
    this.#mm.fault(address, write);
  }
}

class GuestSide implements Side {
  readonly #gmap: Gmap;

  constructor(gmap: Gmap) {
    this.#gmap = gmap;
  }

  enter(cpu: Cpu): void {
    this.#gmap.enable(cpu);
  }

  leave(cpu: Cpu): void {
    this.#gmap.disable(cpu);
  }

  fault(address: bigint, write: boolean): void {
    this.#gmap.mm.fault(this.#gmap.fault(address), write);
  }
}

/** A segment fault, then a page fault, and the access; anything more is a fault of ours. */
const ATTEMPTS = 4;

/** Calls back for each page of a range with the absolute address of its part, faults being served. */
function eachPart(
  running: ReadonlyMap<number, Gmap>,
  side: Side,
  cpu: Cpu,
  address: bigint,
  length: number,
  access: typeof FETCH | typeof STORE,
  part: PartCallback,
): void {
  if (address < 0n || address + BigInt(length) > GUEST_LIMIT) {
    throw new LinuxError('EFAULT', `${hex(address)} + ${length} is outside the address space`);
  }
  const { dat, space, key } = cpu;
  const control = cpu.cr[1] as bigint;
  const gmap = running.get(cpu.address);
  side.enter(cpu);
  cpu.claim();
  cpu.dat = true;
  cpu.space = SPACE.PRIMARY;
  cpu.key = 0;
  try {
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const offset = Number(at & 0xfffn);
      const count = Math.min(length - done, 4096 - offset);
      part(resolve(side, cpu, at, access) + offset, done, count);
      done += count;
    }
  } finally {
    cpu.release();
    // The processor is left as it was found, in the gmap it was in.
    side.leave(cpu);
    gmap?.enable(cpu);
    cpu.setControl(1, control);
    cpu.dat = dat;
    cpu.space = space;
    cpu.key = key;
  }
}

/** The frame behind one page, faults being served. */
function resolve(side: Side, cpu: Cpu, address: bigint, access: typeof FETCH | typeof STORE): number {
  const page = Number(address >> 12n);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const frame = cpu.attempt(logicalPage(page), access);
    if (frame >= 0) return frame;
    if (!isTranslationException(cpu.exceptionCode) && cpu.exceptionCode !== PGM.PROTECTION) break;
    side.fault(address, access === STORE);
  }
  throw new InternalError(`${hex(address)} faults again and again (code ${hex(cpu.exceptionCode)})`);
}
