/**
 * A virtual CPU: it runs a guest under interpretive execution and serves what the host has to serve
 * (Linux: struct kvm_vcpu, KVM_RUN).
 *
 * Its user gets an exit only for what the host cannot settle: an interception for user space, memory that is not
 * there, a wait, the end of its instructions.
 */

import {
  CPU_FLAG,
  type Cpu,
  ICPT,
  INTERCEPT_KEYS,
  InternalError,
  interpret,
  PGM,
  programInterruptionName,
  SIE,
  type SieExit,
  VALIDITY,
} from '../../machine/index.ts';
import { hex } from '../errors.ts';
import { PrefixArea, StateBlock } from './block.ts';
import type { Exit } from './exits.ts';
import { GuestMemoryFault } from './fault.ts';
import { handleInstruction } from './instructions.ts';
import { ExternalQueue } from './interrupts.ts';
import { interceptedLength } from './operand.ts';
import { PrefixPages } from './prefix-pages.ts';
import type { VirtualMachine } from './vm.ts';

/** Instructions at a time while an interruption is pending that the guest masks off in control register 0. */
const MASKED_SLICE = 1000;
/** Host faults that may follow one another without an instruction completing. */
const FAULTS_WITHOUT_PROGRESS = 1000;
const TEID_STORE = 0x400n;
const TEID_PAGE = ~0xfffn;

/** A virtual CPU of a virtual machine. */
export class Vcpu {
  readonly vm: VirtualMachine;
  /** CPU address. */
  readonly id: number;
  /** Its state description. */
  readonly block: StateBlock;
  /** Where interruptions are injected. */
  readonly prefixArea: PrefixArea;
  /** The two pages that must be there while the guest runs. */
  readonly prefixPages: PrefixPages;
  /** General registers. */
  readonly gr = new BigUint64Array(16);
  /** Floating-point registers. */
  readonly fr = new BigUint64Array(16);
  /** Access registers. */
  readonly ar = new Uint32Array(16);
  /** The floating-point-control register. */
  fpc = 0;
  /** Whether it is stopped: then `run` does nothing until it is started. */
  stopped: boolean;
  /** External interruptions that wait for the guest to enable them. */
  readonly externals = new ExternalQueue();
  /** Whether a restart interruption waits. */
  restartPending = false;
  #faults = 0;
  /** Whether the machine refused the prefix area, and the guest has not run since. */
  #refused = false;
  /** The processor it ran on last: one that remembers anything of this guest from before is made to forget it. */
  #lastCpu: Cpu | null = null;
  /** TOD value at which it began to wait; the CPU timer runs on while it does. */
  #waitingSince: bigint | null = null;
  /** What the last step took of the limit. */
  #spent = 0;

  /** @throws LinuxError ENOMEM */
  constructor(vm: VirtualMachine, id: number) {
    const { frames, storage } = vm.mm.kernel;
    this.vm = vm;
    this.id = id;
    this.block = new StateBlock(storage, frames.allocateZeroed(0, 'kernel'));
    this.prefixArea = new PrefixArea(vm, this.block, id);
    this.prefixPages = new PrefixPages(vm, this.block);
    this.block.set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_KEYS);
    this.stopped = id !== 0;
    this.reset();
  }

  /** Frees the state description. The virtual CPU is not used any more. */
  destroy(): void {
    this.vm.mm.kernel.frames.free(this.block.origin);
  }

  /** Initial CPU reset. Whether it is stopped does not change. */
  reset(): void {
    const { block } = this;
    this.gr.fill(0n);
    this.fr.fill(0n);
    this.ar.fill(0);
    this.fpc = 0;
    this.externals.clear();
    this.restartPending = false;
    this.#waitingSince = null;
    block.set32(SIE.CPU_FLAGS, (CPU_FLAG.ZARCH | CPU_FLAG.STORAGE_MODE) >>> 0);
    block.pswMask = 0n;
    block.pswAddress = 0n;
    this.setPrefix(0);
    block.set64(SIE.CLOCK_COMPARATOR, 0n);
    block.set64(SIE.CPU_TIMER, 0n);
    block.set32(SIE.TOD_PROGRAMMABLE, 0);
    for (let n = 0; n < 16; n++) block.set64(SIE.CONTROL_REGISTERS + n * 8, 0n);
    block.set64(SIE.CONTROL_REGISTERS, 0xe0n);
    block.set64(SIE.CONTROL_REGISTERS + 14 * 8, 0xc200_0000n);
  }

  /** Sets the PSW from its two halves. */
  setPsw(mask: bigint, address: bigint): void {
    this.block.pswMask = mask;
    this.block.pswAddress = address;
  }

  /** Sets the prefix: absolute address of the prefix area, a multiple of 8 KiB below 2 GiB. */
  setPrefix(prefix: number): void {
    this.block.prefix = prefix;
    this.prefixPages.forget();
    this.forgetTranslations();
  }

  /** The guest's control register `n`. */
  control(n: number): bigint {
    return this.block.get64(SIE.CONTROL_REGISTERS + n * 8);
  }

  /**
   * Runs the guest on a processor until its user is needed, and says why.
   *
   * @param limit units of work after which it comes back with KVM_EXIT_INTR; at least 1
   * @param pending asked after every exit from interpretive execution that the host has served: when it returns true,
   *   `run` comes back with KVM_EXIT_INTR, as KVM_RUN does for a pending signal
   * @throws LinuxError ENOMEM when a fault of the guest finds no memory; the guest can go on later
   */
  run(cpu: Cpu, limit: number, pending?: () => boolean): Exit {
    let left = limit;
    this.vm.gmap.enable(cpu);
    this.#faults = 0;
    this.#refused = false;
    this.#load(cpu);
    this.#settle(cpu);
    try {
      for (;;) {
        if (this.stopped) return this.#exited({ reason: 'KVM_EXIT_HLT', until: null });
        if (!(left > 0)) return { reason: 'KVM_EXIT_INTR' };
        this.#spent = 0;
        const exit = this.#step(cpu, left);
        if (exit !== null) return this.#exited(exit);
        left -= this.#spent;
        if (pending?.()) return { reason: 'KVM_EXIT_INTR' };
      }
    } finally {
      this.vm.gmap.disable(cpu);
      this.#store(cpu);
    }
  }

  /** Makes the processor forget what it remembers of this guest from an earlier stay, and ends a wait. */
  #settle(cpu: Cpu): void {
    if (this.#lastCpu !== cpu) cpu.guestTlb.purgeAll();
    this.#lastCpu = cpu;
    if (this.#waitingSince === null) return;
    const waited = this.vm.mm.kernel.machine.clock.tod - this.#waitingSince;
    this.block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, this.block.get64(SIE.CPU_TIMER) - waited));
    this.#waitingSince = null;
  }

  /** No processor uses what it remembers of this guest's translations any more. */
  forgetTranslations(): void {
    this.#lastCpu?.guestTlb.purgeAll();
    this.#lastCpu = null;
  }

  /** Reports an exit. KVM_EXIT_INTR is not one: it says where the caller stopped, not what the guest did. */
  #exited(exit: Exit): Exit {
    const { listener } = this.vm.mm.kernel.trace;
    listener?.({ type: 'exit', vcpu: this.id, reason: exit.reason, address: this.block.pswAddress });
    return exit;
  }

  /** Whether an interruption waits that `run` would deliver at once. */
  get interruptible(): boolean {
    const enabled = (this.block.pswMask & (1n << 56n)) !== 0n;
    return this.restartPending || (enabled && this.externals.has(this.control(0)));
  }

  /** Delivers what is pending, runs the guest once, and serves how that ended. */
  #step(cpu: Cpu, limit: number): Exit | null {
    try {
      const masked = this.#deliver();
      this.prefixPages.make();
      const before = cpu.executed;
      const slice = masked ? Math.min(limit, MASKED_SLICE) : limit;
      const ended = interpret(cpu, this.block.origin, slice);
      this.#spent = cpu.executed - before;
      if (cpu.executed !== before) this.#faults = 0;
      if (ended.kind !== 'interception' || ended.code !== ICPT.VALIDITY) this.#refused = false;
      return this.#serve(cpu, ended);
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      return this.#memoryFault(error.address, error.write);
    }
  }

  /** Delivers one pending interruption if it is enabled. Says whether one is pending that is masked off. */
  #deliver(): boolean {
    if (this.restartPending) {
      this.prefixArea.restart();
      this.restartPending = false;
    }
    const enabled = (this.block.pswMask & (1n << 56n)) !== 0n;
    const next = enabled ? this.externals.next(this.control(0)) : undefined;
    if (next) {
      this.prefixArea.external(next.code, next.cpuAddress, next.parameter);
      // Only now: where the prefix area is not backed, it goes on waiting.
      this.externals.remove(next);
    }
    const waiting = !this.externals.empty;
    const flags = this.block.get32(SIE.CPU_FLAGS) & ~CPU_FLAG.EXTERNAL_REQUEST;
    const stillEnabled = (this.block.pswMask & (1n << 56n)) !== 0n;
    const request = waiting && !stillEnabled ? CPU_FLAG.EXTERNAL_REQUEST : 0;
    this.block.set32(SIE.CPU_FLAGS, (flags | request) >>> 0);
    return waiting && stillEnabled;
  }

  #serve(cpu: Cpu, ended: SieExit): Exit | null {
    switch (ended.kind) {
      case 'limit':
        return null;
      case 'host-exception':
        return this.#hostException(ended.code, ended.teid, ended.length);
      default:
        return this.#interception(cpu, ended.code);
    }
  }

  /** The host's translation failed below the guest: the fault is served, or the guest learns of it. */
  #hostException(code: number, teid: bigint, length: number): Exit | null {
    const address = teid & TEID_PAGE;
    const write = (teid & TEID_STORE) !== 0n;
    const again = ++this.#faults > FAULTS_WITHOUT_PROGRESS;
    try {
      this.vm.faultIn(address, write);
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      if (this.vm.slots.at(address)) return this.#memoryFault(address, write);
      return again ? this.#programLoop() : this.#addressing(length);
    }
    if (!again) return null;
    throw new InternalError(`guest ${hex(address)} faults again and again: ${programInterruptionName(code)}`);
  }

  /** Outside the guest's storage: an addressing exception, which suppresses, so the PSW moves behind the instruction. */
  #addressing(length: number): null {
    this.block.advance(length);
    this.prefixArea.program(PGM.ADDRESSING, length);
    return null;
  }

  /** The guest's handler of addressing exceptions is itself outside its storage. */
  #programLoop(): Exit {
    this.block.set16(SIE.PROGRAM_CODE, PGM.ADDRESSING);
    return this.#userSpace(ICPT.PROGRAM);
  }

  #memoryFault(address: bigint, write: boolean): Exit {
    return { reason: 'KVM_EXIT_MEMORY_FAULT', gpa: address & TEID_PAGE, size: 4096n, write };
  }

  #interception(cpu: Cpu, code: number): Exit | null {
    switch (code) {
      case ICPT.INSTRUCTION:
        return this.#instruction(cpu);
      case ICPT.WAIT:
        return this.#wait();
      case ICPT.EXTERNAL_REQUEST:
        return null;
      case ICPT.VALIDITY:
        return this.#validity();
      default:
        return this.#userSpace(code);
    }
  }

  #instruction(cpu: Cpu): Exit | null {
    this.#store(cpu);
    const handled = this.#undone(() => handleInstruction(this, cpu));
    this.#load(cpu);
    return handled === 'user-space' ? this.#userSpace(ICPT.INSTRUCTION) : handled;
  }

  /** Executes an intercepted instruction; when guest memory it needs is not there, the PSW is back at it. */
  #undone<T>(execute: () => T): T {
    const { block } = this;
    const behind = block.pswAddress;
    try {
      return execute();
    } catch (error) {
      block.pswAddress = behind;
      block.advance(-interceptedLength(block));
      throw error;
    }
  }

  /**
   * Injects a program interruption for the intercepted instruction, which its user has found wanting.
   * @throws GuestMemoryFault when the prefix area is not backed: the PSW is back at the instruction then
   */
  refuse(code: number): void {
    this.#undone(() => this.prefixArea.program(code, interceptedLength(this.block)));
  }

  #userSpace(icptcode: number): Exit {
    const { block } = this;
    return {
      reason: 'KVM_EXIT_S390_SIEIC',
      icptcode,
      ipa: block.get16(SIE.IPA),
      ipb: block.get32(SIE.IPB),
    };
  }

  /** A wait that nothing can end is user space's; one with an interruption deliverable goes on. */
  #wait(): Exit | null {
    const { pswMask } = this.block;
    const external = (pswMask & (1n << 56n)) !== 0n;
    const any = external || (pswMask & (1n << 57n)) !== 0n || (pswMask & (1n << 50n)) !== 0n;
    if (!any) return this.#userSpace(ICPT.WAIT);
    if (this.interruptible) return null;
    this.#waitingSince = this.vm.mm.kernel.machine.clock.tod;
    return { reason: 'KVM_EXIT_HLT', until: external ? this.#nextClock() : null };
  }

  /** TOD value of the machine at which the guest's clock comparator or CPU timer comes due, if enabled. */
  #nextClock(): bigint | null {
    const cr0 = this.control(0);
    const { clock } = this.vm.mm.kernel.machine;
    let due: bigint | null = null;
    if (cr0 & 0x800n) {
      // By the guest's clock, from now on: either clock may be ahead of the other.
      const now = BigInt.asUintN(64, clock.tod + this.block.get64(SIE.EPOCH));
      due = clock.tod + this.block.get64(SIE.CLOCK_COMPARATOR) - now + 1n;
    }
    if (cr0 & 0x400n) {
      const left = BigInt.asIntN(64, this.block.get64(SIE.CPU_TIMER)) + 1n;
      const at = clock.tod + (left > 0n ? left : 0n);
      if (due === null || at < due) due = at;
    }
    return due !== null && due < 1n << 64n ? due : null;
  }

  /**
   * A prefix area that cannot be stored into although it was made so is made again, once: the machine finds what
   * nobody has said. Any other reason is a bad description.
   */
  #validity(): Exit | null {
    const reason = this.block.get32(SIE.IPB) >>> 16;
    if (reason !== VALIDITY.PREFIX || this.#refused) {
      return { reason: 'KVM_EXIT_FAIL_ENTRY', hardwareEntryFailureReason: reason };
    }
    this.#refused = true;
    this.prefixPages.forget();
    return null;
  }

  #load(cpu: Cpu): void {
    cpu.gr.set(this.gr);
    this.block.set64(SIE.GR14, this.gr[14] as bigint);
    this.block.set64(SIE.GR15, this.gr[15] as bigint);
    cpu.fr.set(this.fr);
    cpu.ar.set(this.ar);
    cpu.fpc = this.fpc;
  }

  #store(cpu: Cpu): void {
    this.gr.set(cpu.gr);
    this.gr[14] = this.block.get64(SIE.GR14);
    this.gr[15] = this.block.get64(SIE.GR15);
    this.fr.set(cpu.fr);
    this.ar.set(cpu.ar);
    this.fpc = cpu.fpc;
  }
}
