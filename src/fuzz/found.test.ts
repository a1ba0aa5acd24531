import { expect, it } from 'vitest';
import { parseLine } from '../scenario/index.ts';
import { runAll } from './run.ts';

/** Scenarios of bugs that campaigns have found, as printed. They must not fail again. */
const FOUND = {
  'a region-third table is not lost if the last mapping was never touched': `
    mmap 0x3fffff00000 4M high
    kernel read 4T 8
    mmap 0x40080000000 4K high
    munmap 128M 4T
    exit`,
  'a discard that splits a frame of 1 MiB drops its contents': `
    gmap_alloc 0
    mmap 2049M 3M large
    gmap_map_segment 0 2049M 0x40000100000 3M
    guest 0 write 0x40000302000 0d
    gmap_discard 0 0x40000301000 0x40000400000
    process read 0x80302000 1`,
  'a slot that cannot be moved stays mapped': `
    gmap_alloc 0
    slot 0 2 2049M 4T 1M log
    fail 2
    gmap_unmap_segment 0 0 0x20000000000000
    slot 0 2 2049M 0 1M log
    dump 0`,
  'mremap that runs out of memory leaks no page table, not even in a mapped segment': `
    1: new
    1: gmap_alloc 0
    file 0 4K
    1: mmap 0x3fffffff000 1028K high
    1: process write 0x40000000fff add2f71c41668bb0 on 2
    1: mmap 0x40080000000 2M high file 0 4K
    fail 3
    1: mremap 4T 1M 516K to 0x400800ff000`,
  'a freed page table of 2 KiB may leave its bits in the unused half of its frame': `
    mmap 256M 4M
    process read 0x10001ff8 2048
    gmap_alloc 0
    slot 0 0 256M 2G 2M log
    gmap_map_segment 0 256M 2046M 2M
    fork 1
    guest 0 read 0x7ff7f000 1
    fail 3
    watch 0 2049M 4K
    1: mremap 0x10001000 8K 1028K maymove`,
};

it.each(Object.entries(FOUND))('%s', (_, text) => {
  const operations = text.split('\n').flatMap((line) => parseLine(line) ?? []);
  expect(operations.length).toBeGreaterThan(0);
  const run = { storageSize: 16 << 20, checkEvery: 1, compareEvery: 1 };
  expect(runAll(operations, run).finding).toBe(null);
});
