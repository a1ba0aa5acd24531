import { beforeEach, describe, expect, it } from 'vitest';
import type { TraceEvent } from '../../trace/index.ts';
import { hex } from '../errors.ts';
import type { Host } from '../host.ts';
import { processPage } from '../numbers.ts';
import { bytes, codeOf, frameCounts, MIB, makeHost, messageOf, TIB } from '../testing/index.ts';
import { GROWN_LIMIT, PROCESS_LIMIT } from './addresses.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';
import type { MmapOptions } from './mmap.ts';

const LIMIT = 1n << 42n;
const PAGE = 0x1000n;

let host: Host;
let mm: Mm;
let problems: string[];

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  problems = made.problems;
  mm = host.createMm();
  return () => {
    expect(problems).toEqual([]);
    expect(host.kernel.locks.held).toEqual([]);
  };
});

const mapped = () =>
  [...mm.mappings].map(
    ({ start, end, protection }) => `${start.toString(16)}-${end.toString(16)} ${protection}`,
  );

describe('mmap', () => {
  it('returns the address', () => {
    expect(mm.mmap({ address: 0x1000_0000n, length: MIB })).toBe(0x1000_0000n);
    expect(mapped()).toEqual(['10000-10100 3']);
  });

  it('makes no table and takes no frame', () => {
    const before = frameCounts(host);
    mm.mmap({ address: 0n, length: LIMIT });
    expect(frameCounts(host)).toEqual(before);
  });

  it.each([
    ['address is not a multiple of 4 KiB', { address: 0x1001n, length: PAGE }, '0x1001'],
    ['address is negative', { address: -PAGE, length: PAGE }, '0x-1000'],
    ['length is not a multiple of 4 KiB', { address: 0n, length: 0x1800n }, '0x1800'],
    ['length is 0', { address: 0n, length: 0n }, 'length 0x0'],
    ['length is negative', { address: 0n, length: -PAGE }, '0x-1000'],
    ['it ends beyond 8 PiB', { address: GROWN_LIMIT - PAGE, length: 2n * PAGE }, '8 PiB'],
    ['it begins at 8 PiB', { address: GROWN_LIMIT, length: PAGE }, '8 PiB'],
    ['protection has unknown bits', { address: 0n, length: PAGE, protection: 8 }, 'protection 0x8'],
    ['length without an address is too large', { length: GROWN_LIMIT + PAGE }, '8 PiB'],
  ])('EINVAL: %s', (_, options, words) => {
    expect(codeOf(() => mm.mmap(options))).toBe('EINVAL');
    expect(messageOf(() => mm.mmap(options))).toContain(words);
    expect(mapped()).toEqual([]);
  });

  it.each([
    ["taken \"both\" is neither 'refuse' nor 'replace'", { taken: 'both' }],
    ['shared 1 is not a boolean', { shared: 1 }],
    ['large 1 is not a boolean', { large: 1 }],
    ['offset 1 is not a bigint', { offset: 1 }],
    ['offset 0x800 is not a multiple of 4 KiB in a file', { offset: 0x800n }],
    ['offset 0x-1000 is not a multiple of 4 KiB in a file', { offset: -PAGE }],
    ['file an object is not a MemoryFile', { file: {} }],
    ['the file belongs to another host', { file: makeHost().host.createFile(PAGE) }],
    ['protection "r" is not an integer from 0 to 9007199254740991', { protection: 'r' }],
    ['only private anonymous memory can be large', { large: true, shared: true }],
  ])('EINVAL: %s', (message, options) => {
    const wrong = { address: 0n, length: PAGE, ...options } as MmapOptions;
    expect(codeOf(() => mm.mmap(wrong))).toBe('EINVAL');
    expect(messageOf(() => mm.mmap(wrong))).toBe(message);
    expect(mapped()).toEqual([]);
  });

  it('ends at exactly 4 TiB', () => {
    expect(PROCESS_LIMIT).toBe(LIMIT);
    mm.mmap({ address: LIMIT - PAGE, length: PAGE });
    mm.write(LIMIT - 1n, bytes(1));
    expect(mm.read(LIMIT - 1n, 1)).toEqual(bytes(1));
  });

  it('EEXIST when some of it is taken, and nothing has changed', () => {
    mm.mmap({ address: MIB, length: MIB });
    for (const [address, length] of [
      [MIB, MIB],
      [0n, MIB + PAGE],
      [2n * MIB - PAGE, MIB],
      [0n, 3n * MIB],
      [MIB + PAGE, PAGE],
    ] as const) {
      expect(codeOf(() => mm.mmap({ address, length }))).toBe('EEXIST');
    }
    expect(mapped()).toEqual(['100-200 3']);
    mm.mmap({ address: 0n, length: MIB });
    mm.mmap({ address: 2n * MIB, length: MIB });
    expect(mapped()).toEqual(['0-300 3']);
  });

  it('replaces existing mappings on request', () => {
    mm.mmap({ address: 0n, length: MIB });
    mm.write(0x3000n, bytes(1));
    mm.mmap({ address: 0x2000n, length: 0x2000n, protection: PROT.READ, taken: 'replace' });
    expect(mapped()).toEqual(['0-2 3', '2-4 1', '4-100 3']);
    expect(mm.read(0x3000n, 1)).toEqual(bytes(0));
  });

  it('chooses the highest gap that is large enough', () => {
    expect(mm.mmap({ length: MIB })).toBe(LIMIT - MIB);
    expect(mm.mmap({ length: PAGE })).toBe(LIMIT - MIB - PAGE);
    mm.munmap({ address: LIMIT - MIB, length: 3n * PAGE });
    expect(mm.mmap({ length: 4n * PAGE })).toBe(LIMIT - MIB - 5n * PAGE);
    expect(mm.mmap({ length: 3n * PAGE })).toBe(LIMIT - MIB);
  });

  it('ENOMEM when no gap is large enough: the lowest 256 MiB are not chosen', () => {
    const chosen = LIMIT - 0x1000_0000n;
    expect(codeOf(() => mm.mmap({ length: chosen + PAGE }))).toBe('ENOMEM');
    expect(mm.mmap({ length: chosen })).toBe(0x1000_0000n);
    expect(codeOf(() => mm.mmap({ length: PAGE }))).toBe('ENOMEM');
    expect(mm.mmap({ address: 0n, length: PAGE })).toBe(0n);
  });
});

describe('munmap', () => {
  it.each([
    ['address is not a multiple of 4 KiB', 1n, PAGE],
    ['length is not a multiple of 4 KiB', 0n, 1n],
    ['length is 0', 0n, 0n],
    ['it ends beyond 8 PiB', GROWN_LIMIT, PAGE],
  ])('EINVAL: %s', (_, address, length) => {
    mm.mmap({ address: 0n, length: MIB });
    expect(codeOf(() => mm.munmap({ address, length }))).toBe('EINVAL');
    expect(mapped()).toEqual(['0-100 3']);
  });

  it('of a range with holes is no error', () => {
    mm.munmap({ address: 0n, length: LIMIT });
    mm.mmap({ address: MIB, length: MIB });
    mm.munmap({ address: 0n, length: LIMIT });
    expect(mapped()).toEqual([]);
  });

  it('splits a mapping, and frees the frames', () => {
    mm.mmap({ address: 0n, length: MIB });
    for (const page of [0n, 0x1000n, 0x2000n]) mm.write(page, bytes(1));
    mm.munmap({ address: 0x1000n, length: 0x1000n });
    expect(mapped()).toEqual(['0-1 3', '2-100 3']);
    expect(host.kernel.frames.count('page')).toBe(2);
    expect(codeOf(() => mm.read(0x1000n, 1))).toBe('EFAULT');
    expect(mm.read(0x2000n, 1)).toEqual(bytes(1));
  });

  it('frees the frames of pages with PROT_NONE, too', () => {
    mm.mmap({ address: 0n, length: 2n * MIB });
    for (const page of [0n, 0x1000n, MIB, MIB + 0x1000n]) mm.write(page, bytes(1));
    mm.mprotect({ address: 0n, length: 2n * MIB, protection: PROT.NONE });
    mm.munmap({ address: 0n, length: 0x1000n });
    expect(host.kernel.frames.count('page')).toBe(3);
    mm.munmap({ address: 0n, length: 2n * MIB });
    expect(host.kernel.frames.count('page')).toBe(0);
  });
});

describe('mprotect and dontNeed', () => {
  beforeEach(() => {
    mm.mmap({ address: 0n, length: MIB });
    mm.mmap({ address: 2n * MIB, length: MIB });
  });

  it.each([
    ['a hole in it', 0n, 3n * MIB],
    ['a hole at its end', 0n, MIB + PAGE],
    ['a hole at its beginning', MIB, 2n * MIB],
    ['nothing mapped', 8n * MIB, MIB],
  ])('ENOMEM, and nothing has changed: %s', (_, address, length) => {
    mm.write(0n, bytes(1));
    expect(codeOf(() => mm.mprotect({ address, length, protection: PROT.READ }))).toBe('ENOMEM');
    expect(codeOf(() => mm.dontNeed({ address, length }))).toBe('ENOMEM');
    expect(mapped()).toEqual(['0-100 3', '200-300 3']);
    expect(mm.read(0n, 1)).toEqual(bytes(1));
  });

  it('EINVAL as mmap, and for unknown protection bits', () => {
    expect(codeOf(() => mm.mprotect({ address: 1n, length: PAGE, protection: 1 }))).toBe('EINVAL');
    expect(codeOf(() => mm.mprotect({ address: 0n, length: 0n, protection: 1 }))).toBe('EINVAL');
    expect(codeOf(() => mm.mprotect({ address: 0n, length: PAGE, protection: 0x10 }))).toBe('EINVAL');
    expect(codeOf(() => mm.dontNeed({ address: 0n, length: 1n }))).toBe('EINVAL');
    expect(codeOf(() => mm.dontNeed({ address: GROWN_LIMIT - PAGE, length: 2n * PAGE }))).toBe('EINVAL');
  });

  it('mprotect splits and merges mappings', () => {
    mm.mprotect({ address: 0x1000n, length: 0x2000n, protection: PROT.READ });
    expect(mapped()).toEqual(['0-1 3', '1-3 1', '3-100 3', '200-300 3']);
    mm.mprotect({ address: 0x1000n, length: 0x2000n, protection: PROT.READ | PROT.WRITE });
    expect(mapped()).toEqual(['0-100 3', '200-300 3']);
  });

  it('purges the pages whose entries change, and no others', () => {
    for (const page of [0n, 0x5000n]) mm.write(page, bytes(1));
    const purged: unknown[] = [];
    host.machine.trace.subscribe((event: TraceEvent) => {
      if (event.type === 'purge') purged.push(event.page);
    });
    mm.mprotect({ address: 0n, length: MIB, protection: PROT.READ | PROT.WRITE });
    expect(purged).toEqual([]);
    mm.mprotect({ address: 0n, length: MIB, protection: PROT.READ });
    expect(purged).toEqual([0, 5]);
    mm.mprotect({ address: 0n, length: MIB, protection: PROT.READ | PROT.EXEC });
    expect(purged).toEqual([0, 5]);
  });
});

describe('a fault', () => {
  it.each([
    [PROT.NONE, 'EFAULT', 'EFAULT'],
    [PROT.READ, 'ok', 'EFAULT'],
    [PROT.WRITE, 'ok', 'ok'],
    [PROT.EXEC, 'ok', 'EFAULT'],
    [PROT.READ | PROT.WRITE, 'ok', 'ok'],
    [PROT.READ | PROT.EXEC, 'ok', 'EFAULT'],
    [7, 'ok', 'ok'],
  ])('at memory of protection %i: reading %s, writing %s', (protection, read, write) => {
    mm.mmap({ address: 0n, length: MIB, protection });
    expect(codeOf(() => mm.fault(0n, false))).toBe(read);
    expect(codeOf(() => mm.fault(0x1000n, true))).toBe(write);
  });

  it('outside every process: EFAULT, with a message that names the address', () => {
    for (const address of [-1n, GROWN_LIMIT, GROWN_LIMIT + 5n, 1n << 2000n]) {
      const message = `nothing is mapped at ${hex(address)}`;
      expect(codeOf(() => mm.fault(address, false))).toBe('EFAULT');
      expect(messageOf(() => mm.fault(address, false))).toBe(message);
      expect(messageOf(() => mm.read(address, 1))).toBe(message);
      expect(messageOf(() => mm.write(address, bytes(1)))).toBe(message);
    }
    mm.mmap({ address: GROWN_LIMIT - PAGE, length: PAGE });
    expect(messageOf(() => mm.read(GROWN_LIMIT - 2n, 3))).toBe('nothing is mapped at 0x1ffffffffffffe');
    expect(codeOf(() => mm.read(GROWN_LIMIT - 2n, 2))).toBe('ok');
  });

  it('where nothing is mapped: EFAULT', () => {
    for (const address of [0n, MIB, LIMIT - 1n, LIMIT, 1n << 64n, -1n]) {
      expect(codeOf(() => mm.fault(address, false))).toBe('EFAULT');
    }
    mm.mmap({ address: MIB, length: PAGE });
    expect(codeOf(() => mm.fault(MIB - 1n, false))).toBe('EFAULT');
    expect(codeOf(() => mm.fault(MIB + PAGE, false))).toBe('EFAULT');
  });

  it('puts a frame of zeros behind the page, also if the frame was used before', () => {
    mm.mmap({ address: 0n, length: MIB });
    mm.write(0n, new Uint8Array(4096).fill(0xee));
    mm.dontNeed({ address: 0n, length: PAGE });
    mm.fault(0x7000n, true);
    expect(mm.read(0x7000n, 4096).every((byte) => byte === 0)).toBe(true);
  });

  it('at a page that has a frame changes nothing', () => {
    mm.mmap({ address: 0n, length: MIB });
    mm.write(0n, bytes(9));
    const before = frameCounts(host);
    const events: TraceEvent[] = [];
    host.machine.trace.subscribe((event) => events.push(event));
    mm.fault(0n, true);
    mm.fault(0xfffn, false);
    expect(events).toEqual([]);
    expect(frameCounts(host)).toEqual(before);
    expect(mm.read(0n, 1)).toEqual(bytes(9));
  });
});

describe('read and write, as system calls do', () => {
  it('cross pages and segments', () => {
    mm.mmap({ address: 0n, length: 3n * MIB });
    const data = Uint8Array.from({ length: 0x10_2003 }, (_, i) => (i * 7) & 0xff);
    mm.write(MIB - 5n, data);
    expect(mm.read(MIB - 5n, data.length).every((byte, i) => byte === data[i])).toBe(true);
    expect(mm.read(MIB - 6n, 1)).toEqual(bytes(0));
  });

  it('EFAULT stores nothing', () => {
    mm.mmap({ address: 0n, length: PAGE });
    expect(codeOf(() => mm.write(0xfffn, bytes(1, 2)))).toBe('EFAULT');
    expect(mm.read(0xfffn, 1)).toEqual(bytes(0));
    expect(codeOf(() => mm.read(0xfffn, 2))).toBe('EFAULT');
    mm.mprotect({ address: 0n, length: PAGE, protection: PROT.READ });
    expect(codeOf(() => mm.write(0n, bytes(1)))).toBe('EFAULT');
  });

  it('EFAULT outside the process', () => {
    expect(codeOf(() => mm.read(-1n, 1))).toBe('EFAULT');
    expect(codeOf(() => mm.read(LIMIT, 1))).toBe('EFAULT');
    expect(codeOf(() => mm.read(LIMIT - 1n, 2))).toBe('EFAULT');
    expect(codeOf(() => mm.write(1n << 64n, bytes(1)))).toBe('EFAULT');
  });

  it('of no bytes succeed, also where nothing is mapped', () => {
    expect(mm.read(5n, 0)).toEqual(bytes());
    expect(codeOf(() => mm.write(TIB, bytes()))).toBe('ok');
  });
});

describe('65,530 mappings', () => {
  it('are the limit: munmap splits a mapping only below it, and all other operations still work', () => {
    const home = 0x1000_0000n;
    const other = makeHost().host.createMm();
    for (let i = 0n; i < 65_527n; i++) other.mmap({ address: (1n << 30n) + 2n * i * PAGE, length: PAGE });
    other.mmap({ address: home - PAGE, length: 5n * PAGE });
    other.mmap({ address: home + 4n * PAGE, length: 4n * PAGE, protection: PROT.READ });
    other.munmap({ address: home + 5n * PAGE, length: PAGE });
    expect(other.mappings.count).toBe(65_530);
    expect(codeOf(() => other.munmap({ address: home + PAGE, length: PAGE }))).toBe('ENOMEM');
    expect(messageOf(() => other.munmap({ address: home + PAGE, length: PAGE }))).toBe(
      'the process has 65530 mappings, and can have at most 65530',
    );
    expect(codeOf(() => other.mremap({ address: home + PAGE, oldLength: 2n * PAGE, newLength: PAGE }))).toBe(
      'ENOMEM',
    );
    expect(other.mappings.count).toBe(65_530);
    other.munmap({ address: home - PAGE, length: PAGE });
    expect(other.mappings.count).toBe(65_530);
    expect(codeOf(() => other.mremap({ address: home, oldLength: 2n * PAGE, newLength: PAGE }))).toBe(
      'ENOMEM',
    );
    other.mremap({ address: home, oldLength: 4n * PAGE, newLength: 3n * PAGE });
    other.munmap({ address: home + 2n * PAGE, length: 3n * PAGE });
    other.munmap({ address: home, length: PAGE });
    expect(other.mappings.count).toBe(65_529);
    other.munmap({ address: home + PAGE, length: PAGE });
    expect(other.mappings.count).toBe(65_528);
  });
});

describe('exit', () => {
  it('frees everything, once', () => {
    const before = host.kernel.frames.available;
    const other = host.createMm();
    other.mmap({ address: 0n, length: 8n * MIB });
    for (let i = 0n; i < 8n; i++) other.write(i * MIB, bytes(1));
    other.exit();
    expect(other.ended).toBe(true);
    expect(host.kernel.frames.available).toBe(before);
    expect(codeOf(() => other.exit())).toBe('ESRCH');
    expect(host.kernel.frames.available).toBe(before);
  });

  it('makes every later operation ESRCH, which changes nothing', () => {
    mm.mmap({ address: 0n, length: MIB });
    host.createGmap(mm);
    host.exitMm(mm);
    const before = frameCounts(host);
    const late: (() => unknown)[] = [
      () => mm.mmap({ address: 0n, length: MIB }),
      () => mm.munmap({ address: 0n, length: MIB }),
      () => mm.mprotect({ address: 0n, length: MIB, protection: 1 }),
      () => mm.dontNeed({ address: 0n, length: MIB }),
      () => mm.fault(0n, true),
      () => mm.read(0n, 1),
      () => mm.write(0n, bytes(1)),
      () => mm.mremap({ address: 0n, oldLength: MIB, newLength: PAGE }),
      () => mm.startLog(0, 1),
      () => mm.enableKeys(),
      () => mm.keyOf(processPage(0)),
      () => mm.watchPage(processPage(0)),
      () => host.fork(mm),
      () => host.createGmap(mm),
      () => host.readAsProcess(mm, host.machine.cpu(0), 0n, 1),
    ];
    for (const operation of late) expect(codeOf(operation)).toBe('ESRCH');
    expect(frameCounts(host)).toEqual(before);
  });

  it('does not affect other processes', () => {
    const other = host.createMm();
    for (const p of [mm, other]) {
      p.mmap({ address: 0n, length: MIB });
      p.write(0n, bytes(1, 2, 3));
    }
    other.exit();
    expect(mm.read(0n, 3)).toEqual(bytes(1, 2, 3));
  });
});

describe('events', () => {
  it('report each mmap, fault and munmap', () => {
    const events: TraceEvent[] = [];
    host.machine.trace.subscribe((event) => events.push(event));
    mm.mmap({ address: MIB, length: MIB, protection: PROT.READ | PROT.WRITE });
    mm.fault(MIB + 0x5123n, true);
    const table = BigInt(mm.tables.pageTableOf(1));
    const frame = host.machine.storage.get64(Number(table) + 5 * 8);
    mm.munmap({ address: MIB, length: MIB });
    expect(events).toEqual([
      { type: 'mmap', mm: 0, address: MIB, length: MIB, protection: 3 },
      { type: 'page-table', mm: 0, change: 'new', address: MIB, origin: table },
      { type: 'mm-fault', mm: 0, address: MIB + 0x5000n, frame, write: true },
      { type: 'purge', by: 'idte', asce: mm.asce },
      { type: 'page-table', mm: 0, change: 'freed', address: MIB, origin: table },
      { type: 'munmap', mm: 0, address: MIB, length: MIB },
    ]);
  });
});
