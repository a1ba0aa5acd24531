/**
 * Condition codes that nobody may look at. An instruction that sets the condition code leaves its operands in two locals, A
 * and B; the code is computed from them when something needs it.
 */

import { Body, type FunctionType, I32, I64, OP, type WasmFunction } from './wasm.ts';

/** How the condition code follows from A and B, which are 64-bit numbers. */
export const CC = {
  /** A is the code. */
  VALUE: 0,
  /** The sign of A. */
  SIGN: 1,
  /** A compared with B, signed. */
  COMPARE: 2,
  /** A compared with B, unsigned. */
  COMPARE_LOGICAL: 3,
  /** 1 if A is not zero. */
  NONZERO: 4,
  /** The signed sum A + B of 64 bits. */
  ADD: 5,
  /** The signed difference A - B of 64 bits. */
  SUBTRACT: 6,
  /** A is the exact result of a signed operation on 32 bits. */
  EXACT_32: 7,
  /** A is the sum of B and another number, unsigned, 64 bits. */
  ADD_LOGICAL: 8,
  /** The unsigned difference A - B of 64 bits. */
  SUBTRACT_LOGICAL: 9,
  /** A is the exact sum of two unsigned numbers of 32 bits. */
  ADD_LOGICAL_32: 10,
  /** A is the exact difference of two unsigned numbers of 32 bits. */
  SUBTRACT_LOGICAL_32: 11,
  /** A holds the bits of mask B that are one: 0 none, 3 all, else 1. */
  UNDER_MASK: 12,
  /** As `UNDER_MASK`, but 2 if the leftmost bit of the mask is one and not all are. */
  UNDER_MASK_LEFT: 13,
} as const;
export type Cc = (typeof CC)[keyof typeof CC];

const KINDS = Object.keys(CC).length;

/** Kinds that follow from A alone. */
const OF_A: ReadonlySet<Cc> = new Set([
  CC.VALUE,
  CC.SIGN,
  CC.NONZERO,
  CC.EXACT_32,
  CC.ADD_LOGICAL_32,
  CC.SUBTRACT_LOGICAL_32,
]);

/** Returns whether the condition code of a kind depends on B, too. */
export const dependsOnB = (kind: Cc): boolean => !OF_A.has(kind);

/** Appends code that pushes the condition code, 32 bits, of a kind. @param a, b the locals A and B */
export function pushCode(body: Body, kind: Cc, a: number, b: number): void {
  const three = () => body.i32(3);
  /** Pushes 1 for less, 2 for greater, 0 for equal. */
  const order = (less: number, greater: number) =>
    body.get(a).get(b).op(less).get(a).get(b).op(greater).i32(1).op(OP.I32_SHL, OP.I32_OR);
  /** Pushes the code of the sign of what `push` pushes. */
  const sign = (push: () => void) => {
    push();
    body.i64(0).op(OP.I64_LT_S);
    push();
    body.i64(0).op(OP.I64_GT_S).i32(1).op(OP.I32_SHL, OP.I32_OR);
  };
  switch (kind) {
    case CC.VALUE:
      body.get(a).op(OP.I32_WRAP);
      break;
    case CC.SIGN:
      sign(() => body.get(a));
      break;
    case CC.COMPARE:
      order(OP.I64_LT_S, OP.I64_GT_S);
      break;
    case CC.COMPARE_LOGICAL:
      order(OP.I64_LT_U, OP.I64_GT_U);
      break;
    case CC.NONZERO:
      body.get(a).i64(0).op(OP.I64_NE);
      break;
    case CC.ADD:
    case CC.SUBTRACT: {
      const result = () =>
        body
          .get(a)
          .get(b)
          .op(kind === CC.ADD ? OP.I64_ADD : OP.I64_SUB);
      three();
      sign(result);
      // Overflow: the result's sign differs from that of A and, for a sum, from that of B.
      result();
      body.get(a).op(OP.I64_XOR);
      if (kind === CC.ADD) {
        result();
        body.get(b).op(OP.I64_XOR);
      } else {
        body.get(a).get(b).op(OP.I64_XOR);
      }
      body.op(OP.I64_AND).i64(0).op(OP.I64_LT_S, OP.SELECT);
      break;
    }
    case CC.EXACT_32:
      three();
      sign(() => body.get(a));
      body.get(a).get(a).op(OP.I64_EXTEND32_S, OP.I64_NE, OP.SELECT);
      break;
    case CC.ADD_LOGICAL:
      body.get(a).i64(0).op(OP.I64_NE).get(a).get(b).op(OP.I64_LT_U).i32(1).op(OP.I32_SHL, OP.I32_OR);
      break;
    case CC.SUBTRACT_LOGICAL:
      body.get(a).get(b).op(OP.I64_NE).get(a).get(b).op(OP.I64_GE_U).i32(1).op(OP.I32_SHL, OP.I32_OR);
      break;
    case CC.ADD_LOGICAL_32:
      body.get(a).op(OP.I32_WRAP).i32(0).op(OP.I32_NE);
      body.get(a).i64(32).op(OP.I64_SHR_U, OP.I32_WRAP).i32(1).op(OP.I32_SHL, OP.I32_OR);
      break;
    case CC.SUBTRACT_LOGICAL_32:
      body.get(a).op(OP.I32_WRAP).i32(0).op(OP.I32_NE);
      body.get(a).i64(0).op(OP.I64_GE_S).i32(1).op(OP.I32_SHL, OP.I32_OR);
      break;
    case CC.UNDER_MASK:
      three();
      body.get(a).i64(0).op(OP.I64_NE);
      body.get(a).get(b).op(OP.I64_EQ).get(a).i64(0).op(OP.I64_NE, OP.I32_AND, OP.SELECT);
      break;
    case CC.UNDER_MASK_LEFT:
      three();
      // 0 for no bit, else 1, and 2 if the leftmost bit of the mask is among them.
      body.get(a).i64(0).op(OP.I64_NE);
      body
        .get(a)
        .op(OP.I64_CLZ)
        .get(b)
        .op(OP.I64_CLZ, OP.I64_EQ)
        .get(a)
        .i64(0)
        .op(OP.I64_NE, OP.I32_AND, OP.I32_ADD);
      body.get(a).get(b).op(OP.I64_EQ).get(a).i64(0).op(OP.I64_NE, OP.I32_AND, OP.SELECT);
      break;
  }
}

/** Masks of a conditional branch: bit 8 is code 0, bit 1 is code 3. */
const EQUAL = 8;
const LOW = 4;
const HIGH = 2;
const OVERFLOW = 1;

/** Comparison for a mask of a comparison that is never 3: signed, unsigned. */
const COMPARISONS: Record<number, readonly [signed: number, unsigned: number]> = {
  [EQUAL]: [OP.I64_EQ, OP.I64_EQ],
  [LOW]: [OP.I64_LT_S, OP.I64_LT_U],
  [HIGH]: [OP.I64_GT_S, OP.I64_GT_U],
  [EQUAL | LOW]: [OP.I64_LE_S, OP.I64_LE_U],
  [EQUAL | HIGH]: [OP.I64_GE_S, OP.I64_GE_U],
  [LOW | HIGH]: [OP.I64_NE, OP.I64_NE],
};

/**
 * Appends code that pushes whether a mask selects the condition code. Frequent masks become one comparison.
 * @param mask 1 to 14
 */
export function pushCondition(body: Body, kind: Cc, a: number, b: number, mask: number): void {
  const [signed, unsigned] = COMPARISONS[mask & ~OVERFLOW] ?? [0, 0];
  if (kind === CC.SIGN && signed !== 0) body.get(a).i64(0).op(signed);
  else if (kind === CC.COMPARE && signed !== 0) body.get(a).get(b).op(signed);
  else if (kind === CC.COMPARE_LOGICAL && signed !== 0) body.get(a).get(b).op(unsigned);
  else if (kind === CC.NONZERO && (mask & (EQUAL | LOW)) === EQUAL) body.get(a).op(OP.I64_EQZ);
  else if (kind === CC.NONZERO && (mask & (EQUAL | LOW)) === LOW) body.get(a).i64(0).op(OP.I64_NE);
  else if (kind === CC.EXACT_32 && mask === EQUAL) body.get(a).op(OP.I64_EQZ);
  else if (kind === CC.EXACT_32 && mask === 15 - EQUAL) body.get(a).i64(0).op(OP.I64_NE);
  else if ((kind === CC.UNDER_MASK || kind === CC.UNDER_MASK_LEFT) && mask === EQUAL) {
    body.get(a).op(OP.I64_EQZ);
  } else if ((kind === CC.UNDER_MASK || kind === CC.UNDER_MASK_LEFT) && mask === 15 - EQUAL) {
    body.get(a).i64(0).op(OP.I64_NE);
  } else {
    pushSelected(body, mask, () => pushCode(body, kind, a, b));
  }
}

/** Appends code that pushes whether a mask selects the condition code that `push` pushes. */
export function pushSelected(body: Body, mask: number, push: () => void): void {
  body.i32(mask);
  push();
  body.op(OP.I32_SHL).i32(8).op(OP.I32_AND);
}

/** The type of `codeFunction`. */
export const CODE_TYPE: FunctionType = { parameters: [I32, I64, I64], results: [I32] };

/** The function (kind, A, B) that returns the condition code, for kinds that are known only at run time. */
export function codeFunction(): WasmFunction {
  const body = new Body();
  for (let kind = 0; kind < KINDS; kind++) {
    body.get(0).i32(kind).op(OP.I32_EQ).begin(OP.IF);
    pushCode(body, kind as Cc, 1, 2);
    body.op(OP.RETURN).end();
  }
  body.i32(0);
  return { ...CODE_TYPE, locals: [], body };
}
