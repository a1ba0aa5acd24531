/**
 * The decoder: finds an encoded instruction in the table.
 *
 * A decode table has an entry of two bytes for each operation code, in order of the first byte. The interpreter decodes an instruction each
 * time it executes it: 5 KiB of entries stay in the computer's cache, which decoded instructions of a large program do not.
 */

import { type CpuModel, modelOffers } from '../cpu-model.ts';
import { InternalError } from '../internal-error.ts';
import { PGM } from '../interruption.ts';
import { FACILITIES, facilityListOf } from './facilities.ts';
import { type Execute, FORMATS, type OpcodeShape, type Operation } from './formats.ts';
import { ENCODED, KINDS } from './kinds.ts';
import { type InstructionLine, isPlain } from './line.ts';
import { INSTRUCTIONS } from './table.ts';

/** For each shape of opcode, the bits that select an instruction among those with its first byte: of the second byte, and of the last. */
const SELECTING: Readonly<Record<OpcodeShape, readonly [second: number, last: number]>> = {
  byte: [0, 0],
  halfword: [0xff, 0],
  nibble: [0x0f, 0],
  ends: [0, 0xff],
};

/**
 * For each first byte: where the entries of its instructions begin in a decode table, and in the upper bytes the bits of the
 * instruction's second and last byte that select among them.
 */
const STARTS = new Uint32Array(256);

/** An entry of a decode table has the number of the instruction in these bits, and its kind (`kinds.ts`) above them. */
export const ENTRY_NUMBER = 0x3ff;
export const ENTRY_KIND_SHIFT = 10;

/** The instructions of a CPU model: an entry for each operation code, at `entryAt`; 0 if the code is invalid. */
export type DecodeTable = Uint16Array;

/** The operation of each instruction, by its number. */
export const OPERATIONS: readonly Operation[] = [nothing, ...INSTRUCTIONS.map(([, , , , run]) => run)];
/** The function that executes each instruction, given as it is encoded, by its number. */
export const EXECUTES: readonly Execute[] = [nothing, ...INSTRUCTIONS.map(executeOf)];

const TABLES = new Map<CpuModel, DecodeTable>();

function nothing(): void {}

/** Returns where the entry of an encoded instruction is in a decode table. */
export function entryAt(w: number, x: number): number {
  const start = STARTS[w >>> 24] as number;
  return (start & 0xffff) + ((w >>> 16) & (start >>> 24)) + (x & (start >>> 16) & 0xff);
}

/** Facility lists that were made. */
const LISTS = new Map<CpuModel, Uint8Array>();

/** Returns the facility list (STFLE) of a machine of a model, in whole doublewords. */
export function facilityList(model: CpuModel = 'max'): Uint8Array {
  let list = LISTS.get(model);
  if (list === undefined) {
    list = facilityListOf(
      INSTRUCTIONS.map(([mnemonic]) => mnemonic),
      model,
    );
    LISTS.set(model, list);
  }
  return list.slice();
}

/** Returns the table of a model. Instructions of facilities that it does not offer are invalid. */
export function decodeTable(model: CpuModel): DecodeTable {
  let table = TABLES.get(model);
  if (table === undefined) {
    table = makeTable(model);
    TABLES.set(model, table);
  }
  return table;
}

function makeTable(model: CpuModel): DecodeTable {
  const table = new Uint16Array(entries);
  for (const [i, line] of INSTRUCTIONS.entries()) {
    if (modelOffers(model, FACILITIES[line[3]].since)) table[placeOf(line)] = entryOf(line, i + 1);
  }
  return table;
}

function entryOf(line: InstructionLine, number: number): number {
  const kind = isPlain(line) ? (KINDS[line[1]] ?? ENCODED) : ENCODED;
  return (kind << ENTRY_KIND_SHIFT) | number;
}

/** Returns the line of an encoded instruction, or undefined if the operation code is invalid. */
export function lineOf(w: number, x: number): InstructionLine | undefined {
  return INSTRUCTIONS[((decodeTable('max')[entryAt(w, x)] as number) & ENTRY_NUMBER) - 1];
}

/** Divides an opcode into its first byte and the bits that select among the instructions with that byte. */
function partsOf([, format, opcode]: InstructionLine): [first: number, selected: number] {
  const { shape } = FORMATS[format];
  if (shape === 'byte') return [opcode, 0];
  return shape === 'nibble' ? [opcode >>> 4, opcode & 0xf] : [opcode >>> 8, opcode & 0xff];
}

/** Returns where the entry of a line is. */
function placeOf(line: InstructionLine): number {
  const [first, selected] = partsOf(line);
  return ((STARTS[first] as number) & 0xffff) + selected;
}

/** Returns the function that executes a line: it checks for privilege and interception, then decodes the operands. */
function executeOf(line: InstructionLine): Execute {
  const [, format, , , run, options] = line;
  const plain = FORMATS[format].bind(run);
  const { privileged = false, intercept = 0, loadsControls = false } = options ?? {};
  if (isPlain(line)) return plain;
  return (c, w, x) => {
    if (privileged && c.problem) c.program(PGM.PRIVILEGED_OPERATION);
    if (c.sie !== null) {
      if (c.sie.interceptions & intercept) c.intercept(w, x);
      if (loadsControls && c.sie.loadControls & controlsOf(w)) c.intercept(w, x);
    }
    plain(c, w, x);
  };
}

/** The control registers r1 to r3 of an instruction, register 0 in bit 0x8000. */
function controlsOf(w: number): number {
  const first = (w >>> 20) & 15;
  const count = (((w >>> 16) - first) & 15) + 1;
  let mask = 0;
  for (let i = 0; i < count; i++) mask |= 0x8000 >>> ((first + i) & 15);
  return mask;
}

/** Number of entries. The first one is for all first bytes without instructions. */
let entries = 1;

/** Makes room for the entries of the instructions with the first byte of a line. */
function reserve(line: InstructionLine): void {
  const [first] = partsOf(line);
  const [second, last] = SELECTING[FORMATS[line[1]].shape];
  const selecting = (second << 24) | (last << 16);
  const start = STARTS[first] as number;
  if (start === 0) {
    STARTS[first] = selecting | entries;
    entries += (second | last) + 1;
  } else if (((start ^ selecting) & ~0xffff) !== 0) {
    throw new InternalError(`${line[0]}: an opcode with this first byte has another shape`);
  }
}

const found = new Set<number>();
for (const line of INSTRUCTIONS) {
  reserve(line);
  const place = placeOf(line);
  if (found.has(place)) throw new InternalError(`${line[0]}: opcode 0x${line[2].toString(16)} twice`);
  found.add(place);
}
