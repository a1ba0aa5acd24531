/**
 * The page that a virtual CPU shares with its process: struct kvm_run. General, access and floating-point registers are kept there while the
 * guest does not run, as Linux keeps them: what the process stores there counts, whether it says so in kvm_dirty_regs or not.
 */

import { FRAME_SIZE } from '../../../machine/index.ts';
import type { Kernel } from '../../kernel.ts';
import type { Vcpu } from '../../kvm/index.ts';
import { PFAULT_TOKEN_INVALID, SYNC } from './abi.ts';

const REGISTERS = 16;

/** Access to the page. Offsets are those of `RUN` and `SYNC`. */
export class RunPage {
  readonly #kernel: Kernel;
  readonly #view: DataView;
  /** Absolute address. */
  readonly #origin: number;

  constructor(kernel: Kernel, origin: number) {
    this.#kernel = kernel;
    this.#origin = origin;
    this.#view = new DataView(
      kernel.storage.bytes.buffer,
      kernel.storage.bytes.byteOffset + origin,
      FRAME_SIZE,
    );
  }

  get8(at: number): number {
    return this.#view.getUint8(at);
  }

  get32(at: number): number {
    return this.#view.getUint32(at);
  }

  get64(at: number): bigint {
    return this.#view.getBigUint64(at);
  }

  set8(at: number, value: number): void {
    this.#storing(at, 1);
    this.#view.setUint8(at, value);
  }

  set16(at: number, value: number): void {
    this.#storing(at, 2);
    this.#view.setUint16(at, value);
  }

  set32(at: number, value: number): void {
    this.#storing(at, 4);
    this.#view.setUint32(at, value);
  }

  set64(at: number, value: bigint): void {
    this.#storing(at, 8);
    this.#view.setBigUint64(at, value);
  }

  /** Returns a copy of bytes. */
  read(at: number, length: number): Uint8Array {
    return this.#kernel.storage.bytes.slice(this.#origin + at, this.#origin + at + length);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#storing(at, bytes.length);
    this.#kernel.storage.bytes.set(bytes, this.#origin + at);
  }

  clear(at: number, length: number): void {
    this.#storing(at, length);
    this.#kernel.storage.bytes.fill(0, this.#origin + at, this.#origin + at + length);
  }

  /** The process may have code there. */
  #storing(at: number, length: number): void {
    this.#kernel.storing(this.#origin / FRAME_SIZE, at, at + length - 1);
  }

  /** Copies the registers that are kept in the page to the virtual CPU. */
  loadRegisters(vcpu: Vcpu): void {
    for (let n = 0; n < REGISTERS; n++) {
      vcpu.gr[n] = this.get64(SYNC.GPRS + n * 8);
      vcpu.fr[n] = this.get64(SYNC.FPRS + n * 8);
      vcpu.ar[n] = this.get32(SYNC.ACRS + n * 4);
    }
    vcpu.fpc = this.get32(SYNC.FPC);
    for (let n = 0; n < 3; n++) vcpu.guarded[n] = this.get64(SYNC.GSCB + 8 + n * 8);
  }

  /** Copies them from the virtual CPU. */
  storeRegisters(vcpu: Vcpu): void {
    for (let n = 0; n < REGISTERS; n++) {
      this.set64(SYNC.GPRS + n * 8, vcpu.gr[n]!);
      this.set64(SYNC.FPRS + n * 8, vcpu.fr[n]!);
      this.set32(SYNC.ACRS + n * 4, vcpu.ar[n]!);
    }
    this.set32(SYNC.FPC, vcpu.fpc);
    for (let n = 0; n < 3; n++) this.set64(SYNC.GSCB + 8 + n * 8, vcpu.guarded[n]!);
  }
}

/** Returns the token of a guest's handshake for page faults as user space sees it. */
export function tokenOf({ pageFaultToken }: Vcpu): bigint {
  return pageFaultToken ?? PFAULT_TOKEN_INVALID;
}

/** Sets the token. */
export function setToken(vcpu: Vcpu, token: bigint): void {
  vcpu.pageFaultToken = token === PFAULT_TOKEN_INVALID ? null : token;
}
