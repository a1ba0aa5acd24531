/**
 * PERFORM TIMING FACILITY FUNCTION, on a machine whose clock nobody steers. Principles of Operation, chapters 4 ("TOD-Clock
 * Steering") and 10.
 *
 * The TOD clock is the physical clock plus the TOD offset, which SET CLOCK changes. A guest's clock is that plus its epoch
 * difference.
 */

import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import type { InstructionLine } from './line.ts';

/** Bit 56 of register 0, which must be zero, and the function code behind it. */
const RESERVED = 0x80;
const FUNCTION = 0x7f;
/** The first code of a control function. The codes below are those of query functions. */
const FIRST_CONTROL = 0x40;

/** Stores the doublewords of the parameter block at the address in register 1. */
function answer(c: Processor, ...doublewords: readonly bigint[]): void {
  doublewords.forEach((value, i) => {
    VIEW.setBigUint64(i * 8, BigInt.asUintN(64, value));
  });
  c.effectiveRegister(1);
  c.storeBytes(c.eaHi, c.eaLo, doublewords.length * 8, BLOCK);
}

const BLOCK = new Uint8Array(56);
const VIEW = new DataView(BLOCK.buffer);

/** The physical clock: what the processor reads, less what was added to it. */
const physical = (c: Processor) => c.tod - c.epoch - c.machine.clock.offset;

/** The query functions, by code. */
const QUERIES: readonly ((c: Processor) => void)[] = [
  /** Query available functions: a bit for each. */
  (c) => answer(c, AVAILABLE, 0n),
  /** Query TOD offset: physical clock, TOD offset, logical TOD offset, and TOD epoch difference. */
  (c) => {
    const { offset } = c.machine.clock;
    answer(c, physical(c), offset, offset + c.epoch, c.epoch);
  },
  /** Query steering information: physical clock; start, base offset and rates of the old episode, and of the new one. */
  (c) => {
    const { offset } = c.machine.clock;
    answer(c, physical(c), 0n, offset, 0n, 0n, offset, 0n);
  },
  /** Query physical clock. */
  (c) => answer(c, physical(c)),
];

const AVAILABLE = ((1n << BigInt(QUERIES.length)) - 1n) << BigInt(64 - QUERIES.length);

/** Returns which functions PERFORM TIMING FACILITY FUNCTION has: a bit for each of the 128 codes, from the left, as its query says. */
export function timingFunctions(): Uint8Array {
  const bits = new Uint8Array(16);
  new DataView(bits.buffer).setBigUint64(0, AVAILABLE);
  return bits;
}

/**
 * The control functions set and steer the clock, and are not available: condition code 3, or a privileged-operation exception
 * in the problem state. A query function that is not available is a specification exception.
 */
function ptff(c: Processor): void {
  const what = c.low(0);
  const code = what & FUNCTION;
  if (what & RESERVED) c.program(PGM.SPECIFICATION);
  if (code >= FIRST_CONTROL) {
    if (c.problem) c.program(PGM.PRIVILEGED_OPERATION);
    c.cc = 3;
    return;
  }
  const query = QUERIES[code];
  if (query === undefined) c.program(PGM.SPECIFICATION);
  query(c);
  c.cc = 0;
}

// biome-ignore format: a line each
export const TIMING_FACILITY: readonly InstructionLine[] = [
  ['PTFF', 'E', 0x0104, 'tod-steering', ptff],
];
