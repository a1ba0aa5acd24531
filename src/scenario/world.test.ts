import { beforeEach, describe, expect, it } from 'vitest';
import { LinuxError } from '../host/index.ts';
import { Trace, type TraceEventType } from '../trace/index.ts';
import type { Operation } from './operation.ts';
import { parseLine } from './parse.ts';
import { World } from './world.ts';

let world: World;

beforeEach(() => {
  world = new World({ storageSize: 32 << 20 });
});

const answer = (line: string) => world.perform(parseLine(line) as Operation);
/** Performs lines and answers the last one's answer. */
const last = (...lines: string[]) => lines.map((line) => [...answer(line).lines].join('\n')).at(-1);
/** A gmap 0 with 1 MiB of the process at 256M behind guest address 0. */
const ready = () => last('mmap 256M 1M', 'gmap_alloc 0', 'gmap_map_segment 0 256M 0 1M');

describe('operations', () => {
  it('map and unmap process memory', () => {
    expect(last('mmap 256M 8K')).toBe('ok');
    expect(last('mmap 256M 4K')).toBe('error EEXIST');
    expect(last('munmap 256M 4K', 'mmap 256M 4K')).toBe('ok');
    expect(last('munmap 1G 4K')).toBe('ok');
    expect(last('mmap 1 4K')).toBe('error EINVAL');
    expect(last('mmap 4T 4K')).toMatch(/^error (EINVAL|ENOMEM)$/);
  });

  it('fault pages in without an access', () => {
    ready();
    expect(last('stats', 'gmap_fault 0 0x1234')).toBe('ok 0x10001234');
    const mm = world.process(0);
    const before = world.host.kernel.frames.available;
    expect(last('fault 0x10001234 write')).toBe('ok');
    expect(world.host.kernel.frames.available).toBe(before - 1);
    // The guest finds the page, and faults no more.
    const events: string[] = [];
    world.host.machine.trace.subscribe(({ type }) => events.push(type));
    expect(last('guest 0 write 0x1234 "x"')).toBe('ok');
    expect(events).toEqual([]);
    expect(mm.read(0x1000_1234n, 1)).toEqual(Uint8Array.of(0x78));
    expect(last('mprotect 256M 4K r', 'fault 256M')).toBe('ok');
    expect(last('fault 256M write')).toBe('error EFAULT');
    expect(last('fault 1G')).toBe('error EFAULT');
    expect(last('3: fault 256M')).toBe('error ENOENT');
  });

  it('create and free gmaps by name', () => {
    expect(last('gmap_alloc 63')).toBe('ok');
    expect(last('gmap_alloc 63')).toBe('error EEXIST');
    expect(last('gmap_free 63')).toBe('ok');
    expect(last('gmap_free 63')).toBe('error ENOENT');
  });

  it.each([
    'gmap_free 5',
    'gmap_map_segment 5 0 0 1M',
    'gmap_unmap_segment 5 0 1M',
    'gmap_fault 5 0',
    'gmap_discard 5 0 4K',
    'guest 5 read 0 1',
    'guest 5 write 0 00',
    'dump 5',
    'slot 5 0 0 0 1M',
    'dirty 5 0',
    'key 5 0',
    'set_key 5 0 0x10',
    'watch 5 0 4K',
    'watched 5',
  ])('%s: ENOENT and a message without the gmap', (line) => {
    expect(answer(line)).toEqual({ lines: ['error ENOENT'], explanation: 'gmap 5 does not exist' });
  });

  it('map, fault and unmap segments', () => {
    expect(ready()).toBe('ok');
    expect(last('dump 0')).toBe('segment 0x0 mapped 0x10000000\nend');
    expect(last('gmap_fault 0 0x1234')).toBe('ok 0x10001234');
    expect(last('dump 0')).toBe('segment 0x0 linked 0x10000000\nend');
    expect(last('stats')).toBe('rmaps 1 tables 4 pagetables 1 purges 0');
    expect(last('gmap_unmap_segment 0 0 1M')).toBe('ok');
    expect(last('dump 0')).toBe('end');
    expect(last('stats')).toBe('rmaps 0 tables 4 pagetables 1 purges 1');
    expect(last('gmap_fault 0 0')).toBe('error EFAULT');
    expect(last('gmap_map_segment 0 1 0 1M')).toBe('error EINVAL');
  });

  it('format a dump line by line', () => {
    ready();
    const { lines } = answer('dump 0');
    expect(Array.isArray(lines)).toBe(false);
    expect([...lines]).toEqual(['segment 0x0 mapped 0x10000000', 'end']);
  });

  it('read and write as the process and as the guest', () => {
    ready();
    expect(last('guest 0 write 0xffe 01020304')).toBe('ok');
    expect(last('process read 0x10000ffe 4')).toBe('ok 01020304');
    expect(last('process write 256M FF')).toBe('ok');
    expect(last('guest 0 read 0 1')).toBe('ok ff');
    expect(last('guest 0 read 0 0')).toBe('ok');
    expect(last('guest 0 read 1M 1')).toBe('error EFAULT');
    expect(last('process read 1G 1')).toBe('error EFAULT');
  });

  it('write all bytes or none', () => {
    ready();
    expect(last('guest 0 write 0xffffe aabbccdd')).toBe('error EFAULT');
    expect(last('guest 0 read 0xffffe 2')).toBe('ok 0000');
  });

  it('read at most 16 MiB', () => {
    expect(last('process read 0 16M')).toBe('error EFAULT');
    expect(answer('process read 0 0x1000001').lines).toEqual(['error EINVAL']);
    expect(answer('process read 0 0xffffffffffffffff').explanation).toContain('0x1000000');
  });

  it('discard pages: the next access finds zeros, the link stays', () => {
    ready();
    expect(last('guest 0 write 0 0102', 'gmap_discard 0 0 4K', 'guest 0 read 0 2')).toBe('ok 0000');
    expect(last('dump 0')).toBe('segment 0x0 linked 0x10000000\nend');
    expect(last('gmap_discard 0 4K 0')).toBe('error EINVAL');
  });

  it('fail the N-th allocation, once', () => {
    expect(last('fail 1')).toBe('ok');
    expect(answer('gmap_alloc 0')).toMatchObject({ lines: ['error ENOMEM'] });
    expect(world.gmaps.size).toBe(0);
    expect(last('gmap_alloc 0')).toBe('ok');
    expect(last('fail 1', 'fail 0', 'gmap_alloc 1')).toBe('ok');
  });
});

describe('processes', () => {
  it('have separate memory at the same addresses', () => {
    expect(last('mmap 256M 4K', '1: new', '1: mmap 256M 4K', '1: process write 256M 01')).toBe('ok');
    expect(last('process read 256M 1')).toBe('ok 00');
    expect(last('1: process read 256M 1')).toBe('ok 01');
    expect(last('0: munmap 256M 4K', '1: process read 256M 1')).toBe('ok 01');
  });

  it('are created and ended by name', () => {
    expect(last('new')).toBe('error EEXIST');
    expect(last('15: new')).toBe('ok');
    expect(last('15: new')).toBe('error EEXIST');
    expect(last('15: exit')).toBe('ok');
    expect(last('15: exit')).toBe('error ENOENT');
    expect(last('exit', 'mmap 0 4K')).toBe('error ENOENT');
    expect(last('new', 'mmap 0 4K')).toBe('ok');
  });

  it('have gmaps, which are freed with them', () => {
    last('2: new', '2: mmap 256M 1M', '2: gmap_alloc 7', 'gmap_map_segment 7 256M 0 1M');
    expect(last('guest 7 write 0 55', '2: process read 256M 1')).toBe('ok 55');
    expect(last('gmap_alloc 7')).toBe('error EEXIST');
    expect(last('2: exit', 'guest 7 read 0 1')).toBe('error ENOENT');
    expect(last('gmap_alloc 7')).toBe('ok');
  });

  it.each([
    'mmap 0 4K',
    'munmap 0 4K',
    'mremap 0 4K 8K',
    'fork 1',
    'mprotect 0 4K r',
    'dontneed 0 4K',
    'exit',
    'gmap_alloc 0',
    'process read 0 1',
    'process write 0 00',
    'kernel read 0 1',
    'kernel write 0 00',
  ])('that do not exist: ENOENT for 9: %s', (line) => {
    expect(answer(`9: ${line}`)).toEqual({
      lines: ['error ENOENT'],
      explanation: 'process 9 does not exist',
    });
  });

  it('protect, replace and drop memory', () => {
    ready();
    expect(last('guest 0 write 0 77', 'mprotect 256M 4K r', 'guest 0 read 0 1')).toBe('ok 77');
    expect(last('guest 0 write 0 78')).toBe('error EFAULT');
    expect(last('mprotect 256M 4K none', 'kernel read 256M 1')).toBe('error EFAULT');
    expect(last('mmap 256M 4K r fixed', 'process read 256M 1')).toBe('ok 00');
    expect(last('kernel write 0x10001000 0102', 'guest 0 read 4K 2')).toBe('ok 0102');
    expect(last('dontneed 0x10001000 4K', 'kernel read 0x10001000 2')).toBe('ok 0000');
  });

  it('run on the processor named', () => {
    ready();
    last('guest 0 read 0 1 on 3', 'process read 256M 1 on 2');
    const used = world.host.machine.cpus.map(({ tlb }) => [...tlb.entries()].length);
    expect(used).toEqual([0, 0, 1, 1]);
  });
});

describe('shared memory', () => {
  it('a fork copies pages when they are written', () => {
    ready();
    last('guest 0 write 0 11', 'fork 1', '1: process write 256M 22', 'guest 0 write 4K 33');
    expect(last('guest 0 read 0 1')).toBe('ok 11');
    expect(last('1: process read 256M 1')).toBe('ok 22');
    expect(last('1: process read 0x10001000 1')).toBe('ok 00');
    expect(last('fork 1')).toBe('error EEXIST');
    expect(last('1: gmap_alloc 0')).toBe('error EEXIST');
  });

  it('parent and child share shared memory', () => {
    last('mmap 1G 8K shared', 'fork 1', '1: process write 1G 44');
    expect(last('process read 1G 1')).toBe('ok 44');
    expect(last('dontneed 1G 4K', 'process read 1G 1')).toBe('ok 44');
  });

  it('a file can be mapped shared and private', () => {
    last(
      'file 3 8K',
      'file 3 write 4096 0102',
      'mmap 1G 4K shared file 3 4K',
      '2: new',
      '2: mmap 1G 8K file 3 0',
    );
    expect(last('process read 1G 2')).toBe('ok 0102');
    expect(last('2: process read 0x40001000 2', 'process write 1G 05', '2: process read 0x40001000 2')).toBe(
      'ok 0502',
    );
    expect(
      last('2: process write 0x40001001 09', 'process write 1G 06', '2: process read 0x40001000 2'),
    ).toBe('ok 0509');
    expect(last('2: dontneed 1G 8K', '2: process read 0x40001000 2')).toBe('ok 0602');
    expect(last('file 3 read 4096 2', 'file 3 close', 'process read 1G 2')).toBe('ok 0602');
    expect(last('file 3 read 0 1')).toBe('error ENOENT');
    expect(last('mmap 2G 4K file 3 0')).toBe('error ENOENT');
    expect(last('file 3 4K', 'file 3 4K')).toBe('error EEXIST');
    expect(last('file 3 read 4095 2')).toBe('error EINVAL');
    expect(last('mmap 2G 8K file 3 0', 'process read 0x80001000 1')).toBe('error EFAULT');
  });
});

describe('a virtual machine', () => {
  beforeEach(() => {
    last('mmap 256M 2M', 'gmap_alloc 0', 'slot 0 1 256M 1M 1M log');
  });

  it('has slots, which log writes', () => {
    expect(last('guest 0 write 0x102000 01', 'process write 256M 02', 'guest 0 read 0x103000 1')).toBe(
      'ok 00',
    );
    expect(last('dirty 0 1')).toBe('ok 0x100000 0x102000');
    expect(last('dirty 0 1')).toBe('ok');
    expect(last('kernel write 0x10003000 01', 'dirty 0 1')).toBe('ok 0x103000');
    expect(last('dirty 0 2')).toBe('error ENOENT');
    expect(last('slot 0 1 256M 1M 1M', 'dirty 0 1')).toBe('error ENOENT');
    expect(last('slot 0 2 256M 1M 1M')).toBe('error EEXIST');
    expect(last('slot 0 1 256M 1M 0', 'dump 0')).toBe('end');
    expect(last('gmap_free 0', 'dirty 0 1')).toBe('error ENOENT');
  });

  it('has storage keys', () => {
    expect(last('key 0 1M')).toBe('ok 0x0');
    expect(last('set_key 0 1M 0x30', 'key 0 1M')).toBe('ok 0x30');
    expect(last('guest 0 write 1M 01', 'key 0 1M')).toBe('ok 0x36');
    expect(last('key 0 0')).toBe('error EFAULT');
    expect(last('set_key 0 1M 1')).toBe('error EINVAL');
  });

  it('is notified of watched pages, with slots and without', () => {
    last('gmap_alloc 1', 'gmap_map_segment 1 256M 0 1M');
    expect(last('watch 1 4K 8K', 'watch 0 1M 4K', 'watched 1')).toBe('ok');
    expect(last('dontneed 256M 8K', 'watched 1')).toBe('ok 0x1000');
    expect(last('watched 0')).toBe('ok 0x100000');
    expect(last('watched 0')).toBe('ok');
    expect(last('mprotect 256M 1M r', 'watched 1')).toBe('ok 0x2000');
    expect(last('watch 1 1 4K')).toBe('error EINVAL');
    expect(last('watch 1 0 4K')).toBe('error EFAULT');
  });
});

describe('moved memory', () => {
  it('keeps its contents', () => {
    last('mmap 1G 4K', 'process write 1G 55');
    expect(last('mremap 1G 4K 8K')).toBe('ok 0x40000000');
    expect(last('mremap 1G 8K 4K to 2G', 'process read 2G 1')).toBe('ok 55');
    expect(last('mmap 0x80001000 4K r', 'mremap 2G 4K 8K')).toBe('error ENOMEM');
    expect(last('mremap 2G 4K 8K maymove')).toBe('ok 0x3ffffffe000');
    expect(last('process read 0x3ffffffe000 1')).toBe('ok 55');
    expect(last('mremap 2G 4K 8K')).toBe('error EFAULT');
  });

  it('may lie beyond 4 TiB only with the word high', () => {
    expect(last('mmap 4T 4K')).toBe('error EINVAL');
    expect(last('munmap 4T 4K')).toBe('error EINVAL');
    expect(last('mmap 4T 4K high', 'process write 4T 66', 'process read 4T 1')).toBe('ok 66');
    expect(last('munmap 4T 4K', 'process read 4T 1')).toBe('error EFAULT');
    expect(last('gmap_alloc 0', 'gmap_map_segment 0 4T 0 1M')).toBe('error EINVAL');
  });

  it('can have a 1 MiB frame, which guests share', () => {
    last('mmap 256M 1M large', 'gmap_alloc 0', 'gmap_map_segment 0 256M 0 1M', 'guest 0 write 0xfffff 77');
    expect(last('process read 0x100fffff 1')).toBe('ok 77');
    expect(last('stats')).toBe('rmaps 1 tables 4 pagetables 0 purges 0');
    expect(last('munmap 256M 4K', 'guest 0 read 0 1')).toBe('error EFAULT');
    expect(last('guest 0 read 0xfffff 1')).toBe('ok 77');
    expect(last('process read 0x100fffff 1')).toBe('ok 77');
  });
});

it('files are made, written, read and closed', () => {
  expect(last('file 3 8K', 'file 3 write 4K "hello"')).toBe('ok');
  expect(last('file 3 read 4095 6')).toBe('ok 0068656c6c6f');
  expect(last('file 3 4K')).toBe('error EEXIST');
  expect(last('file 3 close', 'file 3 read 0 1')).toBe('error ENOENT');
});

describe('the world', () => {
  it('emits events to a trace', () => {
    const trace = new Trace();
    const types: TraceEventType[] = [];
    trace.subscribe(({ type }) => types.push(type));
    world = new World({ storageSize: 32 << 20, trace });
    ready();
    expect(types).toEqual(['mm-alloc', 'mmap', 'gmap-alloc', 'map']);
  });

  it('rejects an invalid storage size', () => {
    expect(() => new World({ storageSize: 0 })).toThrow(RangeError);
    expect(() => new World({ storageSize: 5 })).toThrow(RangeError);
    expect(() => new World({ storageSize: 1 << 16 })).toThrow(LinuxError);
  });
});
