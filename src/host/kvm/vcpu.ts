/**
 * A virtual CPU: its state and its run loop (Linux: struct kvm_vcpu, KVM_RUN). It runs a guest in interpretive execution,
 * delivers interruptions (delivery.ts) and handles interceptions (interceptions.ts).
 *
 * Its user gets an exit only for what the host cannot handle: an interception for user space, missing memory, a wait, the
 * end of its instructions.
 */

import {
  ASSIGNED_MODE,
  ASSIGNED_STATUS,
  CPU_FLAG,
  type Cpu,
  type CpuReset,
  type CpuStatus,
  EXECUTION,
  EXT,
  eachCleared,
  FRAME_SIZE,
  ICPT,
  INTERCEPT_KEYS,
  INTERCEPT_OPERATION,
  initialControl,
  interpret,
  MACHINE_CHECK_FIELDS,
  type Pacer,
  PREFIX_BITS,
  PSW,
  type ResetPart,
  SIE,
  type SieExit,
  storeStatus,
} from '../../machine/index.ts';
import {
  demandBytes,
  demandDoubleword,
  demandFlag,
  demandInstance,
  demandInteger,
  show,
} from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import { Life } from '../life.ts';
import { CheckedStateDescription } from './checked-state-description.ts';
import { guestHas } from './cpu-model.ts';
import { Delivery } from './delivery.ts';
import type { Exit } from './exits.ts';
import { accessGuest } from './guest-access.ts';
import { GuestClocks } from './guest-clocks.ts';
import { type DebugStop, GuestDebug, type GuestDebugOptions } from './guest-debug.ts';
import { GuestMemoryFault } from './guest-memory.ts';
import { interceptedLength, lastLength } from './instruction-length.ts';
import { Interceptions, memoryFault, restoringPswOnFault } from './interceptions.ts';
import { demandLocalInterrupt, type LocalInterrupt } from './interrupt-requests.ts';
import { LocalInterrupts } from './interrupts.ts';
import { ioSubclasses } from './io-interrupts.ts';
import { injectLocal, pendingLocal } from './local-injection.ts';
import {
  type AccessException,
  accessLogical,
  checkLogical,
  type LogicalOptions,
  logicalAccess,
} from './memory-operations.ts';
import { PrefixArea } from './prefix-area.ts';
import { PrefixPages } from './prefix-pages.ts';
import { completeProgram, type ProgramRequest } from './program-interrupt.ts';
import { demandSavedVcpu, eachGuestByte, guestFields, type SavedVcpu } from './saved-cpu.ts';
import { makeCounts, type VcpuCounts } from './statistics.ts';
import type { GuestCpu, GuestMachine } from './vcpu-context.ts';

/** The pending interruptions that a saved state has in fields of their own. */
const SAVED_APART: ReadonlySet<LocalInterrupt['type']> = new Set([
  ...(['restart', 'stop', 'emergency', 'external-call'] as const),
]);

/** Bits of the facility list. */
const EXECUTION_PROTECTION = 130;
const GUARDED_STORAGE = 133;

/** The resets of a CPU. */
const RESET_KINDS: readonly CpuReset[] = ['cpu', 'initial', 'clear'];

/** The exit for a stop that user space performs. */
const STOP_REQUEST: Exit = {
  reason: 'KVM_EXIT_S390_SIEIC',
  icptcode: ICPT.STOP_REQUEST,
  ipa: 0,
  ipb: 0,
};

/** A virtual CPU of a virtual machine. */
export class Vcpu implements GuestCpu {
  readonly vm: GuestMachine;
  /** CPU address. */
  readonly id: number;
  /** Ends with the virtual machine. @internal */
  readonly life: Life;
  /** Its state description. */
  readonly block: CheckedStateDescription;
  /** Where interruptions are injected. */
  readonly prefixArea: PrefixArea;
  /** Its debugging by user space, see `setGuestDebug`. @internal */
  readonly debug: GuestDebug;
  /** The two pages of the prefix area, which must be present while the guest runs. @internal */
  readonly prefixPages: PrefixPages;
  /** What it counts. */
  readonly counts: VcpuCounts = makeCounts();
  /** General registers. */
  readonly gr = new BigUint64Array(16);
  /** Floating-point registers. */
  readonly fr = new BigUint64Array(16);
  /** Access registers. */
  readonly ar = new Uint32Array(16);
  /** The floating-point-control register. */
  fpc = 0;
  /** The guarded-storage registers: designation, section mask, and address of the event parameter list. */
  readonly guarded = new BigUint64Array(3);
  /** The external interruptions that are pending for this virtual CPU. */
  readonly local: LocalInterrupts;
  /** The token of the page-fault handshake that the guest established by DIAGNOSE 0x258, or null. */
  pageFaultToken: bigint | null = null;
  /**
   * Whether the guest has given up the processor since `run` was called last, by DIAGNOSE 0x44 or 0x9c. `run` returned then: another thread
   * or virtual CPU may have the processor.
   */
  gaveWay = false;
  /** Whether the frame of the state description is its own. */
  readonly #ownsDescription: boolean;
  readonly #clocks: GuestClocks;
  readonly #delivery: Delivery;
  readonly #interceptions: Interceptions;
  /** The processor it ran on last. Any other processor may cache older translations of the guest, and is purged first. */
  #lastCpu: Cpu | null = null;
  /** Units of work of the last step. */
  #spent = 0;

  /** @param description see `VcpuOptions`. @throws LinuxError ENOMEM */
  constructor(vm: GuestMachine, id: number, description?: number) {
    const { frames, machine, storage, trace } = vm.mm.kernel;
    this.vm = vm;
    this.id = id;
    this.life = new Life(vm.mm.kernel, `virtual CPU ${id} was destroyed`, 'EBADF');
    this.local = new LocalInterrupts(this.life);
    this.#ownsDescription = description === undefined;
    const origin = description ?? frames.allocateZeroed(0, 'kernel');
    this.block = new CheckedStateDescription(storage, origin, this.life);
    this.debug = new GuestDebug(vm, this.block);
    this.prefixArea = new PrefixArea(vm, this.block, trace, id, () => this.debug.interrupted());
    this.prefixPages = new PrefixPages(vm, this.block);
    this.#clocks = new GuestClocks(machine.clock, this.block);
    this.#delivery = new Delivery(this, this.#clocks);
    this.#interceptions = new Interceptions(this, this.#clocks, this.#delivery, this.prefixPages);
    const asksForOperations = vm.cmma.enabled || vm.userInstruction0 || vm.userOperations;
    const operations = asksForOperations ? INTERCEPT_OPERATION : 0;
    this.block.set32(SIE.INTERCEPTION_CONTROLS, (INTERCEPT_KEYS | operations) >>> 0);
    this.block.set32(
      SIE.EXECUTION_CONTROLS,
      (guestHas(vm, GUARDED_STORAGE) ? EXECUTION.GUARDED_STORAGE : 0) |
        (guestHas(vm, EXECUTION_PROTECTION) ? EXECUTION.EXECUTION_PROTECTION : 0),
    );
    this.stopped = id !== 0;
    this.reset('clear');
  }

  /**
   * Frees the state description, when the virtual machine is destroyed.
   * @throws LinuxError EBUSY while the virtual machine exists; EBADF if it was freed
   */
  destroy(): void {
    if (!this.vm.life.ended)
      throw new LinuxError('EBUSY', `virtual CPU ${this.id} ends with its virtual machine`);
    this.life.end();
    if (this.#ownsDescription) this.vm.mm.kernel.frames.free(this.block.origin);
  }

  /**
   * Resets it. The table `RESETS` lists the parts that each reset clears. Whether it is stopped does not change.
   * @throws LinuxError EINVAL for a reset that is not one of a CPU
   */
  reset(kind: CpuReset): void {
    this.life.demandQuiet();
    if (!RESET_KINDS.includes(kind))
      throw new LinuxError('EINVAL', `reset ${show(kind)} is not one of a CPU`);
    this.#clocks.endWait();
    const kept = this.block.get32(SIE.CPU_FLAGS) & (CPU_FLAG.STOPPED | CPU_FLAG.GUEST_PER);
    this.block.set32(SIE.CPU_FLAGS, (kept | CPU_FLAG.ZARCH | CPU_FLAG.STORAGE_MODE) >>> 0);
    eachCleared(kind, (part) => this.#clear(part));
  }

  #clear(part: ResetPart): void {
    const { block } = this;
    switch (part) {
      case 'local-interruptions':
        this.#delivery.clear();
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
      case 'program-parameter':
        block.set64(SIE.PROGRAM_PARAMETER, 0n);
        break;
      case 'guarded-storage':
        this.guarded.fill(0n);
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

  /**
   * Whether it is stopped: a flag of its state description. Then `run` does nothing until it is started. A stop that is pending ends when it is
   * stopped.
   */
  get stopped(): boolean {
    return (this.block.get32(SIE.CPU_FLAGS) & CPU_FLAG.STOPPED) !== 0;
  }

  set stopped(stopped: boolean) {
    demandFlag('stopped', stopped);
    const others = this.block.get32(SIE.CPU_FLAGS) & ~CPU_FLAG.STOPPED;
    this.block.set32(SIE.CPU_FLAGS, (others | (stopped ? CPU_FLAG.STOPPED : 0)) >>> 0);
    if (stopped) this.#delivery.clearStop();
  }

  /** The guarded-storage registers as a machine check stores them: 32 bytes, the first 8 unused. */
  get guardedStorage(): Uint8Array {
    const bytes = new Uint8Array(32);
    const view = new DataView(bytes.buffer);
    for (const [i, value] of this.guarded.entries()) view.setBigUint64(8 + i * 8, value);
    return bytes;
  }

  /** The CPU timer as the guest would read it: 64 bits, unsigned. It runs while the guest runs or waits. */
  get cpuTimer(): bigint {
    return BigInt.asUintN(64, this.#clocks.timer);
  }

  set cpuTimer(value: bigint) {
    this.#clocks.endWait();
    this.block.set64(SIE.CPU_TIMER, value);
  }

  /** Whether a stop is pending, which it performs when it runs next. */
  get stopping(): boolean {
    return this.#delivery.stopping;
  }

  /**
   * Makes a stop pending. The CPU stops after it has taken all interruptions that are pending and enabled.
   * @param store whether it stores its status when it stops
   * @throws LinuxError EINVAL when it is not a boolean
   */
  requestStop(store: boolean): void {
    this.life.demandQuiet();
    demandFlag('store', store);
    this.#delivery.requestStop(store);
  }

  /** Whether a restart interruption is pending. */
  get restartPending(): boolean {
    return this.#delivery.restartPending;
  }

  /**
   * Makes a restart interruption pending, and starts the CPU if it is stopped. A stopped CPU takes it before all other
   * interruptions, an operating one after them.
   */
  restart(): void {
    this.life.demandQuiet();
    this.#delivery.requestRestart();
    this.stopped = false;
  }

  /** Whether it is in the wait state and not stopped. */
  get waiting(): boolean {
    return !this.stopped && (this.block.pswMask & PSW.WAIT) !== 0n;
  }

  /**
   * Stores the status into 512 bytes at a guest absolute address.
   * @throws GuestMemoryFault where the guest has no memory, LinuxError ENOMEM; a part is stored then. EINVAL for an
   *   address that is not an integer from 0 on
   */
  storeStatus(address: number): void {
    demandInteger('address', address);
    storeStatus(this.#status, (offset, bytes) => this.vm.writeGuest(BigInt(address + offset), bytes));
  }

  /** Stores the registers into the save areas of a machine check, in the prefix area. @throws as `storeStatus` */
  storeMachineCheckAreas(): void {
    const { prefix } = this.block;
    const areas = prefix + ASSIGNED_STATUS;
    storeStatus(
      this.#status,
      (offset, bytes) => this.vm.writeGuest(BigInt(areas + offset), bytes),
      MACHINE_CHECK_FIELDS,
    );
  }

  get #status(): CpuStatus {
    const { block, fr, gr, ar, fpc } = this;
    return {
      fr,
      gr,
      ar,
      fpc,
      cr: Array.from({ length: 16 }, (_, n) => this.control(n)),
      pswMask: block.pswMask,
      pswAddress: block.pswAddress,
      prefix: block.prefix,
      todProgrammable: block.get32(SIE.TOD_PROGRAMMABLE),
      timer: this.#clocks.timer,
      clockComparator: block.get64(SIE.CLOCK_COMPARATOR),
    };
  }

  /** Stores the status at absolute 0x1200, and the architectural mode at 163. @throws as `storeStatus` */
  storeStatusAssigned(): void {
    this.vm.writeGuest(BigInt(ASSIGNED_MODE), Uint8Array.of(1));
    this.storeStatus(ASSIGNED_STATUS);
  }

  /** Sets the PSW from its two halves. @throws LinuxError EINVAL when one is not 64 bits */
  setPsw(mask: bigint, address: bigint): void {
    this.life.demandQuiet();
    demandDoubleword('mask', mask);
    demandDoubleword('address', address);
    this.#interceptions.halted = false;
    this.block.pswMask = mask;
    this.block.pswAddress = address;
  }

  /** Sets the prefix: the absolute address of the prefix area, a multiple of 8 KiB below 2 GiB. */
  setPrefix(prefix: number): void {
    this.block.prefix = prefix;
    this.prefixPages.forget();
    this.forgetTranslations();
  }

  /** Returns the guest's control register `n`. @throws LinuxError EINVAL if `n` is not 0 to 15 */
  control(n: number): bigint {
    return this.block.control(n);
  }

  /** Sets the guest's control register `n`. @throws LinuxError EINVAL unless it is 0 to 15, and the value 64 bits */
  setControl(n: number, value: bigint): void {
    this.block.setControl(n, value);
  }

  /**
   * Runs the guest on a processor until its user is needed. Returns the reason.
   *
   * KVM_EXIT_INTR says that the guest was left for another reason: it can go on.
   *
   * @param limit units of work after which it returns KVM_EXIT_INTR, as it does when the guest gives up the processor (`gaveWay`):
   *   an integer from 1 on, or Infinity
   * @param pending called after every interception that the host has handled. If it returns true,
   *   `run` returns KVM_EXIT_INTR, as KVM_RUN does for a pending signal. Like a listener it must not act; what it
   *   throws, `run` throws at its end
   * @param pacer makes the guest leave interpretive execution from time to time, so that `pending` is called
   * @throws LinuxError EINVAL for another limit, or a processor of another machine; EBUSY for a processor that executes,
   *   or while a listener is called; EBADF when the virtual machine was destroyed, ESRCH when its process has ended,
   *   ENOENT when its gmap was freed; ENOMEM when a fault of the guest finds no memory: the guest can go on later
   */
  run(cpu: Cpu, limit: number, pending?: () => boolean, pacer: Pacer | null = null): Exit {
    if (limit !== Infinity) demandInteger('limit', limit, 1);
    return this.life.operation(() => {
      this.vm.mm.life.demand();
      if (this.debug.stop !== null) return this.#stopped(this.debug.stop);
      return this.#run(cpu, limit, pending, pacer);
    });
  }

  #run(cpu: Cpu, limit: number, pending: (() => boolean) | undefined, pacer: Pacer | null): Exit {
    let left = limit;
    this.gaveWay = false;
    this.vm.gmap.enable(cpu);
    this.#interceptions.begin();
    this.loadRegisters(cpu);
    this.#borrow(cpu);
    this.#clocks.endWait();
    try {
      for (;;) {
        if (this.stopped) return this.#exited({ reason: 'KVM_EXIT_HLT', until: null });
        if (!(left > 0)) return { reason: 'KVM_EXIT_INTR' };
        this.#spent = 0;
        const exit = this.#step(cpu, left, pacer);
        if (exit !== 'resume') return this.#exited(exit);
        if (this.debug.stop !== null) return this.#stopped(this.debug.stop);
        left -= this.#spent;
        if (pending !== undefined && this.#isPending(pending)) return { reason: 'KVM_EXIT_INTR' };
        if (this.gaveWay) return { reason: 'KVM_EXIT_INTR' };
      }
    } finally {
      this.vm.gmap.disable(cpu);
      this.saveRegisters(cpu);
    }
  }

  /** Interprets the guest. While it runs, its control registers are those that its debugger needs. */
  #interpret(cpu: Cpu, limit: number, pacer: Pacer | null): SieExit {
    this.debug.enter();
    try {
      return interpret(cpu, this.block.origin, limit, pacer);
    } finally {
      this.debug.leave();
    }
  }

  #stopped(stop: DebugStop): Exit {
    this.debug.clearStop();
    return this.#exited({ reason: 'KVM_EXIT_DEBUG', ...stop });
  }

  /**
   * KVM_SET_GUEST_DEBUG: stops the guest after each instruction, at breakpoints and after changes of memory, until this is called
   * without options. At a stop `run` returns KVM_EXIT_DEBUG. Returns 0, or the program-interruption code of a watchpoint that cannot be read:
   * it is not debugged then.
   * @throws LinuxError EINVAL for more than 50 breakpoints, a watchpoint of less than 0 or more than 100 bytes, or an option of the wrong
   *   type
   */
  setGuestDebug(options?: GuestDebugOptions): number {
    return this.life.operation(() => this.debug.set(options));
  }

  /** Calls `pending`, as a listener: the processor holds this guest's registers and address space meanwhile. */
  #isPending(pending: () => boolean): boolean {
    let answer = true;
    this.vm.mm.kernel.trace.operations.deliver(() => {
      answer = pending();
    });
    return answer;
  }

  /** Purges a processor other than the last one: it may cache translations of this guest from an earlier run. */
  #borrow(cpu: Cpu): void {
    if (this.#lastCpu !== cpu) cpu.guestTlb.purgeAll();
    this.#lastCpu = cpu;
  }

  /** Purges this guest's own translations from the processor that may have cached them. */
  forgetTranslations(): void {
    this.#lastCpu?.guestTlb.purgeAll();
    this.#lastCpu = null;
  }

  /** Emits an exit. KVM_EXIT_INTR is not emitted: it depends on the caller's limit, not on the guest. */
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
    return this.#delivery.interruptible;
  }

  /** Whether `run` would do anything: the CPU is neither stopped nor in a wait that nothing pending can end. */
  get runnable(): boolean {
    if (this.stopped) return false;
    return this.stopping || !this.#interceptions.halted || !this.waiting || this.interruptible;
  }

  /** How often the host has handled an exit of it from interpretive execution. Reaching the limit of `run` is none. */
  get exits(): number {
    return this.#interceptions.exits;
  }

  /** Whether its PSW is enabled for any interruption that could end a wait. */
  get waitEnabled(): boolean {
    return this.#interceptions.waitEnabled;
  }

  /** The TOD value of the machine at which a clock interruption ends its wait, or null if none will. */
  get wakesAt(): bigint | null {
    return this.#interceptions.wakesAt;
  }

  /** Whether PSW and control register 0 enable it for a class of external interruptions, given by its subclass mask. */
  enabledFor(mask: number): boolean {
    return (this.block.pswMask & PSW.EXTERNAL) !== 0n && (this.block.subclassMasks & mask) !== 0;
  }

  /**
   * Whether PSW and control register 6 enable it for I/O interruptions of a subclass, given by its bit in control register 6.
   */
  enabledForIo(mask: number): boolean {
    return (this.block.pswMask & PSW.IO) !== 0n && (ioSubclasses(this) & mask) !== 0;
  }

  /** Delivers pending interruptions, runs the guest once, and handles the end. Returns the exit, or 'resume'. */
  #step(cpu: Cpu, limit: number, pacer: Pacer | null): Exit | 'resume' {
    const before = cpu.executed;
    try {
      if (!this.vm.userControlled) this.#delivery.deliver(cpu, limit);
      if (this.#delivery.stopReached) return STOP_REQUEST;
      if (this.debug.stop !== null) return 'resume';
      const left = limit - (cpu.executed - before);
      if (this.stopped || !(left > 0)) return 'resume';
      this.prefixPages.make();
      const entered = cpu.executed;
      const ended = this.#interpret(cpu, left, pacer);
      return this.#interceptions.handle(cpu, ended, cpu.executed !== entered);
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      return memoryFault(error.address, error.write);
    } finally {
      this.#spent = cpu.executed - before;
    }
  }

  /**
   * Executes the intercepted instruction, for user space that handles it. If `execute` throws, because guest memory that it
   * needs is not backed, sets the PSW back to the instruction, so that it is executed again, and rethrows the error.
   */
  restoringPswOnFault<T>(execute: () => T): T {
    return restoringPswOnFault(this, execute);
  }

  /**
   * Injects a program interruption for the intercepted instruction, which user space has rejected.
   * @throws GuestMemoryFault when the prefix area is not backed: the PSW is at the instruction again then; LinuxError
   *   EINVAL for a code that is not 16 bits
   */
  refuse(code: number): void {
    demandInteger('code', code, 0, 0xffff);
    this.life.demand();
    this.restoringPswOnFault(() => this.prefixArea.program(code, interceptedLength(this.block)));
  }

  /**
   * Stores an operand of the intercepted instruction, for user space that executes it. If that is not possible, the guest's
   * exception is injected, or the PSW is set back to the instruction, so that it is executed again. Returns whether the
   * operand was stored.
   *
   * @param cpu the processor that it ran on
   * @param address the guest's logical address
   * @param bytes 1 to 4096 of them
   * @throws GuestMemoryFault when the process has no memory there: the PSW is at the instruction then; LinuxError
   *   EINVAL for an address that is not 64 bits, or another number of bytes; otherwise as `run`
   */
  storeOperand(cpu: Cpu, address: bigint, bytes: Uint8Array): boolean {
    demandBytes(bytes);
    return this.#accessOperand(cpu, address, bytes.length, (guest, hi, lo) =>
      guest.storeBytes(hi, lo, bytes.length, bytes),
    );
  }

  /**
   * Returns an operand of the intercepted instruction, for user space that executes it; or null if that is not possible: then the guest's
   * exception is injected, or the PSW is set back to the instruction.
   *
   * @param cpu the processor that it ran on
   * @param address the guest's logical address
   * @param length 1 to 4096 bytes
   * @throws as `storeOperand`
   */
  fetchOperand(cpu: Cpu, address: bigint, length: number): Uint8Array | null {
    const bytes = new Uint8Array(demandOperandLength(length));
    const fetched = this.#accessOperand(cpu, address, length, (guest, hi, lo) =>
      guest.fetchBytes(hi, lo, length, bytes),
    );
    return fetched ? bytes : null;
  }

  #accessOperand(
    cpu: Cpu,
    address: bigint,
    length: number,
    access: (guest: Cpu, hi: number, lo: number) => void,
  ): boolean {
    demandDoubleword('address', address);
    demandOperandLength(length);
    return this.#usingStorage(cpu, () =>
      this.restoringPswOnFault(() => accessGuest(this, cpu, address, access)),
    );
  }

  /** Lets a processor access guest storage as the guest would: it holds the guest's access registers and address space. */
  #usingStorage<T>(cpu: Cpu, access: () => T): T {
    return this.life.operation(() => {
      this.vm.mm.life.demand();
      this.vm.gmap.enable(cpu);
      this.#borrow(cpu);
      const registers = cpu.ar.slice();
      cpu.ar.set(this.ar);
      try {
        return access();
      } finally {
        cpu.ar.set(registers);
        this.vm.gmap.disable(cpu);
      }
    });
  }

  /**
   * KVM_S390_MEMOP_LOGICAL_READ: fetches from guest storage at a logical address, as the guest would: by its PSW, control
   * registers and access registers. Returns 0, or the code of the program interruption that the access would cause.
   * @param cpu any processor, not executing; it is used for the translation
   * @param into at most 64 KiB, filled from its start
   * @throws LinuxError EINVAL for no bytes, an address that is not 64 bits, a key or register that is not 0 to 15, or an option
   *   of the wrong type; E2BIG for more than 64 KiB; EFAULT when the process has not mapped a table of the guest; otherwise as `run`
   */
  readLogical(cpu: Cpu, address: bigint, into: Uint8Array, options: LogicalOptions = {}): number {
    demandBytes(into);
    const access = logicalAccess(address, into.length, false, options);
    return this.#accessLogical(cpu, options, () => accessLogical(this, cpu, access, into));
  }

  /**
   * KVM_S390_MEMOP_LOGICAL_WRITE: stores bytes at a logical address, as the guest would. Returns and throws as `readLogical`. If
   * the storage key of a page forbids the store, the pages before it are stored.
   */
  writeLogical(cpu: Cpu, address: bigint, bytes: Uint8Array, options: LogicalOptions = {}): number {
    demandBytes(bytes);
    const access = logicalAccess(address, bytes.length, true, options);
    return this.#accessLogical(cpu, options, () => accessLogical(this, cpu, access, bytes));
  }

  /**
   * KVM_S390_MEMOP_F_CHECK_ONLY: checks an access at a logical address without making it. Returns and throws as `readLogical`; EFAULT
   * also when a key is needed of a page that the process has not mapped.
   */
  checkLogical(
    cpu: Cpu,
    address: bigint,
    length: number,
    write: boolean,
    options: LogicalOptions = {},
  ): number {
    const access = logicalAccess(address, length, write, options);
    return this.#accessLogical(cpu, options, () => checkLogical(this, cpu, access));
  }

  #accessLogical(
    cpu: Cpu,
    { inject = false }: LogicalOptions,
    perform: () => AccessException | null,
  ): number {
    const exception = this.#usingStorage(cpu, perform);
    if (exception === null) return 0;
    if (inject) this.#injectProgram(exception);
    return exception.code;
  }

  /**
   * KVM_S390_IRQ and KVM_S390_INTERRUPT: makes an interruption pending for this virtual CPU. A stop of the debugger that is pending is
   * forgotten: the guest stops after the interruption.
   * @throws LinuxError EINVAL if it is not a local interruption, a field has more bits than it can have, or the sender is no virtual
   *   CPU; EBUSY for a prefix of a CPU that is not stopped, a second external call, or a second stop
   */
  inject(request: LocalInterrupt): void {
    this.life.demandQuiet();
    demandLocalInterrupt(request);
    injectLocal(this, this.#delivery, request);
    this.debug.clearStop();
  }

  /**
   * KVM_S390_GET_IRQ_STATE: returns what is pending for this virtual CPU. The caller has to see to it that it fits into a buffer (ENOBUFS).
   */
  get pendingInterrupts(): readonly LocalInterrupt[] {
    this.life.demand();
    return pendingLocal(this, this.#delivery);
  }

  /**
   * KVM_S390_SET_IRQ_STATE: makes interruptions pending, in order.
   * @throws LinuxError EBUSY if any but an external call is pending already; otherwise as `inject`: those before the wrong one are pending
   */
  setPendingInterrupts(requests: readonly LocalInterrupt[]): void {
    this.life.demandQuiet();
    demandInstance('requests', requests, Array);
    for (const request of requests) demandLocalInterrupt(request);
    if (this.pendingInterrupts.some(({ type }) => type !== 'external-call'))
      throw new LinuxError('EBUSY', `interruptions are pending for virtual CPU ${this.id}`);
    for (const request of requests) injectLocal(this, this.#delivery, request);
  }

  #injectProgram(request: ProgramRequest): void {
    this.life.demandQuiet();
    this.local.injectProgram(completeProgram(request, lastLength(this.block)));
  }

  /**
   * Makes a program interruption pending, which the guest takes when it runs next. It is combined with one that is pending, see
   * `mergePrograms`.
   * @throws LinuxError EINVAL for a field that has more bits than it can have, or a length that is not 0, 2, 4 or 6
   */
  injectProgram(request: ProgramRequest): void {
    this.#injectProgram(request);
    this.debug.clearStop();
  }

  /**
   * Returns its state, to be restored into a virtual CPU of another virtual machine, or into this one.
   * @throws LinuxError EBADF when the virtual machine was destroyed
   */
  save(): SavedVcpu {
    this.life.demand();
    const { gr, fr, ar, fpc, guarded, stopped, local, pageFaultToken } = this;
    return {
      ...{ gr: [...gr], fr: [...fr], guarded: [...guarded], ar: [...ar], fpc },
      description: guestFields((offset) => this.block.get8(offset)),
      ...{ stopped, halted: this.#interceptions.halted, waitingSince: this.#clocks.waitingSince },
      ...this.#delivery.pending,
      emergencies: local.emergencies,
      externalCall: local.has(EXT.EXTERNAL_CALL) ? local.senderOf(EXT.EXTERNAL_CALL) : null,
      pageFaultToken,
      injected: this.pendingInterrupts.filter(({ type }) => !SAVED_APART.has(type)),
    };
  }

  /**
   * Restores a state that `save` returned.
   * @throws LinuxError EINVAL if it is not such a state: nothing has changed then; EBADF, EBUSY as `reset`
   */
  restore(saved: SavedVcpu): void {
    this.life.demandQuiet();
    demandSavedVcpu(saved);
    this.reset('clear');
    this.gr.set(saved.gr);
    this.fr.set(saved.fr);
    this.guarded.set(saved.guarded);
    this.ar.set(saved.ar);
    this.fpc = saved.fpc;
    eachGuestByte((offset) => this.block.set8(offset, saved.description[offset] as number));
    this.setPrefix(this.block.prefix & PREFIX_BITS);
    this.stopped = saved.stopped;
    this.#interceptions.halted = saved.halted;
    this.#clocks.waitingSince = saved.waitingSince;
    this.#delivery.pending = saved;
    for (const sender of saved.emergencies) this.local.emergencySignal(sender);
    if (saved.externalCall !== null) this.local.externalCall(saved.externalCall);
    this.pageFaultToken = saved.pageFaultToken;
    // A prefix is pending for a stopped CPU only.
    for (const one of saved.injected ?? [])
      if (one.type === 'set-prefix') this.local.prefix = one.address;
      else injectLocal(this, this.#delivery, one);
  }

  /** Loads the registers that interpretive execution leaves to the host into a processor. */
  loadRegisters(cpu: Cpu): void {
    cpu.gr.set(this.gr);
    this.block.set64(SIE.GR14, this.gr[14] as bigint);
    this.block.set64(SIE.GR15, this.gr[15] as bigint);
    cpu.fr.set(this.fr);
    cpu.ar.set(this.ar);
    cpu.fpc = this.fpc;
    cpu.guarded.set(this.guarded);
  }

  /** Saves the registers that `loadRegisters` loads. */
  saveRegisters(cpu: Cpu): void {
    this.gr.set(cpu.gr);
    this.gr[14] = this.block.get64(SIE.GR14);
    this.gr[15] = this.block.get64(SIE.GR15);
    this.fr.set(cpu.fr);
    this.ar.set(cpu.ar);
    this.fpc = cpu.fpc;
    this.guarded.set(cpu.guarded);
  }
}

/** Returns the length of an operand. @throws LinuxError EINVAL unless it is 1 to 4096 bytes */
function demandOperandLength(length: number): number {
  demandInteger('length', length, 1, FRAME_SIZE);
  return length;
}
