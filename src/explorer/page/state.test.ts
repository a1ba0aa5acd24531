import { expect, it, vi } from 'vitest';
import type { Progress } from '../../player/index.ts';

const known: Progress = { steps: 50, of: 50, events: 9, end: null, violations: [], said: [] };
let answer: (index: number) => void = () => {};
const lookAt = vi.fn();
const eventBefore = vi.fn(() => new Promise<number>((resolve) => (answer = resolve)));
vi.mock('comlink', () => ({ proxy: (listener: unknown) => listener }));
vi.mock('./machine.ts', () => ({
  lookAt,
  lookAway: vi.fn(),
  machine: {
    open: async () => known,
    eventBefore,
    events: async () => ({ events: [{ n: 0, moment: { step: 7, event: 1 } }] }),
  },
}));

const { moment, moveByEvents, moveTo, open, START } = await import('./state.ts');
const story = { kind: 'scenario', text: '' } as const;
const how = { injectedFault: null, check: true };

it('an event of a story that was closed meanwhile is not gone to in the next one', async () => {
  await open(story, how);
  const going = moveByEvents(1);
  await vi.waitFor(() => expect(eventBefore).toHaveBeenCalledTimes(1));
  await open(story, how);
  answer(-1);
  await going;
  expect(moment.value).toEqual(START);
  const again = moveByEvents(1);
  await vi.waitFor(() => expect(eventBefore).toHaveBeenCalledTimes(2));
  answer(-1);
  await again;
  expect(moment.value).toEqual({ step: 7, event: 1 });
});

it('nobody goes beyond what is known', async () => {
  await open(story, how);
  moveTo({ step: 1e15, event: 3 });
  expect(lookAt).toHaveBeenLastCalledWith({ step: 50, event: 0 });
  moveTo({ step: -1, event: 0 });
  expect(moment.value).toBe(START);
});
