/**
 * The block of a processor: what compiled code reads and writes besides storage. It lies behind absolute storage in the same
 * WebAssembly memory. The interpreter sees the registers in it through typed arrays. All numbers are little-endian, which
 * is WebAssembly's byte order and that of all computers that run it.
 */

/** Scratch operands behind the general registers. */
export const SCRATCH_OPERANDS = 4;
/** Scratch operands behind the floating-point registers. */
export const FLOATING_SCRATCH = 1;

/** Number of access buffers of a processor: as many contexts are remembered. */
export const CONTEXTS = 4;
/** Entries of an access buffer for one kind of access, of 16 bytes each. */
export const BUFFER_ENTRIES = 16_384;
const HALF_BUFFER = BUFFER_ENTRIES * 16;
/** Size of the buffers of one context: for loads, then for stores. */
export const CONTEXT_SIZE = 2 * HALF_BUFFER;

/** Entries for jumps. Each has an instruction address (64 bits), a version, and the place of the code in the table of functions. */
export const JUMP_ENTRIES = 16_384;
/** The entry for an address is its bits from 1 on, with those from `JUMP_FOLD` on folded into them: neighbours in other pages have other entries. */
export const JUMP_FOLD = 13;

/** Byte offsets of the fields in a block. */
export const BLOCK = {
  /** General registers, 64 bits each, and scratch operands. */
  GENERAL: 0,
  /** Floating-point registers, 64 bits each, and a scratch operand. */
  FLOATING: (16 + SCRATCH_OPERANDS) * 8,
  /** Access registers, 32 bits each. */
  ACCESS: 0x140,
  /** Condition code, 32 bits, after compiled code. */
  CC: 0x180,
  /** Units of work that compiled code may do at most, 32 bits. */
  LIMIT: 0x184,
  /** Lookups in the TLB (high half) and instructions (low half) that compiled code has done. */
  COUNT: 0x188,
  /** Instruction address, 64 bits. */
  ADDRESS: 0x190,
  /** Address of the last instruction that branched, 64 bits; odd if none has. */
  BREAKING: 0x198,
  /** Address of an access that missed, 64 bits. */
  MISS: 0x1a0,
  /** What the condition code follows from: two operands of 64 bits, and a kind of 32 bits. */
  CODE_A: 0x1a8,
  CODE_B: 0x1b0,
  CODE_KIND: 0x1b8,
  /** Absolute address of the access buffers of the current context, 32 bits. */
  CONTEXT: 0x1bc,
  /** The version of the entries for jumps that are valid, 32 bits, not 0. */
  VERSION: 0x1c0,
  /** What floating-point arithmetic compiled code may do: an `ARITHMETIC`, 32 bits. */
  ARITHMETIC: 0x1c8,
  /** The program mask where INSERT PROGRAM MASK puts it: shifted left by 24. */
  PROGRAM_MASK: 0x1cc,
  /** The system mask, 32 bits; `NO_MASK` if STORE THEN AND SYSTEM MASK is for the interpreter. */
  SYSTEM_MASK: 0x1d0,
  /** Not zero if STORE THEN OR SYSTEM MASK may unmask I/O and external interruptions, 32 bits. */
  UNMASK: 0x1d4,
  /** Not zero if the access buffers or the jumps may have had an entry. */
  USED: 0x1c4,
  /** The access buffers, `CONTEXT_SIZE` bytes for each context. */
  BUFFERS: 0x1000,
  /** Where code is, by instruction address: `JUMP_ENTRIES` entries of 16 bytes. */
  JUMPS: 0x1000 + CONTEXTS * CONTEXT_SIZE,
} as const;

/** What floating-point arithmetic compiled code may do. */
export const ARITHMETIC = {
  /** None: it rounds otherwise than to nearest even, or an exception traps. */
  NONE: 0,
  /** With exact results: the inexact flag is off. */
  EXACT: 1,
  /** All. */
  ALL: 2,
} as const;

/** In place of a system mask. */
export const NO_MASK = 0xffff_ffff;

/** Offset of the entries for stores in the buffers of a context. */
export const STORE_BUFFER = HALF_BUFFER;

/** Bytes at the start of a block that hold the registers: all that the interpreter needs. */
export const REGISTERS_SIZE = BLOCK.CC;

/** Bytes in a block, a multiple of 64 KiB. */
export const BLOCK_SIZE = 0x25_0000;

/** Where a block is. */
export interface ProcessorBlock {
  readonly buffer: ArrayBuffer;
  /** Byte offset in the buffer, a multiple of 8. */
  readonly offset: number;
}
