/** What the storage of a guest contains: an assigned area with new PSWs, and programs. */

import { randomProgram } from '../engines/program.ts';
import { randomInstruction } from '../guests/encode.ts';
import type { Random } from '../random.ts';
import { GUEST_CODE } from './layout.ts';

/** Instructions that a host takes part in. */
const HOST_INSTRUCTIONS = [
  '83000044', // DIAG 0x44: the time slice is given up
  '8301009c',
  '83240010', // DIAG 0x10: pages are released
  '83240258', // DIAG 0x258: page faults
  '83010308', // DIAG 0x308: a reset
  '83240318',
  '83240500',
  'ae240001', // SIGP
  'ae240005',
  'ae24000d',
  'ae640002',
  'b2200024', // SERVC
  'b2353000', // TSCH
  'b2363000', // TPI
  'b2331000', // SSCH
  'b27d3000', // STSI
  'b9ab0024', // ESSA
  'b9ab1024',
  'b9ab2024',
  'b2290024', // ISKE
  'b22b0024', // SSKE
  'b22a0024', // RRBE
  'b9af0024', // PFMF
  'b9af4024',
  'b2b23000', // LPSWE
  'b2103000', // SPX
  'b2113000', // STPX
  'b2140000', // SIE
  'b2210024', // IPTE
  'b20d0000', // PTLB
  'b2500024', // CSP
  'b22c0024', // TB
  'b2b13000', // STFL
  'b2123000', // STAP
  'b2023000', // STIDP
  'b2063000', // SCKC
  'b2083000', // SPT
  'b2043000', // SCK
  'b7003000', // LCTL
  'eb0f3000002f', // LCTLG
  'e50130003008', // TPROT
  'acfc3000', // STNSM
  'ad033000', // STOSM
  '0afe', // SVC
] as const;

/** Loads of a register: addresses in, at the end of and outside of the guest's storage. */
function setRegister(random: Random): string {
  const register = random.below(16).toString(16);
  const address = random.pick([0, 0x1000, GUEST_CODE, 0x3000, 0x10_0000, 0x1f_fff8, 0x20_0000, 0x7fff_f000]);
  const value = random.oneIn(4) ? random.next() : address + (random.oneIn(3) ? random.below(4096) : 0);
  return `c0${register}f${value.toString(16).padStart(8, '0')}`; // LLILF
}

function element(random: Random): string {
  switch (random.below(4)) {
    case 0:
      return setRegister(random);
    case 1:
      return random.pick(HOST_INSTRUCTIONS);
    default:
      return randomInstruction(random);
  }
}

/** Returns a program in hexadecimal digits, at most 2 KiB. */
export function guestCode(random: Random): string {
  if (random.oneIn(3)) return randomProgram(random).code.join('').slice(0, 4096);
  const code = Array.from({ length: 1 + random.below(40) }, () => element(random)).join('');
  // Most programs begin again.
  return random.oneIn(4) ? code : `${code}c0f4${half(-code.length / 4)}`;
}

function half(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0');
}

/** Masks of a PSW: 64-bit mode most often; DAT, interruptions, problem state, wait, and wrong bits. */
const MASKS = [
  '0000000180000000',
  '0000000180000000',
  '0000000180000000',
  '0706000180000000',
  '0404000180000000',
  '0705000180000000',
  '4000000180000000',
  '0002000180000000',
  '0702000180000000',
  '0000000080000000',
  '0000000000000000',
  '0008000180000000',
  'ffffffffffffffff',
] as const;

/** Returns a PSW: mask and address as 16 hexadecimal digits each. */
export function guestPsw(random: Random): readonly [mask: string, address: string] {
  const address = random.oneIn(8)
    ? random.pick([0, 1, 0x1ffe, 0x10_0000, 0x20_0000, 0x7fff_fffe])
    : GUEST_CODE + random.below(4) * 0x800;
  return [random.pick(MASKS), address.toString(16).padStart(16, '0')];
}

/** Returns the new PSWs of the six interruptions, in hexadecimal digits. Their place is 0x1a0 in the prefix area. */
export function newPsws(random: Random): string {
  return Array.from({ length: 6 }, () => guestPsw(random).join('')).join('');
}
