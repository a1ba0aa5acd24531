/** The decoder: finds the line of the table for an encoded instruction. */

import { type CpuModel, modelOffers } from '../cpu-model.ts';
import { InternalError } from '../internal-error.ts';
import { PGM } from '../interruption.ts';
import { FACILITIES, facilityListOf } from './facilities.ts';
import { type Execute, FORMATS, type OpcodeShape } from './formats.ts';
import { type InstructionLine, isPlain } from './line.ts';
import { INSTRUCTIONS } from './table.ts';

const SHAPES: readonly OpcodeShape[] = ['byte', 'halfword', 'nibble', 'ends'];

/** For each first byte: which shape of opcode begins with it, an index of `SHAPES`. */
const SHAPE_OF = new Uint8Array(256);

/** The functions that execute instructions, by key; undefined for invalid operation codes. */
export type ExecuteTable = readonly (Execute | undefined)[];

const TABLES = new Map<CpuModel, ExecuteTable>();

const LINES = new Map<number, InstructionLine>();

/** Returns the key of an encoded instruction: a number below 2^16, the same for all encodings of one instruction. */
export function keyOf(w: number, x: number): number {
  const first = w >>> 24;
  switch (SHAPE_OF[first]) {
    case 0:
      return first << 8;
    case 1:
      return w >>> 16;
    case 2:
      return (first << 8) | ((w >>> 16) & 15);
    default:
      return (first << 8) | (x & 0xff);
  }
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
export function executeTable(model: CpuModel): ExecuteTable {
  let table = TABLES.get(model);
  if (table === undefined) {
    table = makeTable(model);
    TABLES.set(model, table);
  }
  return table;
}

function makeTable(model: CpuModel): ExecuteTable {
  const table: (Execute | undefined)[] = new Array(0x1_0000).fill(undefined);
  for (const [key, line] of LINES) {
    if (modelOffers(model, FACILITIES[line[3]].since)) table[key] = executeOf(line);
  }
  return table;
}

/** Returns the line of an encoded instruction, or undefined if the operation code is invalid. */
export function lineOf(w: number, x: number): InstructionLine | undefined {
  return LINES.get(keyOf(w, x));
}

function firstByte(shape: OpcodeShape, opcode: number): number {
  return shape === 'byte' ? opcode : shape === 'nibble' ? opcode >>> 4 : opcode >>> 8;
}

function tableKey(shape: OpcodeShape, opcode: number): number {
  if (shape === 'byte') return opcode << 8;
  return shape === 'nibble' ? ((opcode >>> 4) << 8) | (opcode & 15) : opcode;
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

for (const line of INSTRUCTIONS) {
  const [mnemonic, format, opcode] = line;
  const { shape } = FORMATS[format];
  SHAPE_OF[firstByte(shape, opcode)] = SHAPES.indexOf(shape);
  const key = tableKey(shape, opcode);
  if (LINES.has(key)) throw new InternalError(`${mnemonic}: opcode 0x${opcode.toString(16)} twice`);
  LINES.set(key, line);
}
