import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Progress } from '../player/index.ts';
import { lintScenario, Room } from './machine-room.ts';

const QUIET = { leftOut: null, check: false } as const;
const TEXT = readFileSync('examples/scenarios/first.txt', 'utf8');
const first = { kind: 'scenario', text: TEXT } as const;
const nobody = () => {};

let room: Room;
let known: Progress;

beforeEach(async () => {
  room = new Room();
  known = await room.open(first, QUIET, nobody);
});

describe('a story that is opened', () => {
  it('is played to its end', () => {
    expect(known.end).toEqual({ sentence: 'the scenario ended', stuck: false });
    expect(known.steps).toBe(known.of);
  });

  it('answers what is asked about a moment, in the order of the question', async () => {
    const look = await room.look(
      { step: known.steps, event: 0 },
      {
        outline: true,
        rows: [
          { space: 'gmap 0', first: 0, end: 2 ** 20, cells: 100 },
          { space: 'gmap 7', first: 0, end: 1, cells: 1 },
        ],
        pages: [{ space: 'process 0', first: 2 ** 17, end: 2 ** 17 + 1 }],
        tables: [{ space: 'gmap 0', level: 'segment', page: 2 ** 18, from: 0, count: 10 }],
        walks: [{ space: 'gmap 0', address: 1n << 30n }],
        processors: true,
      },
    );
    expect(look.outline?.map(({ name }) => name)).toEqual(['process 0', 'gmap 0']);
    expect(look.rows?.[0]?.kind).toBe('guest');
    expect(look.rows?.[1]).toBeNull();
    expect(look.tables?.[0]?.level).toBe('segment');
    expect(look.walks?.[0]?.walk?.absolute).not.toBeNull();
    expect(look.processors).toHaveLength(4);
    expect(look.stats?.rmaps).toBeGreaterThan(0);
  });

  it('answers nothing that was not asked', async () => {
    const look = await room.look({ step: 0, event: 0 }, {});
    expect(Object.keys(look).sort()).toEqual(['moment', 'stats']);
  });

  it('tells the outline of each moment as it was then', async () => {
    const at = async (step: number) => (await room.look({ step, event: 0 }, { outline: true })).outline;
    const late = await at(known.steps);
    expect(await at(0)).toMatchObject([{ name: 'process 0', size: 0 }]);
    expect(await at(known.steps)).toEqual(late);
  });

  it('ends when another is opened', async () => {
    const endless = `${'stats\n'.repeat(200_000)}`;
    const one = room.open({ kind: 'scenario', text: endless }, { leftOut: null, check: true }, nobody);
    const two = await room.open(first, QUIET, nobody);
    expect(two).toEqual(known);
    expect((await one).end).toBeNull();
  });
});

describe('its events', () => {
  it('are told in pieces, by filter', async () => {
    const all = await room.events({}, 0, 1000);
    expect(all.events.map(({ n }) => n)).toEqual(all.events.map((_, i) => i));
    const links = await room.events({ types: ['link', 'unlink'] }, 0, 1000);
    expect(links.total).toBe(all.events.filter(({ event }) => /link$/.test(event.type)).length);
    expect(links.total).toBeGreaterThan(2);
    expect(await room.events({ types: ['link', 'unlink'] }, 1, 1)).toEqual({
      total: links.total,
      from: 1,
      events: [links.events[1]],
    });
    const other = await room.events({ gmap: 5 }, 0, 1000);
    expect(other.events.every(({ event }) => !('gmap' in event))).toBe(true);
  });

  it('are found by moment', async () => {
    const { events } = await room.events({}, 0, 1000);
    for (const { n, moment } of events) expect(await room.eventBefore({}, moment)).toBe(n);
    expect(await room.eventBefore({}, { step: 0, event: 0 })).toBe(-1);
    expect(await room.eventBefore({}, { step: 1000, event: 0 })).toBe(events.length - 1);
  });

  it('are counted in cells', async () => {
    const { cells } = await room.density({}, 7);
    const sum = cells.flatMap((cell) => Object.values(cell)).reduce((a, b) => a + b, 0);
    expect(cells).toHaveLength(7);
    expect(sum).toBe(known.events);
  });
});

describe('lint', () => {
  it('names every line that is not in the language', () => {
    expect(lintScenario('stats\nnonsense\n\n# well\nmmap 1\nstats')).toEqual([
      { line: 2, message: '"nonsense" is no operation' },
      { line: 5, message: 'the length is missing' },
    ]);
    expect(lintScenario(TEXT)).toEqual([]);
  });

  it('ends after a hundred', () => {
    expect(lintScenario('x\n'.repeat(1000))).toHaveLength(100);
  });
});

it('says so when nothing is open', async () => {
  await expect(new Room().look({ step: 0, event: 0 }, {})).rejects.toThrow('nothing is open');
});
