import { expect, it, vi } from 'vitest';
import type { Progress } from '../../../player/index.ts';

const known: Progress = { steps: 50, of: 50, events: 9, end: null, violations: [], output: [] };
let answer: (index: number) => void = () => {};
const queryAt = vi.fn();
const countUpTo = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)));
vi.mock('comlink', () => ({ proxy: (listener: unknown) => listener }));
vi.mock('../client.ts', () => ({
  queryAt,
  resetQueries: vi.fn(),
  machine: {
    open: async () => known,
    countUpTo,
    events: async () => ({ events: [{ n: 0, position: { step: 7, event: 1 } }] }),
  },
}));

const { position, moveByEvents, moveTo, open, START } = await import('./state.ts');
const recording = { kind: 'scenario', text: '' } as const;
const how = { injectedFault: null, check: true };

it('an event of a closed recording does not move the next one', async () => {
  await open(recording, how);
  const going = moveByEvents(1);
  await vi.waitFor(() => expect(countUpTo).toHaveBeenCalledTimes(1));
  await open(recording, how);
  answer(0);
  await going;
  expect(position.value).toEqual(START);
  const again = moveByEvents(1);
  await vi.waitFor(() => expect(countUpTo).toHaveBeenCalledTimes(2));
  answer(0);
  await again;
  expect(position.value).toEqual({ step: 7, event: 1 });
});

it('a position is clamped to the recorded part', async () => {
  await open(recording, how);
  moveTo({ step: 1e15, event: 3 });
  expect(queryAt).toHaveBeenLastCalledWith({ step: 50, event: 0 });
  moveTo({ step: -1, event: 0 });
  expect(position.value).toBe(START);
});
