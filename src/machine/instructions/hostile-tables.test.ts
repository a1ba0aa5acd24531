/**
 * The instructions of address spaces and the linkage stack with hostile tables, registers and modes: whatever they find, an
 * instruction that ends with an exception has changed nothing. The states are those of the recordings, changed at random.
 */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isCompleting } from '../interruption.ts';
import { type Case, replay, replayCpu, type State } from '../testing/replay.ts';

const FIXTURE = new URL('./fixtures/spaces.json', import.meta.url);
const CASES = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Case[];
const ARENA = 0x20e00;
/** Bytes of the arena that cases use, without their code. */
const TABLES = { at: ARENA + 0x40, length: 0x3c0 };

const cpu = replayCpu();

/** A word that tables may have: anything, an address in the arena, or extremes. */
const words = fc.oneof(
  fc.integer({ min: 0, max: 0xffff_ffff }),
  fc.nat({ max: 0x7f }).map((n) => ARENA + n * 8),
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x7fff_ffc0, 0x8000_0000, 0xffff_ffff),
);
const alets = fc.constantFrom(0, 1, 2, 0x7_0002, 0x7_0003, 0x107_0002, 0xffff_ffff);
const hex = (value: number | bigint) => value.toString(16);

/** What is changed in the state of a case. */
const changes = fc.record({
  words: fc.array(fc.tuple(fc.nat({ max: TABLES.length / 4 - 1 }), words), { maxLength: 5 }),
  controls: fc.array(fc.tuple(fc.nat({ max: 15 }), fc.nat({ max: 63 })), { maxLength: 2 }),
  registers: fc.array(fc.tuple(fc.nat({ max: 15 }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), {
    maxLength: 1,
  }),
  access: fc.array(fc.tuple(fc.nat({ max: 15 }), alets), { maxLength: 2 }),
  mode: fc.constantFrom(24, 31, 64),
  space: fc.nat({ max: 3 }),
  problem: fc.nat({ max: 1 }),
  reuse: fc.boolean(),
});

function changed(state: State, what: typeof changes extends fc.Arbitrary<infer T> ? T : never): State {
  const { mode, space, problem } = what;
  const out: Record<string, State[string]> = { ...state, mode, space, problem };
  const m = { ...(state['m'] as Record<string, string>) };
  // Later entries of `m` replace earlier ones.
  for (const [n, word] of what.words) m[hex(TABLES.at + n * 4)] = hex(word).padStart(8, '0');
  out['m'] = m;
  const control = (n: number) => BigInt(`0x${(out[`c${n}`] as string | undefined) ?? '0'}`);
  for (const [n, bit] of what.controls) out[`c${n}`] = hex(control(n) ^ (1n << BigInt(bit)));
  if (what.reuse) out['c0'] = hex(control(0) | 0x8_0000n);
  for (const [n, value] of what.registers) out[`r${n}`] = hex(value);
  for (const [n, alet] of what.access) out[`a${n}`] = hex(alet);
  return out;
}

/** What an interruption tells, and storage keys, which record references even then. */
const TOLD = /^(pgm|ilc|id|access|at|dxc|per|perAt|k0|k1)$/;

it('an instruction that ends with an exception has changed nothing', () => {
  const codes = new Set<number>();
  fc.assert(
    fc.property(fc.nat({ max: CASES.length - 1 }), changes, (n, what) => {
      const [mnemonic, asm, code, state, expected] = CASES[n] as Case;
      const end = replay(cpu, [mnemonic, asm, code, changed(state, what), expected]);
      const { pgm, ilc, at } = end as { pgm?: number; ilc?: number; at?: string };
      if (pgm === undefined || isCompleting(pgm & 0x7f)) return;
      // The exception is that of the instruction, not of one that it branched to.
      if (at !== hex(ARENA) && at !== hex(ARENA + (ilc ?? 0))) return;
      codes.add(pgm);
      expect({ asm, changed: Object.keys(end).filter((name) => !TOLD.test(name)) }).toEqual({
        asm,
        changed: [],
      });
    }),
    { numRuns: 4000, seed: 7 },
  );
  // Most exceptions of these instructions have occurred.
  expect(codes.size).toBeGreaterThan(20);
});
