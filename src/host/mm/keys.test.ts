/**
 * Guests' storage keys: a page keeps its key when it gets, loses or changes its frame.
 */

import { beforeEach, describe, expect, it } from 'vitest';
import { checkedHost, endAll, failEach } from '../../check/testing/index.ts';
import type { Gmap } from '../gmap/index.ts';
import type { Host } from '../host.ts';
import { processPage } from '../numbers.ts';
import { bytes, codeOf, MIB, messageOf, pageEntryOf, snapshotOf } from '../testing/index.ts';
import { PROT } from './mappings.ts';
import type { Mm } from './mm.ts';

const HOME = 0x1000_0000n;
const FIRST = Number(HOME >> 12n);
const PAGE = 4096n;
const GUEST = 5n << 30n;
/** The bits of a key that only SSKE changes: access control and fetch protection. */
const LASTING = 0xf8;
const REFERENCED = 4;
const CHANGED = 2;

let host: Host;
let mm: Mm;
let gmap: Gmap;

beforeEach(() => {
  ({ host } = checkedHost());
  mm = host.createMm();
  mm.mmap({ address: HOME, length: 2n * MIB });
  gmap = host.createGmap(mm);
  gmap.map({ from: HOME, to: GUEST, length: 2n * MIB });
  return () => endAll(host);
});

const page = (index: number) => HOME + BigInt(index) * PAGE;
const put = (index: number, value = 1) => mm.write(page(index), bytes(value));
const guestSees = (index: number, cpu = 1) =>
  host.readAsGuest(gmap, host.machine.cpu(cpu), GUEST + BigInt(index) * PAGE, 1)[0];
const guestPuts = (index: number, cpu = 1) =>
  host.writeAsGuest(gmap, host.machine.cpu(cpu), GUEST + BigInt(index) * PAGE, bytes(3));
const key = (index: number, of = mm) => of.keyOf(processPage(FIRST + index));
const lasting = (index: number, of = mm) => key(index, of) & LASTING;
const setKey = (index: number, value: number) => mm.setKey(processPage(FIRST + index), value);
const frameOf = (index: number, of = mm) => Number(pageEntryOf(host, of.asce, page(index)) >> 12n);
const pgste = (index: number) => Number(pageEntryOf(host, mm.asce, page(index), true) >> 32n);
/** The key of the frame behind a page. */
const frameKey = (index: number, of = mm) => host.machine.storage.keys[frameOf(index, of)] as number;

it('a key cannot be set before keys are enabled: EINVAL', () => {
  expect(codeOf(() => setKey(0, 0x10))).toBe('EINVAL');
  expect(messageOf(() => setKey(0, 0x10))).toBe('the process does not use storage keys');
  expect(key(0)).toBe(0);
});

describe('a guest’s storage key', () => {
  it('is 0 for all pages when keys are enabled, regardless of the frames’ keys', () => {
    put(0);
    host.machine.storage.keys[frameOf(0)] = 0xf6;
    mm.enableKeys();
    mm.enableKeys();
    expect([key(0), key(1), key(300), frameKey(0)]).toEqual([0, 0, 0, 0]);
  });

  it('does not change when keys are enabled once more', () => {
    mm.enableKeys();
    put(0);
    for (const index of [0, 1]) setKey(index, 0x36);
    mm.enableKeys();
    expect([key(0), key(1), frameKey(0)]).toEqual([0x36, 0x36, 0x30]);
  });

  it('is in the frame’s key while the page has a frame, and in the PGSTE before', () => {
    mm.enableKeys();
    setKey(0, 0x38);
    expect(pgste(0) >>> 24).toBe(0x38);
    expect(key(0)).toBe(0x38);
    put(0);
    expect(lasting(0)).toBe(0x38);
    expect(frameKey(0) & LASTING).toBe(0x38);
    setKey(0, 0x50);
    expect(lasting(0)).toBe(0x50);
    expect(frameKey(0) & LASTING).toBe(0x50);
    setKey(1, 0x70);
    guestPuts(1);
    expect([lasting(0), lasting(1), lasting(2)]).toEqual([0x50, 0x70, 0]);
  });

  it.each([0x00, 0x10, 0x88, 0xf8, 0x36, 0xfe])(
    '%i is returned as it was set, with a frame and without',
    (value) => {
      mm.enableKeys();
      put(0);
      setKey(0, value);
      setKey(1, value);
      expect([key(0), key(1)]).toEqual([value, value]);
      mm.dontNeed({ address: HOME, length: PAGE });
      expect(key(0)).toBe(value);
    },
  );

  it('where nothing is mapped is 0, and setting it is EFAULT', () => {
    mm.enableKeys();
    const before = snapshotOf(host, mm, gmap);
    expect(codeOf(() => setKey(512, 0x10))).toBe('EFAULT');
    expect([key(512), key(2 ** 30), key(2 ** 40)]).toEqual([0, 0, 0]);
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
  });

  it('returns reference and change bits: those that were set, and those that guests caused since', () => {
    mm.enableKeys();
    guestPuts(0);
    setKey(0, 0x20);
    expect(key(0)).toBe(0x20);
    guestSees(0);
    expect(key(0)).toBe(0x20 | REFERENCED);
    guestPuts(0);
    expect(key(0)).toBe(0x20 | REFERENCED | CHANGED);
    mm.dontNeed({ address: HOME, length: PAGE });
    expect(key(0)).toBe(0x20 | REFERENCED | CHANGED);
    setKey(0, 0x20);
    expect(key(0)).toBe(0x20);
    setKey(0, 0x20 | CHANGED);
    guestSees(0);
    expect(key(0)).toBe(0x20 | REFERENCED | CHANGED);
  });

  it('keeps the host’s reference and change bits when it is set', () => {
    mm.enableKeys();
    guestPuts(0);
    setKey(0, 0);
    // In the PGSTE, host referenced and host changed.
    expect(pgste(0) & 0x0060_0000).toBe(0x0060_0000);
    expect(pgste(0) & 0x0006_0000).toBe(0);
  });
});

describe('keys outlive frames', () => {
  const file = () => {
    const file = host.createFile(MIB);
    file.write(0n, new Uint8Array(1 << 20).fill(7));
    return file;
  };

  it.each([
    ['dontNeed', () => mm.dontNeed({ address: HOME, length: MIB })],
    ['discard', () => gmap.discard({ address: GUEST, length: MIB })],
  ])('%s: the next frame has the same key', (_, drop) => {
    mm.enableKeys();
    for (const index of [0, 1]) {
      guestPuts(index);
      setKey(index, 0x30 + index * 8);
    }
    for (let round = 0; round < 2; round++) {
      drop();
      expect([lasting(0), lasting(1)]).toEqual([0x30, 0x38]);
      expect(guestSees(0)).toBe(0);
      guestPuts(1, 2);
      expect([lasting(0), lasting(1)]).toEqual([0x30, 0x38]);
      expect(frameKey(1) & LASTING).toBe(0x38);
    }
  });

  it('a key that a guest set by itself in the frame is saved', () => {
    mm.enableKeys();
    guestPuts(0);
    host.machine.storage.keys[frameOf(0)] = 0x90;
    mm.dontNeed({ address: HOME, length: PAGE });
    expect(lasting(0)).toBe(0x90);
  });

  it('does not pass to the next owner of the frame', () => {
    mm.enableKeys();
    guestPuts(0);
    const frame = frameOf(0);
    setKey(0, 0xa8);
    mm.dontNeed({ address: HOME, length: PAGE });
    guestPuts(1);
    expect([frameOf(1), lasting(1)]).toEqual([frame, 0]);
    const other = host.createMm();
    other.mmap({ address: HOME, length: PAGE });
    mm.dontNeed({ address: HOME, length: MIB });
    other.write(HOME, bytes(1));
    expect(frameKey(0, other) & LASTING).toBe(0);
  });

  it('a copy after a fork has it, whether parent or child writes first, and the child has none', () => {
    mm.enableKeys();
    for (const index of [0, 1]) {
      guestPuts(index);
      setKey(index, 0x58);
    }
    const child = host.fork(mm);
    expect([lasting(0), lasting(1)]).toEqual([0x58, 0x58]);
    guestPuts(0);
    child.write(page(1), bytes(9));
    expect(frameKey(1, child) & LASTING).toBe(0);
    expect([lasting(0), lasting(1)]).toEqual([0x58, 0x58]);
    guestPuts(1);
    host.exitMm(child);
    expect([lasting(0), lasting(1)]).toEqual([0x58, 0x58]);
    for (const index of [0, 1]) {
      expect(frameKey(index) & LASTING).toBe(0x58);
    }
  });

  it('a copy of a file’s page has it, and the file’s frame never does', () => {
    mm.mmap({ address: HOME, length: MIB, file: file(), taken: 'replace' });
    mm.enableKeys();
    expect(guestSees(0)).toBe(7);
    guestPuts(0);
    setKey(0, 0x48);
    setKey(1, 0x68);
    guestPuts(1);
    expect([lasting(0), lasting(1)]).toEqual([0x48, 0x68]);
    mm.dontNeed({ address: HOME, length: MIB });
    guestPuts(0, 2);
    expect([lasting(0), guestSees(1)]).toEqual([0x48, 7]);
  });

  it('a page of shared memory has the key that was set before it was touched', () => {
    mm.mmap({ address: HOME, length: MIB, shared: true, taken: 'replace' });
    mm.enableKeys();
    setKey(3, 0x50);
    guestPuts(3);
    expect([lasting(3), frameKey(3) & LASTING]).toEqual([0x50, 0x50]);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(guestSees(3)).toBe(3);
    expect([lasting(3), frameKey(3) & LASTING]).toEqual([0x50, 0x50]);
  });

  it('a frame that two processes share keeps its key when the second one maps it', () => {
    mm.mmap({ address: HOME, length: MIB, shared: true, taken: 'replace' });
    const child = host.fork(mm);
    mm.enableKeys();
    child.enableKeys();
    guestPuts(0);
    setKey(0, 0x30);
    child.read(HOME, 1);
    expect([lasting(0), lasting(0, child), frameKey(0) & LASTING]).toEqual([0x30, 0x30, 0x30]);
  });

  it('protection changes and PROT_NONE keep it', () => {
    mm.enableKeys();
    guestPuts(0);
    setKey(0, 0x18);
    for (const protection of [PROT.READ, PROT.NONE, PROT.READ | PROT.WRITE]) {
      mm.mprotect({ address: HOME, length: MIB, protection });
      expect(lasting(0)).toBe(0x18);
    }
    guestPuts(0);
    expect(lasting(0)).toBe(0x18);
  });

  it('unmapping and remapping the guest keeps it', () => {
    mm.enableKeys();
    guestPuts(0);
    setKey(0, 0x28);
    gmap.unmap({ address: GUEST, length: MIB });
    gmap.map({ from: HOME, to: GUEST, length: MIB });
    expect([guestSees(0), lasting(0)]).toEqual([3, 0x28]);
    const second = host.createGmap(mm);
    second.map({ from: HOME, to: 0n, length: MIB });
    expect(host.readAsGuest(second, host.machine.cpu(2), 0n, 1)[0]).toBe(3);
    expect(lasting(0)).toBe(0x28);
  });

  it('setting the key of a page without a frame changes the key of no frame', () => {
    mm.enableKeys();
    const before = host.machine.storage.keys.slice();
    setKey(0, 0x30);
    expect(host.machine.storage.keys).toEqual(before);
    expect(pgste(0) >>> 24).toBe(0x30);
  });

  it('without keys enabled a frame that moves to another page has the same key', () => {
    put(0);
    const frame = frameOf(0);
    host.machine.storage.keys[frame] = 0x36;
    mm.mremap({ address: HOME, oldLength: PAGE, newLength: PAGE, to: page(300) });
    expect([frameOf(300), frameKey(300)]).toEqual([frame, 0x36]);
  });

  it('without keys enabled the frames’ keys are not kept', () => {
    guestPuts(0);
    host.machine.storage.keys[frameOf(0)] = 0x90;
    mm.dontNeed({ address: HOME, length: PAGE });
    guestPuts(0);
    expect(frameKey(0) & LASTING).toBe(0);
    expect(pgste(0)).toBe(0);
  });
});

describe('keys and frames of 1 MiB', () => {
  it('exclude each other: the frames are split, and no more are made', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true, taken: 'replace' });
    guestPuts(7);
    mm.enableKeys();
    expect([host.kernel.frames.count('large-page'), guestSees(7)]).toEqual([0, 3]);
    setKey(7, 0x30);
    guestPuts(256);
    expect(host.kernel.frames.count('large-page')).toBe(0);
    expect([lasting(7), lasting(8), lasting(256)]).toEqual([0x30, 0, 0]);
    mm.dontNeed({ address: HOME, length: MIB });
    expect(lasting(7)).toBe(0x30);
  });

  it('ENOMEM: keys stay off', () => {
    mm.mmap({ address: HOME, length: 2n * MIB, large: true, taken: 'replace' });
    guestPuts(7);
    const before = snapshotOf(host, mm, gmap);
    host.kernel.frames.failIn(1);
    expect(codeOf(() => mm.enableKeys())).toBe('ENOMEM');
    expect(snapshotOf(host, mm, gmap)).toEqual(before);
    expect(mm.ptes.usesKeys).toBe(false);
  });
});

it('setting a key makes the page table that it needs, or ends with ENOMEM', () => {
  const ends = failEach(() => {
    const { host } = checkedHost();
    const mm = host.createMm();
    mm.mmap({ address: HOME, length: MIB });
    host.createGmap(mm);
    mm.enableKeys();
    return { host, seen: () => snapshotOf(host, mm), operation: () => mm.setKey(processPage(FIRST), 0x10) };
  });
  expect(ends).toEqual(['ENOMEM', 'ENOMEM']);
});
