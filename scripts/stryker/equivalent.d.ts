/** Equivalent mutants: no test can kill them. */
export declare const EQUIVALENT: readonly {
  /** Path from the root of the checkout. */
  readonly file: string;
  /** The line where the mutant begins, without its indentation. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}[];
