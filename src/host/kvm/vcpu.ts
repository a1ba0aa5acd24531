/**
 * A virtual CPU: it runs a guest under interpretive execution and serves what the host has to serve
 * (Linux: struct kvm_vcpu, KVM_RUN).
 *
 * Its user gets an exit only for what the host cannot settle: an interception for user space, memory that is not
 * there, a wait, the end of its instructions.
 */

import {
  ASSIGNED_MODE,
  ASSIGNED_STATUS,
  CPU_FLAG,
  type Cpu,
  type CpuReset,
  EXT,
  EXTERNAL_CLASSES,
  eachCleared,
  externalMaskOf,
  ICPT,
  INTERCEPT_KEYS,
  InternalError,
  initialControl,
  interpret,
  LOWCORE,
  PGM,
  programInterruptionName,
  type ResetPart,
  SIE,
  type SieExit,
  storeStatus,
  VALIDITY,
} from '../../machine/index.ts';
import { demandBytes, demandDoubleword, demandFlag, demandInteger, show } from '../arguments.ts';
import { hex, LinuxError } from '../errors.ts';
import { Life } from '../life.ts';
import { PrefixArea, StateBlock } from './block.ts';
import type { Exit } from './exits.ts';
import { GuestMemoryFault } from './fault.ts';
import { accessGuest } from './guest-access.ts';
import { handleInstruction } from './instructions.ts';
import { LocalInterrupts } from './interrupts.ts';
import { interceptedLength } from './operand.ts';
import { PrefixPages } from './prefix-pages.ts';
import type { VirtualMachine } from './vm.ts';

/** Host faults that may follow one another without an instruction completing. */
const FAULTS_WITHOUT_PROGRESS = 1000;
const TEID_STORE = 0x400n;
const TEID_PAGE = ~0xfffn;
/** Bits of the first word of a PSW. */
const PSW_EXTERNAL = 0x0100_0000;
const PSW_WAIT = 0x0002_0000;
/** I/O, external and machine-check mask. */
const PSW_ENABLED = 0x0304_0000;
/** The resets of a CPU. */
const RESET_KINDS: readonly CpuReset[] = ['cpu', 'initial', 'clear'];
/** The load control that intercepts loads of control register 0. */
const LOADS_CONTROL_0 = 0x8000;

/** A virtual CPU of a virtual machine. */
export class Vcpu {
  readonly vm: VirtualMachine;
  /** CPU address. */
  readonly id: number;
  /** Ends with the virtual machine. */
  readonly life: Life;
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
  /** External interruptions that are pending at this virtual CPU. */
  readonly local: LocalInterrupts;
  /** The token of the page-fault handshake that the guest established by DIAGNOSE 0x258, or null. */
  pageFaultToken: bigint | null = null;
  /** Whether a restart is pending, and whether it comes before all other interruptions or after them. */
  #restart: 'none' | 'first' | 'last' = 'none';
  /** Whether a stop is pending, and whether it stores the status. */
  #stop: 'none' | 'stop' | 'store-status' = 'none';
  #faults = 0;
  /** Whether the machine refused the prefix area, and the guest has not run since. */
  #refused = false;
  /** The processor it ran on last: one that remembers anything of this guest from before is made to forget it. */
  #lastCpu: Cpu | null = null;
  /** Whether `run` came back because it waits, and nobody has given it another PSW since. */
  #halted = false;
  /** TOD value at which it began to wait; the CPU timer runs on while it does. */
  #waitingSince: bigint | null = null;
  /** What the last step took of the limit. */
  #spent = 0;

  /** @throws LinuxError ENOMEM */
  constructor(vm: VirtualMachine, id: number) {
    const { frames, storage } = vm.mm.kernel;
    this.vm = vm;
    this.id = id;
    this.life = new Life(vm.mm.kernel, `virtual CPU ${id} was destroyed`, 'EBADF');
    this.local = new LocalInterrupts(this.life);
    this.block = new StateBlock(storage, frames.allocateZeroed(0, 'kernel'), this.life);
    this.prefixArea = new PrefixArea(vm, this.block, id);
    this.prefixPages = new PrefixPages(vm, this.block);
    this.block.set32(SIE.INTERCEPTION_CONTROLS, INTERCEPT_KEYS);
    this.stopped = id !== 0;
    this.reset('clear');
  }

  /**
   * Frees the state description: the virtual machine ends.
   * @throws LinuxError EBUSY while the virtual machine exists; EBADF when it was done
   */
  destroy(): void {
    if (!this.vm.life.ended)
      throw new LinuxError('EBUSY', `virtual CPU ${this.id} ends with its virtual machine`);
    this.life.end();
    this.vm.mm.kernel.frames.free(this.block.origin);
  }

  /**
   * Resets it: what each reset clears is in the table `RESETS`. Whether it is stopped does not change.
   * @throws LinuxError EINVAL for a reset that is none of a CPU
   */
  reset(kind: CpuReset): void {
    this.life.demandQuiet();
    if (!RESET_KINDS.includes(kind)) throw new LinuxError('EINVAL', `reset ${show(kind)} is none of a CPU`);
    this.#endWait();
    this.block.set32(SIE.CPU_FLAGS, (CPU_FLAG.ZARCH | CPU_FLAG.STORAGE_MODE) >>> 0);
    eachCleared(kind, (part) => this.#clear(part));
  }

  #clear(part: ResetPart): void {
    const { block } = this;
    switch (part) {
      case 'local-interruptions':
        this.local.clear();
        this.#restart = 'none';
        this.#stop = 'none';
        break;
      case 'tlb':
        this.forgetTranslations();
        break;
      case 'page-fault-handshake':
        this.pageFaultToken = null;
        break;
      case 'psw':
        this.setPsw(0n, 0n);
        break;
      case 'prefix':
        this.setPrefix(0);
        break;
      case 'cpu-timer':
        block.set64(SIE.CPU_TIMER, 0n);
        break;
      case 'clock-comparator':
        block.set64(SIE.CLOCK_COMPARATOR, 0n);
        break;
      case 'tod-programmable':
        block.set32(SIE.TOD_PROGRAMMABLE, 0);
        break;
      case 'control-registers':
        for (let n = 0; n < 16; n++) this.setControl(n, initialControl(n));
        break;
      case 'fpc':
        this.fpc = 0;
        break;
      case 'breaking-event-address':
        block.set64(SIE.BREAKING_EVENT_ADDRESS, 1n);
        break;
      case 'access-registers':
        this.ar.fill(0);
        break;
      case 'general-registers':
        this.gr.fill(0n);
        break;
      case 'floating-point-registers':
        this.fr.fill(0n);
        break;
    }
  }

  /** Whether a stop is pending that it performs when it runs next. */
  get stopping(): boolean {
    return this.#stop !== 'none';
  }

  /**
   * Makes a stop pending: it stops when no interruption is left that it can take.
   * @param store whether it stores its status then
   * @throws LinuxError EINVAL when it is not a boolean
   */
  requestStop(store: boolean): void {
    this.life.demandQuiet();
    demandFlag('store', store);
    this.#stop = store ? 'store-status' : 'stop';
  }

  /** Whether a restart interruption is pending. */
  get restartPending(): boolean {
    return this.#restart !== 'none';
  }

  /**
   * Makes a restart interruption pending and leaves the stopped state. A stopped CPU takes it before all other
   * interruptions, an operating one after them.
   */
  restart(): void {
    this.life.demandQuiet();
    // A second one does not move the first, which it has not taken yet.
    this.#restart = this.stopped || this.#restart === 'first' ? 'first' : 'last';
    this.stopped = false;
  }

  /** Whether it is in the wait state and not stopped. */
  get waiting(): boolean {
    return !this.stopped && (this.block.get32(SIE.PSW) & PSW_WAIT) !== 0;
  }

  /**
   * Store status: into 512 bytes at a guest absolute address.
   * @throws GuestMemoryFault where the guest has no memory, LinuxError ENOMEM; a part is stored then. EINVAL for an
   *   address that is not an integer from 0 on
   */
  storeStatus(address: number): void {
    demandInteger('address', address);
    const { block, fr, gr, ar, fpc } = this;
    const status = {
      ...{ fr, gr, ar, fpc },
      cr: Array.from({ length: 16 }, (_, n) => this.control(n)),
      pswMask: block.pswMask,
      pswAddress: block.pswAddress,
      prefix: block.prefix,
      todProgrammable: block.get32(SIE.TOD_PROGRAMMABLE),
      timer: this.#timer(),
      clockComparator: block.get64(SIE.CLOCK_COMPARATOR),
    };
    storeStatus(status, (offset, bytes) => this.vm.writeGuest(BigInt(address + offset), bytes));
  }

  /** The store-status operation: at absolute 0x1200, and the architectural mode at 163. Throws as `storeStatus`. */
  storeStatusAssigned(): void {
    this.vm.writeGuest(BigInt(ASSIGNED_MODE), Uint8Array.of(1));
    this.storeStatus(ASSIGNED_STATUS);
  }

  /** Sets the PSW from its two halves. @throws LinuxError EINVAL when one is not 64 bits */
  setPsw(mask: bigint, address: bigint): void {
    this.life.demandQuiet();
    demandDoubleword('mask', mask);
    demandDoubleword('address', address);
    this.#halted = false;
    this.block.pswMask = mask;
    this.block.pswAddress = address;
  }

  /** Sets the prefix: absolute address of the prefix area, a multiple of 8 KiB below 2 GiB. */
  setPrefix(prefix: number): void {
    this.block.prefix = prefix;
    this.prefixPages.forget();
    this.forgetTranslations();
  }

  /** The guest's control register `n`. @throws LinuxError EINVAL when `n` is not 0 to 15 */
  control(n: number): bigint {
    demandInteger('control register', n, 0, 15);
    return this.block.get64(SIE.CONTROL_REGISTERS + n * 8);
  }

  /** Sets the guest's control register `n`. @throws LinuxError EINVAL unless it is 0 to 15, and the value 64 bits */
  setControl(n: number, value: bigint): void {
    demandInteger('n', n, 0, 15);
    demandDoubleword('value', value);
    this.block.set64(SIE.CONTROL_REGISTERS + n * 8, value);
  }

  /**
   * Runs the guest on a processor until its user is needed, and says why.
   *
   * @param limit units of work after which it comes back with KVM_EXIT_INTR: an integer from 1 on, or Infinity
   * @param pending asked after every exit from interpretive execution that the host has served: when it returns true,
   *   `run` comes back with KVM_EXIT_INTR, as KVM_RUN does for a pending signal. It may look and not act, as a listener;
   *   what it throws, `run` throws at its end
   * @throws LinuxError EINVAL for another limit, or a processor of another machine; EBUSY for a processor that executes,
   *   or while a listener is called; EBADF when the virtual machine was destroyed, ESRCH when its process has ended,
   *   ENOENT when its gmap was freed; ENOMEM when a fault of the guest finds no memory: the guest can go on later
   */
  run(cpu: Cpu, limit: number, pending?: () => boolean): Exit {
    if (limit !== Infinity) demandInteger('limit', limit, 1);
    return this.life.operation(() => {
      this.vm.mm.life.demand();
      return this.#run(cpu, limit, pending);
    });
  }

  #run(cpu: Cpu, limit: number, pending?: () => boolean): Exit {
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
        if (pending !== undefined && this.#isPending(pending)) return { reason: 'KVM_EXIT_INTR' };
      }
    } finally {
      this.vm.gmap.disable(cpu);
      this.#store(cpu);
    }
  }

  /** Asks the user: as a listener, since the processor has this guest's registers and space meanwhile. */
  #isPending(pending: () => boolean): boolean {
    let answer = true;
    this.vm.mm.kernel.trace.operations.deliver(() => {
      answer = pending();
    });
    return answer;
  }

  /** Makes the processor forget what it remembers of this guest from an earlier stay, and ends a wait. */
  #settle(cpu: Cpu): void {
    this.#halted = false;
    this.#borrow(cpu);
    this.#endWait();
  }

  /** The CPU timer has run for as long as it waited. */
  #endWait(): void {
    if (this.#waitingSince === null) return;
    this.block.set64(SIE.CPU_TIMER, BigInt.asUintN(64, this.#timer()));
    this.#waitingSince = null;
  }

  /** Makes the processor forget what it remembers of this guest from an earlier stay. */
  #borrow(cpu: Cpu): void {
    if (this.#lastCpu !== cpu) cpu.guestTlb.purgeAll();
    this.#lastCpu = cpu;
  }

  /** The guest's CPU timer, signed. It runs while the guest runs or waits. */
  #timer(): bigint {
    const since = this.#waitingSince;
    const waited = since === null ? 0n : this.vm.mm.kernel.machine.clock.tod - since;
    return BigInt.asIntN(64, this.block.get64(SIE.CPU_TIMER) - waited);
  }

  /** No processor uses what it remembers of this guest's translations any more. */
  forgetTranslations(): void {
    this.#lastCpu?.guestTlb.purgeAll();
    this.#lastCpu = null;
  }

  /** Reports an exit. KVM_EXIT_INTR is not one: it says where the caller stopped, not what the guest did. */
  #exited(exit: Exit): Exit {
    this.vm.mm.kernel.trace.listener?.({
      type: 'exit',
      vcpu: this.id,
      reason: exit.reason,
      address: this.block.pswAddress,
    });
    return exit;
  }

  /** Whether an interruption is pending that `run` would deliver at once. */
  get interruptible(): boolean {
    return this.restartPending || this.#deliverable() !== 0;
  }

  /** Whether `run` has anything to do: not when it is stopped, nor in a wait that nothing pending ends. */
  get runnable(): boolean {
    return !this.stopped && (this.stopping || !this.#halted || !this.waiting || this.interruptible);
  }

  /** Whether its PSW is enabled for any interruption that could end a wait. */
  get waitEnabled(): boolean {
    return (this.block.get32(SIE.PSW) & PSW_ENABLED) !== 0;
  }

  /** TOD value of the machine at which a clock interruption ends its wait, or null when none will. */
  get wakesAt(): bigint | null {
    return (this.block.get32(SIE.PSW) & PSW_EXTERNAL) === 0 ? null : this.#nextClock();
  }

  /** Whether it is enabled for a class of external interruptions, by PSW and control register 0. */
  enabledFor(mask: number): boolean {
    return (this.block.get32(SIE.PSW) & PSW_EXTERNAL) !== 0 && (this.#subclasses() & mask) !== 0;
  }

  /** Subclass masks: the low word of control register 0. */
  #subclasses(): number {
    return this.block.get32(SIE.CONTROL_REGISTERS + 4);
  }

  /** Delivers what is pending, runs the guest once, and serves how that ended. */
  #step(cpu: Cpu, limit: number): Exit | null {
    const before = cpu.executed;
    try {
      this.#deliver(cpu, limit);
      const left = limit - (cpu.executed - before);
      if (this.stopped || !(left > 0)) return null;
      this.prefixPages.make();
      const entered = cpu.executed;
      const ended = interpret(cpu, this.block.origin, left);
      if (cpu.executed !== entered) this.#faults = 0;
      if (ended.kind !== 'interception' || ended.code !== ICPT.VALIDITY) this.#refused = false;
      return this.#serve(cpu, ended);
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      return this.#memoryFault(error.address, error.write);
    } finally {
      this.#spent = cpu.executed - before;
    }
  }

  /** Whether nothing is pending that the machine does not deliver itself. */
  get #nothingPending(): boolean {
    return this.local.empty && this.vm.floating.empty && this.#restart === 'none' && this.#stop === 'none';
  }

  /**
   * Delivers all that is pending and enabled, by priority, then performs a pending stop. The machine delivers the
   * guest's clock interruptions itself; they are delivered here only for their place among the others.
   * @param limit units of work: each delivery is one, and what is pending beyond them stays pending
   */
  #deliver(cpu: Cpu, limit: number): void {
    if (!this.#nothingPending) {
      const end = cpu.executed + limit;
      if (this.#restart === 'first') this.#deliverRestart(cpu);
      let code = this.#deliverable();
      // A clock stays due: with a new PSW that is enabled for it that is a loop, which is the machine's to report.
      while (cpu.executed < end && code !== 0 && !(isClock(code) && this.#externalNewPswEnabled())) {
        this.#deliverExternal(cpu, code);
        code = this.#deliverable();
      }
      if (code === 0 && cpu.executed < end) {
        if (this.#restart === 'last') this.#deliverRestart(cpu);
        else if (this.stopping) this.#performStop(cpu);
      }
    }
    this.#requestInterceptions();
  }

  /** The external-interruption code of the highest priority that is pending and enabled, or 0. */
  #deliverable(): number {
    if ((this.block.get32(SIE.PSW) & PSW_EXTERNAL) === 0) return 0;
    const subclasses = this.#subclasses();
    for (const { code, mask } of EXTERNAL_CLASSES) {
      if ((subclasses & mask) !== 0 && this.#pending(code, mask)) return code;
    }
    return 0;
  }

  /** Whether an interruption with this code is pending for this virtual CPU to take. */
  #pending(code: number, mask: number): boolean {
    switch (code) {
      case EXT.CLOCK_COMPARATOR:
        return this.#guestTod() > this.block.get64(SIE.CLOCK_COMPARATOR);
      case EXT.CPU_TIMER:
        return this.#timer() < 0n;
      case EXT.SERVICE_SIGNAL:
        return !this.vm.floating.empty && !this.#leavesFloating(mask);
      default:
        return this.local.has(code);
    }
  }

  /** Whether it leaves a floating interruption to another virtual CPU, which waits and is enabled for it. */
  #leavesFloating(mask: number): boolean {
    return !this.waiting && this.vm.vcpus.some((other) => other.waiting && other.enabledFor(mask));
  }

  /** The TOD clock as the guest reads it. */
  #guestTod(): bigint {
    return BigInt.asUintN(64, this.vm.mm.kernel.machine.clock.tod + this.block.get64(SIE.EPOCH));
  }

  /** Delivers an external interruption. It stays pending when the prefix area is not backed. */
  #deliverExternal(cpu: Cpu, code: number): void {
    const { floating } = this.vm;
    const service = code === EXT.SERVICE_SIGNAL;
    const sender = service || isClock(code) ? 0 : this.local.senderOf(code);
    this.prefixArea.external(code, sender, service ? floating.parameter : 0);
    cpu.executed++;
    if (service) floating.clear();
    else if (!isClock(code)) this.local.remove(code);
  }

  #deliverRestart(cpu: Cpu): void {
    this.prefixArea.restart();
    cpu.executed++;
    this.#restart = 'none';
  }

  #performStop(cpu: Cpu): void {
    if (this.#stop === 'store-status') {
      this.#store(cpu);
      this.storeStatusAssigned();
    }
    this.#stop = 'none';
    this.stopped = true;
  }

  /**
   * Has the machine come back when the guest enables an interruption that is pending and masked off: by its PSW, or
   * by control register 0 (Linux: set_intercept_indicators_ext).
   */
  #requestInterceptions(): void {
    const { block } = this;
    const pending = !this.local.empty || !this.vm.floating.empty;
    const byPsw = pending && (block.get32(SIE.PSW) & PSW_EXTERNAL) === 0;
    const flags = block.get32(SIE.CPU_FLAGS) & ~CPU_FLAG.EXTERNAL_REQUEST;
    block.set32(SIE.CPU_FLAGS, (flags | (byPsw ? CPU_FLAG.EXTERNAL_REQUEST : 0)) >>> 0);
    block.set16(SIE.LOAD_CONTROLS, pending && !byPsw ? LOADS_CONTROL_0 : 0);
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
      case ICPT.EXTERNAL_INTERRUPTION:
        return this.#externalInterruption(cpu);
      case ICPT.VALIDITY:
        return this.#validity();
      default:
        return this.#userSpace(code);
    }
  }

  /**
   * The machine leaves an external interruption to the host. A clock's stays due until it is set anew, so with a new
   * PSW that is enabled for it the guest would take it for ever: user space ends that (Linux: -EOPNOTSUPP).
   */
  #externalInterruption(cpu: Cpu): Exit | null {
    const code = this.block.get16(SIE.EXTERNAL_CODE);
    if (!isClock(code) || this.#externalNewPswEnabled()) return this.#userSpace(ICPT.EXTERNAL_INTERRUPTION);
    this.#deliverExternal(cpu, code);
    return null;
  }

  /** Whether the PSW that an external interruption loads is enabled for external interruptions. */
  #externalNewPswEnabled(): boolean {
    const newPsw = this.vm.readGuest(BigInt(this.block.prefix + LOWCORE.EXTERNAL_NEW_PSW), 1);
    return ((newPsw[0] as number) & 1) !== 0;
  }

  #instruction(cpu: Cpu): Exit | null {
    this.#store(cpu);
    const handled = this.attempt(() => handleInstruction(this, cpu));
    this.#load(cpu);
    return handled === 'user-space' ? this.#userSpace(ICPT.INSTRUCTION) : handled;
  }

  /**
   * Executes an intercepted instruction, for the host or its user. When guest memory that it needs is not backed, the
   * PSW goes back to it, so that it is executed again, and what `execute` threw is passed on.
   */
  attempt<T>(execute: () => T): T {
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
   * @throws GuestMemoryFault when the prefix area is not backed: the PSW is back at the instruction then; LinuxError
   *   EINVAL for a code that is not 16 bits
   */
  refuse(code: number): void {
    demandInteger('code', code, 0, 0xffff);
    this.life.demand();
    this.attempt(() => this.prefixArea.program(code, interceptedLength(this.block)));
  }

  /**
   * Stores an operand of the intercepted instruction, which its user executes. When that cannot be done, the guest's
   * exception is injected, or the PSW goes back to the instruction, which is executed again.
   *
   * @param cpu the processor that it ran on
   * @param address the guest's logical address
   * @param bytes 1 to 4096 of them
   * @returns whether it was done
   * @throws GuestMemoryFault when the process has no memory there: the PSW is at the instruction then; LinuxError
   *   EINVAL for an address that is not 64 bits, or another number of bytes; otherwise as `run`
   */
  storeOperand(cpu: Cpu, address: bigint, bytes: Uint8Array): boolean {
    demandDoubleword('address', address);
    demandBytes(bytes);
    demandInteger('length', bytes.length, 1, 4096);
    return this.life.operation(() => {
      this.vm.mm.life.demand();
      this.vm.gmap.enable(cpu);
      this.#borrow(cpu);
      try {
        return this.attempt(() =>
          accessGuest(this, cpu, address, (guest, hi, lo) => guest.storeBytes(hi, lo, bytes.length, bytes)),
        );
      } finally {
        this.vm.gmap.disable(cpu);
      }
    });
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
    if (this.interruptible) return null;
    this.#halted = true;
    if (!this.waitEnabled) return this.#userSpace(ICPT.WAIT);
    this.#waitingSince = this.vm.mm.kernel.machine.clock.tod;
    return { reason: 'KVM_EXIT_HLT', until: this.wakesAt };
  }

  /** TOD value of the machine at which the guest's clock comparator or CPU timer comes due, if enabled. */
  #nextClock(): bigint | null {
    const cr0 = this.#subclasses();
    const { clock } = this.vm.mm.kernel.machine;
    let due: bigint | null = null;
    if (cr0 & externalMaskOf(EXT.CLOCK_COMPARATOR)) {
      // By the guest's clock, from now on: either clock may be ahead of the other.
      due = clock.tod + this.block.get64(SIE.CLOCK_COMPARATOR) - this.#guestTod() + 1n;
    }
    if (cr0 & externalMaskOf(EXT.CPU_TIMER)) {
      const left = this.#timer() + 1n;
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

function isClock(code: number): boolean {
  return code === EXT.CLOCK_COMPARATOR || code === EXT.CPU_TIMER;
}
