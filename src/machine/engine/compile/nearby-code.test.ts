/** Regions that go on in other pages, which can be anywhere in storage. */

import { describe, expect, it } from 'vitest';
import { CODE, DAT, MODE_64, put } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';
import type { Cpu } from '../cpu.ts';

const SEGMENTS = 0x8000;
const PAGES = 0x9000;
/** Frames that the page behind `CODE` can have. */
const FRAMES = [0x3_0000, 0x5_0000] as const;
/** The address of a page of data whose translation is in the TLB's slot of the page behind `CODE`. */
const SAME_SLOT = 0x100_0000 + CODE + 0x1000;
/** Offset of the loop in its page. */
const LOOP = 0xff8;

/** Maps the page behind `CODE` to a frame. */
function map(cpu: Cpu, frame: number): void {
  cpu.storage.set64(PAGES + ((CODE + 0x1000) >>> 12) * 8, BigInt(frame));
}

/**
 * Returns processors with a loop of the code of both pages, which is different in the second frame.
 * @param next what is between the code in the second page and the branch back
 * @param back that branch, or null for a relative one
 */
function looping(next = '', back: string | null = null): Engines {
  const engines = new Engines();
  engines.all((cpu) => {
    const { storage } = cpu;
    for (let i = 0; i < 512; i++) storage.set64(SEGMENTS + i * 8, 0x20n);
    for (const segment of [0, 16]) storage.set64(SEGMENTS + segment * 8, BigInt(PAGES));
    for (let i = 0; i < 256; i++) storage.set64(PAGES + i * 8, BigInt(i * 0x1000));
    cpu.setControl(1, BigInt(SEGMENTS));
    map(cpu, FRAMES[0]);
    cpu.gr[6] = BigInt(SAME_SLOT);
    // AHI 1,1; and, in both pages, AGFI 2,3 or 2,5
    put(cpu, CODE + LOOP, 'a71a0001 c2280000');
    FRAMES.forEach((frame, i) => {
      const distance = ((0x1_0000 - (0xe + next.length / 2) / 2) & 0xffff).toString(16);
      // AHI 3,1 or 2; next; BRC 15, back to the first
      put(cpu, frame, `000${3 + i * 2} a73a000${1 + i} ${next} ${back ?? `a7f4${distance}`}`);
    });
  });
  // BRC 15,.+LOOP
  engines.begin(`a7f4${(LOOP / 2).toString(16).padStart(4, '0')}`, MODE_64 | DAT);
  return engines;
}

describe('a loop in two pages', () => {
  it('runs at any limit', () => {
    expect(looping().differences(...Array.from({ length: 40 }, (_, i) => 20 + (i % 7)))).toEqual([]);
  });

  it('has other code when its second page has another frame', () => {
    const engines = looping();
    expect(engines.differences(200)).toEqual([]);
    for (const frame of [FRAMES[1], FRAMES[0], FRAMES[1]]) {
      engines.all((cpu) => {
        map(cpu, frame);
        cpu.tlb.purgeAll();
      });
      expect(engines.differences(200, 201)).toEqual([]);
    }
    expect(engines.compiled.gr[3]).toBeGreaterThan(engines.compiled.gr[1] as bigint);
  });

  it('goes on when the translation of its second page is lost in each round', () => {
    // LG 5,0(6)
    expect(looping('e35060000004').differences(600, 601, 602)).toEqual([]);
    // PTLB
    expect(looping('b20d0000').differences(600, 601, 602)).toEqual([]);
  });

  it('is branched to from another region after the translation of its second page was lost', () => {
    // BCR 15,10
    const engines = looping('', '07fa');
    engines.all((cpu) => {
      cpu.gr[10] = BigInt(CODE + 0x100);
      cpu.gr[7] = BigInt(CODE + LOOP);
      // AHI 4,1; CHI 4,50; BRC 7,.+10; LG 5,0(6); BCR 15,7
      put(cpu, CODE + 0x100, 'a74a0001 a74e0032 a7740005 e35060000004 07f7');
    });
    expect(engines.differences(1000)).toEqual([]);
  });

  it('has other code when something is stored into its second page', () => {
    const engines = looping();
    expect(engines.differences(200)).toEqual([]);
    engines.all((cpu) => {
      put(cpu, FRAMES[0], '0009');
    });
    expect(engines.differences(200)).toEqual([]);
  });
});
