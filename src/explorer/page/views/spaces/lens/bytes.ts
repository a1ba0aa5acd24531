/**
 * The contents of a page as rows of bytes.
 */

/** Bytes in a row. */
export const ROW_BYTES = 8;

/** A row of bytes, or several rows in which every byte is zero. */
export interface ByteRow {
  /** Offset of the first byte in the page. */
  readonly offset: number;
  /** The bytes; null for a run of zeros. */
  readonly bytes: Uint8Array | null;
  /** Length of the row or of the run, in bytes. */
  readonly length: number;
}

/**
 * Returns the contents as rows. Rows in which every byte is zero, and was zero before, are one run.
 * @param before the contents at the position shown before, or null
 */
export function byteRows(bytes: Uint8Array, before: Uint8Array | null): readonly ByteRow[] {
  const rows: ByteRow[] = [];
  for (let offset = 0; offset < bytes.length; offset += ROW_BYTES) {
    const row = bytes.subarray(offset, offset + ROW_BYTES);
    const empty = isZero(row) && (before === null || isZero(before.subarray(offset, offset + ROW_BYTES)));
    const last = rows[rows.length - 1];
    if (!empty) rows.push({ offset, bytes: row, length: row.length });
    else if (last?.bytes === null) rows[rows.length - 1] = { ...last, length: last.length + row.length };
    else rows.push({ offset, bytes: null, length: row.length });
  }
  return rows;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Returns the ASCII character of a byte, or a dot. */
export function characterOf(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·';
}
