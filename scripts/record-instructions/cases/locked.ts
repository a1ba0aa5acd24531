/** PERFORM LOCKED OPERATION and COMPARE AND SWAP AND STORE: every function, with every condition code and exception. */

import { Cases, Random, type RecordedCase, type StateInput } from '../generate.ts';
import { DATA } from '../layout.ts';

const NOWHERE = 0x7000_0000;
/** The second operand, the fourth, sixth and eighth operands, and the parameter list, which crosses the end of the page. */
const SECOND = 0x21100;
const TARGETS = [0x21120, 0x21140, 0x21160] as const;
const LIST = 0x20fc0;
/** Bytes of the parameter list, and the offset of the first address in it; the others follow at this distance. */
const LIST_SIZE = 144;
const ADDRESS = 72;
const DISTANCE = 32;
const SIZES = [4, 8, 8, 16] as const;
const FUNCTIONS = 24;

const ASM = 'plo %r2,0(%r8),%r4,0(%r9)';
const LOW_64 = 2n ** 64n - 1n;

/** A state in which more is changed. */
type Start = StateInput & { m: Record<string, string>; r8: number; r9: number };

export function locked(): RecordedCase[] {
  const c = new Cases();
  for (let code = 0; code < FUNCTIONS; code++) {
    outcomes(c, code);
    exceptions(c, code);
  }
  for (const code of [0, 23, 24, 0xff]) {
    c.add('plo', 'plo %r3,1(%r8),%r5,1(%r9)', { r0: code + 0x100, r8: NOWHERE, r9: NOWHERE, cc: 2 });
  }
  for (const r0 of [0x18, 0xff, 0x200, 0x8000_0000, 0x300]) c.add('plo', ASM, { r0, r8: DATA, r9: DATA });
  c.add('plo', ASM, { r0: '1234567800000000', r8: DATA, r9: DATA });
  swapAndStore(c);
  return c.list;
}

const hex = (value: bigint, size: number) =>
  value
    .toString(16)
    .padStart(size * 2, '0')
    .slice(-size * 2);

/** Whether a function has a parameter list. */
const hasList = (code: number) => (code & 1) === 1 || code >= 16;

/** Returns a function with random values, of which the first and the third are equal to what they are compared with, or not. */
function start(random: Random, code: number, first: boolean, third: boolean): Start {
  const size = SIZES[code & 3] as number;
  const value = () => (random.u64() << 64n) | random.u64();
  const unequal = () => 1n << BigInt(random.below(size * 8));
  const [second, fourth] = [value(), value()];
  const one = first ? second : second ^ unequal();
  const three = third ? fourth : fourth ^ unequal();
  const m: Record<string, string> = { [SECOND.toString(16)]: hex(second, size) };
  TARGETS.forEach((at, i) => {
    m[at.toString(16)] = hex(i === 0 ? fourth : value(), size);
  });
  // The high halves of registers with values of 32 bits do not matter.
  const high = size === 4 ? random.u64() & ~0xffff_ffffn : 0n;
  const inRegister = (v: bigint) => (size === 4 ? (v & 0xffff_ffffn) | high : v & LOW_64);
  const registers = { r2: inRegister(one), r3: random.u64(), r4: inRegister(three), r5: random.u64() };
  if (hasList(code)) m[LIST.toString(16)] = list(random, size, one, three);
  return { ...registers, r0: code, r1: DATA, r8: SECOND, r9: hasList(code) ? LIST : TARGETS[0], m };
}

/** Returns a parameter list with two comparison values, the addresses of all operands, and random values. */
function list(random: Random, size: number, one: bigint, three: bigint): string {
  const bytes = Buffer.from(random.bytes(LIST_SIZE), 'hex');
  bytes.write(hex(one, size), 16 - size, 'hex');
  bytes.write(hex(three, size), 48 - size, 'hex');
  TARGETS.forEach((at, i) => {
    bytes.writeBigUInt64BE(BigInt(at), ADDRESS + DISTANCE * i);
  });
  return bytes.toString('hex');
}

function outcomes(c: Cases, code: number): void {
  const random = new Random(`plo ${code}`);
  for (let i = 0; i < 12; i++) {
    const state = start(random, code, i % 4 < 3, i % 4 < 2);
    const mode = [64, 31, 24][i % 3] as number;
    c.add('plo', ASM, { ...state, mode, cc: random.below(4) });
  }
}

/** Returns the state with another first address in the list. */
function redirected(state: Start, address: bigint): Start {
  const at = LIST.toString(16);
  const bytes = Buffer.from(state.m[at] as string, 'hex');
  bytes.writeBigUInt64BE(address, ADDRESS);
  return { ...state, m: { ...state.m, [at]: bytes.toString('hex') } };
}

function exceptions(c: Cases, code: number): void {
  const random = new Random(`plo exceptions ${code}`);
  const state = () => start(random, code, true, true);
  c.add('plo', ASM, { ...state(), r8: SECOND + 2 });
  c.add('plo', ASM, { ...state(), r8: NOWHERE });
  c.add('plo', ASM, { ...state(), r9: NOWHERE });
  c.add('plo', ASM, { ...state(), r9: (hasList(code) ? LIST : TARGETS[0]) + 2 });
  c.add('plo', 'plo %r3,0(%r8),%r4,0(%r9)', state());
  c.add('plo', 'plo %r2,0(%r8),%r5,0(%r9)', state());
  const second = BigInt(SECOND);
  if (!hasList(code)) {
    c.add('plo', ASM, { ...state(), r9: SECOND });
    return;
  }
  c.add('plo', ASM, redirected(state(), second));
  c.add('plo', ASM, redirected(state(), BigInt(TARGETS[0]) + 2n));
  c.add('plo', ASM, redirected(state(), BigInt(NOWHERE)));
  c.add('plo', ASM, { ...redirected(state(), BigInt(TARGETS[0]) + 0x1234_5678_8000_0000n), mode: 31 });
}

/** COMPARE AND SWAP AND STORE crashes QEMU 7.2. */
function swapAndStore(c: Cases): void {
  const asm = 'csst 0(%r8),0(%r9),%r4';
  const at = TARGETS[0];
  for (let kind = 0; kind < 4; kind++) {
    for (let storing = 0; storing < 6; storing++) {
      const random = new Random(`csst ${kind} ${storing}`);
      const size = 4 << Math.min(kind, 2);
      const begin = (equal: boolean) => {
        const old = (random.u64() << 64n) | random.u64();
        const expected = equal ? old : old ^ (1n << BigInt(random.below(size * 8)));
        const m = { [SECOND.toString(16)]: hex(old, size), [LIST.toString(16)]: random.bytes(32) };
        // Four bytes are compared with the low half of a register, sixteen with a pair.
        const r4 = size === 16 ? expected >> 64n : expected & (2n ** BigInt(size * 8) - 1n);
        const r0 = (random.u64() & ~0xffffn) | BigInt((storing << 8) | kind);
        return { r0, r1: LIST, r4, r5: expected & LOW_64, r8: SECOND, r9: at, m, cc: random.below(4) };
      };
      for (const mode of [64, 31, 24]) c.add('csst', asm, { ...begin(true), mode });
      c.add('csst', asm, begin(false));
      c.add('csst', asm, { ...begin(true), r8: SECOND + 2 });
      c.add('csst', asm, { ...begin(true), r9: at + 1 });
      c.add('csst', asm, { ...begin(true), r1: LIST + 8 });
      c.add('csst', asm, { ...begin(true), r8: NOWHERE });
      c.add('csst', asm, { ...begin(true), r9: NOWHERE });
      c.add('csst', asm, { ...begin(true), r9: SECOND });
      c.add('csst', 'csst 0(%r8),0(%r9),%r5', begin(true));
    }
  }
}
