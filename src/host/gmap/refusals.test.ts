/**
 * Wrong calls of a gmap: each throws a LinuxError with its code and a sentence that names the value, and changes nothing.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { LinuxError } from '../errors.ts';
import type { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';
import { guestSegment, processSegment } from '../numbers.ts';
import { codeOf, makeHost, snapshotOf } from '../testing/index.ts';
import type { Gmap } from './gmap.ts';

const MIB = 1n << 20n;
const HOME = 0x1000_0000n;
const TOP = 1n << 64n;
/** Segments of a process that guests can be given, and segments of a guest that can be mapped. */
const PROCESS_SEGMENTS = 2 ** 22;
const LAST_GUEST_SEGMENT = 2 ** 44 - 2;

let host: Host;
let mm: Mm;
let gmap: Gmap;

beforeEach(() => {
  ({ host } = makeHost());
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 4n * MIB });
  gmap = host.createGmap(mm);
  gmap.map({ from: HOME, to: 0n, length: 4n * MIB });
  gmap.fault(0n);
});

/** Each message begins with the first text and contains the others. */
const REFUSALS: [title: string, call: () => unknown, code: string, ...named: string[]][] = [
  ['map of no range', () => gmap.map(7 as never), 'EINVAL', 'range', '7'],
  ['map from no bigint', () => gmap.map({ from: 1 as never, to: 0n, length: MIB }), 'EINVAL', 'from', '1'],
  [
    'map from inside a segment',
    () => gmap.map({ from: 1n, to: 0n, length: MIB }),
    'EINVAL',
    'from',
    '0x1',
    '1 MiB',
  ],
  ['map to no bigint', () => gmap.map({ from: 0n, to: 1 as never, length: MIB }), 'EINVAL', 'to', '1'],
  [
    'map to the inside of a segment',
    () => gmap.map({ from: 0n, to: 1n, length: MIB }),
    'EINVAL',
    'to',
    '0x1',
  ],
  ['map of no length', () => gmap.map({ from: 0n, to: 0n, length: 0n }), 'EINVAL', 'length', '0'],
  ['map of a part of a segment', () => gmap.map({ from: 0n, to: 0n, length: 5n }), 'EINVAL', 'length', '0x5'],
  [
    'map from above 4 TiB',
    () => gmap.map({ from: 1n << 42n, to: 0n, length: MIB }),
    'EINVAL',
    'from 0x40000000000',
    '4 TiB',
  ],
  [
    'map to the end of 2^64',
    () => gmap.map({ from: 0n, to: TOP - MIB, length: MIB }),
    'EINVAL',
    'to 0xfffffffffff00000',
  ],
  ['unmap of no range', () => gmap.unmap(undefined as never), 'EINVAL', 'range'],
  ['unmap at no bigint', () => gmap.unmap({ address: 1 as never, length: MIB }), 'EINVAL', 'address', '1'],
  ['unmap inside a segment', () => gmap.unmap({ address: 5n, length: MIB }), 'EINVAL', 'address', '0x5'],
  ['tables for no range', () => gmap.makeTables(null as never), 'EINVAL', 'range'],
  [
    'tables inside a segment',
    () => gmap.makeTables({ address: 5n, length: MIB }),
    'EINVAL',
    'address',
    '0x5',
  ],
  // Guest segment 1 is not linked, and its table is the one found last: the fast path sees these first.
  [
    'mapSegments from -1',
    () => gmap.mapSegments(processSegment(-1), guestSegment(1), 1),
    'EINVAL',
    'from',
    '-1',
  ],
  [
    'mapSegments from 1.5',
    () => gmap.mapSegments(processSegment(1.5), guestSegment(1), 1),
    'EINVAL',
    'from',
    '1.5',
  ],
  [
    'mapSegments from 2^22',
    () => gmap.mapSegments(processSegment(PROCESS_SEGMENTS), guestSegment(1), 1),
    'EINVAL',
    'from',
    '4194304',
    '4194303',
  ],
  ['mapSegments from a string', () => gmap.mapSegments('1' as never, guestSegment(1), 1), 'EINVAL', 'from'],
  ['mapSegments from a bigint', () => gmap.mapSegments(1n as never, guestSegment(1), 1), 'EINVAL', 'from'],
  [
    'mapSegments to 1.5',
    () => gmap.mapSegments(processSegment(1), guestSegment(1.5), 1),
    'EINVAL',
    'to',
    '1.5',
  ],
  ['mapSegments to a string', () => gmap.mapSegments(processSegment(1), '1' as never, 1), 'EINVAL', 'to'],
  ['mapSegments of 0', () => gmap.mapSegments(processSegment(1), guestSegment(0), 0), 'EINVAL', 'count', '0'],
  [
    'mapSegments of one too many',
    () => gmap.mapSegments(processSegment(1), guestSegment(0), PROCESS_SEGMENTS),
    'EINVAL',
    'count',
    '4194304',
  ],
  [
    'mapSegments to the last segment',
    () => gmap.mapSegments(processSegment(1), guestSegment(LAST_GUEST_SEGMENT + 1), 1),
    'EINVAL',
    'to',
  ],
  [
    'mapSegments beyond the last but one',
    () => gmap.mapSegments(processSegment(1), guestSegment(LAST_GUEST_SEGMENT), 2),
    'EINVAL',
    'to',
  ],
  ['unmapSegments of 0', () => gmap.unmapSegments(guestSegment(0), 0), 'EINVAL', 'count', '0'],
  ['unmapSegments of 2^44', () => gmap.unmapSegments(guestSegment(0), 2 ** 44), 'EINVAL', 'count'],
  ['unmapSegments at -1', () => gmap.unmapSegments(guestSegment(-1), 1), 'EINVAL', 'to', '-1'],
  [
    'unmapSegments of the last',
    () => gmap.unmapSegments(guestSegment(LAST_GUEST_SEGMENT + 1), 1),
    'EINVAL',
    'to',
  ],
  ['fault at no bigint', () => gmap.fault(1 as never), 'EINVAL', 'address', '1'],
  ['fault at 2^64', () => gmap.fault(TOP), 'EINVAL', 'address'],
  [
    'fault where nothing is mapped',
    () => gmap.fault(64n * MIB),
    'EFAULT',
    'nothing is mapped at guest address 0x4000000',
  ],
  ['faultSegment of a string', () => gmap.faultSegment('0' as never), 'EINVAL', 'segment'],
  [
    'faultSegment of 2^44',
    () => gmap.faultSegment(guestSegment(2 ** 44)),
    'EINVAL',
    'segment',
    '17592186044416',
  ],
  ['discard of no range', () => gmap.discard(3 as never), 'EINVAL', 'range'],
  [
    'discard at no bigint',
    () => gmap.discard({ address: 1 as never, length: 4096n }),
    'EINVAL',
    'address',
    '1',
  ],
  [
    'discard of no bigint',
    () => gmap.discard({ address: 0n, length: 4096 as never }),
    'EINVAL',
    'length',
    '4096',
  ],
  [
    'discard inside a page',
    () => gmap.discard({ address: 1n, length: 4096n }),
    'EINVAL',
    '0x1',
    '0x1000',
    'pages',
  ],
  ['watch of no range', () => gmap.watch(3 as never), 'EINVAL', 'range'],
  ['watch inside a page', () => gmap.watch({ address: 1n, length: 4096n }), 'EINVAL', '0x1', 'pages'],
];

it.each(REFUSALS)('%s', (_, call, code, ...named) => {
  const before = snapshotOf(host, mm, gmap);
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(LinuxError);
  const { code: found, message } = thrown as LinuxError;
  expect(found).toBe(code);
  const [subject, ...others] = named;
  expect(message.slice(0, subject?.length)).toBe(subject);
  for (const part of others) expect(message).toContain(part);
  expect(snapshotOf(host, mm, gmap)).toEqual(before);
});

it('a gmap that was freed refuses every operation', () => {
  gmap.free();
  for (const call of [
    () => gmap.map({ from: HOME, to: 0n, length: MIB }),
    () => gmap.mapSegments(processSegment(256), guestSegment(0), 1),
    () => gmap.faultSegment(guestSegment(0)),
    () => gmap.fault(0n),
    () => gmap.unmap({ address: 0n, length: MIB }),
  ]) {
    expect(call).toThrow(
      expect.objectContaining({ code: 'ENOENT', message: expect.stringMatching(/gmap 0 was freed/) }),
    );
  }
});

describe('the largest values', () => {
  it('are mapped: the last segments of process and guest', () => {
    mm.mmap({ address: (1n << 42n) - MIB, length: MIB });
    gmap.mapSegments(processSegment(PROCESS_SEGMENTS - 1), guestSegment(LAST_GUEST_SEGMENT), 1);
    expect(gmap.faultSegment(guestSegment(LAST_GUEST_SEGMENT))).toBe(PROCESS_SEGMENTS - 1);
    gmap.unmapSegments(guestSegment(0), LAST_GUEST_SEGMENT + 1);
    expect(gmap.faultSegment(guestSegment(LAST_GUEST_SEGMENT))).toBe(-1);
  });

  it('are not exceeded by the fast paths, though the table of the last segment is the one found last', () => {
    mm.mmap({ address: 0n, length: MIB });
    const last = guestSegment(LAST_GUEST_SEGMENT);
    for (const segment of [LAST_GUEST_SEGMENT + 1, LAST_GUEST_SEGMENT + 2]) {
      gmap.mapSegments(processSegment(0), last, 1);
      expect(codeOf(() => gmap.mapSegments(processSegment(0), guestSegment(segment), 1))).toBe('EINVAL');
    }
    expect(codeOf(() => gmap.faultSegment(guestSegment(LAST_GUEST_SEGMENT + 2)))).toBe('EINVAL');
    expect([...gmap.segments()].map(({ guest }) => guest)).toEqual([
      0n,
      MIB,
      2n * MIB,
      3n * MIB,
      TOP - 2n * MIB,
    ]);
  });

  it('a fault at segment 2^44 is EINVAL, also after a discard up to the end of the address space', () => {
    gmap.discard({ address: 0n, length: TOP });
    expect(codeOf(() => gmap.faultSegment(guestSegment(LAST_GUEST_SEGMENT + 2)))).toBe('EINVAL');
  });
});
