/** What compiled code finds in the access buffers: exactly what the TLBs have. */

import { describe, expect, it } from 'vitest';
import { CODE, DAT, DATA, MODE_64, put } from '../../testing/bare.ts';
import { Engines } from '../../testing/engines.ts';
import type { Cpu } from '../cpu.ts';

const SEGMENTS = 0x8000;
const PAGES = 0x9000;
const OTHER_PAGES = 0x9800;
/** Frames that the other pages have. */
const OTHER_FRAME = 0x3_0000;
/** The other page whose translation is in the same slot of the TLB as that of `DATA`. */
const OTHER = 0x40_0000 + DATA;
/** A second segment table, in which the pages of data have the other frames. */
const SEGMENTS_2 = 0xa000;
const PAGES_2 = 0xb000;

/** Makes tables. The page behind `DATA` has a frame elsewhere. */
function translate(cpu: Cpu): void {
  const { storage } = cpu;
  for (const [segments, pages] of [
    [SEGMENTS, PAGES],
    [SEGMENTS_2, PAGES_2],
  ] as const) {
    for (let i = 0; i < 512; i++) storage.set64(segments + i * 8, 0x20n);
    storage.set64(segments, BigInt(pages));
    storage.set64(segments + 4 * 8, BigInt(OTHER_PAGES));
    for (let i = 0; i < 256; i++) {
      const moved = i * 0x1000 > DATA || (pages === PAGES_2 && i * 0x1000 === DATA);
      storage.set64(pages + i * 8, BigInt(moved ? OTHER_FRAME : i * 0x1000));
      storage.set64(OTHER_PAGES + i * 8, BigInt(OTHER_FRAME));
    }
  }
  for (let i = 0; i < 0x1000; i += 8) {
    storage.set64(DATA + i, BigInt(i * 3 + 1));
    storage.set64(OTHER_FRAME + i, BigInt(i * 5 + 2));
  }
  cpu.setControl(1, BigInt(SEGMENTS));
  cpu.gr[2] = BigInt(DATA);
  cpu.gr[4] = BigInt(OTHER);
}

/** Runs a program that begins with DAT on. Returns what differs. */
function differences(hex: string, prepare: (cpu: Cpu) => void = () => undefined): string[] {
  const engines = new Engines();
  engines.all((cpu) => {
    translate(cpu);
    prepare(cpu);
  });
  engines.begin(hex, MODE_64 | DAT);
  return engines.differences(60, 61, 62, 200);
}

describe('a page that is in the buffers', () => {
  it('is not the whole operand that crosses its end', () => {
    // LG 1,0(2); LG 3,4092(2); STG 3,4093(2); BRC 15,.-18
    const hex = 'e31020000004 e3302ffc0004 e3302ffd0024 a7f4fff7';
    expect(differences(hex)).toEqual([]);
  });

  it('is gone when another takes its slot of the TLB', () => {
    // LG 1,0(2); STG 3,8(4); BRC 15,.-12
    expect(differences('e31020000004 e33040080024 a7f4fffa')).toEqual([]);
  });

  it('is gone when the TLB is purged', () => {
    // LG 1,0(2); PTLB; BRC 15,.-10
    expect(differences('e31020000004 b20d0000 a7f4fffb')).toEqual([]);
  });

  it('is gone when its entry is invalidated', () => {
    // LG 1,0(2); IPTE 6,2; STG 7,256(6): valid again; BRC 15,.-16
    const hex = 'e31020000004 b2210062 e37061000024 a7f4fff8';
    const prepare = (cpu: Cpu) => {
      cpu.gr[6] = BigInt(PAGES);
      cpu.gr[7] = BigInt(DATA);
    };
    expect(differences(hex, prepare)).toEqual([]);
  });

  it('is another one in another space', () => {
    // LG 1,0(2); LCTLG 1,1,0(5); XILF 5,8; BRC 15,.-18
    const hex = 'e31020000004 eb115000002f c05700000008 a7f4fff7';
    const prepare = (cpu: Cpu) => {
      cpu.storage.set64(0xc000, BigInt(SEGMENTS));
      cpu.storage.set64(0xc008, BigInt(SEGMENTS_2));
      cpu.gr[5] = 0xc000n;
    };
    expect(differences(hex, prepare)).toEqual([]);
  });

  it('with DAT off, loses its reference bit', () => {
    const engines = new Engines();
    // LG 1,0(2); RRBE 0,2; BRC 15,.-10
    engines.begin('e31020000004 b22a0002 a7f4fffb');
    engines.all((cpu) => {
      cpu.gr[2] = BigInt(DATA);
    });
    expect(engines.differences(60, 61, 62)).toEqual([]);
  });
});

it('the buffers of a context that compiling has purged do not have page 0', () => {
  const engines = new Engines();
  engines.all((cpu) => {
    cpu.setPrefix(0x8000);
    cpu.storage.set32(0x8c, 0x1111);
    cpu.storage.set32(0x808c, 0x2222);
    cpu.gr[5] = 20n;
    cpu.gr[6] = 20n;
    // In another page: L 3,140; AR 4,3; BRCT 6,.-6
    put(cpu, CODE + 0x1000, '5830008c 1a43 a766fffd');
  });
  // L 1,140; BRCT 5,.-4; BRC 15,.+4088
  engines.begin('5810008c a756fffe a7f407fc');
  expect(engines.differences(100)).toEqual([]);
});
