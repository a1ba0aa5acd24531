/**
 * Serves the end of an interpretive execution: what the host can settle, it settles; everything else is an exit to user
 * space (Linux: kvm_handle_sie_intercept, vcpu_post_run).
 */

import {
  type Cpu,
  ICPT,
  InternalError,
  PGM,
  PSW,
  programInterruptionName,
  SIE,
  type SieExit,
  VALIDITY,
} from '../../machine/index.ts';
import { hex } from '../errors.ts';
import { PAGE_BYTES } from '../units.ts';
import type { Delivery } from './delivery.ts';
import type { Exit } from './exits.ts';
import { type GuestClocks, isClock } from './guest-clocks.ts';
import { GuestMemoryFault } from './guest-memory.ts';
import { handleInstruction } from './instructions.ts';
import { interceptedLength } from './operand.ts';
import type { PrefixPages } from './prefix-pages.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** Host faults that may follow one another without an instruction completing. */
const FAULTS_WITHOUT_PROGRESS = 1000;
/** In a translation-exception identification: the page, and that the access was a store. */
const TEID_PAGE = ~0xfffn;
const TEID_STORE = 0x400n;
/** An enabled PSW: one that some interruption can end the wait of. */
const PSW_ENABLED = PSW.IO | PSW.EXTERNAL | PSW.MACHINE_CHECK;

/** Serves the interceptions of one virtual CPU. */
export class Interceptions {
  /** Whether the virtual CPU returned because it waits, and its PSW was not set since. */
  halted = false;
  readonly #vcpu: GuestCpu;
  readonly #clocks: GuestClocks;
  readonly #delivery: Delivery;
  readonly #prefixPages: PrefixPages;
  /** Host faults since the last instruction completed. */
  #faults = 0;
  /** Whether the machine rejected the prefix area, and the guest has not run since. */
  #rejected = false;

  constructor(vcpu: GuestCpu, clocks: GuestClocks, delivery: Delivery, prefixPages: PrefixPages) {
    this.#vcpu = vcpu;
    this.#clocks = clocks;
    this.#delivery = delivery;
    this.#prefixPages = prefixPages;
  }

  /** A new run begins. */
  begin(): void {
    this.halted = false;
    this.#faults = 0;
    this.#rejected = false;
  }

  /**
   * Serves how an interpretive execution ended. Returns an exit, or null if the guest can go on.
   * @param progressed whether the guest completed an instruction
   * @throws GuestMemoryFault; LinuxError ENOMEM
   */
  serve(cpu: Cpu, ended: SieExit, progressed: boolean): Exit | null {
    if (progressed) this.#faults = 0;
    if (ended.kind !== 'interception' || ended.code !== ICPT.VALIDITY) this.#rejected = false;
    switch (ended.kind) {
      case 'limit':
        return null;
      case 'host-exception':
        return this.#hostException(ended.code, ended.teid, ended.length);
      default:
        return this.#interception(cpu, ended.code);
    }
  }

  /** Whether the PSW is enabled for any interruption that could end a wait. */
  get waitEnabled(): boolean {
    return (this.#vcpu.block.pswMask & PSW_ENABLED) !== 0n;
  }

  /** The TOD value of the machine at which a clock interruption ends the wait, or null if none will. */
  get wakesAt(): bigint | null {
    const { block } = this.#vcpu;
    return block.pswMask & PSW.EXTERNAL ? this.#clocks.nextDue(block.subclassMasks) : null;
  }

  /** A host translation failed under the guest: the fault is served, or the guest gets an addressing exception. */
  #hostException(code: number, teid: bigint, length: number): Exit | null {
    const { vm } = this.#vcpu;
    const address = teid & TEID_PAGE;
    const write = (teid & TEID_STORE) !== 0n;
    const again = ++this.#faults > FAULTS_WITHOUT_PROGRESS;
    try {
      vm.faultIn(address, write);
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      if (vm.slots.at(address)) return memoryFault(address, write);
      return again ? this.#programLoop() : this.#addressing(length);
    }
    if (!again) return null;
    throw new InternalError(`guest ${hex(address)} faults again and again: ${programInterruptionName(code)}`);
  }

  /** Outside the guest's storage: an addressing exception, which suppresses, so the PSW moves behind the instruction. */
  #addressing(length: number): null {
    this.#vcpu.block.advance(length);
    this.#vcpu.prefixArea.program(PGM.ADDRESSING, length);
    return null;
  }

  /** The guest's handler of addressing exceptions is itself outside its storage. */
  #programLoop(): Exit {
    this.#vcpu.block.set16(SIE.PROGRAM_CODE, PGM.ADDRESSING);
    return this.#userSpace(ICPT.PROGRAM);
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

  #instruction(cpu: Cpu): Exit | null {
    const vcpu = this.#vcpu;
    vcpu.saveRegisters(cpu);
    const handled = restoringPswOnFault(vcpu, () => handleInstruction(vcpu, cpu));
    vcpu.loadRegisters(cpu);
    switch (handled.kind) {
      case 'done':
        return null;
      case 'exit':
        return handled.exit;
      case 'user-space':
        return this.#userSpace(ICPT.INSTRUCTION);
    }
  }

  /**
   * The machine leaves an external interruption to the host. A clock's stays due until the clock is set anew, so with a
   * new PSW that is enabled for it the guest would take it for ever: user space ends that (Linux: -EOPNOTSUPP).
   */
  #externalInterruption(cpu: Cpu): Exit | null {
    const code = this.#vcpu.block.get16(SIE.EXTERNAL_CODE);
    if (!isClock(code) || this.#delivery.externalNewPswEnabled()) {
      return this.#userSpace(ICPT.EXTERNAL_INTERRUPTION);
    }
    this.#delivery.deliverExternal(cpu, code);
    return null;
  }

  /** A wait. If an interruption can be delivered, the guest continues; if nothing can ever end the wait, user space decides. */
  #wait(): Exit | null {
    if (this.#delivery.interruptible) return null;
    this.halted = true;
    if (!this.waitEnabled) return this.#userSpace(ICPT.WAIT);
    this.#clocks.beginWait();
    return { reason: 'KVM_EXIT_HLT', until: this.wakesAt };
  }

  /**
   * The machine rejected the state description. If it rejected a prefix area that the host had prepared, an invalidation
   * may have gone unreported, so the area is prepared once more. A second rejection, or any other reason, is a real error.
   */
  #validity(): Exit | null {
    const reason = this.#vcpu.block.get32(SIE.IPB) >>> 16;
    if (reason !== VALIDITY.PREFIX || this.#rejected) {
      return { reason: 'KVM_EXIT_FAIL_ENTRY', hardwareEntryFailureReason: reason };
    }
    this.#rejected = true;
    this.#prefixPages.forget();
    return null;
  }

  #userSpace(icptcode: number): Exit {
    const { block } = this.#vcpu;
    const ipa = block.get16(SIE.IPA);
    const ipb = block.get32(SIE.IPB);
    return { reason: 'KVM_EXIT_S390_SIEIC', icptcode, ipa, ipb };
  }
}

/** The exit for guest memory that a slot has and the process has not, or not for this access. */
export function memoryFault(address: bigint, write: boolean): Exit {
  return { reason: 'KVM_EXIT_MEMORY_FAULT', gpa: address & TEID_PAGE, size: PAGE_BYTES, write };
}

/**
 * Executes an intercepted instruction. If `execute` throws, because guest memory that it needs is not backed, the PSW is
 * set back to the instruction, so that it is executed again, and the error is thrown on.
 */
export function restoringPswOnFault<T>({ block }: GuestCpu, execute: () => T): T {
  const behind = block.pswAddress;
  try {
    return execute();
  } catch (error) {
    block.pswAddress = behind;
    block.advance(-interceptedLength(block));
    throw error;
  }
}
