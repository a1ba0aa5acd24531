/** Loads and stores of general registers, and addresses. */

import type { Address } from '../../../instructions/fields.ts';
import { CC } from '../condition-code.ts';
import type { Decoded } from '../decoded.ts';
import type { Emitter } from '../emitter.ts';
import { OP } from '../wasm.ts';
import { type Form, type FormTable, operand } from './form.ts';
import {
  immediate,
  immediate32,
  lowSigned,
  lowUnsigned,
  m8s,
  m8u,
  m16s,
  m16u,
  m32s,
  m32u,
  m64,
  relative,
  relativeAddress,
  type Source,
  whole,
} from './operands.ts';

/** Loads all of r1. */
function load64(source: Source): Form {
  return (e, i) => {
    const lookups = source(e, i);
    e.setRegister(operand(i, 0));
    return lookups;
  };
}

/** Loads the low half of r1. */
function load32(source: Source): Form {
  return (e, i) => {
    const lookups = source(e, i);
    e.setLow(operand(i, 0));
    return lookups;
  };
}

/** A register operand after some instructions. */
const changed =
  (n: number, ...codes: number[]): Source =>
  (e, i) => {
    e.register(operand(i, n));
    e.body.op(...codes);
    return 0;
  };

/** A register operand of which a mask selects bits. */
const masked =
  (n: number, mask: number): Source =>
  (e, i) => {
    e.register(operand(i, n));
    e.body.i64(mask).op(OP.I64_AND);
    return 0;
  };

/** Sets one halfword of r1, from bit `shift` on; the others keep their values, or become zero. */
function halfword(shift: number, keeps: boolean): Form {
  const mask = 0xffffn << BigInt(shift);
  return (e, i) => {
    const value = BigInt(operand(i, 1) & 0xffff) << BigInt(shift);
    if (keeps) {
      e.register(operand(i, 0));
      e.body.i64(~mask).op(OP.I64_AND).i64(value).op(OP.I64_OR);
    } else {
      e.body.i64(value);
    }
    e.setRegister(operand(i, 0));
    return 0;
  };
}

/** Sets the high half of r1. */
function highHalf(keeps: boolean): Form {
  return (e, i) => {
    const value = BigInt(operand(i, 1)) << 32n;
    e.body.i64(value);
    if (keeps) {
      e.low(operand(i, 0), 'unsigned');
      e.body.op(OP.I64_OR);
    }
    e.setRegister(operand(i, 0));
    return 0;
  };
}

function loadAddress(e: Emitter, i: Decoded): number {
  e.address(i.address as Address);
  e.setRegister(operand(i, 0));
  return 0;
}

function loadAddressRelative(e: Emitter, i: Decoded): number {
  e.pageAddress(i.offset + operand(i, 1) * 2);
  e.setRegister(operand(i, 0));
  return 0;
}

/** INSERT CHARACTER. */
function insertCharacter(e: Emitter, i: Decoded): number {
  const lookups = m8u(e, i);
  e.register(operand(i, 0));
  e.body.i64(-256).op(OP.I64_AND, OP.I64_OR);
  e.setRegister(operand(i, 0));
  return lookups;
}

/** Loads r1 if a mask selects the condition code. */
function onCondition(bits: 32 | 64, mask: number, value: Source): Form {
  return (e, i) => {
    const m = operand(i, mask);
    if (m === 0) return 0;
    const set = () => {
      e.setBits(operand(i, 0), bits);
    };
    if (m === 15) {
      value(e, i);
    } else {
      value(e, i);
      e.register(operand(i, 0));
      e.condition(m);
      e.body.op(OP.SELECT);
    }
    set();
    return 0;
  };
}

/** SELECT: r2 if a mask selects the condition code, else r3. */
function select(bits: 32 | 64): Form {
  return (e, i) => {
    e.register(operand(i, 1));
    e.register(operand(i, 2));
    const mask = operand(i, 3);
    if (mask === 0 || mask === 15) e.body.i32(mask);
    else e.condition(mask);
    e.body.op(OP.SELECT);
    e.setBits(operand(i, 0), bits);
    return 0;
  };
}

/** Stores the low bytes of r1. */
function store(length: number): Form {
  return (e, i) => {
    e.address(i.address as Address);
    e.store(length, () => e.register(operand(i, 0)));
    return 1;
  };
}

function storeRelative(length: number): Form {
  return (e, i) => {
    relativeAddress(e, i, length);
    e.store(length, () => e.register(operand(i, 0)));
    return 1;
  };
}

/** Stores an immediate, operand 0. */
function storeImmediate(length: number): Form {
  return (e, i) => {
    e.address(i.address as Address);
    e.store(length, () => void e.body.i64(operand(i, 0)));
    return 1;
  };
}

/** The registers from r1 to r3, wrapping from 15 to 0. */
function range(i: Decoded): number[] {
  const first = operand(i, 0);
  const count = ((operand(i, 1) - first) & 15) + 1;
  return Array.from({ length: count }, (_, n) => (first + n) & 15);
}

function loadMultiple(length: 4 | 8): Form {
  return (e, i) => {
    const registers = range(i);
    e.address(i.address as Address);
    e.prepare(registers.length * length, false);
    registers.forEach((r, n) => {
      e.loadAt(n * length, length);
      e.setBits(r, length * 8);
    });
    return 1;
  };
}

function storeMultiple(length: 4 | 8): Form {
  return (e, i) => {
    const registers = range(i);
    e.address(i.address as Address);
    e.prepare(registers.length * length, true);
    registers.forEach((r, n) => {
      e.storeAt(n * length, length, () => e.register(r));
    });
    return 1;
  };
}

/** Reverses the bytes of what is loaded or stored: it is then in the order of WebAssembly. */
const reversed64 =
  (source: Source): Source =>
  (e, i) => {
    const lookups = source(e, i);
    e.swap64();
    return lookups;
  };

/** Does something if a mask selects the condition code. A storage operand is accessed only then. */
function when(mask: number, does: (e: Emitter, i: Decoded) => void): Form {
  return (e, i) => {
    const m = operand(i, mask);
    if (m === 0) return 0;
    if (m === 15) e.body.i32(1);
    else e.condition(m);
    e.begin(OP.IF);
    does(e, i);
    e.countLookup();
    e.end();
    return 0;
  };
}

const loadWhen = (bits: 32 | 64) =>
  when(1, (e, i) => {
    e.address(i.address as Address);
    e.load(bits / 8);
    e.setBits(operand(i, 0), bits);
  });

const storeWhen = (bits: 32 | 64) =>
  when(1, (e, i) => {
    e.address(i.address as Address);
    e.store(bits / 8, () => e.register(operand(i, 0)));
  });

/** Bits of a mask of four bytes, from the left: how far right each byte is. */
function selectedBytes(mask: number): number[] {
  return [24, 16, 8, 0].filter((_, n) => mask & (8 >> n));
}

/** INSERT CHARACTERS UNDER MASK. The interpreter looks up each byte. */
function insertUnderMask(e: Emitter, i: Decoded): number {
  const { body } = e;
  const r = operand(i, 0);
  const shifts = selectedBytes(operand(i, 1));
  e.address(i.address as Address);
  e.prepare(Math.max(shifts.length, 1), false);
  // T: the register's new value; U: the inserted bytes, from the left.
  const cleared = shifts.reduce((bits, shift) => bits | (0xffn << BigInt(shift)), 0n);
  e.register(r);
  body.i64(~cleared).op(OP.I64_AND).set(e.t).i64(0).set(e.u);
  shifts.forEach((shift, n) => {
    e.loadAt(n, 1);
    body.tee(e.v).i64(shift).op(OP.I64_SHL).get(e.t).op(OP.I64_OR).set(e.t);
    body
      .get(e.v)
      .i64(56 - n * 8)
      .op(OP.I64_SHL)
      .get(e.u)
      .op(OP.I64_OR)
      .set(e.u);
  });
  body.get(e.t);
  e.setRegister(r);
  body.get(e.u).set(e.a);
  e.setKind(CC.SIGN);
  return Math.max(shifts.length, 1);
}

/** STORE CHARACTERS UNDER MASK. The interpreter looks up the operand, and then each byte. */
function storeUnderMask(e: Emitter, i: Decoded): number {
  const shifts = selectedBytes(operand(i, 1));
  if (shifts.length === 0) return 0;
  e.address(i.address as Address);
  e.prepare(shifts.length, true);
  shifts.forEach((shift, n) => {
    e.storeAt(n, 1, () => {
      e.register(operand(i, 0));
      e.body.i64(shift).op(OP.I64_SHR_U);
    });
  });
  return shifts.length + 1;
}

/** COMPARE LOGICAL CHARACTERS UNDER MASK. The interpreter looks up each byte. */
function compareUnderMask(e: Emitter, i: Decoded): number {
  const { body } = e;
  const shifts = selectedBytes(operand(i, 1));
  e.address(i.address as Address);
  e.prepare(Math.max(shifts.length, 1), false);
  body.i64(0).set(e.t).i64(0).set(e.u);
  shifts.forEach((shift, n) => {
    body.get(e.t).i64(8).op(OP.I64_SHL);
    e.register(operand(i, 0));
    body.i64(shift).op(OP.I64_SHR_U).i64(0xff).op(OP.I64_AND, OP.I64_OR).set(e.t);
    body.get(e.u).i64(8).op(OP.I64_SHL);
    e.loadAt(n, 1);
    body.op(OP.I64_OR).set(e.u);
  });
  body.get(e.t).set(e.a).get(e.u).set(e.b);
  e.setKind(CC.COMPARE_LOGICAL);
  return Math.max(shifts.length, 1);
}

/** Reverses the four low bytes of what a source pushes, whose other bytes are zero. */
const reversed32 =
  (source: Source): Source =>
  (e, i) => {
    const lookups = source(e, i);
    e.swap64();
    e.body.i64(32).op(OP.I64_SHR_U);
    return lookups;
  };

/** Stores a register with its bytes reversed. */
function storeReversed(length: 4 | 8): Form {
  return (e, i) => {
    e.address(i.address as Address);
    e.store(length, () => {
      e.register(operand(i, 0));
      e.swap64();
      if (length === 4) e.body.i64(32).op(OP.I64_SHR_U);
    });
    return 1;
  };
}

/** A hint: does nothing. */
const nothing: Form = () => 0;

export const MOVES: FormTable = {
  PFD: nothing,
  PFDRL: nothing,
  BPP: nothing,
  NIAI: nothing,
  LRV: load32(reversed32(m32u)),
  LRVR: load32(reversed32(lowUnsigned(1))),
  STRV: storeReversed(4),
  STRVG: storeReversed(8),
  LOC: loadWhen(32),
  LOCG: loadWhen(64),
  STOC: storeWhen(32),
  STOCG: storeWhen(64),
  ICM: insertUnderMask,
  ICMY: insertUnderMask,
  STCM: storeUnderMask,
  STCMY: storeUnderMask,
  CLM: compareUnderMask,
  CLMY: compareUnderMask,
  LR: load32(whole(1)),
  L: load32(m32u),
  LY: load32(m32u),
  LH: load32(m16s),
  LHY: load32(m16s),
  LB: load32(m8s),
  LHI: load32(immediate(1)),
  LBR: load32(changed(1, OP.I64_EXTEND8_S)),
  LHR: load32(changed(1, OP.I64_EXTEND16_S)),
  LRL: load32(relative(4, 'unsigned')),
  LHRL: load32(relative(2, 'signed')),
  LLC: load32(m8u),
  LLCR: load32(masked(1, 0xff)),
  LLH: load32(m16u),
  LLHR: load32(masked(1, 0xffff)),
  LLHRL: load32(relative(2, 'unsigned')),
  IILF: load32(immediate(1)),
  IILH: halfword(16, true),
  IILL: halfword(0, true),
  IIHF: highHalf(true),
  IIHH: halfword(48, true),
  IIHL: halfword(32, true),
  LOCR: onCondition(32, 2, whole(1)),
  LOCGR: onCondition(64, 2, whole(1)),
  LOCHI: onCondition(32, 1, immediate(2)),
  LOCGHI: onCondition(64, 1, immediate(2)),
  SELR: select(32),
  SELGR: select(64),

  LGR: load64(whole(1)),
  LG: load64(m64),
  LGF: load64(m32s),
  LGFR: load64(lowSigned(1)),
  LGH: load64(m16s),
  LGHR: load64(changed(1, OP.I64_EXTEND16_S)),
  LGB: load64(m8s),
  LGBR: load64(changed(1, OP.I64_EXTEND8_S)),
  LGHI: load64(immediate(1)),
  LGFI: load64(immediate(1)),
  LGRL: load64(relative(8, 'unsigned')),
  LGFRL: load64(relative(4, 'signed')),
  LGHRL: load64(relative(2, 'signed')),
  LLGF: load64(m32u),
  LLGFR: load64(lowUnsigned(1)),
  LLGH: load64(m16u),
  LLGHR: load64(masked(1, 0xffff)),
  LLGC: load64(m8u),
  LLGCR: load64(masked(1, 0xff)),
  LLGFRL: load64(relative(4, 'unsigned')),
  LLGHRL: load64(relative(2, 'unsigned')),
  LLGTR: load64(masked(1, 0x7fff_ffff)),
  LLIHF: highHalf(false),
  LLILF: load64(immediate32(1)),
  LLIHH: halfword(48, false),
  LLIHL: halfword(32, false),
  LLILH: halfword(16, false),
  LLILL: halfword(0, false),
  LRVGR: load64(reversed64(whole(1))),
  LRVG: load64(reversed64(m64)),

  LA: loadAddress,
  LAY: loadAddress,
  LARL: loadAddressRelative,
  IC: insertCharacter,
  ICY: insertCharacter,
  LM: loadMultiple(4),
  LMY: loadMultiple(4),
  LMG: loadMultiple(8),

  ST: store(4),
  STY: store(4),
  STH: store(2),
  STHY: store(2),
  STC: store(1),
  STCY: store(1),
  STG: store(8),
  STRL: storeRelative(4),
  STHRL: storeRelative(2),
  STGRL: storeRelative(8),
  STM: storeMultiple(4),
  STMY: storeMultiple(4),
  STMG: storeMultiple(8),
  MVI: storeImmediate(1),
  MVIY: storeImmediate(1),
  MVHHI: storeImmediate(2),
  MVHI: storeImmediate(4),
  MVGHI: storeImmediate(8),
};
