import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import { workOf } from '../../test/work.ts';
import type { Progress, RecordedEvent } from '../player/index.ts';
import { lintScenario, MachineWorker } from './machine-worker.ts';

const QUIET = { injectedFault: null, check: false } as const;
const TEXT = readFileSync('examples/scenarios/first.txt', 'utf8');
const first = { kind: 'scenario', text: TEXT } as const;
const nobody = () => {};

let worker: MachineWorker;
let known: Progress;

beforeEach(async () => {
  worker = new MachineWorker();
  known = await worker.open(first, QUIET, nobody);
});

describe('an open recording', () => {
  it('is played to its end', () => {
    expect(known.end).toEqual({ sentence: 'the scenario ended', stuck: false });
    expect(known.steps).toBe(known.of);
  });

  it('answers the queries about a position in their order', async () => {
    const result = await worker.query(
      { step: known.steps, event: 0 },
      {
        outline: true,
        rows: [
          { space: 'gmap 0', first: 0, end: 2 ** 20, limit: 100 },
          { space: 'gmap 7', first: 0, end: 1, limit: 1 },
        ],
        pages: [{ space: 'process 0', first: 2 ** 17, end: 2 ** 17 + 1 }],
        tables: [{ space: 'gmap 0', level: 'segment', page: 2 ** 18, from: 0, count: 10 }],
        walks: [{ space: 'gmap 0', address: 1n << 30n }],
        processors: true,
      },
    );
    expect(result.outline?.map(({ name }) => name)).toEqual(['process 0', 'gmap 0']);
    expect(result.rows?.[0]?.kind).toBe('guest');
    expect(result.rows?.[1]).toBeNull();
    expect(result.tables?.[0]?.level).toBe('segment');
    expect(result.walks?.[0]?.walk?.absolute).not.toBeNull();
    expect(result.processors).toHaveLength(4);
    expect(result.stats?.rmaps).toBeGreaterThan(0);
  });

  it('answers only what the query contains', async () => {
    const result = await worker.query({ step: 0, event: 0 }, {});
    expect(Object.keys(result).sort()).toEqual(['position', 'stats']);
  });

  it('has an outline of its own for each position', async () => {
    const at = async (step: number) => (await worker.query({ step, event: 0 }, { outline: true })).outline;
    const late = await at(known.steps);
    expect(await at(0)).toMatchObject([{ name: 'process 0', size: 0 }]);
    expect(await at(known.steps)).toEqual(late);
  });

  it('ends when another is opened', async () => {
    const endless = `${'stats\n'.repeat(200_000)}`;
    const one = worker.open(
      { kind: 'scenario', text: endless },
      { injectedFault: null, check: true },
      nobody,
    );
    await new Promise((resolve) => setTimeout(resolve));
    const two = await worker.open(first, QUIET, nobody);
    expect(two).toEqual(known);
    expect((await one).end).toBeNull();
  });

  it('is not made at all when another is opened first', async () => {
    const one = worker.open(first, QUIET, nobody);
    const two = worker.open(first, QUIET, nobody);
    await expect(one).rejects.toThrow('another recording was opened');
    expect(await two).toEqual(known);
  });
});

describe('its events', () => {
  it('are returned in windows, by filter', async () => {
    const all = await worker.events({}, 0, 1000);
    expect(all.events.map(({ n }) => n)).toEqual(all.events.map((_, i) => i));
    const links = await worker.events({ types: ['link', 'unlink'] }, 0, 1000);
    expect(links.total).toBe(all.events.filter(({ event }) => /link$/.test(event.type)).length);
    expect(links.total).toBeGreaterThan(2);
    expect(await worker.events({ types: ['link', 'unlink'] }, 1, 1)).toEqual({
      total: links.total,
      from: 1,
      events: [links.events[1]],
    });
    const other = await worker.events({ gmap: 5 }, 0, 1000);
    expect(other.events.every(({ event }) => !('gmap' in event))).toBe(true);
  });

  it('are filtered by words, as `guesthouse trace` does', async () => {
    const { events } = await worker.events({}, 0, 1000);
    const { total, events: found } = await worker.events({ text: 'link 512M' }, 0, 1000);
    const links = events.filter(({ event }) => event.type === 'link' && event.process === 0x2000_0000n);
    expect([total, found]).toEqual([links.length, links]);
    expect(total).toBeGreaterThan(0);
    expect((await worker.events({ text: 'gmap 0', types: ['mmap'] }, 0, 1000)).total).toBe(0);
    expect((await worker.events({ text: 'lnik' }, 0, 1000)).total).toBe(0);
    expect(await worker.lintFilter('lnik')).toContain('did you mean `link`?');
    expect(await worker.lintFilter('link gmap 0 512M')).toBeNull();
  });

  it('are found by position', async () => {
    const { events } = await worker.events({}, 0, 1000);
    for (const { n, position } of events) expect(await worker.countUpTo({}, position)).toBe(n + 1);
    expect(await worker.countUpTo({}, { step: 0, event: 0 })).toBe(0);
    expect(await worker.countUpTo({}, { step: 1000, event: 0 })).toBe(events.length);
  });

  it('have a row each if they are of different lines of a scenario', async () => {
    const lines = Array.from({ length: 6 }, (_, i) => `process write ${256 * 2 ** 20 + i * 4096} 01`);
    const text = `mmap 256M 1M\n${lines.join('\n')}\n`;
    known = await worker.open({ kind: 'scenario', text }, QUIET, nobody);
    const { events, total, rows } = await worker.rows({}, [], 0, 1000);
    expect([events, total]).toEqual([known.events, known.events]);
    expect(events).toBeGreaterThan(6);
    expect(rows.every(({ times, unfolded }) => times === 1 && unfolded === null)).toBe(true);
  });

  it('are filtered in many ways while the recording grows', async () => {
    const types = ['link', 'purge', 'mmap', 'mm-fault', 'page-table', 'map'] as const;
    for (let round = 0; round < 2; round++) {
      for (const type of types) {
        const { events } = await worker.events({ types: [type] }, 0, 1000);
        expect(events.length).toBeGreaterThan(0);
        expect(events.every(({ event }) => event.type === type)).toBe(true);
      }
    }
  });

  it('are counted in buckets', async () => {
    const { buckets } = await worker.density({}, 7);
    const sum = buckets.flatMap((bucket) => Object.values(bucket)).reduce((a, b) => a + b, 0);
    expect(buckets).toHaveLength(7);
    expect(sum).toBe(known.events);
  });
});

describe('the repeated events of a guest', () => {
  async function opened(): Promise<RecordedEvent[]> {
    const image = new Uint8Array(readFileSync('examples/images/paging.elf'));
    await worker.open({ kind: 'guest', name: 'paging.elf', image }, QUIET, nobody);
    return [...(await worker.events({}, 0, 1000)).events];
  }

  it('have one row, whatever the filter, and no event is missing or moved', async () => {
    const events = await opened();
    for (const filter of [{}, { types: ['gmap-fault', 'interruption'] as const }, { text: 'mm-fault' }]) {
      const passing = (await worker.events(filter, 0, 1000)).events;
      const all = await worker.rows(filter, [], 0, 1000);
      expect(all.events).toBe(passing.length);
      expect(all.total).toBe(all.rows.length);
      expect(all.total).toBeLessThan(passing.length / 3);
      let next = 0;
      for (const [number, row] of all.rows.entries()) {
        expect(row.index).toBe(next);
        for (const [i, one] of row.events.entries()) expect(one).toEqual(passing[row.index + i]);
        next += row.times * row.events.length;
        const last = passing[next - 1]?.position ?? { step: 0, event: 0 };
        expect(await worker.currentRow(filter, [], last)).toEqual({ event: next - 1, row: number });
      }
      expect(next).toBe(passing.length);
    }
    expect(await worker.currentRow({}, [], { step: 0, event: 0 })).toEqual({ event: -1, row: -1 });
    expect(events.length).toBeGreaterThan(100);
  });

  it('tell what came of a fault although the filter hides the page', async () => {
    await opened();
    const types = ['gmap-fault'] as const;
    const { rows } = await worker.rows({ types }, [], 0, 1000);
    expect(rows.map(({ outcome }) => outcome)).toEqual([null]);
    const [first] = (await worker.rows({ types }, [0], 0, 1)).rows;
    expect(first?.outcome).toBe('segment linked, page made present');
  });

  it('have a row each when they are unfolded', async () => {
    const events = await opened();
    const folded = await worker.rows({}, [], 0, 1000);
    const open = folded.rows.filter(({ times }) => times > 1).map(({ index }) => index);
    const [first] = open as [number];
    const one = await worker.rows({}, [first], 0, 1000);
    const parts = one.rows.filter(({ unfolded }) => unfolded === first);
    const row = folded.rows.find(({ index }) => index === first);
    expect(parts).toHaveLength((row?.times ?? 0) * (row?.events.length ?? 0));
    expect(one.total).toBe(folded.total + parts.length - 1);
    const all = await worker.rows({}, open, 0, 1000);
    expect(all.rows.map(({ events: [event] }) => event)).toEqual(events);
    expect(await worker.rows({}, open, 40, 5)).toEqual({ ...all, from: 40, rows: all.rows.slice(40, 45) });
  });
});

describe('lint', () => {
  it('reports every syntax error', () => {
    expect(lintScenario('stats\nnonsense\n\n# well\nmmap 1\nstats')).toEqual([
      { line: 2, message: 'unknown operation "nonsense"' },
      { line: 5, message: 'the length is missing' },
    ]);
    expect(lintScenario(TEXT)).toEqual([]);
  });

  it('reads each line once', () => {
    const lines = (wrong: number) => `${'stats\n'.repeat(2000)}x\n`.repeat(wrong);
    const work = (wrong: number) => workOf(() => expect(lintScenario(lines(wrong))).toHaveLength(wrong));
    expect(work(100)).toBeLessThan(12 * work(10));
  });

  it('reports at most a hundred errors', () => {
    expect(lintScenario('x\n'.repeat(1000))).toHaveLength(100);
  });
});

/** A guest in an endless loop: BRC 15,0. */
function endless(): Uint8Array {
  const image = new Uint8Array(64 + 56 + 4);
  const view = new DataView(image.buffer);
  image.set([0x7f, 0x45, 0x4c, 0x46, 2, 2, 1]);
  for (const [at, half] of [
    [16, 2],
    [18, 22],
    [52, 64],
    [54, 56],
    [56, 1],
  ] as const)
    view.setUint16(at, half);
  for (const [at, word] of [
    [20, 1],
    [64, 1],
    [68, 5],
    [120, 0xa7f4_0000],
  ] as const)
    view.setUint32(at, word);
  const longs = [
    [24, 0x10000],
    [32, 64],
    [72, 120],
    [80, 0x10000],
    [88, 0x10000],
    [96, 4],
    [104, 4],
    [112, 4],
  ] as const;
  for (const [at, long] of longs) view.setBigUint64(at, BigInt(long));
  return image;
}

describe('a guest that never ends', () => {
  const guest = { kind: 'guest', name: 'endless', image: endless() } as const;

  it('is stopped, and a query far beyond does not continue it', async () => {
    const opening = worker.open(guest, QUIET, nobody);
    const result = await worker.query({ step: 1e15, event: 7 }, { outline: true });
    expect(result.position.step).toBeLessThan(30_000_000);
    expect(result.position.event).toBe(0);
    const { steps, end } = await opening;
    expect([steps, end]).toEqual([20_000_000, null]);
    expect((await worker.query({ step: 1e15, event: 7 }, {})).position).toEqual({
      step: steps + 1000,
      event: 0,
    });
    // A query that takes long is abandoned when another recording is opened.
    await worker.query({ step: 0, event: 0 }, {});
    const late = worker.query({ step: steps, event: 0 }, {});
    const failed = expect(late).rejects.toThrow('another recording was opened');
    await worker.open(first, QUIET, nobody);
    await failed;
    expect((await worker.query({ step: 1, event: 0 }, { outline: true })).outline).toHaveLength(1);
  });
});

describe('a guest whose instructions take long', () => {
  it('does not keep the worker from answering', async () => {
    const image = new Uint8Array(readFileSync('examples/hostile/images/slow.elf'));
    const opening = worker.open(
      { kind: 'guest', name: 'slow', image },
      { injectedFault: null, check: true },
      nobody,
    );
    const result = await worker.query({ step: 5, event: 0 }, { processors: true });
    expect(result.processors).toHaveLength(1);
    expect(await worker.open(first, QUIET, nobody)).toEqual(known);
    expect((await opening).steps).toBeLessThan(100_000);
  });
});

describe('a recording that cannot be opened', () => {
  it('closes the former one', async () => {
    await expect(worker.open({ kind: 'trace', name: 'x', text: '' }, QUIET, nobody)).rejects.toThrow(
      'contains no events',
    );
    await expect(worker.query({ step: 0, event: 0 }, {})).rejects.toThrow('nothing is open');
    expect((await worker.events({}, 0, 10)).total).toBe(0);
  });
});

describe('the check of the events of a trace', () => {
  const SPACE = '{"type":"mm-alloc","mm":0,"asce":"0x101c7"}';
  const check = async (text: string) => {
    await worker.open({ kind: 'trace', name: 't', text }, { injectedFault: null, check: true }, () => {});
    return worker.checkEvents();
  };

  it('reports what is wrong', async () => {
    const late = '{"type":"zap","mm":0,"address":"0x0","length":"0x1000"}';
    const found = await check([SPACE, '{"type":"mm-free","mm":0}', late].join('\n'));
    expect(found).toMatchObject({ broken: 1, checked: 3, isWhole: true });
    expect(found.findings).toMatchObject([{ rule: 'live-spaces', n: 2 }]);
  });

  it('says that it is not whole if not all events are kept', async () => {
    const purge = '{"type":"purge","by":"all"}';
    const found = await check([SPACE, ...Array.from({ length: 200_000 }, () => purge)].join('\n'));
    expect(found).toMatchObject({ broken: 0, checked: 200_000, isWhole: false });
  });
});

describe('the limits of answers', () => {
  it('cut long answers, and end a long list', async () => {
    const text = `mmap 256M 1M\n${'process read 256M 4K\n'.repeat(10_000)}`;
    await worker.open({ kind: 'scenario', text }, QUIET, nobody);
    const [, read] = await worker.answers(0, 2);
    expect(read?.answer[0]).toHaveLength(2001);
    expect(await worker.answers(8000, 1)).toHaveLength(1);
    expect(await worker.answers(9000, 1)).toHaveLength(0);
  });
});

it('reports that nothing is open', async () => {
  await expect(new MachineWorker().query({ step: 0, event: 0 }, {})).rejects.toThrow('nothing is open');
});

describe('a search for a breakpoint', () => {
  const image = new Uint8Array(readFileSync('examples/images/primes.elf'));
  const primes = { kind: 'guest', name: 'primes', image } as const;
  const START = { step: 0, event: 0 };

  it('finds hits in both directions', async () => {
    const { steps } = await worker.open(primes, QUIET, nobody);
    const next = await worker.searchBreakpoint(['exit'], START, 'next', nobody);
    expect(next).toMatchObject({ breakpoint: 0, cause: { kind: 'event', event: { type: 'exit' } } });
    const last = await worker.searchBreakpoint(['exit'], { step: steps, event: 0 }, 'previous', nobody);
    expect(last?.position.step).toBeGreaterThan(next?.position.step ?? Infinity);
    expect(await worker.searchBreakpoint(['0x123456'], START, 'next', nobody)).toBeNull();
  });

  it('finds who wrote to memory', async () => {
    const { steps } = await worker.open(primes, QUIET, nobody);
    const target = { space: 'gmap 0', address: 0x20000n, length: 4 } as const;
    const made = await worker.searchChange(target, { step: steps, event: 0 }, 'previous', nobody);
    expect(made).toMatchObject({ position: { step: 0 }, before: new Uint8Array(4) });
    expect(made?.after).toHaveLength(4);
    expect(await worker.searchChange(target, { step: 1, event: 0 }, 'next', nobody)).toBeNull();
    await expect(worker.searchChange({ ...target, length: 0 }, START, 'next', nobody)).rejects.toThrow(
      'one page',
    );
  });

  it('is cancelled by the next one, and on request', async () => {
    const { steps } = await worker.open(primes, QUIET, nobody);
    const end = { step: steps, event: 0 };
    const first = worker.searchBreakpoint(['read:0,1 if r1 == 1 and r2 == 3'], end, 'previous', nobody);
    const second = worker.searchBreakpoint(['main'], START, 'next', nobody);
    await expect(first).rejects.toThrow('the search was cancelled');
    expect((await second)?.cause.kind).toBe('instruction');
    const third = worker.searchBreakpoint(['read:0,1 if r1 == 1 and r2 == 3'], end, 'previous', nobody);
    await worker.cancelSearch();
    await expect(third).rejects.toThrow('the search was cancelled');
  });

  it('says what is no breakpoint', async () => {
    await expect(worker.searchBreakpoint(['main'], START, 'next', nobody)).rejects.toThrow(
      '"main" is neither a breakpoint nor an address: the image has no symbols',
    );
    expect(await worker.lintBreakpoints(['event:link', '0x100'])).toEqual([
      null,
      'a scenario can only have breakpoints for events, without a condition',
    ]);
  });

  it('names functions in the code of the guest', async () => {
    await worker.open(primes, QUIET, nobody);
    const hit = await worker.searchBreakpoint(['main'], START, 'next', nobody);
    const { processors } = await worker.query(hit?.position ?? START, { processors: true });
    const { code = [], pswAddress } = processors?.[0]?.registers ?? {};
    expect(code.find(({ address }) => address === pswAddress)?.symbol).toBe('main');
  });
});

describe('the same scenario without its fault', () => {
  const text =
    'mmap 256M 1M\ngmap_alloc 0\ngmap_map_segment 0 256M 0 1M\nguest 0 write 0 aa\nmunmap 256M 1M\nstats\n';

  it.each([
    [null, 6],
    ['page-table-freed', 4],
    ['unlink', 4],
    ['page-copied', 6],
  ] as const)('with %s, %i steps are the same', async (injectedFault, steps) => {
    await worker.open({ kind: 'scenario', text }, { injectedFault, check: false }, nobody);
    expect(await worker.sameSteps(text)).toBe(steps);
  });

  it('differs where the answer differs', async () => {
    await worker.open({ kind: 'scenario', text: 'mmap 256M 1M\nprocess read 256M 1\n' }, QUIET, nobody);
    expect(await worker.sameSteps('mmap 256M 1M\nprocess read 256M 2\n')).toBe(1);
  });
});

it('a source that cannot be played is rejected, and the open recording stays', async () => {
  const image = new Uint8Array(readFileSync('examples/images/hello.elf')).slice(0, 40);
  await expect(worker.demandPlayable({ kind: 'guest', name: 'hello', image })).rejects.toThrow('hello: ');
  await worker.demandPlayable(first);
  expect((await worker.answers(0, 1)).length).toBe(1);
});
