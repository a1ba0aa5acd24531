/** The modules that StrykerJS mutates: source files and folders, and globs of tests, relative to the root. */
export declare const MODULES: Readonly<
  Record<string, { readonly sources: readonly string[]; readonly tests: readonly string[] }>
>;
