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
export const BUFFER_ENTRIES = 1024;
const HALF_BUFFER = BUFFER_ENTRIES * 16;
/** Size of the buffers of one context: for loads, then for stores. */
export const CONTEXT_SIZE = 2 * HALF_BUFFER;

/** Byte offsets of the fields in a block. */
export const BLOCK = {
  /** General registers, 64 bits each, and scratch operands. */
  GENERAL: 0,
  /** Floating-point registers, 64 bits each, and a scratch operand. */
  FLOATING: (16 + SCRATCH_OPERANDS) * 8,
  /** Condition code, 32 bits. */
  CC: 0x140,
  /** Units of work that compiled code may do at most, 32 bits. */
  LIMIT: 0x144,
  /** Lookups in the TLB (high half) and instructions (low half) that compiled code has done. */
  COUNT: 0x148,
  /** Instruction address, 64 bits. */
  ADDRESS: 0x150,
  /** Virtual address of the page that the code is in, 64 bits. */
  PAGE: 0x158,
  /** Address of the last instruction that branched, 64 bits; 1 if none has. */
  BREAKING: 0x160,
  /** Address of an access that missed, 64 bits. */
  MISS: 0x168,
  /** Absolute address of the access buffers of the current context, 32 bits. */
  CONTEXT: 0x170,
  /** 1 if some access buffer has had an entry since the last time that all were cleared. */
  USED: 0x174,
  /** The access buffers, `CONTEXT_SIZE` bytes for each context. */
  BUFFERS: 0x1000,
} as const;

/** Offset of the entries for stores in the buffers of a context. */
export const STORE_BUFFER = HALF_BUFFER;

/** Bytes in a block, a multiple of 64 KiB. */
export const BLOCK_SIZE = 0x3_0000;

/** Where a block is. */
export interface ProcessorBlock {
  readonly buffer: ArrayBuffer;
  /** Byte offset in the buffer, a multiple of 8. */
  readonly offset: number;
}
