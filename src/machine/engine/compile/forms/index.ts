/** The compiled form of each instruction that has one. */

import type { Decoded } from '../decoded.ts';
import { ATOMIC } from './atomic.ts';
import { FLOAT } from './float.ts';
import type { Form, FormTable } from './form.ts';
import { INTEGER } from './integer.ts';
import { MASKS } from './masks.ts';
import { MOVES } from './moves.ts';
import { isExecutable, STORAGE } from './storage.ts';
import { STRINGS } from './strings.ts';

/** All forms, by mnemonic. */
export const FORMS: FormTable = {
  ...INTEGER,
  ...MOVES,
  ...FLOAT,
  ...STORAGE,
  ...ATOMIC,
  ...MASKS,
  ...STRINGS,
};

/** Returns the compiled form of an instruction, or undefined: the interpreter executes it. */
export function formOf({ mnemonic, operands, target }: Decoded): Form | undefined {
  if (mnemonic === 'EXRL' && (target === undefined || !isExecutable(target))) return undefined;
  // With register 0 it does not branch: it only counts.
  if ((mnemonic === 'BCTR' || mnemonic === 'BCTGR') && operands[1] !== 0) return undefined;
  return FORMS[mnemonic];
}
