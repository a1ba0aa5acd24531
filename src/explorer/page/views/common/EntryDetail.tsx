/**
 * An entry, bit by bit: its 64 bits grouped by field, and the meaning of each field.
 */

import { entryFields, type Field } from '../../../../inspect/index.ts';
import type { Level } from '../../../../machine/index.ts';
import { hex, rawValue } from '../../ui/text.ts';
import { binary, bitRanges } from './bits.ts';
import './EntryDetail.css';

/** The entry. */
export interface Entry {
  readonly level: Level | 'asce' | 'pgste';
  readonly value: bigint;
}

/** The fields of an entry. */
export function EntryDetail({ level, value }: Entry) {
  const fields = entryFields(level, value);
  const output = fields.filter((field) => field.name !== 'unused' || field.value !== 0n);
  return (
    <div class="entry">
      <p class="entry-raw">
        <code>{rawValue(value)}</code>
      </p>
      <ol class="entry-bits" aria-label="The 64 bits, by field">
        {bitRanges(fields).map(({ field, bits }) => (
          <li key={bits[0]} class={field === null || field.name === 'unused' ? 'unused' : undefined}>
            <code class="digits">{digits(value, bits)}</code>
            <span class="bracket" />
            <span class="name">{field === null || field.name === 'unused' ? '–' : field.name}</span>
            <span class="place">{bits[0] === bits[1] ? bits[0] : `${bits[0]}–${bits[1]}`}</span>
          </li>
        ))}
      </ol>
      <dl class="entry-fields">
        {output.map((field) => (
          <div key={field.bits[0]}>
            <dt>
              {field.name} <span class="place">{placeOf(field)}</span>
            </dt>
            <dd>
              <code>{field.bits[0] === field.bits[1] ? String(field.value) : hex(field.value)}</code>{' '}
              {field.sentence}
            </dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Formats bits in binary, or in hexadecimal if there are many. */
function digits(value: bigint, [first, last]: readonly [number, number]): string {
  const length = last - first + 1;
  if (length <= 12) return binary(value, first, last);
  const bits = (value >> BigInt(63 - last)) & ((1n << BigInt(length)) - 1n);
  return hex(bits);
}

function placeOf({ bits }: Field): string {
  return bits[0] === bits[1] ? `bit ${bits[0]}` : `bits ${bits[0]} to ${bits[1]}`;
}
