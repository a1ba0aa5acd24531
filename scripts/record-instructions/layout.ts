/**
 * The layout of storage: the arena of each case, and the records that go into and come out of the harness (harness.S
 * has the same constants). State that a case does not mention has the defaults given here. The replay in
 * src/machine/instructions/recorded.test.ts starts from the same defaults.
 */

import { isAccessRegisterException, storesWord } from '../../src/machine/interruption.ts';

/** General, floating-point, access and control registers. */
export type RegisterName = `${'r' | 'f' | 'a' | 'c'}${number}`;

/** The state that a case starts from. What it does not mention has its default. */
export interface CaseState {
  cc?: number;
  /** Program mask. */
  pm?: number;
  /** Addressing mode: 24, 31 or 64. */
  mode?: number;
  /** 1 in the problem state. */
  problem?: number;
  /** PSW key. */
  key?: number;
  /** Address-space control of the PSW. */
  space?: number;
  /** System mask of the PSW. */
  system?: number;
  /** Storage keys of the two pages of the arena. */
  k0?: number;
  k1?: number;
  /** Floating-point control register, in hexadecimal. */
  fpc?: string;
  /** 1 if the translation-exception identification of an access exception is recorded. */
  teid?: 1;
  /** Bytes of storage, in hexadecimal, by hexadecimal address. */
  m?: Record<string, string>;
}

/** The state of a case with its registers, in hexadecimal. */
export type InitialState = CaseState & Partial<Record<RegisterName, string>>;

/** What a case changed, and how it ended. */
export interface Result extends Partial<Record<RegisterName, string>> {
  cc?: number;
  /** Program-interruption code, and the instruction length. */
  pgm?: number;
  ilc?: number;
  /** Data-exception code. */
  dxc?: number;
  /** PER code and identification of the translation mode (16 bits), and PER address, if program events are indicated. */
  per?: string;
  perAt?: string;
  /** Translation-exception identification. */
  teid?: string;
  /** The identification of 32 bits of the exceptions that store one, in hexadecimal; the exception access identification. */
  id?: string;
  access?: number;
  svc?: number;
  external?: number;
  /** PSW bits 0 to 63, if they changed in more than the condition code. */
  psw?: string;
  /** Instruction address. */
  at?: string;
  fpc?: string;
  prefix?: string;
  k0?: number;
  k1?: number;
  m?: Record<string, string>;
}

export const ARENA = 0x20e00;
export const ARENA_SIZE = 0x400;
/** Bytes at the start of the arena for a case's code; zeros follow up to DATA. */
export const CODE_SIZE = 64;
/** Where the arena's data begin. The page boundary 0x21000 lies in them. */
export const DATA = ARENA + 0x100;
export const CASES = 0x10_0000;
export const RESULTS = 0x200_0000;
export const CASE_SIZE = 0x600;
export const RESULT_SIZE = 0x800;

const GPR = 0x10;
const FPR = 0x90;
const AR = 0x110;
const CR = 0x150;
const FPC = 0x1d0;
const KEYS = 0x1d4;
const STORAGE = 0x200;

/** The state that a case starts from unless it sets another one. */
export const DEFAULTS = {
  gpr: (n: number) => BigInt(`0x${n.toString(16).repeat(16)}`),
  fpr: (n: number) => BigInt(`0x4${n.toString(16).repeat(15)}`),
  ar: (n: number) => n * 0x0101_0101,
  cr: (n: number) => (n === 0 ? 0x4_00e0n : n === 14 ? 0xc200_0000n : 0n),
  /** Byte `i` of the arena: zeros, then from DATA on a pattern without a short period. */
  byte: (i: number) => (i < 0x100 ? 0 : (i * 37 + (i >> 5) * 11 + 5) & 0xff),
  key: 0x06,
};

/** PSW bits 0 to 63 of a case: 64-bit mode, supervisor state, key 0, DAT off, and what the case changes of these. */
export function pswMask(state: CaseState): bigint {
  const { cc = 0, pm = 0, mode = 64, problem = 0, key = 0, space = 0, system = 0 } = state;
  const hi =
    system * 2 ** 24 + key * 2 ** 20 + problem * 2 ** 16 + space * 2 ** 14 + cc * 2 ** 12 + pm * 2 ** 8;
  const addressing = mode === 64 ? 0x1_8000_0000n : mode === 31 ? 0x8000_0000n : 0n;
  return (BigInt(hi) << 32n) | addressing;
}

/** The arena as a case finds it: code, zeros, pattern, and the case's own patches. */
export function arenaOf(code: Uint8Array, state: CaseState): Uint8Array {
  const arena = Uint8Array.from({ length: ARENA_SIZE }, (_, i) => DEFAULTS.byte(i));
  arena.set(code, 0);
  for (const [address, hex] of Object.entries(state.m ?? {})) {
    arena.set(Buffer.from(hex, 'hex'), Number.parseInt(address, 16) - ARENA);
  }
  return arena;
}

const big = (value: string | undefined, missing: bigint) =>
  value === undefined ? missing : BigInt(`0x${value}`);

/** Writes the record of a case. */
export function writeCase(buffer: Buffer, code: Uint8Array, state: InitialState): void {
  buffer.writeBigUInt64BE(pswMask(state), 0);
  buffer.writeBigUInt64BE(BigInt(ARENA), 8);
  for (let n = 0; n < 16; n++) {
    buffer.writeBigUInt64BE(big(state[`r${n}`], DEFAULTS.gpr(n)), GPR + n * 8);
    buffer.writeBigUInt64BE(big(state[`f${n}`], DEFAULTS.fpr(n)), FPR + n * 8);
    buffer.writeUInt32BE(Number(big(state[`a${n}`], BigInt(DEFAULTS.ar(n)))), AR + n * 4);
    buffer.writeBigUInt64BE(big(state[`c${n}`], DEFAULTS.cr(n)), CR + n * 8);
  }
  buffer.writeUInt32BE(Number(big(state.fpc, 0n)), FPC);
  buffer[KEYS] = state.k0 ?? DEFAULTS.key;
  buffer[KEYS + 1] = state.k1 ?? DEFAULTS.key;
  buffer.set(arenaOf(code, state), STORAGE);
}

/** Offsets in a result: assigned storage from real 0x80 on, registers, the rest, the arena. */
const OUT = {
  LOW: 0x000,
  GPR: 0x100,
  FPR: 0x180,
  AR: 0x200,
  FPC: 0x240,
  CR: 0x280,
  REST: 0x300,
  ARENA: 0x400,
};

/** Program-interruption codes that store a translation-exception identification. */
const IDENTIFIED = [0x04, 0x10, 0x11, 0x38, 0x39, 0x3a, 0x3b];

const KINDS: Readonly<Record<number, string>> = { 1: 'program', 2: 'svc', 3: 'external' };
const hex = (value: number | bigint) => value.toString(16);

/** Reads a result as differences from the initial state. */
export function readResult(buffer: Buffer, code: Uint8Array, state: InitialState): Result {
  const out: Result = {};
  for (let n = 0; n < 16; n++) {
    differ(out, `r${n}`, buffer.readBigUInt64BE(OUT.GPR + n * 8), big(state[`r${n}`], DEFAULTS.gpr(n)));
    differ(out, `f${n}`, buffer.readBigUInt64BE(OUT.FPR + n * 8), big(state[`f${n}`], DEFAULTS.fpr(n)));
    const ar = BigInt(buffer.readUInt32BE(OUT.AR + n * 4));
    differ(out, `a${n}`, ar, big(state[`a${n}`], BigInt(DEFAULTS.ar(n))));
    differ(out, `c${n}`, buffer.readBigUInt64BE(OUT.CR + n * 8), big(state[`c${n}`], DEFAULTS.cr(n)));
  }
  readEnd(out, buffer, state);
  const fpc = buffer.readUInt32BE(OUT.FPC);
  // A data exception leaves its code in the FPC register too; it is recorded only once.
  if (((out.pgm ?? 0) & 0x7f) !== 7) differ(out, 'fpc', BigInt(fpc), big(state.fpc, 0n));
  differ(out, 'prefix', BigInt(buffer.readUInt32BE(OUT.REST + 4)), 0n);
  const k0 = buffer.readUInt32BE(OUT.REST + 8) & 0xfe;
  const k1 = buffer.readUInt32BE(OUT.REST + 12) & 0xfe;
  if (k0 !== (state.k0 ?? DEFAULTS.key)) out.k0 = k0;
  if (k1 !== (state.k1 ?? DEFAULTS.key)) out.k1 = k1;
  const memory = differences(arenaOf(code, state), buffer.subarray(OUT.ARENA, OUT.ARENA + ARENA_SIZE));
  if (memory !== undefined) out.m = memory;
  return out;
}

type Number64 = RegisterName | 'fpc' | 'prefix';

function differ(out: Result, name: Number64, value: bigint, before: bigint): void {
  if (value !== before) out[name] = hex(value);
}

/** How the case ended: PSW, and the interruption unless it is the expected one at the zeros after the code. */
function readEnd(out: Result, buffer: Buffer, state: CaseState): void {
  const kind = KINDS[buffer.readUInt32BE(OUT.REST)];
  const old = kind === 'program' ? 0x150 : kind === 'svc' ? 0x140 : 0x130;
  const at = (address: number) => OUT.LOW + address - 0x80;
  const mask = buffer.readBigUInt64BE(at(old));
  let address = buffer.readBigUInt64BE(at(old + 8));
  if (kind === 'program') {
    const code = buffer.readUInt16BE(at(0x8e));
    const length = buffer.readUInt16BE(at(0x8c)) & 7;
    if (code === 1 && length === 2) address -= 2n;
    else Object.assign(out, { pgm: code, ilc: length });
    if (state.teid && IDENTIFIED.includes(code)) out.teid = hex(buffer.readBigUInt64BE(at(168)));
    if ((code & 0x7f) === 7) out.dxc = buffer.readUInt32BE(at(0x90)) & 0xff;
    if (code & 0x80) {
      Object.assign(out, {
        per: hex(buffer.readUInt16BE(at(150))),
        perAt: hex(buffer.readBigUInt64BE(at(152))),
      });
    }
    if (storesWord(code)) out.id = hex(buffer.readUInt32BE(at(0xac)));
    if (isAccessRegisterException(code) || code === 0x2f) out.access = buffer.readUInt8(at(0xa0));
  } else if (kind === 'svc') {
    out.svc = buffer.readUInt16BE(at(0x8a));
  } else {
    out.external = buffer.readUInt16BE(at(0x86));
  }
  const cc = Number((mask >> 44n) & 3n);
  if (mask === pswMask({ ...state, cc })) {
    if (cc !== (state.cc ?? 0)) out.cc = cc;
  } else {
    out.psw = hex(mask);
  }
  out.at = hex(address);
}

/** Returns the ranges of bytes that differ, by address, or undefined if there are none. */
function differences(before: Uint8Array, after: Uint8Array): Record<string, string> | undefined {
  const runs: Record<string, string> = {};
  for (let i = 0; i < before.length; i++) {
    if (before[i] === after[i]) continue;
    let end = i + 1;
    while (end < before.length && before[end] !== after[end]) end++;
    runs[hex(ARENA + i)] = Buffer.from(after.subarray(i, end)).toString('hex');
    i = end;
  }
  return Object.keys(runs).length ? runs : undefined;
}
