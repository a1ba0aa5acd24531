import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Moment } from '../../player/index.ts';
import type { Look, Query, SpaceOutline } from '../protocol.ts';

/** A question that was asked, and how to answer it. */
interface Asked {
  readonly moment: Moment;
  readonly query: Query;
  readonly answer: (look: Partial<Look>) => void;
  readonly fail: (error: Error) => void;
}

const asked: Asked[] = [];
vi.mock('comlink', () => ({
  wrap: () => ({
    look: (moment: Moment, query: Query) =>
      new Promise((resolve, reject) => {
        const answer = (look: Partial<Look>) => resolve({ moment, stats: null, ...look });
        asked.push({ moment, query, answer, fail: reject });
      }),
  }),
}));
vi.mock('preact/hooks', () => ({ useId: () => 'view', useEffect: (effect: () => void) => effect() }));
vi.stubGlobal('Worker', class extends EventTarget {});
vi.stubGlobal('requestAnimationFrame', (then: () => void) => setTimeout(then));

const { lookAt, lookAway, lookError, useLook } = await import('./machine.ts');

const FIRST = { step: 0, event: 0 };
const outline: readonly SpaceOutline[] = [];
const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
/** What a view that asks for the spaces is told. */
const view = () => useLook({ outline: true });

async function next(): Promise<Asked> {
  await turn();
  return asked.shift() as Asked;
}

beforeEach(async () => {
  lookAway();
  await turn();
  // What the test before left open is answered, to nobody.
  for (const { answer } of asked.splice(0)) answer({});
  await turn();
});

describe('another story', () => {
  it('is not shown what the one before it answers late', async () => {
    lookAt(FIRST);
    view();
    const late = await next();
    lookAway();
    lookAt(FIRST);
    late.answer({ outline });
    await turn();
    expect(view()).toBeNull();
    (await next()).answer({ outline });
    await turn();
    expect(view()?.outline).toBe(outline);
  });

  it('takes what was shown away, and what was wrong', async () => {
    lookAt(FIRST);
    view();
    (await next()).answer({ outline });
    await turn();
    expect(view()).not.toBeNull();
    lookAt({ step: 1, event: 0 });
    (await next()).fail(new Error('no'));
    await turn();
    expect(lookError.value).toBe('no');
    lookAway();
    expect([view(), lookError.value]).toEqual([null, null]);
  });

  it('is not asked before its moment is known', async () => {
    view();
    await turn();
    expect(asked).toEqual([]);
  });
});

it('asks for the spaces once a moment, and tells them with every answer', async () => {
  lookAt(FIRST);
  view();
  (await next()).answer({ outline });
  await turn();
  view();
  const again = await next();
  expect(again.query.outline).toBe(false);
  again.answer({});
  await turn();
  expect(view()?.outline).toBe(outline);
  lookAt({ step: 1, event: 0 });
  const later = await next();
  expect(later.query.outline).toBe(true);
  later.answer({ outline });
});
