/**
 * Functions on texts and words for other modules of this project. Not part of the package's interface.
 */

export { didYouMean } from './suggest.ts';
export { cut, linesOf } from './text.ts';
