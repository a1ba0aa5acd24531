/** Rings as a driver may break them, and as they wrap around. */

import { beforeEach, describe, expect, it } from 'vitest';
import { GuestAddressError } from '../memory.ts';
import { StateError } from '../saved-state.ts';
import { TestPackedQueue } from '../testing/packed-queue.ts';
import { TestSplitQueue } from '../testing/split-queue.ts';
import { TestOwner } from '../testing/test-owner.ts';
import type { TestHeap } from '../testing/test-queue.ts';
import { FEATURE, features } from './features.ts';
import { RingError } from './ring-error.ts';
import { saveRequest, Virtqueue } from './virtqueue.ts';

const COMMON = features(FEATURE.VERSION_1, FEATURE.INDIRECT_DESCRIPTORS, FEATURE.EVENT_INDEX);
const PACKED = COMMON | features(FEATURE.RING_PACKED);
const SIZE = 4;

let owner: TestOwner;
let heap: TestHeap;
let queue: Virtqueue;
let notified: number;

beforeEach(() => {
  owner = new TestOwner();
  let next = 0x1000;
  heap = {
    owner,
    allocate: (length, alignment = 16) => {
      const at = Math.ceil(next / alignment) * alignment;
      next = at + length;
      return at;
    },
  };
  queue = new Virtqueue(0, 64, owner.memory);
  notified = 0;
});

const notify = () => {
  notified++;
};

function split(negotiated = COMMON, size = SIZE): TestSplitQueue {
  const driver = new TestSplitQueue(heap, size, { littleEndian: true, eventIndex: true }, notify);
  place(driver, size, negotiated);
  return driver;
}

function packed(negotiated = PACKED, size = SIZE): TestPackedQueue {
  const driver = new TestPackedQueue(heap, size, true, notify);
  place(driver, size, negotiated);
  return driver;
}

function place({ at }: TestSplitQueue | TestPackedQueue, size: number, negotiated: bigint): void {
  queue.place(size, {
    descriptors: BigInt(at.descriptors),
    driver: BigInt(at.driver),
    device: BigInt(at.device),
  });
  queue.start(negotiated);
}

/** Stores a descriptor. The last two fields are flags and next (split), or ID and flags (packed). */
function describeAt(
  table: number,
  n: number,
  address: bigint,
  length: number,
  third: number,
  fourth: number,
): void {
  const { view } = owner.memory;
  view.setBigUint64(table + n * 16, address, true);
  view.setUint32(table + n * 16 + 8, length, true);
  view.setUint16(table + n * 16 + 12, third, true);
  view.setUint16(table + n * 16 + 14, fourth, true);
}

describe.each([
  ['split', split],
  ['packed', packed],
] as const)('a %s ring', (_, make) => {
  it('returns buffers in any order, around its end many times', () => {
    const driver = make();
    for (let round = 0; round < 50; round++) {
      const ids = [driver.add([Uint8Array.of(round)], []), driver.add([], [4]), driver.add([], [1], true)];
      const taken = [...queue.requests()];
      expect(taken.map(({ ticket }) => ticket.id)).toEqual(ids);
      expect(taken[0]?.read(0, 9)).toEqual(Uint8Array.of(round));
      for (const request of taken.reverse()) {
        queue.give(request, request.write(0, Uint8Array.of(1, 2, 3, 4, 5)));
      }
      expect(driver.completed().map(({ id, written }) => [id, written])).toEqual([
        [ids[2], 1],
        [ids[1], 4],
        [ids[0], 0],
      ]);
    }
  });

  it('needs a notification only for the next buffer, and interrupts only for the one that the driver waits for', () => {
    const driver = make();
    expect([...queue.requests()]).toEqual([]);
    driver.add([Uint8Array.of(1)], []);
    expect(driver.kick()).toBe(true);
    driver.add([Uint8Array.of(2)], []);
    expect(driver.kick()).toBe(false);
    expect(notified).toBe(1);
    const taken = [...queue.requests()];
    expect(taken).toHaveLength(2);
    expect(queue.needsInterruption()).toBe(false);
    for (const request of taken) queue.give(request, 0);
    expect(queue.needsInterruption()).toBe(true);
    expect(queue.needsInterruption()).toBe(false);
    driver.add([Uint8Array.of(3)], []);
    expect(driver.kick()).toBe(true);
    for (const request of queue.requests()) queue.give(request, 0);
    // The driver has not looked since, so it still waits for the first one.
    expect(queue.needsInterruption()).toBe(false);
    driver.completed();
    driver.add([Uint8Array.of(4)], []);
    for (const request of queue.requests()) queue.give(request, 0);
    expect(queue.needsInterruption()).toBe(true);
  });

  it('counts what went through it', () => {
    const driver = make();
    driver.add([Uint8Array.of(1, 2, 3)], [8]);
    driver.add([Uint8Array.of(4)], []);
    driver.add([Uint8Array.of(5)], []);
    const first = queue.take();
    const second = queue.take();
    queue.take();
    queue.give(first as never, 5);
    queue.give(second as never, 0);
    expect(queue.traffic).toEqual({ requests: 2, bytesOut: 4, bytesIn: 5 });
  });

  it('is restored with buffers that were not returned', () => {
    const driver = make();
    const id = driver.add([], [8]);
    driver.add([Uint8Array.of(1)], []);
    const first = queue.take();
    const state = structuredClone(queue.save());
    const request = structuredClone(saveRequest(first as never));
    const negotiated = make === packed ? PACKED : COMMON;
    const other = new Virtqueue(0, 64, owner.memory);
    other.prepareRestore(state, negotiated)();
    expect(other.taken).toBe(1);
    const restored = other.restoreRequest(request);
    other.give(restored, restored.write(0, Uint8Array.of(9)));
    expect(driver.completed()).toMatchObject([{ id, written: 1, bytes: Uint8Array.of(9) }]);
    expect(other.take()?.read(0, 1)).toEqual(Uint8Array.of(1));
    for (const wrong of [
      { ...(state as object), size: 65 },
      { ...(state as object), taken: 5 },
      { ...(state as object), placed: false },
      { ...(state as object), position: {} },
      { ...(state as object), descriptors: -1n },
    ]) {
      expect(() => other.prepareRestore(wrong, negotiated)).toThrow(StateError);
    }
  });

  it('has errors if it is not in memory', () => {
    const driver = make();
    const beyond = { ...driver.at, descriptors: 2 ** 40, driver: 2 ** 40, device: 2 ** 40 };
    place({ at: beyond } as TestSplitQueue, SIZE, make === packed ? PACKED : COMMON);
    expect(() => queue.take()).toThrow(GuestAddressError);
    expect(() => queue.awaitNotification()).toThrow(GuestAddressError);
  });

  it('ends at the last address', () => {
    make();
    const last = 0xffff_ffff_ffff_fff8n;
    queue.place(SIZE, { descriptors: last, driver: last, device: last });
    queue.start(make === packed ? PACKED : COMMON);
    expect(() => queue.take()).toThrow(GuestAddressError);
  });
});

describe('a split ring is broken by', () => {
  const NEXT = 1;
  const WRITE = 2;
  const INDIRECT = 4;

  function broken(prepare: (driver: TestSplitQueue, table: number) => void, negotiated = COMMON): void {
    const driver = split(negotiated);
    prepare(driver, driver.at.descriptors);
    expect(() => queue.take()).toThrow(RingError);
  }

  it('more buffers than it has room for', () => {
    broken(({ at }) => owner.memory.view.setUint16(at.driver + 2, SIZE + 1, true));
  });

  it('a head that is no descriptor', () => {
    broken((driver) => driver.makeAvailable(SIZE));
  });

  it('a chain that is a loop', () => {
    broken((driver, table) => {
      describeAt(table, 0, 0x5000n, 1, NEXT, 1);
      describeAt(table, 1, 0x5000n, 1, NEXT, 0);
      driver.makeAvailable(0);
    });
  });

  it('a next descriptor that does not exist', () => {
    broken((driver, table) => {
      describeAt(table, 0, 0x5000n, 1, NEXT, SIZE);
      driver.makeAvailable(0);
    });
  });

  it('a segment to be read after one to be written', () => {
    broken((driver, table) => {
      describeAt(table, 0, 0x5000n, 1, NEXT | WRITE, 1);
      describeAt(table, 1, 0x5000n, 1, 0, 0);
      driver.makeAvailable(0);
    });
  });

  it('a buffer of more than 4 GiB', () => {
    broken((driver, table) => {
      describeAt(table, 0, 0x5000n, 0xffff_ffff, NEXT, 1);
      describeAt(table, 1, 0x5000n, 2, 0, 0);
      driver.makeAvailable(0);
    });
  });

  it.each([
    ['an empty table', 0, INDIRECT],
    ['a table of a length that is no multiple of 16', 24, INDIRECT],
    ['a table with a next descriptor', 16, INDIRECT | NEXT],
  ])('%s of indirect descriptors', (_, length, flags) => {
    broken((driver, table) => {
      describeAt(table, 0, 0x5000n, length, flags, 0);
      driver.makeAvailable(0);
    });
  });

  it('a table in a table, or one that is a loop, or too long', () => {
    for (const [flags, next] of [
      [INDIRECT, 0],
      [NEXT, 0],
      [NEXT, 9],
    ] as const) {
      broken((driver, table) => {
        describeAt(table, 0, 0x5000n, 32, INDIRECT, 0);
        describeAt(0x5000, 0, 0x6000n, 1, flags, next);
        driver.makeAvailable(0);
      });
    }
  });

  it('indirect descriptors that were not negotiated', () => {
    broken((driver, table) => {
      describeAt(table, 0, 0x5000n, 16, INDIRECT, 0);
      driver.makeAvailable(0);
    }, features(FEATURE.VERSION_1));
  });

  it('a buffer that is made available again while the device has it', () => {
    const driver = split();
    driver.add([Uint8Array.of(1)], []);
    for (let n = 0; n < SIZE; n++) {
      expect(queue.take()).not.toBeNull();
      driver.makeAvailable(0);
    }
    expect(() => queue.take()).toThrow(RingError);
  });
});

describe('a packed ring is broken by', () => {
  const NEXT = 1;
  const WRITE = 2;
  const INDIRECT = 4;
  const AVAILABLE = 0x80;

  function broken(prepare: (table: number) => void, negotiated = PACKED): void {
    const driver = packed(negotiated);
    prepare(driver.at.descriptors);
    expect(() => queue.take()).toThrow(RingError);
  }

  it('a chain without end', () => {
    broken((table) => {
      for (let n = 0; n < SIZE; n++) describeAt(table, n, 0x5000n, 1, 0, NEXT | AVAILABLE);
    });
  });

  it('a segment to be read after one to be written', () => {
    broken((table) => {
      describeAt(table, 0, 0x5000n, 1, 0, NEXT | WRITE | AVAILABLE);
      describeAt(table, 1, 0x5000n, 1, 0, AVAILABLE);
    });
  });

  it.each([
    ['an empty table', 0, INDIRECT],
    ['a table of a length that is no multiple of 16', 24, INDIRECT],
    ['a table in a chain', 16, INDIRECT | NEXT],
    ['a table that is too long', 16 * 1025, INDIRECT],
  ])('%s of indirect descriptors', (_, length, flags) => {
    broken((table) => describeAt(table, 0, 0x5000n, length, 0, flags | AVAILABLE));
  });

  it('a table in a table, or one that was not negotiated', () => {
    broken((table) => {
      describeAt(table, 0, 0x5000n, 16, 0, INDIRECT | AVAILABLE);
      describeAt(0x5000, 0, 0x6000n, 1, 0, INDIRECT);
    });
    broken(
      (table) => describeAt(table, 0, 0x5000n, 16, 0, INDIRECT | AVAILABLE),
      features(FEATURE.VERSION_1, FEATURE.RING_PACKED),
    );
  });
});

describe('a buffer that overlaps its ring', () => {
  it('does not keep the device busy for ever', () => {
    const driver = packed();
    const { descriptors } = driver.at;
    let served = 0;
    describeAt(descriptors, 0, BigInt(descriptors), 64, 0, 2 | 0x80);
    for (const request of queue.requests()) {
      queue.give(request, 1);
      // As if the data of the buffer made every descriptor available again, in this round and the next.
      for (let n = 0; n < SIZE; n++) {
        const wrap = served % (SIZE * 2) < SIZE - 1 ? 0x80 : 0x8000;
        describeAt(descriptors, n, BigInt(descriptors), 64, 0, 2 | wrap);
      }
      served++;
      if (served > 100) break;
    }
    expect(served).toBeLessThanOrEqual(SIZE * 2);
  });
});

describe('the size of a queue', () => {
  it('is a power of two up to the maximum, or any of a packed ring', () => {
    const sizes = [0, 1, 2, 3, 63, 64, 65, 128];
    expect(sizes.filter((size) => queue.allows(size, COMMON))).toEqual([1, 2, 64]);
    expect(sizes.filter((size) => queue.allows(size, PACKED))).toEqual([1, 2, 3, 63, 64]);
  });
});
