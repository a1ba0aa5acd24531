/**
 * Wrong calls of a process and of a file: each throws a LinuxError with its code and a sentence that names the value, and
 * changes nothing.
 */

import { beforeEach, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { codeOf, MIB, makeHost, messageOf, snapshotOf } from '../testing/index.ts';
import { GROWN_LIMIT } from './addresses.ts';
import { DirtyLog } from './dirty-log.ts';
import { PROT } from './mappings.ts';
import type { MemoryFile } from './memory-file.ts';
import type { Mm } from './mm.ts';

const HOME = 8n * MIB;
const PAGE = 4096n;
/** The pages that a process can have: 8 PiB. */
const PAGES = 2 ** 41;
/** A value that is of no argument's type, and as messages show it. */
const WRONG = null as never;

let host: Host;
let mm: Mm;
let gone: Mm;
let file: MemoryFile;
let closed: MemoryFile;

beforeEach(() => {
  ({ host } = makeHost());
  mm = host.createMm();
  mm.mmap({ address: HOME, length: MIB });
  mm.mmap({ address: HOME + MIB, length: MIB, protection: PROT.READ });
  mm.mmap({ address: HOME + 2n * MIB, length: MIB, protection: PROT.NONE });
  mm.enableKeys();
  gone = host.createMm(7);
  host.exitMm(gone);
  file = host.createFile(2n * PAGE);
  closed = host.createFile(PAGE);
  closed.close();
});

const inRange = (last: number) => `is not an integer from 0 to ${last}`;
const range = { address: HOME, length: PAGE };

const REFUSALS: readonly [call: () => unknown, code: string, message: string][] = [
  [() => mm.mmap(WRONG), 'EINVAL', 'options null is not an object'],
  [() => mm.mmap({ length: WRONG }), 'EINVAL', 'length null is not a bigint'],
  [() => mm.mmap({ address: WRONG, length: PAGE }), 'EINVAL', 'address null is not a bigint'],
  [() => mm.mmap({ ...range, length: 2n * PAGE }), 'EEXIST', '8 KiB at 0x800000 are already mapped in part'],
  [() => mm.munmap(WRONG), 'EINVAL', 'range null is not an object'],
  [() => mm.munmap({ ...range, length: WRONG }), 'EINVAL', 'length null is not a bigint'],
  [() => mm.mprotect(WRONG), 'EINVAL', 'range null is not an object'],
  [
    () => mm.mprotect({ address: 0n, length: PAGE, protection: 1 }),
    'ENOMEM',
    '0x0 to 0x1000 is not mapped completely',
  ],
  [() => mm.dontNeed(WRONG), 'EINVAL', 'range null is not an object'],
  [() => mm.mremap(WRONG), 'EINVAL', 'options null is not an object'],
  [
    () => mm.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, mayMove: 1 as never }),
    'EINVAL',
    'mayMove 1 is not a boolean',
  ],
  [() => mm.fork(-1), 'EINVAL', `id -1 ${inRange(Number.MAX_SAFE_INTEGER)}`],
  [() => mm.fault(WRONG, true), 'EINVAL', 'address null is not a bigint'],
  [() => mm.fault(HOME, 1 as never), 'EINVAL', 'write 1 is not a boolean'],
  [() => mm.fault(HOME + MIB, true), 'EFAULT', '0x900000 must not be written'],
  [() => mm.fault(HOME + 2n * MIB, false), 'EFAULT', '0xa00000 must not be read'],
  [() => mm.read(WRONG, 1), 'EINVAL', 'address null is not a bigint'],
  [() => mm.startLog(-1, 1), 'EINVAL', `start -1 ${inRange(PAGES)}`],
  [() => mm.startLog(PAGES + 1, 0), 'EINVAL', `start ${PAGES + 1} ${inRange(PAGES)}`],
  [() => mm.startLog(PAGES - 3, 4), 'EINVAL', `count 4 ${inRange(3)}`],
  [() => mm.stopLog(WRONG), 'EINVAL', 'the log is not one of this process'],
  [() => mm.takeLog(new DirtyLog(0, 1)), 'EINVAL', 'the log is not one of this process'],
  [() => mm.keyOf(PAGES as never), 'EINVAL', `page ${PAGES} ${inRange(PAGES - 1)}`],
  [() => mm.makeWatchable(PAGES as never), 'EINVAL', `page ${PAGES} ${inRange(PAGES - 1)}`],
  [() => mm.watchPage(PAGES as never), 'EINVAL', `page ${PAGES} ${inRange(PAGES - 1)}`],
  [() => mm.setKeys(WRONG, []), 'EINVAL', 'pages null is not an Array'],
  [() => mm.setKeys([2048], WRONG), 'EINVAL', 'keys null is not an object'],
  [
    () => mm.setKeys([2048, 2049], [0]),
    'EINVAL',
    `number of keys 1 is not an integer from 2 to ${Number.MAX_SAFE_INTEGER}`,
  ],
  [() => mm.setKeys([PAGES], [0]), 'EINVAL', `page ${PAGES} ${inRange(PAGES - 1)}`],
  [() => mm.setKeys([2048, 2049], [0x10, 0x11]), 'EINVAL', 'key 17 is not even'],
  [() => gone.munmap(range), 'ESRCH', 'process 7 has ended'],
  [() => host.createFile(WRONG), 'EINVAL', 'length null is not a bigint'],
  [() => host.createFile(5n), 'EINVAL', 'length 0x5 is not a positive multiple of 4 KiB up to 8 PiB'],
  [
    () => host.createFile(GROWN_LIMIT + PAGE),
    'EINVAL',
    'length 0x20000000001000 is not a positive multiple of 4 KiB up to 8 PiB',
  ],
  [() => file.read(WRONG, 1), 'EINVAL', 'offset null is not a bigint'],
  [() => file.write(0x1fffn, new Uint8Array(2)), 'EINVAL', "0x1fff + 2 is beyond the file's 0x2000"],
  [() => closed.read(0n, 1), 'EBADF', 'the file was closed'],
];

it.each(REFUSALS.map(([call, ...how]) => [...how, call] as const))('%s: %s', (code, message, call) => {
  const before = snapshotOf(host, mm);
  expect([codeOf(call), messageOf(call)]).toEqual([code, message]);
  expect(snapshotOf(host, mm)).toEqual(before);
  expect([mm.logs, host.processes.size, host.common.files.size]).toEqual([[], 1, 1]);
});

it('the largest arguments are allowed: a log up to the last page, a file of 8 PiB, the key of the last page', () => {
  const log = mm.startLog(PAGES - 3, 3);
  expect(mm.takeLog(log)).toEqual([]);
  expect(mm.takeLog(mm.startLog(PAGES, 0))).toEqual([]);
  expect(mm.keyOf((PAGES - 1) as never)).toBe(0);
  const largest = host.createFile(GROWN_LIMIT);
  expect([largest.pages, largest.read(GROWN_LIMIT - 1n, 1)]).toEqual([PAGES, Uint8Array.of(0)]);
});
