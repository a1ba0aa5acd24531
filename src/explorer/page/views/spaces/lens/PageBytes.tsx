/**
 * The contents of a page, in hexadecimal and as text.
 */

import { useEffect, useRef } from 'preact/hooks';
import type { SegmentPages } from '../../../../../inspect/index.ts';
import { scrolled } from '../../../ui/aria.ts';
import { type ByteRow, byteRows, characterOf, ROW_BYTES } from './bytes.ts';

interface PageBytesProps {
  readonly segment: SegmentPages;
  /** Offset in the page of the byte to show. */
  readonly at: number;
}

interface Shown {
  readonly page: number;
  readonly now: Uint8Array | null;
  readonly before: Uint8Array | null;
}

/** The contents. Bytes that differ from those of the position shown before are marked. */
export function PageBytes({ segment: { page, bytes }, at }: PageBytesProps) {
  const box = useRef<HTMLElement>(null);
  const shown = useRef<Shown>({ page, now: null, before: null });
  if (shown.current.page !== page) shown.current = { page, now: bytes, before: null };
  else if (shown.current.now !== bytes) shown.current = { page, now: bytes, before: shown.current.now };
  useEffect(() => {
    const row = box.current?.querySelector<HTMLElement>('.at');
    if (row && box.current) box.current.scrollTop = row.offsetTop - box.current.offsetTop;
  }, [page, at, bytes]);
  if (bytes === null) return null;
  const { before } = shown.current;
  return (
    <section class="lens-bytes" ref={box} {...scrolled('Contents of the page')}>
      {byteRows(bytes, before).map((row) => (
        <Row key={row.offset} row={row} before={before} at={at} />
      ))}
    </section>
  );
}

interface RowProps {
  readonly row: ByteRow;
  readonly before: Uint8Array | null;
  readonly at: number;
}

function Row({ row: { offset, bytes, length }, before, at }: RowProps) {
  const here = at >= offset && at < offset + length ? 'at' : '';
  const number = offset.toString(16).padStart(3, '0');
  if (bytes === null) {
    return (
      <div class={here}>
        <span class="offset">{number}</span>{' '}
        <span class="muted">{length.toLocaleString('en')} bytes of zeros</span>
      </div>
    );
  }
  const marked = (i: number) => (before !== null && before[offset + i] !== bytes[i] ? 'changed' : undefined);
  return (
    <div class={here}>
      <span class="offset">{number}</span>{' '}
      {Array.from(bytes, (byte, i) => (
        <>
          <span key={i} class={marked(i)}>
            {byte.toString(16).padStart(2, '0')}
          </span>{' '}
        </>
      ))}
      <span class="text">
        {Array.from(bytes, (byte, i) => (
          <span key={i} class={marked(i)}>
            {characterOf(byte)}
          </span>
        ))}
        {' '.repeat(ROW_BYTES - bytes.length)}
      </span>
    </div>
  );
}
