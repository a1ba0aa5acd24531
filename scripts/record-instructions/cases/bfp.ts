/**
 * Binary floating point. No case enables the traps of overflow, underflow and inexact: TCG suppresses the instruction instead of
 * completing it with the result that the architecture demands. TCG 7.2 does not have DIDBR and DIEBR, and it takes the first
 * operand of MDEB, MDEBR, MXDB and MXDBR in the longer format. src/machine/instructions/bfp.test.ts tests all of these.
 */

import { Cases, type Random, type RecordedCase, type StateInput } from '../generate.ts';
import { DATA } from '../layout.ts';

type Width = 32 | 64 | 128;

const FRACTION = { 32: 23, 64: 52, 128: 112 } as const;

/** Returns a number of a format: a special one, a small integer, one near a limit, or any. */
function number(random: Random, width: Width): bigint {
  const fraction = BigInt(FRACTION[width]);
  const exponents = (1n << (BigInt(width) - 1n - fraction)) - 1n;
  const bias = exponents >> 1n;
  const any = (random.u64() << 64n) | random.u64();
  const fractionBits = any & ((1n << fraction) - 1n);
  const sign = random.below(2) ? 1n << BigInt(width - 1) : 0n;
  const pick = random.below(16);
  const quiet = 1n << (fraction - 1n);
  const specials = [
    0n,
    exponents << fraction,
    (exponents << fraction) | quiet | (fractionBits >> 4n),
    (exponents << fraction) | (fractionBits & (quiet - 1n)) | 1n,
    1n,
    fractionBits,
    1n << fraction,
    (exponents << fraction) - 1n,
  ];
  if (pick < 7) return sign | (specials[random.below(specials.length)] as bigint);
  if (pick < 9) return sign | (random.of([bias, bias + 1n, bias - 1n]) << fraction);
  const near = bias + BigInt(random.below(9) - 4);
  const short = fractionBits & ~((1n << BigInt(random.below(Number(fraction)))) - 1n);
  if (pick < 14) return sign | (near << fraction) | (pick < 11 ? short : fractionBits);
  return any & ((1n << BigInt(width)) - 1n);
}

/** Returns whether a number is a signaling NaN. */
function isSignaling(bits: bigint, width: Width): boolean {
  const fraction = BigInt(FRACTION[width]);
  const magnitude = bits & ((1n << BigInt(width - 1)) - 1n);
  const infinity = ((1n << (BigInt(width) - 1n - fraction)) - 1n) << fraction;
  return magnitude > infinity && magnitude < infinity + (1n << (fraction - 1n));
}

/** The floating-point-control register: a rounding mode, flags, and in some cases masks. */
function control(random: Random): bigint {
  const round = random.of([0, 0, 0, 1, 2, 3, 7]);
  const masks = random.below(4) === 0 ? random.of([0x8000_0000, 0x4000_0000, 0xc000_0000]) : 0;
  const flags = random.below(3) === 0 ? random.of([0x0008_0000, 0x00f8_0000]) : 0;
  return BigInt(masks + flags + round);
}

/** Puts a number into a floating-point register, or a pair of them. */
function register(r: number, width: Width, bits: bigint, random: Random): StateInput {
  if (width === 64) return { [`f${r}`]: bits };
  if (width === 32) return { [`f${r}`]: (bits << 32n) | BigInt(random.u32()) };
  return { [`f${r}`]: bits >> 64n, [`f${r + 2}`]: bits & ((1n << 64n) - 1n) };
}

const widthOf = (name: string, at = 1): Width => (name[at] === 'e' ? 32 : name[at] === 'd' ? 64 : 128);

/** op f1,f2 with both operands of one format. */
function two(cases: Cases, names: string, width: Width, count: number, signaling = true): void {
  cases.each(names, count, (name, random, i) => {
    const first = number(random, width);
    let second = i % 8 === 7 ? first : number(random, width);
    while (!signaling && isSignaling(second, width)) second = number(random, width);
    const state = { ...register(1, width, first, random), ...register(4, width, second, random) };
    cases.add(name, `${name} %f1,%f4`, { ...state, fpc: control(random), cc: random.below(4) });
  });
}

/** op f1,D(B) with an operand in storage. */
function stored(cases: Cases, names: string, first: Width, second: Width, count: number): void {
  cases.each(names, count, (name, random, i) => {
    const { at, text, state } = i === count - 1 ? cases.nowhere(false) : cases.address(random, i, false);
    const hex = number(random, second)
      .toString(16)
      .padStart(second / 4, '0');
    const m = at ? { m: { [at.toString(16)]: hex } } : {};
    const operands = register(1, first, number(random, first), random);
    cases.add(name, `${name} %f1,${text}`, { ...operands, ...state, ...m, fpc: control(random) });
  });
}

export function bfp(): RecordedCase[] {
  const cases = new Cases();
  const names = (short: string) => short.split(' ');
  for (const name of names('aebr adbr axbr sebr sdbr sxbr debr ddbr dxbr'))
    two(cases, name, widthOf(name), 60);
  for (const name of names('meebr mdbr mxbr')) two(cases, name, widthOf(name), 60);
  for (const name of names('sqebr sqdbr sqxbr')) two(cases, name, widthOf(name, 2), 40);
  for (const name of names('cebr cdbr cxbr kebr kdbr kxbr')) two(cases, name, widthOf(name), 40);
  stored(cases, 'aeb seb meeb deb sqeb ceb keb', 32, 32, 24);
  stored(cases, 'adb sdb mdb ddb sqdb cdb kdb', 64, 64, 24);
  for (const name of names('maebr madbr msebr msdbr')) {
    const width = widthOf(name, 2);
    cases.each(name, 80, (_name, random) => {
      const state = {
        ...register(1, width, number(random, width), random),
        ...register(3, width, number(random, width), random),
        ...register(5, width, number(random, width), random),
      };
      cases.add(name, `${name} %f1,%f3,%f5`, { ...state, fpc: control(random) });
    });
  }
  for (const name of names('maeb madb mseb msdb')) {
    const width = widthOf(name, 2);
    cases.each(name, 40, (_name, random, i) => {
      const { at, text, state } = i === 39 ? cases.nowhere(false) : cases.address(random, i, false);
      const hex = number(random, width)
        .toString(16)
        .padStart(width / 4, '0');
      const registers = {
        ...register(1, width, number(random, width), random),
        ...register(3, width, number(random, width), random),
      };
      const m = at ? { m: { [at.toString(16)]: hex } } : {};
      cases.add(name, `${name} %f1,%f3,${text}`, { ...registers, ...state, ...m, fpc: control(random) });
    });
  }
  controlRegister(cases);
  withoutControl(cases);
  return cases.list;
}

/** Rounding modes, and loads of the control register that signal. */
function controlRegister(cases: Cases): void {
  for (const mode of [0, 1, 2, 3, 4, 5, 6, 7, 8, 0x80, 0x100, 0x107]) {
    cases.add('srnmb', `srnmb ${mode}`, { fpc: 0xf8f8_0003 });
  }
  const value = (random: Random) => {
    const masks = random.below(32) * 0x0800_0000;
    const flags = random.below(32) * 0x0008_0000;
    const reserved = random.below(8) === 0 ? random.of([0x0100_0000, 0x0001_0000, 0x80, 0x08, 0x05]) : 0;
    return masks + flags + reserved + random.below(4) + random.below(2) * 0x70;
  };
  cases.each('sfasr', 60, (name, random) => {
    const flags = random.below(32) * 0x0008_0000;
    cases.add(name, `${name} %r4`, { fpc: flags + random.of([0, 3, 7]), r4: value(random) });
  });
  cases.each('lfas', 40, (name, random, i) => {
    const { at, text, state } = i === 39 ? cases.nowhere(false) : cases.address(random, i, false, false);
    const m = at ? { m: { [at.toString(16)]: value(random).toString(16).padStart(8, '0') } } : {};
    cases.add(name, `${name} ${text}`, { ...state, ...m, fpc: random.below(32) * 0x0008_0000 });
  });
}

/** Without the AFP-register control every instruction is a data exception. */
function withoutControl(cases: Cases): void {
  for (const name of ['aebr', 'mxbr', 'cdbr', 'ltebr', 'ledbr', 'lcxbr']) {
    cases.add(name, `${name} %f1,%f4`, { c0: 0xe0n });
  }
  for (const name of ['adb', 'kdb', 'tcdb'])
    cases.add(name, `${name} %f1,0(%r9)`, { c0: 0xe0n, r9: BigInt(DATA) });
}

/** Numbers that integers are near to. */
function nearInteger(random: Random, width: Width): bigint {
  if (random.below(3) === 0) return number(random, width);
  const fraction = BigInt(FRACTION[width]);
  const bias = (1n << (BigInt(width) - 2n - fraction)) - 1n;
  const exponent =
    bias + BigInt(random.of([-2, -1, 0, 1, 2, 3, 10, 22, 23, 24, 30, 31, 32, 33, 51, 52, 53, 62, 63, 64]));
  const any = ((random.u64() << 64n) | random.u64()) & ((1n << fraction) - 1n);
  const kept = BigInt(random.below(Number(fraction)));
  const bits = random.below(3) === 0 ? 0n : random.below(2) ? any : (any >> kept) << kept;
  const sign = random.below(2) ? 1n << BigInt(width - 1) : 0n;
  return sign | (exponent << fraction) | bits;
}

const MODES = [0, 0, 1, 3, 4, 5, 6, 7];

export function bfpConvert(): RecordedCase[] {
  const cases = new Cases();
  const names = (short: string) => short.split(' ');
  // TCG does not treat a signaling NaN as invalid in LOAD AND TEST.
  for (const name of names('ltebr ltdbr ltxbr')) two(cases, name, widthOf(name, 2), 24, false);
  for (const name of names('lcebr lcdbr lcxbr lnebr lndbr lnxbr lpebr lpdbr lpxbr')) {
    two(cases, name, widthOf(name, 2), 24);
  }
  two(cases, 'ldebr lxebr', 32, 40);
  two(cases, 'lxdbr', 64, 40);
  stored(cases, 'ldeb lxeb', 32, 32, 24);
  stored(cases, 'lxdb', 64, 64, 24);
  for (const name of names('ledbra ldxbra lexbra fiebra fidbra fixbra')) {
    const source = widthOf(name, 2);
    cases.each(name, 80, (_name, random) => {
      const bits = name[0] === 'f' ? nearInteger(random, source) : number(random, source);
      const operand = register(4, source, bits, random);
      const text = `${name} %f1,${random.of(MODES)},%f4,${random.of([0, 0, 4])}`;
      cases.add(name.slice(0, -1), text, { ...operand, fpc: control(random), cc: random.below(4) });
    });
  }
  for (const name of names(
    'cefbra cdfbra cxfbra cegbra cdgbra cxgbra celfbr cdlfbr cxlfbr celgbr cdlgbr cxlgbr',
  )) {
    cases.each(name, 30, (_name, random) => {
      const text = `${name} %f1,${random.of(MODES)},%r4,${random.of([0, 0, 4])}`;
      cases.add(name.replace('bra', 'br'), text, { r4: random.value(), fpc: control(random) });
    });
  }
  for (const name of names(
    'cfebra cfdbra cfxbra cgebra cgdbra cgxbra clfebr clfdbr clfxbr clgebr clgdbr clgxbr',
  )) {
    const source = widthOf(name, name[1] === 'l' ? 3 : 2);
    cases.each(name, 80, (_name, random) => {
      const operand = register(4, source, nearInteger(random, source), random);
      const text = `${name} %r1,${random.of(MODES)},%f4,${random.of([0, 0, 4])}`;
      cases.add(name.replace('bra', 'br'), text, { ...operand, fpc: control(random), cc: random.below(4) });
    });
  }
  for (const name of names('tceb tcdb tcxb')) {
    const width = widthOf(name, 2);
    cases.each(name, 60, (_name, random) => {
      const operand = register(1, width, number(random, width), random);
      const mask = random.below(2) ? 1 << random.below(12) : random.below(0x1000);
      cases.add(name, `${name} %f1,${mask}`, operand);
    });
  }
  invalidModes(cases);
  return cases.list;
}

/** Rounding modes that do not exist, and registers that designate no pair. */
function invalidModes(cases: Cases): void {
  for (const mode of [2, 8, 15]) {
    for (const name of ['cfdbr', 'cgebr', 'fidbr']) cases.add(name, `${name} %r1,${mode},%f4`, {});
    cases.add('cdfbr', `cdfbra %f1,${mode},%r4,0`, {});
    cases.add('ledbr', `ledbra %f1,${mode},%f4,0`, {});
  }
  const odd: [name: string, patch: [number, number]][] = [
    ['axbr %f1,%f4', [3, 0x20]],
    ['axbr %f1,%f4', [3, 0x02]],
    ['mxdbr %f1,%f4', [3, 0x20]],
    ['cxfbr %f1,%r4', [3, 0x20]],
    ['cfxbr %r1,5,%f4', [3, 0x02]],
    ['lxdbr %f1,%f4', [3, 0x20]],
    ['lxeb %f1,0', [1, 0x20]],
    ['tcxb %f1,0', [1, 0x20]],
    ['ltxbr %f1,%f4', [3, 0x02]],
    ['sqxbr %f1,%f4', [3, 0x20]],
    ['fixbr %f1,0,%f4', [3, 0x02]],
  ];
  for (const [asm, patch] of odd) cases.add(asm.slice(0, asm.indexOf(' ')), asm, {}, patch);
}
