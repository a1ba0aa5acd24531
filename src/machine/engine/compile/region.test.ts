/** Regions: how blocks follow one another, and how the program leaves them. */

import { describe, it } from 'vitest';
import { CODE, put } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';

/** Limits that are not the same multiple of any loop. */
const LIMITS = Array.from({ length: 60 }, (_, i) => 17 + (i % 23));

describe('an exit', () => {
  it('behind blocks that are emitted within a branch has the condition code of its own block', () => {
    const engines = new Engines();
    // BRASL 14,func; AGHI 2,-1; BRC 7,.-10; BRC 15,.-14; func: LHI 3,-7; AHI 3,8; BCR 15,12
    engines.begin('c0e500000009 a72bffff a774fffb a7f4fff9 a738fff9 a73a0008 07fc'.replaceAll(' ', ''));
    engines.both((cpu) => {
      cpu.gr[2] = 1000n;
      // Not the address after the call: the region does not know it.
      cpu.gr[12] = BigInt(CODE + 0x1000);
      put(cpu, CODE + 0x1000, 'a7f4f803');
    });
    engines.run(...LIMITS);
  });
});
