/**
 * Generates cases from mnemonics, with one method per shape of operands. Values are edge cases and pseudo-random
 * numbers. Each mnemonic seeds its own generator with its name, so adding a case never changes another one.
 */

import { type CaseState, DATA, type InitialState, type RegisterName } from './layout.ts';

/** A number for a register. Text is hexadecimal. */
type Value = number | bigint | string;

/** The state that a case starts from, before registers are converted to hexadecimal. */
export type StateInput = Omit<CaseState, 'fpc' | RegisterName> & { fpc?: Value } & Partial<
    Record<RegisterName, Value>
  >;

/** Bits to OR into a byte of the code, for what the assembler refuses to encode. */
export type Patch = readonly [byte: number, bits: number];

/** An instruction to record: assembler text, and the state that it starts from. */
export interface RecordedCase {
  readonly mnemonic: string;
  readonly asm: string;
  readonly state: InitialState;
  readonly patch: Patch | undefined;
}

/** A storage operand: its address (0 if there is no storage), its text, and the state that leads there. */
interface Operand {
  readonly at: number;
  readonly text: string;
  readonly state: { r8?: bigint; r9: bigint; mode?: number };
}

/** Makes one case: `i` counts from 0 for each mnemonic. */
type Make = (name: string, random: Random, i: number) => void;

/** Numbers at the limits of the widths that instructions calculate in. */
export const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0x8000_0000_0000_0001n,
  0xffff_ffff_0000_0000n,
  0xffff_ffff_7fff_ffffn,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_fffen,
  0xffff_ffff_ffff_ffffn,
];

/** A small deterministic generator (xorshift), seeded with a name. */
export class Random {
  /** Makes all numbers other ones. The fixtures have those of the empty seed. */
  static seed = '';

  #s: number;

  constructor(name: string) {
    let h = 0x811c_9dc5;
    for (const letter of name + Random.seed) h = Math.imul(h ^ letter.charCodeAt(0), 0x0100_0193) >>> 0;
    this.#s = h || 1;
    for (let i = 0; i < 8; i++) this.u32();
  }

  u32(): number {
    let s = this.#s;
    s ^= s << 13;
    s ^= s >>> 17;
    s ^= s << 5;
    this.#s = s >>> 0;
    return this.#s;
  }

  /** Returns 0 to n - 1. */
  below(n: number): number {
    return this.u32() % n;
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }

  /** Returns an edge in two of three calls, and any number of 64 bits otherwise. */
  value(): bigint {
    return this.below(3) === 0 ? this.u64() : this.of(EDGES);
  }

  /** Returns values as `bytes` bytes of storage, in hexadecimal. */
  bytes(bytes: number): string {
    let hex = '';
    while (hex.length < bytes * 2)
      hex += this.value()
        .toString(16)
        .padStart(16, '0')
        .slice(-Math.min(16, bytes * 2));
    return hex.slice(0, bytes * 2);
  }
}

const hex = (value: number | bigint) => BigInt.asUintN(64, BigInt(value)).toString(16);

/** A list of cases, and the ways to add to it. */
export class Cases {
  readonly list: RecordedCase[] = [];

  /**
   * Adds one case: its assembler text, and the state it starts from, in which numbers for registers become
   * hexadecimal.
   */
  add(mnemonic: string, asm: string, state: StateInput = {}, patch?: Patch): void {
    const clean = Object.entries(state).map(([name, value]) => {
      const register = /^[rfac]\d+$|^fpc$/.test(name);
      return [
        name,
        register && (typeof value === 'number' || typeof value === 'bigint') ? hex(value) : value,
      ];
    });
    this.list.push({ mnemonic: mnemonic.toUpperCase(), asm, state: Object.fromEntries(clean), patch });
  }

  /** Calls `make` `count` times for each mnemonic in `names` (separated by blanks), with its own random numbers. */
  each(names: string, count: number, make: Make): void {
    for (const name of names.trim().split(/\s+/)) {
      const random = new Random(name);
      for (let i = 0; i < count; i++) make(name, random, i);
    }
  }

  /** Condition code and, in some cases, a program mask that enables overflow exceptions. */
  flags(random: Random): { cc?: number; pm?: number } {
    const state: { cc?: number; pm?: number } = {};
    const cc = random.below(4);
    if (cc) state.cc = cc;
    if (random.below(4) === 0) state.pm = 8;
    return state;
  }

  /** op r2,r3. */
  rr(names: string, count = 12): void {
    this.each(names, count, (name, random, i) => {
      const state = { ...this.flags(random), r2: random.value(), r3: random.value() };
      this.add(name, i === 1 ? `${name} %r2,%r2` : `${name} %r2,%r3`, state);
    });
  }

  /** op r2,r3,r4. */
  rrr(names: string, count = 12): void {
    this.each(names, count, (name, random, i) => {
      const state = { ...this.flags(random), r2: random.value(), r3: random.value(), r4: random.value() };
      const operands = ['%r2,%r3,%r4', '%r2,%r2,%r3', '%r3,%r2,%r3'][i % 3];
      this.add(name, `${name} ${operands}`, state);
    });
  }

  /** op r1,r2 where r1 is a pair: r4 and r5. The last case names an odd pair. */
  pairRr(names: string, count = 12, small = false): void {
    this.each(names, count, (name, random, i) => {
      const state: StateInput = {
        r4: small ? random.of([0n, 0n, 1n, 0xffff_ffff_ffff_ffffn]) : random.value(),
      };
      Object.assign(state, { r5: random.value(), r3: random.value() }, this.flags(random));
      const odd: Patch | undefined =
        i === count - 1 ? [name === 'mr' || name === 'dr' ? 1 : 3, 0x10] : undefined;
      this.add(name, `${name} %r4,%r3`, state, odd);
    });
  }

  /** The storage operand of the case numbered `i`. `long` is for displacements of 20 bits. */
  address(random: Random, i: number, long: boolean, indexed = true): Operand {
    const at = i % 4 === 3 ? 0x20ffd + random.below(2) : DATA + 8 * random.below(12) + (i % 2);
    const low = long ? -0x8_0000 : 0;
    const span = long ? 0x10_0000 : 0x1000;
    const disp = i === 0 ? 0 : low + random.below(span);
    let state: Operand['state'] = { r9: BigInt(at - disp) };
    let text = `${disp}(%r9)`;
    if (indexed && i % 3 === 1) {
      const index = BigInt(random.below(0x10000)) - 0x8000n;
      state = { r8: index, r9: state.r9 - index };
      text = `${disp}(%r8,%r9)`;
    }
    if (i % 5 === 4) {
      // The addressing mode cuts what the registers hold.
      const [mode, cut] = random.of<[number, bigint]>([
        [31, 0x8000_0000n],
        [24, 0xff00_0000n],
      ]);
      state.mode = mode;
      state.r9 = BigInt.asUintN(64, state.r9 + (random.u64() << 32n) + cut);
    }
    return { at, text, state };
  }

  /** A storage operand outside of absolute storage: an addressing exception. */
  nowhere(long: boolean): Operand {
    return { at: 0, text: long ? '-8(%r9)' : '8(%r9)', state: { r9: 0x7000_0000n } };
  }

  /** op r2,D(X,B) with an operand of `size` bytes; `long` for displacements of 20 bits. */
  rx(names: string, size: number, long = false, count = 11): void {
    this.each(names, count, (name, random, i) => {
      const { at, text, state } = i === count - 1 ? this.nowhere(long) : this.address(random, i, long);
      const m = at ? { m: { [at.toString(16)]: random.bytes(size) } } : {};
      this.add(name, `${name} %r2,${text}`, {
        ...this.flags(random),
        ...state,
        r2: random.value(),
        ...m,
      });
    });
  }

  /** op r4,D(X,B) where r4 is a pair; the last case but one names an odd register. */
  pairRx(names: string, size: number, long = false, count = 12): void {
    this.each(names, count, (name, random, i) => {
      const { at, text, state } = i === count - 1 ? this.nowhere(long) : this.address(random, i, long);
      const m = at ? { m: { [at.toString(16)]: random.bytes(size) } } : {};
      const pair = { r4: random.of([0n, 0n, 1n, random.u64()]), r5: random.value() };
      const flags = this.flags(random);
      const odd: Patch | undefined = i === count - 2 ? [1, 0x10] : undefined;
      this.add(name, `${name} %r4,${text}`, { ...flags, ...state, ...pair, ...m }, odd);
    });
  }

  /** op r2,immediate of 16 bits. */
  ri(names: string, count = 10, unsigned = false): void {
    this.each(names, count, (name, random) => {
      const edge = random.of(
        unsigned ? [0, 1, 0x7fff, 0x8000, 0xffff, 0x1234] : [0, 1, -1, 0x7fff, -0x8000, 0x1234],
      );
      const value = random.below(2) ? edge : random.below(0x1_0000) - (unsigned ? 0 : 0x8000);
      this.add(name, `${name} %r2,${value}`, { ...this.flags(random), r2: random.value() });
    });
  }

  /** op r2,immediate of 32 bits. */
  ril(names: string, count = 10, unsigned = false): void {
    this.each(names, count, (name, random) => {
      const edges = unsigned
        ? [0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff]
        : [0, 1, -1, 0x7fff_ffff, -0x8000_0000];
      const value = random.below(2) ? random.of(edges) : unsigned ? random.u32() : random.u32() | 0;
      this.add(name, `${name} %r2,${value}`, { ...this.flags(random), r2: random.value() });
    });
  }

  /** op r2,r3,immediate of 16 bits. */
  rie(names: string, count = 10): void {
    this.each(names, count, (name, random, i) => {
      const value = random.below(2)
        ? random.of([0, 1, -1, 0x7fff, -0x8000])
        : random.below(0x1_0000) - 0x8000;
      const state = { ...this.flags(random), r2: random.value(), r3: random.value() };
      this.add(name, `${name} %r2,%r${i % 3 ? 3 : 2},${value}`, state);
    });
  }

  /** A shift: op r,D(B) or, with `three`, op r2,r3,D(B). `pair` shifts r4 and r5. */
  shift(names: string, three = false, pair = false, count = 14): void {
    this.each(names, count, (name, random, i) => {
      const amount = random.of([0, 1, 2, 31, 32, 33, 63, random.below(64), random.below(64)]);
      const state: StateInput = { ...this.flags(random), r2: random.value(), r3: random.value() };
      Object.assign(state, { r4: random.value(), r5: random.value() });
      let place = `${amount}`;
      if (i % 3 === 2) {
        state.r6 = random.u64() & ~0x3fn;
        place = `${amount}(%r6)`;
      }
      const first = pair ? '%r4' : '%r2';
      const odd: Patch | undefined = pair && i === count - 1 ? [1, 0x10] : undefined;
      this.add(name, `${name} ${three ? `${first},%r3` : first},${place}`, state, odd);
    });
  }

  /** op D(B),immediate: `size` bytes in storage, an immediate of `bits`. */
  si(
    names: string,
    size: number,
    bits: number,
    {
      long = false,
      unsigned = bits === 8,
      count = 11,
    }: { long?: boolean; unsigned?: boolean; count?: number } = {},
  ): void {
    this.each(names, count, (name, random, i) => {
      const last = i === count - 1;
      const { at, text, state } = last ? this.nowhere(long) : this.address(random, i, long, false);
      const span = 2 ** bits;
      const value = random.below(span) - (unsigned ? 0 : span / 2);
      const m = at ? { m: { [at.toString(16)]: random.bytes(size) } } : {};
      this.add(name, `${name} ${text},${value}`, { ...this.flags(random), ...state, ...m });
    });
  }
}
