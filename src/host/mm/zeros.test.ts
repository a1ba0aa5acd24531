/** Pages that were only read share one frame of zeros. */

import { beforeEach, describe, expect, it } from 'vitest';
import type { Host } from '../host.ts';
import { processPage } from '../numbers.ts';
import { bytes, frameCounts, makeHost } from '../testing/index.ts';
import type { Mm } from './mm.ts';
import { SERVED } from './served-faults.ts';

const HOME = 0x1000_0000n;
const PAGES = 4;
const at = (page: number) => HOME + BigInt(page) * 4096n;

let host: Host;
let mm: Mm;

beforeEach(() => {
  const made = makeHost();
  host = made.host;
  mm = host.createMm();
  mm.sharesZeros = true;
  mm.mmap({ address: HOME, length: BigInt(PAGES) * 4096n });
  return () => expect(made.problems).toEqual([]);
});

/** Returns the frames of the pages, or null. */
function framesOf(space: Mm): (number | null)[] {
  const frames: (number | null)[] = Array(PAGES).fill(null);
  const first = Number(HOME >> 12n);
  space.eachPresent(first, first + PAGES, (page, frame) => {
    frames[page - first] = frame;
  });
  return frames;
}

describe('the frame of zeros', () => {
  it('is behind pages of zeros that user space provides, until they are written', () => {
    const first = Number(HOME >> 12n);
    const wake = () => {};
    const enqueue = () => ({ isWoken: false, leave: () => {} });
    mm.serveFaults(
      first,
      first + PAGES,
      { servesPrograms: true, servesKernel: true, enqueue, wake },
      SERVED.MISSING,
    );
    mm.providePage(first, 'zeros');
    mm.providePage(first + 2, 'zeros');
    const { zeros } = host.kernel;
    expect(framesOf(mm)).toEqual([zeros, null, zeros, null]);
    mm.write(HOME, bytes(1));
    expect(framesOf(mm)[0]).not.toBe(zeros);
    expect(mm.read(at(2), 1)).toEqual(bytes(0));
  });

  it('is behind each page that was only read', () => {
    expect(host.kernel.zeros).toBeNull();
    expect(mm.read(HOME, 8)).toEqual(new Uint8Array(8));
    mm.read(at(2), 1);
    const { zeros } = host.kernel;
    expect(zeros).not.toBeNull();
    expect(framesOf(mm)).toEqual([zeros, null, zeros, null]);
    expect(frameCounts(host).page).toBe(1);
  });

  it('is not written: the first store gives a page a frame of its own', () => {
    mm.read(HOME, 4096 * PAGES);
    mm.write(at(1), bytes(7));
    const { zeros } = host.kernel;
    const own = framesOf(mm)[1];
    expect(own).not.toBe(zeros);
    expect(framesOf(mm)).toEqual([zeros, own, zeros, zeros]);
    expect(mm.read(at(1), 2)).toEqual(bytes(7, 0));
    expect(mm.read(at(0), 2)).toEqual(bytes(0, 0));
  });

  it('is not behind a page whose first access is a store, nor behind shared memory', () => {
    mm.write(HOME, bytes(1));
    expect(host.kernel.zeros).toBeNull();
    const shared = mm.mmap({ length: 4096n, shared: true });
    mm.read(shared, 1);
    expect(host.kernel.zeros).toBeNull();
  });

  it('goes over to a child, and its reads share it, too', () => {
    mm.read(HOME, 1);
    const child = host.fork(mm);
    child.read(at(1), 1);
    const { zeros } = host.kernel;
    expect(framesOf(child)).toEqual([zeros, zeros, null, null]);
    child.write(HOME, bytes(3));
    expect(mm.read(HOME, 1)).toEqual(bytes(0));
    mm.exit();
    child.exit();
    // The kernel keeps it.
    expect(frameCounts(host).page).toBe(1);
    expect(host.kernel.zeros).toBe(zeros);
  });

  it('goes when guests use storage keys, and no page gets it from then on', () => {
    mm.read(HOME, 4096 * 2);
    mm.enableSie();
    mm.enableKeys();
    mm.read(at(2), 1);
    const frames = framesOf(mm);
    expect(frames[3]).toBeNull();
    expect(new Set(frames.slice(0, 3)).size).toBe(3);
    expect(frames).not.toContain(host.kernel.zeros);
    mm.setKey(processPage(Number(HOME >> 12n)), 0x50);
    expect(mm.read(HOME, 4096 * 3)).toEqual(new Uint8Array(4096 * 3));
  });

  it('is given to nobody who does not ask for it', () => {
    const other = host.createMm();
    other.mmap({ address: HOME, length: 4096n });
    other.read(HOME, 1);
    expect(host.kernel.zeros).toBeNull();
  });
});
