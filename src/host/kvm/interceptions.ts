/**
 * Handles the end of an interpretive execution: the host handles all it can, and everything else is an exit to user space
 * (Linux: kvm_handle_sie_intercept, vcpu_post_run).
 */

import {
  type Cpu,
  ICPT,
  InternalError,
  isValidPsw,
  LOWCORE,
  PGM,
  PSW,
  programInterruptionName,
  SIE,
  type SieExit,
  type StateDescription,
  TEID_PAGE,
  TEID_STORE,
  VALIDITY,
} from '../../machine/index.ts';
import { hex } from '../errors.ts';
import { PAGE_BYTES } from '../units.ts';
import type { Delivery } from './delivery.ts';
import { ESSA, extractAndSetAttributes } from './essa.ts';
import type { Exit } from './exits.ts';
import { type GuestClocks, isClock } from './guest-clocks.ts';
import { GuestMemoryFault } from './guest-memory.ts';
import { inject } from './inject.ts';
import { interceptedLength } from './instruction-length.ts';
import { handleInstruction } from './instructions.ts';
import { forgetFetchEvent } from './prefix-area.ts';
import type { PrefixPages } from './prefix-pages.ts';
import { completeProgram, type ProgramRequest } from './program-interrupt.ts';
import type { VcpuStatistic } from './statistics.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** The length of the longest instruction, in bytes. */
const LONGEST = 6n;
/** The bits of a PSW that select the space of instructions: DAT, and the address-space control. */
const SPACE_BITS = PSW.DAT | (3n << 46n);
/** The number of host faults in a row, no instruction completing between, that is still progress. */
const FAULTS_WITHOUT_PROGRESS = 1000;
/** The PSW bits that let an interruption end a wait. */
const PSW_ENABLED = PSW.IO | PSW.EXTERNAL | PSW.MACHINE_CHECK;

/** What counts an interception, by its code. */
const EXIT_COUNTS: ReadonlyMap<number, VcpuStatistic> = new Map<number, VcpuStatistic>([
  [ICPT.INSTRUCTION, 'exit_instruction'],
  [ICPT.PROGRAM, 'exit_program_interruption'],
  [ICPT.EXTERNAL_REQUEST, 'exit_external_request'],
  [ICPT.EXTERNAL_INTERRUPTION, 'exit_external_interrupt'],
  [ICPT.IO_REQUEST, 'exit_io_request'],
  [ICPT.WAIT, 'exit_wait_state'],
  [ICPT.VALIDITY, 'exit_validity'],
  [ICPT.STOP_REQUEST, 'exit_stop_request'],
  [ICPT.OPERATION, 'exit_operation_exception'],
]);

/** Handles the interceptions of one virtual CPU. */
export class Interceptions {
  /** Whether the virtual CPU returned because of a wait, and its PSW was not set since. */
  halted = false;
  readonly #vcpu: GuestCpu;
  readonly #clocks: GuestClocks;
  readonly #delivery: Delivery;
  readonly #prefixPages: PrefixPages;
  /** How often the host has handled an exit from interpretive execution. */
  exits = 0;
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
   * Handles the end of an interpretive execution. Returns the exit, or 'resume' if the guest continues.
   * @param progressed whether the guest completed an instruction
   * @throws GuestMemoryFault; LinuxError ENOMEM
   */
  handle(cpu: Cpu, ended: SieExit, progressed: boolean): Exit | 'resume' {
    if (progressed) this.#faults = 0;
    if (ended.kind !== 'limit') this.exits++;
    if (ended.kind !== 'interception' || ended.code !== ICPT.VALIDITY) this.#rejected = false;
    const { debug } = this.#vcpu;
    const fetched = isInstruction(ended) ? debug.takeFetchEvent(cpu) : null;
    const outcome = this.#handle(cpu, ended);
    if (fetched !== null) debug.instructionEnded(fetched);
    return outcome;
  }

  #handle(cpu: Cpu, ended: SieExit): Exit | 'resume' {
    switch (ended.kind) {
      case 'limit':
        return 'resume';
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

  /** Handles a failed host translation of a guest access: handles the fault, or injects an addressing exception. */
  #hostException(code: number, teid: bigint, length: number): Exit | 'resume' {
    const { vm } = this.#vcpu;
    const address = teid & TEID_PAGE;
    const write = (teid & TEID_STORE) !== 0n;
    this.#vcpu.counts.exit_null++;
    this.#faults++;
    const stuck = this.#faults > FAULTS_WITHOUT_PROGRESS;
    try {
      vm.faultIn(address, write);
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      if (vm.userControlled) return unmapped(address);
      if (vm.slots.at(address)) return memoryFault(address, write);
      return stuck ? this.#programLoop() : this.#addressing(length);
    }
    if (!stuck) return 'resume';
    throw new InternalError(`guest ${hex(address)} faults again and again: ${programInterruptionName(code)}`);
  }

  /**
   * Injects the addressing exception of an access outside the guest's storage. It suppresses: the PSW designates the next
   * instruction.
   */
  #addressing(length: number): 'resume' {
    this.#vcpu.block.advance(length);
    this.#vcpu.prefixArea.program(PGM.ADDRESSING, length);
    return 'resume';
  }

  /** Returns the exit for a guest whose handler of addressing exceptions is itself outside its storage. */
  #programLoop(): Exit {
    this.#vcpu.block.set16(SIE.PROGRAM_CODE, PGM.ADDRESSING);
    return this.#userSpace(ICPT.PROGRAM);
  }

  #interception(cpu: Cpu, code: number): Exit | 'resume' {
    const count = EXIT_COUNTS.get(code);
    if (count !== undefined) this.#vcpu.counts[count]++;
    if (this.#vcpu.vm.userControlled) return this.#userSpace(code);
    switch (code) {
      case ICPT.INSTRUCTION:
        return this.#instruction(cpu);
      case ICPT.OPERATION:
        return this.#operation(cpu);
      case ICPT.PROGRAM:
        return this.#program(cpu);
      case ICPT.WAIT:
        return this.#wait();
      case ICPT.EXTERNAL_REQUEST:
      case ICPT.IO_REQUEST:
        return 'resume';
      case ICPT.EXTERNAL_INTERRUPTION:
        return this.#externalInterruption(cpu);
      case ICPT.VALIDITY:
        return this.#validity();
      default:
        return this.#userSpace(code);
    }
  }

  #instruction(cpu: Cpu): Exit | 'resume' {
    const vcpu = this.#vcpu;
    vcpu.saveRegisters(cpu);
    const handled = restoringPswOnFault(vcpu, () => handleInstruction(vcpu, cpu));
    vcpu.loadRegisters(cpu);
    switch (handled.kind) {
      case 'done':
        return 'resume';
      case 'exit':
        return handled.exit;
      case 'user-space':
        return this.#userSpace(ICPT.INSTRUCTION);
    }
  }

  /**
   * Handles a program interruption that is an interception because the guest is debugged: stops it for program events of the debugger,
   * and makes what is left for the guest pending (Linux: handle_prog).
   */
  #program(cpu: Cpu): Exit | 'resume' {
    const { debug, block, local } = this.#vcpu;
    if (!debug.enabled) return this.#userSpace(ICPT.PROGRAM);
    debug.programEvents(cpu);
    const code = block.get16(SIE.PROGRAM_CODE);
    if (code === 0) return 'resume';
    if (code === PGM.SPECIFICATION && this.#isNewPswInvalid()) return this.#userSpace(ICPT.PROGRAM);
    const length = block.get16(SIE.PROGRAM_LENGTH);
    local.injectProgram(completeProgram(interceptedProgram(block), length));
    return 'resume';
  }

  /** Whether the new PSW of program interruptions is invalid: each would be followed by another one. */
  #isNewPswInvalid(): boolean {
    const { vm, block } = this.#vcpu;
    const { buffer, byteOffset } = vm.readGuest(BigInt(block.prefix + LOWCORE.PROGRAM_NEW_PSW), 16);
    const view = new DataView(buffer, byteOffset);
    const word = (n: number) => view.getUint32(n * 4);
    return !isValidPsw(word(0), word(1), word(2), word(3)) || (word(3) & 1) !== 0;
  }

  /**
   * Handles an operation exception: executes ESSA, if the guest may use it, and injects the others (Linux: handle_operexc). User space
   * gets those of a guest without ESSA, of instructions that it wants, and an exception in the handler of exceptions.
   */
  #operation(cpu: Cpu): Exit | 'resume' {
    const vcpu = this.#vcpu;
    const { cmma, userInstruction0, userOperations } = vcpu.vm;
    if (!cmma.enabled && !userInstruction0) return this.#userSpace(ICPT.OPERATION);
    const essa = cmma.enabled && vcpu.block.get16(SIE.IPA) === ESSA;
    if (userOperations && !essa) return this.#userSpace(ICPT.OPERATION);
    if (userInstruction0 && vcpu.block.get16(SIE.IPA) === 0) return this.#userSpace(ICPT.OPERATION);
    if (!essa && this.#isOperationLoop()) return this.#userSpace(ICPT.OPERATION);
    vcpu.saveRegisters(cpu);
    restoringPswOnFault(vcpu, () => (essa ? extractAndSetAttributes(vcpu) : inject(vcpu, PGM.OPERATION)));
    vcpu.loadRegisters(cpu);
    return 'resume';
  }

  /** Whether the new PSW of program interruptions designates the invalid instruction, so that the guest would take them forever. */
  #isOperationLoop(): boolean {
    const { vm, block } = this.#vcpu;
    const bytes = vm.readGuest(BigInt(block.prefix + LOWCORE.PROGRAM_NEW_PSW), 16);
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const mask = view.getBigUint64(0);
    const distance = BigInt.asUintN(64, block.pswAddress - view.getBigUint64(8));
    const stopsOrChanges = (mask & PSW.WAIT) !== 0n || (block.pswMask & PSW.PROBLEM) !== 0n;
    return distance <= LONGEST && !stopsOrChanges && ((mask ^ block.pswMask) & SPACE_BITS) === 0n;
  }

  /**
   * Delivers an external interruption that the machine leaves to the host. A clock interruption stays due until the clock
   * is set anew. If its new PSW is enabled for it, the guest would take it forever: that is an exit (Linux: -EOPNOTSUPP).
   */
  #externalInterruption(cpu: Cpu): Exit | 'resume' {
    const code = this.#vcpu.block.get16(SIE.EXTERNAL_CODE);
    if (!isClock(code) || this.#delivery.externalNewPswEnabled()) {
      return this.#userSpace(ICPT.EXTERNAL_INTERRUPTION);
    }
    this.#delivery.deliverExternal(cpu, code);
    return 'resume';
  }

  /**
   * Handles a wait. The guest continues if an interruption can be delivered. A wait that nothing can end is left to user
   * space.
   */
  #wait(): Exit | 'resume' {
    if (this.#delivery.interruptible) return 'resume';
    this.halted = true;
    if (!this.waitEnabled) return this.#userSpace(ICPT.WAIT);
    this.#clocks.beginWait();
    return { reason: 'KVM_EXIT_HLT', until: this.wakesAt };
  }

  /**
   * Handles a state description that the machine rejected. If it rejected a prefix area that the host had prepared, an
   * invalidation may have gone unreported, so the area is prepared once more. A second rejection, or any other reason, is
   * a real error.
   */
  #validity(): Exit | 'resume' {
    const reason = this.#vcpu.block.get32(SIE.IPB) >>> 16;
    if (reason !== VALIDITY.PREFIX || this.#rejected) {
      return { reason: 'KVM_EXIT_FAIL_ENTRY', hardwareEntryFailureReason: reason };
    }
    this.#rejected = true;
    this.#prefixPages.forget();
    return 'resume';
  }

  #userSpace(icptcode: number): Exit {
    const { block } = this.#vcpu;
    const ipa = block.get16(SIE.IPA);
    const ipb = block.get32(SIE.IPB);
    return { reason: 'KVM_EXIT_S390_SIEIC', icptcode, ipa, ipb };
  }
}

/** Whether interpretive execution ended with an instruction that the host executes. */
function isInstruction(ended: SieExit): boolean {
  return ended.kind === 'interception' && (ended.code === ICPT.INSTRUCTION || ended.code === ICPT.OPERATION);
}

/** Returns the program interruption that a program interception describes. The PSW is the old one already. */
function interceptedProgram(block: StateDescription): ProgramRequest {
  const code = block.get16(SIE.PROGRAM_CODE);
  const monitor = (code & ~PGM.PER) === PGM.MONITOR_EVENT;
  const identification = block.get64(SIE.TRANSLATION_EXCEPTION);
  return {
    code,
    teid: monitor ? 0n : identification,
    monitorCode: monitor ? identification : 0n,
    monitorClass: block.get16(SIE.MONITOR_CLASS),
    dataExceptionCode: block.get32(SIE.DATA_EXCEPTION_CODE),
    exceptionAccess: block.get8(SIE.EXCEPTION_ACCESS),
    operandAccess: block.get8(SIE.OPERAND_ACCESS),
    perCode: block.get8(SIE.PER_CODE),
    perAtmid: block.get8(SIE.PER_ATMID),
    perAddress: block.get64(SIE.PER_ADDRESS),
    perAccess: block.get8(SIE.PER_ACCESS),
    rewind: false,
  };
}

/** Returns the exit for an access to memory of a slot that the process has not mapped, or not for this kind of access. */
export function memoryFault(address: bigint, write: boolean): Exit {
  return { reason: 'KVM_EXIT_MEMORY_FAULT', gpa: address & TEID_PAGE, size: PAGE_BYTES, write };
}

/** Returns the exit for an access of a user-controlled guest to an address that is not mapped. */
function unmapped(address: bigint): Exit {
  return { reason: 'KVM_EXIT_S390_UCONTROL', transExcCode: address, pgmCode: PGM.SEGMENT_TRANSLATION };
}

/**
 * Executes an intercepted instruction. If `execute` throws, because guest memory that it needs is not backed, sets the PSW
 * back to the instruction, so that it is executed again, and rethrows the error.
 */
export function restoringPswOnFault<T>({ block }: GuestCpu, execute: () => T): T {
  const behind = block.pswAddress;
  try {
    return execute();
  } catch (error) {
    block.pswAddress = behind;
    block.advance(-interceptedLength(block));
    forgetFetchEvent(block);
    throw error;
  }
}
