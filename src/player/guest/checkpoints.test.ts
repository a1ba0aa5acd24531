import { describe, expect, it } from 'vitest';
import type { GuestState, SavedMemory } from '../../vmm/index.ts';
import type { Checkpoint } from './checkpoint.ts';
import { Checkpoints } from './checkpoints.ts';

const PAGE = 4096;

/** Returns a checkpoint whose pages, from address 0 on, are filled with these bytes. */
function checkpoint(step: number, ...fill: readonly number[]): Checkpoint {
  const bytes = new Uint8Array(fill.length * PAGE);
  fill.forEach((byte, n) => void bytes.fill(byte, n * PAGE, (n + 1) * PAGE));
  const memory: SavedMemory[] = fill.length === 0 ? [] : [{ address: 0n, bytes, keys: null }];
  return { step, inputs: 0, linked: [], zeros: [], state: { memory } as unknown as GuestState };
}

const fills = ({ state }: Checkpoint) => state.memory.map(({ bytes }) => bytes[PAGE - 1]);

describe('checkpoints', () => {
  it('are found by the step before', () => {
    const all = new Checkpoints();
    for (const step of [100, 300, 200]) all.add(checkpoint(step));
    expect(all.steps).toEqual([100, 200, 300]);
    expect([99, 100, 250, 999].map((step) => all.nearest(step)?.step)).toEqual([undefined, 100, 200, 300]);
    expect([99, 250].map((step) => all.nearestStep(step))).toEqual([0, 200]);
  });

  it('keep a page once as long as it does not change', () => {
    const all = new Checkpoints();
    all.add(checkpoint(100, 1, 2, 3));
    all.add(checkpoint(200, 1, 2, 4));
    all.add(checkpoint(300, 1, 5, 4));
    expect(all.bytes).toBe(5 * PAGE);
    expect([100, 200, 300].map((step) => fills(all.nearest(step) as Checkpoint))).toEqual([
      [1, 2, 3],
      [1, 2, 4],
      [1, 5, 4],
    ]);
  });

  it('are farther apart the older they are', () => {
    const all = new Checkpoints({ count: 8 });
    for (let step = 100; step <= 10_000; step += 100) all.add(checkpoint(step));
    const { steps } = all;
    expect(steps).toHaveLength(8);
    expect(steps.at(-1)).toBe(10_000);
    expect(steps.at(-2)).toBeGreaterThan(9500);
    expect(steps[0]).toBeLessThan(5000);
  });

  it('have a bounded size', () => {
    const all = new Checkpoints({ bytes: 5 * PAGE });
    for (let step = 1; step <= 9; step++) all.add(checkpoint(step, step, step + 100));
    expect(all.steps).toHaveLength(2);
    expect(all.bytes).toBe(4 * PAGE);
    all.add(checkpoint(10, 1, 2, 3, 4, 5, 6));
    expect(all.steps).toEqual([]);
    expect(all.bytes).toBe(0);
  });
});
