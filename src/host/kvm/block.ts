/**
 * The state description of a virtual CPU, as the host reads and writes it.
 */

import {
  type AssignedStorage,
  LOWCORE,
  SIE,
  STATE_DESCRIPTION_SIZE,
  type Storage,
  storeExternal,
  storeProgram,
} from '../../machine/index.ts';
import { demandBigint, demandDoubleword, demandInteger } from '../arguments.ts';
import type { Life } from '../life.ts';
import type { VirtualMachine } from './vm.ts';

/**
 * A view of the 512 bytes in absolute storage. Fields are byte offsets, see `SIE`. All of it throws LinuxError EBADF
 * when the virtual CPU was destroyed, EINVAL for a field or a value that cannot be, and EBUSY for a store while a listener is called.
 */
export class StateBlock {
  /** Absolute address. */
  readonly origin: number;
  readonly #storage: Storage;
  readonly #life: Life;

  /** @param life that of the virtual CPU, which has the storage */
  constructor(storage: Storage, origin: number, life: Life) {
    this.#storage = storage;
    this.origin = origin;
    this.#life = life;
  }

  /** The guest's PSW, bits 0 to 63. */
  get pswMask(): bigint {
    return this.get64(SIE.PSW);
  }

  set pswMask(value: bigint) {
    this.set64(SIE.PSW, value);
  }

  /** The guest's instruction address. */
  get pswAddress(): bigint {
    return this.get64(SIE.PSW + 8);
  }

  set pswAddress(value: bigint) {
    demandBigint('address', value);
    this.set64(SIE.PSW + 8, BigInt.asUintN(64, value));
  }

  /** The guest's condition code. */
  set conditionCode(cc: number) {
    demandInteger('condition code', cc, 0, 3);
    this.pswMask = (this.pswMask & ~(3n << 44n)) | (BigInt(cc) << 44n);
  }

  /** The guest's prefix: absolute address of its prefix area, a multiple of 8 KiB. */
  get prefix(): number {
    return this.get32(SIE.PREFIX) & 0x7fff_e000;
  }

  set prefix(value: number) {
    demandInteger('prefix', value, 0, 0xffff_ffff);
    this.set32(SIE.PREFIX, value & 0x7fff_e000);
  }

  /** Moves the instruction address by a signed number of bytes. */
  advance(bytes: number): void {
    demandInteger('bytes', bytes, -6, 6);
    const mask = this.pswMask;
    const limit = mask & (1n << 32n) ? 64 : mask & (1n << 31n) ? 31 : 24;
    this.pswAddress = BigInt.asUintN(limit, this.pswAddress + BigInt(bytes));
  }

  get32(field: number): number {
    return this.#storage.get32(this.#at(field, 4));
  }

  set32(field: number, value: number): void {
    this.#life.demandQuiet();
    demandInteger('value', value, -0x8000_0000, 0xffff_ffff);
    this.#storage.set32(this.#at(field, 4), value);
  }

  get8(field: number): number {
    return this.#storage.get8(this.#at(field, 1));
  }

  get16(field: number): number {
    return this.#storage.get16(this.#at(field, 2));
  }

  set16(field: number, value: number): void {
    this.#life.demandQuiet();
    demandInteger('value', value, -0x8000, 0xffff);
    this.#storage.set16(this.#at(field, 2), value);
  }

  get64(field: number): bigint {
    return this.#storage.get64(this.#at(field, 8));
  }

  set64(field: number, value: bigint): void {
    this.#life.demandQuiet();
    demandDoubleword('value', value);
    this.#storage.set64(this.#at(field, 8), value);
  }

  /** The absolute address of a field of so many bytes. */
  #at(field: number, bytes: number): number {
    this.#life.demand();
    demandInteger('field', field, 0, STATE_DESCRIPTION_SIZE - bytes);
    return this.origin + field;
  }
}

/**
 * The prefix area of a guest, where the host puts what it injects.
 * All of it throws GuestMemoryFault when the prefix area is not backed, having changed nothing of the PSW.
 */
export class PrefixArea {
  readonly #vm: VirtualMachine;
  readonly #block: StateBlock;
  readonly #id: number;
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

  /** @param id the virtual CPU's address, for events */
  constructor(vm: VirtualMachine, block: StateBlock, id: number) {
    this.#vm = vm;
    this.#id = id;
    this.#block = block;
  }

  /** Injects a program interruption. @param length of the instruction: 2, 4, 6, or 0 */
  program(code: number, length: number, teid = 0n): void {
    storeProgram(this.#fields, {
      ...{ code, length, teid },
      dataExceptionCode: this.#block.get32(SIE.DATA_EXCEPTION_CODE),
      ...{ operandAccess: 0, monitorClass: 0, monitorCode: 0n },
      breakingEventAddress: this.#block.get64(SIE.BREAKING_EVENT_ADDRESS),
    });
    this.#swap('program', code, LOWCORE.PROGRAM_OLD_PSW, LOWCORE.PROGRAM_NEW_PSW);
  }

  /** Injects an external interruption: its CPU address (0 for none) and, for a service signal, its parameter. */
  external(code: number, cpuAddress: number, parameter: number): void {
    storeExternal(this.#fields, code, cpuAddress, parameter);
    this.#swap('external', code, LOWCORE.EXTERNAL_OLD_PSW, LOWCORE.EXTERNAL_NEW_PSW);
  }

  /** Injects a restart interruption. */
  restart(): void {
    this.#swap('restart', 0, LOWCORE.RESTART_OLD_PSW, LOWCORE.RESTART_NEW_PSW);
  }

  #swap(kind: 'program' | 'external' | 'restart', code: number, oldPsw: number, newPsw: number): void {
    const fresh = this.#vm.readGuest(BigInt(this.#block.prefix + newPsw), 16);
    const old = new Uint8Array(16);
    const view = new DataView(old.buffer);
    view.setBigUint64(0, this.#block.pswMask);
    view.setBigUint64(8, this.#block.pswAddress);
    this.#store(oldPsw, old);
    this.#vm.mm.kernel.trace.listener?.({
      type: 'interruption',
      cpu: this.#id,
      guest: true,
      class: kind,
      code,
      address: this.#block.pswAddress,
    });
    const { buffer, byteOffset } = fresh;
    const next = new DataView(buffer, byteOffset);
    this.#block.pswMask = next.getBigUint64(0);
    this.#block.pswAddress = next.getBigUint64(8);
  }

  #store(at: number, bytes: Uint8Array): void {
    this.#vm.writeGuest(BigInt(this.#block.prefix + at), bytes);
  }
}
