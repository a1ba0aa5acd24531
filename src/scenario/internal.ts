/**
 * Text functions for other modules of this project. Not part of the package's interface.
 */

export { cut, linesOf } from './text.ts';
