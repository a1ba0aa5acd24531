import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunQueue } from './run-queue.ts';

it('gives threads back in their order, as an array does', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant(null)), { maxLength: 500 }), (steps) => {
      const queue = new RunQueue<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) expect(queue.take()).toBe(model.shift() ?? null);
        else {
          queue.add(step);
          model.push(step);
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

it('keeps the order when hundreds are taken', () => {
  const queue = new RunQueue<number>();
  for (let i = 0; i < 1000; i++) queue.add(i);
  for (let i = 0; i < 1000; i++) expect(queue.take()).toBe(i);
  expect(queue.take()).toBeNull();
});
