/**
 * The layout of storage for sequences of instructions, and the records that go into and come out of the harness (harness.S has the
 * same constants).
 *
 * A sequence runs with DAT on. Seven frames hold all that it can reach: its code, and blocks of data at the start and at the end of each
 * frame. Virtual addresses lead there so that operands meet every kind of page end (`tables.ts`). The code is surrounded by zeros, which
 * are no instruction, so every sequence ends with an interruption.
 */

/** Real addresses of the frames. */
export const FRAMES = [0x2_0000, 0x2_1000, 0x2_2000, 0x2_3000, 0x2_4000, 0x2_5000, 0x2_6000] as const;
/** The length of all frames together, in bytes. */
export const FRAMES_LENGTH = FRAMES.length * 0x1000;
/** Virtual and real address of the code, in the first frame; its greatest length, in bytes. */
export const CODE = 0x2_0800;
export const CODE_LENGTH = 128;
/** The length of a block of data, in bytes. */
export const BLOCK_LENGTH = 128;
/** Real addresses of the blocks: the start and the end of each frame. */
export const BLOCKS: readonly number[] = FRAMES.flatMap((at) => [at, at + 0x1000 - BLOCK_LENGTH]);
/** Real address of the translation tables. */
export const TABLES = 0x4_0000;

/** The part of storage that the harness runs in: where records and results are, and their sizes. */
export const LAYOUT = { cases: 0x10_0000, caseSize: 0x980, results: 0x1f0_0000, resultSize: 0xb00 } as const;
/** The greatest number of sequences in one run. */
export const BATCH = 11_000;

/** The state that a sequence starts from. */
export interface State {
  /** PSW bits 0 to 63; the instruction address is `CODE`. */
  readonly psw: bigint;
  /** Registers: 16 of each kind. */
  readonly general: readonly bigint[];
  readonly floating: readonly bigint[];
  readonly access: readonly number[];
  readonly control: readonly bigint[];
  readonly fpc: number;
  /** The contents of the blocks, one after the other. */
  readonly data: Uint8Array;
}

const IN = {
  ADDRESS: 0x08,
  GENERAL: 0x10,
  FLOATING: 0x90,
  ACCESS: 0x110,
  CONTROL: 0x150,
  FPC: 0x1d0,
  CODE: 0x200,
  DATA: 0x280,
} as const;

/** Returns the record of a sequence. */
export function recordOf(code: Uint8Array, state: State): Buffer {
  const record = Buffer.alloc(LAYOUT.caseSize);
  record.writeBigUInt64BE(state.psw, 0);
  record.writeBigUInt64BE(BigInt(CODE), IN.ADDRESS);
  for (let n = 0; n < 16; n++) {
    record.writeBigUInt64BE(state.general[n] as bigint, IN.GENERAL + n * 8);
    record.writeBigUInt64BE(state.floating[n] as bigint, IN.FLOATING + n * 8);
    record.writeUInt32BE(state.access[n] as number, IN.ACCESS + n * 4);
    record.writeBigUInt64BE(state.control[n] as bigint, IN.CONTROL + n * 8);
  }
  record.writeUInt32BE(state.fpc, IN.FPC);
  record.set(code, IN.CODE);
  record.set(state.data, IN.DATA);
  return record;
}

/** Offsets in a result. `LOW` begins with the byte at real address 0x80. */
export const OUT = {
  LOW: 0x000,
  GENERAL: 0x100,
  FLOATING: 0x180,
  ACCESS: 0x200,
  FPC: 0x240,
  CONTROL: 0x280,
  KIND: 0x300,
  PREFIX: 0x304,
  SUM: 0x308,
  DATA: 0x400,
} as const;

/** The kinds of interruption that end a sequence. */
export const KIND = { PROGRAM: 1, SVC: 2, EXTERNAL: 3 } as const;
const OLD_PSW = { [KIND.PROGRAM]: 0x150, [KIND.SVC]: 0x140, [KIND.EXTERNAL]: 0x130 } as const;

/** What a sequence changed, and how it ended, in hexadecimal. A field is absent if it has the value from before. */
export type Outcome = Readonly<Record<string, string>>;

/** PSW bits 16 and 17. */
const SPACE_CONTROL = 3n << 46n;
const ACCESS_REGISTER_MODE = 1n << 46n;
/** PSW bits 18 and 19. */
const CONDITION_CODE = 3n << 44n;
const PGM = { OPERATION: 1, SPECIFICATION: 6, DATA: 7, MONITOR: 0x40 } as const;
/** Exceptions that store a translation-exception identification: ASCE type, region, segment and page translation. */
const TRANSLATION = [0x38, 0x39, 0x3a, 0x3b, 0x10, 0x11];

/** Exceptions of an access: protection, and translation. */
const ACCESS = [4, ...TRANSLATION];
/** The first halfword of the branch that repeats an instruction: BRC on condition code 3. */
export const REPEATS = 0xa714;
const MVCL = 0x0e;
const CLCL = 0x0f;

/** Reads a result. Returns null if it took too long. */
export function outcomeOf(result: Buffer, code: Uint8Array, state: State): Outcome | null {
  const kind = result.readUInt32BE(OUT.KIND) as 1 | 2 | 3;
  if (kind === KIND.EXTERNAL) return null;
  const out: Record<string, string> = {};
  const differ = (name: string, value: bigint | number, before: bigint | number) => {
    if (value !== before) out[name] = value.toString(16);
  };
  const low = (address: number) => OUT.LOW + address - 0x80;
  const mask = result.readBigUInt64BE(low(OLD_PSW[kind]));
  let address = result.readBigUInt64BE(low(OLD_PSW[kind] + 8));
  if (kind === KIND.SVC) {
    out['svc'] = result.readUInt32BE(low(0x88)).toString(16);
  } else {
    const interruption = result.readUInt16BE(low(0x8e));
    const length = result.readUInt16BE(low(0x8c));
    const teid = result.readBigUInt64BE(low(0xa8));
    if (interruption === PGM.OPERATION && length === 2 && inZeros(code, address - 2n)) address -= 2n;
    else Object.assign(out, { pgm: interruption.toString(16), ilc: `${length}` });
    // The length that an exception of the instruction fetch stores is not defined.
    if (interruption === PGM.SPECIFICATION && address & 1n) {
      address -= BigInt(length);
      delete out['ilc'];
    }
    if (TRANSLATION.includes(interruption)) {
      // The page, and the space. In the access-register mode a machine may name the space or the mode.
      const space = (mask & SPACE_CONTROL) === ACCESS_REGISTER_MODE ? 0n : 3n;
      out['teid'] = (teid & (~0xfffn | space)).toString(16);
      if (teid >> 12n === address >> 12n) delete out['ilc'];
    }
    if (interruption === PGM.DATA) out['dxc'] = result.readUInt32BE(low(0x90)).toString(16);
    if (interruption === PGM.MONITOR) {
      out['monitor'] =
        `${result.readUInt16BE(low(0x94)).toString(16)} ${result.readBigUInt64BE(low(0xb0)).toString(16)}`;
    }
    const breaking = result.readBigUInt64BE(low(0x110));
    // Without a branch it is the address of the instruction that started the sequence.
    const branch = Number(breaking) - CODE;
    // How often an instruction is repeated is the machine's choice.
    const repeats = branch >= 0 && branch < CODE_LENGTH - 2 && halfword(code, branch) === REPEATS;
    if (breaking >= FRAMES[0] && !repeats) out['bea'] = breaking.toString(16);
    if (
      ACCESS.includes(interruption) &&
      inParts(code, Number(address) - CODE, interruption === 4 ? length : 0)
    ) {
      // As is how much of it is done before an exception.
      return {
        pgm: out['pgm'] as string,
        ...(out['teid'] ? { teid: out['teid'] } : {}),
        at: address.toString(16),
      };
    }
  }
  out['at'] = address.toString(16);
  differ('cc', (mask & CONDITION_CODE) >> 44n, (state.psw & CONDITION_CODE) >> 44n);
  differ('psw', mask & ~CONDITION_CODE, state.psw & ~CONDITION_CODE);
  for (let n = 0; n < 16; n++) {
    differ(`r${n}`, result.readBigUInt64BE(OUT.GENERAL + n * 8), state.general[n] as bigint);
    differ(`f${n}`, result.readBigUInt64BE(OUT.FLOATING + n * 8), state.floating[n] as bigint);
    differ(`a${n}`, result.readUInt32BE(OUT.ACCESS + n * 4), state.access[n] as number);
    differ(`c${n}`, result.readBigUInt64BE(OUT.CONTROL + n * 8), state.control[n] as bigint);
  }
  differ('fpc', result.readUInt32BE(OUT.FPC), state.fpc);
  differ('prefix', result.readUInt32BE(OUT.PREFIX), 0);
  blocks(out, state.data, result.subarray(OUT.DATA, OUT.DATA + state.data.length));
  out['sum'] = result.readUInt32BE(OUT.SUM).toString(16);
  return out;
}

const halfword = (code: Uint8Array, at: number) => ((code[at] ?? 0) << 8) | (code[at + 1] ?? 0);

/** Whether the instruction that ended at an offset, or `length` bytes before it, is repeated until it is done. */
function inParts(code: Uint8Array, end: number, length: number): boolean {
  const at = end - length;
  if (at < 0 || at >= CODE_LENGTH) return false;
  const first = code[at] as number;
  const size = first < 0x40 ? 2 : first < 0xc0 ? 4 : 6;
  return halfword(code, at + size) === REPEATS || first === MVCL || first === CLCL;
}

/** Whether an address is in the zeros after the code. */
function inZeros(code: Uint8Array, address: bigint): boolean {
  const offset = Number(address) - CODE;
  return offset >= 0 && offset < 0x700 && (code[offset] ?? 0) === 0 && (code[offset + 1] ?? 0) === 0;
}

/** Adds the runs of bytes that changed in the blocks, by real address. */
function blocks(out: Record<string, string>, before: Uint8Array, after: Buffer): void {
  for (let i = 0; i < before.length; i++) {
    if (before[i] === after[i]) continue;
    const blockEnd = (Math.floor(i / BLOCK_LENGTH) + 1) * BLOCK_LENGTH;
    let end = i + 1;
    while (end < blockEnd && before[end] !== after[end]) end++;
    const address = (BLOCKS[Math.floor(i / BLOCK_LENGTH)] as number) + (i % BLOCK_LENGTH);
    out[`m${address.toString(16)}`] = after.subarray(i, end).toString('hex');
    i = end - 1;
  }
}
