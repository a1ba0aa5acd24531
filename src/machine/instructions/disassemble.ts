/**
 * The disassembler: it writes an instruction in the syntax of the GNU assembler, from the table that the interpreter uses.
 *
 * A template gives the operands: its words name a field and its kind. Most instructions have the template of their format;
 * `WRITTEN` lists the others.
 */

import { lineOf } from './decode.ts';
import { type FormatName, lengthOf } from './formats.ts';

/** Templates by format. */
const BY_FORMAT: Readonly<Record<FormatName, string>> = {
  E: '',
  I: 'byte1',
  RR: 'rA rB',
  RRE: 'rE rF',
  RRF: 'rE rF rC',
  RRD: 'fC fE fF',
  IE: 'mE mF',
  MII: 'mA jump12 jump24',
  SMI: 'mA jumpX based',
  RX: 'rA indexed',
  RXY: 'rA indexedLong',
  RXE: 'fA indexed',
  RXF: 'fG fA indexed',
  RS: 'rA rB based',
  RSY: 'rA rB basedLong',
  RSI: 'rA rB jump16',
  RSL: 'length4Based',
  RI: 'rA signed16',
  RIL: 'rA signed32',
  RIEa: 'rA signed16 mG',
  RIEb: 'rA rB mG jump16',
  RIEc: 'rA signed8 mB jump16',
  RIEd: 'rA rB signed16',
  RIEe: 'rA rB jump16',
  RIEf: 'rA rB select3 select4 select5',
  RIEg: 'rA signed16 mB',
  RRS: 'rA rB mG based',
  RIS: 'rA signed8 mB based',
  S: 'based',
  SI: 'based byte1',
  SIY: 'basedLong byte1',
  SIL: 'based signedX',
  SSa: 'lengthBased second',
  SSb: 'length4Based secondLength4',
  SSE: 'based second',
  SSF: 'rA based second',
};

/** Templates of instructions that differ from their format's. */
const WRITTEN: Readonly<Record<string, string>> = listed({
  '': 'PTLB PALB IPK CSCH HSCH RSCH RCHP SAL SCHM XSCH',
  rA: 'SPM',
  rE: 'IPM IAC EPAR ESAR EPAIR ESAIR SSAR SSAIR ESEA MSTA SFPC EFPC SFASR',
  'rE rF': 'CU41 CU42',
  based: 'TS LPSW SSM',
  'rA based': 'SLL SRL SLA SRA SLDL SRDL SLDA SRDA',
  'rA mB based': 'ICM STCM CLM',
  'rA mB basedLong': 'ICMY ICMH STCMY STCMH CLMY CLMH CLT CLGT',
  'rA basedLong mB': 'LOC LOCG LOCFH STOC STOCG STOCFH',
  'cA cB based': 'LCTL STCTL',
  'cA cB basedLong': 'LCTLG STCTG',
  'aA aB based': 'LAM STAM',
  'aA aB basedLong': 'LAMY STAMY',
  'rE aF': 'EAR',
  'aE rF': 'SAR TAR',
  'aE aF': 'CPYA',
  'mA rB': 'BCR',
  'mA indexed': 'BC',
  'mA jump16': 'BRC',
  'mA jump32': 'BRCL PFDRL',
  'mA indexedLong': 'BIC PFD',
  'rA jump16': 'BRAS BRCT BRCTG',
  'rA jump32':
    'BRASL LARL EXRL BRCTH LRL LGRL LGFRL LLGFRL LHRL LGHRL LLHRL LLGHRL STRL STGRL STHRL CRL CGRL CGFRL ' +
    'CLRL CLGRL CLGFRL CHRL CGHRL CLHRL CLGHRL',
  'rA unsigned16':
    'IIHH IIHL IILH IILL LLIHH LLIHL LLILH LLILL NIHH NIHL NILH NILL OIHH OIHL OILH OILL TMHH TMHL TMLH TMLL',
  'rA unsigned32':
    'ALFI ALGFI SLFI SLGFI CLFI CLGFI CLIH IIHF IILF LLIHF LLILF NIHF NILF OIHF OILF XIHF XILF',
  'rA unsigned16 mG': 'CLFIT CLGIT',
  'rA unsigned8 mB jump16': 'CLIJ CLGIJ',
  'rA unsigned8 mB based': 'CLIB CLGIB',
  basedLong: 'LPSWEY',
  'basedLong signedByte1': 'ASI AGSI ALSI ALGSI',
  'based unsignedX': 'CLHHSI CLFHSI CLGHSI',
  'rE rF rC mD': 'SELR SELGR SELFHR',
  'rE rF mC': 'PPA LOCR LOCGR LOCFHR CRT CGRT CLRT CLGRT',
  'rE rF mC?': 'POPCNT TRTE TRTRE TROO TROT TRTO TRTT CU12 CU14 CU21 CU24 SSKE',
  'rE rF rC? mD?': 'IPTE',
  'rE rC rF mD?': 'IDTE CRDTE RDP',
  'rE rC rF mD': 'LPTEA',
  'based secondLength8': 'PKA PKU',
  'length4Based second mB': 'SRP',
  'lengthRBased second rB': 'MVCK MVCP MVCS',
  'rA rB based second': 'LMD',
  'rA based rB second': 'PLO',
  'based second rA': 'MVCOS CSST',
  'fA indexed': 'LD LE STD STE',
  'fA indexedLong': 'LDY LEY STDY STEY',
  'fA fB': 'LDR LER',
  'fE fC fF': 'CPSDR',
  fE: 'LZDR LZER LZXR',
  'rE fF': 'LGDR',
  'fE rF': 'LDGR',
  'fE fF':
    'LXR LPDFR LNDFR LCDFR AEBR ADBR AXBR SEBR SDBR SXBR MEEBR MDBR MXBR MDEBR MXDBR DEBR DDBR DXBR SQEBR SQDBR SQXBR ' +
    'CEBR CDBR CXBR KEBR KDBR KXBR LTEBR LTDBR LTXBR LCEBR LCDBR LCXBR LNEBR LNDBR LNXBR LPEBR LPDBR LPXBR ' +
    'LDEBR LXDBR LXEBR',
  'fE fC fF mD': 'DIEBR DIDBR',
  'fE mC fF mD': 'FIEBR FIDBR FIXBR LEDBR LDXBR LEXBR',
  'rE mC fF mD': 'CFEBR CFDBR CFXBR CGEBR CGDBR CGXBR CLFEBR CLFDBR CLFXBR CLGEBR CLGDBR CLGXBR',
  'fE mC rF mD': 'CEFBR CDFBR CXFBR CEGBR CDGBR CXGBR CELFBR CDLFBR CXLFBR CELGBR CDLGBR CXLGBR',
});

function listed(byTemplate: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [template, names] of Object.entries(byTemplate)) {
    for (const name of names.split(' ')) if (name) result[name] = template;
  }
  return result;
}

/** Suffixes of extended mnemonics, by mask; 0 and 15 have none. */
const CONDITIONS = [
  '',
  'o',
  'h',
  'nle',
  'l',
  'nhe',
  'lh',
  'ne',
  'e',
  'nlh',
  'he',
  'nl',
  'le',
  'nh',
  'no',
  '',
];
/** Suffixes of compare-and-branch and -trap, by mask. */
const OUTCOMES: Readonly<Record<number, string>> = { 2: 'h', 4: 'l', 6: 'ne', 8: 'e', 10: 'nl', 12: 'nh' };

const BRANCHES: Readonly<Record<string, readonly [prefix: string, suffix: string, never: string | null]>> = {
  BCR: ['b', 'r', 'nopr'],
  BC: ['b', '', 'nop'],
  BIC: ['bi', '', null],
  BRC: ['j', '', 'jnop'],
  BRCL: ['jg', '', 'jgnop'],
};

/** Instructions that later got an M4 field, or M3 and M4: their mnemonic ends with `a` if a new field is not zero. */
const WITH_M4 = /^(FI[EDX]|C[FG][EDX])BR$/;
const WITH_M3_AND_M4 = /^(C[EDX][FG]|LED|LDX|LEX)BR$/;

const ON_CONDITION = /^(LOC|STOC|SEL)/;
const COMPARING = /^C(L?G?|G?)(R|I)[JBT]$|^CLF?IT$|^CLGT$|^CLT$/;

/** The fields of an instruction. */
interface Fields {
  readonly w: number;
  readonly x: number;
  readonly address: bigint;
}

const NIBBLES: Readonly<Record<string, (f: Fields) => number>> = {
  A: ({ w }) => (w >>> 20) & 15,
  B: ({ w }) => (w >>> 16) & 15,
  C: ({ w }) => (w >>> 12) & 15,
  D: ({ w }) => (w >>> 8) & 15,
  E: ({ w }) => (w >>> 4) & 15,
  F: ({ w }) => w & 15,
  G: ({ x }) => x >>> 12,
};

const nibble = (f: Fields, name: string) => (NIBBLES[name] as (f: Fields) => number)(f);
const signed16 = (n: number) => (n << 16) >> 16;
const signed8 = (n: number) => (n << 24) >> 24;
const wide = ({ w, x }: Fields) => (w << 16) | x;
const long = ({ w, x }: Fields) => (((x & 0xff00) << 16) >> 12) | (w & 0xfff);

/** Writes D(X,B), D(B) or D: registers that are 0 are omitted. */
function place(displacement: number, index: number, base: number): string {
  if (index === 0 && base === 0) return `${displacement}`;
  if (index === 0) return `${displacement}(%r${base})`;
  return base === 0 ? `${displacement}(%r${index})` : `${displacement}(%r${index},%r${base})`;
}

/** As `place`, with a length, which is never omitted. */
function measured(displacement: number, length: number | string, base: number): string {
  return base === 0 ? `${displacement}(${length})` : `${displacement}(${length},%r${base})`;
}

function jump({ address }: Fields, halfwords: number): string {
  return `0x${BigInt.asUintN(64, address + BigInt(halfwords) * 2n).toString(16)}`;
}

const base = (f: Fields) => nibble(f, 'C');
const disp = ({ w }: Fields) => w & 0xfff;
const base2 = ({ x }: Fields) => x >>> 12;
const disp2 = ({ x }: Fields) => x & 0xfff;

/** The words of templates, other than registers and masks. */
const OPERANDS: Readonly<Record<string, (f: Fields) => string>> = {
  based: (f) => place(disp(f), 0, base(f)),
  basedLong: (f) => place(long(f), 0, base(f)),
  indexed: (f) => place(disp(f), nibble(f, 'B'), base(f)),
  indexedLong: (f) => place(long(f), nibble(f, 'B'), base(f)),
  second: (f) => place(disp2(f), 0, base2(f)),
  lengthBased: (f) => measured(disp(f), ((f.w >>> 16) & 0xff) + 1, base(f)),
  length4Based: (f) => measured(disp(f), nibble(f, 'A') + 1, base(f)),
  lengthRBased: (f) => measured(disp(f), `%r${nibble(f, 'A')}`, base(f)),
  secondLength4: (f) => measured(disp2(f), nibble(f, 'B') + 1, base2(f)),
  secondLength8: (f) => measured(disp2(f), ((f.w >>> 16) & 0xff) + 1, base2(f)),
  byte1: ({ w }) => `${(w >>> 16) & 0xff}`,
  signedByte1: ({ w }) => `${signed8(w >>> 16)}`,
  signed8: ({ x }) => `${signed8(x >>> 8)}`,
  unsigned8: ({ x }) => `${x >>> 8}`,
  signed16: ({ w }) => `${signed16(w)}`,
  unsigned16: ({ w }) => `${w & 0xffff}`,
  signedX: ({ x }) => `${signed16(x)}`,
  unsignedX: ({ x }) => `${x}`,
  signed32: (f) => `${wide(f)}`,
  unsigned32: (f) => `${wide(f) >>> 0}`,
  jump12: (f) => jump(f, (f.w << 12) >> 20),
  jump24: (f) => jump(f, (wide(f) << 8) >> 8),
  jumpX: (f) => jump(f, signed16(f.x)),
  jump16: (f) => jump(f, signed16(f.w)),
  jump32: (f) => jump(f, wide(f)),
  select3: ({ w }) => `${(w >>> 8) & 0xff}`,
  select4: ({ w }) => `${w & 0xff}`,
  select5: ({ x }) => `${x >>> 8}`,
};

const CLASSES: Readonly<Record<string, string>> = { r: '%r', a: '%a', c: '%c', f: '%f', m: '' };

/** Writes one operand; null if it is optional and zero. */
function operand(f: Fields, word: string): string | null {
  const named = OPERANDS[word];
  if (named) return named(f);
  const value = nibble(f, word[1] as string);
  return word.endsWith('?') && value === 0 ? null : `${CLASSES[word[0] as string]}${value}`;
}

/** Returns the mnemonic and the template; an extended mnemonic includes the mask, if there is one for it. */
function named(mnemonic: string, template: string, f: Fields): [name: string, template: string] {
  const lower = mnemonic.toLowerCase();
  const branch = BRANCHES[mnemonic];
  if (branch) {
    const mask = nibble(f, 'A');
    const [prefix, suffix, never] = branch;
    if (mask === 0 && never === null) return [lower, template];
    const name = mask === 0 ? (never as string) : `${prefix}${CONDITIONS[mask]}${suffix}`;
    return [name, template.replace('mA ', '')];
  }
  if (WITH_M3_AND_M4.test(mnemonic)) {
    return f.w & 0xff00 ? [`${lower}a`, template] : [lower, template.replace(' mC', '').replace(' mD', '')];
  }
  if (WITH_M4.test(mnemonic))
    return f.w & 0x0f00 ? [`${lower}a`, template] : [lower, template.replace(' mD', '')];
  const word = / ?\b(m[BCDG])\b(?!\?)/.exec(template);
  if (word && (ON_CONDITION.test(mnemonic) || COMPARING.test(mnemonic))) {
    const mask = nibble(f, (word[1] as string)[1] as string);
    const suffix = ON_CONDITION.test(mnemonic) ? CONDITIONS[mask] : OUTCOMES[mask];
    if (suffix) return [lower + suffix, template.replace(word[0], '')];
  }
  return [lower, template];
}

/** Appends the letter for the zero-remaining-bits control of ROTATE THEN INSERT SELECTED BITS. */
function zeroing(name: string, operands: string[], f: Fields): string {
  if (!/^risbgn?$/.test(name) || !(f.w & 0x80)) return name;
  operands[3] = `${f.w & 0x7f}`;
  return `${name}z`;
}

/**
 * Returns the text of an instruction, or `.short` and its first halfword if the operation code is invalid.
 *
 * @param w its first 32 bits, unsigned; only the high half belongs to a 2-byte instruction
 * @param x bits 32 to 47 of a 6-byte instruction
 * @param address of the instruction, for relative operands
 */
export function disassemble(w: number, x: number, address = 0n): string {
  const line = lineOf(w, x);
  if (line === undefined) return `.short 0x${(w >>> 16).toString(16).padStart(4, '0')}`;
  const [mnemonic, format] = line;
  const fields = { w, x, address };
  const [name, template] = named(mnemonic, WRITTEN[mnemonic] ?? BY_FORMAT[format], fields);
  const operands: string[] = [];
  for (const word of template.split(' ')) {
    const text = word === '' ? null : operand(fields, word);
    if (text !== null) operands.push(text);
  }
  return `${zeroing(name, operands, fields)} ${operands.join(',')}`.trimEnd();
}

/** Returns the length in bytes of the instruction that begins with a byte. */
export function instructionLength(first: number): 2 | 4 | 6 {
  return lengthOf(first << 24);
}
