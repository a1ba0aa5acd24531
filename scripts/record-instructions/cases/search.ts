/** Searches for characters by a table, and for equal substrings; steps of sorting. */

import { Cases, type RecordedCase, type StateInput } from '../generate.ts';

const NOWHERE = 0x7000_0000;

export function search(): RecordedCase[] {
  const c = new Cases();
  byTable(c);
  substrings(c);
  codewords(c);
  tree(c);
  return c.list;
}

/** The operand is at the end of a page; the table behind it is mostly zero. */
const OPERAND = 0x20ff0;
const TABLE = 0x21060;

function byTable(c: Cases): void {
  c.each('trte trtre', 60, (name, random, i) => {
    const m3 = i % 16;
    const width = m3 & 8 ? 2 : 1;
    const count = 1 + random.below(12);
    const table = new Uint8Array(256);
    // Characters select the table's first bytes, of which some are not zero.
    if (i % 3) for (let n = 0; n < 6; n++) table[random.below(48)] = 1 + random.below(255);
    let hex = '';
    for (let n = 0; n < count; n++) {
      const character =
        m3 & 2 && width === 2 && n % 3 === 0 ? 0x100 + random.below(0xff00) : random.below(24);
      hex += character.toString(16).padStart(width * 2, '0');
    }
    const m = { [OPERAND.toString(16)]: hex, [TABLE.toString(16)]: Buffer.from(table).toString('hex') };
    const r4 = name === 'trte' ? OPERAND : OPERAND + (count - 1) * width;
    const state: StateInput = { r1: TABLE, r4, r5: count * width, r6: random.u64(), m, cc: 2 };
    if (i % 4 === 3) state.mode = random.of([24, 31]);
    if (i === 50) state.r4 = NOWHERE;
    if (i === 51) Object.assign(state, { r1: NOWHERE, mode: 64 });
    if (i === 52) state.r5 = 0;
    if (i % 11 === 9) state.r1 = TABLE - 1 - random.below(7);
    if (i === 56) state.r5 = count * width - 1;
    if (i > 53 && i < 56) state.r4 = BigInt(r4) + 0x1234_5678_8000_0000n;
    c.add(name, `0: ${name} %r4,%r6${m3 ? `,${m3}` : ''}\njo 0b`, state, i === 57 ? [3, 0x10] : undefined);
  });
}

const FIRST = 0x20ff4;
const SECOND = 0x21040;

function substrings(c: Cases): void {
  c.each('cuse', 80, (name, random, i) => {
    const [l1, l2] = [random.below(24), random.below(24)];
    // Few different letters, so that equal bytes are frequent.
    const text = (length: number) =>
      Array.from({ length }, () => `4${1 + random.below(2 + (i % 3))}`).join('');
    const m: Record<string, string> = {};
    if (l1) m[FIRST.toString(16)] = text(l1);
    if (l2) m[SECOND.toString(16)] = i % 5 === 4 && l1 ? (m[FIRST.toString(16)] as string) : text(l2);
    const state: StateInput = {
      r0: random.of([0, 1, 2, 3, 4, 6, 30]),
      r1: 0x1241,
      r4: FIRST,
      r5: l1,
      r6: SECOND,
      r7: l2,
      m,
    };
    if (i % 4 === 3)
      Object.assign(state, { mode: random.of([24, 31]), r4: BigInt(FIRST) + 0x1234_5678_8000_0000n });
    if (i === 70) state.r0 = 0x1_0000_0102n;
    if (i === 71) Object.assign(state, { r4: NOWHERE, mode: 64 });
    const odd = i === 72 ? ([3, 0x10] as const) : i === 73 ? ([3, 0x01] as const) : undefined;
    c.add(name, `${name} %r4,%r6`, { ...state, cc: random.below(4) }, odd);
  });
}

function codewords(c: Cases): void {
  c.each('cfc', 80, (name, random, i) => {
    const length = 24;
    const bytes = Buffer.from(random.bytes(length), 'hex');
    const other = Buffer.from(bytes);
    // A difference behind the limit, or none, in some cases.
    if (i % 6) other[random.below(length)] = random.below(256);
    const r1 = BigInt(FIRST & ~1) + (i % 7 === 6 ? 0x1234_5678_8000_0000n : 0n);
    const r3 = BigInt(SECOND) + (i % 7 === 6 ? 0x8765_4321_0000_0000n : 0n);
    const r2 = (i % 3 === 2 ? random.u64() & ~0xffffn : 0n) + BigInt(2 * random.below(5));
    const m = {
      [Number(FIRST & ~1).toString(16)]: bytes.toString('hex'),
      [SECOND.toString(16)]: other.toString('hex'),
    };
    const state: StateInput = {
      r1,
      r2,
      r3,
      m,
      cc: random.below(4),
      mode: i % 7 === 6 ? 31 : random.of([64, 64, 31, 24]),
    };
    if (i === 75) state.r1 = FIRST + 1;
    if (i === 76) state.r2 = 1;
    if (i === 77) state.r3 = SECOND + 1;
    if (i === 79) Object.assign(state, { r1: NOWHERE, mode: 64 });
    const limit = i > 78 ? 1022 : random.below(length - 5);
    state.r9 = random.u64() & ~0x7fffn;
    c.add(name, `${name} ${limit}${i % 2 ? '(%r9)' : ''}`, state);
  });
}

/** A tree of nodes behind the second operand's place, whose codewords are small numbers, some of them negative. */
function tree(c: Cases): void {
  c.each('upt', 70, (name, random, i) => {
    const mode = [64, 31, 24][i % 3] as number;
    const size = mode === 64 ? 8 : 4;
    let hex = '';
    for (let n = 0; n < 16; n++) {
      const negative = random.below(12) === 0 ? 1n << BigInt(size * 8 - 1) : 0n;
      hex += (BigInt(random.below(12)) + negative).toString(16).padStart(size * 2, '0');
      hex += random.bytes(size);
    }
    const high = mode === 64 ? 0n : 0x1234_5678_0000_0000n;
    const state: StateInput = {
      r0: high + BigInt(random.below(12)),
      r1: random.u64(),
      r2: random.u64(),
      r3: random.u64(),
    };
    const r5 = BigInt(size * 2 * (1 + random.below(31))) + high;
    Object.assign(state, {
      r4: BigInt(SECOND) + high,
      r5,
      mode,
      cc: random.below(4),
      m: { [SECOND.toString(16)]: hex },
    });
    if (i === 60) state.r0 = -1;
    if (i === 61) state.r5 = 0;
    if (i === 62) state.r5 = size;
    if (i === 63) state.r4 = SECOND + size;
    if (i === 64) Object.assign(state, { r4: NOWHERE, mode: 64 });
    if (i === 66) Object.assign(state, { r0: -1, r5: 16 });
    c.add(name, name, state);
  });
}
