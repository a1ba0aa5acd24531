/** The deliberate faults of `mutants.js`. */

/** One fault: a text that stands exactly once in a file, and what takes its place. */
export interface Mutant {
  readonly name: string;
  /** Path from the root of the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export declare const MUTANTS: readonly Mutant[];
