/**
 * The translation tables that sequences run with: five levels, so that addresses wrap in every addressing mode. Pages follow each other
 * like this:
 *
 *     0x1f000 invalid    0x20000           0x21000    0x22000 invalid
 *     0x23000 invalid    0x24000 protected 0x25000    0x26000 protected  0x27000 invalid
 *     the last page of 24, 31 and 64 bits  0x00000    0x01000 invalid
 *
 * Their frames have the same addresses, except that of page 0, which is 0x22000, and that of the last pages, which is 0x23000.
 *
 * A second space has pages 0x20, 0x21, 0x25 and 0x26 (stores protected) of one segment only, with the frames of 0x25, 0x26, 0x20 and
 * 0x21. Its ASCE is that of the secondary and home space, and that of entry 3 of the access list.
 */

import { TABLES } from './layout.ts';

const TABLE = 0x4000;
const PAGE_TABLE = 0x800;
const [first, second, secondEnd, third, thirdEnd, segment, segmentEnd] = [0, 1, 2, 3, 4, 5, 6].map(
  (n) => TABLES + n * TABLE,
) as [number, number, number, number, number, number, number];
const [pages, pages24, pages31, pages64] = [0, 1, 2, 3].map((n) => TABLES + 7 * TABLE + n * PAGE_TABLE) as [
  number,
  number,
  number,
  number,
];
/** The second space: a segment table and a page table. */
const otherSegment = TABLES + 7 * TABLE + 4 * PAGE_TABLE;
const otherPages = otherSegment + TABLE;
/** The control tables of access-register translation; the access list has eight entries, of which entry 3 is valid. */
const DUCT = otherPages + PAGE_TABLE;
const ACCESS_LIST = DUCT + 0x80;
const SPACE_ENTRY = ACCESS_LIST + 0x80;
const LENGTH = SPACE_ENTRY + 0x40 - TABLES;

/** Table types of region- and segment-table entries, and the table length of 2048 entries. */
const TYPE = { FIRST: 12, SECOND: 8, THIRD: 4, SEGMENT: 0 } as const;
const FULL = 3;
const INVALID = 0x20;
const PAGE_INVALID = 0x400;
const PAGE_PROTECTED = 0x200;

/** The address-space-control element of the tables. */
export const ASCE = BigInt(first | TYPE.FIRST | FULL);

export const OTHER_ASCE = BigInt(otherSegment | FULL);
/** Control register 2: the origin of the dispatchable-unit control table. Control register 5: that of an empty primary space entry. */
export const DUCT_ORIGIN = BigInt(DUCT);
export const PRIMARY_ENTRY = BigInt(SPACE_ENTRY + 0x40);
/** An access-list-entry token of the second space. */
export const ALET = 3;

/** Addresses, one of each kind of place. In 24- and 31-bit mode the last ones are cut to the last page of the mode. */
export const PLACES = [
  0x2_0000n,
  0x2_0ff0n,
  0x2_1ff0n,
  0x2_4ff0n,
  0x2_5ff0n,
  0x2_6000n,
  0xffff_ffff_ffff_fff0n,
] as const;

/** Returns the tables as they are in storage from `TABLES` on. */
export function tables(): Buffer {
  const image = Buffer.alloc(LENGTH);
  const set = (table: number, index: number, entry: number) =>
    image.writeBigUInt64BE(BigInt(entry), table - TABLES + index * 8);
  for (const [table, type] of [
    [first, TYPE.FIRST],
    [second, TYPE.SECOND],
    [secondEnd, TYPE.SECOND],
    [third, TYPE.THIRD],
    [thirdEnd, TYPE.THIRD],
    [segment, TYPE.SEGMENT],
    [segmentEnd, TYPE.SEGMENT],
  ] as const) {
    for (let i = 0; i < 2048; i++) set(table, i, INVALID | type);
  }
  for (const table of [pages, pages24, pages31, pages64]) {
    for (let i = 0; i < 256; i++) set(table, i, PAGE_INVALID);
  }
  set(first, 0, second | TYPE.FIRST | FULL);
  set(first, 2047, secondEnd | TYPE.FIRST | FULL);
  set(second, 0, third | TYPE.SECOND | FULL);
  set(secondEnd, 2047, thirdEnd | TYPE.SECOND | FULL);
  set(third, 0, segment | TYPE.THIRD | FULL);
  set(thirdEnd, 2047, segmentEnd | TYPE.THIRD | FULL);
  set(segment, 0, pages);
  set(segment, 0xf, pages24);
  set(segment, 0x7ff, pages31);
  set(segmentEnd, 2047, pages64);
  set(pages, 0x00, 0x2_2000);
  set(pages, 0x20, 0x2_0000);
  set(pages, 0x21, 0x2_1000);
  set(pages, 0x24, 0x2_4000 | PAGE_PROTECTED);
  set(pages, 0x25, 0x2_5000);
  set(pages, 0x26, 0x2_6000 | PAGE_PROTECTED);
  for (const table of [pages24, pages31, pages64]) set(table, 0xff, 0x2_3000);
  for (let i = 0; i < 2048; i++) set(otherSegment, i, INVALID);
  for (let i = 0; i < 256; i++) set(otherPages, i, PAGE_INVALID);
  set(otherSegment, 0, otherPages);
  set(otherPages, 0x20, 0x2_5000);
  set(otherPages, 0x21, 0x2_6000);
  set(otherPages, 0x25, 0x2_0000);
  set(otherPages, 0x26, 0x2_1000 | PAGE_PROTECTED);
  accessList(image);
  return image;
}

/** Stores the control table, whose access list has entry 3, and the space's own entry. */
function accessList(image: Buffer): void {
  const word = (address: number, value: number) => image.writeUInt32BE(value >>> 0, address - TABLES);
  word(DUCT + 16, ACCESS_LIST);
  const invalid = 0x8000_0000;
  for (let i = 0; i < 8; i++) word(ACCESS_LIST + i * 16, i === ALET ? 0 : invalid);
  word(ACCESS_LIST + ALET * 16 + 8, SPACE_ENTRY);
  word(SPACE_ENTRY + 12, Number(OTHER_ASCE));
}
