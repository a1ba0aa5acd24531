/**
 * Debugging of a virtual CPU by user space: single steps, hardware breakpoints and watchpoints (Linux: arch/s390/kvm/guestdbg.c,
 * KVM_SET_GUEST_DEBUG). The machine enforces program-event recording (PER), with control registers that are changed while the guest
 * runs. Events that the guest has not asked for are kept from it.
 */

import {
  asGuest,
  CPU_FLAG,
  type Cpu,
  ICTL,
  INTERCEPT_PROGRAM,
  INTERCEPTION_STATUS,
  PER_CODE,
  PGM,
  PSW,
  SIE,
  type StateDescription,
} from '../../machine/index.ts';
import { demandDoubleword, demandFlag, demandInteger, demandObject } from '../arguments.ts';
import { LinuxError } from '../errors.ts';
import { type GuestMemory, GuestMemoryFault } from './guest-memory.ts';
import { interceptedLength } from './instruction-length.ts';
import { forgetFetchEvent, hasFetchEvent } from './prefix-area.ts';

/** Why the guest stopped, and the kinds of breakpoints (KVM_HW_BP, KVM_HW_WP_WRITE, KVM_SINGLESTEP). */
export const DEBUG_TYPE = { BREAKPOINT: 1, WATCHPOINT: 2, SINGLE_STEP: 4 } as const;
/** The number of breakpoints and watchpoints (MAX_BP_COUNT), and the bytes of a watchpoint (MAX_WP_SIZE). */
const MAX_BREAKPOINTS = 50;
const MAX_WATCHED = 100;

/** A hardware breakpoint or watchpoint (struct kvm_hw_breakpoint). */
export interface HardwareBreakpoint {
  /** `DEBUG_TYPE.BREAKPOINT` or `WATCHPOINT`; others have no effect. */
  readonly type: number;
  /** Logical address. */
  readonly address: bigint;
  /** Guest absolute address of a watchpoint, whose bytes are compared. */
  readonly physical: bigint;
  /** Bytes: of a watchpoint 0 to 100. */
  readonly length: number;
}

/** How a virtual CPU is debugged. */
export interface GuestDebugOptions {
  /** Whether the guest stops after each instruction and each interruption. */
  readonly singleStep: boolean;
  /** At most 50. */
  readonly breakpoints?: readonly HardwareBreakpoint[];
}

/** A stop for the debugger (struct kvm_debug_exit_arch). */
export interface DebugStop {
  readonly address: bigint;
  /** See `DEBUG_TYPE`. */
  readonly type: number;
}

/** A range of addresses, both ends included. It wraps around if `start` is greater than `end`. */
interface AddressInterval {
  readonly start: bigint;
  readonly end: bigint;
}

interface Watchpoint extends HardwareBreakpoint {
  /** The bytes when it was set. */
  readonly old: Uint8Array;
}

/** Controls in control register 9: masks of events, and what limits them. */
const CR9 = {
  BRANCH: 0x8000_0000n,
  FETCH: 0x4000_0000n,
  STORE: 0x2000_0000n,
  NULLIFICATION: 0x0100_0000n,
  BRANCH_ADDRESS: 0x0080_0000n,
  STORAGE_ALTERATION_SPACE: 0x0020_0000n,
} as const;
/** The mask of clock-comparator interruptions in control register 0. */
const CLOCK_COMPARATOR_MASK = 0x800n;
const BREAKPOINT_EVENTS = PER_CODE.FETCH | PER_CODE.BRANCH;
const WATCHPOINT_EVENTS = PER_CODE.STORE | PER_CODE.STORE_REAL;
/** The control registers that are changed while the guest runs. */
const CHANGED = [0, 9, 10, 11] as const;
/** The load controls that intercept loads of these registers. */
const LOAD_CONTROLS = 0x8070;
/** Interception controls: stores of control registers, and program interruptions. */
const CONTROLS = ICTL.STCTL | INTERCEPT_PROGRAM;
/** The length of the longest instruction, in bytes. */
const LONGEST = 6n;
const LAST_ADDRESS = (1n << 64n) - 1n;

/** The debugging of one virtual CPU. */
export class GuestDebug {
  readonly #memory: GuestMemory;
  readonly #block: StateDescription;
  #enabled = false;
  #singleStep = false;
  #breakpoints: readonly HardwareBreakpoint[] = [];
  #watchpoints: readonly Watchpoint[] = [];
  /** The address of the last breakpoint at which the guest stopped before the instruction. */
  #lastBreakpoint = 0n;
  #stop: DebugStop | null = null;
  /** The guest's control registers while they are changed, in the order of `CHANGED`. */
  #saved: bigint[] | null = null;

  constructor(memory: GuestMemory, block: StateDescription) {
    this.#memory = memory;
    this.#block = block;
  }

  /** Whether the virtual CPU is debugged. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Whether it stops after each instruction. */
  get singleStepping(): boolean {
    return this.#enabled && this.#singleStep;
  }

  /** The load controls that debugging needs. */
  get loadControls(): number {
    return this.#enabled ? LOAD_CONTROLS : 0;
  }

  /** The stop that is pending, or null. */
  get stop(): DebugStop | null {
    return this.#enabled ? this.#stop : null;
  }

  /** The pending stop was returned, or user space has injected an interruption, after which the guest stops instead. */
  clearStop(): void {
    this.#stop = null;
  }

  /**
   * Begins debugging, or ends it without options. Returns 0, or the program-interruption code of a watchpoint that cannot be read: then it has ended.
   * @throws LinuxError EINVAL for more than 50 breakpoints, or a watchpoint of less than 0 or more than 100 bytes: it has ended then
   */
  set(options: GuestDebugOptions | undefined): number {
    if (options !== undefined) demandOptions(options);
    this.#end();
    if (options === undefined) return 0;
    const { singleStep, breakpoints = [] } = options;
    if (breakpoints.length > MAX_BREAKPOINTS)
      throw new LinuxError('EINVAL', `${breakpoints.length} breakpoints are more than ${MAX_BREAKPOINTS}`);
    const watchpoints: Watchpoint[] = [];
    for (const one of breakpoints.filter(({ type }) => type === DEBUG_TYPE.WATCHPOINT)) {
      if (one.length < 0 || one.length > MAX_WATCHED)
        throw new LinuxError(
          'EINVAL',
          `a watchpoint of ${one.length} bytes is not one of 0 to ${MAX_WATCHED}`,
        );
      const old = this.#read(one);
      if (old === null) return PGM.ADDRESSING;
      watchpoints.push({ ...one, old });
    }
    this.#enabled = true;
    this.#singleStep = singleStep;
    this.#watchpoints = watchpoints;
    this.#breakpoints = breakpoints.filter(({ type }) => type === DEBUG_TYPE.BREAKPOINT);
    this.#setControls(true);
    return 0;
  }

  #end(): void {
    this.#enabled = this.#singleStep = false;
    this.#breakpoints = this.#watchpoints = [];
    this.#lastBreakpoint = 0n;
    this.#stop = null;
    this.#setControls(false);
  }

  #setControls(on: boolean): void {
    const block = this.#block;
    const flags = block.get32(SIE.CPU_FLAGS) & ~CPU_FLAG.GUEST_PER;
    block.set32(SIE.CPU_FLAGS, (on ? flags | CPU_FLAG.GUEST_PER : flags) >>> 0);
    const controls = block.get32(SIE.INTERCEPTION_CONTROLS) & ~CONTROLS;
    block.set32(SIE.INTERCEPTION_CONTROLS, (on ? controls | CONTROLS : controls) >>> 0);
  }

  /** The guest is about to run: changes its control registers (Linux: kvm_s390_patch_guest_per_regs). */
  enter(): void {
    if (!this.#enabled) return;
    const block = this.#block;
    this.#saved = CHANGED.map((n) => block.control(n));
    let [cr0, cr9, start, end] = this.#saved as [bigint, bigint, bigint, bigint];
    if (this.#singleStep) {
      cr0 &= ~CLOCK_COMPARATOR_MASK;
      cr9 |= CR9.FETCH;
      [start, end] = [0n, LAST_ADDRESS];
    }
    if (this.#breakpoints.length > 0) {
      if ((cr9 & CR9.BRANCH) === 0n) cr9 |= CR9.BRANCH_ADDRESS;
      cr9 |= CR9.FETCH | CR9.BRANCH;
      // The instruction before one with a breakpoint must be an event.
      for (const { address, length } of this.#breakpoints) {
        const before = address < LONGEST ? address : LONGEST;
        ({ start, end } = extended({ start, end }, address - before, BigInt(length) + before));
      }
    }
    if (this.#watchpoints.length > 0) {
      const everywhere = (cr9 & CR9.STORE) !== 0n && (cr9 & CR9.STORAGE_ALTERATION_SPACE) !== 0n;
      cr9 &= ~CR9.STORAGE_ALTERATION_SPACE;
      cr9 |= CR9.STORE;
      if (everywhere) [start, end] = [0n, LAST_ADDRESS];
      else
        for (const { address, length } of this.#watchpoints)
          ({ start, end } = extended({ start, end }, address, BigInt(length)));
    }
    cr9 &= ~CR9.NULLIFICATION;
    for (const [i, value] of [cr0, cr9, start, end].entries()) block.setControl(CHANGED[i] as number, value);
  }

  /** The guest has left interpretive execution: restores its control registers. */
  leave(): void {
    if (this.#saved === null) return;
    for (const [i, value] of this.#saved.entries()) this.#block.setControl(CHANGED[i] as number, value);
    this.#saved = null;
  }

  /** The host has injected an interruption: the PSW is its new one. */
  interrupted(): void {
    if (this.singleStepping) this.#stop = { address: this.#block.pswAddress, type: DEBUG_TYPE.SINGLE_STEP };
  }

  /**
   * Handles the program events of a program interception: stops the guest if the debugger asked for them, and keeps from the guest
   * those that it has not asked for (Linux: kvm_s390_handle_per_event). The code of the interruption is 0 if nothing is left.
   */
  programEvents(cpu: Cpu): void {
    const block = this.#block;
    const code = block.get16(SIE.PROGRAM_CODE);
    if ((code & PGM.PER) === 0) return;
    const events = block.get8(SIE.PER_CODE);
    const address = block.get64(SIE.PER_ADDRESS);
    // With another exception, a single step ends when the guest has taken its interruption.
    if (!this.#singleStep || code === PGM.PER) this.#stopFor(events, address);
    const wanted = this.#wantedEvents(cpu, events, address, null);
    block.set8(SIE.PER_CODE, wanted);
    if (wanted !== 0) return;
    const left = code & ~PGM.PER;
    block.set16(SIE.PROGRAM_CODE, left === PGM.SPACE_SWITCH && !this.#spaceSwitches() ? 0 : left);
  }

  /**
   * Takes the fetch event of an intercepted instruction: it stays only if the guest has asked for it. Returns the address of the
   * instruction if there was one, otherwise null.
   */
  takeFetchEvent(cpu: Cpu): bigint | null {
    const block = this.#block;
    if (!this.#enabled || !hasFetchEvent(block)) return null;
    const length = interceptedLength(block);
    const address = BigInt.asUintN(block.addressBits, block.pswAddress - BigInt(length));
    const executed = block.get8(SIE.INTERCEPTION_STATUS) & INTERCEPTION_STATUS.EXECUTE ? length : 0;
    if (this.#wantedEvents(cpu, PER_CODE.FETCH, address, executed) === 0) forgetFetchEvent(block);
    else {
      block.set8(SIE.PER_CODE, PER_CODE.FETCH);
    }
    return address;
  }

  /** The host or user space has handled an intercepted instruction with a fetch event (Linux: kvm_s390_handle_per_ifetch_icpt). */
  instructionEnded(address: bigint): void {
    // An instruction that is executed again is not at its end.
    if (this.#stop === null && this.#block.pswAddress !== address) this.#stopFor(PER_CODE.FETCH, address);
  }

  /** Stops the guest if the debugger has asked for the events of an instruction at an address (Linux: debug_exit_required). */
  #stopFor(events: number, address: bigint): void {
    const next = this.#block.pswAddress;
    if (events & WATCHPOINT_EVENTS) {
      const changed = this.#watchpoints.find((one) => this.#hasChanged(one));
      if (changed !== undefined) {
        this.#stop = { address: changed.address, type: DEBUG_TYPE.WATCHPOINT };
        return;
      }
    }
    if ((events & BREAKPOINT_EVENTS) === 0) return;
    if (next !== address && this.#hasBreakpoint(next)) {
      this.#lastBreakpoint = next;
      this.#stop = { address: next, type: DEBUG_TYPE.BREAKPOINT };
    } else if (this.#hasBreakpoint(address) && this.#lastBreakpoint !== address) {
      this.#stop = { address, type: DEBUG_TYPE.BREAKPOINT };
    } else if (this.#singleStep) {
      this.#stop = { address: next, type: DEBUG_TYPE.SINGLE_STEP };
    }
  }

  #hasBreakpoint(address: bigint): boolean {
    return this.#breakpoints.some((one) => {
      const end = BigInt.asUintN(64, one.address + BigInt(one.length) - 1n);
      return address === one.address || (one.length > 0 && isIn(address, { start: one.address, end }));
    });
  }

  #hasChanged(watchpoint: Watchpoint): boolean {
    const now = this.#read(watchpoint);
    return now?.some((byte, i) => byte !== watchpoint.old[i]) ?? false;
  }

  /** Returns the bytes of a watchpoint, or null if the guest has no memory there. */
  #read({ physical, length }: HardwareBreakpoint): Uint8Array | null {
    try {
      return this.#memory.readGuest(physical, length);
    } catch (error) {
      if (error instanceof GuestMemoryFault) return null;
      throw error;
    }
  }

  /**
   * Returns the events of an instruction that the guest has asked for (Linux: filter_guest_per_event).
   * @param executeLength the length of the EXECUTE at the address whose target it is, 0 if there is none, null if that is not known
   */
  #wantedEvents(cpu: Cpu, events: number, address: bigint, executeLength: number | null): number {
    const block = this.#block;
    if ((block.pswMask & PSW.PER) === 0n) return 0;
    const cr9 = block.control(9);
    const area = { start: block.control(10), end: block.control(11) };
    let wanted = events & Number((cr9 >> 24n) & 0xffn);
    const limited = (cr9 & CR9.BRANCH_ADDRESS) !== 0n;
    if (limited && !isIn(block.pswAddress, area)) wanted &= ~PER_CODE.BRANCH;
    if (wanted & PER_CODE.FETCH) {
      const fetched = this.#fetchedAddress(cpu, address, executeLength);
      if (fetched === null || !isIn(fetched, area)) wanted &= ~PER_CODE.FETCH;
    }
    return wanted;
  }

  /**
   * Returns the address of the instruction that was executed: if there is an EXECUTE at the address, that of its target (Linux:
   * per_fetched_addr). Returns null if it cannot be fetched.
   */
  #fetchedAddress(cpu: Cpu, address: bigint, executeLength: number | null): bigint | null {
    if (executeLength === 0) return address;
    const bytes = this.#instruction(cpu, address, 2);
    if (bytes === null) return null;
    const relative = bytes[0] === 0xc6 && ((bytes[1] as number) & 0x0f) === 0;
    if (bytes[0] !== 0x44 && !relative) return address;
    const whole = this.#instruction(cpu, address, relative ? 6 : 4);
    if (whole === null) return null;
    const view = new DataView(whole.buffer);
    const bits = this.#block.addressBits;
    if (relative) return BigInt.asUintN(bits, address + BigInt(view.getInt32(2)) * 2n);
    // General registers 14 and 15 are in the state description.
    const register = (r: number) => {
      if (r < 14) return r === 0 ? 0n : (cpu.gr[r] as bigint);
      return this.#block.get64(r === 14 ? SIE.GR14 : SIE.GR15);
    };
    const [index, operand] = [view.getUint8(1) & 15, view.getUint16(2)];
    return BigInt.asUintN(bits, register(index) + register(operand >>> 12) + BigInt(operand & 0xfff));
  }

  #instruction(cpu: Cpu, address: bigint, length: number): Uint8Array | null {
    const bytes = new Uint8Array(length);
    const fetch = (guest: Cpu, hi: number, lo: number) => guest.fetchBytes(hi, lo, length, bytes);
    return asGuest(cpu, this.#block.origin, fetch, address) === null ? bytes : null;
  }

  /**
   * Whether an instruction that switched spaces is a space-switch event without PER, which enforces one: by the controls of the
   * primary and the home space.
   */
  #spaceSwitches(): boolean {
    const block = this.#block;
    const identification = block.get64(SIE.TRANSLATION_EXCEPTION);
    const space = Number((block.pswMask >> 46n) & 3n);
    const fromHome = (identification & 0xffffn) === 0n;
    const primary = (block.control(1) & SPACE_SWITCH) !== 0n;
    const home = (block.control(13) & SPACE_SWITCH) !== 0n;
    if ((space === HOME) !== fromHome && (primary || home)) return true;
    return space === PRIMARY && !fromHome && (primary || (identification & OLD_CONTROL) !== 0n);
  }
}

/** The space-switch-event control of an ASCE, and of the old primary space in the identification of the event. */
const SPACE_SWITCH = 0x40n;
const OLD_CONTROL = 0x8000_0000n;
/** Address-space controls of a PSW. */
const PRIMARY = 0;
const HOME = 3;

/** Whether an address is in an interval. */
function isIn(address: bigint, { start, end }: AddressInterval): boolean {
  return start <= end ? address >= start && address <= end : address >= start || address <= end;
}

/** Returns an interval that has another one in it as well, as short as possible. 0 to 0 is empty (Linux: extend_address_range). */
function extended({ start, end }: AddressInterval, first: bigint, length: bigint): AddressInterval {
  const last = BigInt.asUintN(64, first + (length > 0n ? length - 1n : 0n));
  if (start === 0n && end === 0n) return { start: first, end: last };
  if (start <= end) return { start: first < start ? first : start, end: last > end ? last : end };
  if (first <= end) return { start, end: last > end ? last : end };
  if (last > start) return { start: first < start ? first : start, end };
  return last - end < start - first ? { start, end: last } : { start: first, end };
}

/** @throws LinuxError EINVAL for an option of the wrong type */
function demandOptions(options: GuestDebugOptions): void {
  demandObject('options', options);
  const { singleStep, breakpoints } = options;
  demandFlag('singleStep', singleStep);
  if (breakpoints === undefined) return;
  if (!Array.isArray(breakpoints)) throw new LinuxError('EINVAL', 'breakpoints is not an array');
  for (const one of breakpoints) {
    demandObject('breakpoint', one);
    demandInteger('type', one.type, 0, 0xffff_ffff);
    demandDoubleword('address', one.address);
    demandDoubleword('physical', one.physical);
    demandInteger('length', one.length, -(2 ** 31), 2 ** 31);
  }
}
