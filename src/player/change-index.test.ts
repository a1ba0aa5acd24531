/** The index for searches of changes, compared with what memory contains. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Storage } from '../machine/index.ts';
import { ChangeIndex } from './change-index.ts';
import { guestRun } from './fixtures.ts';
import type { GuestRun } from './guest/guest-run.ts';

const FRAME = 4096;
const IMAGES = ['hello', 'exceptions', 'paging', 'memory', 'hostile/images/storm', 'hostile/images/slow'];

function runOf(path: string): GuestRun {
  const file = path.includes('/') ? path : `images/${path}`;
  const image = new Uint8Array(readFileSync(`examples/${file}.elf`));
  return guestRun({ kind: 'guest', name: path, image, memory: 8n << 20n }, new Storage(256 << 20));
}

function indexed(run: GuestRun, length: number): ChangeIndex {
  const index = new ChangeIndex(run, length);
  run.trace.subscribe(({ type }) => index.emitted(type));
  return index;
}

/** Plays intervals of a run. Returns for each the frames whose contents it has changed, without state descriptions. */
function changedFrames(run: GuestRun, index: ChangeIndex, length: number, count: number): number[][] {
  const { storage } = run.host.machine;
  const all: number[][] = [];
  let known = new Uint8Array();
  while (all.length < count && run.end === null) {
    run.advance((all.length + 1) * length - run.step);
    if (run.end === null) index.extend();
    const bytes = storage.bytes.slice(0, run.host.kernel.frames.touched);
    const blocks = (run.vcpu?.vm.vcpus ?? []).map(({ block }) => Math.floor(block.origin / FRAME));
    const changed: number[] = [];
    for (let frame = 0; frame < bytes.length / FRAME; frame++) {
      const [from, to] = [frame * FRAME, (frame + 1) * FRAME];
      const before = known.length >= to ? known.subarray(from, to) : new Uint8Array(FRAME);
      if (Buffer.compare(before, bytes.subarray(from, to)) !== 0 && !blocks.includes(frame))
        changed.push(frame);
    }
    known = bytes;
    all.push(changed);
  }
  return all;
}

describe.each(IMAGES)('the index of the guest %s', (name) => {
  it('has every frame that changes', () => {
    const [length, count] = [40, 200];
    const run = runOf(name);
    const index = indexed(run, length);
    let quiet = 0;
    const all = changedFrames(run, index, length, count);
    all.forEach((frames, i) => {
      const [first, end] = [i * length, (i + 1) * length];
      for (const frame of frames)
        expect(index.lastBefore(end, frame), `${frame} ${i}`).toEqual({ first, end });
      if (index.lastBefore(end, -1)?.end !== end) quiet++;
    });
    // Intervals are not simply all marked as a whole.
    expect(quiet).toBeGreaterThan(all.length / 6);
  });
});

describe('an index', () => {
  it('has every frame in an interval in which a table changes, event or not', () => {
    const run = runOf('exceptions');
    const index = indexed(run, 100);
    for (let end = 100; end <= 1200; end += 100) {
      run.advance(end - run.step);
      // A page is watched by setting a bit in its page table.
      if (end === 900)
        for (const mm of run.host.processes) mm.watchPage(0x1_0000 as Parameters<typeof mm.watchPage>[0]);
      index.extend();
    }
    expect(index.lastBefore(900, -1)).toEqual({ first: 800, end: 900 });
    expect(index.lastBefore(1200, -1)).toEqual({ first: 800, end: 900 });
  });

  it('joins intervals when it has many, and still has every frame', () => {
    const run = runOf('exceptions');
    const index = indexed(run, 2);
    const frames = changedFrames(run, index, 2, 1200);
    frames.forEach((changed, i) => {
      for (const frame of changed) {
        const interval = index.firstAfter(i * 2, frame);
        expect(interval?.first).toBe(i * 2);
        expect(interval?.end).toBeGreaterThanOrEqual(i * 2 + 2);
      }
    });
    const intervals = new Set(frames.map((_, i) => index.firstAfter(i * 2, null)?.end));
    expect(intervals.size).toBeLessThanOrEqual(512);
    expect(intervals.size).toBeGreaterThan(200);
  });
});
