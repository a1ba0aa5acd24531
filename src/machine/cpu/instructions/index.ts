/** All the instructions, family by family. */

import type { InstructionLine } from '../line.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { ATOMIC } from './atomic.ts';
import { BRANCH } from './branch.ts';
import { COMPARE } from './compare.ts';
import { CONVERT } from './convert.ts';
import { LOAD } from './load.ts';
import { LOGICAL } from './logical.ts';
import { LONG } from './long.ts';
import { MOVE } from './move.ts';
import { MULTIPLY } from './multiply.ts';
import { SHIFT } from './shift.ts';
import { STORES } from './store.ts';

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
  ...ATOMIC,
  ...CONVERT,
  ...BRANCH,
];
