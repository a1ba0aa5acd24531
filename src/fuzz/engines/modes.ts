/** Instructions that change the mode of a program, or what its translations depend on. */

import type { Random } from '../random.ts';
import { AT, DATA_PAGES, PAGE_SIZE, PSW_COUNT } from './layout.ts';

const digits = (value: number, length: number) => value.toString(16).padStart(length, '0');
/** LLILF r,value */
const load = (r: number, value: number) => `c0${digits(r, 1)}f${digits(value, 8)}`;

/** Returns one instruction, or a few with its operands in registers 0, 1 or 12. */
export function modeChange(random: Random): string {
  const page = AT.DATA + random.below(DATA_PAGES) * PAGE_SIZE;
  const pointer = random.pick(['8', '9', 'a', 'b']);
  switch (random.below(13)) {
    case 0:
    case 10:
      // LPSWE 0(12)
      return `${load(12, AT.PSWS + random.below(PSW_COUNT) * 16)}b2b2c000`;
    case 1:
    case 11:
      // SAC: the primary or the home space, or one that is not compiled for
      return random.pick(['b2190000', 'b2190000', 'b2190300', 'b2190300', 'b2190100', 'b2190200']);
    case 2:
      // STOSM, STNSM: DAT on, off; interruptions
      return `${random.pick(['ad04', 'acfb', 'ad03', 'ad01', 'acfc', 'acfe'])}${pointer}000`;
    case 3:
      // SPKA
      return random.pick(['b20a0000', 'b20a0000', 'b20a0010']);
    case 4:
    case 12: {
      // LCTLG c,c,0(12)
      const c = random.pick(['1', 'd']);
      return `${load(12, AT.ELEMENTS + random.below(2) * 8)}eb${c}${c}c000002f`;
    }
    case 5:
      // PTLB
      return 'b20d0000';
    case 6:
      // IPTE 0,1: the next access to the page is an exception.
      return random.oneIn(4) ? `${load(0, AT.PAGES_A)}${load(1, page)}b2210001` : 'b20d0000';
    case 7:
      // SSKE 0,1
      return `${load(0, random.pick([0, 0, 4, 6, 0x16]))}${load(1, page)}b22b0001`;
    case 8:
      // RRBE 0,1
      return `${load(1, page)}b22a0001`;
    default:
      // SPM 0: the condition code and the program mask
      return `${load(0, random.pick([0, 0x1000_0000, 0x2000_0000, 0x3800_0000]))}0400`;
  }
}
