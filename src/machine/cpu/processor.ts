/**
 * The processor as an instruction sees it: registers, storage, addresses, clocks, and the state that other processors
 * and the host change. An instruction uses the public members of `Processor` and its base classes, and nothing else.
 * Subclasses take interruptions (`interruptions.ts`) and run the loop (`../engine/cpu.ts`).
 */

import type { Trace } from '../../trace/index.ts';
import type { Clock } from '../clock.ts';
import { type CpuModel, hasFacility } from '../cpu-model.ts';
import { EDAT } from '../dat/formats.ts';
import type { Interruption } from '../interruption.ts';
import type { ProcessorBlock } from '../processor-block.ts';
import { type CpuReset, eachCleared, initialControl, type ResetPart } from '../reset.ts';
import { ASSIGNED_MODE, ASSIGNED_STATUS, storeStatus } from '../sigp.ts';
import type { Storage } from '../storage.ts';
import { type AccessFacilities, UNWIND } from './access.ts';
import { CpuAddressing } from './addressing.ts';

/** The configuration that a processor belongs to, as the processor sees its machine. */
export interface Configuration {
  readonly storage: Storage;
  readonly cpus: readonly Processor[];
  readonly clock: Clock;
  readonly trace: Trace;
  /** The facility list (STFLE), in whole doublewords. */
  readonly facilities: Uint8Array;
  readonly cpuModel: CpuModel;
  /** See `Machine.purgePage`. */
  purgePage(origin: number, index: number): void;
  /** See `Machine.purgeAll`. */
  purgeAll(): void;
  /** See `Machine.forgetKeys`. */
  forgetKeys(): void;
  /** See `Machine.demandQuiet`. */
  demandQuiet(what: string): void;
}

/** Bits of the facility list. */
const EDAT_2 = 78;
const EXECUTION_PROTECTION = 130;

function accessFacilities(list: Uint8Array): AccessFacilities {
  return {
    edat: hasFacility(list, EDAT_2) ? EDAT.EDAT_2 : EDAT.EDAT_1,
    executionProtection: hasFacility(list, EXECUTION_PROTECTION),
  };
}

/** A pending external interruption, other than those of the clocks. */
export interface ExternalPending {
  readonly code: number;
  /** The 32-bit parameter, stored at real address 128. */
  readonly parameter: number;
  /** The CPU address, stored at real address 132. */
  readonly cpuAddress: number;
}

/** An interception of the instruction under way. */
export interface Intercepted {
  /** The first halfword of the instruction. */
  ipa: number;
  /** The second and third halfword. */
  ipb: number;
  /** Whether the operation code is invalid. */
  operation: boolean;
  /** Length in bytes of the EXECUTE whose target the instruction is; 0 if it is no target. */
  executeLength: number;
}

/** A processor without its interruptions and its run loop. */
export abstract class Processor extends CpuAddressing {
  readonly machine: Configuration;
  /** What compiled code reads and writes besides storage; the registers are in it. */
  readonly block: ProcessorBlock;
  /** The CPU address, for STAP and SIGP. */
  readonly address: number;

  /**
   * Whether interruptions are taken through the prefix area, or `run` reports them to the host: program and
   * supervisor-call interruptions, or only the former.
   */
  interruptions: 'take' | 'report' | 'report-programs' = 'take';
  /** Makes the run loop check, before the next instruction, whether something else must be done first. */
  attention = false;
  /** Whether `attention` is set only because interruptions were unmasked. */
  unmasked = false;
  /** Whether the processor is in the stopped state. */
  stopped = false;
  /** Whether a stop is pending: the processor stops when it has taken all enabled interruptions. */
  stopping = false;
  /**
   * Units of work this processor has done: instructions completed, and interruptions taken. Limits are counted in
   * them and the clock advances by them, so that a program that only takes interruptions reaches its limit, too.
   */
  executed = 0;
  /** Value of `executed` when an instruction last completed by leaving the rest to the host: an interception. */
  interceptedAt = 0;
  /** Clock comparator, in TOD units. */
  clockComparator = 0n;
  /** Epoch difference: what this processor adds to the machine's TOD clock. */
  epoch = 0n;
  /** The program parameter, which LPP loads for the CPU-measurement facilities. */
  programParameter = 0n;
  /** Pending external interruptions, oldest first. */
  readonly pending: ExternalPending[] = [];
  /** Whether a restart interruption is pending. */
  restartPending = false;

  /** Whether the pending restart came to a stopped processor, which takes it before all other interruptions. */
  protected restartFirst = false;
  /** Whether an EXECUTE executes its target. */
  protected executingTarget = false;
  /** The supervisor call that `run` is to report, or null. */
  protected reported: Interruption | null = null;
  /** The interception that ended an instruction, if `unwindKind` is INTERCEPT. */
  protected readonly intercepted: Intercepted = { ipa: 0, ipb: 0, operation: false, executeLength: 0 };
  /** TOD value of the machine's clock at which the CPU timer reads zero. */
  protected timerZero = 0n;
  /** Value of `executed` when the clock was last advanced. */
  protected clocked = 0;
  /** Whether the pending stop stores the status. */
  #storeOnStop = false;

  constructor(machine: Configuration, address: number) {
    const block = machine.storage.processorBlock(address);
    super(machine.storage, accessFacilities(machine.facilities), block);
    this.block = block;
    this.machine = machine;
    this.address = address;
  }

  /** Whether the instruction under way is the target of an EXECUTE. */
  get executing(): boolean {
    return this.executingTarget;
  }

  /** EXECUTE: executes the instruction at the effective address, the low byte of `modifier` ORed into its second byte. */
  abstract executeTarget(modifier: number): void;

  /** SUPERVISOR CALL: takes or reports the interruption of the SVC under way. */
  abstract supervisorCall(code: number): void;

  /**
   * Makes a PSW current, given in four words. An invalid PSW is a specification exception before its first instruction.
   * Chapter 6, "Early Exception Recognition".
   * @param length the instruction length that the exception stores: 0 for a whole PSW loaded by an instruction or an
   *   interruption, else the length of the instruction, which changes only the system mask
   */
  abstract enterPsw(hi: number, lo: number, iaHi: number, iaLo: number, length?: number): void;

  /** Resets the state of execution: a caller that loads a whole new processor state calls this. */
  abstract clearExecution(): void;

  /** Resets the processor. The table `RESETS` lists what each reset clears. The processor is not stopped afterwards. */
  reset(kind: CpuReset = 'clear'): void {
    eachCleared(kind, (part) => this.#clear(part));
    this.stopped = false;
    this.attention = true;
    this.clearExecution();
  }

  #clear(part: ResetPart): void {
    switch (part) {
      case 'local-interruptions':
        this.pending.length = 0;
        this.restartPending = false;
        this.stopping = false;
        break;
      case 'tlb':
        this.tlb.purgeAll();
        this.guestTlb.purgeAll();
        break;
      case 'psw':
        this.loadPsw(0, 0, 0, 0);
        break;
      case 'prefix':
        this.prefix = 0;
        break;
      case 'cpu-timer':
        this.setTimer(0n);
        break;
      case 'clock-comparator':
        this.clockComparator = 0n;
        break;
      case 'tod-programmable':
        this.todProgrammable = 0;
        break;
      case 'control-registers':
        for (let n = 0; n < 16; n++) this.cr[n] = initialControl(n);
        break;
      case 'fpc':
        this.fpc = 0;
        break;
      case 'breaking-event-address':
        this.breakingHi = 0;
        this.breakingLo = 1;
        break;
      case 'program-parameter':
        this.programParameter = 0n;
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

  /** The TOD clock of the machine, with the work that this processor has done since it advanced the clock. */
  get machineTod(): bigint {
    return this.machine.clock.after(this.executed - this.clocked);
  }

  /** The TOD clock as this processor reads it, in TOD units (2^-12 microseconds), 64 bits. */
  get tod(): bigint {
    return BigInt.asUintN(64, this.machineTod + this.epoch);
  }

  /** The CPU timer: a signed count of TOD units that runs down. */
  get timer(): bigint {
    return BigInt.asIntN(64, this.timerZero - this.machineTod);
  }

  /** Sets the CPU timer. */
  setTimer(value: bigint): void {
    this.timerZero = BigInt.asIntN(64, value) + this.machineTod;
    this.attention = true;
  }

  /** Sets the clock comparator. */
  setClockComparator(value: bigint): void {
    this.clockComparator = BigInt.asUintN(64, value);
    this.attention = true;
  }

  /** Loads control register `n`. */
  setControl(n: number, value: bigint): void {
    this.cr[n] = value;
    this.window.end();
    this.attention = true;
  }

  /** Sets the address-space control of the PSW, see `SPACE`. The run loop then executes instructions as the mode demands. */
  setSpace(space: number): void {
    this.space = space;
    this.window.end();
    this.attention = true;
  }

  /** Sets the PSW key, 0 to 15. The run loop then makes sure that instructions may still be fetched. */
  setKey(key: number): void {
    this.key = key;
    this.window.end();
    this.attention = true;
  }

  /**
   * Makes a system mask current that differs only in the masks for I/O and external interruptions. A kernel does this often: nothing
   * but pending interruptions is to be checked then, and nothing at all if they are masked.
   */
  setInterruptionMasks(mask: number): void {
    const unmasks = (mask & ~this.systemMask) !== 0;
    this.systemMask = mask;
    if (!unmasks || this.attention) return;
    this.attention = true;
    this.unmasked = true;
  }

  /** Loads the prefix register and purges the translations that depend on it. */
  setPrefix(prefix: number): void {
    this.prefix = prefix & 0x7fff_e000;
    this.purgeOwn();
  }

  /** PURGE TLB: purges this processor's translations of the running program. */
  purgeOwn(): void {
    (this.sie === null ? this.tlb : this.guestTlb).purgeAll();
  }

  /** Makes an external interruption pending. A second of the same code and CPU address is merged into it. */
  signal(code: number, parameter: number, cpuAddress = 0): void {
    const known = this.pending.findIndex((p) => p.code === code && p.cpuAddress === cpuAddress);
    const merged = known < 0 ? parameter : parameter | (this.pending[known] as ExternalPending).parameter;
    if (known >= 0) this.pending.splice(known, 1);
    this.pending.push({ code, parameter: merged >>> 0, cpuAddress });
    this.attention = true;
  }

  /** Stops the processor before the next instruction. */
  stop(): void {
    this.stopped = true;
    this.attention = true;
  }

  /** Makes a stop pending. @param store whether the processor stores its status when it stops */
  requestStop(store: boolean): void {
    this.stopping = true;
    this.#storeOnStop = store;
    this.attention = true;
  }

  /** Leaves the stopped state. */
  start(): void {
    this.stopped = false;
    this.attention = true;
  }

  /** Makes a restart interruption pending, and leaves the stopped state. */
  restart(): void {
    // A second restart does not change the place of the first, which is still pending.
    this.restartFirst = this.stopped || (this.restartPending && this.restartFirst);
    this.restartPending = true;
    this.start();
  }

  /** Store status: into the 512 bytes at an absolute address, which the storage must have. */
  storeStatus(address: number): void {
    storeStatus(this, (offset, bytes) => this.storage.write(address + offset, bytes));
  }

  /** The store-status operation: at absolute 0x1200, and the architectural mode at absolute 163. */
  storeStatusAssigned(): void {
    this.storage.bytes[ASSIGNED_MODE] = 1;
    this.storeStatus(ASSIGNED_STATUS);
  }

  /** Performs the pending stop. Preconditions: no enabled interruption is pending. */
  protected performStop(): void {
    this.stopping = false;
    this.stopped = true;
    if (this.#storeOnStop) this.storeStatusAssigned();
  }

  /** Ends the guest's instruction with an interception. The PSW designates the next instruction. */
  intercept(w: number, x: number, operation = false): never {
    this.unwindKind = UNWIND.INTERCEPT;
    const { intercepted } = this;
    intercepted.operation = operation;
    intercepted.executeLength = this.executingTarget ? this.length : 0;
    intercepted.ipa = w >>> 16;
    // For an instruction of 4 bytes, `x` holds the halfword that follows it.
    intercepted.ipb = (((w & 0xffff) << 16) | (w >= 0xc000_0000 ? x : 0)) >>> 0;
    throw this.unwind;
  }
}
