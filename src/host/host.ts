/**
 * A host on a machine: its processes and guests, and accesses to memory as their code makes them.
 */

import {
  type Cpu,
  CR0,
  FETCH,
  FRAME_SIZE,
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
import { GROWN_LIMIT, MemoryFile, Mm } from './mm/index.ts';
import { MmCommon } from './mm/internal.ts';
import { GUEST_LIMIT, PAGE_BYTES } from './units.ts';

/** What a host counts. */
export interface HostStats {
  /** Guest segment entries that are linked. */
  readonly rmaps: number;
  /** Region and segment tables of gmaps. */
  readonly tables: number;
  /** Page tables with PGSTEs. */
  readonly pagetables: number;
  /** Purges issued by gmap operations. */
  readonly purges: number;
}

/** A Linux-like host. */
export class Host {
  readonly machine: Machine;
  readonly kernel: Kernel;
  /** @internal */
  readonly common: MmCommon;
  /** The gmap that each processor is in, by CPU address. */
  readonly running = new Map<number, Gmap>();
  readonly #mms = new Set<Mm>();
  #gmaps = 0;
  #processes = 0;

  /**
   * Creates a host that owns a whole machine.
   * @throws LinuxError EINVAL if `machine` is not a machine; EBUSY if it has a host already
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

  /**
   * Whether tables of a process or of its gmaps, or pages behind them, may have changed since the last call of
   * `forgetTableChanges` without an event: a page-table lock was taken. @internal
   */
  get tablesChanged(): boolean {
    for (const { pageTableLock } of this.#mms) if (pageTableLock.used) return true;
    return false;
  }

  /** Makes `tablesChanged` false. @internal */
  forgetTableChanges(): void {
    for (const { pageTableLock } of this.#mms) pageTableLock.forgetUse();
  }

  /** The address spaces of the processes that have not ended. */
  get processes(): ReadonlySet<Mm> {
    return this.#mms;
  }

  /**
   * Creates a process with an empty address space.
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
   * Creates a process with the memory of another one, see `Mm.fork`. `id` as for `createMm`.
   * @throws LinuxError EINVAL for a process of another host; ESRCH for one that has ended; ENOMEM
   */
  fork(parent: Mm, id = this.#processes): Mm {
    this.#demandProcess(parent);
    const child = parent.fork(id);
    this.#processes = Math.max(this.#processes, id) + 1;
    return child;
  }

  /** Creates a file in memory, of `length` bytes. @throws LinuxError EINVAL if that is not a positive multiple of 4 KiB */
  createFile(length: bigint): MemoryFile {
    demandBigint('length', length);
    if (length <= 0n || length % PAGE_BYTES !== 0n || length > GROWN_LIMIT) {
      throw new LinuxError('EINVAL', `length ${hex(length)} is not a positive multiple of 4 KiB up to 8 PiB`);
    }
    const pages = Number(length / PAGE_BYTES);
    return this.kernel.operation(() => new MemoryFile(this.kernel, this.common, pages));
  }

  /**
   * Ends a process: its gmaps, memory and tables are freed. Virtual machines on it can only be destroyed then.
   * @throws LinuxError EINVAL for a process of another host; ESRCH for one that has ended
   */
  exitMm(mm: Mm): void {
    this.#demandProcess(mm);
    mm.exit();
  }

  /**
   * Creates an empty guest address space of a process.
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

  /** Returns the gmaps of a process that were not freed. @throws LinuxError EINVAL if `mm` is not a process */
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

  /** Returns the present counts. */
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
   * Reads process memory on a processor, as code of the process would: through its TLB, with faults handled.
   * @throws LinuxError EINVAL for a process or a processor of another host, an address that is not a bigint, or a length
   *   that is not an integer up to 2^31 - 4096; ESRCH for a process that has ended; EBUSY for a processor that executes;
   *   EFAULT, ENOMEM
   */
  readAsProcess(mm: Mm, cpu: Cpu, address: bigint, length: number): Uint8Array {
    this.#demandProcess(mm);
    return this.#read(processCode(mm), cpu, address, length);
  }

  /** Stores into process memory, as code of the process would: all bytes, or none. @throws LinuxError as `readAsProcess` */
  writeAsProcess(mm: Mm, cpu: Cpu, address: bigint, bytes: Uint8Array): void {
    this.#demandProcess(mm);
    this.#write(processCode(mm), cpu, address, bytes);
  }

  /**
   * Reads guest memory on a processor, as code of the guest would.
   * @throws LinuxError as `readAsProcess`; ENOENT for a gmap that was freed
   */
  readAsGuest(gmap: Gmap, cpu: Cpu, address: bigint, length: number): Uint8Array {
    this.#demandGmap(gmap);
    return this.#read(guestCode(gmap), cpu, address, length);
  }

  /** Stores into guest memory, as code of the guest would: all bytes, or none. @throws LinuxError as `readAsGuest` */
  writeAsGuest(gmap: Gmap, cpu: Cpu, address: bigint, bytes: Uint8Array): void {
    this.#demandGmap(gmap);
    this.#write(guestCode(gmap), cpu, address, bytes);
  }

  #read(code: Code, cpu: Cpu, address: bigint, length: number): Uint8Array {
    demandLength(length);
    const { storage } = this.machine;
    let bytes = new Uint8Array();
    this.#access({ code, cpu, address, length, access: FETCH }, (at, done, count) => {
      if (done === 0) bytes = new Uint8Array(length);
      bytes.set(storage.bytes.subarray(at, at + count), done);
    });
    return bytes;
  }

  #write(code: Code, cpu: Cpu, address: bigint, bytes: Uint8Array): void {
    demandBytes(bytes);
    const { storage } = this.machine;
    this.#access({ code, cpu, address, length: bytes.length, access: STORE }, (at, done, count) => {
      storage.bytes.set(bytes.subarray(done, done + count), at);
    });
  }

  /** Makes a range accessible, then visits its parts. */
  #access(access: CodeAccess, visit: PartVisitor): void {
    demandBigint('address', access.address);
    this.kernel.operation(() => {
      this.kernel.demandCpu(access.cpu);
      eachPart(this.running, access, () => {});
      eachPart(this.running, access, visit);
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

/** Visits a part of a range: its absolute address, the number of bytes before it, and its length in bytes. */
type PartVisitor = (at: number, done: number, count: number) => void;

/** Code that accesses memory, of a process or a guest. */
interface Code {
  /** Puts a processor into the address space of the code. */
  enter(cpu: Cpu): void;
  /** Takes the processor out of it. */
  leave(cpu: Cpu): void;
  /** Handles a fault of the code. */
  fault(address: bigint, write: boolean): void;
}

/** One access of code to a range of its address space. */
interface CodeAccess {
  readonly code: Code;
  readonly cpu: Cpu;
  readonly address: bigint;
  readonly length: number;
  readonly access: typeof FETCH | typeof STORE;
}

/** The code of a process. */
function processCode(mm: Mm): Code {
  return {
    enter: (cpu) => cpu.setControl(1, mm.asce),
    leave: () => {},
    fault: (address, write) => mm.fault(address, write),
  };
}

/** The code of a guest. */
function guestCode(gmap: Gmap): Code {
  return {
    enter: (cpu) => gmap.enable(cpu),
    leave: (cpu) => gmap.disable(cpu),
    fault: (address, write) => gmap.mm.fault(gmap.fault(address), write),
  };
}

/** The number of attempts at an access: a segment fault, a page fault and a protection fault may precede it. */
const ATTEMPTS = 4;

/** Visits the parts of a range, page by page, and handles the faults. Restores the state of the processor. */
function eachPart(running: ReadonlyMap<number, Gmap>, request: CodeAccess, visit: PartVisitor): void {
  const { code, cpu, address, length, access } = request;
  if (address < 0n || address + BigInt(length) > GUEST_LIMIT) {
    throw new LinuxError('EFAULT', `${hex(address)} + ${length} is outside the address space`);
  }
  const { dat, space, key } = cpu;
  const control = cpu.cr[1] as bigint;
  const gmap = running.get(cpu.address);
  code.enter(cpu);
  cpu.claim();
  cpu.dat = true;
  cpu.space = SPACE.PRIMARY;
  cpu.key = 0;
  try {
    for (let done = 0; done < length; ) {
      const at = address + BigInt(done);
      const offset = Number(at % PAGE_BYTES);
      const count = Math.min(length - done, FRAME_SIZE - offset);
      const frame = frameOf(code, cpu, at, access);
      if (access === STORE) cpu.observer?.stored(frame / FRAME_SIZE, offset, offset + count - 1);
      visit(frame + offset, done, count);
      done += count;
    }
  } finally {
    cpu.release();
    code.leave(cpu);
    gmap?.enable(cpu);
    cpu.setControl(1, control);
    cpu.dat = dat;
    cpu.space = space;
    cpu.key = key;
  }
}

/** Returns the frame behind one page, and handles the faults. */
function frameOf(code: Code, cpu: Cpu, address: bigint, access: typeof FETCH | typeof STORE): number {
  const page = Number(address / PAGE_BYTES);
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const frame = cpu.attempt(logicalPage(page), access);
    if (frame >= 0) return frame;
    if (!isTranslationException(cpu.exceptionCode) && cpu.exceptionCode !== PGM.PROTECTION) break;
    code.fault(address, access === STORE);
  }
  throw new InternalError(`${hex(address)} faults again and again (code ${hex(cpu.exceptionCode)})`);
}
