/** The modules that StrykerJS changes: source files and folders, and globs of the tests, relative to the root. */
export declare const MODULES: Readonly<
  Record<string, { readonly sources: readonly string[]; readonly tests: readonly string[] }>
>;
