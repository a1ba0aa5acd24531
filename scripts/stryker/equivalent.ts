/**
 * Equivalent mutants: no test can kill them, for the reason given. An entry identifies a mutant by its file, the text of
 * its first line, the original code and the replacement. `test/stryker.test.ts` checks that each line still exists.
 */

const SORT =
  'V8 only tests whether the result is negative, and segments at equal addresses overlap in either order';
const RESET = '`to` sets the field before it is read';
const BEYOND = 'one more iteration reads undefined beyond the array, which matches nothing';
const BYTEWISE = 'the operand, accessed byte by byte, is the same';
const GENERAL = 'the general path, which makes all checks, gives the same result';
const SLOWER = 'the loop that follows finds the same entry, one at a time';
const NOT_AT_0 = 'no table is at absolute address 0: the first 16 frames are never handed out';
const READ_ELSE = 'every mode but write is expected as read';
const SOUGHT = 'it is read only after a search for a table has set it';
const WALKED = 'the walk through the tables finds the same table';
const OUTSIDE = 'a store beyond a typed array does nothing';
const NOTHING_THERE = 'where nothing is mapped there is nothing to split or to remove';
const AS_FAR = 'the segments that are skipped, or not skipped, have no tables';
const NONE_WATCHED = 'where no entry is watched, notifying does nothing';

/** An equivalent mutant. */
export interface EquivalentMutant {
  /** Path from the root of the checkout. */
  readonly file: string;
  /** The line where the mutant begins, without its indentation. */
  readonly line: string;
  readonly original: string;
  readonly replacement: string;
  readonly reason: string;
}

export const EQUIVALENT: readonly EquivalentMutant[] = [
  {
    file: 'src/machine/tlb.ts',
    line: 'readonly keys = new Int16Array(TLB_SLOTS).fill(-1);',
    original: '-1',
    replacement: '+1',
    reason: '`remember` sets the key of a slot before it is read',
  },
  {
    file: 'src/machine/tlb.ts',
    line: 'for (let slot = index; slot < TLB_SLOTS; slot += 256) {',
    original: 'slot < TLB_SLOTS',
    replacement: 'slot <= TLB_SLOTS',
    reason: BEYOND,
  },
  {
    file: 'src/machine/dat/walk.ts',
    line: 'protect = false;',
    original: 'false',
    replacement: 'true',
    reason: RESET,
  },
  {
    file: 'src/machine/dat/walk.ts',
    line: 'absolute = false;',
    original: 'false',
    replacement: 'true',
    reason: RESET,
  },
  { file: 'src/machine/dat/walk.ts', line: 'table = -1;', original: '-1', replacement: '+1', reason: RESET },
  { file: 'src/machine/dat/walk.ts', line: 'key = -1;', original: '-1', replacement: '+1', reason: RESET },
  {
    file: 'src/machine/dat/scan.ts',
    line: 'at + 8 <= end &&',
    original:
      'at + 8 <= end && e[at] === empty && e[at + 1] === empty && e[at + 2] === empty && e[at + 3] === empty && e[at + 4] === empty && e[at + 5] === empty && e[at + 6] === empty && e[at + 7] === empty',
    replacement: 'false',
    reason: SLOWER,
  },
  {
    file: 'src/machine/dat/scan.ts',
    line: 'at + 8 <= end &&',
    original: 'at + 8 <= end',
    replacement: 'at + 8 < end',
    reason: SLOWER,
  },
  ...[
    'if (request.key !== UNKEYED) this.#checkKey(page, request.storageKey);',
    'if (key !== UNKEYED) this.#checkKey(frame, storageKey < 0 ? (tlb.keys[slot] as number) : storageKey);',
  ].map((line) => ({
    file: 'src/machine/cpu/access.ts',
    line,
    original: line.slice(4, line.indexOf(')')),
    replacement: 'true',
    reason: 'key 0 passes every check; testing it first only saves time',
  })),
  {
    file: 'src/host/gmap/gmap.ts',
    line: "this.#mmapLock.expect('read', 'making tables of a guest');",
    original: "'making tables of a guest'",
    replacement: '""',
    reason: 'the text is shown only if the host forgets the lock, which it does not',
  },
  ...[
    ["this.#mmapLock.expect('read', 'making tables of a guest');", "'read'", '""', READ_ELSE],
    [
      'if (count === 1 && !this.#operations.delivering && this.#tryFastMap(from, to)) return;',
      'count === 1 && !this.#operations.delivering && this.#tryFastMap(from, to)',
      'false',
      '`#mapSegments` takes the fast path as well, after checks that do not fail where it is open',
    ],
    ['if (theirs < 0) return -1;', 'theirs < 0', 'theirs <= 0', NOT_AT_0],
    ['if (entry < 0) return -1;', 'entry < 0', 'entry <= 0', NOT_AT_0],
    ['if (tables.entry < 0) continue;', 'tables.entry < 0', 'tables.entry <= 0', NOT_AT_0],
    ['if (entry < 0) continue;', 'entry < 0', 'entry <= 0', NOT_AT_0],
    [
      'if (this.#watched.size > 0) this.#notifyUnlinked(entry, count);',
      'this.#watched.size > 0',
      'this.#watched.size >= 0',
      'where no page is watched, no listener is notified',
    ],
  ].map(([line = '', original = '', replacement = '', reason = '']) => ({
    file: 'src/host/gmap/gmap.ts',
    line,
    original,
    replacement,
    reason,
  })),
  ...[
    ...[
      ['this.#first + CRST_ENTRIES', 'this.#first - CRST_ENTRIES'],
      ['end <= this.#first + CRST_ENTRIES', 'end < this.#first + CRST_ENTRIES'],
    ].map((change) => [
      'if (this.#find(start) && end <= this.#first + CRST_ENTRIES) return;',
      ...change,
      'the loop that follows finds the table and makes nothing',
    ]),
    ['#table = -1;', '-1', '+1', SOUGHT],
    ['#node = -1;', '-1', '+1', SOUGHT],
    ['entry = -1;', '-1', '+1', SOUGHT],
    ['node = -1;', '-1', '+1', SOUGHT],
    [
      'return (index >= 0 && index < CRST_ENTRIES) || this.#walk(segment);',
      'index >= 0 && index < CRST_ENTRIES',
      'false',
      WALKED,
    ],
    [
      'return (index >= 0 && index < CRST_ENTRIES) || this.#walk(segment);',
      'index >= 0',
      'index > 0',
      WALKED,
    ],
    ['if (table < 0) return false;', 'table < 0', 'table <= 0', NOT_AT_0],
    ['if (table < 0) return SPAN[type] as number;', 'table < 0', 'table <= 0', NOT_AT_0],
  ].map(([line = '', original = '', replacement = '', reason = '']) => ({
    file: 'src/host/gmap/tables.ts',
    line,
    original,
    replacement,
    reason,
  })),
  ...[
    ['faults.ts', 'a fault'],
    ['faults.ts', 'making a page table'],
    ['guest-keys.ts', 'reading a storage key'],
    ['guest-keys.ts', 'setting storage keys'],
    ['large-frames.ts', 'splitting a 1 MiB frame'],
    ['unmap.ts', 'zapping pages'],
  ].map(([file, what]) => ({
    file: `src/host/mm/${file}`,
    line: `mm.mmapLock.expect('read', '${what}');`,
    original: "'read'",
    replacement: '""',
    reason: READ_ELSE,
  })),
  ...[
    [
      'faults.ts',
      'if (value > 0) return value;',
      'value > 0',
      'false',
      'what follows makes nothing where there is a page table or frame, and returns the same',
    ],
    [
      'pagewalk.ts',
      'if (mm.common.descriptors.present[table / PAGE_TABLE_SIZE] === 0) return;',
      'mm.common.descriptors.present[table / PAGE_TABLE_SIZE] === 0',
      'false',
      'the loop that follows finds no entry with a frame',
    ],
    [
      'protection.ts',
      'if (mm.tables.largeFrameOf(segment) >= 0) {',
      'mm.tables.largeFrameOf(segment) >= 0',
      'mm.tables.largeFrameOf(segment) > 0',
      NOT_AT_0,
    ],
    ...[
      [
        'enable-sie.ts',
        'if (mm.tables.pageTableOf(segment) < 0) continue;',
        'mm.tables.pageTableOf(segment) < 0',
      ],
      ['page-tables.ts', 'if (entry < 0) return -1;', 'entry < 0'],
      ['page-tables.ts', 'if (entry < 0) return 0;', 'entry < 0'],
      ['page-tables.ts', 'if (region < 0) return -1;', 'region < 0'],
      ['page-tables.ts', 'return table < 0 ? -1 : table + (segment % SEGMENTS_PER_TABLE) * 8;', 'table < 0'],
      ['page-tables.ts', 'while (at < end && this.#segmentTable(at) < 0) {', 'this.#segmentTable(at) < 0'],
      [
        'page-tables.ts',
        'const step = this.#regionThird(at) < 0 ? SEGMENTS_PER_REGION : SEGMENTS_PER_TABLE;',
        'this.#regionThird(at) < 0',
      ],
      ['page-tables.ts', 'const newRegion = region < 0;', 'region < 0'],
      ['large-frames.ts', 'if (frame < 0) return;', 'frame < 0'],
      ['faults.ts', 'if (table < 0 || !hasFrame(mm.ptes.low(table, index))) {', 'table < 0'],
      [
        'guest-keys.ts',
        'return table < 0 ? 0 : mm.ptes.key(table, index, hasFrame(mm.ptes.low(table, index)));',
        'table < 0',
      ],
    ].map(([file = '', line = '', original = '']) => [
      file,
      line,
      original,
      original.replace('<', '<='),
      NOT_AT_0,
    ]),
    ...[
      ['page-tables.ts', 'if (existing >= 0) return existing;', 'existing >= 0'],
      [
        'page-tables.ts',
        'if (this.#segmentTable(segment) >= 0) return null;',
        'this.#segmentTable(segment) >= 0',
      ],
      ['dirty-tracking.ts', 'if (table >= 0 && (mm.ptes.low(table, index) & 0xfff) === 0) {', 'table >= 0'],
      [
        'faults.ts',
        'if (value > 0) return mm.tables.largeFrameOf(segment) >= 0;',
        'mm.tables.largeFrameOf(segment) >= 0',
      ],
      [
        'user-access.ts',
        'return large >= 0 ? large + index * FRAME_SIZE : mm.ptes.frame(mm.tables.pageTableOf(segment), index);',
        'large >= 0',
      ],
    ].map(([file = '', line = '', original = '']) => [
      file,
      line,
      original,
      original.replace('>=', '>'),
      NOT_AT_0,
    ]),
    ...[
      'if (index >= 0 && index < SEGMENTS_PER_TABLE) return this.#foundTable + index * 8;',
      'return index >= 0 && index < SEGMENTS_PER_TABLE ? this.#foundTable : this.#walk(segment);',
    ].flatMap((line) => [
      ['page-tables.ts', line, 'index >= 0 && index < SEGMENTS_PER_TABLE', 'false', WALKED],
      ['page-tables.ts', line, 'index >= 0', 'index > 0', WALKED],
    ]),
    ['page-tables.ts', '#foundTable = -1;', '-1', '+1', SOUGHT],
    [
      'page-tables.ts',
      'if (half !== undefined) this.#places.set(half, -1);',
      'half !== undefined',
      'true',
      'the place of undefined is never read',
    ],
    [
      'page-table-descriptors.ts',
      'if (this.segment[unit] === WIDE) this.#wide.delete(unit);',
      'this.segment[unit] === WIDE',
      'true',
      'there is no number to delete',
    ],
    ...['false', 'this.segment[unit] !== WIDE'].map((replacement) => [
      'page-table-descriptors.ts',
      'if (this.segment[unit] === WIDE) this.#wide.delete(unit);',
      'this.segment[unit] === WIDE',
      replacement,
      'a number that remains only takes memory: it is set again before it is read',
    ]),
    [
      'mappings.ts',
      'if (hit !== undefined && hit.start <= page && page < hit.end) return hit;',
      'hit !== undefined && hit.start <= page && page < hit.end',
      'false',
      'the search that follows finds the same mapping',
    ],
    [
      'mappings.ts',
      'if (hit !== undefined && hit.start <= page && page < hit.end) return hit;',
      'hit.start <= page',
      'hit.start < page',
      'the search that follows finds the same mapping',
    ],
    [
      'guest-links.ts',
      'if (mm.kernel.trace.listener === null) return;',
      'mm.kernel.trace.listener === null',
      'false',
      'without a listener the events are not emitted',
    ],
    [
      'mappings.ts',
      'if (mapping.start >= end) break;',
      'mapping.start >= end',
      'mapping.start > end',
      'a mapping that starts at the end is replaced by its equal',
    ],
    ['mm.ts', "this.#operation('read', () => {", "'read'", '""', READ_ELSE],
    [
      'mm.ts',
      "this.#operation('read', () => faultPageLocked(this, Number(address >> 12n), write));",
      "'read'",
      '""',
      READ_ELSE,
    ],
    [
      'mm.ts',
      "this.#operation('write', () => void this.logs.splice(this.logs.indexOf(log), 1));",
      "'write'",
      '""',
      'check mode reports a missing lock only where an operation expects it, and this one calls none that does',
    ],
    [
      'unmap.ts',
      "mm.pageTableLock.hold('write', () => dropPagesLocked(mm, start, end, gather));",
      "'write'",
      '""',
      'check mode reports a missing lock only where an operation expects it, and none of those called does',
    ],
    [
      'mm.ts',
      'if (address < 0n || address >= GROWN_LIMIT) throw noMapping(address);',
      'address >= GROWN_LIMIT',
      'address > GROWN_LIMIT',
      'nothing is mapped at 8 PiB, so the fault throws the same',
    ],
    ['mmap.ts', 'if (!free) splitEdgesLocked(mm, start, end);', '!free', 'true', NOTHING_THERE],
    ['mmap.ts', 'if (!free) removeRangeLocked(mm, start, end);', '!free', 'true', NOTHING_THERE],
    [
      'mmap.ts',
      'const wanted: Backing = large || file ? { file, shift, shared, large } : ANONYMOUS;',
      'large || file',
      'true',
      'the new object equals ANONYMOUS',
    ],
    [
      'pagewalk.ts',
      'if (segment % SEGMENTS_PER_TABLE === 0) segment = mm.tables.nextTable(segment, last);',
      'segment % SEGMENTS_PER_TABLE === 0',
      'true',
      AS_FAR,
    ],
    [
      'pagewalk.ts',
      'if (segment % SEGMENTS_PER_TABLE === 0) segment = mm.tables.nextTable(segment, last);',
      'segment % SEGMENTS_PER_TABLE === 0',
      'segment % SEGMENTS_PER_TABLE !== 0',
      AS_FAR,
    ],
    [
      'pagewalk.ts',
      'if (mm.common.descriptors.present[table / PAGE_TABLE_SIZE] === 0) return;',
      'table / PAGE_TABLE_SIZE',
      'table * PAGE_TABLE_SIZE',
      'the loop that follows finds no entry with a frame',
    ],
    ['ptes.ts', 'if (bits !== 0) this.#notify(table, index);', 'bits !== 0', 'true', NONE_WATCHED],
    ...[
      ['table / PAGE_TABLE_SIZE', 'table * PAGE_TABLE_SIZE'],
      ['this.#common.descriptors.watched[table / PAGE_TABLE_SIZE] === 0', 'false'],
    ].map((change) => [
      'ptes.ts',
      'if (this.#common.descriptors.watched[table / PAGE_TABLE_SIZE] === 0) return;',
      ...change,
      NONE_WATCHED,
    ]),
    [
      'ptes.ts',
      'for (let index = 0; index < PAGES_PER_SEGMENT; index++) this.#notify(table, index);',
      'index < PAGES_PER_SEGMENT',
      'index <= PAGES_PER_SEGMENT',
      NONE_WATCHED,
    ],
    ['reverse-maps.ts', 'if (head !== NONE) nodes[head * 2 + 1] = node;', 'head !== NONE', 'true', OUTSIDE],
    [
      'reverse-maps.ts',
      'if (next !== NONE) nodes[next * 2 + 1] = previous;',
      'next !== NONE',
      'true',
      OUTSIDE,
    ],
    [
      'memory-file.ts',
      'this.#mapped += pages;',
      'this.#mapped += pages',
      'this.#mapped -= pages',
      'the number is only compared with 0',
    ],
    [
      'mapping-limits.ts',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: this is a line of the source
      "if (start < 0) throw new LinuxError('ENOMEM', `no gap of ${pages} pages in the address space`);",
      'start < 0',
      'start <= 0',
      'no gap below 256 MiB is chosen',
    ],
    [
      'fork.ts',
      'const copies = parent.ptes.usesKeys ? allocateFrames(parent.kernel, privatePages(parent).length) : [];',
      '[]',
      '["Stryker was here"]',
      'the copies are used only where keys are',
    ],
    ...[
      ['if (count < LONG_RUN) writeRun(storage.view, first, count, segment);', 'count < LONG_RUN', 'true'],
      [
        'if (count < LONG_RUN) writeRun(storage.view, first, count, segment);',
        'count < LONG_RUN',
        'count >= LONG_RUN',
      ],
      ['if (count < LONG_RUN) writeRun(storage.view, first, count, segment);', 'count < LONG_RUN', 'false'],
      [
        'if (count < LONG_RUN) writeRun(storage.view, first, count, segment);',
        'count < LONG_RUN',
        'count <= LONG_RUN',
      ],
    ].map((change) => ['guest-entry.ts', ...change, 'both functions write the same entries']),
    ...['true', 'high >= 0'].map((replacement) => [
      'guest-entry.ts',
      'if (high > 0) for (let i = 0; i < run; i++) view.setUint32(entry + i * 8, high);',
      'high > 0',
      replacement,
      'the pattern has a high half of 0 already',
    ]),
  ].map(([file = '', line = '', original = '', replacement = '', reason = '']) => ({
    file: `src/host/mm/${file}`,
    line,
    original,
    replacement,
    reason,
  })),
  {
    file: 'src/vmm/elf.ts',
    line: 'if (file.length < 4 || file[0] !== 0x7f || file[1] !== 0x45 || file[2] !== 0x4c || file[3] !== 0x46) {',
    original: 'file.length < 4',
    replacement: 'false',
    reason: 'bytes beyond the end are undefined, and differ as well',
  },
  ...(
    [
      [
        'if (offset > 0xffc) return Number(this.#gather(hi, lo, 4));',
        'offset > 0xffc',
        'offset >= 0xffc',
        BYTEWISE,
      ],
      ['if (offset > 0xff8) return this.#gather(hi, lo, 8);', 'offset > 0xff8', 'offset >= 0xff8', BYTEWISE],
      ...['0xffe', '0xffc', '0xff8'].flatMap((last) =>
        [`offset >= ${last}`, 'true'].map(
          (replacement) => [`if (offset > ${last}) {`, `offset > ${last}`, replacement, BYTEWISE] as const,
        ),
      ),
      [
        'if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;',
        'slot < 0',
        'slot <= 0',
        GENERAL,
      ],
      [
        'if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;',
        'access === STORE && tlb.changed[slot] !== 1',
        'access === STORE || tlb.changed[slot] !== 1',
        GENERAL,
      ],
      [
        'if (this.key !== 0 || this.#inspecting || page < LOW_PAGES) return -1;',
        'page < LOW_PAGES',
        'page <= LOW_PAGES',
        GENERAL,
      ],

      ...[
        'if (access === STORE && (page < LOW_PAGES || this.#inspecting)) {',
        'if (access === STORE && (page < LOW_PAGES || this.#inspecting))',
        'if (access === STORE && page < LOW_PAGES) this.#lowAddress(offset);',
      ].flatMap((line) =>
        ['true', 'page <= LOW_PAGES'].map(
          (replacement) => [line, 'page < LOW_PAGES', replacement, 'the rule tests the page again'] as const,
        ),
      ),
      [
        'if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;',
        'access === STORE',
        'true',
        GENERAL,
      ],
      [
        'if (slot < 0 || (access === STORE && tlb.changed[slot] !== 1)) return -1;',
        'tlb.changed[slot] !== 1',
        'true',
        GENERAL,
      ],
      [
        'const rest = first === length ? 0 : this.frame(this.pageAfter(page), 0, STORE, length - first);',
        'length - first',
        'length + first',
        'the last byte matters to fetch-protection override only, which does not apply to stores',
      ],
      [
        'for (let i = 0; i < length; i++)',
        'i < length',
        'i <= length',
        'the byte after the operand is not stored',
      ],
      ["super('unwind');", "'unwind'", '""', 'the text is never shown'],
      ["this.stack = '';", "''", '"Stryker was here!"', 'the text is never shown'],
      ['privateSpace = false;', 'false', 'true', 'an access sets it before it is read'],
      ["#guestTag = '';", "''", '"Stryker was here!"', 'it differs from every tag'],
    ] as const
  ).map(([line, original, replacement, reason]) => ({
    file: 'src/machine/cpu/access.ts',
    line,
    original,
    replacement,
    reason,
  })),
  ...[
    [
      'if (bytes === 0 || bytes > MASK_BYTES_MAX || 12 + 4 * bytes > block.length) return INVALID_MASK_LENGTH;',
      'bytes > MASK_BYTES_MAX',
      'false',
      'four longer masks are longer than any block',
    ],
    [
      'for (let i = 0; i < field.length; i++)',
      'i < field.length',
      'i <= field.length',
      'a store beyond a typed array does nothing',
    ],
    ...['true', 'i <= 8'].map((replacement) => [
      'field[i] = i < 8 ? Number((mask >> BigInt(56 - 8 * i)) & 0xffn) : 0;',
      'i < 8',
      replacement,
      'a shift to the right by less than 0 is one to the left, whose low byte is 0',
    ]),
  ].map(([line = '', original = '', replacement = '', reason = '']) => ({
    file: 'src/devices/sclp/sclp.ts',
    line,
    original,
    replacement,
    reason,
  })),
  ...[
    [
      "if (stop.interruption.class !== 'program') throw new InternalError('a guest SVC was reported');",
      "stop.interruption.class !== 'program'",
      'false',
    ],
    [
      "if (stop.interruption.class !== 'program') throw new InternalError('a guest SVC was reported');",
      "'a guest SVC was reported'",
      '""',
    ],
    [
      "cpu.interruptions = controls & INTERCEPT_PROGRAM ? 'report-programs' : 'take';",
      "'report-programs'",
      '""',
    ],
  ].map(([line, original, replacement]) => ({
    file: 'src/machine/sie.ts',
    line: line as string,
    original: original as string,
    replacement: replacement as string,
    reason: 'no supervisor call of a guest is reported: any value but take and report means report-programs',
  })),
  {
    file: 'src/machine/sie.ts',
    line: 'for (let n = 0; n < 16; n++) cpu.cr[n] = this.#block.control(n);',
    original: 'n < 16',
    replacement: 'n <= 16',
    reason: 'a store beyond a typed array does nothing',
  },
  ...[
    ['a.segment.address > b.segment.address', 'false'],
    ['a.segment.address > b.segment.address', 'true'],
    ['a.segment.address > b.segment.address', 'a.segment.address >= b.segment.address'],
    ['a.segment.address > b.segment.address', 'a.segment.address <= b.segment.address'],
  ].map(([original = '', replacement = '']) => ({
    file: 'src/vmm/elf.ts',
    line: 'a.segment.address < b.segment.address ? -1 : a.segment.address > b.segment.address ? 1 : 0,',
    original,
    replacement,
    reason: SORT,
  })),
  {
    file: 'src/machine/engine/compile/condition-code.ts',
    line: 'else if ((kind === CC.UNDER_MASK || kind === CC.UNDER_MASK_LEFT) && mask === EQUAL) {',
    original: 'kind === CC.UNDER_MASK || kind === CC.UNDER_MASK_LEFT',
    replacement: 'kind === CC.UNDER_MASK && kind === CC.UNDER_MASK_LEFT',
    reason: 'the comparison is a shorter form of the code behind the last else',
  },
  {
    file: 'src/vmm/shown-console.ts',
    line: "#last = '';",
    original: "''",
    replacement: '"Stryker was here!"',
    reason: 'only a guest that writes this very text first can tell',
  },
];

const plain = (text: string) => text.replace(/\s+/g, ' ').trim();

/** Whether the list contains the mutant. White space in code is ignored. */
export function isEquivalent({
  file,
  line,
  original,
  replacement,
}: Omit<EquivalentMutant, 'reason'>): boolean {
  return EQUIVALENT.some(
    (entry) =>
      entry.file === file &&
      entry.line === line &&
      entry.original === plain(original) &&
      entry.replacement === plain(replacement),
  );
}
