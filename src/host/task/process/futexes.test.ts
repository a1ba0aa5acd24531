import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Futexes } from './futexes.ts';

const host = new Host(new Machine({ storageSize: 4 << 20 }));
const owner = host.createFile(4096n);
const other = host.createFile(4096n);
const ALL = 0xffff_ffff;
const key = (place: number, of = owner) => ({ owner: of, place });

/** Adds waiters, and a list of who was woken. */
function waiting(futexes: Futexes, place: number, bits: readonly number[]) {
  return bits.map((one) => {
    const waiter = futexes.add(key(place), one);
    let wakes = 0;
    waiter.queue.add({ wake: () => wakes++ });
    return { waiter, wakes: () => wakes };
  });
}

describe('futexes', () => {
  it('wake those first that came first, at most as many as asked for, and each once', () => {
    const futexes = new Futexes();
    const all = waiting(futexes, 8, [ALL, ALL, ALL]);
    expect(futexes.wake(key(8), 2, ALL)).toBe(2);
    expect(all.map(({ wakes }) => wakes())).toEqual([1, 1, 0]);
    expect(all.map(({ waiter }) => waiter.woken)).toEqual([true, true, false]);
    expect(futexes.wake(key(8), 9, ALL)).toBe(1);
    expect(futexes.wake(key(8), 9, ALL)).toBe(0);
  });

  it('wake by word and owner', () => {
    const futexes = new Futexes();
    waiting(futexes, 8, [ALL]);
    expect(futexes.wake(key(12), 9, ALL)).toBe(0);
    expect(futexes.wake(key(8, other), 9, ALL)).toBe(0);
    expect(futexes.wake(key(8), 9, ALL)).toBe(1);
  });

  it('wake by bits, which do not count those that do not match', () => {
    const futexes = new Futexes();
    const all = waiting(futexes, 8, [1, 2, 3]);
    expect(futexes.wake(key(8), 1, 2)).toBe(1);
    expect(all.map(({ wakes }) => wakes())).toEqual([0, 1, 0]);
  });

  it('move waiters to another word, where a wake finds them, and a removal', () => {
    const futexes = new Futexes();
    const all = waiting(futexes, 8, [ALL, ALL, ALL]);
    expect(futexes.requeue(key(8), key(12, other), 2)).toBe(2);
    expect(all.map(({ wakes }) => wakes())).toEqual([0, 0, 0]);
    futexes.remove(all[0]!.waiter);
    expect(futexes.wake(key(12, other), 9, ALL)).toBe(1);
    expect(futexes.wake(key(8), 9, ALL)).toBe(1);
    expect(all.map(({ wakes }) => wakes())).toEqual([0, 1, 1]);
  });

  it('forget who leaves', () => {
    const futexes = new Futexes();
    const [one] = waiting(futexes, 8, [ALL]);
    futexes.remove(one!.waiter);
    futexes.remove(one!.waiter);
    expect(futexes.wake(key(8), 9, ALL)).toBe(0);
  });
});
