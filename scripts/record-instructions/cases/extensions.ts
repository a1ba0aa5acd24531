/** Miscellaneous instruction extensions 2 and 3, and hints. */

import { Cases, type RecordedCase } from '../generate.ts';
import { ARENA, DATA } from '../layout.ts';

export function extensions(): RecordedCase[] {
  const c = new Cases();
  c.rx('agh sgh mgh', 2, true, 24);
  c.rx('msc', 4, true, 30);
  c.rx('msgc', 8, true, 30);
  c.rrr('msrkc msgrkc', 30);
  products(c);
  c.rrr('ncrk ncgrk ocrk ocgrk nnrk nngrk nork nogrk nxrk nxgrk', 15);
  select(c);
  counts(c);
  moves(c);
  branches(c);
  hints(c);
  return c.list;
}

/** Factors whose products are zero, positive, negative, the limits of 32 and 64 bits, and just beyond them. */
const FACTORS: readonly (readonly [bigint, bigint])[] = [
  [0n, -5n],
  [3n, 5n],
  [-3n, 5n],
  [-3n, -5n],
  [0x8000n, 0x1_0000n],
  [-0x8000n, 0x1_0000n],
  [0x7fff_ffffn, 1n],
  [-0x8000_0000n, -1n],
  [0x1_0001n, 0x7fffn],
  [0x8000_0000n, 0x1_0000_0000n],
  [-0x8000_0000n, 0x1_0000_0000n],
  [0x7fff_ffff_ffff_ffffn, -1n],
  [-0x8000_0000_0000_0000n, -1n],
  [-0x8000_0000_0000_0000n, -0x8000_0000_0000_0000n],
  [0xb504_f333n, 0xb504_f333n],
];

function products(c: Cases): void {
  const hex = (value: bigint) => BigInt.asUintN(64, value).toString(16).padStart(16, '0');
  for (const [a, b] of FACTORS) {
    for (const pm of [0, 8]) {
      c.add('msrkc', 'msrkc %r2,%r3,%r4', { r3: a, r4: b, pm, cc: 1 });
      c.add('msgrkc', 'msgrkc %r2,%r3,%r4', { r3: a, r4: b, pm, cc: 1 });
    }
    const m = { [DATA.toString(16)]: hex(b) };
    c.add('msc', 'msc %r2,4(%r9)', { r2: a, r9: DATA, m });
    c.add('msgc', 'msgc %r2,0(%r9)', { r2: a, r9: DATA, m });
    c.add('mg', 'mg %r4,0(%r9)', { r5: a, r9: DATA, m, cc: 3 });
    c.add('mgrk', 'mgrk %r4,%r2,%r3', { r2: a, r3: b, cc: 3 });
  }
  c.pairRx('mg', 8, true, 20);
  c.each('mgrk', 20, (name, random, i) => {
    const operands = ['%r4,%r2,%r3', '%r4,%r4,%r5', '%r4,%r5,%r4', '%r4,%r5,%r5'][i % 4];
    const state = { r2: random.value(), r3: random.value(), r4: random.value(), r5: random.value() };
    c.add(name, `${name} ${operands}`, { ...c.flags(random), ...state }, i === 19 ? [3, 0x10] : undefined);
  });
}

function select(c: Cases): void {
  for (let cc = 0; cc < 4; cc++) {
    for (const mask of [0, 1, 2, 4, 6, 8, 11, 15]) {
      for (const name of ['selr', 'selgr', 'selfhr']) {
        const operands = ['%r2,%r3,%r4', '%r2,%r2,%r4', '%r2,%r3,%r2'][(mask + cc) % 3];
        c.add(name, `${name} ${operands},${mask}`, { cc });
      }
    }
  }
}

function counts(c: Cases): void {
  c.each('popcnt', 24, (name, random, i) => {
    const state = { ...c.flags(random), r2: random.value(), r3: i === 0 ? -1n : random.value() };
    c.add(name, `${name} %r2,%r${i % 6 === 5 ? 2 : 3},${[8, 0, 15, 7][i % 4]}`, state);
  });
}

/** Bits of register 0 next to the length crash TCG 7.2: by-hand.test.ts has that case. */
function moves(c: Cases): void {
  c.each('mvcrl', 30, (name, random, i) => {
    const length = random.of([0, 1, 7, 24, 100, 255]);
    const r8 = DATA + 8 + random.below(0x1f0);
    const r9 = i % 3 === 0 ? DATA + random.below(0x200) : r8 + random.below(17) - 8;
    const state = { r8, r9, r0: length, mode: random.of([64, 31, 24]) };
    if (i === 28) Object.assign(state, { r8: 0x7000_0000, mode: 64 });
    if (i === 29) Object.assign(state, { r9: 0x7000_0000, mode: 64 });
    c.add(name, `${name} 0(%r8),4(%r9)`, { ...state, cc: random.below(4) });
  });
}

function branches(c: Cases): void {
  const target = ARENA + 0x40;
  const m = { [DATA.toString(16)]: target.toString(16).padStart(16, '0') };
  for (let cc = 0; cc < 4; cc++) {
    for (const mask of [0, 1, 2, 4, 7, 8, 11, 15])
      c.add('bic', `bic ${mask},-8(%r8,%r9)`, { cc, r8: 4, r9: DATA + 4, m });
  }
  c.add('bic', 'bic 15,0(%r9)', { r9: 0x20ffb, m: { '20ffb': target.toString(16).padStart(16, '0') } });
  c.add('bic', 'bic 15,0(%r9)', { r9: 0x7000_0000 });
  c.add('bic', 'bic 15,0(%r9)', { r9: DATA, m: { [DATA.toString(16)]: `1234567880020e40` }, mode: 31 });
}

function hints(c: Cases): void {
  for (const cc of [0, 3]) {
    c.add('bpp', 'bpp 2,.+16,0(%r9)', { r9: 0x7000_0001, cc });
    c.add('bprp', 'bprp 2,.+16,.+64', { cc });
    c.add('niai', 'niai 1,2', { cc });
    for (const code of [0, 1, 15]) c.add('ppa', `ppa %r2,%r3,${code}`, { cc, problem: cc & 1 });
  }
}
