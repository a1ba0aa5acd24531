/** How the code of a region is called, and what it returns. */

import { type FunctionType, I32 } from './wasm.ts';

/** Why compiled code returned. */
export const REASON = {
  /** The program is at an address that the region does not contain. */
  LEFT: 0,
  /** The next instruction is for the interpreter. */
  INTERPRET: 1,
  /** As `INTERPRET`; its operand is not in the buffer for loads. */
  LOAD_MISS: 2,
  /** As `INTERPRET`; its operand is not in the buffer for stores. */
  STORE_MISS: 3,
  /** The next block has more instructions than may be done. */
  LIMIT: 4,
} as const;
export type Reason = (typeof REASON)[keyof typeof REASON];

/** The type of a region's function. Its parameter is the address of the processor's block. */
export const REGION_TYPE: FunctionType = { parameters: [I32], results: [I32] };
