/** Instructions are fetched without a lookup: nothing can see it. */

import { describe, expect, it } from 'vitest';
import { interpret } from '../sie.ts';
import { CPU_FLAG, SIE } from '../state-description.ts';
import { CODE, DAT, MODE_31, MODE_64, put } from '../testing/bare.ts';
import { Engines } from '../testing/engines.ts';
import type { Cpu } from './cpu.ts';

/** Segment tables of 2 GiB: of the primary and of the home space. */
const SEGMENTS = 0x4_0000;
const HOME_SEGMENTS = 0x4_4000;
/** Page tables of the first segment of both spaces, and of the segment whose pages have the same slots of the TLB. */
const PAGES = 0x4_8000;
const HOME_PAGES = 0x4_8800;
const OTHER_PAGES = 0x4_9000;
const OTHER_SEGMENT = 4;
/** The frame of the page of code in the home space. */
const HOME_CODE = 0x3_0000;
const REGISTER_15 = BigInt(CODE);

const entryOf = (address: number) => PAGES + (address >> 12) * 8;

/** Makes the tables. Virtual addresses are real ones, but that of the code in the home space. */
function translate(cpu: Cpu): void {
  const { storage } = cpu;
  for (const table of [SEGMENTS, HOME_SEGMENTS]) {
    for (let i = 0; i < 2048; i++) storage.set64(table + i * 8, 0x20n);
    storage.set64(table, BigInt(table === SEGMENTS ? PAGES : HOME_PAGES));
    storage.set64(table + OTHER_SEGMENT * 8, BigInt(OTHER_PAGES));
    storage.set64(table + 0x7ff * 8, BigInt(PAGES));
  }
  for (let i = 0; i < 256; i++) {
    for (const table of [PAGES, HOME_PAGES, OTHER_PAGES]) storage.set64(table + i * 8, BigInt(i * 0x1000));
  }
  storage.set64(HOME_PAGES + (CODE >> 12) * 8, BigInt(HOME_CODE));
  cpu.setControl(0, 0x0404_00e0n);
  cpu.setControl(1, BigInt(SEGMENTS) | 3n);
  cpu.setControl(13, BigInt(HOME_SEGMENTS) | 3n);
  cpu.gr[15] = REGISTER_15;
}

/**
 * Runs a program with DAT on: a few instructions at a time, and many. Returns what differs.
 * @param there the same program as it is in the frame `HOME_CODE`
 */
function differences(here: string, there: string, prepare: (cpu: Cpu) => void = () => undefined): string[] {
  return [
    [1, 2, 3, 40, 41, 100],
    [50, 7, 60],
  ].flatMap((limits) => {
    const engines = new Engines();
    engines.begin(here, MODE_64 | DAT);
    engines.all((cpu) => {
      put(cpu, HOME_CODE, there);
      translate(cpu);
      prepare(cpu);
    });
    return engines.differences(...limits);
  });
}

describe('an instruction that was executed before', () => {
  it.each([
    // AHI 1,1; STC 2,1(15); AHI 2,1; BRC 15,.-12
    ['the first halfword', 'a71a0001 4220f001 a72a0010 a7f4fffa'],
    // AHI 1,1; STC 2,3(15); AHI 2,1; BRC 15,.-12
    ['the second halfword', 'a71a0001 4220f003 a72a0001 a7f4fffa'],
    // ALFI 1,1; STC 2,5(15); AHI 2,1; BRC 15,.-14
    ['the third halfword', 'c21b00000001 4220f005 a72a0001 a7f4fff9'],
  ])('is executed as it is in storage, after a store into %s', (_, hex) => {
    const engines = new Engines();
    engines.begin(hex);
    engines.all((cpu) => {
      cpu.gr[15] = REGISTER_15;
    });
    expect(engines.differences(1, 2, 3, 100, 101)).toEqual([]);
  });

  it('of an operation code that is invalid is an operation exception again', () => {
    const engines = new Engines();
    engines.begin('0000');
    for (let i = 0; i < 3; i++) {
      expect(engines.differences(1)).toEqual([]);
      expect(engines.interpreted.run(1)).toMatchObject({ interruption: { code: 1 } });
      engines.all((cpu) => cpu.setPsw(MODE_64, BigInt(CODE)));
      engines.compiled.run(1);
      engines.right.run(1);
      engines.all((cpu) => cpu.setPsw(MODE_64, BigInt(CODE)));
    }
  });

  it('is the target of an EXECUTE in its page, in another page, and across pages', () => {
    for (const target of [CODE + 0x40, CODE + 0x1040, CODE + 0xffe, CODE + 0xffc]) {
      const engines = new Engines();
      // EX 1,0(3); EXRL 1,target; LA 1,1(1); BRC 15,.-14
      const halfwords = ((target - CODE - 4) / 2).toString(16).padStart(8, '0');
      engines.begin(`44103000 c610${halfwords} 41110001 a7f4fff9`);
      engines.all((cpu) => {
        // MVC 0(1,5),0(6): the length is modified.
        put(cpu, target, 'd20050006000');
        cpu.gr[3] = BigInt(target);
        cpu.gr[5] = 0x2_0000n;
        cpu.gr[6] = REGISTER_15;
      });
      expect(engines.differences(1, 1, 1, 1, 60)).toEqual([]);
    }
  });
});

describe('an instruction at the end of a page', () => {
  const ends = [0xff4, 0xff6, 0xff8, 0xffa, 0xffc, 0xffe];

  it.each(ends)('is executed at offset 0x%s', (offset) => {
    const engines = new Engines();
    // ALFI 1,1; AHI 1,1; AR 1,1; BRC 15 to the first
    const program = 'c21b00000001 a71a0001 1a11 a7f4fffa';
    engines.begin('');
    engines.all((cpu) => {
      put(cpu, CODE + offset, program);
      translate(cpu);
      cpu.setPsw(MODE_64 | DAT, BigInt(CODE + offset));
    });
    expect(engines.differences(1, 2, 3, 50)).toEqual([]);
  });

  it.each(ends)('that begins at 0x%s is not fetched from a page that is missing', (offset) => {
    const engines = new Engines();
    engines.begin('');
    engines.all((cpu) => {
      put(cpu, CODE + offset - 4, 'a71a0001 c21b00000001');
      translate(cpu);
      cpu.storage.set64(entryOf(CODE + 0x1000), 0x400n);
      cpu.setPsw(MODE_64 | DAT, BigInt(CODE + offset - 4));
    });
    expect(engines.differences(3, 1)).toEqual([]);
  });

  it('is followed by address 0 in the 31-bit mode', () => {
    const engines = new Engines();
    engines.begin('');
    engines.all((cpu) => {
      translate(cpu);
      // At the end of the last segment, and at 0: AHI 1,1; ALFI 1,2; and AHI 1,4; BCR 15,3
      put(cpu, 0xf_fff6, 'a71a0001 c21b00000002');
      put(cpu, 0, 'a71a0004 07f3');
      cpu.gr[3] = 0x7fff_fff6n;
      cpu.setPsw(MODE_31 | DAT, 0x7fff_fff6n);
    });
    expect(engines.differences(1, 2, 3, 50)).toEqual([]);
    expect(engines.interpreted.gr[1]).not.toBe(0n);
  });

  it('has an even address', () => {
    const engines = new Engines();
    // LA 1,5(15); BCR 15,1
    engines.begin('4110f005 07f1 a71a0001');
    engines.all((cpu) => {
      cpu.gr[15] = REGISTER_15;
    });
    expect(engines.differences(3, 1)).toEqual([]);
  });
});

describe('the next instruction comes from', () => {
  const moved = (cpu: Cpu) => {
    cpu.gr[4] = BigInt(entryOf(CODE));
    cpu.gr[5] = BigInt(HOME_CODE);
    cpu.gr[6] = BigInt(OTHER_SEGMENT * 0x10_0000 + CODE);
    cpu.gr[7] = BigInt(PAGES);
    cpu.gr[8] = REGISTER_15;
  };

  it('the same frame while the TLB has it, and after PTLB from another', () => {
    // STG 5,0(4); AHI 1,1; PTLB; AHI 1,2; BRC 15,.-4
    const program = (n: number) => `e35040000024 a71a0001 b20d0000 a71a000${n} a7f4fffe`;
    expect(differences(program(2), program(4), moved)).toEqual([]);
  });

  it('another frame after the entry of its page was replaced', () => {
    // STG 5,0(4); AHI 1,1; L 3,0(6); AHI 1,2; BRC 15,.-4
    const program = (n: number) => `e35040000024 a71a0001 58306000 a71a000${n} a7f4fffe`;
    expect(differences(program(2), program(4), moved)).toEqual([]);
  });

  it('nowhere after IPTE of its page', () => {
    const program = 'a71a0001 b2210078 a71a0002';
    expect(differences(program, program, moved)).toEqual([]);
  });

  it('the home space after SACF, and the primary space again', () => {
    // AHI 1,1; SACF 768; AHI 1,1; SACF 0; BRC 15,.-16
    const program = (n: number) => `a71a000${n} b2790300 a71a000${n} b2790000 a7f4fff8`;
    expect(differences(program(1), program(2))).toEqual([]);
  });

  it.each(['1', '2'])('the primary space in the modes of SACF 0x%s00, unlike operands', (code) => {
    // AHI 1,1; SACF; LHRL 3,.; L 4,0(15); AHI 1,1; AHI 1,1; SACF 0; BRC 15,.-30
    const program = (n: number) =>
      `a71a000${n} b2790${code}00 c43500000000 5840f000 a71a000${n} a71a000${n} b2790000 a7f4fff1`;
    const secondary = (cpu: Cpu) => cpu.setControl(7, BigInt(HOME_SEGMENTS) | 3n);
    expect(differences(program(1), program(2), secondary)).toEqual([]);
  });

  it('real storage after STNSM', () => {
    // AHI 1,1; STNSM 0x100(15),0xfb; AHI 1,2
    const program = (n: number) => `a71a000${n} acfbf100 a71a000${n} a71a000${n}`;
    const swap = (cpu: Cpu) => cpu.storage.set64(entryOf(CODE), BigInt(HOME_CODE));
    expect(differences(program(1), program(2), swap)).toEqual([]);
  });

  it('another space after LCTLG', () => {
    // AHI 1,1; LCTLG 1,1,0(9); AHI 1,2; BRC 15,.-4
    const program = (n: number) => `a71a0001 eb119000002f a71a000${n} a7f4fffe`;
    const element = (cpu: Cpu) => {
      cpu.storage.set64(0x2_0000, BigInt(HOME_SEGMENTS) | 3n);
      cpu.gr[9] = 0x2_0000n;
    };
    expect(differences(program(2), program(4), element)).toEqual([]);
  });

  it('no page that the key forbids after SPKA', () => {
    // AHI 1,1; SPKA 16(0); AHI 1,2
    const program = 'a71a0001 b20a0010 a71a0002';
    const protect = (cpu: Cpu) => void (cpu.storage.keys[CODE >> 12] = 0x38);
    expect(differences(program, program, protect)).toEqual([]);
  });
});

it('a fetch sets the reference bit again after RRBE, with DAT off', () => {
  const engines = new Engines();
  // AHI 1,1; RRBE 0,8; AHI 1,2; BRC 15,.-12
  engines.begin('a71a0001 b22a0008 a71a0002 a7f4fffa');
  engines.all((cpu) => {
    cpu.gr[8] = REGISTER_15;
  });
  expect(engines.differences(1, 1, 1, 50)).toEqual([]);
});

it('a listener sees the hits of all fetches', () => {
  const engines = new Engines();
  const seen = new Map<Cpu, number[]>();
  // AHI 1,1; AHI 1,1; SVC 1
  engines.begin('a71a0001 a71a0001 0a01', MODE_64 | DAT);
  engines.all((cpu) => {
    translate(cpu);
    cpu.interruptions = 'report-programs';
    seen.set(cpu, []);
    cpu.machine.trace.subscribe(() => seen.get(cpu)?.push(cpu.tlb.hits));
  });
  expect(engines.differences(3)).toEqual([]);
  expect(seen.get(engines.right)).toEqual([2]);
  expect(seen.get(engines.interpreted)).toEqual([2]);
});

describe('a guest', () => {
  const DESCRIPTION = 0x2000;
  const ORIGIN = 0x10_0000;
  const START = 0x1000;

  /** Runs a guest, whose storage is the second MiB. Returns what differs. */
  function guestDifferences(hex: string, mask: bigint, prepare: (cpu: Cpu) => void = () => undefined) {
    const engines = new Engines();
    engines.all((cpu) => {
      cpu.setControl(1, 0x20n);
      const at = (field: number) => DESCRIPTION + field;
      const { storage } = cpu;
      storage.set32(at(SIE.CPU_FLAGS), CPU_FLAG.ZARCH);
      storage.set64(at(SIE.STORAGE_ORIGIN), BigInt(ORIGIN));
      storage.set64(at(SIE.STORAGE_LIMIT), BigInt(ORIGIN));
      storage.set64(at(SIE.CONTROL_REGISTERS), 0xe0n);
      storage.set64(at(SIE.CONTROL_REGISTERS + 8), 0x20n);
      storage.set64(at(SIE.PSW), mask);
      storage.set64(at(SIE.PSW + 8), BigInt(START));
      put(cpu, ORIGIN + START, hex);
      prepare(cpu);
    });
    return engines.differencesOf((cpu, limit) => interpret(cpu, DESCRIPTION, limit), 1, 2, 3, 60, 61);
  }

  it.each([
    ['without DAT', MODE_64],
    ['with DAT', MODE_64 | DAT],
  ])('%s stores into its code, and purges', (_, mask) => {
    // AHI 1,1; STC 2,0x1003; AHI 2,1; PTLB; BRC 15,.-16
    expect(guestDifferences('a71a0001 42201003 a72a0001 b20d0000 a7f4fff8', mask)).toEqual([]);
  });

  it('turns DAT on and off', () => {
    // AHI 1,1; STOSM 0x100,4; AHI 1,1; AHI 1,1; STNSM 0x100,0xfb; BRC 15,.-16
    const hex = 'a71a0001 ad040300 a71a0001 a71a0001 acfb0300 a7f4fff6';
    expect(guestDifferences(hex, MODE_64)).toEqual([]);
  });

  it('fetches from its prefix area', () => {
    // AHI 1,1; BRC 15,.-4 at 0 of the prefix area
    const hex = 'a7f4f800';
    const prefix = (cpu: Cpu) => {
      cpu.storage.set32(DESCRIPTION + SIE.PREFIX, 0x4000);
      put(cpu, ORIGIN + 0x4000, 'a71a0001 a7f4fffe');
      put(cpu, ORIGIN, 'a71a0002 a7f4fffe');
    };
    expect(guestDifferences(hex, MODE_64, prefix)).toEqual([]);
  });
});
