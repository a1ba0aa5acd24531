/**
 * A machine with two virtual machines on two processes, a process without a virtual machine, and secrets outside of guests.
 */

import {
  type Exit,
  GuestMemoryFault,
  guestPage,
  Host,
  LinuxError,
  type Mm,
  type Vcpu,
  type VirtualMachine,
} from '../../host/index.ts';
import { type Cpu, type Engine, Machine, Storage } from '../../machine/index.ts';
import { bytesOf, HANDLERS, NEW_PSWS } from '../handlers.ts';
import {
  AT,
  BYSTANDER_PAGES,
  CANARY_PAGES,
  CANARY_RUN,
  HOME,
  MEMORY,
  MIB,
  SLOTS,
  type SlotPlace,
} from './layout.ts';
import { Pattern } from './pattern.ts';
import type { GuestSetup, GuestStep, HostStep, RunStep } from './steps.ts';

/** Size of storage in bytes. */
export const STORAGE_SIZE = 16 * MIB;
/** Maximum number of forked processes at a time. */
const CHILDREN = 3;

/** The differences between two worlds in which guests must see the same. */
export interface Variant {
  /** Added to the seed of the secrets. */
  readonly secrets: number;
  /** Number of frames that the host allocates first, so that all other frames have other addresses. */
  readonly frames: number;
  /** How the machine executes instructions; default `auto`. */
  readonly engine?: Engine;
}

/** A process with a virtual machine. It remains after its end until `create` replaces it. */
export interface GuestMachine {
  mm: Mm;
  vm: VirtualMachine;
  vcpus: readonly Vcpu[];
}

/** A canary page: its process, its page number, and its contents. */
export interface Canary {
  readonly mm: Mm;
  readonly page: number;
  readonly pattern: Pattern;
}

/** The world of a case. */
export class GuestWorld {
  readonly host: Host;
  readonly cpus: readonly Cpu[];
  readonly machines: GuestMachine[] = [];
  readonly bystander: Mm;
  readonly children: Mm[] = [];
  canaries: Canary[] = [];
  /** The patterns that the guests of each virtual machine may see, and those that none may see. */
  readonly own: readonly Pattern[];
  readonly secret: Pattern;
  readonly #setup: GuestSetup;

  /** @param storage cleared storage to reuse */
  constructor(setup: GuestSetup, variant: Variant, storage = new Storage(STORAGE_SIZE)) {
    this.#setup = setup;
    this.host = new Host(new Machine({ storage, cpus: 2, engine: variant.engine ?? 'auto' }));
    this.cpus = this.host.machine.cpus;
    this.own = [0, 1].map((vm) => new Pattern(`the data of virtual machine ${vm}`, setup.seed + 1 + vm));
    this.secret = new Pattern('a canary', setup.seed + 3 + variant.secrets);
    const { frames } = this.host.kernel;
    for (let i = 0; i < variant.frames; i++) frames.allocate(0, 'kernel');
    this.bystander = this.host.createMm();
    this.bystander.mmap({ address: BigInt(HOME), length: BigInt(BYSTANDER_PAGES * 4096) });
    for (let i = 0; i < BYSTANDER_PAGES; i++) this.#canary(this.bystander, (HOME >> 12) + i);
    for (const vm of [0, 1]) this.machines.push(this.#make(vm));
    while (setup.scarce > 0 && frames.available > setup.scarce) frames.allocate(0, 'kernel');
  }

  /** Clears the storage for another world. This world must not be used afterwards. */
  release(): Storage {
    const { storage } = this.host.machine;
    storage.clear(this.host.kernel.frames.touched);
    return storage;
  }

  #canary(mm: Mm, page: number): void {
    mm.write(BigInt(page) << 12n, this.secret.page);
    this.canaries.push({ mm, page, pattern: this.secret });
  }

  #make(index: number): GuestMachine {
    const { host } = this;
    const { large, keys, vcpus } = this.#setup;
    const mm = host.createMm();
    for (const first of CANARY_PAGES) {
      mm.mmap({ address: BigInt(first) << 12n, length: BigInt(CANARY_RUN << 12), taken: 'replace' });
      for (let i = 0; i < CANARY_RUN; i++) this.#canary(mm, first + i);
    }
    mm.mmap({ address: BigInt(HOME), length: BigInt(MEMORY), large });
    const vm = host.createVm(mm);
    for (const place of SLOTS) this.#slot(vm, place, MIB);
    if (keys) vm.enableKeys();
    const created = Array.from({ length: vcpus }, () => vm.createVcpu());
    this.#fill(vm, index);
    return { mm, vm, vcpus: created };
  }

  /** Fills guest memory: new PSWs, handlers, translation tables, and the pattern of the virtual machine. */
  #fill(vm: VirtualMachine, index: number): void {
    for (const [newPsw, handler] of NEW_PSWS) {
      const words = new DataView(new ArrayBuffer(16));
      words.setBigUint64(0, 0x1_8000_0000n);
      words.setBigUint64(8, BigInt(AT.HANDLER + handler));
      vm.writeGuest(BigInt(newPsw), new Uint8Array(words.buffer));
    }
    for (const [at, code] of HANDLERS) vm.writeGuest(BigInt(AT.HANDLER + at), bytesOf(code));
    for (let i = 0; i < AT.DATA_PAGES; i++) {
      vm.writeGuest(BigInt(AT.DATA + i * 4096), (this.own[index] as Pattern).page);
    }
    this.#fillTables(vm);
  }

  #fillTables(vm: VirtualMachine): void {
    const store = (at: number, values: readonly number[]): void => {
      const view = new DataView(new ArrayBuffer(values.length * 8));
      for (const [i, value] of values.entries()) view.setBigUint64(i * 8, BigInt(value));
      vm.writeGuest(BigInt(at), new Uint8Array(view.buffer));
    };
    store(AT.REGION_THIRD, [AT.SEGMENT | 7, 0x24, AT.SEGMENT | 4, 0x7_ffff_f007]);
    const frame = (mib: number, bits = 0) => mib * MIB + 0x400 + bits;
    store(AT.SEGMENT, [
      ...[AT.PAGE_TABLES, AT.PAGE_TABLES + 0x800, frame(1), frame(3, 0x200), frame(2), frame(0, 0x1_3000)],
      ...[0x20, 0, AT.PAGE_TABLES | 0x200, 4, frame(0x7ff), 0x7_ffff_f800],
    ]);
    store(
      AT.PAGE_TABLES,
      Array.from({ length: 256 }, (_, i) => (i * 4096) | (i % 16 === 15 ? 0x200 : 0)),
    );
    store(
      AT.PAGE_TABLES + 0x800,
      Array.from({ length: 256 }, (_, i) => ((0x101 + i * 7) << 12) | (i % 8 === 7 ? 0x400 : 0)),
    );
  }

  /**
   * Performs a step. Returns its result as its user sees it, including documented errors. Other errors are thrown.
   */
  perform(step: GuestStep): string {
    try {
      return step.do === 'run' ? this.#run(step) : this.#hostStep(step);
    } catch (error) {
      if (error instanceof LinuxError) return `error ${error.code}`;
      if (error instanceof GuestMemoryFault) return `fault ${error.address.toString(16)}`;
      throw error;
    }
  }

  vcpu({ vm, vcpu }: { readonly vm: number; readonly vcpu: number }): Vcpu {
    const { vcpus } = this.machine(vm);
    return vcpus[vcpu % vcpus.length] as Vcpu;
  }

  machine(vm: number): GuestMachine {
    return this.machines[vm & 1] as GuestMachine;
  }

  /** Stores the program of a slice and sets registers. A register that cannot be set keeps its value. */
  prepare(step: RunStep): void {
    const vcpu = this.vcpu(step);
    const attempt = (action: () => void): void => {
      try {
        action();
      } catch (error) {
        if (!(error instanceof LinuxError) && !(error instanceof GuestMemoryFault)) throw error;
      }
    };
    const { at, psw, prefix } = step;
    if (at !== undefined) {
      attempt(() => vcpu.vm.writeGuest(BigInt(at), bytesOf((step.code ?? []).join(''))));
    }
    for (const [n, value] of Object.entries(step.gr ?? {})) vcpu.gr[Number(n) & 15] = BigInt(value);
    for (const [n, value] of Object.entries(step.cr ?? {})) {
      attempt(() => vcpu.setControl(Number(n) & 15, BigInt(value)));
    }
    if (prefix !== undefined) attempt(() => vcpu.setPrefix(prefix));
    if (psw) {
      attempt(() => {
        vcpu.setPsw(BigInt(psw[0]), BigInt(psw[1]));
        vcpu.stopped = false;
      });
    }
  }

  #run({ vm, vcpu, cpu, limit }: RunStep): string {
    return shownExit(this.vcpu({ vm, vcpu }).run(this.cpus[cpu & 1] as Cpu, limit));
  }

  #hostStep(step: HostStep): string {
    const { host } = this;
    switch (step.do) {
      case 'fail':
        host.kernel.frames.failIn(step.count);
        return 'ok';
      case 'clock':
        host.machine.clock.skipTo(host.machine.clock.tod + BigInt(step.by));
        return 'ok';
      case 'create':
        return this.#create(step.vm);
      case 'refresh':
        return this.#refresh(step.vm);
      case 'fork':
        return this.#fork(step.vm);
      case 'endchild': {
        const [child] = this.children;
        if (child) host.exitMm(child);
        this.children.shift();
        return 'ok';
      }
      case 'destroy':
        this.machine(step.vm).vm.destroy();
        return 'ok';
      case 'end':
        host.exitMm(this.machine(step.vm).mm);
        return 'ok';
      case 'enablekeys':
        this.machine(step.vm).vm.enableKeys();
        return 'ok';
      case 'subsystem':
        this.machine(step.vm).vm.resetSubsystem();
        return 'ok';
      default:
        return 'vcpu' in step ? this.#ofVcpu(step) : this.#ofMemory(step);
    }
  }

  /** Creates a process and a virtual machine in place of those that ended. */
  #create(vm: number): string {
    const old = this.machine(vm);
    if (!old.mm.ended && !old.vm.life.ended) return 'running';
    if (!old.vm.life.ended) old.vm.destroy();
    if (!old.mm.ended) this.host.exitMm(old.mm);
    this.canaries = this.canaries.filter(({ mm }) => !mm.ended);
    const before = new Set(this.host.processes);
    try {
      this.machines[vm & 1] = this.#make(vm & 1);
    } catch (error) {
      for (const mm of this.host.processes) if (!before.has(mm)) this.host.exitMm(mm);
      this.canaries = this.canaries.filter(({ mm }) => !mm.ended);
      throw error;
    }
    return 'ok';
  }

  /** Restores the initial memory, slots and contents of a guest. */
  #refresh(index: number): string {
    const { mm, vm } = this.machine(index);
    const address = BigInt(HOME);
    const length = BigInt(MEMORY);
    if (mm.mappings.covers(HOME >> 12, (HOME + MEMORY) >> 12))
      mm.mprotect({ address, length, protection: 3 });
    else mm.mmap({ address, length, taken: 'replace', large: this.#setup.large });
    for (const number of [...vm.slots.all.keys()]) this.#slot(vm, { slot: number, guest: 0, offset: 0 }, 0);
    for (const place of SLOTS) this.#slot(vm, place, MIB);
    this.#fill(vm, index & 1);
    return 'ok';
  }

  #slot(vm: VirtualMachine, { slot, guest, offset }: SlotPlace, length: number): void {
    vm.setMemoryRegion({
      slot,
      flags: length > 0 && this.#setup.log ? 1 : 0,
      guestPhysAddr: BigInt(guest),
      memorySize: BigInt(length),
      userspaceAddr: BigInt(HOME + offset),
    });
  }

  #fork(vm: number): string {
    const parent = this.machine(vm).mm;
    if (this.children.length >= CHILDREN) {
      this.host.exitMm(this.children[0] as Mm);
      this.children.shift();
    }
    const child = this.host.fork(parent);
    this.children.push(child);
    return 'ok';
  }

  #ofMemory(step: Exclude<HostStep, { vcpu: number }>): string {
    if (!('vm' in step)) return 'nothing';
    const { mm, vm } = this.machine(step.vm);
    const at = (page: number) => BigInt(HOME + page * 4096);
    const bytes = (pages: number) => BigInt(pages * 4096);
    switch (step.do) {
      case 'store':
        vm.writeGuest(BigInt(step.at), bytesOf(step.bytes));
        return 'ok';
      case 'munmap':
        mm.munmap({ address: at(step.page), length: bytes(step.pages) });
        return 'ok';
      case 'dontneed':
        mm.dontNeed({ address: at(step.page), length: bytes(step.pages) });
        return 'ok';
      case 'mmap': {
        const { protection, large = false } = step;
        const options = { address: at(step.page), length: bytes(step.pages), protection, large };
        mm.mmap({ ...options, taken: 'replace' });
        return 'ok';
      }
      case 'mprotect':
        mm.mprotect({ address: at(step.page), length: bytes(step.pages), protection: step.protection });
        return 'ok';
      case 'mremap': {
        // Canaries follow guest memory.
        const newPages = Math.min(step.newPages, (MEMORY >> 12) - step.to);
        const lengths = { oldLength: bytes(step.pages), newLength: bytes(newPages) };
        return `${mm.mremap({ address: at(step.page), ...lengths, to: at(step.to) })}`;
      }
      case 'discard':
        vm.gmap.discard({ address: BigInt(step.from), length: BigInt(step.to) - BigInt(step.from) });
        return 'ok';
      case 'slot':
        vm.setMemoryRegion({
          slot: step.slot,
          flags: step.log ? 1 : 0,
          guestPhysAddr: BigInt(step.guest),
          memorySize: BigInt(step.length),
          userspaceAddr: BigInt(HOME + step.offset),
        });
        return 'ok';
      case 'setkey':
        vm.setKey(BigInt(step.page) << 12n, step.key);
        return 'ok';
      case 'watch':
        vm.watchPage(guestPage(step.page));
        return 'ok';
      case 'dirty':
        return vm.getDirtyLog(step.slot).join(' ');
      case 'touch':
        mm.fault(at(step.page), step.write);
        return 'ok';
      default:
        return 'nothing';
    }
  }

  #ofVcpu(step: Extract<HostStep, { vcpu: number }>): string {
    const vcpu = this.vcpu(step);
    switch (step.do) {
      case 'reset':
        vcpu.reset(step.kind);
        return 'ok';
      case 'restart':
        vcpu.restart();
        return 'ok';
      case 'start':
        vcpu.stopped = false;
        return 'ok';
      case 'stop':
      case 'stopstore':
        vcpu.requestStop(step.do === 'stopstore');
        return 'ok';
      case 'signal':
        if (step.what === 'emergency') vcpu.local.emergencySignal(step.value & 0xffff);
        else if (step.what === 'call') vcpu.local.externalCall(step.value & 0xffff);
        else vcpu.vm.floating.serviceSignal(step.value);
        return 'ok';
      case 'refuse':
        vcpu.refuse(step.code);
        return 'ok';
      case 'operand': {
        const bytes = (this.own[step.vm & 1] as Pattern).page.slice(0, step.length);
        return `${vcpu.storeOperand(this.cpus[0] as Cpu, BigInt(step.address), bytes)}`;
      }
      default:
        vcpu.storeStatus(step.at);
        return 'ok';
    }
  }
}

/** Returns an exit as text. */
function shownExit(exit: Exit): string {
  return Object.values(exit)
    .map((value) => String(value))
    .join(' ');
}
