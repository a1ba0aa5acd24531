/** The registers of a thread while the kernel has it: Linux's pt_regs, and its access and floating-point registers. */

import { type Cpu, PSW } from '../../../machine/index.ts';

const HALF = 0x1_0000_0000;
/** The PSW that programs run with: DAT, interruptions enabled, problem state, 64-bit addressing. */
const USER_MASK = PSW.DAT | PSW.IO | PSW.EXTERNAL | PSW.MACHINE_CHECK | PSW.PROBLEM | PSW.ADDRESSING_64;

/** Registers of one thread. */
export class Registers {
  /** Halves of the general registers, as `CpuState.gr32` has them: the low half of register r at 2r. */
  readonly gr = new Uint32Array(32);
  readonly ar = new Uint32Array(16);
  readonly fr = new BigUint64Array(16);
  fpc = 0;
  /** The PSW in four words. */
  maskHi = Number(USER_MASK >> 32n);
  maskLo = Number(USER_MASK & 0xffff_ffffn);
  addressHi = 0;
  addressLo = 0;

  /** Copies the registers of a processor. */
  save(cpu: Cpu): void {
    this.gr.set(cpu.gr32);
    this.ar.set(cpu.ar);
    this.fr.set(cpu.fr);
    this.fpc = cpu.fpc;
    this.maskHi = cpu.pswHi;
    this.maskLo = cpu.pswLo;
    this.addressHi = cpu.iaHi;
    this.addressLo = cpu.iaLo;
  }

  /** Copies them to a processor. */
  load(cpu: Cpu): void {
    cpu.gr32.set(this.gr);
    cpu.ar.set(this.ar);
    cpu.fr.set(this.fr);
    cpu.fpc = this.fpc;
    const { maskHi, maskLo } = this;
    // In the other addressing modes a longer address would make the PSW invalid.
    if ((maskHi & 1) !== 0) cpu.loadPsw(maskHi, maskLo, this.addressHi, this.addressLo);
    else cpu.loadPsw(maskHi, maskLo, 0, this.addressLo & (maskLo === 0 ? 0x00ff_ffff : 0x7fff_ffff));
  }

  /** Copies those of another thread, as fork does. */
  copy(other: Registers): void {
    this.gr.set(other.gr);
    this.ar.set(other.ar);
    this.fr.set(other.fr);
    this.fpc = other.fpc;
    this.maskHi = other.maskHi;
    this.maskLo = other.maskLo;
    this.addressHi = other.addressHi;
    this.addressLo = other.addressLo;
  }

  /** Sets all to what a new program gets. */
  clear(): void {
    this.gr.fill(0);
    this.ar.fill(0);
    this.fr.fill(0n);
    this.fpc = 0;
    this.resetMode();
  }

  /** Sets the PSW mask to that of programs. */
  resetMode(): void {
    this.maskHi = Number(USER_MASK >> 32n);
    this.maskLo = Number(USER_MASK & 0xffff_ffffn);
  }

  /** Returns a general register as a number without a sign. Beyond 2^53 it is not exact. */
  unsigned(r: number): number {
    return this.gr[r * 2 + 1]! * HALF + this.gr[r * 2]!;
  }

  /** Returns a general register as a number with a sign. Beyond 2^53 it is not exact. */
  signed(r: number): number {
    return (this.gr[r * 2 + 1]! | 0) * HALF + this.gr[r * 2]!;
  }

  /** Sets a general register. @param value an integer, signed or not */
  set(r: number, value: number): void {
    this.gr[r * 2] = value >>> 0;
    this.gr[r * 2 + 1] = Math.floor(value / HALF) >>> 0;
  }

  /** Returns a general register, 64 bits. */
  big(r: number): bigint {
    return (BigInt(this.gr[r * 2 + 1]!) << 32n) | BigInt(this.gr[r * 2]!);
  }

  setBig(r: number, value: bigint): void {
    this.gr[r * 2] = Number(value & 0xffff_ffffn);
    this.gr[r * 2 + 1] = Number((value >> 32n) & 0xffff_ffffn);
  }

  /** The instruction address. Beyond 2^53 it is not exact. */
  get address(): number {
    return this.addressHi * HALF + this.addressLo;
  }

  set address(value: number) {
    this.addressHi = Math.floor(value / HALF) >>> 0;
    this.addressLo = value >>> 0;
  }

  get mask(): bigint {
    return (BigInt(this.maskHi) << 32n) | BigInt(this.maskLo);
  }
}
