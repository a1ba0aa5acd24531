/** Regions: how blocks follow one another, and how the program leaves them. */

import { describe, expect, it } from 'vitest';
import { CODE, DATA, put } from '../../testing/bare.ts';
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

describe('what is known in a region', () => {
  it('at the head of a loop is not what the block before it has left as condition code', () => {
    const engines = new Engines();
    // CHI 1,5; head: BRC 4,.+12; AHI 1,-1; BRC 15,head; LHI 1,9; BCR 15,14
    engines.begin('a71e0005 a7440006 a71affff a7f4fffc a7180009 07fe');
    engines.all((cpu) => {
      cpu.gr[14] = BigInt(CODE);
    });
    expect(engines.differences(...LIMITS)).toEqual([]);
  });

  it('behind an instruction that loads on a condition is not that its base register was read', () => {
    const engines = new Engines();
    // CHI 5,1; LOCG 1,8(2) if equal; LGR 3,2; BCR 15,14
    engines.begin('a75e0001 eb18200800e2 b9040032 07fe');
    engines.all((cpu) => {
      cpu.gr[2] = BigInt(CODE);
      cpu.gr[14] = BigInt(CODE);
    });
    expect(engines.differences(...LIMITS)).toEqual([]);
  });

  it('of a sum is whether it is exact, while the inexact flag is off', () => {
    const engines = new Engines();
    // LDR 0,4; ADB 0,0(1,2); AHI 1,8; BRC 15,.-12
    engines.begin('2804 ed012000001a a71a0008 a7f4fffa');
    engines.all((cpu) => {
      cpu.fr[4] = 0x3ff0_0000_0000_0000n;
      cpu.gr[2] = BigInt(DATA);
      // One sum is not exact, far from the ends of the runs: they are interpreted.
      cpu.storage.set64(DATA + 60 * 8, 0x3c30_0000_0000_0000n);
    });
    expect(engines.differences(100, 300, 400)).toEqual([]);
    expect(engines.compiled.fpc).not.toBe(0);
  });
});

describe('code that goes on in the next page', () => {
  it('behind the last instruction of a page, and behind one in both pages', () => {
    for (const at of [0xff8, 0xffa, 0xffc]) {
      const engines = new Engines();
      // BRC 15,.+at
      engines.begin(`a7f4${(at / 2).toString(16).padStart(4, '0')}`);
      engines.all((cpu) => {
        // AHI 1,1; AGFI 2,3; AHI 3,1; BRC 15, back to the first
        put(cpu, CODE + at, 'a71a0001 c22800000003 a73a0001 a7f4fff9');
      });
      expect(engines.differences(...LIMITS)).toEqual([]);
    }
  });
});

describe('a jump table', () => {
  it('BC with an index and a base register', () => {
    const engines = new Engines();
    // AGHI 1,4; NILL 1,12; BC 15,12(1,15); four times BRC 15 back to the first
    engines.begin('a71b0004 a517000c 47f1f00c a7f4fffa a7f4fff8 a7f4fff6 a7f4fff4');
    engines.all((cpu) => {
      cpu.gr[15] = BigInt(CODE);
    });
    expect(engines.differences(...LIMITS)).toEqual([]);
  });
});
