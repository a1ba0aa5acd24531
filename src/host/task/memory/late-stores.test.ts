/** Stores that are kept until user space has provided their pages. */

import { beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { type Mm, SERVED } from '../../mm/index.ts';
import { codeOf } from '../../testing/index.ts';
import { LateStores } from './late-stores.ts';
import { UserMemory } from './user-memory.ts';

const HOME = 0x10_0000;
const FIRST = HOME / 4096;

let mm: Mm;
let late: LateStores;
let memory: UserMemory;
let servesKernel: boolean;

beforeEach(() => {
  mm = new Host(new Machine({ storageSize: 4 << 20 })).createMm();
  mm.mmap({ address: BigInt(HOME), length: 1n << 28n });
  servesKernel = true;
  const server = {
    servesPrograms: true,
    get servesKernel() {
      return servesKernel;
    },
    enqueue: () => ({ isWoken: false, leave: () => {} }),
    wake: () => {},
  };
  mm.serveFaults(FIRST, FIRST + (1 << 15), server, SERVED.MISSING);
  late = new LateStores();
  memory = new UserMemory(mm, late);
});

describe('a store to a page that user space is to provide', () => {
  it('is kept while a system call is performed, and can be made later', () => {
    late.open();
    const bytes = Uint8Array.of(1, 2);
    memory.write(HOME, bytes);
    bytes.fill(9);
    memory.setU32(HOME + 2, 0x0304_0506);
    expect(late.isPending).toBe(true);
    const stores = late.close();
    expect([stores.length, late.isPending]).toEqual([2, false]);
    mm.providePage(FIRST, 'zeros');
    for (const store of stores) store.memory.storeNow(store.address, store.bytes);
    expect(memory.read(HOME, 6)).toEqual(Uint8Array.of(1, 2, 3, 4, 5, 6));
  });

  it('fails when nobody waits for it', () => {
    expect(codeOf(() => memory.write(HOME, Uint8Array.of(1)))).toBe('EFAULT');
    late.open();
    servesKernel = false;
    expect(codeOf(() => memory.write(HOME, Uint8Array.of(1)))).toBe('EFAULT');
    expect(codeOf(() => new UserMemory(mm).write(HOME, Uint8Array.of(1)))).toBe('EFAULT');
    expect(late.close()).toEqual([]);
  });

  it('fails when 64 MiB are kept', () => {
    late.open();
    memory.write(HOME, new Uint8Array(1 << 26));
    expect(codeOf(() => memory.write(HOME, Uint8Array.of(1)))).toBe('EFAULT');
    late.close();
    late.open();
    memory.write(HOME, Uint8Array.of(1));
    expect(late.close()).toHaveLength(1);
  });

  it('is made at once if the page is there', () => {
    mm.providePage(FIRST, 'zeros');
    late.open();
    memory.write(HOME, Uint8Array.of(7));
    expect([late.close(), memory.read(HOME, 1)[0]]).toEqual([[], 7]);
  });
});

describe('a range that is read later', () => {
  it('is expected to be there, or else not to be mapped at all', () => {
    mm.providePage(FIRST, 'zeros');
    expect(codeOf(() => memory.expect(HOME + 4000, 96))).toBe('ok');
    expect(codeOf(() => memory.expect(HOME + 4000, 97))).toBe('EFAULT');
    expect(codeOf(() => memory.expect(16, 100))).toBe('ok');
    expect(codeOf(() => memory.expect(2 ** 60, 8))).toBe('ok');
    servesKernel = false;
    expect(codeOf(() => memory.expect(HOME + 4096, 1))).toBe('ok');
  });
});
