/**
 * Parses addresses that the user types.
 */

/** An address, or an error message. */
export type ParsedAddress =
  | { readonly address: bigint; readonly error: null }
  | { readonly address: null; readonly error: string };

const SUFFIX: Readonly<Record<string, bigint>> = { K: 10n, M: 20n, G: 30n, T: 40n, P: 50n, E: 60n };

/**
 * Parses an address: decimal or `0x…`, with an optional suffix K, M, G, T, P or E for powers of 1024. Underscores may
 * group digits.
 */
export function parseAddress(text: string): ParsedAddress {
  const typed = text.trim().replaceAll('_', '');
  if (typed === '') return wrong('An address is needed, such as 0x40000000 or 1G.');
  const match = /^(0x[0-9a-f]+|\d+)([kmgtpe])?$/i.exec(typed);
  // In hexadecimal, E is a digit: 0x1E is 30.
  if (!match) return wrong(`“${text.trim()}” is not an address: decimal or 0x…, then K, M, G, T or P.`);
  const suffix = match[2] ? (SUFFIX[match[2].toUpperCase()] as bigint) : 0n;
  const address = BigInt((match[1] as string).toLowerCase()) << suffix;
  if (address >> 64n) return wrong(`${text.trim()} is beyond 16 EiB, where addresses end.`);
  return { address, error: null };
}

function wrong(error: string): ParsedAddress {
  return { address: null, error };
}
