/** Random instructions: of those that are compiled, with registers that programs use in fixed ways (`registers`). */

import { baseFields, FORMATS, type FormatName, INSTRUCTIONS, setOpcode } from '../../machine/index.ts';
import { FORMS } from '../../machine/internal.ts';
import type { Random } from '../random.ts';

/** How programs use the general registers. Any instruction may change any register, but most do not. */
export const REGISTERS = {
  /** 0 to 5 hold numbers. */
  NUMBERS: 6,
  /** Loop counters, one for each depth. */
  COUNTERS: [6, 7, 13],
  /** Addresses of data. */
  POINTERS: [8, 9, 10, 11],
  /** The address of code. */
  CODE: 12,
  /** Return addresses. */
  LINKS: [14, 15],
} as const;

const LINES = new Map(INSTRUCTIONS.map((line) => [line[0], line]));

/** The fields of an instruction that are not random. */
export interface Fields {
  /** The first and second register field, or mask. */
  readonly r1?: number;
  readonly r2?: number;
  /** Mask, or third register. */
  readonly m3?: number;
  /** Signed immediate, or halfwords to a branch target. */
  readonly immediate?: number;
}

/** Formats whose second byte is r1 and another field. */
const RIGHT_REGISTERS = new Set<FormatName>(['RRE', 'RRF']);
const LONG_DISPLACEMENT = new Set<FormatName>(['RXY', 'RSY', 'SIY']);
/** Byte offset and length of an immediate or relative field. */
const IMMEDIATES: Partial<Record<FormatName, readonly [at: number, length: number]>> = {
  RI: [2, 2],
  RIL: [2, 4],
  RSI: [2, 2],
  RIEb: [2, 2],
  RIEc: [2, 2],
  RIEd: [2, 2],
  RIEe: [2, 2],
  RIEg: [2, 2],
  SIL: [4, 2],
};

export function formatOf(name: string): FormatName {
  return LINES.get(name)![1];
}

/** Returns the length of an instruction in bytes. */
export function lengthOf(name: string): number {
  return FORMATS[formatOf(name)].length;
}

function setMask(bytes: number[], format: FormatName, mask: number): void {
  if (format === 'RIEb') bytes[4] = (mask << 4) | (bytes[4]! & 15);
  else if (format === 'RIEc' || format === 'RIEg') bytes[1] = (bytes[1]! & 0xf0) | mask;
  else bytes[2] = (mask << 4) | (bytes[2]! & 15);
}

/** Compiled instructions with a relative operand: its length in bytes, by mnemonic. `LARL` takes any address. */
export const RELATIVE: ReadonlyMap<string, number> = new Map(
  Object.keys(FORMS)
    .filter((name) => name.endsWith('RL') && formatOf(name) === 'RIL' && name !== 'EXRL')
    .map((name) => [
      name,
      /HRL$/.test(name) ? 2 : /^(LG|CG|CLG|STG)RL$/.test(name) ? 8 : name === 'LARL' ? 1 : 4,
    ]),
);

const PLAIN = Object.keys(FORMS).filter((name) => !RELATIVE.has(name) && name !== 'EXRL');
/** Those with two storage operands, which are few and matter. */
const TWO_OPERANDS = PLAIN.filter((name) => formatOf(name) === 'SSa');
/** Instructions that demand an even register. */
const EVEN = /^(FLOGR|ML|D[SL]|MR$|DR$|S[LR]D[LA]|CDS|LPQ|STPQ|MVCLE|CLCLE|CKSM|CMPSC)/;
/** Instructions whose operands end with the character in register 0. */
const STRING = /^(CLST|SRST)$/;
const DIVISIONS = ['DLGR', 'DLG', 'DLR', 'DL'] as const;

/** Instructions that are not compiled, and what they change: first those that any program has. */
const TAME_OTHERS = [
  // Storage, byte by byte, and pairs.
  ...[
    'MVC',
    'XC',
    'NC',
    'OC',
    'CLC',
    'TR',
    'TRT',
    'MVCIN',
    'MVCRL',
    'MVCLE',
    'CLCLE',
    'SRST',
    'MVST',
    'STCM',
    'ICM',
  ],
  ...[
    'CS',
    'CSG',
    'CDSG',
    'LAA',
    'LAAG',
    'LAN',
    'LPQ',
    'STPQ',
    'STRV',
    'STRVG',
    'LRV',
    'LRVH',
    'TS',
    'CVD',
    'CVB',
  ],
  // Registers and the condition code.
  ...[
    'SLAG',
    'SLA',
    'SLDL',
    'SRDA',
    'ALCGR',
    'SLBGR',
    'LPGR',
    'LNGR',
    'MR',
    'DR',
    'IPM',
    'SPM',
    'POPCNT',
    'LTDBR',
  ],
  ...[
    'ADB',
    'ADBR',
    'MDBR',
    'CDBR',
    'LD',
    'STD',
    'LGDR',
    'LDGR',
    'CDGBR',
    'CGDBR',
    'LAM',
    'STAM',
    'EAR',
    'SAR',
  ],
] as const;
const OTHERS = [
  ...TAME_OTHERS,
  // The state of the processor.
  ...[
    'SVC',
    'SSM',
    'STOSM',
    'STNSM',
    'SPKA',
    'IPK',
    'IAC',
    'EPSW',
    'LCTLG',
    'LCTL',
    'STCTG',
    'STCTL',
    'SPX',
    'STPX',
  ],
  ...[
    'STCK',
    'STCKF',
    'STCKE',
    'SCKC',
    'STCKC',
    'SPT',
    'STPT',
    'STAP',
    'STIDP',
    'ECTG',
    'LAE',
    'MC',
    'SAC',
    'SACF',
  ],
  // Translations and keys.
  ...[
    'PTLB',
    'SSKE',
    'ISKE',
    'RRBE',
    'RRBM',
    'IVSK',
    'PFMF',
    'IPTE',
    'IDTE',
    'CSP',
    'CSPG',
    'LRA',
    'LRAG',
    'LURA',
  ],
  ...['LURAG', 'STURA', 'STURG', 'STRAG', 'TPROT', 'TB', 'MVPG', 'LPTEA', 'LASP', 'PALB'],
  // Traps, and instructions that no one executes often.
  ...['CRT', 'CGIT', 'NIAI', 'PFD', 'BPP', 'TRAP2', 'STFLE', 'SIGP', 'DIAG', 'CKSM', 'CMPSC', 'TRACE'],
] as const;
const ANYTHING = INSTRUCTIONS.map(([name]) => name);

/** Writes instructions as hexadecimal digits. */
export class Encoder {
  readonly #random: Random;
  readonly #tame: boolean;

  /** @param tame whether most instructions access what pointers designate, and change only numbers */
  constructor(random: Random, tame: boolean) {
    this.#random = random;
    this.#tame = tame;
  }

  /** Returns an instruction: random where the fields do not say. */
  encode(name: string, fields: Fields = {}): string {
    const random = this.#random;
    const [, format, opcode] = LINES.get(name)!;
    const { length } = FORMATS[format];
    const bytes = Array.from({ length }, () => random.below(256));
    const r1 = fields.r1 ?? this.#register() & (EVEN.test(name) && !this.#wild(3) ? 14 : 15);
    const r2 = fields.r2 ?? this.#second(format);
    bytes[RIGHT_REGISTERS.has(format) ? 3 : 1] = (r1 << 4) | r2;
    if (fields.m3 !== undefined) setMask(bytes, format, fields.m3);
    for (const at of baseFields(format)) this.#setAddress(bytes, at, name);
    if (LONG_DISPLACEMENT.has(format))
      bytes[4] = this.#wild(6) ? random.pick([0, 1, 0xff, random.below(256)]) : 0;
    this.#setImmediate(bytes, format, fields.immediate);
    setOpcode(bytes, format, opcode);
    return hexOf(bytes);
  }

  /** Returns one or two compiled instructions without a relative operand. */
  compiled(): string {
    const random = this.#random;
    const name = random.oneIn(12) ? random.pick(TWO_OPERANDS) : random.pick(PLAIN);
    if (/^[LS]TM|^LM/.test(name) && this.#tame) {
      const r1 = random.below(5);
      return this.encode(name, { r1, r2: r1 + random.below(REGISTERS.NUMBERS - r1) });
    }
    if (STRING.test(name)) {
      // Pointers, and an ending character; another register 0 is an exception, most of the time.
      const [r1, r2] = [random.pick(REGISTERS.POINTERS), random.pick(REGISTERS.POINTERS)];
      const instruction = this.#wild(8) ? this.encode(name) : this.encode(name, { r1, r2 });
      return this.encode('LGHI', { r1: 0, immediate: random.pick([0, 0, random.below(256)]) }) + instruction;
    }
    const division = DIVISIONS.find((one) => one === name);
    if (division === undefined) return this.encode(name);
    // A dividend whose quotient fits, most of the time.
    const r1 = random.pick([0, 2, 4]);
    return this.encode('LGHI', { r1, immediate: random.pick([0, 0, 1]) }) + this.encode(name, { r1 });
  }

  /** Returns an instruction with two storage operands, whose EXECUTE is compiled. */
  executed(): string {
    return this.encode(this.#random.pick(TWO_OPERANDS));
  }

  /** Returns an instruction that is not compiled. */
  other(): string {
    const random = this.#random;
    return this.encode(
      random.oneIn(6) ? random.pick(ANYTHING) : random.pick(this.#tame ? TAME_OTHERS : OTHERS),
    );
  }

  /** Returns an instruction that sets a pointer. */
  setPointer(address: number): string {
    return this.encode('LGFI', { r1: this.#random.pick(REGISTERS.POINTERS), immediate: address });
  }

  /** Whether to do something unusual: one time in so many, and rarely if the program is tame. */
  #wild(times: number): boolean {
    return this.#random.oneIn(this.#tame ? times * 20 : times);
  }

  #register(): number {
    return this.#wild(8) ? this.#random.below(16) : this.#random.below(REGISTERS.NUMBERS);
  }

  #second(format: FormatName): number {
    const random = this.#random;
    if (format === 'RX' || format === 'RXY' || format === 'RXE') return this.#wild(5) ? random.below(16) : 0;
    return random.oneIn(4) ? random.below(16) : random.below(REGISTERS.NUMBERS);
  }

  /** Sets a base register and a displacement. The base registers are pointers; those of shifts are anything. */
  #setAddress(bytes: number[], at: number, name: string): void {
    const random = this.#random;
    const any = this.#wild(5) || /^(S[LR][LA]|RLL|LA)/.test(name);
    const base = any ? random.below(16) : random.pick(REGISTERS.POINTERS);
    const wild = random.pick([0, 1, 2, 4, 0xff8, 0xffc, random.below(4096)]);
    const displacement = this.#wild(2) ? wild : random.pick([0, 0, 4, 8, 16, 0x30, 0x80]);
    bytes[at] = (base << 4) | (displacement >>> 8);
    bytes[at + 1] = displacement & 0xff;
  }

  #setImmediate(bytes: number[], format: FormatName, value: number | undefined): void {
    const random = this.#random;
    const [at, length] = IMMEDIATES[format] ?? [0, 0];
    if (length === 0 || (value === undefined && random.oneIn(2))) return;
    const set = value ?? random.pick([0, 1, -1, 2, 8, -8, 0x7fff, -0x8000, 0xff]);
    for (let i = 0; i < length; i++) bytes[at + i] = (set >> (8 * (length - 1 - i))) & 0xff;
  }
}

function hexOf(bytes: readonly number[]): string {
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
