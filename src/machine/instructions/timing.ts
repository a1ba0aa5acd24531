/** The TOD clock, the clock comparator and the CPU timer. Principles of Operation, chapters 4, 7 and 10. */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { ICTL, type InstructionLine } from './line.ts';
import { aligned } from './operands.ts';

const store = (c: Processor, value: bigint) => c.store64(c.eaHi, c.eaLo, BigInt.asUintN(64, value));
const load = (c: Processor) => c.load64(c.eaHi, c.eaLo);

/** STORE CLOCK: condition code 0, the clock is in the set state. */
function stck(c: Processor): void {
  store(c, c.tod);
  c.cc = 0;
}

const EXTENDED = new Uint8Array(16);
const EXTENDED_VIEW = new DataView(EXTENDED.buffer);

/** STORE CLOCK EXTENDED: a byte of zeros, the clock, zeros, and the programmable field. */
function stcke(c: Processor): void {
  EXTENDED.fill(0);
  EXTENDED_VIEW.setBigUint64(1, c.tod);
  EXTENDED_VIEW.setUint16(14, c.todProgrammable);
  c.storeBytes(c.eaHi, c.eaLo, 16, EXTENDED);
  c.cc = 0;
}

/**
 * EXTRACT CPU TIME: the first operand less the CPU timer into register 0, the second operand into register 1, and the
 * doubleword that r3 designates into r3.
 */
function ectg(c: Processor, r3: number): void {
  const first = load(c);
  c.exchangeOperands();
  const second = load(c);
  c.effectiveRegister(r3);
  const third = load(c);
  c.gr[r3] = third;
  c.gr[0] = first - c.timer;
  c.gr[1] = second;
}

/** SET CLOCK. The CPU timers keep their values. */
function sck(c: Processor): void {
  aligned(c, 8);
  const value = load(c);
  const { clock, cpus } = c.machine;
  const timers = cpus.map((cpu) => cpu.timer);
  clock.set(clock.tod + value - c.tod);
  cpus.forEach((cpu, n) => {
    cpu.setTimer(timers[n] as bigint);
  });
  c.cc = 0;
}

/** SET CLOCK PROGRAMMABLE FIELD. */
function sckpf(c: Processor): void {
  const field = c.gr32[0] as number;
  if (field > 0xffff) c.program(PGM.SPECIFICATION);
  c.todProgrammable = field;
}

const PRIVILEGED = { privileged: true } as const;

// biome-ignore format: a line each
export const TIMING: readonly InstructionLine[] = [
  ['STCK', 'S', 0xb205, 'base', stck, { intercept: ICTL.STCK }],
  ['STCKF', 'S', 0xb27c, 'stckf', stck, { intercept: ICTL.STCK }],
  ['STCKE', 'S', 0xb278, 'base', stcke, { intercept: ICTL.STCK }],
  ['SCK', 'S', 0xb204, 'base', sck, { privileged: true, intercept: ICTL.ALWAYS }],
  ['SCKC', 'S', 0xb206, 'base', (c) => c.setClockComparator(load(aligned(c, 8))), PRIVILEGED],
  ['STCKC', 'S', 0xb207, 'base', (c) => store(aligned(c, 8), c.clockComparator), PRIVILEGED],
  ['SPT', 'S', 0xb208, 'base', (c) => c.setTimer(load(aligned(c, 8))), PRIVILEGED],
  ['STPT', 'S', 0xb209, 'base', (c) => store(aligned(c, 8), c.timer), PRIVILEGED],
  ['ECTG', 'SSF', 0xc81, 'cpu-time', ectg],
  ['SCKPF', 'E', 0x0107, 'base', sckpf, PRIVILEGED],
];
