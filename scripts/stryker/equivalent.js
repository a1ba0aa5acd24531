/**
 * Mutants that no test can notice, each with the reason. A mutant is known by its file, the text of the line where it
 * begins, and what takes the place of which part of it. `test/stryker.test.ts` checks that each line is still there.
 */

const SORT =
  'V8 only asks whether the answer is below 0; segments at one address overlap, in whichever order';
const RESET = '`to` sets the field before anybody reads it';
const BEYOND =
  'one turn more reads beyond an array: no entry is equal to undefined, and a store there does nothing';
const SLOWER = 'what is not looked at eight at a time is looked at one by one';

/** @type {readonly {file: string, line: string, original: string, replacement: string, reason: string}[]} */
export const EQUIVALENT = [
  {
    file: 'src/machine/tlb.ts',
    line: 'readonly keys = new Int16Array(TLB_SLOTS).fill(-1);',
    original: '-1',
    replacement: '+1',
    reason: '`remember` writes the key of a slot before anybody reads it',
  },
  {
    file: 'src/machine/tlb.ts',
    line: 'for (let slot = index; slot < TLB_SLOTS; slot += 256) {',
    original: 'slot < TLB_SLOTS',
    replacement: 'slot <= TLB_SLOTS',
    reason: BEYOND,
  },
  {
    file: 'src/machine/tlb.ts',
    line: 'for (let slot = 0; slot < TLB_SLOTS; slot++) {',
    original: 'slot < TLB_SLOTS',
    replacement: 'slot <= TLB_SLOTS',
    reason: BEYOND,
  },
  {
    file: 'src/machine/dat/walk.ts',
    line: 'protect = false;',
    original: 'false',
    replacement: 'true',
    reason: RESET,
  },
  {
    file: 'src/machine/dat/walk.ts',
    line: 'absolute = false;',
    original: 'false',
    replacement: 'true',
    reason: RESET,
  },
  { file: 'src/machine/dat/walk.ts', line: 'table = -1;', original: '-1', replacement: '+1', reason: RESET },
  { file: 'src/machine/dat/walk.ts', line: 'key = -1;', original: '-1', replacement: '+1', reason: RESET },
  {
    file: 'src/machine/dat/scan.ts',
    line: 'at + 8 <= end &&',
    original:
      'at + 8 <= end && e[at] === empty && e[at + 1] === empty && e[at + 2] === empty && e[at + 3] === empty && e[at + 4] === empty && e[at + 5] === empty && e[at + 6] === empty && e[at + 7] === empty',
    replacement: 'false',
    reason: SLOWER,
  },
  {
    file: 'src/machine/dat/scan.ts',
    line: 'at + 8 <= end &&',
    original: 'at + 8 <= end',
    replacement: 'at + 8 < end',
    reason: SLOWER,
  },
  ...['if (key !== UNKEYED) this.#checkKey(page, access, key, storageKey);', 'if (key !== UNKEYED) {'].map(
    (line) => ({
      file: 'src/machine/cpu/access.ts',
      line,
      original: 'key !== UNKEYED',
      replacement: 'true',
      reason: 'key 0 may do everything; that is asked first only to be faster',
    }),
  ),
  {
    file: 'src/machine/sie.ts',
    line: 'for (let n = 0; n < 16; n++) cpu.cr[n] = this.#get64(SIE.CONTROL_REGISTERS + n * 8);',
    original: 'n < 16',
    replacement: 'n <= 16',
    reason: 'a store beyond a typed array does nothing',
  },
  ...[
    ['a.segment.address > b.segment.address', 'false'],
    ['a.segment.address > b.segment.address', 'true'],
    ['a.segment.address > b.segment.address', 'a.segment.address >= b.segment.address'],
    ['a.segment.address > b.segment.address', 'a.segment.address <= b.segment.address'],
  ].map(([original, replacement]) => ({
    file: 'src/vmm/elf.ts',
    line: 'a.segment.address < b.segment.address ? -1 : a.segment.address > b.segment.address ? 1 : 0,',
    original,
    replacement,
    reason: SORT,
  })),
];

const plain = (text) => text.replace(/\s+/g, ' ').trim();

/** Whether the list has a mutant: its file, line and texts, white space aside. */
export function isEquivalent({ file, line, original, replacement }) {
  return EQUIVALENT.some(
    (entry) =>
      entry.file === file &&
      entry.line === line &&
      entry.original === plain(original) &&
      entry.replacement === plain(replacement),
  );
}
