/** Hexadecimal text, as the protocol writes bytes and numbers. */

/** Returns two digits for each byte. */
export function hexOf(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** Returns the bytes of a text of two digits each, or null if it is not one. */
export function bytesOf(text: string): Uint8Array | null {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return null;
  return Uint8Array.from({ length: text.length / 2 }, (_, n) =>
    Number.parseInt(text.slice(n * 2, n * 2 + 2), 16),
  );
}

/** Returns the number that a text of 1 to 16 digits has, or null if it is not one. */
export function numberOf(text: string): bigint | null {
  return /^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`) : null;
}

/** Returns the two numbers of `ADDRESS,LENGTH`, the second less than 2^32; null for any other text. */
export function pairOf(text: string): { address: bigint; length: number } | null {
  const [first = '', second = '', ...more] = text.split(',');
  const address = numberOf(first);
  const length = numberOf(second);
  if (address === null || length === null || length > 0xffff_ffffn || more.length > 0) return null;
  return { address, length: Number(length) };
}
