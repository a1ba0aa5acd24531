/**
 * External interruptions that wait until a guest enables them.
 */

import { EXT, EXTERNAL_CLASSES, externalMaskOf } from '../../machine/index.ts';
import { demandInteger, demandObject, show } from '../arguments.ts';
import { LinuxError } from '../errors.ts';

/** One that waits. */
export interface ExternalInterrupt {
  /** External-interruption code. */
  readonly code: number;
  /** Address of the CPU that sent it; 0 when none did. */
  readonly cpuAddress: number;
  /** 32-bit parameter, or null for a code that has none. */
  readonly parameter: number | null;
}

/** The queue of one virtual CPU. */
export class ExternalQueue {
  readonly #waiting: ExternalInterrupt[] = [];

  /** Whether nothing waits. */
  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Adds one; a service signal is merged into one that waits, and a signal of the same CPU is not doubled. @throws LinuxError EINVAL */
  add(interrupt: ExternalInterrupt): void {
    check(interrupt);
    const known = this.#waiting.findIndex(
      (other) => other.code === interrupt.code && other.cpuAddress === interrupt.cpuAddress,
    );
    if (known < 0) {
      this.#waiting.push(interrupt);
      return;
    }
    const old = this.#waiting[known] as ExternalInterrupt;
    if (old.parameter === null || interrupt.parameter === null) return;
    this.#waiting[known] = { ...interrupt, parameter: (old.parameter | interrupt.parameter) >>> 0 };
  }

  /** Whether an external call waits already: only one can. */
  hasCall(): boolean {
    return this.#waiting.some((waiting) => waiting.code === EXT.EXTERNAL_CALL);
  }

  /** Whether one waits that control register 0 enables. */
  has(cr0: bigint): boolean {
    return this.#waiting.some((waiting) => (cr0 & BigInt(externalMaskOf(waiting.code))) !== 0n);
  }

  /** The oldest that control register 0 enables; it goes on waiting. */
  next(cr0: bigint): ExternalInterrupt | undefined {
    return this.#waiting.find((waiting) => (cr0 & BigInt(externalMaskOf(waiting.code))) !== 0n);
  }

  /** Removes one that `next` answered. */
  remove(interrupt: ExternalInterrupt): void {
    this.#waiting.splice(this.#waiting.indexOf(interrupt), 1);
  }

  clear(): void {
    this.#waiting.length = 0;
  }
}

/** @throws LinuxError EINVAL for an external interruption that cannot be */
function check(interrupt: ExternalInterrupt): void {
  demandObject('interrupt', interrupt);
  const { code, cpuAddress, parameter } = interrupt;
  if (!EXTERNAL_CLASSES.some((one) => one.code === code)) {
    throw new LinuxError('EINVAL', `no external interruption has the code ${show(code)}`);
  }
  demandInteger('cpuAddress', cpuAddress, 0, 0xffff);
  if (parameter !== null) demandInteger('parameter', parameter, 0, 0xffff_ffff);
}
