/** The interpreter's loop takes operands apart as the formats of the table do. */

import { afterEach, describe, expect, it } from 'vitest';
import { decodeTable, ENTRY_NUMBER, entryAt, OPERATIONS } from '../instructions/decode.ts';
import { setOpcode } from '../instructions/encode.ts';
import { type Address, fieldsOf } from '../instructions/fields.ts';
import type { Operation } from '../instructions/formats.ts';
import { KINDS } from '../instructions/kinds.ts';
import { isPlain } from '../instructions/line.ts';
import { INSTRUCTIONS } from '../instructions/table.ts';
import { KEY_REFERENCED } from '../storage.ts';
import { bare, CODE, execute } from '../testing/bare.ts';

/** Bytes of the fields: ones and zeros, and fields that all differ. */
const PATTERNS = [
  '000000000000',
  'ffffffffffff',
  '001122334455',
  '00fedcba9876',
  '0089abcdef01',
  '007f807f807f',
];

const lines = INSTRUCTIONS.filter((line) => isPlain(line) && KINDS[line[1]] !== undefined).map(
  ([mnemonic, format, opcode]) => [mnemonic, format, opcode] as const,
);
const operations = OPERATIONS as Operation[];
const originals = [...operations];

afterEach(() => {
  for (const [i, run] of originals.entries()) operations[i] = run;
});

const contentsOf = (register: number) => BigInt(register) * 0x0123_4567_89ab_cdefn;

/** Returns an address, with the values of registers that `contentsOf` defines. */
function sumOf({ base, index, displacement }: Address): bigint {
  const of = (register: number) => (register === 0 ? 0n : contentsOf(register));
  return BigInt.asUintN(64, of(base) + of(index) + BigInt(displacement));
}

describe('the operands of', () => {
  it.each(lines)('%s (%s) are those of its format', (_, format, opcode) => {
    const cpu = bare();
    // Without the reference bit, an instruction is fetched the long way.
    cpu.storage.keys[CODE >> 12] = KEY_REFERENCED;
    for (let r = 0; r < 16; r++) cpu.gr[r] = BigInt.asUintN(64, contentsOf(r));
    for (const pattern of PATTERNS) {
      const bytes = Buffer.from(pattern, 'hex');
      setOpcode(bytes, format, opcode);
      const w = bytes.readUInt32BE(0);
      const x = bytes.readUInt16BE(4);
      const number = (decodeTable('max')[entryAt(w, x)] as number) & ENTRY_NUMBER;
      let seen: unknown = null;
      operations[number] = (c, ...operands) => {
        const address = (BigInt(c.eaHi) << 32n) | BigInt(c.eaLo);
        const address2 = (BigInt(c.ea2Hi) << 32n) | BigInt(c.ea2Lo);
        seen = { operands, address, address2 };
      };
      cpu.eaHi = cpu.eaLo = cpu.ea2Hi = cpu.ea2Lo = 0;
      execute(cpu, bytes.toString('hex'));
      const fields = fieldsOf(format, w, x);
      const address = fields.address === null ? 0n : sumOf(fields.address);
      const address2 = fields.address2 === null ? 0n : sumOf(fields.address2);
      expect(seen, pattern).toEqual({ operands: fields.operands, address, address2 });
      expect(cpu.pswAddress).toBe(BigInt(CODE) + (w < 0x4000_0000 ? 2n : w < 0xc000_0000 ? 4n : 6n));
    }
  });
});

it('all kinds have a line', () => {
  expect(new Set(lines.map(([, format]) => KINDS[format]))).toEqual(new Set(Object.values(KINDS)));
});
