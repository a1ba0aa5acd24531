import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Position } from '../../player/index.ts';
import type { Query, QueryResult, SpaceOutline } from '../protocol.ts';

/** A question that was asked, and how to answer it. */
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
/** What a view that asks for the spaces is told. */
const view = () => useQuery({ outline: true });

async function next(): Promise<Asked> {
  await turn();
  return asked.shift() as Asked;
}

beforeEach(async () => {
  resetQueries();
  await turn();
  // What the test before left open is answered, to nobody.
  for (const { answer } of asked.splice(0)) answer({});
  await turn();
});

describe('another recording', () => {
  it('is not shown what the one before it answers late', async () => {
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

  it('takes what was shown away, and what was wrong', async () => {
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

  it('is not asked before its position is known', async () => {
    view();
    await turn();
    expect(asked).toEqual([]);
  });
});

it('asks for the spaces once a position, and tells them with every answer', async () => {
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
