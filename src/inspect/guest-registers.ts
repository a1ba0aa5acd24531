/** The registers of a guest, wherever they are at the moment. */

import type { Host, Vcpu } from '../host/index.ts';
import { type Cpu, SIE } from '../machine/index.ts';

/**
 * Reads the registers of a virtual CPU. They are in the processor while it interprets the guest; partly there and partly in
 * the state description while the host handles an exit; and in the virtual CPU while it is not running.
 *
 * Preconditions: no other virtual CPU of the same virtual machine is running.
 */
export class GuestRegisters {
  readonly #cpu: Cpu;
  readonly #vcpu: Vcpu;
  /** Whether the processor interprets the guest. */
  readonly interpreting: boolean;
  /** Whether the registers that interpretive execution leaves to the host are in the processor. */
  readonly #loaded: boolean;

  /** @param cpu the processor that runs the virtual CPU, or ran it last */
  constructor(host: Host, cpu: Cpu, vcpu: Vcpu) {
    this.#cpu = cpu;
    this.#vcpu = vcpu;
    this.interpreting = cpu.sie !== null;
    this.#loaded = this.interpreting || host.running.get(cpu.address) === vcpu.vm.gmap;
  }

  /** Returns general register `n`. */
  general(n: number): bigint {
    if (!this.#loaded) return this.#vcpu.gr[n] as bigint;
    if (this.interpreting || n < 14) return this.#cpu.gr[n] as bigint;
    return this.#vcpu.block.get64(n === 14 ? SIE.GR14 : SIE.GR15);
  }

  /** Returns control register `n`. */
  control(n: number): bigint {
    return this.interpreting ? (this.#cpu.cr[n] as bigint) : this.#vcpu.control(n);
  }

  /** Returns access register `n`. */
  access(n: number): number {
    return (this.#loaded ? this.#cpu.ar : this.#vcpu.ar)[n] as number;
  }

  /** Returns floating-point register `n`. */
  floating(n: number): bigint {
    return (this.#loaded ? this.#cpu.fr : this.#vcpu.fr)[n] as bigint;
  }

  /** The floating-point-control register. */
  get fpc(): number {
    return this.#loaded ? this.#cpu.fpc : this.#vcpu.fpc;
  }

  get prefix(): number {
    return this.interpreting ? this.#cpu.prefix : this.#vcpu.block.prefix;
  }

  get pswMask(): bigint {
    return this.interpreting ? this.#cpu.pswMask : this.#vcpu.block.pswMask;
  }

  get pswAddress(): bigint {
    return this.interpreting ? this.#cpu.pswAddress : this.#vcpu.block.pswAddress;
  }
}
