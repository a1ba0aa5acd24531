/** The prefix area of a guest: where the host injects interruptions. */

import {
  type AssignedStorage,
  type EventIndication,
  INTERCEPTION_STATUS,
  LOWCORE,
  NO_EVENTS,
  PGM,
  SIE,
  type StateDescription,
  storeExternal,
  storeProgram,
} from '../../machine/index.ts';
import type { InterruptionEvent, Trace } from '../../trace/index.ts';
import { type GuestMemory, GuestMemoryFault } from './guest-memory.ts';
import type { MachineCheck } from './interrupt-requests.ts';
import { type IoInterruption, ioCode } from './io-interrupts.ts';
import type { ProgramInterrupt } from './program-interrupt.ts';

const PSW_SIZE = 16;
/** The external-interruption code of the host's services (EXT_IRQ_CP_SERVICE). */
const HOST_SERVICE = 0x2603;
/** Bits of a machine-check-interruption code: what was stored of these registers is valid. */
const VALID_VECTORS = 1n << 38n;
const VALID_GUARDED = 1n << 27n;
/** Place of the guarded-storage registers in the extended save area. */
const GUARDED_OFFSET = 1024n;

/** Whether the fetch of the intercepted instruction is a program event that has not been indicated yet. */
export function hasFetchEvent(block: StateDescription): boolean {
  return (block.get8(SIE.INTERCEPTION_STATUS) & INTERCEPTION_STATUS.FETCH_EVENT) !== 0;
}

/** The program event of the intercepted instruction is indicated, or the instruction is executed again. */
export function forgetFetchEvent(block: StateDescription): void {
  const status = block.get8(SIE.INTERCEPTION_STATUS);
  block.set8(SIE.INTERCEPTION_STATUS, status & ~INTERCEPTION_STATUS.FETCH_EVENT);
}

/**
 * Injects interruptions into one virtual CPU: stores the identification of the interruption, and swaps the PSW.
 * All methods throw GuestMemoryFault if the prefix area is not backed. The PSW has not changed then.
 */
export class PrefixArea {
  readonly #memory: GuestMemory;
  readonly #block: StateDescription;
  readonly #trace: Trace;
  readonly #id: number;
  readonly #injected: () => void;
  /** The first page of the prefix area, field by field. */
  readonly #fields: AssignedStorage = {
    set8: (at, value) => this.#store(at, Uint8Array.of(value)),
    set16: (at, value) => this.#store(at, Uint8Array.of(value >>> 8, value)),
    set32: (at, value) => this.#store(at, Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value)),
    set64: (at, value) => {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setBigUint64(0, value);
      this.#store(at, bytes);
    },
  };

  /**
   * @param id the CPU address of the virtual CPU, for events
   * @param injected called after each injection
   */
  constructor(memory: GuestMemory, block: StateDescription, trace: Trace, id: number, injected = () => {}) {
    this.#memory = memory;
    this.#block = block;
    this.#trace = trace;
    this.#id = id;
    this.#injected = injected;
  }

  /**
   * Injects a program interruption. If the fetch of the intercepted instruction is a program event, it is indicated too.
   * @param length of the instruction: 2, 4, 6, or 0
   * @param exceptionAccess the access register of the operand, in the access-register mode; otherwise 0
   */
  program(condition: number, length: number, teid = 0n, exceptionAccess = 0): void {
    const events = this.#fetchEvent();
    const code = events.code === 0 ? condition : condition | PGM.PER;
    storeProgram(this.#fields, {
      code,
      length,
      teid,
      exceptionAccess,
      dataExceptionCode: this.#block.get32(SIE.DATA_EXCEPTION_CODE),
      operandAccess: 0,
      monitorClass: 0,
      monitorCode: 0n,
      breakingEventAddress: this.#block.get64(SIE.BREAKING_EVENT_ADDRESS),
      events,
    });
    this.#exchangePsw('program', code, LOWCORE.PROGRAM_OLD_PSW, LOWCORE.PROGRAM_NEW_PSW);
    forgetFetchEvent(this.#block);
  }

  /**
   * Injects a program interruption with all its fields. If the fetch of the intercepted instruction is a program event, and
   * the interruption indicates none, it is indicated too.
   */
  pendingProgram(program: ProgramInterrupt): void {
    const fetched = this.#fetchEvent();
    const { perCode, perAtmid, perAddress, perAccess, ...rest } = program;
    const own = { code: perCode, atmid: perAtmid, address: perAddress, access: perAccess };
    const events = program.code & PGM.PER ? own : fetched;
    const code = events.code === 0 ? program.code : program.code | PGM.PER;
    storeProgram(this.#fields, {
      ...rest,
      code,
      breakingEventAddress: this.#block.get64(SIE.BREAKING_EVENT_ADDRESS),
      events,
    });
    this.#exchangePsw('program', code, LOWCORE.PROGRAM_OLD_PSW, LOWCORE.PROGRAM_NEW_PSW);
    forgetFetchEvent(this.#block);
  }

  /** The program event of the intercepted instruction that is not indicated yet. */
  #fetchEvent(): EventIndication {
    const block = this.#block;
    if (!hasFetchEvent(block)) return NO_EVENTS;
    const [code, atmid] = [block.get8(SIE.PER_CODE), block.get8(SIE.PER_ATMID)];
    return { code, atmid, address: block.get64(SIE.PER_ADDRESS), access: null };
  }

  /**
   * Injects an external interruption.
   * @param cpuAddress of the sender; 0 if it has none
   * @param parameter of a service signal; otherwise 0
   */
  external(code: number, cpuAddress: number, parameter: number): void {
    storeExternal(this.#fields, code, cpuAddress, parameter);
    this.#exchangePsw('external', code, LOWCORE.EXTERNAL_OLD_PSW, LOWCORE.EXTERNAL_NEW_PSW);
  }

  /**
   * Injects an external interruption of the host's services: a page fault of the handshake, or virtio of the old kind.
   * @param kind what it is about, stored in place of a CPU address
   * @param parameter 32 bits, or null
   */
  serviceCall(kind: number, parameter: number | null, parameter64: bigint): void {
    storeExternal(this.#fields, HOST_SERVICE, kind, 0);
    if (parameter !== null) this.#fields.set32(LOWCORE.EXTERNAL_PARAMETER, parameter);
    this.#fields.set64(LOWCORE.EXTERNAL_PARAMETER_64, parameter64);
    this.#exchangePsw('external', HOST_SERVICE, LOWCORE.EXTERNAL_OLD_PSW, LOWCORE.EXTERNAL_NEW_PSW);
  }

  /** Injects an I/O interruption. */
  io(interruption: IoInterruption): void {
    this.#store(LOWCORE.IO_CODE, ioCode(interruption));
    this.#exchangePsw('io', interruption.subchannel, LOWCORE.IO_OLD_PSW, LOWCORE.IO_NEW_PSW);
  }

  /**
   * Injects a machine-check interruption (Linux: __write_machine_check). The registers were stored already.
   * @param guarded the guarded-storage registers: 24 bytes behind one unused doubleword
   */
  machineCheck(check: MachineCheck, guarded: Uint8Array): void {
    this.#fields.set8(LOWCORE.ARCHITECTURAL_MODE, 1);
    this.#fields.set64(LOWCORE.MACHINE_CHECK_CODE, this.#savedCode(check.mcic, guarded));
    this.#fields.set32(LOWCORE.EXTERNAL_DAMAGE_CODE, check.externalDamageCode);
    this.#fields.set64(LOWCORE.FAILING_STORAGE_ADDRESS, check.failingStorageAddress);
    this.#store(LOWCORE.FIXED_LOGOUT, check.fixedLogout);
    this.#exchangePsw('machine-check', 0, LOWCORE.MACHINE_CHECK_OLD_PSW, LOWCORE.MACHINE_CHECK_NEW_PSW);
  }

  /**
   * Stores the guarded-storage registers into the extended save area, if there is one and its length has room for them. Returns the code,
   * whose bits say whether these and the vector registers, which this machine does not have, are valid.
   */
  #savedCode(mcic: bigint, guarded: Uint8Array): bigint {
    const without = mcic & ~(VALID_VECTORS | VALID_GUARDED);
    if ((mcic & VALID_GUARDED) === 0n) return without;
    const at = BigInt(this.#block.prefix + LOWCORE.EXTENDED_SAVE_AREA);
    const { buffer, byteOffset } = this.#memory.readGuest(at, 8);
    const designation = new DataView(buffer, byteOffset).getBigUint64(0);
    const length = designation & 15n;
    const origin = designation & ~((1n << length) - 1n);
    if ((length !== 11n && length !== 12n) || origin === 0n) return without;
    try {
      this.#memory.writeGuest(origin + GUARDED_OFFSET, guarded);
    } catch (error) {
      if (error instanceof GuestMemoryFault) return without;
      throw error;
    }
    return without | VALID_GUARDED;
  }

  /** Injects a restart interruption. */
  restart(): void {
    this.#exchangePsw('restart', 0, LOWCORE.RESTART_OLD_PSW, LOWCORE.RESTART_NEW_PSW);
  }

  #exchangePsw(kind: InterruptionEvent['class'], code: number, oldPsw: number, newPsw: number): void {
    const block = this.#block;
    const fresh = this.#memory.readGuest(BigInt(block.prefix + newPsw), PSW_SIZE);
    const old = new Uint8Array(PSW_SIZE);
    const view = new DataView(old.buffer);
    view.setBigUint64(0, block.pswMask);
    view.setBigUint64(8, block.pswAddress);
    this.#store(oldPsw, old);
    this.#trace.listener?.({
      type: 'interruption',
      cpu: this.#id,
      guest: true,
      class: kind,
      code,
      address: block.pswAddress,
    });
    const next = new DataView(fresh.buffer, fresh.byteOffset);
    block.pswMask = next.getBigUint64(0);
    block.pswAddress = next.getBigUint64(8);
    this.#injected();
  }

  #store(at: number, bytes: Uint8Array): void {
    this.#memory.writeGuest(BigInt(this.#block.prefix + at), bytes);
  }
}
