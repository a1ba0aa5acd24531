/** Compiled forms of instructions with two general registers. */

import { expect, it } from 'vitest';
import { Engines, SMALL } from '../../../testing/engines.ts';

const VALUES = [
  ...[0n, 1n, 2n, 0x7fff_ffffn, 0x8000_0000n, 0x8000_0001n, 0xffff_ffffn, 0x1_0000_0000n],
  ...[0x7fff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 0x8000_0000_0000_0001n, 0xffff_ffff_ffff_ffffn],
];

it.each([
  ['LPR', '1032'],
  ['LNR', '1132'],
  ['LPGR', 'b9000032'],
  ['LNGR', 'b9010032'],
  ['LPGFR', 'b9100032'],
  ['LNGFR', 'b9110032'],
])('%s of numbers at the limits', (_, instruction) => {
  for (const value of VALUES) {
    const engines = new Engines({ storageSize: SMALL });
    engines.all((cpu) => {
      cpu.gr[2] = value;
      cpu.gr[3] = 0x1234_5678_9abc_def0n;
    });
    // The instruction; IPM 1; AGHI 4,1; BRC 15, back
    const back = (0x1_0000 - (instruction.length / 2 + 8) / 2).toString(16);
    engines.begin(`${instruction} b2220010 a74b0001 a7f4${back}`);
    expect([value, engines.differences(41, 42)]).toEqual([value, []]);
  }
});

it.each([
  ['BRXH', '8412'],
  ['BRXLE', '8512'],
])('%s with sums and comparands at the limits', (_, instruction) => {
  for (const value of VALUES) {
    for (const step of [1n, 0xffff_ffffn, 0x8000_0000n]) {
      for (const limit of [0n, 5n, 0x7fff_fffen, 0x8000_0000n]) {
        const engines = new Engines({ storageSize: SMALL });
        engines.all((cpu) => {
          cpu.gr[1] = value;
          cpu.gr[2] = step;
          cpu.gr[3] = limit;
        });
        // AHI 4,1; BRXH 1,2,.-4; AHI 5,1; BRC 15,.-12
        engines.begin(`a74a0001 ${instruction}fffe a75a0001 a7f4fffa`);
        expect([value, step, limit, engines.differences(41, 42)]).toEqual([value, step, limit, []]);
      }
    }
  }
});
