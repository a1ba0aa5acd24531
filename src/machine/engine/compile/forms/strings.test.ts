/** Compiled forms of instructions whose operands end with a character. */

import { expect, it } from 'vitest';
import { CODE, DATA } from '../../../testing/bare.ts';
import { Engines, SMALL } from '../../../testing/engines.ts';

const CLST = 'b25d0023';
const SRST = 'b25e0023';
/** Where the operands begin: one byte to the left may be in the page before. */
const PLACES = [0x40, 0x1000 - 6, 0x1000 - 1];

/** Executes an instruction again and again, with operands at these offsets. Returns how the engines differ. */
function differences(instruction: string, [first, second]: readonly [number, number], end: number): unknown {
  const engines = new Engines({ storageSize: SMALL });
  engines.all((cpu) => {
    for (let i = 0; i < 0x2100; i++) cpu.storage.bytes[DATA + i] = 1 + (i % 7 === 6 ? i % 11 : 20);
    cpu.storage.bytes[DATA + 0x1004] = 0;
    cpu.gr[0] = BigInt(end);
    cpu.gr[4] = BigInt(DATA + first);
    cpu.gr[5] = BigInt(DATA + second);
    cpu.gr[15] = BigInt(CODE);
  });
  // LGR 2,4; LGR 3,5; the instruction; IPM 1; AGHI 5,1; BRC 15,.-20
  engines.begin(`b9040024 b9040035 ${instruction} b2220010 a75b0001 a7f4fff6`);
  return engines.differences(61, 62);
}

it.each([
  ['CLST', CLST],
  ['SRST', SRST],
])('%s stops at the character, at a difference, at the end and at the end of a page', (_, instruction) => {
  for (const first of [...PLACES, 0x47, 0x1003, 0x2000]) {
    for (const second of PLACES) {
      for (const end of [0, 7, 21, 256])
        expect([first, second, end, differences(instruction, [first, second], end)]).toEqual([
          first,
          second,
          end,
          [],
        ]);
    }
  }
});
