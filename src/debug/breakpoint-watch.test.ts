import { describe, expect, it } from 'vitest';
import { Host } from '../host/index.ts';
import { Machine } from '../machine/index.ts';
import { Monitor, NO_SYMBOLS } from '../vmm/index.ts';
import { parseBreakpoint } from './breakpoint.ts';
import { BreakpointWatch } from './breakpoint-watch.ts';

const MIB = 1n << 20n;
const MEMORY_AT = 256n * MIB;

/** Runs code at 0x1000 of a guest. Returns the units of work that were done at each hit. */
function hitsOf(code: number[], breakpoints: readonly string[], touched: readonly bigint[] = []): number[] {
  const host = new Host(new Machine({ storageSize: 64 << 20 }));
  const mm = host.createMm();
  mm.mmap({ address: MEMORY_AT, length: MIB });
  const segment = {
    address: 0x1000n,
    memorySize: BigInt(code.length),
    bytes: Uint8Array.from(code),
    flags: 7,
  };
  const monitor = new Monitor(host, mm, {
    image: { entry: 0x1000n, segments: [segment] },
    maps: [{ from: MEMORY_AT, to: 0n, length: MIB }],
    console: { write() {} },
  });
  for (const address of touched) monitor.vm.writeGuest(address, Uint8Array.of(0));
  const hits: number[] = [];
  const cpu = host.machine.cpu(0);
  const watched = { trace: host.machine.trace, host, vcpu: () => monitor.current };
  const parsed = breakpoints.map((text) => parseBreakpoint(text, NO_SYMBOLS));
  const watch = new BreakpointWatch(watched, parsed, () => {
    hits.push(cpu.executed);
    return false;
  });
  monitor.run(10, () => watch.ended());
  watch.close();
  expect(cpu.observer).toBeNull();
  return hits;
}

/** Sets registers 1 and 2 to 0x3000 and 0x5000, and moves 8 bytes from the second address to the first. */
const MOVE = [0xa7, 0x18, 0x30, 0, 0xa7, 0x28, 0x50, 0, 0xd2, 7, 0x10, 0, 0x20, 0, 0xa7, 0xf4, 0, 0];

describe('an access that must be made again', () => {
  it.each([
    ['neither page is present', []],
    ['the first page is present', [0x3000n]],
    ['the second page is present', [0x5000n]],
  ])('hits once, when its instruction is done: %s', (_, touched) => {
    for (const text of ['write:0x3000,4', 'read:0x5004', 'access:absolute:0x3000,4K']) {
      expect(hitsOf(MOVE, [text], touched), text).toEqual([3]);
    }
  });

  it('does not hit a range next to it', () => {
    const texts = ['write:0x2fff', 'write:0x3008', 'read:0x3000,8', 'write:0x5000,8', 'read:absolute:0x4fff'];
    expect(hitsOf(MOVE, texts)).toEqual([]);
  });
});

describe('a condition', () => {
  it.each([
    ['r1 == 0x3000', 1],
    ['r1 & 0x1000 != 0', 1],
    ['r1 & 0x800 != 0', 0],
    ['r1 >= 0x3000 and r1 <= 0x3000', 1],
    ['r1 > 0x3000', 0],
    ['r1 < 0x3001 and r2 == 0', 0],
    ['psw.address == 0x1008', 1],
    ['psw.mask & 0x180000000 == 0x180000000', 1],
    ['psw.key == 0 and psw.cc == 0 and prefix == 0 and fpc == 0 and cpu == 0', 1],
    ['c0 & 0xe0 == 0xe0 and a3 == 0 and f15 == 0', 1],
  ])('%s', (condition, hits) => {
    expect(hitsOf(MOVE, [`0x1008 if ${condition}`])).toHaveLength(hits);
  });
});
