/** The fuzzer of devices finds nothing in fixed runs, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { MemoryDisk, SeededBytes } from '../../devices/index.ts';
import {
  TestMemory,
  TestPackedQueue,
  type TestQueue,
  TestSplitQueue,
  Virtqueue,
} from '../../devices/testing/index.ts';
import { CaseCampaign, DevicesFuzzer, formatCase, seedOf } from '../index.ts';
import type { DevicesStep } from './steps.ts';
import { DevicesWorld } from './world.ts';

/** A bit of the device status. */
const NEEDS_RESET = 0x40;

afterEach(() => vi.restoreAllMocks());

/** Returns the kinds of failures in some runs. */
function kindsFound(runs: number): Set<string> {
  const fuzzer = new DevicesFuzzer();
  const kinds = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const { finding } = fuzzer.run(fuzzer.generate(seedOf(4, run)));
    if (finding) kinds.add(finding.kind);
  }
  return kinds;
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new DevicesFuzzer(), 3);
  for (let run = 0; run < 60; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

it('has buffers returned from rings of both kinds, frames, and devices that need a reset', () => {
  const fuzzer = new DevicesFuzzer();
  const seen = { split: 0, packed: 0, broken: 0, frames: 0 };
  const count = (Kind: { prototype: TestQueue }, kind: 'split' | 'packed') => {
    const { completed } = Kind.prototype;
    vi.spyOn(Kind.prototype, 'completed').mockImplementation(function (this: TestQueue) {
      const found = completed.call(this);
      seen[kind] += found.length;
      return found;
    });
  };
  count(TestSplitQueue, 'split');
  count(TestPackedQueue, 'packed');
  for (let run = 0; run < 60; run++) {
    const { setup, steps } = fuzzer.generate(seedOf(4, run));
    const world = new DevicesWorld(setup);
    for (const step of steps) {
      const { told } = world.perform(step) as { told: string[] };
      seen.frames += told.filter((text) => text.startsWith('frame')).length;
      const { subchannels } = world.save() as { subchannels: { device: { status: number } }[] };
      seen.broken += subchannels.filter(({ device }) => device.status & NEEDS_RESET).length;
    }
  }
  expect(Math.min(seen.split, seen.packed, seen.broken, seen.frames)).toBeGreaterThan(5);
});

describe('an injected fault is found:', () => {
  it('a store into memory that no driver has given', () => {
    const { write } = TestMemory.prototype;
    vi.spyOn(TestMemory.prototype, 'write').mockImplementation(function (this: TestMemory, address, bytes) {
      const longer = new Uint8Array(bytes.length + 1);
      longer.set(bytes);
      write.call(this, address, longer);
    });
    expect(kindsFound(20)).toContain('error');
  });

  it('a state that lacks something', () => {
    vi.spyOn(SeededBytes.prototype, 'save').mockReturnValue({ words: [1, 2, 3, 4] });
    expect(kindsFound(30)).toContain('restored');
  });

  it('an error', () => {
    vi.spyOn(MemoryDisk.prototype, 'flush').mockImplementation(() => {
      throw new TypeError('x');
    });
    expect(kindsFound(60)).toContain('error');
  });

  it('too much work', () => {
    const { read } = TestMemory.prototype;
    vi.spyOn(TestMemory.prototype, 'read').mockImplementation(function (this: TestMemory, address, length) {
      this.accesses += 1_000_000;
      return read.call(this, address, length);
    });
    expect(kindsFound(2)).toEqual(new Set(['work']));
  });

  it('a buffer that is returned twice', () => {
    const { give } = Virtqueue.prototype;
    vi.spyOn(Virtqueue.prototype, 'give').mockImplementation(function (this: Virtqueue, request, written) {
      give.call(this, request, written);
      if (this.taken > 0) give.call(this, request, written);
    });
    expect(kindsFound(70).size).toBeGreaterThan(0);
  });
});

describe('a failing step becomes simpler', () => {
  it('by fewer CCWs and segments', () => {
    const fuzzer = new DevicesFuzzer();
    const ccw = { command: 3, flags: 0, count: 0, address: 0 };
    const program: DevicesStep = {
      do: 'program',
      device: 0,
      word: 0,
      at: 0x1000,
      ccws: [ccw, ccw],
      test: true,
    };
    expect([...fuzzer.simpler(program)]).toHaveLength(2);
    const buffer: DevicesStep = {
      ...{ do: 'buffer', device: 0, queue: 0, readable: ['00'], writable: [1] },
      ...{ indirect: true, kick: true, collect: true },
    };
    expect([...fuzzer.simpler(buffer)]).toHaveLength(3);
    expect([...fuzzer.simpler({ do: 'reset' })]).toEqual([]);
  });
});
