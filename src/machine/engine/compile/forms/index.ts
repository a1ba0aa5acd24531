/** The compiled form of each instruction that has one. */

import type { Decoded } from '../decoded.ts';
import { FLOAT } from './float.ts';
import type { Form, FormTable } from './form.ts';
import { INTEGER } from './integer.ts';
import { MOVES } from './moves.ts';

/** All forms, by mnemonic. */
export const FORMS: FormTable = { ...INTEGER, ...MOVES, ...FLOAT };

/** Returns the compiled form of an instruction, or undefined: the interpreter executes it. */
export function formOf({ mnemonic }: Decoded): Form | undefined {
  return FORMS[mnemonic];
}
