/** Regions: how blocks follow one another, and how the program leaves them. */

import { describe, expect, it } from 'vitest';
import { CODE, put } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';

/** Runs that end at each place of a loop of 6 instructions. */
const LIMITS = Array.from({ length: 60 }, (_, i) => (i < 30 ? 19 : 43));

describe('an exit', () => {
  it('behind blocks that are emitted within a branch has the condition code of its own block', () => {
    const engines = new Engines();
    // BRASL 14,func; AGHI 2,-1; BRC 7,.-10; AGHI 4,-1; BRC 15,.-18; func: AGHI 5,-1; LHI 3,-7; AHI 3,8; BCR 15,12
    engines.begin(
      'c0e50000000b a72bffff a774fffb a74bffff a7f4fff7 a75bffff a738fff9 a73a0008 07fc'.replaceAll(' ', ''),
    );
    engines.both((cpu) => {
      cpu.gr[2] = 1000n;
      // Not the address after the call: the region does not know it.
      cpu.gr[12] = BigInt(CODE + 0x1000);
      put(cpu, CODE + 0x1000, 'a7f4f800');
    });
    expect(engines.differences(...LIMITS)).toEqual([]);
  });
});
