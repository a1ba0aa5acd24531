/** Code that changes. */

import { describe, expect, it } from 'vitest';
import { CODE, put } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';

describe('a program that stores into its code', () => {
  it('with DAT off, again and again', () => {
    const engines = new Engines();
    // ALFI 0,1; STC 2,5(15); AHI 2,1; BRC 15,.-14
    engines.begin('c20b00000001 4220f005 a72a0001 a7f4fff9');
    engines.all((cpu) => {
      cpu.gr[15] = BigInt(CODE);
    });
    expect(engines.differences(100, 100, 300)).toEqual([]);
  });

  it('in the second line of 64 bytes', () => {
    const engines = new Engines();
    // As before, behind 68 bytes of NOPR.
    engines.begin(`${'0700'.repeat(34)}c20b00000001 4220f049 a72a0001 a7f4ffd7`);
    engines.all((cpu) => {
      cpu.gr[15] = BigInt(CODE);
    });
    expect(engines.differences(300, 301, 302)).toEqual([]);
  });

  it('into code that is called', () => {
    const engines = new Engines();
    // BRASL 14,func; STC 2,15(15); AHI 2,1; BRC 15,.-14; func: AHI 1,0; BCR 15,14
    engines.begin('c0e500000009 4220f015 a72a0001 a7f4fff9 a71a0000 07fe');
    engines.all((cpu) => {
      cpu.gr[15] = BigInt(CODE);
    });
    expect(engines.differences(100, 101, 300)).toEqual([]);
  });
});

describe('the host', () => {
  it('stores into the last halfword of code, which is half a word', () => {
    const engines = new Engines();
    // AHI 1,1; BCR 15,2; and elsewhere AHI 1,5; BCR 15,2
    engines.begin('a71a0001 07f2');
    engines.all((cpu) => {
      put(cpu, CODE + 0x800, 'a71a0005 07f2');
      cpu.gr[2] = BigInt(CODE);
      cpu.gr[3] = BigInt(CODE + 0x800);
    });
    expect(engines.differences(100)).toEqual([]);
    engines.all((cpu) => {
      put(cpu, CODE + 4, '07f3');
    });
    expect(engines.differences(100)).toEqual([]);
  });

  it('stores into code between two runs', () => {
    const engines = new Engines();
    // AHI 1,1; BRC 15,.-4
    engines.begin('a71a0001 a7f4fffe');
    expect(engines.differences(100)).toEqual([]);
    engines.all((cpu) => {
      cpu.storage.set16(CODE + 2, 2);
    });
    expect(engines.differences(100, 101)).toEqual([]);
  });
});
