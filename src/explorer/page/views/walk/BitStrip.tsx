/**
 * An address as a strip of 64 bits, divided into the indexes of tables.
 */

import { hex } from '../../ui/text.ts';
import { type AddressField, addressFields, binary } from '../common/bits.ts';

/** Height of the strip in pixels. */
export const STRIP_HEIGHT = 64;

/** The strip. Fields of levels that are not walked are faint. */
export function BitStrip({
  address,
  width,
  walked,
}: {
  address: bigint;
  width: number;
  walked: ReadonlySet<string>;
}) {
  const bit = width / 64;
  return (
    <g class="bit-strip">
      {addressFields(address).map((field) => (
        <StripField
          key={field.name}
          field={field}
          address={address}
          bit={bit}
          used={field.level === null || walked.has(field.level)}
        />
      ))}
    </g>
  );
}

function StripField({
  field,
  address,
  bit,
  used,
}: {
  field: AddressField;
  address: bigint;
  bit: number;
  used: boolean;
}) {
  const [first, last] = field.bits;
  const x = first * bit;
  const width = (last - first + 1) * bit;
  const middle = x + width / 2;
  const digits = binary(address, first, last);
  return (
    <g class={used ? 'strip-field' : 'strip-field unused'}>
      <rect x={x + 1} y="16" width={width - 2} height="28" rx="3" />
      <text class="strip-name" x={middle} y="11">
        {field.name}
      </text>
      <text class="strip-value" x={middle} y="34">
        {width > digits.length * 7.3 + 6 ? digits : hex(BigInt(field.value))}
      </text>
      <text class="strip-place" x={middle} y="58">
        {width > 88 ? `bits ${first}–${last} = ${field.value}` : `${first}–${last}`}
      </text>
    </g>
  );
}

/** A small strip in which one field is marked. */
export function FieldMark({
  field,
  x,
  y,
  width,
}: {
  field: AddressField;
  x: number;
  y: number;
  width: number;
}) {
  const bit = width / 64;
  const [first, last] = field.bits;
  return (
    <g class="field-mark">
      <rect class="all" x={x} y={y} width={width} height="6" rx="2" />
      <rect class="one" x={x + first * bit} y={y} width={(last - first + 1) * bit} height="6" rx="2" />
    </g>
  );
}
