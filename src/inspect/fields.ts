/**
 * The fields of elements, entries and program-status words, with their meanings. Principles of Operation, chapters 3
 * ("Dynamic Address Translation") and 4 ("Program-Status Word").
 *
 * Bits are numbered from the left, 0 to 63, as in the architecture.
 */

import { LinuxError } from '../host/index.ts';
import { demandBigint, demandDoubleword, hex, isUnlinked, PAGE_NONE, show } from '../host/internal.ts';
import { LEVEL_OF_TYPE, type Level, PAGE, SEGMENT } from '../machine/index.ts';
import type { Field } from './answers.ts';

/** Returns the field of `value` from bit `first` to bit `last`. */
function bitsOf(value: bigint, first: number, last: number): bigint {
  return BigInt.asUintN(last - first + 1, value >> BigInt(63 - last));
}

/** Describes a field, given its value. */
type Describe = (bits: bigint) => string;

class Fields {
  readonly list: Field[] = [];
  readonly #value: bigint;

  constructor(value: bigint) {
    this.#value = value;
  }

  add(name: string, first: number, last: number, describe: Describe): this {
    const value = bitsOf(this.#value, first, last);
    this.list.push({ name, bits: [first, last], value, sentence: describe(value) });
    return this;
  }

  /** Adds a bit, with its meanings when it is one and when it is zero. */
  flag(name: string, bit: number, on: string, off: string): this {
    return this.add(name, bit, bit, (value) => (value ? on : off));
  }

  /** Adds bits without a meaning. */
  unused(first: number, last: number): this {
    return this.add('unused', first, last, (value) => (value ? 'not zero, although reserved' : 'zero'));
  }
}

/**
 * Returns the fields of a table entry, of an address-space-control element (`asce`) or of a page-status-table entry
 * (`pgste`), in the order of their bits. Each of the 64 bits is in exactly one field.
 * @throws LinuxError EINVAL for an unknown level or a value that is not a bigint
 */
export function entryFields(level: Level | 'asce' | 'pgste', value: bigint): readonly Field[] {
  demandBigint('value', value);
  const bits = BigInt.asUintN(64, value);
  switch (level) {
    case 'asce':
      return asceFields(bits);
    case 'pgste':
      return pgsteFields(bits);
    case 'page':
      return pageFields(bits);
    case 'segment':
      return segmentFields(bits);
    case 'region-first':
    case 'region-second':
    case 'region-third':
      return regionFields(level, bits);
    default:
      throw new LinuxError('EINVAL', `level ${show(level)} does not exist`);
  }
}

function asceFields(value: bigint): readonly Field[] {
  return new Fields(value)
    .add('table origin', 0, 51, (v) => `the top table is at absolute ${hex(v << 12n)}`)
    .unused(52, 53)
    .flag('G', 54, 'subspace group: on', 'not a subspace group')
    .flag('P', 55, 'private space: no common segments, no fetch-protection override', 'not private')
    .flag('S', 56, 'storage-alteration events are recognised here', 'no storage-alteration events')
    .flag('X', 57, 'a space-switch event is recognised', 'no space-switch event')
    .flag('R', 58, 'real space: addresses are not translated', 'addresses are translated by tables')
    .unused(59, 59)
    .add('DT', 60, 61, (v) => `the top table is a ${LEVEL_OF_TYPE[Number(v)]} table`)
    .add('TL', 62, 63, (v) => `the table has ${(Number(v) + 1) * 512} entries`).list;
}

/** Bits 44 to 55 of an entry that designates a frame of 1 MiB or 2 GiB. */
function frameControls(fields: Fields, table: string, span: string): Fields {
  return fields
    .flag('AV', 47, 'the access-control bits are valid', 'the frames have keys of their own')
    .add('ACC', 48, 51, () => 'access control, without meaning unless the validity bit is on')
    .add('F', 52, 52, () => 'fetch protection, without meaning unless the validity bit is on')
    .flag('FC', 53, 'designates a frame, not a table', `designates ${table}`)
    .flag('P', 54, `stores are forbidden in the whole ${span}`, 'stores are not forbidden')
    .add('IEP', 55, 55, executionSentence);
}

const executionSentence: Describe = (bits) =>
  bits
    ? 'instruction fetches are forbidden, if control register 0 enables that'
    : 'instruction fetches are allowed';

function lengthFields(fields: Fields): Fields {
  return fields
    .add('TF', 56, 57, (v) => `the first ${Number(v) * 512} entries of that table do not exist`)
    .flag('I', 58, 'invalid: translation ends with an exception', 'valid')
    .unused(59, 59);
}

function regionFields(level: Level, value: bigint): readonly Field[] {
  const below =
    { 'region-first': 'region-second', 'region-second': 'region-third' }[level as string] ?? 'segment';
  const invalid = bitsOf(value, 58, 58) !== 0n;
  if (level === 'region-third' && !invalid && bitsOf(value, 53, 53) !== 0n) return largeRegionFields(value);
  const fields = new Fields(value)
    .add('table origin', 0, 51, (v) =>
      invalid
        ? 'without meaning: the entry is invalid'
        : `the ${below} table is at absolute ${hex(v << 12n)}`,
    )
    .unused(52, 53)
    .flag('P', 54, 'stores are forbidden in everything it translates', 'stores are not forbidden here')
    .unused(55, 55);
  return lengthFields(fields)
    .add('TT', 60, 61, (v) => `this is an entry of a ${LEVEL_OF_TYPE[Number(v)]} table`)
    .add('TL', 62, 63, (v) => `that table has entries up to number ${(Number(v) + 1) * 512 - 1}`).list;
}

function largeRegionFields(value: bigint): readonly Field[] {
  const fields = new Fields(value)
    .add('frame', 0, 32, (v) => `the region is the 2 GiB frame at absolute ${hex(v << 31n)}`)
    .unused(33, 46);
  return frameControls(fields, 'a segment table', 'region')
    .unused(56, 57)
    .flag('I', 58, 'invalid: translation ends with an exception', 'valid')
    .flag('CR', 59, 'common region: cached for all spaces', 'not a common region')
    .add('TT', 60, 61, (v) => `this is an entry of a ${LEVEL_OF_TYPE[Number(v)]} table`)
    .unused(62, 63).list;
}

function segmentFields(value: bigint): readonly Field[] {
  const lo = Number(value & 0xffff_ffffn);
  if (lo & SEGMENT.INVALID) {
    return isUnlinked(lo) ? unlinkedFields(value) : invalidSegmentFields(value);
  }
  return lo & SEGMENT.FORMAT_CONTROL ? largeFields(value) : pageTableFields(value);
}

const segmentTail = (fields: Fields): readonly Field[] =>
  fields
    .flag('I', 58, 'invalid: translation ends with an exception', 'valid')
    .flag('CS', 59, 'common segment: cached for all spaces', 'not a common segment')
    .add('TT', 60, 61, (v) =>
      v === 0n ? 'this is an entry of a segment table' : 'not the type of a segment-table entry',
    )
    .unused(62, 63).list;

function unlinkedFields(value: bigint): readonly Field[] {
  return segmentTail(
    new Fields(value)
      .add(
        'process address',
        0,
        43,
        (v) =>
          `mapped to process address ${hex(v << 20n)}; the machine ignores this, as the entry is invalid`,
      )
      .add('unused', 44, 53, () => 'zero in an unlinked entry')
      .flag('P', 54, 'on in every unlinked entry: it distinguishes the entry from an empty one', 'off')
      .unused(55, 57),
  );
}

function invalidSegmentFields(value: bigint): readonly Field[] {
  return segmentTail(
    new Fields(value)
      .add('ignored', 0, 53, () => 'without meaning: the entry is invalid')
      .flag('P', 54, 'on', 'off')
      .unused(55, 57),
  );
}

function pageTableFields(value: bigint): readonly Field[] {
  return segmentTail(
    new Fields(value)
      .add('page-table origin', 0, 52, (v) => `the page table is at absolute ${hex(v << 11n)}`)
      .flag('FC', 53, 'designates a 1 MiB frame', 'designates a page table of 256 entries')
      .flag('P', 54, 'stores are forbidden in the whole segment', 'stores are not forbidden here')
      .unused(55, 57),
  );
}

function largeFields(value: bigint): readonly Field[] {
  const fields = new Fields(value)
    .add('frame', 0, 43, (v) => `the segment is the 1 MiB frame at absolute ${hex(v << 20n)}`)
    .unused(44, 46);
  return segmentTail(frameControls(fields, 'a page table', 'segment').unused(56, 57));
}

function pageFields(value: bigint): readonly Field[] {
  const lo = Number(value & 0xffff_ffffn);
  const none = (lo & 0xfff) === PAGE_NONE;
  const invalid = (lo & PAGE.INVALID) !== 0;
  return new Fields(value)
    .add('frame', 0, 51, (v) =>
      none
        ? `the page has frame ${hex(v << 12n)}, but the host allows no access`
        : invalid
          ? 'without meaning: the entry is invalid'
          : `the page is in the frame at absolute ${hex(v << 12n)}`,
    )
    .unused(52, 52)
    .flag('I', 53, 'invalid: translation ends here with a page-translation exception', 'valid')
    .flag('P', 54, 'stores are forbidden', 'stores are allowed')
    .add('IEP', 55, 55, executionSentence)
    .add('software', 56, 63, (v) =>
      none ? 'set by the host: no access is allowed' : v ? 'ignored by the machine' : 'zero',
    ).list;
}

function pgsteFields(value: bigint): readonly Field[] {
  const saved = (what: string) =>
    [`the ${what} bit is saved here: on`, `the ${what} bit is saved here: off`] as const;
  return new Fields(value)
    .add('ACC', 0, 3, (v) => `access control of the page's storage key: ${v}`)
    .flag('F', 4, 'fetch protection of the storage key: on', 'fetch protection of the storage key: off')
    .unused(5, 8)
    .flag('HR', 9, ...saved("host's reference"))
    .flag('HC', 10, ...saved("host's change"))
    .unused(11, 12)
    .flag('GR', 13, ...saved("guest's reference"))
    .flag('GC', 14, ...saved("guest's change"))
    .unused(15, 16)
    .flag(
      'IN',
      17,
      'watched: the host notifies a gmap when the entry is invalidated or protected',
      'not watched',
    )
    .unused(18, 63).list;
}

/** Returns the fields of bits 0 to 63 of a PSW. @throws LinuxError EINVAL if `mask` is not a doubleword */
export function pswFields(mask: bigint): readonly Field[] {
  demandDoubleword('mask', mask);
  const spaces = ['primary space', 'access-register mode', 'secondary space', 'home space'];
  const modes: Readonly<Record<string, string>> = { 0: '24-bit', 1: '31-bit', 3: '64-bit' };
  const mode = (bitsOf(mask, 31, 31) << 1n) | bitsOf(mask, 32, 32);
  return new Fields(mask)
    .unused(0, 0)
    .flag('R', 1, 'program-event recording is on', 'no program-event recording')
    .unused(2, 4)
    .flag('T', 5, 'addresses are translated (DAT is on)', 'addresses are real (DAT is off)')
    .flag('IO', 6, 'input/output interruptions are taken', 'no input/output interruptions')
    .flag('EX', 7, 'external interruptions are taken', 'no external interruptions')
    .add('key', 8, 11, (v) => `storage accesses use key ${v}`)
    .unused(12, 12)
    .flag('M', 13, 'machine checks are taken', 'no machine checks')
    .flag('W', 14, 'wait state: no instructions are executed', 'running')
    .flag('P', 15, 'problem state: no privileged instructions', 'supervisor state')
    .add('AS', 16, 17, (v) => `translation mode: ${spaces[Number(v)]}`)
    .add('CC', 18, 19, (v) => `condition code ${v}`)
    .add('program mask', 20, 23, (v) => `arithmetic exceptions enabled: ${v.toString(2).padStart(4, '0')}`)
    .unused(24, 30)
    .flag('EA', 31, 'extended addressing', 'no extended addressing')
    .flag('BA', 32, 'basic addressing', 'no basic addressing')
    .add('mode', 33, 63, (v) =>
      v ? 'not zero, although reserved' : `${modes[String(mode)] ?? 'invalid'} addressing mode`,
    ).list;
}
