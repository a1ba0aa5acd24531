/** How the code of a region is called, and what it returns. */

import { type Body, type FunctionType, I32, I64 } from './wasm.ts';

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

/**
 * The parameters of a region's function, by number. What one region hands to the next stays in registers of the computer that way:
 * V8 has five of them for parameters.
 */
export const PARAMETER = {
  /** Address of the processor's block. */
  BLOCK: 0,
  /** Lookups in the TLB (high half) and instructions (low half) done so far, 64 bits. */
  COUNT: 1,
  /** Instructions that may be done. */
  LIMIT: 2,
  /** Address of the access buffers. */
  BUFFERS: 3,
  /** The instruction address, 64 bits. */
  ADDRESS: 4,
} as const;

/** The type of a region's function. */
export const REGION_TYPE: FunctionType = { parameters: [I32, I64, I32, I32, I64], results: [I32] };

/** Pushes the parameters as they are now, for the function of the next region. */
export function pushParameters(body: Body): void {
  for (const parameter of Object.values(PARAMETER)) body.get(parameter);
}
