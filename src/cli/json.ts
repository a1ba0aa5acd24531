/** The JSON of the commands. */

/** Writes addresses as hexadecimal text, because JSON has no 64-bit numbers. */
export function hexadecimal(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** DEL and the C1 controls, which a terminal obeys and JSON.stringify does not escape. */
const CONTROLS = /[\x7f-\x9f]/g;

/** Returns a value as JSON without control characters: its text may be a hostile guest's, and the output a terminal. */
export function json(value: unknown): string {
  return JSON.stringify(value, hexadecimal).replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
