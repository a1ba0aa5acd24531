/** All the instructions, family by family. */

import { ADDRESS_SPACES } from './address-spaces.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { ATOMIC } from './atomic.ts';
import { BFP_ARITHMETIC } from './bfp-arithmetic.ts';
import { BFP_CONVERT } from './bfp-convert.ts';
import { BRANCH } from './branch.ts';
import { BREAKING_EVENT } from './breaking-event.ts';
import { COMPARE } from './compare.ts';
import { COMPRESSION } from './compression.ts';
import { CONVERT } from './convert.ts';
import { DECIMAL } from './decimal.ts';
import { EDIT } from './edit.ts';
import { FLOAT } from './float.ts';
import { GUARDED_STORAGE } from './guarded-storage.ts';
import { FACILITY } from './identification.ts';
import { INVALIDATE } from './invalidate.ts';
import { KEYS } from './keys.ts';
import type { InstructionLine } from './line.ts';
import { LINKAGE_STACK } from './linkage-stack.ts';
import { LOAD } from './load.ts';
import { LOCKED } from './locked.ts';
import { LOGICAL } from './logical.ts';
import { LONG } from './long.ts';
import { MOVE } from './move.ts';
import { MULTIPLY } from './multiply.ts';
import { PARSE } from './parse.ts';
import { PROGRAM_CALL } from './program-call.ts';
import { INPUT_OUTPUT, PSW_CONTROL } from './psw.ts';
import { REFERENCE_BITS } from './reference-bits.ts';
import { SHIFT } from './shift.ts';
import { SIGNAL } from './signal.ts';
import { SORT } from './sort.ts';
import { STORES } from './store.ts';
import { SUBSTRING } from './substring.ts';
import { TABLES } from './tables.ts';
import { TEXT } from './text.ts';
import { TIMING } from './timing.ts';
import { TIMING_FACILITY } from './timing-facility.ts';
import { TRACING } from './trace.ts';
import { TRAP } from './trap.ts';

// biome-ignore format: a line each
export const INSTRUCTIONS: readonly InstructionLine[] = [
  ...ARITHMETIC,
  ...MULTIPLY,
  ...COMPARE,
  ...LOGICAL,
  ...SHIFT,
  ...LOAD,
  ...STORES,
  ...MOVE,
  ...LONG,
  ...TEXT,
  ...PARSE,
  ...SUBSTRING,
  ...SORT,
  ...COMPRESSION,
  ...ATOMIC,
  ...LOCKED,
  ...GUARDED_STORAGE,
  ...CONVERT,
  ...DECIMAL,
  ...EDIT,
  ...BRANCH,
  ...FLOAT,
  ...BFP_ARITHMETIC,
  ...BFP_CONVERT,
  ...PSW_CONTROL,
  ...ADDRESS_SPACES,
  ...LINKAGE_STACK,
  ...PROGRAM_CALL,
  ...TRAP,
  ...BREAKING_EVENT,
  ...TIMING,
  ...TRACING,
  ...TIMING_FACILITY,
  ...SIGNAL,
  ...TABLES,
  ...INVALIDATE,
  ...KEYS,
  ...REFERENCE_BITS,
  ...FACILITY,
  ...INPUT_OUTPUT,
];
