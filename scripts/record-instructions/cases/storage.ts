/** Storage-to-storage instructions, long ones, strings, translations, decimal conversions, interlocked updates. */

import { Cases, type Patch, type Random, type RecordedCase, type StateInput } from '../generate.ts';
import { ARENA, ARENA_SIZE, DATA } from '../layout.ts';

const END = ARENA + ARENA_SIZE;

export function storage(): RecordedCase[] {
  const c = new Cases();
  equalLengths(c);
  ownLengths(c);
  text(c);
  translations(c);
  convert(c);
  return c.list;
}

export function long(): RecordedCase[] {
  const c = new Cases();
  moveLong(c);
  compareLong(c);
  strings(c);
  checksum(c);
  return c.list;
}

export function atomic(): RecordedCase[] {
  const c = new Cases();
  swaps(c);
  updates(c);
  return c.list;
}

/** Two operands, which may overlap, cross the page or be equal. In the last case the second one is outside of storage. */
function two(random: Random, i: number, count: number, length: number): { r8: number; r9: number } {
  const r8 = DATA + random.below(END - DATA - length);
  const near = r8 + random.below(9) - 4;
  const r9 = i === count - 1 ? 0x7000_0000 : i % 3 === 0 ? near : DATA + random.below(END - DATA - length);
  return { r8, r9: Math.max(DATA + 4, Math.min(r9 > END ? r9 : END - length - 8, r9)) };
}

function equalLengths(c: Cases): void {
  c.each('mvc nc oc xc clc mvn mvz', 16, (name, random, i) => {
    const length = random.of([1, 2, 8, 16, 24, 25, 100, 255, 256]);
    const state = { ...c.flags(random), ...two(random, i, 16, length) };
    if (i % 5 === 4) state.r9 = state.r8;
    c.add(name, `${name} 0(${length},%r8),4(%r9)`, state);
  });
  c.each('clc', 6, (name, _, i) => {
    const m = {
      [DATA.toString(16)]: '0102030405060708',
      21000: `01020304050607${'070809000108'.slice(i * 2, i * 2 + 2)}`,
    };
    c.add(name, `clc 0(${i === 5 ? 7 : 8},%r8),0(%r9)`, { r8: DATA, r9: 0x21000, m });
  });
  c.each('mvcin', 8, (name, random, i) => {
    const length = 1 + random.below(40);
    const { r8, r9 } = two(random, i, 8, length);
    c.add(name, `mvcin 0(${length},%r8),0(%r9)`, { r8, r9: Math.min(r9 + length, r9 > END ? r9 : END) });
  });
}

function ownLengths(c: Cases): void {
  c.each('mvo pack unpk', 18, (name, random, i) => {
    const state: StateInput & { r8: number; r9: number } = { ...c.flags(random), ...two(random, i, 18, 16) };
    // TCG ignores the leftmost byte of UNPACK: decimal.ts has cases.
    if (name === 'unpk' && i !== 17) state.r9 = state.r8 + (state.r8 + 64 < END ? 40 : -40);
    if (name === 'unpk' && i !== 17) state.m = { [state.r9.toString(16)]: '00' };
    c.add(name, `${name} 0(${1 + random.below(16)},%r8),0(${1 + random.below(16)},%r9)`, state);
  });
}

function text(c: Cases): void {
  c.each('pka pku unpka unpku', 12, (name, random, i) => {
    const [r8, r9] = [DATA + random.below(100), DATA + 180 + random.below(100)];
    const size = name.endsWith('u') ? 2 : 1;
    const length = size * (1 + random.below(32));
    const sign = random.of(['0c', '1d', '2b', '3f', '47']);
    // TCG ignores the leftmost digit to pack: decimal.ts has cases.
    const zero = size === 2 ? '0030' : '30';
    const m = name.startsWith('p') ? { [r9.toString(16)]: zero } : { [(r9 + 15).toString(16)]: sign };
    const operands = name.startsWith('p') ? `0(%r8),0(${length},%r9)` : `0(${length},%r8),0(%r9)`;
    c.add(name, `${name} ${operands}`, { r8, r9, m });
    if (i === 0 && size === 2) c.add(name, `${name} ${operands}`, { r8, r9, m }, [1, 0x40]);
  });
}

function translations(c: Cases): void {
  c.each('tr', 10, (name, random, i) => {
    const length = random.of([1, 4, 17, 256]);
    const r8 = DATA + random.below(END - DATA - length);
    c.add(name, `tr 0(${length},%r8),0(%r9)`, { r8, r9: i === 9 ? 0x7000_0000 : DATA + random.below(512) });
  });
  c.each('trt trtr', 18, (name, random, i) => {
    const length = random.of([1, 4, 17, 64]);
    const r8 = DATA + 64 + random.below(128);
    const r9 = i === 17 ? 0x7000_0000 : 0x20ff0 + random.below(32);
    // A table of zeros, except for one byte, which the operand may or may not select.
    const table = new Uint8Array(256);
    if (i % 4) table[random.below(256)] = 1 + random.below(255);
    for (let n = 0; n < 4 && i % 4 > 1; n++) table[random.below(256)] = 7;
    const m = i === 17 ? {} : { [r9.toString(16)]: Buffer.from(table).toString('hex') };
    const mode = i === 17 ? 64 : ([64, 31, 24][i % 3] as number);
    c.add(name, `${name} 0(${length},%r8),0(%r9)`, { r8, r9, m, mode, r1: 0xaabb_ccdd_eeff_0011n, cc: 3 });
  });
  c.each('tre', 10, (name, random, i) => {
    const state: StateInput = {
      r0: random.below(256),
      r4: DATA + random.below(100),
      r5: random.below(300),
      r9: DATA + 512,
    };
    if (i === 8) state.r9 = 0x7000_0000;
    if (i === 7) state.mode = 31;
    c.add(name, '0: tre %r4,%r9\njo 0b', state, i === 9 ? [3, 0x10] : undefined);
  });
}

/** TCG does not implement CVB, CVBY, CVBG and CVDG: decimal.ts has their cases. */
function convert(c: Cases): void {
  c.rx('cvd', 8);
  c.rx('cvdy', 8, true);
}

function moveLong(c: Cases): void {
  c.each('mvcl', 24, (name, random, i) => {
    const l1 = random.of([0, 1, 50, 256, 300, 400]);
    const l2 = random.of([0, 1, 50, 256, 300, l1]);
    const r4 = DATA + random.below(END - DATA - l1);
    const r6 = i % 3 === 0 ? r4 + random.below(20) - 10 : DATA + random.below(END - DATA - l2);
    const state = {
      r4,
      r5: BigInt(l1) + (0x1234_5678n << 32n) + 0x9900_0000n,
      r6,
      r7: BigInt(l2) + 0x5a00_0000n,
    };
    if (i % 4 === 3) Object.assign(state, { mode: random.of([24, 31]), r4: BigInt(r4) + 0x55_8000_0000n });
    if (i === 20) state.r6 = 0x7000_0000;
    if (i === 21) state.r4 = 0x7000_0000;
    const odd: Patch | undefined = i === 22 ? [1, 0x10] : i === 23 ? [1, 0x01] : undefined;
    c.add(name, 'mvcl %r4,%r6', { ...state, cc: random.below(4) }, odd);
  });
  c.each('mvcle mvclu', 20, (name, random, i) => {
    const even = name === 'mvclu' ? ~1 : ~0;
    const l1 = random.of([0, 1, 50, 256, 301, 402]) & even;
    const l2 = random.of([0, 1, 50, 256, 302, l1]) & even;
    const r4 = DATA + random.below(END - DATA - l1);
    const r6 = DATA + random.below(END - DATA - l2);
    // The result of an overlapping move is unpredictable.
    const apart = r4 + l1 <= r6 || r6 + l2 <= r4;
    const state: StateInput = { r4, r5: l1, r6: apart || l2 === 0 ? r6 : r4, r7: l2, r1: 0x1234 };
    if (i % 4 === 3) state.mode = random.of([24, 31]);
    if (i === 18) state.r6 = 0x7000_0000;
    const odd: Patch | undefined = i === 19 ? [1, 0x10] : undefined;
    c.add(name, `0: ${name} %r4,%r6,5(%r1)\njo 0b`, state, odd);
  });
}

function compareLong(c: Cases): void {
  c.each('clcl clcle clclu', 24, (name, random, i) => {
    const even = name === 'clclu' ? ~1 : ~0;
    const l1 = random.of([0, 1, 50, 100]) & even;
    const l2 = random.of([0, 1, 50, 100, l1]) & even;
    const r4 = DATA;
    const r6 = 0x20fe0 + random.below(16);
    // Equal operands, up to the padding 0x41 or a difference somewhere.
    const a = Buffer.alloc(Math.max(l1, 1), 0x41);
    const b = Buffer.alloc(Math.max(l2, 1), 0x41);
    if (i % 3 === 1) a[random.below(a.length)] = random.below(256);
    if (i % 3 === 2) b[random.below(b.length)] = random.below(256);
    const m = { [r4.toString(16)]: a.toString('hex'), [r6.toString(16)]: b.toString('hex') };
    const pad = name === 'clcl' ? 0x4100_0000 : 0;
    const state: StateInput = { r4, r5: l1, r6, r7: l2 + pad, r1: 0x4141, m, cc: random.below(4) };
    if (i % 4 === 3) state.mode = random.of([24, 31]);
    if (i === 22) state.r6 = 0x7000_0000;
    const odd: Patch | undefined = i === 23 ? [1, 0x10] : undefined;
    c.add(name, name === 'clcl' ? 'clcl %r4,%r6' : `0: ${name} %r4,%r6,0(%r1)\njo 0b`, state, odd);
  });
}

const ascii = (s: string) => Buffer.from(s, 'latin1').toString('hex');

function strings(c: Cases): void {
  const A = DATA + 0x10;
  // The processor decides how much one execution processes: here, a page. So no string crosses one.
  const B = 0x20fb0;
  const at = (a: string, b: string) => ({ [A.toString(16)]: ascii(a), [B.toString(16)]: ascii(b) });
  const pairs: readonly (readonly [string, string])[] = [
    ['\0', '\0'],
    ['abc\0', 'abc\0'],
    ['abc\0', 'abd\0'],
    ['abd\0', 'abc\0'],
    ['abc\0', 'abcd\0'],
    ['abcd\0', 'abc\0'],
    ['a string over the end\0', 'a string over the end\0'],
    ['a string over the end\xff\0', 'a string over the end\0'],
  ];
  for (const [a, b] of pairs) {
    for (const mode of [64, 31]) {
      c.add('clst', '0: clst %r4,%r6\njo 0b', { r0: 0, r4: A, r6: B, m: at(a, b), mode });
      c.add('mvst', '0: mvst %r4,%r6\njo 0b', { r0: 0, r4: A, r6: B, m: at(a, b), mode, cc: 2 });
    }
    c.add('clst', '0: clst %r4,%r6\njo 0b', { r0: 'ff00000063', r4: A, r6: B, m: at(a, `${b}ccc`) });
    const end = B + b.length;
    c.add('srst', '0: srst %r4,%r6\njo 0b', { r0: 0, r4: end, r6: B, m: at(a, b) });
    c.add('srst', '0: srst %r4,%r6\njo 0b', { r0: 0, r4: end - 1, r6: B, m: at(a, b), mode: 31 });
    c.add('srst', '0: srst %r4,%r6\njo 0b', { r0: 0x6f, r4: end, r6: B, m: at(a, b) });
    const wide = { m: at('', [...b].map((l) => `\0${l}`).join('')), r4: B + 2 * b.length, r6: B };
    c.add('srstu', '0: srstu %r4,%r6\njo 0b', { r0: 0x63, ...wide });
    c.add('srstu', '0: srstu %r4,%r6\njo 0b', { r0: 0x77, ...wide });
  }
  for (const name of ['clst', 'mvst', 'srst', 'srstu']) {
    c.add(name, `0: ${name} %r4,%r6\njo 0b`, { r0: 0x10000, r4: A, r6: B });
    c.add(name, `0: ${name} %r4,%r6\njo 0b`, { r0: 0, r4: 0x7000_1000, r6: 0x7000_0000 });
  }
}

function checksum(c: Cases): void {
  c.each('cksm', 16, (name, random, i) => {
    const length = i < 6 ? i : random.below(400);
    const state: StateInput = {
      r2: random.value(),
      r4: DATA + random.below(END - DATA - length),
      r5: length,
    };
    if (i % 4 === 3) state.mode = 31;
    if (i === 14) state.r4 = 0x7000_0000;
    c.add(name, '0: cksm %r2,%r4\njo 0b', { ...state, cc: 2 }, i === 15 ? [3, 0x01] : undefined);
  });
}

/** COMPARE AND SWAP AND STORE crashes QEMU 7.2: locked.ts has its cases. */
function swaps(c: Cases): void {
  c.each('cs csy csg', 12, (name, random, i) => {
    const size = name === 'csg' ? 8 : 4;
    const at = DATA + 0xf0 + 8 * random.below(4) + (i === 9 ? 2 : 0);
    const value = random.u64();
    const state = { r2: i % 2 ? value : random.value(), r4: random.value(), r9: i === 10 ? 0x7000_0000 : at };
    const m = {
      [at.toString(16)]: value
        .toString(16)
        .padStart(16, '0')
        .slice(-size * 2),
    };
    c.add(name, `${name} %r2,%r4,0(%r9)`, { ...state, m, cc: 3 });
  });
  c.each('cds cdsy cdsg', 14, (name, random, i) => {
    const size = name === 'cdsg' ? 8 : 4;
    const at = DATA + 0xe0 + 16 * random.below(4) + (i === 9 ? 4 : 0);
    const [high, low] = [random.u64(), random.u64()];
    const hex = (v: bigint) =>
      v
        .toString(16)
        .padStart(16, '0')
        .slice(-size * 2);
    const state = { r2: i % 3 ? high : 0, r3: i % 2 ? low : 1, r4: random.value(), r5: random.value() };
    const m = { [at.toString(16)]: hex(high) + hex(low) };
    const odd: Patch | undefined = i === 11 ? [1, 0x10] : i === 13 ? [1, 0x01] : undefined;
    c.add(name, `${name} %r2,%r4,0(%r9)`, { ...state, r9: i === 10 ? 0x7000_0000 : at, m, cc: 3 }, odd);
  });
  c.each('ts', 4, (name, _, i) => {
    const at = i === 3 ? 0x7000_0000 : DATA + i;
    const m = i === 3 ? {} : { [at.toString(16)]: ['00', '80', '7f'][i] as string };
    c.add(name, 'ts 0(%r9)', { r9: at, m, cc: 3 });
  });
}

function updates(c: Cases): void {
  c.each('laa laal lan lax lao laag laalg lang laxg laog', 14, (name, random, i) => {
    const size = name.endsWith('g') ? 8 : 4;
    const at = DATA + 0xf0 + 8 * random.below(4) + (i === 12 ? 2 : 0);
    const m = { [at.toString(16)]: random.bytes(size) };
    const state = { r2: random.value(), r4: random.value(), r9: i === 13 ? 0x7000_0000 : at };
    c.add(name, `${name} %r2,%r${i === 5 ? 2 : 4},0(%r9)`, { ...c.flags(random), ...state, m });
  });
}
