import { describe, expect, it } from 'vitest';
import { ByteQueue } from './byte-queue.ts';

function bytes(from: number, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => from + i);
}

describe('a queue of bytes', () => {
  it('takes bytes up to its capacity', () => {
    const queue = new ByteQueue(1000);
    expect(queue.put(new Uint8Array(999))).toBe(999);
    expect(queue.put(new Uint8Array(5))).toBe(1);
    expect([queue.length, queue.room]).toEqual([1000, 0]);
  });

  it('gives them in their order, also around the end of its storage', () => {
    const queue = new ByteQueue(1000);
    const into = new Uint8Array(200);
    const seen: number[] = [];
    for (let i = 0; i < 50; i++) {
      queue.put(bytes(i, 150));
      const count = queue.take(into);
      seen.push(count, into[0]!, into[count - 1]!);
    }
    expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => [150, i, (i + 149) & 0xff]).flat());
  });

  it('keeps its order when it grows', () => {
    const queue = new ByteQueue(1000);
    queue.put(bytes(0, 200));
    queue.drop(150);
    queue.put(bytes(0, 250));
    queue.put(bytes(0, 100));
    const into = new Uint8Array(400);
    expect(queue.take(into)).toBe(400);
    expect([into[0], into[49], into[50], into[299], into[300], into[399]]).toEqual([150, 199, 0, 249, 0, 99]);
  });

  it('peek leaves them, and shorten removes the last ones', () => {
    const queue = new ByteQueue(10);
    queue.put(bytes(1, 5));
    const into = new Uint8Array(10);
    expect([queue.peek(into), queue.length]).toEqual([5, 5]);
    queue.shorten(2);
    expect([queue.take(into), into[1]]).toEqual([2, 2]);
    queue.shorten(7);
    expect(queue.length).toBe(0);
  });
});
