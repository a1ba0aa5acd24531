/** Compiled forms of instructions with two storage operands. */

import { expect, it } from 'vitest';
import { CODE, DATA } from '../../../testing/bare.ts';
import { Engines, SMALL } from '../../../testing/engines.ts';

const digits = (value: number, length: number) => value.toString(16).padStart(length, '0');

/** Distances of the first operand from the second. */
const DISTANCES = [-9, -1, 0, 1, 7, 8, 31, 64];
const LENGTHS = [1, 2, 3, 8, 15, 32, 33, 70];
/** Lengths that EXECUTE gives, and bits of the target's own length, with which they are combined. */
const EXECUTED = [
  [1, 0],
  [8, 4],
  [33, 0],
  [70, 4],
] as const;

const OPERATIONS: [string, number][] = [
  ['MVC', 0xd2],
  ['NC', 0xd4],
  ['CLC', 0xd5],
  ['OC', 0xd6],
  ['XC', 0xd7],
];

/** Returns processors with data, the operands at 0(3) and 0(2), at a distance. */
function withOperands(distance: number): Engines {
  const engines = new Engines({ storageSize: SMALL });
  engines.all((cpu) => {
    for (let i = 0; i < 0x100; i++) cpu.storage.bytes[DATA + i] = (i * 37) >>> 2;
    cpu.gr[2] = BigInt(DATA + 0x40);
    cpu.gr[3] = BigInt(DATA + 0x40 + distance);
    cpu.gr[15] = BigInt(CODE);
  });
  return engines;
}

it.each(OPERATIONS)('%s of operands that overlap', (_, opcode) => {
  for (const distance of DISTANCES) {
    for (const length of LENGTHS) {
      const engines = withOperands(distance);
      const operands = `${digits(length - 1, 2)}30002000`;
      // op 0(length,3),0(2); IPM 1; XI 65(2),1; BRC 15,.-14
      engines.begin(`${digits(opcode, 2)}${operands} b2220010 97012041 a7f4fff9`);
      expect([distance, length, engines.differences(41, 42)]).toEqual([distance, length, []]);
    }
  }
});

it.each(OPERATIONS)('EXECUTE of %s', (_, opcode) => {
  for (const distance of DISTANCES) {
    for (const [length, others] of EXECUTED) {
      const engines = withOperands(distance);
      engines.all((cpu) => {
        cpu.gr[4] = 0xffff_ff00n + BigInt(length - 1);
      });
      // EXRL 4,.+18; IPM 1; XI 65(2),1; BRC 15,.-14; op 0(length,3),0(2)
      const target = `${digits(opcode, 2)}${digits(others, 2)}30002000`;
      engines.begin(`c64000000009 b2220010 97012041 a7f4fff9 ${target}`);
      expect([distance, length, engines.differences(41, 42)]).toEqual([distance, length, []]);
    }
  }
});

it('EXECUTE with register 0, and of an instruction that is stored into', () => {
  const engines = withOperands(0x20);
  engines.all((cpu) => {
    cpu.gr[0] = 9n;
    cpu.gr[4] = 6n;
  });
  // EXRL 0,.+26; EXRL 4,.+20; AHI 5,1; STC 5,27(15); BRC 15,.-20; NOPR; MVC 0(1,3),0(2)
  engines.begin('c6000000000d c6400000000a a75a0001 4250f01b a7f4fff6 0700 d20030002000');
  expect(engines.differences(40, 41, 400, 3000)).toEqual([]);
});
