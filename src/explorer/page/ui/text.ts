/**
 * Formats addresses, sizes and counts.
 */

/** Units of sizes, each 1024 times the one before. */
export const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'] as const;

/** Formats an address in hexadecimal: `0x40000000`. */
export function hex(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** Returns the byte address of a page. */
export function addressOf(page: number): bigint {
  return BigInt(page) << 12n;
}

/** Returns the page number of a byte address. */
export function pageOf(address: bigint): number {
  return Number(address >> 12n);
}

/** Formats 64 bits as hexadecimal digits in groups of four. */
export function rawValue(value: bigint): string {
  const digits = value.toString(16).padStart(16, '0');
  return (digits.match(/..../g) as string[]).join(' ');
}

/** Formats a size in bytes: `4 KiB`, `1.5 GiB`, or `≈ 16 EiB` if it is rounded. */
export function size(bytes: bigint): string {
  let unit = 0;
  while (unit < UNITS.length - 1 && bytes >= 1n << BigInt(10 * (unit + 1))) unit++;
  const scale = 1n << BigInt(10 * unit);
  const tenths = (bytes * 10n + scale / 2n) / scale;
  // 1023.96 MiB is rounded to 1 GiB.
  if (tenths >= 10240n && unit < UNITS.length - 1) return `≈ 1 ${UNITS[unit + 1]}`;
  const exact = tenths * scale === bytes * 10n;
  const [whole, tenth] = [tenths / 10n, tenths % 10n];
  const number = tenth === 0n ? `${whole}` : `${whole}.${tenth}`;
  return `${exact ? '' : '≈ '}${number} ${bytes === 1n ? 'byte' : UNITS[unit]}`;
}

/** Formats the size of some pages. */
export function sizeOfPages(pages: number): string {
  return size(BigInt(Math.round(pages)) << 12n);
}

/** Formats an address for an axis: `1 GiB` if that is exact, or else in hexadecimal. */
export function mark(page: number): string {
  if (page === 0) return '0';
  const bytes = addressOf(page);
  const unit = Math.min(6, Math.floor((bytes.toString(2).length - 1) / 10));
  for (let u = unit; u >= Math.max(1, unit - 1); u--) {
    const scale = 1n << BigInt(10 * u);
    if (bytes % scale === 0n && bytes / scale < 10_000n) return `${bytes / scale} ${UNITS[u]}`;
  }
  return hex(bytes);
}

/** Formats a number with its noun: `1 segment`, `1,000,000 segments`. */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${number(n)} ${n === 1 ? one : many}`;
}

/** Formats a number with thousands separators. */
export function number(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Formats a list: `a, b and c`. */
export function listed(words: readonly string[]): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} and ${words[words.length - 1]}`;
}
