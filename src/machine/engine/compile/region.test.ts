/** Regions: how blocks follow one another, and how the program leaves them. */

import { describe, expect, it } from 'vitest';
import { CODE, put } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';

/** Runs that end at each place of a loop of 6 instructions. */
const LIMITS = Array.from({ length: 60 }, (_, i) => (i < 30 ? 19 : 43));

describe('a branch', () => {
  it('reads its target before it links', () => {
    const engines = new Engines();
    // LARL 14,.+10; BASR 14,14; BRC 15,.-8; AHI 1,1; BCR 15,14
    engines.begin('c0e000000006 0dee a7f4fffc a71a0001 07fe');
    expect(engines.differences(...LIMITS)).toEqual([]);
  });

  it('that is not taken does not change the breaking-event address', () => {
    const engines = new Engines();
    // AHI 1,1; BRC 4,.+8; BRCTG 2,.-8; BRC 15,.-12
    engines.begin('a71a0001 a7440004 a727fffc a7f4fffa');
    expect(engines.differences(...LIMITS)).toEqual([]);
  });
});

describe('an exit', () => {
  it('behind blocks that are emitted within a branch has the condition code of its own block', () => {
    const engines = new Engines();
    // BRASL 14,func; AGHI 2,-1; BRC 7,.-10; AGHI 4,-1; BRC 15,.-18; func: AGHI 5,-1; LHI 3,-7; AHI 3,8; BCR 15,12
    engines.begin('c0e50000000b a72bffff a774fffb a74bffff a7f4fff7 a75bffff a738fff9 a73a0008 07fc');
    engines.all((cpu) => {
      cpu.gr[2] = 1000n;
      // Not the address after the call: the region does not know it.
      cpu.gr[12] = BigInt(CODE + 0x1000);
      put(cpu, CODE + 0x1000, 'a7f4f800');
    });
    expect(engines.differences(...LIMITS)).toEqual([]);
  });
});
