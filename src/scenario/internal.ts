/**
 * What other modules of this project use of the scenario language besides its interface. Not part of the package's
 * interface.
 */

export { cut, linesOf } from './text.ts';
