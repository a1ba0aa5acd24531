/** Which entries for jumps a slot of a TLB takes with it. */

import { describe, expect, it } from 'vitest';
import { JumpDependencies } from './jump-dependencies.ts';

describe('the entries that depend on a slot', () => {
  it('are returned once', () => {
    const dependencies = new JumpDependencies();
    for (const [slot, entry] of [
      [7, 40],
      [8, 44],
      [7, 48],
    ] as const) {
      dependencies.add(slot, entry);
    }
    expect(dependencies.take(7)).toEqual([40, 48]);
    expect(dependencies.take(7)).toEqual([]);
    expect(dependencies.take(8)).toEqual([44]);
  });

  it('may be any if there are too many', () => {
    const dependencies = new JumpDependencies();
    for (let entry = 0; entry < 300; entry++) dependencies.add(0, entry * 4);
    expect(dependencies.take(0)).toBeNull();
    expect(dependencies.take(0)).toEqual([]);
  });

  it('are forgotten when all are', () => {
    const dependencies = new JumpDependencies();
    dependencies.add(4095, 4);
    dependencies.clear();
    expect(dependencies.take(4095)).toEqual([]);
  });
});
