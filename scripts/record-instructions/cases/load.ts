/** Loads and stores of general and access registers. */

import { Cases, type RecordedCase } from '../generate.ts';
import { ARENA, DATA } from '../layout.ts';

export function load(): RecordedCase[] {
  const c = new Cases();
  c.rr('lr lgr lgfr lghr lgbr lbr lhr llcr llhr llgcr llghr llgfr llgtr lrvr lrvgr', 8);
  c.rx('l', 4);
  c.rx('lh', 2);
  c.rx('ic', 1);
  c.rx('ly lgf llgf llgt lrv lfh', 4, true);
  c.rx('lhy lgh llh llgh lrvh lhh llhh', 2, true);
  c.rx('lb lgb llc llgc icy lbh llch', 1, true);
  c.rx('lg lrvg', 8, true);
  c.rx('lat lfhat llgfat llgtat', 4, true);
  c.rx('lgat', 8, true);
  c.rx('lzrf llzrgf', 4, true);
  c.rx('lzrg', 8, true);
  zeroTraps(c);
  c.rx('la', 1);
  c.rx('lay', 1, true);
  c.ri('lhi lghi');
  c.ri('iihh iihl iilh iill llihh llihl llilh llill', 8, true);
  c.ril('lgfi', 8);
  c.ril('iihf iilf llihf llilf', 8, true);
  relative(c);
  conditional(c);
  underMask(c);
  multiple(c);
  return c.list;
}

export function store(): RecordedCase[] {
  const c = new Cases();
  c.rx('st sth stc', 1);
  c.rx('sty sthy stcy stg stfh sthh stch strv strvh strvg', 1, true);
  c.si('mvi', 1, 8);
  c.si('mviy', 1, 8, { long: true });
  c.si('mvhhi mvhi mvghi', 1, 16);
  return c.list;
}

function zeroTraps(c: Cases): void {
  for (const name of ['lat', 'lfhat', 'lgat', 'llgfat', 'llgtat']) {
    for (const hex of ['0000000000000000', '8000000000000000', '0000000080000000']) {
      c.add(name, `${name} %r2,0(%r9)`, { r9: DATA, m: { [DATA.toString(16)]: hex } });
    }
  }
}

function relative(c: Cases): void {
  c.each('larl lrl lgrl lgfrl llgfrl lhrl lghrl llhrl llghrl strl stgrl sthrl', 7, (name, random, i) => {
    const at = DATA + 8 * random.below(30) + (i === 6 ? 2 : 0);
    const m = { [at.toString(16)]: random.bytes(8) };
    c.add(name, `${name} %r2,.+${at - ARENA}`, { ...c.flags(random), r2: random.value(), m });
  });
  c.add('larl', 'larl %r2,.-0x30000', {});
  c.add('larl', 'larl %r2,.-0x30000', { mode: 31 });
  c.add('larl', 'larl %r2,.-0x30000', { mode: 24 });
}

function conditional(c: Cases): void {
  for (let cc = 0; cc < 4; cc++) {
    c.each('locr locgr locfhr', 4, (name, random) => {
      c.add(name, `${name} %r2,%r3,${random.below(16)}`, { cc, r2: random.value(), r3: random.value() });
    });
    c.each('lochi locghi lochhi', 4, (name, random) => {
      const value = random.below(0x10000) - 0x8000;
      c.add(name, `${name} %r2,${value},${random.below(16)}`, { cc, r2: random.value() });
    });
    c.each('loc locg locfh stoc stocg stocfh', 5, (name, random, i) => {
      const { text, state } = c.address(random, i, true, false);
      c.add(name, `${name} %r2,${text},${random.below(16)}`, { ...state, cc, r2: random.value() });
    });
  }
}

function underMask(c: Cases): void {
  c.each('icm icmy icmh stcm stcmy stcmh clm clmy clmh', 20, (name, random, i) => {
    const long = name.length > (name.startsWith('st') ? 4 : 3);
    const { at, text, state } = i === 19 ? c.nowhere(long) : c.address(random, i, long, false);
    const m = at ? { m: { [at.toString(16)]: i % 5 === 0 ? '00000000' : random.bytes(4) } } : {};
    c.add(name, `${name} %r2,${i % 16},${text}`, { ...c.flags(random), ...state, ...m, r2: random.value() });
  });
}

/** TCG does not implement LMD, and its STMH stores only zeros. */
function multiple(c: Cases): void {
  c.each('lm lmy lmh lmg stm stmy stmg', 12, (name, random, i) => {
    const long = name.length > (name.startsWith('st') ? 3 : 2);
    // The base register may be one of the registers that are loaded.
    const { at, text, state } = i === 11 ? c.nowhere(long) : c.address(random, i, long, false);
    const first = random.below(16);
    const last = i % 4 === 0 ? first : random.below(16);
    const m = at ? { m: { [(at & ~0xf).toString(16)]: random.bytes(64) } } : {};
    c.add(name, `${name} %r${first},%r${last},${text}`, { ...state, ...m });
  });
  c.each('lam lamy stam stamy', 6, (name, random, i) => {
    const at = DATA + 0xf0 + 4 * random.below(8) + (i === 5 ? 2 : 0);
    c.add(name, `${name} %a${random.below(16)},%a${random.below(16)},16(%r9)`, { r9: at - 16 });
  });
  c.each('lpq stpq', 6, (name, random, i) => {
    const at = DATA + 0xe0 + 16 * random.below(4) + (i === 4 ? 8 : 0);
    c.add(
      name,
      `${name} %r2,0(%r9)`,
      { r9: at, r2: random.value(), r3: random.value() },
      i === 5 ? [1, 0x10] : undefined,
    );
  });
  c.each('lpd lpdg', 8, (name, random, i) => {
    const r8 = DATA + 8 * random.below(30) + (i === 5 ? 2 : 0);
    const r9 = i === 6 ? 0x7000_0000 : DATA + 8 * random.below(30);
    c.add(name, `${name} %r2,8(%r8),0(%r9)`, { r8, r9, cc: 3 }, i === 7 ? [1, 0x10] : undefined);
  });
}
