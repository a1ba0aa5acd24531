/** Code that changes. */

import { describe, expect, it } from 'vitest';
import { CODE } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';

describe('a program that stores into its code', () => {
  it('with DAT off, again and again', () => {
    const engines = new Engines();
    // ALFI 0,1; STC 2,5(15); AHI 2,1; BRC 15,.-14
    engines.begin('c20b00000001 4220f005 a72a0001 a7f4fff9'.replaceAll(' ', ''));
    engines.both((cpu) => {
      cpu.gr[15] = BigInt(CODE);
    });
    expect(engines.differences(100, 100, 300)).toEqual([]);
  });
});
