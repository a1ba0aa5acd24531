/** SIGNAL PROCESSOR among the processors of a machine. Principles of Operation, chapters 4 and 10. */

import type { Processor } from '../cpu/processor.ts';
import { EXT } from '../interruption.ts';
import type { CpuReset } from '../reset.ts';
import { SIGP_CC, type SigpTarget, signalProcessor } from '../sigp.ts';
import { ICTL, type InstructionLine } from './line.ts';

/** A processor of the machine as the target of an order. */
class Target implements SigpTarget {
  readonly #cpu: Processor;

  constructor(cpu: Processor) {
    this.#cpu = cpu;
  }

  get stopped(): boolean {
    return this.#cpu.stopped;
  }

  get stopping(): boolean {
    return this.#cpu.stopping;
  }

  get pswMask(): bigint {
    return this.#cpu.pswMask;
  }

  get pswAddress(): bigint {
    return this.#cpu.pswAddress;
  }

  get externalCallPending(): boolean {
    return this.#cpu.pending.some(({ code }) => code === EXT.EXTERNAL_CALL);
  }

  control(n: number): bigint {
    return this.#cpu.cr[n] as bigint;
  }

  emergencySignal(sender: number): void {
    this.#cpu.signal(EXT.EMERGENCY_SIGNAL, 0, sender);
  }

  externalCall(sender: number): void {
    this.#cpu.signal(EXT.EXTERNAL_CALL, 0, sender);
  }

  start(): void {
    this.#cpu.start();
  }

  requestStop(store: boolean): void {
    this.#cpu.requestStop(store);
  }

  restart(): void {
    this.#cpu.restart();
  }

  reset(kind: CpuReset): void {
    this.#cpu.reset(kind);
    this.#cpu.stop();
  }

  hasStorage(address: number, length: number): boolean {
    return this.#cpu.storage.has(address, length);
  }

  setPrefix(prefix: number): void {
    this.#cpu.setPrefix(prefix);
  }

  storeStatus(address: number): void {
    this.#cpu.storeStatus(address);
  }

  storeStatusAssigned(): void {
    this.#cpu.storeStatusAssigned();
  }
}

/** SIGNAL PROCESSOR. Condition code 0: accepted; 1: status stored in r1; 2: busy; 3: no such processor. */
function sigp(c: Processor, r1: number, r3: number): void {
  const parameter = c.low(r1 | 1);
  const addressed = c.machine.cpus[c.low(r3) & 0xffff];
  const target = addressed && new Target(addressed);
  const { cc, status } = signalProcessor(target, c.address, c.eaLo & 0xff, parameter);
  if (cc === SIGP_CC.STATUS_STORED) c.gr32[r1 * 2] = status;
  c.cc = cc;
}

// biome-ignore format: a line each
export const SIGNAL: readonly InstructionLine[] = [
  ['SIGP', 'RS', 0xae, 'base', sigp, { privileged: true, intercept: ICTL.ALWAYS }],
];
