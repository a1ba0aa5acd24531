/**
 * Loads, stores, copies and signs of floating-point registers, and the floating-point-control register. Principles of
 * Operation, chapter 9.
 */

import { EXCEPTION } from '../bfp/rounding.ts';
import type { Processor } from '../cpu/processor.ts';
import { PGM } from '../interruption.ts';
import { control, DFP_INSTRUCTION, extended, register, SIGN } from './fpr.ts';
import type { InstructionLine } from './line.ts';
import { fetch64, load32, X, XL } from './operands.ts';

function loadLong(c: Processor, r: number): void {
  register(c, r);
  fetch64(c, X);
  c.fr32[r * 2] = c.op32[XL] as number;
  c.fr32[r * 2 + 1] = c.op32[XL + 1] as number;
}

/** Loads a short operand, which is in the high half; the low half does not change. */
function loadShort(c: Processor, r: number): void {
  register(c, r);
  c.fr32[r * 2 + 1] = load32(c);
}

function storeLong(c: Processor, r: number): void {
  register(c, r);
  c.store64(c.eaHi, c.eaLo, c.fr[r] as bigint);
}

function storeShort(c: Processor, r: number): void {
  register(c, r);
  c.store32(c.eaHi, c.eaLo, c.fr32[r * 2 + 1] as number);
}

function copyLong(c: Processor, a: number, b: number): void {
  c.fr[register(c, a)] = c.fr[register(c, b)] as bigint;
}

function copyShort(c: Processor, a: number, b: number): void {
  c.fr32[register(c, a) * 2 + 1] = c.fr32[register(c, b) * 2 + 1] as number;
}

function copyExtended(c: Processor, a: number, b: number): void {
  extended(c, a);
  extended(c, b);
  const low = c.fr[b + 2] as bigint;
  c.fr[a] = c.fr[b] as bigint;
  c.fr[a + 2] = low;
}

/** Copies an operand with another sign. `sign` returns the new high half for the old one. */
function withSign(sign: (hi: number) => number) {
  return (c: Processor, a: number, b: number): void => {
    const hi = sign(c.fr32[register(c, b) * 2 + 1] as number);
    c.fr32[register(c, a) * 2] = c.fr32[b * 2] as number;
    c.fr32[a * 2 + 1] = hi;
  };
}

/** COPY SIGN: loads r2 with the sign of r3. */
function copySign(c: Processor, a: number, b: number, d: number): void {
  const sign = (c.fr32[register(c, d) * 2 + 1] as number) & SIGN;
  withSign((hi) => (hi & ~SIGN) | sign)(c, a, b);
}

/** In a data-exception code: the exception is simulated. */
const SIMULATED = 3;

/** Bits of the control register that must be zero, and invalid rounding modes. */
const FPC_ZERO = 0x0303_0088;
const roundingExists = (mode: number) => mode < 4 || mode === 7;

function setControl(c: Processor, value: number): void {
  if (value & FPC_ZERO || !roundingExists(value & 7)) c.program(PGM.SPECIFICATION);
  c.fpc = value;
}

/** SET BFP ROUNDING MODE: the mode is in two bits of the address. */
function srnm(c: Processor): void {
  control(c);
  c.fpc = ((c.fpc & ~7) | (c.eaLo & 3)) >>> 0;
}

/** SET BFP ROUNDING MODE with a mode of 3 bits: the last 8 bits of the address. */
function srnmb(c: Processor): void {
  const mode = control(c).eaLo & 0xff;
  if (!roundingExists(mode)) c.program(PGM.SPECIFICATION);
  c.fpc = ((c.fpc & ~7) | mode) >>> 0;
}

/** Returns the data-exception code of an exception that LOAD FPC AND SIGNAL simulates. */
function simulatedCode(signaling: number): number {
  if (signaling & EXCEPTION.INVALID) return EXCEPTION.INVALID | SIMULATED;
  if (signaling & EXCEPTION.DIVISION_BY_ZERO) return EXCEPTION.DIVISION_BY_ZERO | SIMULATED;
  if (signaling & EXCEPTION.OVERFLOW) return (signaling & ~EXCEPTION.UNDERFLOW) | SIMULATED;
  return signaling | SIMULATED;
}

/** Loads the control register, and signals the exceptions whose flags it had and whose masks it gets. Flags stay set. */
function setAndSignal(c: Processor, value: number): void {
  const flags = c.fpc & 0x00f8_0000;
  setControl(c, (value | flags) >>> 0);
  const signaling = (flags >>> 16) & (value >>> 24);
  if (signaling !== 0) c.dataException(simulatedCode(signaling));
}

/** SET DFP ROUNDING MODE. */
function srnmt(c: Processor): void {
  control(c, DFP_INSTRUCTION);
  c.fpc = ((c.fpc & ~0x70) | ((c.eaLo & 7) << 4)) >>> 0;
}

// biome-ignore format: a line each
export const FLOAT: readonly InstructionLine[] = [
  ['LD', 'RX', 0x68, 'base', loadLong],
  ['LDY', 'RXY', 0xed65, 'ld', loadLong],
  ['LE', 'RX', 0x78, 'base', loadShort],
  ['LEY', 'RXY', 0xed64, 'ld', loadShort],
  ['STD', 'RX', 0x60, 'base', storeLong],
  ['STDY', 'RXY', 0xed67, 'ld', storeLong],
  ['STE', 'RX', 0x70, 'base', storeShort],
  ['STEY', 'RXY', 0xed66, 'ld', storeShort],
  ['LDR', 'RR', 0x28, 'base', copyLong],
  ['LER', 'RR', 0x38, 'base', copyShort],
  ['LXR', 'RRE', 0xb365, 'base', copyExtended],
  ['LZDR', 'RRE', 0xb375, 'base', (c, r1) => void (c.fr[register(c, r1)] = 0n)],
  ['LZER', 'RRE', 0xb374, 'base', (c, r1) => void (c.fr32[register(c, r1) * 2 + 1] = 0)],
  ['LZXR', 'RRE', 0xb376, 'base', (c, r1) => { c.fr[extended(c, r1)] = 0n; c.fr[r1 + 2] = 0n; }],
  ['LGDR', 'RRE', 0xb3cd, 'fpse', (c, r1, r2) => void (c.gr[r1] = c.fr[register(c, r2)] as bigint)],
  ['LDGR', 'RRE', 0xb3c1, 'fpse', (c, r1, r2) => void (c.fr[register(c, r1)] = c.gr[r2] as bigint)],
  ['LPDFR', 'RRE', 0xb370, 'fpse', withSign((hi) => hi & ~SIGN)],
  ['LNDFR', 'RRE', 0xb371, 'fpse', withSign((hi) => hi | SIGN)],
  ['LCDFR', 'RRE', 0xb373, 'fpse', withSign((hi) => hi ^ SIGN)],
  ['CPSDR', 'RRF', 0xb372, 'fpse', copySign],
  ['LFPC', 'S', 0xb29d, 'base', (c) => setControl(c, load32(control(c)))],
  ['STFPC', 'S', 0xb29c, 'base', (c) => control(c).store32(c.eaHi, c.eaLo, c.fpc)],
  ['SFPC', 'RRE', 0xb384, 'base', (c, r1) => setControl(control(c), c.low(r1))],
  ['EFPC', 'RRE', 0xb38c, 'base', (c, r1) => void (control(c).gr32[r1 * 2] = c.fpc)],
  ['SRNM', 'S', 0xb299, 'base', srnm],
  ['SRNMB', 'S', 0xb2b8, 'fpext', srnmb],
  ['LFAS', 'S', 0xb2bd, 'fpse', (c) => setAndSignal(c, load32(control(c)))],
  ['SFASR', 'RRE', 0xb385, 'fpse', (c, r1) => setAndSignal(control(c), c.low(r1))],
  ['SRNMT', 'S', 0xb2b9, 'fpse', srnmt],
];
