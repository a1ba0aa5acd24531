/** What the machine offers to the other modules of this project. Not part of the package's interface. */

export { BRANCH_MNEMONICS } from './engine/compile/branches.ts';
export { FORMS } from './engine/compile/forms/index.ts';
export { lineOf } from './instructions/decode.ts';
