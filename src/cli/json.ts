/** How the commands write JSON. */

/** Addresses are written as hexadecimal text: JSON has no 64-bit numbers. */
export function hexadecimal(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

/** DEL and the C1 controls, which JSON.stringify leaves as they are and a terminal obeys. */
const CONTROLS = /[\x7f-\x9f]/g;

/** A value as JSON without any control character: text in it may be a hostile guest's, and the reader a terminal. */
export function json(value: unknown): string {
  return JSON.stringify(value, hexadecimal).replace(
    CONTROLS,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
