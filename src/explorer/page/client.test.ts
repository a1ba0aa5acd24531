import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Position } from '../../player/index.ts';
import type { Query, QueryResult, SpaceOutline } from '../protocol.ts';

/** A query that was sent, and how to answer it. */
interface Asked {
  readonly position: Position;
  readonly query: Query;
  readonly answer: (result: Partial<QueryResult>) => void;
  readonly fail: (error: Error) => void;
}

const asked: Asked[] = [];
vi.mock('comlink', () => ({
  wrap: () => ({
    query: (position: Position, query: Query) =>
      new Promise((resolve, reject) => {
        const answer = (result: Partial<QueryResult>) => resolve({ position, stats: null, ...result });
        asked.push({ position, query, answer, fail: reject });
      }),
  }),
}));
vi.mock('preact/hooks', () => ({ useId: () => 'view', useEffect: (effect: () => void) => effect() }));
vi.stubGlobal('Worker', class extends EventTarget {});
vi.stubGlobal('requestAnimationFrame', (then: () => void) => setTimeout(then));

const { queryAt, resetQueries, queryError, useQuery } = await import('./client.ts');

const FIRST = { step: 0, event: 0 };
const outline: readonly SpaceOutline[] = [];
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
/** A view that queries the spaces. */
const view = () => useQuery({ outline: true });

async function next(): Promise<Asked> {
  await turn();
  return asked.shift() as Asked;
}

beforeEach(async () => {
  resetQueries();
  await turn();
  // Queries left open by the last test are answered without effect.
  for (const { answer } of asked.splice(0)) answer({});
  await turn();
});

describe('another recording', () => {
  it('drops late results of the former one', async () => {
    queryAt(FIRST);
    view();
    const late = await next();
    resetQueries();
    queryAt(FIRST);
    late.answer({ outline });
    await turn();
    expect(view()).toBeNull();
    (await next()).answer({ outline });
    await turn();
    expect(view()?.outline).toBe(outline);
  });

  it('clears results and errors', async () => {
    queryAt(FIRST);
    view();
    (await next()).answer({ outline });
    await turn();
    expect(view()).not.toBeNull();
    queryAt({ step: 1, event: 0 });
    (await next()).fail(new Error('no'));
    await turn();
    expect(queryError.value).toBe('no');
    resetQueries();
    expect([view(), queryError.value]).toEqual([null, null]);
  });

  it('is not queried before its position is known', async () => {
    view();
    await turn();
    expect(asked).toEqual([]);
  });
});

it('queries the spaces once for each position, and adds them to every result', async () => {
  queryAt(FIRST);
  view();
  (await next()).answer({ outline });
  await turn();
  view();
  const again = await next();
  expect(again.query.outline).toBe(false);
  again.answer({});
  await turn();
  expect(view()?.outline).toBe(outline);
  queryAt({ step: 1, event: 0 });
  const later = await next();
  expect(later.query.outline).toBe(true);
  later.answer({ outline });
});

describe('the queries of several views', () => {
  it('are sent as one, with every list', async () => {
    queryAt(FIRST);
    const query: Query = {
      rows: [{ space: 'gmap 0', first: 0, end: 256, limit: 1 }],
      pages: [{ space: 'gmap 0', first: 0, end: 256 }],
      segments: [{ space: 'gmap 0', page: 0 }],
      tables: [{ space: 'gmap 0', level: 'page', page: 0, from: 0, count: 1 }],
      walks: [{ space: 'gmap 0', address: 0n }],
      traced: [{ space: 'gmap 0', address: 0n }],
    };
    useQuery(query);
    const { query: sent, answer } = await next();
    expect(sent).toMatchObject(query);
    answer({ rows: [null], traced: [null] });
    await turn();
    expect(useQuery(query)).toMatchObject({ rows: [null], traced: [null] });
  });
});
