/**
 * Mutants that no test can notice, each with the reason. A mutant is known by its file, the text of the line where it
 * begins, and what replaces which part of it.
 */

/** @type {readonly {file: string, line: string, mutator: string, replacement: string, reason: string}[]} */
export const EQUIVALENT = [];

export function isEquivalent({ file, line, mutatorName, replacement }) {
  const text = replacement.replace(/\s+/g, ' ');
  return EQUIVALENT.some(
    (entry) =>
      entry.file === file &&
      entry.line === line &&
      entry.mutator === mutatorName &&
      entry.replacement === text,
  );
}
