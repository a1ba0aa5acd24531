/**
 * The rules for traces: no correct run breaks one, and every injected fault breaks the rule that is about it.
 */

import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomScenario } from '../../fuzz/testing/index.ts';
import { PURGE_SITES } from '../../host/index.ts';
import { formatOperation } from '../../scenario/index.ts';
import type { TraceEvent } from '../../trace/index.ts';
import { checked, eventsOf } from '../fixtures.ts';
import { TRACE_RULES, type TraceRule } from './rules.ts';

const SCENARIOS = 'examples/scenarios';
const GUEST = ['mmap 256M 1M', 'gmap_alloc 0', 'gmap_map_segment 0 256M 0 1M', 'guest 0 write 0 01'];

/** For each fault: lines that commit it, and the rule that they break. */
const FAULTS: readonly (readonly [string, TraceRule, readonly string[]])[] = [
  ['gmap-map', 'unlink-purge', [...GUEST, 'mmap 512M 1M', 'gmap_map_segment 0 512M 0 1M']],
  ['gmap-unmap', 'unlink-purge', [...GUEST, 'gmap_unmap_segment 0 0 1M']],
  ['gmap-free', 'unlink-purge', [...GUEST, 'gmap_free 0']],
  ['page-table-freed', 'table-purge', [...GUEST, 'munmap 256M 1M']],
  ['page-invalidated', 'page-purge', [...GUEST, 'dontneed 256M 4K']],
  ['page-protected', 'page-purge', [...GUEST, 'mprotect 256M 4K r']],
  ['page-copied', 'page-purge', [...GUEST, 'fork 1', 'guest 0 write 0 02']],
  ['segment-changed', 'large-purge', ['mmap 256M 1M large', 'process write 256M 01', 'mprotect 256M 4K r']],
  ['space-grown', 'growth-purge', ['mmap 256M 1M', 'process write 256M 01', 'mmap 8T 1M high']],
  ['enable-sie', 'table-purge', ['mmap 256M 1M', 'process write 256M 01', 'gmap_alloc 0']],
  ['unlink', 'freed-linked', [...GUEST, 'munmap 256M 1M']],
];

describe('a correct run breaks no rule:', () => {
  it.each(readdirSync(SCENARIOS).filter((name) => name.endsWith('.txt')))('%s', (name) => {
    const { findings } = checked(eventsOf(readFileSync(`${SCENARIOS}/${name}`, 'utf8').split('\n')));
    expect(findings).toEqual([]);
  });

  it.each(FAULTS)('the lines for %s, without the fault', (_fault, _rule, lines) => {
    expect(checked(eventsOf(lines)).findings).toEqual([]);
  });

  it('random scenarios', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const lines = randomScenario(seed, 60).map(formatOperation);
        expect(checked(eventsOf(lines)).findings).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});

it('the child of a large process is large: it gets no further level of tables', () => {
  const lines = ['mmap 8T 1M high', 'fork 1', '1: mmap 16T 1M high'];
  expect(checked(eventsOf(lines)).findings).toEqual([]);
});

it('the purge of an entry of a freed page table says nothing of its successor', () => {
  const events = eventsOf(['mmap 256M 1M', 'process write 256M 01', 'munmap 256M 1M', 'mmap 256M 1M']);
  const [mm, address] = [0, 0x1000_0000n];
  // The new table is elsewhere, and somebody purges the entry of the old one.
  events.push(
    { type: 'page-table', mm, change: 'new', address, origin: 0x7_7000n },
    { type: 'mm-fault', mm, address, frame: 0x8_8000n, write: true },
    { type: 'purge', by: 'ipte', pageTable: 0x1_5000n, page: 0 },
    { type: 'zap', mm, address, length: 0x1000n },
  );
  const tables = events.filter(({ type }) => type === 'page-table');
  expect(tables).toContainEqual(expect.objectContaining({ change: 'freed', origin: 0x1_5000n }));
  expect(checked(events).findings.map(({ rule }) => rule)).toEqual(['page-purge']);
});

describe('a page table that is freed while several guests are linked to it', () => {
  it('is reported for each of them', () => {
    const lines = [
      'mmap 256M 1M',
      'gmap_alloc 0',
      'gmap_alloc 1',
      'gmap_map_segment 0 256M 0 1M',
      'gmap_map_segment 1 256M 1G 1M',
      'guest 0 write 0 01',
      'guest 1 write 1G 01',
      'munmap 256M 1M',
    ];
    const { findings } = checked(eventsOf(lines, 'unlink'));
    const freed = findings.filter(({ rule }) => rule === 'freed-linked').map(({ message }) => message);
    const about = findings.filter(({ rule }) => rule === 'freed-linked').map((finding) => finding.about);
    expect(about).toEqual([
      { space: 'gmap 0', address: 0n },
      { space: 'gmap 1', address: 1n << 30n },
    ]);
    expect(freed).toEqual([
      expect.stringContaining('guest 0x0 of gmap 0 is linked to it'),
      expect.stringContaining('guest 0x40000000 of gmap 1 is linked to it'),
    ]);
  });
});

describe('an injected fault breaks a rule:', () => {
  it('every fault is in the table', () => {
    expect(FAULTS.map(([fault]) => fault).sort()).toEqual([...PURGE_SITES, 'unlink'].sort());
  });

  it.each(FAULTS)('%s: %s', (fault, rule, lines) => {
    const { findings, broken } = checked(eventsOf(lines, fault as (typeof PURGE_SITES)[number] | 'unlink'));
    expect(findings.map((finding) => finding.rule)).toContain(rule);
    expect(broken).toBe(findings.length);
    // The place is the one that the message names.
    for (const { message, about } of findings) {
      if (about === null) continue;
      expect(message).toContain(about.space);
      if (rule === 'table-purge' || rule === 'large-purge') continue;
      expect(message).toContain(`0x${about.address.toString(16)}`);
    }
    const isNowhere = rule === 'growth-purge';
    expect(findings.some(({ about }) => about === null)).toBe(isNowhere);
  });
});

/** Events of a run, changed by hand. */
describe('a trace that was changed breaks a rule:', () => {
  const run = () => eventsOf([...GUEST, 'gmap_unmap_segment 0 0 1M', 'gmap_free 0', 'exit']);
  const without = (type: TraceEvent['type']) => run().filter((event) => event.type !== type);
  const changed = (type: TraceEvent['type'], fields: object) =>
    run().map((event) => (event.type === type ? ({ ...event, ...fields } as TraceEvent) : event));
  const twice = (type: TraceEvent['type']) =>
    run().flatMap((event) => (event.type === type ? [event, event] : [event]));
  const late: TraceEvent = { type: 'zap', mm: 0, address: 0n, length: 4096n };
  const lateGuest: TraceEvent = { type: 'unmap', gmap: 0, address: 0n, length: 1n << 20n };

  it.each<[string, TraceRule, () => readonly TraceEvent[]]>([
    ['a purge of another space', 'unlink-purge', () => changed('purge', { asce: 0xbad_c1cfn })],
    ['an event of a freed process', 'live-spaces', () => [...run(), late]],
    ['an event of a freed gmap', 'live-spaces', () => [...run(), lateGuest]],
    ['a link without a mapping', 'link-mapping', () => without('map')],
    ['a link to another segment', 'link-mapping', () => changed('link', { process: 0x2000_0000n })],
    ['a link to another table', 'link-table', () => changed('link', { pageTable: 0x80_0000n })],
    ['a link without a table', 'link-table', () => without('page-table')],
    ['a fault without a link', 'fault-link', () => without('link')],
    ['a fault to another address', 'fault-link', () => changed('gmap-fault', { process: 0x2000_0000n })],
    ['a link that is made twice', 'link-state', () => twice('link')],
    ['an unlink that is made twice', 'link-state', () => twice('unlink')],
    ['a gmap that is freed while linked', 'freed-linked', () => without('unlink')],
    ['a process that is freed before its gmap', 'freed-linked', () => without('gmap-free')],
    [
      'an unlink at the end of the trace',
      'unlink-purge',
      () => run().slice(0, run().findIndex((e) => e.type === 'unlink') + 1),
    ],
  ])('%s: %s', (_name, rule, events) => {
    expect(checked(run()).findings).toEqual([]);
    expect(checked(events()).findings.map((finding) => finding.rule)).toContain(rule);
  });

  it('every rule is broken by some test', () => {
    const broken = new Set<string>(FAULTS.map(([, rule]) => rule));
    for (const rule of ['live-spaces', 'link-state', 'link-table', 'link-mapping', 'fault-link'])
      broken.add(rule);
    expect([...broken].sort()).toEqual(Object.keys(TRACE_RULES).sort());
  });

  it('every rule is documented, in these words', () => {
    const rows = readFileSync('docs/trace.md', 'utf8').matchAll(/^\| `([a-z-]+)` \| ([^|]*) \|$/gm);
    const documented = Object.fromEntries([...rows].map(([, rule = '', text = '']) => [rule, text]));
    for (const [rule, sentence] of Object.entries(TRACE_RULES)) {
      expect(documented[rule]?.toLowerCase()).toBe(sentence.slice(0, -1).toLowerCase());
    }
  });

  it('nothing is concluded from what precedes the trace', () => {
    const events = run();
    for (let from = 0; from < events.length; from++) expect(checked(events.slice(from)).findings).toEqual([]);
  });

  it('a finding names its event and the one that it follows from', () => {
    const events = eventsOf([...GUEST, 'gmap_unmap_segment 0 0 1M'], 'gmap-unmap');
    const [finding] = checked(events).findings;
    expect(finding).toEqual({
      rule: 'unlink-purge',
      n: events.length - 1,
      message: 'gmap 0: guest 0x0 was unlinked without a purge',
      about: { space: 'gmap 0', address: 0n },
      because: events.findIndex(({ type }) => type === 'unlink'),
    });
  });

  it('keeps a hundred findings, and counts the others', () => {
    const checker = checked([...run(), ...Array.from({ length: 150 }, () => late)]);
    expect([checker.findings.length, checker.broken]).toEqual([100, 150]);
  });
});
