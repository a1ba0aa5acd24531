/**
 * Two machines with hosts, and all objects created on them, which the library's fuzzer calls. Objects remain after their end.
 */

import { Checker } from '../../check/index.ts';
import { type DirtyLog, Host, type Mm, type VirtualMachine } from '../../host/index.ts';
import { MIB } from '../../host/internal.ts';
import { Machine, type Storage } from '../../machine/index.ts';
import { kindOf } from './operations.ts';
import type { LibrarySetup, ObjectKind, Value } from './steps.ts';

const HOME = 0x1000_0000n;
/** Maximum number of objects of a kind: later ones replace the first ones. */
const KEPT = 8;

/** The error that listeners and traps throw, and that callers may therefore get. */
export class MarkerError extends Error {
  override readonly name = 'MarkerError';
}

/** The two machines and their objects. */
export class LibraryWorld {
  readonly hosts: Host[] = [];
  readonly checkers: Checker[] = [];
  readonly #pools = new Map<ObjectKind, unknown[]>();

  constructor({ scarce }: LibrarySetup, storages: readonly Storage[]) {
    for (const storage of storages) {
      const host = new Host(new Machine({ storage, cpus: 2 }));
      this.hosts.push(host);
      this.checkers.push(Checker.attach(host));
      this.#fill(host);
      const { frames } = host.kernel;
      while (scarce > 0 && frames.available > scarce) frames.allocate(0, 'kernel');
    }
  }

  #fill(host: Host): void {
    const mm = host.createMm();
    mm.mmap({ address: HOME, length: 4n * MIB });
    const gmap = host.createGmap(mm);
    const vm = host.createVm(mm);
    vm.setMemoryRegion({ slot: 0, guestPhysAddr: 0n, memorySize: MIB, userspaceAddr: HOME });
    const { machine } = host;
    const made = [vm, vm.createVcpu(), mm, gmap, vm.gmap, host.createFile(MIB)];
    for (const one of made) this.keep(one);
    this.#add('host', host);
    this.#add('machine', machine);
    this.#add('storage', machine.storage);
    for (const cpu of machine.cpus) this.#add('cpu', cpu);
    this.#add('log', mm.startLog(Number(HOME >> 12n) + 512, 8));
  }

  /** Adds an object that an operation returned to its pool. */
  keep(value: unknown): void {
    const kind = kindOf(value) ?? (isLog(value) ? 'log' : null);
    if (kind !== null) this.#add(kind, value);
  }

  #add(kind: ObjectKind, value: unknown): void {
    const pool = this.#pools.get(kind) ?? [];
    if (pool.includes(value)) return;
    if (pool.length >= KEPT) pool.splice(2, 1);
    pool.push(value);
    this.#pools.set(kind, pool);
  }

  /** Returns the object number n of a kind, modulo their number, or undefined if there is none. */
  object(kind: ObjectKind, n: number): unknown {
    const pool = this.#pools.get(kind) ?? [];
    return pool[n % (pool.length || 1)];
  }

  /** Returns the value of an argument. */
  value(described: Value): unknown {
    const [kind] = described;
    switch (kind) {
      case 'number':
        return Number(described[1]);
      case 'bigint': {
        const text = described[1];
        return text.startsWith('-') ? -BigInt(text.slice(1)) : BigInt(text);
      }
      case 'string':
      case 'boolean':
        return described[1];
      case 'undefined':
        return undefined;
      case 'null':
        return null;
      case 'symbol':
        return Symbol('wrong');
      case 'function':
        return () => {};
      case 'bytes':
        return new Uint8Array(described[1]).fill(described[2]);
      case 'trap':
        return TRAP;
      case 'ref':
        return this.object(described[1], described[2]);
      case 'list':
        return described[1].map((one) => this.value(one));
      default: {
        const fields = Object.entries(described[1]).map(([name, one]) => [name, this.value(one)] as const);
        return Object.fromEntries(fields);
      }
    }
  }

  /**
   * Returns a digest of the state that a failed call must not change.
   * @param memory whether to include frames, tables and registers of processors, which an operation that ran out of memory may
   *   have changed
   * @param only the host to include; default: both
   */
  digest(memory: boolean, only?: Host): string {
    const hosts = only ? [only] : this.hosts;
    const vms = ((this.#pools.get('vm') ?? []) as VirtualMachine[]).filter(
      ({ mm }) => only === undefined || mm.kernel === only.kernel,
    );
    return [
      ...hosts.map((host) => digestOf(host, memory)),
      ...vms.map((vm) => machineDigest(vm, memory)),
    ].join('\n');
  }
}

const TRAP = new Proxy(
  {},
  {
    get() {
      throw new MarkerError('a trap was read');
    },
  },
);

function isLog(value: unknown): value is DirtyLog {
  return typeof value === 'object' && value !== null && value.constructor.name === 'DirtyLog';
}

function digestOf({ machine, kernel, common, processes: all, running }: Host, memory: boolean): string {
  const processes = [...all].map((mm) => processDigest(mm, memory));
  const parts: unknown[] = [processes.join(';'), common.files.size, kernel.locks.held.length];
  if (memory) {
    const cpus = machine.cpus.map((cpu) =>
      [cpu.executed, cpu.busy, cpu.pswMask, ...cpu.cr, ...cpu.gr].join(' '),
    );
    parts.push(kernel.frames.available, common.reverseMaps.count, machine.clock.tod, cpus.join(';'));
    parts.push([...running.keys()].join(' '));
  }
  return parts.map(String).join('|');
}

function processDigest(mm: Mm, memory: boolean): string {
  const mappings = [...mm.mappings].map(({ start, end, protection }) => `${start}-${end}:${protection}`);
  const more = memory ? `${mm.ptes.usesKeys}${mm.tables.pgstes}${mm.tables.levels}` : '';
  return `${mm.id} ${mappings.join(',')} ${mm.logs.length} ${mm.gmaps.size} ${more}`;
}

function machineDigest(vm: VirtualMachine, memory: boolean): string {
  const slots = [...vm.slots.all.values()].map((slot) => Object.values(slot).join(','));
  const blocks = vm.vcpus.map(({ block, gr, stopped, stopping, restartPending, local }) => {
    const { storage } = vm.mm.kernel;
    const bytes = memory ? storage.bytes.subarray(block.origin, block.origin + 512).join() : '';
    return `${bytes} ${gr.join()} ${stopped} ${stopping} ${restartPending} ${local.empty}`;
  });
  return `${slots.join(';')}|${vm.life.ended}|${vm.floating.parameter}|${memory ? blocks.join('/') : vm.vcpus.length}`;
}
