import { describe, expect, it } from 'vitest';
import { DirtyLog, type Gmap, Host, type Mm, PROT, PURGE_SITES, type PurgeSite } from '../host/index.ts';
import { faultPageLocked, PGSTE_OFFSET } from '../host/internal.ts';
import { Machine } from '../machine/index.ts';
import { Checker, describeViolation, type Rule, type Violation } from './index.ts';

const MIB = 1n << 20n;
const P = 0x1000_0000n;
const G = 5n << 30n;

/** A process with two segments, and two gmaps on them. All entries are linked, and every processor caches translations. */
class Busy {
  readonly host = new Host(new Machine({ storageSize: 16 << 20, cpus: 3 }));
  readonly checker = Checker.attach(this.host);
  readonly mm: Mm = this.host.createMm();
  readonly gmaps: readonly [Gmap, Gmap];

  constructor() {
    this.mm.mmap({ address: P, length: 2n * MIB });
    this.gmaps = [this.host.createGmap(this.mm), this.host.createGmap(this.mm)];
    for (const gmap of this.gmaps) gmap.map({ from: P, to: G, length: 2n * MIB });
    this.touch();
  }

  /** Process and both guests store into both segments, each on its own processor. */
  touch(): void {
    const { host, mm, gmaps } = this;
    for (const offset of [0n, MIB + 0x3000n]) {
      host.writeAsProcess(mm, host.machine.cpu(0), P + offset, Uint8Array.of(1));
      gmaps.forEach(
        (gmap, n) => void host.writeAsGuest(gmap, host.machine.cpu(n + 1), G + offset, Uint8Array.of(2)),
      );
    }
  }

  /** Performs an operation. Returns the violations. */
  after(name: string, operation: (busy: Busy) => void): Violation[] {
    this.checker.record(name);
    operation(this);
    return this.checker.checkChanged();
  }
}

/** For each purge site: an operation that leaves stale translations without the purge. */
const NEEDS: Record<PurgeSite, (busy: Busy) => void> = {
  'gmap-map': ({ gmaps }) => gmaps[0].map({ from: P + MIB, to: G, length: MIB }),
  'gmap-unmap': ({ gmaps }) => gmaps[0].unmap({ address: G, length: MIB }),
  'gmap-free': ({ gmaps }) => gmaps[1].free(),
  'page-table-freed': ({ mm }) => mm.munmap({ address: P, length: MIB }),
  'page-invalidated': ({ mm }) => mm.munmap({ address: P, length: 0x1000n }),
  'page-protected': ({ mm }) => mm.mprotect({ address: P, length: 0x1000n, protection: PROT.READ }),
  'page-copied': ({ host, mm }) => {
    host.fork(mm);
    host.readAsProcess(mm, host.machine.cpu(0), P, 1);
    mm.write(P, Uint8Array.of(9));
  },
  'segment-changed': ({ host, mm }) => {
    const address = mm.mmap({ address: 64n * MIB, length: MIB, large: true });
    host.readAsProcess(mm, host.machine.cpu(0), address, 1);
    mm.mprotect({ address, length: MIB, protection: PROT.READ });
  },
  'space-grown': ({ mm }) => void mm.mmap({ address: 1n << 42n, length: MIB }),
  'enable-sie': ({ host }) => {
    const other = host.createMm();
    other.mmap({ address: P, length: MIB });
    host.writeAsProcess(other, host.machine.cpu(0), P, Uint8Array.of(1));
    host.createGmap(other);
  },
};

describe('the checker and the purges', () => {
  it.each(PURGE_SITES)('finds nothing wrong after the operation that purges at %s', (site) => {
    const busy = new Busy();
    expect(busy.after(site, NEEDS[site])).toEqual([]);
  });

  it.each(PURGE_SITES)(
    'names the stale translation and the operation when the purge at %s is omitted',
    (site) => {
      const busy = new Busy();
      expect(busy.after('all is well', () => {})).toEqual([]);
      busy.host.kernel.injectedFault = site;
      const violations = busy.after(`the operation of ${site}`, NEEDS[site]);
      expect(violations.map(({ rule }) => rule)).toContain('stale-translation' satisfies Rule);
      expect(describeViolation(violations[0] as Violation)).toContain(`after the operation of ${site}`);
    },
  );

  it('is not disturbed by listeners, before or after it, nor by a second checker', () => {
    const busy = new Busy();
    const { host, mm } = busy;
    const events: string[] = [];
    host.machine.trace.subscribe(({ type }) => events.push(type));
    const second = Checker.attach(host);
    busy.checker.record('all is well');
    expect([busy.checker.checkChanged(), second.checkChanged()]).toEqual([[], []]);
    host.kernel.injectedFault = 'page-protected';
    for (const checker of [busy.checker, second]) checker.record('mprotect');
    mm.mprotect({ address: P, length: 0x1000n, protection: PROT.READ });
    host.writeAsProcess(mm, host.machine.cpu(0), P, Uint8Array.of(2));
    const [first, other] = [busy.checker.checkChanged(), second.checkChanged()];
    expect(first.length).toBeGreaterThan(1);
    expect(other.map(({ message }) => message)).toEqual(first.map(({ message }) => message));
    expect(events).toContain('mprotect');
  });

  it('reports nothing after it was detached; another one still does', () => {
    const busy = new Busy();
    const { host, mm } = busy;
    const second = Checker.attach(host);
    busy.checker.detach();
    busy.checker.detach();
    host.kernel.injectedFault = 'page-protected';
    mm.mprotect({ address: P, length: 0x1000n, protection: PROT.READ });
    host.writeAsProcess(mm, host.machine.cpu(0), P, Uint8Array.of(2));
    expect(second.checkChanged().length).toBeGreaterThan(1);
    second.detach();
    const { machine, kernel } = host;
    expect([
      machine.trace.listener,
      machine.translationChecks.listener,
      kernel.locks.problems.listener,
    ]).toEqual([null, null, null]);
    expect(machine.cpus.map(({ onTlbHit }) => onTlbHit)).toEqual([null, null, null]);
  });

  it('reports the use of a stale translation', () => {
    const busy = new Busy();
    busy.host.kernel.injectedFault = 'page-invalidated';
    const violations = busy.after('munmap, then a read', ({ mm, host, gmaps }) => {
      mm.munmap({ address: P, length: 0x1000n });
      host.readAsGuest(gmaps[0], host.machine.cpu(1), G, 1);
    });
    expect(violations.map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^a processor used a stale TLB entry for page 0x\w+ of gmap 0: a walk now ends with a page-translation exception \(0x11\)$/,
      ),
    );
  });

  it('reports a stale translation that a processor goes on with, if it is to compare those', () => {
    const busy = new Busy();
    const { host, mm } = busy;
    busy.checker.detach();
    const checker = Checker.attach(host, { translations: 'usable' });
    const cpu = host.machine.cpu(0);
    cpu.run(1);
    cpu.run(1);
    expect(checker.checkChanged()).toEqual([]);
    host.kernel.injectedFault = 'page-invalidated';
    mm.munmap({ address: P, length: 0x1000n });
    cpu.run(1);
    cpu.tlb.purgeAll();
    for (const other of host.machine.cpus) other.tlb.purgeAll();
    expect(checker.checkChanged().map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^a processor goes on with a stale TLB entry for page 0x\w+ of process \d+: a walk now ends with a page-translation exception \(0x11\)$/,
      ),
    ]);
    checker.detach();
    expect(host.machine.executionChecks.listener).toBe(null);
    expect(cpu.onExecution).toBe(null);
  });

  it('compares translations in turn before a processor goes on, if it is to compare those', () => {
    const host = new Host(new Machine({ storageSize: 16 << 20 }));
    const checker = Checker.attach(host, { translations: 'usable' });
    const mm = host.createMm();
    const cpu = host.machine.cpu(0);
    mm.mmap({ address: P, length: MIB });
    for (let page = 0n; page < 200n; page++)
      host.writeAsProcess(mm, cpu, P + page * 0x1000n, Uint8Array.of(1));
    expect(checker.checkChanged()).toEqual([]);
    host.kernel.injectedFault = 'page-invalidated';
    mm.munmap({ address: P + 150n * 0x1000n, length: 0x1000n });
    const found: number[] = [];
    for (let run = 0; run < 8; run++) {
      cpu.run(1);
      const { length } = checker.checkChanged().filter(({ message }) => message.includes('goes on'));
      found.push(length);
    }
    expect(found).toEqual([0, 0, 1, 0, 0, 0, 1, 0]);
  });

  it('refuses an unknown option', () => {
    const host = new Host(new Machine({ storageSize: 16 << 20 }));
    expect(() => Checker.attach(host, { translations: 'all' as 'used' })).toThrow(
      "translations: 'all' is neither 'used' nor 'usable'",
    );
    expect(() => Checker.attach(host, null as never)).toThrow('options');
  });

  it('finds a purge that is missing on the second of two processors in one gmap', () => {
    const busy = new Busy();
    const { host, gmaps } = busy;
    host.readAsGuest(gmaps[0], host.machine.cpu(2), G, 1);
    const [, first] = host.machine.cpus;
    host.kernel.injectedFault = 'gmap-unmap';
    const violations = busy.after('unmap, purged on one processor only', () => {
      gmaps[0].unmap({ address: G, length: MIB });
      first?.tlb.purgeAll();
    });
    expect(violations.map(({ message }) => message).join()).toContain('the TLB of processor 2 has a stale');
    expect(violations.map(({ message }) => message).join()).not.toContain('the TLB of processor 1 ');
  });

  it('finds a purge that is missing for the second of two gmaps of one process', () => {
    const busy = new Busy();
    busy.host.kernel.injectedFault = 'page-table-freed';
    const violations = busy.after('munmap, purged for one gmap only', ({ mm, host, gmaps }) => {
      mm.munmap({ address: P, length: MIB });
      host.machine.purgeAsce(mm.asceHi, mm.asceLo);
      host.machine.purgeAsce(gmaps[0].asceHi, gmaps[0].asceLo);
    });
    expect(violations.length).toBeGreaterThan(0);
    expect(violations.every(({ message }) => message.includes(`gmap ${busy.gmaps[1].id}`))).toBe(true);
  });
});

/** Damage done behind the host's back, and the rule that must name it. */
const SECOND = Number(G >> 20n) + 1;
/** Changes 8 bytes of storage. */
const change = ({ host: { machine } }: Busy, at: number, to: (old: bigint) => bigint) =>
  machine.storage.set64(at, to(machine.storage.get64(at)));
/** By table: the addresses of a valid entry and of an empty entry, which the test damages. */
const ENTRIES: readonly [
  table: string,
  at: (busy: Busy) => number,
  empty: (busy: Busy) => number,
  rule?: Rule,
][] = [
  ['guest region', ({ gmaps }) => gmaps[0].tables.top, ({ gmaps }) => gmaps[0].tables.top + 8],
  [
    'guest segment',
    ({ gmaps }) => gmaps[0].tables.entryOf(SECOND),
    ({ gmaps }) => gmaps[0].tables.entryOf(SECOND) + 8,
  ],
  ['process region', ({ mm }) => mm.tables.top, ({ mm }) => mm.tables.top + 8],
  [
    'process segment',
    ({ mm }) => mm.tables.segmentEntryOf(Number(P >> 20n)),
    ({ mm }) => mm.tables.segmentEntryOf(Number(P >> 20n)) + 16,
  ],
  [
    'process page',
    ({ mm }) => mm.tables.pageTableOf(Number(P >> 20n)),
    ({ mm }) => mm.tables.pageTableOf(Number(P >> 20n)) + 8,
    // The entry is valid, but its frame is not allocated.
    'frames',
  ],
];

/** The addresses of the page-table entry of the process's first page, and of its PGSTE. */
const firstEntry = ({ mm }: Busy) => mm.tables.pageTableOf(Number(P >> 20n));
const firstPgste = (busy: Busy) => firstEntry(busy) + PGSTE_OFFSET;
/** A segment of large memory, whose 1 MiB frame the first guest is linked to. */
const LARGE = 64n * MIB;
const LARGE_SEGMENT = Number(LARGE >> 20n);
const withLarge = (busy: Busy) => {
  const { host, mm, gmaps } = busy;
  mm.mmap({ address: LARGE, length: MIB, large: true });
  gmaps[0].map({ from: LARGE, to: 0n, length: MIB });
  host.writeAsGuest(gmaps[0], host.machine.cpu(1), 0n, Uint8Array.of(1));
  return mm.tables.segmentEntryOf(LARGE_SEGMENT);
};
const purge = ({ host: { machine } }: Busy) => machine.purgeAll();

const DAMAGE: readonly [what: string, rule: Rule, damage: (busy: Busy) => void][] = [
  [
    'a link that is not in the reverse map',
    'reverse-map',
    ({ host, gmaps }) => {
      const { reverseMaps } = host.common;
      reverseMaps.unlink(reverseMaps.nodeOf(gmaps[0].tables.entryOf(Number(G >> 20n))));
    },
  ],
  [
    'a reverse-map entry that is not linked',
    'reverse-map',
    ({ host, gmaps }) => {
      host.machine.storage.set64(gmaps[0].tables.entryOf(Number(G >> 20n)), 0x20n);
    },
  ],
  [
    'a guest entry that designates the freed page table of another segment',
    'link',
    ({ host, gmaps }) => {
      host.machine.storage.set64(gmaps[0].tables.entryOf(Number(G >> 20n)), 0x9000n);
    },
  ],
  [
    'an unlinked entry with wrong bits',
    'table-format',
    ({ host, gmaps }) => {
      host.machine.storage.set64(gmaps[0].tables.entryOf(Number(G >> 20n)), P | 0x230n);
    },
  ],
  [
    'an unlinked entry for a segment that no process can have',
    'table-format',
    ({ host, gmaps }) => {
      host.machine.storage.set64(gmaps[0].tables.entryOf(Number(G >> 20n)), (1n << 42n) | 0x220n);
    },
  ],
  [
    'a region entry of the wrong type',
    'table-format',
    ({ host, gmaps }) => {
      const { storage } = host.machine;
      storage.set64(gmaps[0].tables.top, storage.get64(gmaps[0].tables.top) ^ 0x04n);
    },
  ],
  [
    'a page table whose descriptor has no segment',
    'page-table',
    ({ host, mm }) => {
      host.common.descriptors.segment[mm.tables.pageTableOf(Number(P >> 20n)) / 2048] = 7;
    },
  ],
  [
    'a page table without a mapping',
    'page-table',
    ({ mm }) => mm.mappings.remove(Number(P >> 12n), Number(P >> 12n) + 256),
  ],
  [
    'a page without a mapping',
    'mapping',
    ({ mm }) => mm.mappings.remove(Number(P >> 12n), Number(P >> 12n) + 1),
  ],
  [
    'a page with another protection than its mapping',
    'mapping',
    ({ host, mm }) => {
      const entry = mm.tables.pageTableOf(Number(P >> 20n));
      host.machine.storage.set64(entry, host.machine.storage.get64(entry) | 0x401n);
    },
  ],
  [
    'an allocated frame that is not used',
    'frames',
    ({ host }) => void host.kernel.frames.allocate(0, 'page'),
  ],
  [
    'a frame that was freed too early',
    'frames',
    ({ host, mm }) => {
      host.kernel.frames.free(
        Number(host.machine.storage.get64(mm.tables.pageTableOf(Number(P >> 20n))) & ~0xfffn),
      );
    },
  ],
  [
    'a frame with two owners',
    'frames',
    ({ host, mm }) => {
      const { storage } = host.machine;
      const [one, two] = [
        mm.tables.pageTableOf(Number(P >> 20n)),
        mm.tables.pageTableOf(Number(P >> 20n) + 1),
      ];
      storage.set64(one, storage.get64(two + 3 * 8));
    },
  ],
  [
    'a page that a child shares and its parent may store into',
    'copy-on-write',
    (busy) => {
      busy.host.fork(busy.mm);
      change(busy, firstEntry(busy), (old) => old & ~0x200n);
      purge(busy);
    },
  ],
  [
    'a page that a child may store into and its parent shares',
    'copy-on-write',
    (busy) => {
      const child = busy.host.fork(busy.mm);
      change(busy, child.tables.pageTableOf(Number(P >> 20n)), (old) => old & ~0x200n);
    },
  ],
  [
    'a private page of a file that may be stored into',
    'copy-on-write',
    (busy) => {
      const { mm, host } = busy;
      mm.mmap({ address: P, length: MIB, file: host.createFile(MIB), taken: 'replace' });
      mm.read(P, 1);
      change(busy, firstEntry(busy), (old) => old & ~0x200n);
    },
  ],
  [
    'a frame with one reference too many',
    'frames',
    (busy) => {
      busy.host.kernel.frames.share(busy.mm.ptes.frame(firstEntry(busy), 0));
    },
  ],
  [
    'a shared frame with one reference too few',
    'frames',
    (busy) => {
      busy.host.fork(busy.mm);
      busy.host.kernel.frames.free(busy.mm.ptes.frame(firstEntry(busy), 0));
    },
  ],
  [
    'a file that has lost its frames',
    'frames',
    ({ host, mm }) => {
      const file = host.createFile(MIB);
      mm.mmap({ address: LARGE, length: MIB, file, shared: true });
      mm.write(LARGE, Uint8Array.of(1));
      host.common.files.delete(file);
    },
  ],
  [
    'a logged page that may be stored into unnoticed',
    'dirty-log',
    (busy) => {
      busy.mm.startLog(Number(P >> 12n), 1);
      change(busy, firstEntry(busy), (old) => old & ~0x200n);
      purge(busy);
    },
  ],
  [
    'a written page that was removed from its log',
    'dirty-log',
    ({ mm }) => {
      const log = mm.startLog(Number(P >> 12n), 512);
      mm.write(P, Uint8Array.of(1));
      log.take();
    },
  ],
  [
    'a frame of 1 MiB in a logged range',
    'dirty-log',
    (busy) => {
      withLarge(busy);
      busy.mm.logs.push(new DirtyLog(Number((LARGE + MIB - 1n) >> 12n), Number((LARGE + MIB) >> 12n)));
    },
  ],
  [
    'a frame of 1 MiB that is protected and should not be',
    'mapping',
    (busy) => {
      change(busy, withLarge(busy), (old) => old | 0x200n);
      purge(busy);
    },
  ],
  [
    'a frame of 1 MiB that may be stored into and should not be',
    'mapping',
    (busy) => {
      withLarge(busy);
      busy.mm.mappings.protect(Number(LARGE >> 12n), Number((LARGE + MIB) >> 12n), PROT.READ);
    },
  ],
  [
    'a frame of 1 MiB where memory is not large',
    'mapping',
    (busy) => {
      withLarge(busy);
      const [start, end] = [Number(LARGE >> 12n), Number((LARGE + MIB) >> 12n)];
      busy.mm.mappings.remove(start, end);
      busy.mm.mappings.insert(start, end, PROT.READ | PROT.WRITE);
    },
  ],
  [
    'a frame of 1 MiB of which a page is not mapped',
    'mapping',
    (busy) => {
      withLarge(busy);
      busy.mm.mappings.remove(Number(LARGE >> 12n) + 255, Number(LARGE >> 12n) + 256);
    },
  ],
  [
    'a frame of 1 MiB whose descriptor has no segment',
    'page-table',
    (busy) => {
      withLarge(busy);
      busy.mm.tables.forgetLarge(LARGE_SEGMENT, 'freed');
    },
  ],
  [
    'a guest that may store into a frame of 1 MiB which the process may not',
    'link',
    (busy) => {
      const entry = withLarge(busy);
      busy.mm.mappings.protect(Number(LARGE >> 12n), Number((LARGE + MIB) >> 12n), PROT.READ);
      change(busy, entry, (old) => old | 0x200n);
    },
  ],
  [
    'a guest that is linked to a frame of 1 MiB that was freed',
    'link',
    (busy) => {
      change(busy, withLarge(busy), () => 0x20n);
    },
  ],
  [
    'a guest entry with format control and a reserved bit',
    'table-format',
    (busy) => {
      withLarge(busy);
      change(busy, busy.gmaps[0].tables.entryOf(0), (old) => old | 0x1000n);
    },
  ],
  [
    'a link to a frame of 1 MiB that is not in the reverse map',
    'reverse-map',
    (busy) => {
      withLarge(busy);
      const { reverseMaps } = busy.host.common;
      reverseMaps.unlink(reverseMaps.nodeOf(busy.gmaps[0].tables.entryOf(0)));
    },
  ],
  [
    'a watched page that the descriptor does not count',
    'watch',
    (busy) => {
      change(busy, firstPgste(busy), (old) => old | 0x4000_0000_0000n);
    },
  ],
  [
    'a descriptor that counts a page that is not watched',
    'watch',
    (busy) => {
      busy.gmaps[0].watch({ address: G, length: 0x1000n });
      change(busy, firstPgste(busy), (old) => old & ~0x4000_0000_0000n);
    },
  ],
  [
    'a watched page that may not be stored into',
    'watch',
    (busy) => {
      busy.gmaps[0].watch({ address: G, length: 0x1000n });
      change(busy, firstEntry(busy), (old) => old | 0x200n);
      purge(busy);
    },
  ],
  [
    'a watched page without a frame',
    'watch',
    (busy) => {
      busy.gmaps[0].watch({ address: G, length: 0x1000n });
      change(busy, firstEntry(busy), () => 0x400n);
      purge(busy);
    },
  ],
  ['a lock that is still held', 'locks', ({ mm }) => mm.mmapLock.acquire('read')],
  [
    'locks in the wrong order',
    'locks',
    ({ mm }) => {
      mm.pageTableLock.acquire('write');
      mm.mmapLock.acquire('read');
      mm.mmapLock.release();
      mm.pageTableLock.release();
    },
  ],
  [
    'an allocation under the page-table lock',
    'locks',
    ({ host, mm }) => {
      mm.pageTableLock.acquire('write');
      host.kernel.frames.free(host.kernel.frames.allocate(0, 'kernel'));
      mm.pageTableLock.release();
    },
  ],
  ['a fault without the mmap lock', 'locks', ({ mm }) => faultPageLocked(mm, Number(P >> 12n), false)],
];

describe('the checker and damaged tables', () => {
  it.each(ENTRIES)(
    'reports %s entries that designate storage outside the machine, or differ from an empty entry in one bit',
    (_, at, empty, rule = 'table-format') => {
      for (const [where, to, expected] of [
        [at, (old: bigint) => old | (1n << 40n), rule],
        [empty, (old: bigint) => old | (1n << 33n), 'table-format'],
      ] as const) {
        const busy = new Busy();
        const violations = busy.after('damage', () => {
          change(busy, where(busy), to);
          busy.checker.suspect();
        });
        expect(violations.map(({ rule }) => rule)).toContain(expected);
      }
    },
  );

  it('checks when frames were allocated without an event, and after `suspect`', () => {
    const busy = new Busy();
    expect(busy.after('all is well', () => {})).toEqual([]);
    const taken = busy.after('a frame is lost', ({ host }) => void host.kernel.frames.allocate(0, 'page'));
    expect(taken.map(({ rule }) => rule)).toContain('frames' satisfies Rule);
    const other = new Busy();
    other.after('all is well', () => {});
    const damage = () => change(other, other.mm.tables.top + 8, () => 0x2_0000_0000n);
    expect(other.after('damage without an event', damage)).toEqual([]);
    expect(other.after('a failure', ({ checker }) => checker.suspect()).length).toBeGreaterThan(0);
  });

  it.each(DAMAGE)('names %s', (what, rule, damage) => {
    const busy = new Busy();
    busy.after('all is well', () => {});
    // Damage behind the host's back emits no event, and only an event makes the checker check.
    const violations = busy.after(what, (target) => {
      damage(target);
      target.host.kernel.trace.listener?.({ type: 'purge', by: 'all' });
    });
    // `checkAll` checks the region tables too, which otherwise are checked only from time to time.
    const seen = [...violations, ...busy.checker.checkAll()];
    expect(seen.map((violation) => violation.rule)).toContain(rule);
  });

  it('finds a region table that changed without an event, and still names the operation', () => {
    const busy = new Busy();
    busy.after('all is well', () => {});
    const top = busy.gmaps[0].tables.top;
    let seen = busy.after('the damage', () => change(busy, top + 8, () => 0x2n));
    for (let n = 0; seen.length === 0 && n < 100; n++) {
      seen = busy.after(`look ${n}`, ({ checker }) => checker.suspect());
    }
    expect(seen[0]?.rule).toBe('table-format');
    expect(seen[0]?.operations).toContain('the damage');
  });
});

describe('the checker', () => {
  it('distinguishes gmaps of the same number', () => {
    const busy = new Busy();
    const [gmap] = busy.gmaps;
    expect(busy.after('createGmap', ({ host, mm }) => void host.createGmap(mm, gmap.id))).toEqual([]);
    expect(busy.after('map', () => gmap.map({ from: P, to: 1n << 60n, length: MIB }))).toEqual([]);
  });

  it('checks the right tables if a gmap is freed and another gets as many tables between two checks', () => {
    const busy = new Busy();
    const [first, second] = busy.gmaps;
    const more = busy.host.createGmap(busy.mm);
    more.makeTables({ address: 0n, length: MIB });
    expect(busy.checker.checkChanged()).toEqual([]);
    const before = busy.host.stats().tables;
    second.free();
    // Three tables, and a second segment table below them.
    for (const to of [1n << 60n, (1n << 60n) + (1n << 31n)]) first.makeTables({ address: to, length: MIB });
    expect(busy.host.stats().tables).toBe(before);
    expect(busy.checker.checkChanged()).toEqual([]);
  });

  it('performs an operation and returns how it ended', () => {
    const { host, checker, mm } = new Busy();
    expect(checker.check('a read', () => mm.read(P, 1).length)).toMatchObject({ kind: 'returned', value: 1 });
    const failed = checker.check('a wrong read', () => mm.read(0n, 1));
    expect(failed).toMatchObject({ kind: 'threw', violations: [] });
    host.kernel.injectedFault = 'page-protected';
    const broken = checker.check('mprotect', () =>
      mm.mprotect({ address: P, length: 0x1000n, protection: 0 }),
    );
    expect(broken.violations[0]?.operations.at(-1)).toBe('mprotect');
  });

  it('names the code that emitted the last event', () => {
    const { checker, mm } = new Busy();
    faultPageLocked(mm, Number(P >> 12n), false);
    expect(checker.checkChanged()[0]?.source).toMatch('faults.ts');
  });

  it('a checker is of a host', () => {
    expect(() => Checker.attach({} as Host)).toThrow('host');
  });
});
