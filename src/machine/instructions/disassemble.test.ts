/** The disassembler writes the same as objdump, and the table has the instructions of compiled C. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { lineOf } from './decode.ts';
import { disassemble, instructionLength } from './disassemble.ts';

type Example = readonly [address: string, code: string, text: string];

function examples(name: string): Example[] {
  return JSON.parse(
    readFileSync(new URL(`./fixtures/objdump/${name}.json`, import.meta.url), 'utf8'),
  ) as Example[];
}

function words(code: string): [w: number, x: number] {
  const bytes = Buffer.from(code.padEnd(12, '0'), 'hex');
  return [bytes.readUInt32BE(0), bytes.readUInt16BE(4)];
}

const compiled = examples('compiled');

describe('disassemble', () => {
  it('writes what objdump writes', () => {
    const all = [...examples('cases'), ...compiled].map(([address, code, text]) => {
      const [w, x] = words(code);
      const own = disassemble(w, x, BigInt(`0x${address}`));
      // In an object file objdump writes targets plainly, without 0x, where it knows a symbol.
      // Without a mask it has older names for two.
      const plain = (s: string) =>
        s
          .replace(/\b0x(?=[0-9a-f]+$)/, '')
          .replace('cuutf', 'cu21')
          .replace('cutfu', 'cu12');
      return { code, objdump: plain(text), own: plain(own) };
    });
    expect(all.filter(({ objdump, own }) => objdump !== own)).toEqual([]);
    expect(all.length).toBeGreaterThan(1000);
  });

  it('derives the length of an instruction from its first byte', () => {
    for (const [, code] of compiled) {
      expect(instructionLength(Number.parseInt(code.slice(0, 2), 16))).toBe(code.length / 2);
    }
  });

  it('writes an invalid operation code as a halfword', () => {
    expect(disassemble(0x0000_0000, 0)).toBe('.short 0x0000');
    expect(disassemble(0xb2fe_0000, 0)).toBe('.short 0xb2fe');
  });
});

describe('the instruction table', () => {
  it.each(compiled)('has the instructions of compiled C: %s %s %s', (_, code) => {
    expect(lineOf(...words(code))).toBeDefined();
  });
});
