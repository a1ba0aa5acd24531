/** Branch instructions: where they go, on which condition, and what else they do. */

import type { Address } from '../../instructions/fields.ts';
import type { Decoded } from './decoded.ts';

/** The target of a branch: a byte offset from the start of the page; or an address in a register; or one to be computed. */
export type Target = { readonly at: number } | { readonly register: number } | { readonly address: Address };

/** When a branch is taken. */
export type Condition =
  | { readonly kind: 'always' }
  /** The mask selects the condition code. */
  | { readonly kind: 'code'; readonly mask: number }
  /** Register `a`, decremented by one, is not zero. */
  | { readonly kind: 'count'; readonly a: number; readonly bits: 32 | 64 }
  /** The mask selects the result of a comparison of register `a` with register `b` or an immediate. */
  | {
      readonly kind: 'compare';
      readonly a: number;
      readonly b: number | null;
      readonly immediate: number;
      readonly bits: 32 | 64;
      readonly logical: boolean;
      readonly mask: number;
    }
  /** Register `a`, plus register `b`, is above the odd register of `b` (`above`), or is not. */
  | {
      readonly kind: 'index';
      readonly a: number;
      readonly b: number;
      readonly bits: 32 | 64;
      readonly above: boolean;
    };

/** A branch. */
export interface Branch {
  readonly target: Target;
  readonly condition: Condition;
  /** The register that receives the address of the next instruction, or null. */
  readonly link: number | null;
}

const ALWAYS = { kind: 'always' } as const;

function onCode(mask: number, target: Target): Branch | 'never' {
  if (mask === 0) return 'never';
  return { target, condition: mask === 15 ? ALWAYS : { kind: 'code', mask }, link: null };
}

type Reader = (operands: readonly number[], from: number, address: Address | null) => Branch | 'never';

const relative = (from: number, halfwords: number): Target => ({ at: from + halfwords * 2 });
const operand = (operands: readonly number[], n: number) => operands[n] as number;

const count =
  (bits: 32 | 64): Reader =>
  (o, from) => ({
    target: relative(from, operand(o, 1)),
    condition: { kind: 'count', a: operand(o, 0), bits },
    link: null,
  });

/** Compare and branch. @param immediate whether the second operand is an immediate of 8 bits */
const compare =
  (bits: 32 | 64, logical: boolean, immediate = false): Reader =>
  (o, from) => ({
    target: relative(from, operand(o, 3)),
    condition: {
      kind: 'compare',
      a: operand(o, 0),
      b: immediate ? null : operand(o, 1),
      immediate: logical ? operand(o, 1) & 0xff : operand(o, 1),
      bits,
      logical,
      mask: operand(o, 2) & 14,
    },
    link: null,
  });

const index =
  (bits: 32 | 64, above: boolean): Reader =>
  (o, from) => ({
    target: relative(from, operand(o, 2)),
    condition: { kind: 'index', a: operand(o, 0), b: operand(o, 1), bits, above },
    link: null,
  });

const linked: Reader = (o, from) => ({
  target: relative(from, operand(o, 1)),
  condition: ALWAYS,
  link: operand(o, 0),
});

const BRANCHES: Readonly<Record<string, Reader>> = {
  BRC: (o, from) => onCode(operand(o, 0), relative(from, operand(o, 1))),
  BRCL: (o, from) => onCode(operand(o, 0), relative(from, operand(o, 1))),
  BC: (o, _, address) => onCode(operand(o, 0), { address: address as Address }),
  BCR: (o) => (operand(o, 1) === 0 ? 'never' : onCode(operand(o, 0), { register: operand(o, 1) })),
  BRAS: linked,
  BRASL: linked,
  BASR: (o) => ({ target: { register: operand(o, 1) }, condition: ALWAYS, link: operand(o, 0) }),
  BRCT: count(32),
  BRCTG: count(64),
  CRJ: compare(32, false),
  CGRJ: compare(64, false),
  CLRJ: compare(32, true),
  CLGRJ: compare(64, true),
  CIJ: compare(32, false, true),
  CGIJ: compare(64, false, true),
  CLIJ: compare(32, true, true),
  CLGIJ: compare(64, true, true),
  BRXH: index(32, true),
  BRXLE: index(32, false),
  BRXHG: index(64, true),
  BRXLG: index(64, false),
};

/** The branch instructions that can be compiled. */
export const BRANCH_MNEMONICS: readonly string[] = Object.keys(BRANCHES);

/**
 * Returns what an instruction does as a branch; 'never' if it never branches and does nothing else; null if it is no branch
 * that can be compiled.
 */
export function branchOf(instruction: Decoded): Branch | 'never' | null {
  const { mnemonic, operands, offset, address } = instruction;
  // It only links. Rare.
  if (mnemonic === 'BASR' && operands[1] === 0) return null;
  const branch = BRANCHES[mnemonic]?.(operands, offset, address) ?? null;
  if (branch === null || branch === 'never') return branch;
  if (branch.condition.kind === 'compare' && branch.condition.mask === 0) return 'never';
  return branch;
}
