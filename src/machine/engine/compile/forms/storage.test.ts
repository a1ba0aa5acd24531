/** Compiled forms of instructions with two storage operands. */

import { expect, it } from 'vitest';
import { CODE, DATA } from '../../../testing/bare.ts';
import { Engines } from '../../../testing/engines.ts';

const digits = (value: number, length: number) => value.toString(16).padStart(length, '0');

/** Distances of the first operand from the second. */
const DISTANCES = [-9, -1, 0, 1, 7, 8, 31, 64];
const LENGTHS = [1, 2, 3, 8, 15, 32, 33, 70];

it.each([
  ['MVC', 0xd2],
  ['NC', 0xd4],
  ['CLC', 0xd5],
  ['OC', 0xd6],
  ['XC', 0xd7],
])('%s of operands that overlap', (_, opcode) => {
  for (const distance of DISTANCES) {
    for (const length of LENGTHS) {
      const engines = new Engines();
      engines.all((cpu) => {
        for (let i = 0; i < 0x100; i++) cpu.storage.bytes[DATA + i] = (i * 37) >>> 2;
        cpu.gr[2] = BigInt(DATA + 0x40);
        cpu.gr[3] = BigInt(DATA + 0x40 + distance);
        cpu.gr[15] = BigInt(CODE);
      });
      const operands = `${digits(length - 1, 2)}30002000`;
      // op 0(length,3),0(2); IPM 1; XI 65(2),1; BRC 15,.-14
      engines.begin(`${digits(opcode, 2)}${operands} b2220010 97012041 a7f4fff9`);
      expect([distance, length, engines.differences(41, 42)]).toEqual([distance, length, []]);
    }
  }
});
