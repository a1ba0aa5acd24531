/**
 * Finds the callers of functions by the tables that compilers make for exceptions: the section .eh_frame. DWARF 5, 6.4, "Call Frame
 * Information"; Linux Standard Base Core, "Exception Frames". The tables are not trusted.
 */

import { ByteReader, DwarfError } from './byte-reader.ts';
import type { ElfSection } from './elf-sections.ts';

/** How a register of the caller is found. Offsets are from the canonical frame address (CFA), in bytes. */
type Rule =
  | { readonly kind: 'same' | 'undefined' | 'unknown' }
  | { readonly kind: 'saved' | 'value'; readonly offset: number }
  | { readonly kind: 'register'; readonly register: number };

/** How the CFA is found: a register and an offset; null if it is not known. */
interface Frame {
  cfa: { readonly register: number; readonly offset: number } | null;
  rules: Map<number, Rule>;
}

/** What functions have in common. */
interface Common {
  readonly codeFactor: number;
  readonly dataFactor: number;
  readonly returnRegister: number;
  readonly encoding: number;
  readonly hasData: boolean;
  readonly instructions: Uint8Array;
}

/** A function. */
interface Described {
  readonly begin: number;
  readonly instructions: Uint8Array;
  readonly common: Common;
}

/** The state of a thread in a function: the registers that `FRAME_REGISTERS` counts, and memory. */
export interface FrameState {
  /** The address of the instruction, as the file was linked. */
  readonly address: number;
  /** Returns a register: a general one, or from 16 on a floating-point one, in the order of `FLOATING_ORDER`. */
  readonly register: (n: number) => number;
  /** Returns 8 bytes of memory, or null if nothing is there. */
  readonly memory: (address: number) => number | null;
}

/** The caller. */
export interface Caller {
  /** Where the function returns to; in memory. */
  readonly address: number;
  /** The registers that are not those of the function. */
  readonly registers: ReadonlyMap<number, number>;
}

/** Encodings of pointers: the form in the low bits, and what it is added to. */
const POINTER = { ABSOLUTE: 0, ULEB: 1, U2: 2, U4: 3, U8: 4, SLEB: 9, S2: 0xa, S4: 0xb, S8: 0xc } as const;
const RELATIVE_TO_PC = 0x10;
const LENGTH_64 = 0xffff_ffff;
/** States that a function remembers at most. */
const REMEMBERED_MAX = 100;
/** Registers that a rule is kept for: those of s390x have lower numbers. */
const REGISTERS_MAX = 128;
/** The registers that a caller's state consists of: general registers and floating-point registers. */
export const FRAME_REGISTERS = 32;
/** The floating-point registers in the order of their DWARF numbers, from 16 on (s390x ELF ABI). Functions save general registers in them. */
export const FLOATING_ORDER = [0, 2, 4, 6, 1, 3, 5, 7, 8, 10, 12, 14, 9, 11, 13, 15] as const;

/** Returns the caller of a function, or null if the tables do not tell. */
export function callerOf(section: ElfSection, state: FrameState): Caller | null {
  try {
    const described = describedAt(section, state.address);
    if (described === null) return null;
    return callerIn(frameAt(described, state.address), described.common.returnRegister, state);
  } catch (error) {
    if (error instanceof DwarfError) return null;
    throw error;
  }
}

/** Finds the function of an address. */
function describedAt(section: ElfSection, address: number): Described | null {
  const reader = new ByteReader(section.bytes);
  const commons = new Map<number, Common | null>();
  while (!reader.isAtEnd) {
    const short = reader.u32();
    if (short === 0) return null;
    const length = short === LENGTH_64 ? reader.u64() : short;
    const { at } = reader;
    const part = reader.part(length);
    const pointer = part.u32();
    if (pointer === 0) continue;
    const common = commonAt(section, at - pointer, commons);
    const found = common && functionIn(part, { common, start: section.address + at, address });
    if (found) return found;
  }
  return null;
}

function commonAt({ bytes }: ElfSection, at: number, known: Map<number, Common | null>): Common | null {
  const before = known.get(at);
  if (before !== undefined) return before;
  const reader = new ByteReader(bytes);
  reader.skip(at);
  const short = reader.u32();
  const common = readCommon(reader.part(short === LENGTH_64 ? reader.u64() : short));
  known.set(at, common);
  return common;
}

function readCommon(reader: ByteReader): Common | null {
  if (reader.u32() !== 0) return null;
  const version = reader.u8();
  if (version !== 1 && version !== 3) return null;
  const augmentation = reader.text();
  const codeFactor = reader.unsigned();
  const dataFactor = reader.signed();
  const returnRegister = version === 1 ? reader.u8() : reader.unsigned();
  const hasData = augmentation.startsWith('z');
  if (augmentation !== '' && !hasData) return null;
  const encoding = hasData ? encodingIn(reader.part(reader.unsigned()), augmentation) : POINTER.ABSOLUTE;
  const rest = reader.part(reader.length - reader.at);
  return { codeFactor, dataFactor, returnRegister, encoding, hasData, instructions: rest.bytes };
}

/** Returns the encoding of addresses of functions. */
function encodingIn(reader: ByteReader, augmentation: string): number {
  let encoding: number = POINTER.ABSOLUTE;
  for (const letter of augmentation.slice(1)) {
    if (letter === 'R') encoding = reader.u8();
    else if (letter === 'L') reader.u8();
    else if (letter === 'P') pointer(reader, reader.u8());
    else if (letter !== 'S') break;
  }
  return encoding;
}

function functionIn(
  reader: ByteReader,
  { common, start, address }: { common: Common; start: number; address: number },
): Described | null {
  const { encoding, hasData } = common;
  const place = start + reader.at;
  const base = (encoding & 0x70) === RELATIVE_TO_PC ? place : 0;
  const begin = pointer(reader, encoding) + base;
  const size = pointer(reader, encoding & 0xf);
  if (address < begin || address >= begin + size) return null;
  if (hasData) reader.skip(reader.unsigned());
  return { begin, common, instructions: reader.part(reader.length - reader.at).bytes };
}

/** Returns a pointer, without what it is relative to. */
function pointer(reader: ByteReader, encoding: number): number {
  switch (encoding & 0xf) {
    case POINTER.ABSOLUTE:
    case POINTER.U8:
      return reader.u64();
    case POINTER.ULEB:
      return reader.unsigned();
    case POINTER.U2:
      return reader.u16();
    case POINTER.U4:
      return reader.u32();
    case POINTER.SLEB:
      return reader.signed();
    case POINTER.S2:
      return reader.s16();
    case POINTER.S4:
      return reader.s32();
    case POINTER.S8:
      return reader.s64();
    default:
      throw new DwarfError(`pointers of form ${encoding} are unknown`);
  }
}

/** Performs the instructions of a function up to an address. */
function frameAt({ begin, common, instructions }: Described, address: number): Frame {
  const initial: Frame = { cfa: null, rules: new Map() };
  new FrameProgram(common, initial, null).run(new ByteReader(common.instructions), begin, Infinity);
  const frame: Frame = { cfa: initial.cfa, rules: new Map(initial.rules) };
  new FrameProgram(common, frame, initial).run(new ByteReader(instructions), begin, address);
  return frame;
}

class FrameProgram {
  readonly #common: Common;
  readonly #frame: Frame;
  readonly #initial: Frame | null;
  readonly #remembered: Frame[] = [];
  #location = 0;

  constructor(common: Common, frame: Frame, initial: Frame | null) {
    this.#common = common;
    this.#frame = frame;
    this.#initial = initial;
  }

  run(reader: ByteReader, begin: number, address: number): void {
    this.#location = begin;
    while (!reader.isAtEnd && this.#location <= address) {
      // The rows from here on are for addresses behind this one.
      const { cfa, rules } = this.#frame;
      const isBehind = this.#step(reader, address);
      if (!isBehind) continue;
      this.#frame.cfa = cfa;
      this.#frame.rules = rules;
      return;
    }
  }

  /** Performs an instruction. Returns whether the rows that follow are for addresses behind `address`. */
  #step(reader: ByteReader, address: number): boolean {
    const code = reader.u8();
    const low = code & 0x3f;
    if (code >>> 6 === 1) return this.#advance(low, address);
    if (code >>> 6 === 2) return this.#saved(low, reader.unsigned());
    if (code >>> 6 === 3) return this.#restore(low);
    return this.#extended(code, reader, address);
  }

  #advance(units: number, address: number): boolean {
    this.#location += units * this.#common.codeFactor;
    return this.#location > address;
  }

  #extended(code: number, reader: ByteReader, address: number): boolean {
    const { dataFactor, encoding } = this.#common;
    switch (code) {
      case 0x00:
        return false;
      case 0x01:
        if ((encoding & 0x70) !== 0) throw new DwarfError('the place of a relative address is unknown');
        this.#location = pointer(reader, encoding);
        return this.#location > address;
      case 0x02:
        return this.#advance(reader.u8(), address);
      case 0x03:
        return this.#advance(reader.u16(), address);
      case 0x04:
        return this.#advance(reader.u32(), address);
      case 0x05:
        return this.#saved(reader.unsigned(), reader.unsigned());
      case 0x06:
        return this.#restore(reader.unsigned());
      case 0x07:
        return this.#rule(reader.unsigned(), { kind: 'undefined' });
      case 0x08:
        return this.#rule(reader.unsigned(), { kind: 'same' });
      case 0x09:
        return this.#rule(reader.unsigned(), { kind: 'register', register: reader.unsigned() });
      case 0x0a:
        if (this.#remembered.length >= REMEMBERED_MAX) throw new DwarfError('too many states are remembered');
        this.#remembered.push({ cfa: this.#frame.cfa, rules: new Map(this.#frame.rules) });
        return false;
      case 0x0b:
        Object.assign(this.#frame, this.#remembered.pop() ?? {});
        return false;
      case 0x0c:
        return this.#define(reader.unsigned(), reader.unsigned());
      case 0x0d:
        return this.#define(reader.unsigned(), this.#frame.cfa?.offset ?? 0);
      case 0x0e:
        return this.#define(this.#frame.cfa?.register ?? 0, reader.unsigned());
      case 0x0f:
        reader.skip(reader.unsigned());
        this.#frame.cfa = null;
        return false;
      case 0x10:
      case 0x16: {
        const register = reader.unsigned();
        reader.skip(reader.unsigned());
        return this.#rule(register, { kind: 'unknown' });
      }
      case 0x11:
        return this.#saved(reader.unsigned(), reader.signed());
      case 0x12:
        return this.#define(reader.unsigned(), reader.signed() * dataFactor);
      case 0x13:
        return this.#define(this.#frame.cfa?.register ?? 0, reader.signed() * dataFactor);
      case 0x14:
        return this.#rule(reader.unsigned(), { kind: 'value', offset: reader.unsigned() * dataFactor });
      case 0x15:
        return this.#rule(reader.unsigned(), { kind: 'value', offset: reader.signed() * dataFactor });
      case 0x2e:
        reader.unsigned();
        return false;
      default:
        throw new DwarfError(`instruction ${code} is unknown`);
    }
  }

  #define(register: number, offset: number): boolean {
    this.#frame.cfa = { register, offset };
    return false;
  }

  #saved(register: number, offset: number): boolean {
    return this.#rule(register, { kind: 'saved', offset: offset * this.#common.dataFactor });
  }

  #restore(register: number): boolean {
    return this.#rule(register, this.#initial?.rules.get(register) ?? { kind: 'same' });
  }

  #rule(register: number, rule: Rule): boolean {
    // Others are of no use, and are not collected.
    if (register < REGISTERS_MAX) this.#frame.rules.set(register, rule);
    return false;
  }
}

function callerIn({ cfa, rules }: Frame, returnRegister: number, state: FrameState): Caller | null {
  if (cfa === null || cfa.register >= FRAME_REGISTERS) return null;
  const frame = state.register(cfa.register) + cfa.offset;
  const registers = new Map<number, number>();
  for (const [register, rule] of rules) {
    if (register >= FRAME_REGISTERS) continue;
    const value = ruled(rule, frame, state);
    if (value === null) {
      if (register === returnRegister) return null;
      continue;
    }
    if (rule.kind !== 'same') registers.set(register, value);
  }
  if (rules.get(returnRegister)?.kind === 'undefined' || returnRegister >= FRAME_REGISTERS) return null;
  const address = registers.get(returnRegister) ?? state.register(returnRegister);
  return { address, registers };
}

function ruled(rule: Rule, frame: number, state: FrameState): number | null {
  switch (rule.kind) {
    case 'saved':
      return state.memory(frame + rule.offset);
    case 'value':
      return frame + rule.offset;
    case 'register':
      return rule.register < FRAME_REGISTERS ? state.register(rule.register) : null;
    case 'same':
      return 0;
    default:
      return null;
  }
}
