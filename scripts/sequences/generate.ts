/**
 * Generates the code of sequences: random instructions from the lines of the instruction table, with operands that often mean something
 * (see the roles of registers in `state.ts`).
 */

import { Random } from '../../src/fuzz/random.ts';
import { baseFields, setOpcode } from '../../src/machine/instructions/encode.ts';
import { FORMATS, type FormatName } from '../../src/machine/instructions/formats.ts';
import type { InstructionLine } from '../../src/machine/instructions/line.ts';
import { BLOCKS, CODE, CODE_LENGTH, REPEATS } from './layout.ts';
import { TARGET } from './state.ts';

/** The nibbles of the register and mask fields of each format, counted from the instruction's start. */
const REGISTER_FIELDS: Readonly<Record<FormatName, readonly number[]>> = {
  E: [],
  I: [],
  RR: [2, 3],
  RRE: [6, 7],
  RRF: [4, 5, 6, 7],
  RRD: [4, 6, 7],
  IE: [],
  MII: [2],
  SMI: [2],
  RX: [2],
  RXY: [2],
  RXE: [2, 8],
  RXF: [2, 8],
  RS: [2, 3],
  RSY: [2, 3],
  RSL: [],
  RSI: [2, 3],
  RI: [2],
  RIL: [2],
  RIEa: [2, 8],
  RIEb: [2, 3, 8],
  RIEc: [2, 3],
  RIEd: [2, 3],
  RIEe: [2, 3],
  RIEf: [2, 3],
  RIEg: [2, 3],
  RRS: [2, 3, 8],
  RIS: [2, 3],
  S: [],
  SI: [],
  SIY: [],
  SIL: [],
  SSa: [],
  SSb: [],
  SSE: [],
  SSF: [2],
};

/** The bytes of the other fields that hold a number: lengths and immediates. */
const NUMBER_FIELDS: Partial<Record<FormatName, readonly number[]>> = {
  I: [1],
  IE: [3],
  RSL: [1],
  RI: [2, 3],
  RIL: [2, 3, 4, 5],
  RIEa: [2, 3],
  RIEc: [4],
  RIEd: [2, 3],
  RIEf: [2, 3, 4],
  RIEg: [2, 3],
  RIS: [4],
  SI: [1],
  SIY: [1],
  SIL: [4, 5],
  SSa: [1],
  SSb: [1],
};

/** Instructions whose register operands are addresses of storage, in pairs with a length, or single. */
const BY_REGISTERS = new Set(
  `MVCL CLCL MVCLE CLCLE MVCLU CLCLU CLST MVST SRST SRSTU CUSE CFC UPT CKSM CUTFU CU24 CUUTF CU14 CU42 CU41 CU12 CU21
   TROO TROT TRTO TRTT TRE TRTE TRTRE MVPG CSP CSPG MVCSK MVCDK MVCOS`.split(/\s+/),
);

/** Instructions that end with condition code 3 when they have done a part, as much as the machine likes: they are repeated until done. */
const IN_PARTS = new Set(
  `MVCLE CLCLE MVCLU CLCLU CLST MVST SRST SRSTU CUSE CFC UPT CKSM CUTFU CU24 CUUTF CU14 CU42 CU41 CU12 CU21 TROO TROT TRTO TRTT
   TRE TRTE TRTRE`.split(/\s+/),
);

/** A relative field: its byte, its length in bytes, and whether the instruction branches there. */
interface Relative {
  readonly at: number;
  readonly length: 2 | 4;
  readonly branch: boolean;
}

function relativeField(mnemonic: string, format: FormatName): Relative | null {
  if (/^(RSI|RIEb|RIEc|RIEe)$/.test(format)) return { at: 2, length: 2, branch: true };
  const branch = mnemonic.startsWith('BR');
  if (format === 'RI' && branch) return { at: 2, length: 2, branch };
  if (format === 'RIL' && (branch || mnemonic.endsWith('RL'))) return { at: 2, length: 4, branch };
  return null;
}

function register(random: Random, mnemonic: string): number {
  if (BY_REGISTERS.has(mnemonic) && !random.oneIn(8)) return random.pick([8, 8, 10, 10, 12]);
  // Registers 0 and 1 of these have other operands.
  if (BY_REGISTERS.has(mnemonic)) return 2 + random.below(14);
  if (random.oneIn(5)) return random.below(16);
  return random.oneIn(2) ? 2 * random.below(4) : random.below(8);
}

/** Registers that mostly hold addresses, for the base field. */
function baseRegister(random: Random): number {
  return random.oneIn(16) ? random.below(16) : random.pick([8, 10, 12]);
}

function setNibble(bytes: Uint8Array, at: number, value: number): void {
  const byte = bytes[at >> 1] as number;
  bytes[at >> 1] = at & 1 ? (byte & 0xf0) | value : (byte & 0x0f) | (value << 4);
}

function number(random: Random): number {
  if (random.oneIn(4)) return random.pick([0, 1, 0x7f, 0x80, 0xff]);
  return random.oneIn(2) ? random.below(16) : random.below(256);
}

function displacement(random: Random): number {
  if (random.oneIn(12)) return random.below(0x1000);
  return random.oneIn(2) ? 0 : random.below(32);
}

/** Makes the registers of two operands differ. */
function separate(bytes: Uint8Array, format: FormatName): void {
  const [a, b] = FORMATS[format].length === 2 || format === 'RS' || format === 'RSY' ? [2, 3] : [6, 7];
  const nibble = (at: number) => ((bytes[at >> 1] as number) >> (at & 1 ? 0 : 4)) & 15;
  if (nibble(a) >> 1 === nibble(b) >> 1) setNibble(bytes, b, nibble(b) ^ 2);
}

/** Encodes one instruction with random operands. Relative fields stay zero. */
function instruction(random: Random, [mnemonic, format, opcode]: InstructionLine): Uint8Array {
  const bytes = new Uint8Array(FORMATS[format].length);
  for (const at of NUMBER_FIELDS[format] ?? []) bytes[at] = number(random);
  for (const nibble of REGISTER_FIELDS[format]) {
    // Masks and third registers are often zero.
    const often = format === 'RRF' && nibble < 6 && random.oneIn(2);
    setNibble(bytes, nibble, often ? 0 : register(random, mnemonic));
  }
  // With the same registers for both operands most results are unpredictable.
  if (BY_REGISTERS.has(mnemonic)) separate(bytes, format);
  // An index register with a small number.
  if (/^RX/.test(format)) setNibble(bytes, 3, random.oneIn(4) ? random.pick([9, 11, 13, 15]) : 0);
  for (const at of baseFields(format)) {
    const d = displacement(random);
    bytes[at] = (baseRegister(random) << 4) | (d >> 8);
    bytes[at + 1] = d & 0xff;
  }
  // Of operands that overlap the results are unpredictable.
  if (/^(ED|EDMK|PK[AU]|UNPK[AU])$/.test(mnemonic)) {
    setNibble(bytes, 4, 8);
    setNibble(bytes, 8, 10);
  }
  if (/^(RXY|RSY|SIY)$/.test(format) && random.oneIn(12)) bytes[4] = random.pick([0xff, 0x00, 0x80, 0x7f]);
  // Branches and EXECUTE lead to the last instruction.
  if (/^(EX|BC|BCTG?|BAL|BAS|BIC|BX(H|LE)G?|CI?L?G?[IR]B)$/.test(mnemonic) && !random.oneIn(50)) {
    bytes.set([14 << 4, 0], 2);
    if (format === 'RXY') bytes[4] = 0;
    if (/^RX/.test(format)) setNibble(bytes, 3, 0);
  }
  if (/^(BCR|BCTG?R|BALR|BASR|BSM|BASSM)$/.test(mnemonic) && !random.oneIn(50)) {
    setNibble(bytes, FORMATS[format].length === 2 ? 3 : 7, random.pick([14, 14, 0]));
  }
  setOpcode(bytes, format, opcode);
  return bytes;
}

/** Returns an instruction, repeated by a branch on condition code 3 if it is one that ends in parts. */
function completed(random: Random, line: InstructionLine): Uint8Array {
  const bytes = instruction(random, line);
  if (!IN_PARTS.has(line[0])) return bytes;
  return Buffer.concat([bytes, Buffer.from([REPEATS >> 8, REPEATS & 0xff, 0xff, 0x100 - bytes.length / 2])]);
}

/** Returns where a relative field leads: to an instruction, or to data. */
function destination(
  random: Random,
  mnemonic: string,
  branch: boolean,
  starts: readonly number[],
  i: number,
): number {
  if (mnemonic === 'EXRL') return TARGET;
  if (!branch) {
    const at = random.pick(BLOCKS) + 8 * random.below(15);
    return random.oneIn(60) ? at + 2 * random.below(4) : at;
  }
  // Not the next instruction: QEMU does not tell whether such a branch was taken.
  const later = starts.slice(i + 2);
  return random.oneIn(24) || later.length === 0 ? random.pick(starts) : random.pick(later);
}

/** The greatest number of instructions, the target of EXECUTE aside. */
const LONGEST = 9;

/**
 * Returns the code of a sequence.
 * @param lines what its instructions are chosen from
 * @param others what some of them are chosen from instead
 */
export function codeOf(
  seed: number,
  lines: readonly InstructionLine[],
  others: readonly InstructionLine[],
): Uint8Array {
  const random = new Random(seed);
  const count = 2 + random.below(LONGEST - 1);
  const chosen = Array.from({ length: count }, () => random.pick(random.oneIn(5) ? others : lines));
  const encoded = chosen.map((line) => completed(random, line));
  const starts: number[] = [];
  let at = CODE;
  for (const bytes of encoded) {
    starts.push(at);
    at += bytes.length;
  }
  // The end of the code is a destination too.
  const destinations = [...starts, at];
  const code = new Uint8Array(CODE_LENGTH);
  const view = new DataView(code.buffer);
  encoded.forEach((bytes, i) => {
    const start = (starts[i] as number) - CODE;
    code.set(bytes, start);
    const [mnemonic, format] = chosen[i] as InstructionLine;
    const field = relativeField(mnemonic, format);
    if (field === null) return;
    const halfwords = (destination(random, mnemonic, field.branch, destinations, i) - CODE - start) / 2;
    if (field.length === 2) view.setInt16(start + field.at, halfwords);
    else view.setInt32(start + field.at, halfwords);
  });
  // EXECUTE changes the length or the registers of its target.
  code.set(instruction(random, random.pick(random.oneIn(2) ? others : lines)), TARGET - CODE);
  return code;
}
