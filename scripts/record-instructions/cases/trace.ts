/**
 * Tracing: TRACE, TRACE LONG, and the entries that branches and switches of the addressing mode make. Control register 12
 * designates the trace table. The code of a case of TRACE clears the time in its entry.
 */

import { Cases, type RecordedCase, type StateInput } from '../generate.ts';
import { ARENA, DATA } from '../layout.ts';

const BRANCH = 1n << 63n;
const MODE = 1n << 62n;
const EXPLICIT = 1n;
/** The trace table of most cases, and one whose 4 KiB end soon. */
const TABLE = 0x21010;
const END = 0x21000;
const TARGET = ARENA + 0x30;
const NOWHERE = 0x7000_0000n;

const at = (address: number, hex: string) => ({ [address.toString(16)]: hex });

export function trace(): RecordedCase[] {
  const c = new Cases();
  explicit(c);
  branches(c);
  modes(c);
  limits(c);
  return c.list;
}

function explicit(c: Cases): void {
  const operand = at(DATA, '00123456');
  const state = (table: number): StateInput => ({
    c12: BigInt(table) | EXPLICIT,
    r9: DATA,
    r8: table,
    m: operand,
  });
  const registers = ['%r2,%r2', '%r2,%r5', '%r14,%r1', '%r0,%r15', '%r5,%r4'];
  for (const pair of registers) {
    c.add('trace', `trace ${pair},0(%r9)\nxc 2(6,%r8),2(%r8)`, { ...state(TABLE), cc: 2 });
    c.add('tracg', `tracg ${pair},0(%r9)\nxc 2(10,%r8),2(%r8)`, { ...state(TABLE), cc: 2 });
  }
  for (const [name, clear] of [
    ['trace', 'xc 2(6,%r8),2(%r8)'],
    ['tracg', 'xc 2(10,%r8),2(%r8)'],
  ] as const) {
    const asm = `${name} %r2,%r3,0(%r9)\n${clear}`;
    for (const mode of [24, 31]) c.add(name, asm, { ...state(TABLE), mode });
    c.add(name, `${name} %r2,%r3,0(%r9)`, { ...state(TABLE), c12: BigInt(TABLE) });
    c.add(name, `${name} %r2,%r3,0(%r9)`, { ...state(TABLE), m: at(DATA, '80000001') });
    c.add(name, `${name} %r2,%r3,2(%r9)`, state(TABLE));
    c.add(name, `${name} %r2,%r3,0(%r9)`, { ...state(TABLE), problem: 1 });
    c.add(name, `${name} %r2,%r3,0(%r9)`, { ...state(TABLE), r9: NOWHERE });
    // The largest entry must fit, whatever the number of registers.
    const most = name === 'trace' ? 76 : 144;
    c.add(name, asm, state(END - most - 4));
    c.add(name, `${name} %r2,%r3,0(%r9)`, state(END - most));
    c.add(name, `${name} %r2,%r3,0(%r9)`, state(END - most + 4));
  }
}

function branches(c: Cases): void {
  const lines = { balr: 'balr %r2,%r4', basr: 'basr %r2,%r4', bassm: 'bassm %r2,%r4' };
  for (const [name, asm] of Object.entries(lines)) {
    for (const mode of [24, 31, 64]) {
      const same = mode === 64 ? 1 : mode === 31 ? 0x8000_0000 : 0;
      const r4 = BigInt(TARGET + (name === 'bassm' ? same : 0));
      c.add(name, asm, { c12: BRANCH | BigInt(TABLE), r4, mode });
      c.add(name, asm, { c12: BigInt(TABLE), r4, mode });
      c.add(name, asm.replace('%r4', '%r0'), { c12: BRANCH | BigInt(TABLE), mode });
    }
    c.add(name, asm, { c12: BRANCH | BigInt(TABLE), r4: 0xff00_0000n + BigInt(TARGET), mode: 24 });
    c.add(name, asm, { c12: BRANCH | BigInt(TABLE), r4: 0xffff_ffff_0000_0000n + BigInt(TARGET), mode: 31 });
  }
  // Other branches are not traced.
  for (const [name, asm] of Object.entries({
    bas: 'bas %r2,0(%r4)',
    bras: 'bras %r2,.+0x30',
    bcr: 'bcr 15,%r4',
  })) {
    c.add(name, asm, { c12: BRANCH | MODE | BigInt(TABLE), r4: TARGET });
  }
}

function modes(c: Cases): void {
  for (const mode of [24, 31, 64]) {
    for (const bits of [MODE, MODE | BRANCH, BRANCH]) {
      for (const to of [0, 1, 0x8000_0000]) {
        const r4 = BigInt(TARGET + to);
        c.add('bassm', 'bassm %r2,%r4', { c12: bits | BigInt(TABLE), r4, mode });
        c.add('bsm', 'bsm %r2,%r4', { c12: bits | BigInt(TABLE), r4, mode });
      }
      for (const name of ['sam24', 'sam31', 'sam64']) c.add(name, name, { c12: bits | BigInt(TABLE), mode });
    }
    c.add('bassm', 'bassm %r2,%r0', { c12: MODE | BRANCH | BigInt(TABLE), mode });
    c.add('bsm', 'bsm %r2,%r0', { c12: MODE | BigInt(TABLE), mode });
  }
}

/** The ends of the trace table, and of storage. */
function limits(c: Cases): void {
  for (const table of [END - 8, END - 4, END - 12]) {
    c.add('basr', 'basr %r2,%r4', { c12: BRANCH | BigInt(table), r4: TARGET });
    c.add('sam31', 'sam31', { c12: MODE | BigInt(table) });
    c.add('bsm', 'bsm %r2,%r4', { c12: MODE | BigInt(table), r4: TARGET });
  }
  const outside = { c12: BRANCH | MODE | NOWHERE, r4: TARGET };
  const low = { c12: BRANCH | MODE | 0x100n, r4: TARGET, c0: 0x1004_00e0n };
  for (const state of [outside, low]) {
    c.add('basr', 'basr %r2,%r4', state);
    c.add('balr', 'balr %r2,%r4', state);
    c.add('bassm', 'bassm %r2,%r4', state);
    c.add('bsm', 'bsm %r2,%r4', state);
    c.add('sam31', 'sam31', state);
  }
  const m = at(DATA, '00000000');
  c.add('trace', 'trace %r2,%r3,0(%r9)', { c12: NOWHERE | EXPLICIT, r9: DATA, m });
  c.add('tracg', 'tracg %r2,%r3,0(%r9)', { c12: 0x100n | EXPLICIT, r9: DATA, c0: 0x1004_00e0n, m });
  // The storage key does not matter.
  c.add('basr', 'basr %r2,%r4', { c12: BRANCH | BigInt(TABLE), r4: TARGET, key: 3, k0: 0x38, k1: 0x56 });
}
