/**
 * Records the operation codes that objdump knows: the complete list that the instruction table is compared with.
 *
 *     npx tsx scripts/record-instructions/opcodes.ts
 *
 * objdump does not print its table, so every code is disassembled with several fillings of its operand fields, because
 * objdump rejects an encoding whose reserved fields are not zero. Extended mnemonics give some codes several names: the
 * shortest is that of the instruction, except for the few in `NAMES`.
 */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const OUTPUT = join(
  dirname(fileURLToPath(import.meta.url)),
  '../../src/machine/instructions/fixtures/objdump/opcodes.json',
);
const PREFIX = process.env['CROSS_PREFIX'] ?? 's390x-linux-gnu-';

/** First bytes whose code continues in the second byte, in the right half of the second byte, or in the last byte. */
const HALFWORD = [0x01, 0xb2, 0xb3, 0xb9, 0xe5];
const NIBBLE = [0xa5, 0xa7, 0xc0, 0xc2, 0xc4, 0xc6, 0xc8, 0xcc];
const ENDS = [0xe3, 0xe6, 0xe7, 0xeb, 0xec, 0xed];

/** Fillings of the bytes between the ends of a code. */
const MIDDLES = `12345670 12300000 12000000 12345600 10345000 12340010 10345600 12301000 12001000 10000000 12300010
  12003400 12031000 12300030 12302000 12300300 12300100 00120000 01200000 00100000 12010000 12000100 12001030`;
/** Fillings of the bytes after a code. */
const TAILS = '30125678 00120000 00100000 00000000 30240000 10120000 01120000 12120000';
const OPERANDS = '123456789a 0000000000 003456789a 103456789a';

/** Names of instructions for the shortest names that are not the instruction's. */
const NAMES: Readonly<Record<string, string>> = {
  bor: 'bcr',
  nopr: 'bcr',
  bo: 'bc',
  nop: 'bc',
  jo: 'brc',
  jh: 'brc',
  jgo: 'brcl',
  jgh: 'brcl',
  vzero: 'vgbm',
  cuutf: 'cu21',
  cutfu: 'cu12',
  bio: 'bic',
};

const SLOT = 8;
/** A code, and one encoding of it. */
interface Encoding {
  readonly code: number;
  readonly bytes: readonly number[];
}

const bytesOf = (text: string) => [...Buffer.from(text, 'hex')];
const fillings = (text: string) => text.split(/\s+/).map(bytesOf);
const lengthOf = (first: number) => (first < 0x40 ? 2 : first < 0xc0 ? 4 : 6);

/** Generates every code with every filling. */
function* encodings(): Generator<Encoding> {
  for (let first = 0; first < 256; first++) {
    const length = lengthOf(first);
    const one = (code: number, bytes: readonly number[]) => ({ code, bytes: bytes.slice(0, length) });
    for (let more = 0; more < 256; more++) {
      if (HALFWORD.includes(first)) {
        for (const tail of fillings(TAILS)) yield one(first * 256 + more, [first, more, ...tail]);
      } else if (ENDS.includes(first)) {
        for (const middle of fillings(MIDDLES)) yield one(first * 256 + more, [first, ...middle, more]);
      } else if (NIBBLE.includes(first) && more < 48) {
        yield one(first * 16 + (more & 15), [first, more, 0x12, 0x34, 0x56, 0x78]);
      }
    }
    if ([...HALFWORD, ...ENDS, ...NIBBLE].includes(first)) continue;
    for (const operands of fillings(OPERANDS)) yield one(first, [first, ...operands]);
  }
}

/** Returns objdump's name of each encoding, undefined where it has none. */
function namesOf(all: readonly Encoding[]): (string | undefined)[] {
  const directory = mkdtempSync(join(tmpdir(), 'opcodes-'));
  try {
    const file = join(directory, 'codes');
    const image = Buffer.alloc(all.length * SLOT, 0x07);
    all.forEach(({ bytes }, i) => {
      Buffer.from(bytes).copy(image, i * SLOT);
    });
    writeFileSync(file, image);
    const options = ['-D', '-b', 'binary', '-m', 's390:64-bit', '-M', 'zarch', file];
    const text = execFileSync(`${PREFIX}objdump`, options, { encoding: 'utf8', maxBuffer: 2 ** 28 });
    const lines = text.matchAll(/^ *([0-9a-f]+):\t[0-9a-f ]+\t(\S+)/gm);
    const names = new Map([...lines].map(([, at = '', name]) => [Number.parseInt(at, 16), name]));
    return all.map((_, i) => names.get(i * SLOT));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const all = [...encodings()];
const names = namesOf(all);
const known = new Map<string, string[]>();
all.forEach(({ code }, i) => {
  const name = names[i];
  if (name === undefined || name.startsWith('.') || name === 'unknown') return;
  const key = code.toString(16).padStart(2, '0');
  known.set(key, [...(known.get(key) ?? []), NAMES[name] ?? name]);
});
const shortest = (list: readonly string[]) =>
  list.reduce((best, name) => (name.length < best.length ? name : best));
const rows = [...known].map(([code, list]) => JSON.stringify([code, shortest(list).toUpperCase()]));
writeFileSync(OUTPUT, `[\n${rows.sort().join(',\n')}\n]\n`);
console.log(`${rows.length} operation codes`);
