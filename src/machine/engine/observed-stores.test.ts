/** The stores that an observer learns of: frames, and which of their bytes may change. */

import { describe, expect, it } from 'vitest';
import { bare, CODE, DATA, MODE_64, put } from '../testing/bare.ts';
import type { Cpu } from './cpu.ts';

const FRAME = 0x1000;
/** The frame of the data, and the next one. */
const FIRST = DATA / FRAME;
const SECOND = FIRST + 1;

type Stored = [frame: number, first: number, last: number];

/** A processor whose register 1 has the address of data, 4 bytes before the end of a frame, and what its observer learns. */
function observed(): { readonly cpu: Cpu; readonly stored: Stored[] } {
  const cpu = bare();
  const stored: Stored[] = [];
  cpu.observer = {
    before: null,
    accessed: null,
    stored: (...what) => {
      stored.push(what);
      return true;
    },
    abandoned: () => undefined,
    ended: () => false,
  };
  cpu.gr[1] = BigInt(DATA + 0xffc);
  return { cpu, stored };
}

describe('an observer learns which bytes are stored', () => {
  it.each<[name: string, code: string, ...stored: Stored[]]>([
    ['STC', '4200 1000', [FIRST, 0xffc, 0xffc]],
    ['STH', '4000 1002', [FIRST, 0xffe, 0xfff]],
    ['ST', '5000 1000', [FIRST, 0xffc, 0xfff]],
    ['ST in two frames', '5000 1002', [FIRST, 0xffe, 0xfff], [SECOND, 0, 1]],
    ['STG', 'e300 1ffc ff24', [FIRST, 0xff8, 0xfff]],
    ['MVI', '92ff 1004', [SECOND, 0, 0]],
    ['XC in two frames', 'd707 1000 1000', [FIRST, 0xffc, 0xfff], [SECOND, 0, 3]],
    ['STMG', 'eb2f 1004 0024', [SECOND, 0, 111]],
    ['STPQ', 'e320 1004 008e', [SECOND, 0, 15]],
  ])('by %s', (_, code, ...expected) => {
    const { cpu, stored } = observed();
    put(cpu, CODE, code);
    cpu.setPsw(MODE_64, BigInt(CODE));
    cpu.run(1);
    // An instruction may look at all parts of its operand before it stores.
    const distinct = new Map(stored.map((one) => [one.join(), one]));
    expect([...distinct.values()]).toEqual(expected);
  });
});
