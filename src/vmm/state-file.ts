/** Files with the state of a guest: a line that says so, then the state as bytes (`encodeValue`), compressed by gzip. */

import { StateError } from '../devices/index.ts';

/** The beginning of the first line. A number follows, the version of the format. */
const BEGINNING = 'guesthouse state ';
/** Characters of a first line that are looked at. */
const LINE_MAX = 64;

/** The first line of a state file. */
export const STATE_FILE_LINE = `${BEGINNING}1\n`;

/** Whether a file begins as the state of a guest, of any version. */
export function beginsAsState(file: Uint8Array): boolean {
  return firstCharacters(file).startsWith(BEGINNING);
}

/** Returns the compressed state in a file. @throws StateError if the file is none, or of another version */
export function compressedState(file: Uint8Array): Uint8Array {
  const text = firstCharacters(file);
  if (text.startsWith(STATE_FILE_LINE)) return file.subarray(STATE_FILE_LINE.length);
  const version = /^guesthouse state (\d+)\n/.exec(text)?.[1];
  throw new StateError(
    version === undefined
      ? 'not the state of a guest'
      : `a state of version ${version}; this program reads version 1`,
  );
}

function firstCharacters(file: Uint8Array): string {
  return String.fromCharCode(...file.subarray(0, LINE_MAX));
}
