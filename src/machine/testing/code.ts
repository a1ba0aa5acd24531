/**
 * Machine code for tests. Each function returns the bytes of one instruction; `code` joins them.
 */

const bytes = (value: bigint | number, count: number): number[] =>
  Array.from({ length: count }, (_, i) => Number((BigInt(value) >> BigInt((count - 1 - i) * 8)) & 0xffn));

/** Base and displacement of 12 bits. */
const at = (displacement: number, base: number) => (base << 12) | displacement;

/** The bytes of several instructions, one after another. */
export const code = (...instructions: readonly number[][]): Uint8Array =>
  Uint8Array.from(instructions.flat());

/** LLILF and LLIHF: 64-bit immediate into a register, 12 bytes. */
export const load = (r: number, value: bigint | number): number[] => [
  ...bytes(0xc000_0000_0000n | (BigInt(r) << 36n) | (0xfn << 32n) | BigInt.asUintN(32, BigInt(value)), 6),
  ...bytes(0xc000_0000_0000n | (BigInt(r) << 36n) | (0x8n << 32n) | (BigInt(value) >> 32n), 6),
];
/** LG r,d(b). */
export const lg = (r: number, d: number, b = 0) =>
  bytes((0xe3n << 40n) | (BigInt((r << 20) | at(d, b)) << 16n) | 0x04n, 6);
/** STG r,d(b). */
export const stg = (r: number, d: number, b = 0) =>
  bytes((0xe3n << 40n) | (BigInt((r << 20) | at(d, b)) << 16n) | 0x24n, 6);
/** LPSWE d(b). */
export const lpswe = (d: number, b = 0) => [0xb2, 0xb2, ...bytes(at(d, b), 2)];
/** An S-format instruction by its 16-bit opcode. */
export const s = (opcode: number, d: number, b = 0) => [...bytes(opcode, 2), ...bytes(at(d, b), 2)];
/** DIAG r1,r3,d(b). */
export const diag = (r1: number, r3: number, d: number, b = 0) => [
  0x83,
  (r1 << 4) | r3,
  ...bytes(at(d, b), 2),
];
/** SIGP r1,r3,d(b). */
export const sigp = (r1: number, r3: number, d: number, b = 0) => [
  0xae,
  (r1 << 4) | r3,
  ...bytes(at(d, b), 2),
];
/** SERVC r1,r2. */
export const servc = (r1: number, r2: number) => [0xb2, 0x20, 0x00, (r1 << 4) | r2];
/** STOSM and STNSM d(b),i. */
export const stosm = (d: number, mask: number, b = 0) => [0xad, mask, ...bytes(at(d, b), 2)];
export const stnsm = (d: number, mask: number, b = 0) => [0xac, mask, ...bytes(at(d, b), 2)];
/** LCTLG r1,r3,d(b). */
export const lctlg = (r1: number, r3: number, d: number, b = 0) => [
  0xeb,
  (r1 << 4) | r3,
  ...bytes(at(d, b), 2),
  0x00,
  0x2f,
];
/** SVC n. */
export const svc = (n: number) => [0x0a, n];
/** An operation code that no machine has. */
export const unknown = () => [0x00, 0x00];
/** J to an instruction `offset` bytes from this one. */
export const jump = (offset: number) => [0xa7, 0xf4, ...bytes(BigInt.asUintN(16, BigInt(offset / 2)), 2)];
/** EXRL r1 of the instruction `offset` bytes from this one. */
export const exrl = (r1: number, offset: number) => [
  0xc6,
  r1 << 4,
  ...bytes(BigInt.asUintN(32, BigInt(offset / 2)), 4),
];
/** An RRE-format instruction by its 16-bit opcode. */
export const rre = (opcode: number, r1: number, r2: number) => [...bytes(opcode, 2), 0x00, (r1 << 4) | r2];
/** ISKE r1,r2 and RRBE r1,r2. */
export const iske = (r1: number, r2: number) => rre(0xb229, r1, r2);
export const rrbe = (r1: number, r2: number) => rre(0xb22a, r1, r2);
/** SSKE r1,r2,m3. */
export const sske = (r1: number, r2: number, m3 = 0) => [0xb2, 0x2b, m3 << 4, (r1 << 4) | r2];
/** PFMF r1,r2. */
export const pfmf = (r1: number, r2: number) => rre(0xb9af, r1, r2);
/** IPM r1. */
export const ipm = (r1: number) => rre(0xb222, r1, 0);
/** IPTE r1,r2. */
export const ipte = (r1: number, r2: number) => [0xb2, 0x21, 0x00, (r1 << 4) | r2];
/** SCKC d(b), STCK d(b), SPT d(b). */
export const sckc = (d: number, b = 0) => s(0xb206, d, b);

/** A PSW of 16 bytes. */
export const psw = (mask: bigint, address: bigint | number): Uint8Array =>
  Uint8Array.from([...bytes(mask, 8), ...bytes(address, 8)]);

/** PSW masks. */
export const MASK = {
  /** 64-bit addressing, nothing enabled. */
  PLAIN: 0x1_8000_0000n,
  /** And DAT. */
  DAT: 0x0400_0001_8000_0000n,
  /** And external interruptions. */
  EXTERNAL: 0x0100_0001_8000_0000n,
  /** And wait. */
  DISABLED_WAIT: 0x0002_0001_8000_0000n,
  ENABLED_WAIT: 0x0102_0001_8000_0000n,
  /** And problem state. */
  PROBLEM: 0x0001_0001_8000_0000n,
} as const;
