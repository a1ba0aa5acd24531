import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TimerQueue } from './timer-queue.ts';

/** A timer to start, the place of one to cancel, or the time that has come. */
const STEP = fc.oneof(
  fc.record({ start: fc.integer({ min: 0, max: 50 }) }),
  fc.record({ cancel: fc.nat(20) }),
  fc.record({ now: fc.integer({ min: 0, max: 50 }) }),
);

it('wakes those that are due, in the order of their times and then of their starts', () => {
  fc.assert(
    fc.property(fc.array(STEP, { maxLength: 80 }), (steps) => {
      const queue = new TimerQueue();
      let model: { at: number; id: number; timer: object }[] = [];
      const woken: number[] = [];
      for (const [id, step] of steps.entries()) {
        if ('start' in step) {
          const timer = queue.start(step.start, { wake: () => void woken.push(id) });
          model.push({ at: step.start, id, timer });
        } else if ('cancel' in step) {
          const chosen = model[step.cancel];
          if (chosen !== undefined) queue.cancel(chosen.timer);
          model = model.filter((one) => one !== chosen);
        } else {
          const due = model.filter(({ at }) => at <= step.now).sort((a, b) => a.at - b.at || a.id - b.id);
          woken.length = 0;
          queue.expire(step.now);
          expect(woken).toEqual(due.map((one) => one.id));
          model = model.filter((one) => !due.includes(one));
        }
        expect(queue.due).toBe(Math.min(...model.map(({ at }) => at)));
      }
    }),
  );
});

it('ignores a timer that was cancelled before', () => {
  const queue = new TimerQueue();
  const first = queue.start(1, { wake: () => {} });
  queue.start(2, { wake: () => {} });
  queue.cancel(first);
  queue.cancel(first);
  expect(queue.due).toBe(2);
});
