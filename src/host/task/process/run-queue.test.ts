import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RunQueue } from './run-queue.ts';

it('gives threads back in their order, as an array does', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant(null)), { maxLength: 500 }), (steps) => {
      const queue = new RunQueue<number>();
      const model: number[] = [];
      for (const step of steps) {
        if (step === null) expect(queue.take(() => true)).toBe(model.shift() ?? null);
        else {
          queue.add(step);
          model.push(step);
        }
        expect(queue.length).toBe(model.length);
      }
    }),
  );
});

it('gives the first thread that fits, and keeps the order of the others', () => {
  const queue = new RunQueue<number>();
  for (let i = 0; i < 200; i++) queue.add(i);
  for (let i = 1; i < 200; i += 2) expect(queue.take((one) => one % 2 === 1)).toBe(i);
  expect(queue.take((one) => one % 2 === 1)).toBeNull();
  expect(queue.length).toBe(100);
  for (let i = 0; i < 200; i += 2) expect(queue.take(() => true)).toBe(i);
});

it('keeps the order when hundreds are taken', () => {
  const queue = new RunQueue<number>();
  for (let i = 0; i < 1000; i++) queue.add(i);
  for (let i = 0; i < 1000; i++) expect(queue.take(() => true)).toBe(i);
  expect(queue.take(() => true)).toBeNull();
});
