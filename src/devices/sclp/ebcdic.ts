/**
 * The EBCDIC of the operator's console of a mainframe: code page 037, with 0x15 (new line) at the end of a line.
 *
 * Code page 037 has exactly the characters of Latin-1, in another order, so one table of 256 bytes converts both ways.
 */

/** Row r, byte c: the Latin-1 character of the EBCDIC character 16 * r + c. */
const LATIN1_OF_EBCDIC = [
  '000102039c09867f978d8e0b0c0d0e0f',
  '101112139d8508871819928f1c1d1e1f',
  '80818283840a171b88898a8b8c050607',
  '909116939495960498999a9b14159e1a',
  '20a0e2e4e0e1e3e5e7f1a22e3c282b7c',
  '26e9eaebe8edeeefecdf21242a293bac',
  '2d2fc2c4c0c1c3c5c7d1a62c255f3e3f',
  'f8c9cacbc8cdcecfcc603a2340273d22',
  'd8616263646566676869abbbf0fdfeb1',
  'b06a6b6c6d6e6f707172aabae6b8c6a4',
  'b57e737475767778797aa1bfd0dddeae',
  '5ea3a5b7a9a7b6bcbdbe5b5dafa8b4d7',
  '7b414243444546474849adf4f6f2f3f5',
  '7d4a4b4c4d4e4f505152b9fbfcf9faff',
  '5cf7535455565758595ab2d4d6d2d3d5',
  '30313233343536373839b3dbdcd9da9f',
].join('');

const NEW_LINE = 0x15;
const SUBSTITUTE = 0x3f;

const characters: readonly string[] = Array.from({ length: 256 }, (_, i) =>
  // Guests end a line with either of the two. The code page itself converts the first to U+0085.
  i === NEW_LINE ? '\n' : String.fromCharCode(Number.parseInt(LATIN1_OF_EBCDIC.slice(2 * i, 2 * i + 2), 16)),
);

const codes: ReadonlyMap<string, number> = new Map([
  ...characters.map((character, i): [string, number] => [character, i]),
  ['\u0085', NEW_LINE],
  ['\n', NEW_LINE],
]);

/** Converts EBCDIC bytes to text. New line (0x15) and line feed (0x25) become `\n`. Every byte has a character. */
export function fromEbcdic(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += characters[byte];
  return text;
}

/**
 * Converts text to EBCDIC, one byte per UTF-16 code unit. `\n` becomes new line (0x15). Characters that the code page lacks
 * become the substitute character (0x3f).
 */
export function toEbcdic(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length }, (_, i) => codes.get(text[i]!) ?? SUBSTITUTE);
}
