/**
 * Finds the lines of sources that instructions were made from: the section .debug_line. DWARF 2 to 5, 6.2, "Line Number Information". The
 * section is not trusted.
 */

import { ByteReader, DwarfError } from './byte-reader.ts';
import { type ElfSection, textAt } from './elf-sections.ts';

/** A line. */
export interface SourceLine {
  /** The path as the compiler had it, a character for each byte. */
  readonly file: string;
  readonly line: number;
}

/** A part of the section: what was compiled at once. */
interface Unit {
  readonly program: ByteReader;
  readonly instructionLength: number;
  readonly lineBase: number;
  readonly lineRange: number;
  readonly opcodeBase: number;
  /** Numbers of operands of the standard opcodes, from 1 on. */
  readonly operands: readonly number[];
  readonly fileOf: (index: number) => string;
}

/** How the entries of the tables of DWARF 5 are written. */
type Format = readonly (readonly [content: number, form: number])[];

const LENGTH_64 = 0xffff_ffff;
/** Directories or files of a unit. */
const ENTRIES_MAX = 100_000;
const CONTENT = { PATH: 1, DIRECTORY: 2 } as const;
const FORM = { BLOCK2: 3, BLOCK4: 4, DATA2: 5, DATA4: 6, DATA8: 7, STRING: 8, BLOCK: 9, DATA1: 0xb } as const;
const FORM_STRP = 0x0e;
const FORM_UDATA = 0x0f;
const FORM_DATA16 = 0x1e;
const FORM_LINE_STRP = 0x1f;

/** Instructions of the programs that are performed: larger files are searched in part. */
const INSTRUCTIONS_MAX = 50_000_000;

/** Returns the lines of addresses, as the file was linked. Those of which nothing is known are missing. */
export function sourceLines(
  sections: ReadonlyMap<string, ElfSection>,
  addresses: readonly number[],
): Map<number, SourceLine> {
  const found = new Map<number, SourceLine>();
  const bytes = sections.get('.debug_line')?.bytes;
  if (bytes === undefined) return found;
  const reader = new ByteReader(bytes);
  const search = { sections, addresses, found, left: INSTRUCTIONS_MAX };
  try {
    while (!reader.isAtEnd && found.size < addresses.length) {
      const short = reader.u32();
      const isLong = short === LENGTH_64;
      searchUnit(reader.part(isLong ? reader.u64() : short), isLong, search);
    }
  } catch (error) {
    if (!(error instanceof DwarfError)) throw error;
  }
  return found;
}

interface Search {
  readonly sections: ReadonlyMap<string, ElfSection>;
  readonly addresses: readonly number[];
  readonly found: Map<number, SourceLine>;
  /** Instructions that may still be performed. */
  left: number;
}

/** Searches a unit. One that cannot be read has no lines. */
function searchUnit(reader: ByteReader, isLong: boolean, search: Search): void {
  try {
    const unit = readUnit(reader, isLong, search.sections);
    if (unit !== null) runProgram(unit, search);
  } catch (error) {
    if (!(error instanceof DwarfError)) throw error;
  }
}

function readUnit(reader: ByteReader, isLong: boolean, sections: Search['sections']): Unit | null {
  const version = reader.u16();
  if (version < 2 || version > 5) return null;
  if (version >= 5) reader.skip(2);
  const header = reader.part(isLong ? reader.u64() : reader.u32());
  const instructionLength = header.u8();
  if (version >= 4) header.u8();
  header.u8();
  const [lineBase, lineRange, opcodeBase] = [header.s8(), header.u8(), header.u8()];
  if (lineRange === 0 || opcodeBase === 0) throw new DwarfError('a unit without a range of lines');
  const operands = Array.from({ length: opcodeBase - 1 }, () => header.u8());
  const fileOf = version < 5 ? oldFiles(header) : newFiles(header, isLong, sections);
  const program = reader.part(reader.length - reader.at);
  return { program, instructionLength, lineBase, lineRange, opcodeBase, operands, fileOf };
}

/** The tables of directories and files of DWARF 2 to 4: both begin with number 1. */
function oldFiles(header: ByteReader): Unit['fileOf'] {
  const directories = [''];
  for (let name = header.text(); name !== ''; name = header.text()) directories.push(name);
  const files: string[] = [''];
  for (let name = header.text(); name !== ''; name = header.text()) {
    if (files.length > ENTRIES_MAX) throw new DwarfError('too many files');
    files.push(joined(directories[header.unsigned()] ?? '', name));
    header.unsigned();
    header.unsigned();
  }
  return (index) => files[index] ?? '';
}

/** The tables of DWARF 5, which begin with number 0. */
function newFiles(header: ByteReader, isLong: boolean, sections: Search['sections']): Unit['fileOf'] {
  const directories = entries(header, isLong, sections).map(({ path }) => path);
  const files = entries(header, isLong, sections);
  return (index) => {
    const { path, directory } = files[index] ?? { path: '', directory: 0 };
    return joined(directories[directory] ?? '', path);
  };
}

interface Entry {
  readonly path: string;
  readonly directory: number;
}

function entries(header: ByteReader, isLong: boolean, sections: Search['sections']): Entry[] {
  const format: Format = Array.from({ length: header.u8() }, () => [header.unsigned(), header.unsigned()]);
  const count = header.unsigned();
  if (count > ENTRIES_MAX || (format.length === 0 && count > 0)) throw new DwarfError(`${count} entries`);
  return Array.from({ length: count }, () => entry(header, { format, isLong, sections }));
}

function entry(
  header: ByteReader,
  how: { readonly format: Format; readonly isLong: boolean; readonly sections: Search['sections'] },
): Entry {
  let path = '';
  let directory = 0;
  for (const [content, form] of how.format) {
    const value = formValue(header, form, how);
    if (content === CONTENT.PATH && typeof value === 'string') path = value;
    if (content === CONTENT.DIRECTORY && typeof value === 'number') directory = value;
  }
  return { path, directory };
}

function formValue(
  header: ByteReader,
  form: number,
  { isLong, sections }: { readonly isLong: boolean; readonly sections: Search['sections'] },
): string | number {
  const offset = () => (isLong ? header.u64() : header.u32());
  const textIn = (name: string) => textAt(sections.get(name)?.bytes ?? new Uint8Array(0), offset());
  switch (form) {
    case FORM.STRING:
      return header.text();
    case FORM_LINE_STRP:
      return textIn('.debug_line_str');
    case FORM_STRP:
      return textIn('.debug_str');
    case FORM.DATA1:
      return header.u8();
    case FORM.DATA2:
      return header.u16();
    case FORM.DATA4:
      return header.u32();
    case FORM.DATA8:
      return header.u64();
    case FORM_UDATA:
      return header.unsigned();
    case FORM_DATA16:
      return header.skip(16);
    case FORM.BLOCK:
      return header.skip(header.unsigned());
    case FORM.BLOCK2:
      return header.skip(header.u16());
    case FORM.BLOCK4:
      return header.skip(header.u32());
    default:
      throw new DwarfError(`form ${form} is unknown`);
  }
}

function joined(directory: string, name: string): string {
  return directory === '' || name.startsWith('/') ? name : `${directory}/${name}`;
}

/** A row of the table: from its address on instructions are of this line. */
interface Row {
  address: number;
  file: number;
  line: number;
}

const START: Row = { address: 0, file: 1, line: 1 };

/** Performs the program of a unit, and looks for the addresses between its rows. */
function runProgram(unit: Unit, search: Search): void {
  const { addresses, found } = search;
  const { program, instructionLength, lineBase, lineRange, opcodeBase, operands, fileOf } = unit;
  let row: Row = { ...START };
  let before: Row | null = null;
  const emit = (isEnd: boolean) => {
    if (before !== null) {
      const { address: from, file, line } = before;
      for (const address of addresses) {
        if (address >= from && address < row.address && !found.has(address))
          found.set(address, { file: fileOf(file), line });
      }
    }
    before = isEnd ? null : { ...row };
  };
  const advance = (units: number) => {
    row.address += units * instructionLength;
  };
  while (!program.isAtEnd && search.left-- > 0) {
    const code = program.u8();
    if (code >= opcodeBase) {
      advance(Math.floor((code - opcodeBase) / lineRange));
      row.line += lineBase + ((code - opcodeBase) % lineRange);
      emit(false);
      continue;
    }
    switch (code) {
      case 0: {
        const extended = program.part(program.unsigned());
        if (extended.length === 0) break;
        const what = extended.u8();
        if (what === 2) row.address = extended.u64();
        if (what !== 1) break;
        emit(true);
        row = { ...START };
        break;
      }
      case 1:
        emit(false);
        break;
      case 2:
        advance(program.unsigned());
        break;
      case 3:
        row.line += program.signed();
        break;
      case 4:
        row.file = program.unsigned();
        break;
      case 8:
        advance(Math.floor((255 - opcodeBase) / lineRange));
        break;
      case 9:
        row.address += program.u16();
        break;
      default:
        for (let n = operands[code - 1] ?? 0; n > 0; n--) program.unsigned();
    }
  }
}
