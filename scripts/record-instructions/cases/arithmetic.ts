/** Binary addition, subtraction, comparison, multiplication, division. */

import { Cases, type RecordedCase } from '../generate.ts';

export function arithmetic(): RecordedCase[] {
  const c = new Cases();
  c.rr('ar agr agfr alr algr algfr alcr alcgr sr sgr sgfr slr slgr slgfr slbr slbgr');
  c.rr('cr cgr cgfr clr clgr clgfr ltr ltgr ltgfr lcr lcgr lcgfr lnr lngr lngfr lpr lpgr lpgfr');
  c.rr('msr msgr msgfr');
  c.rrr('ark agrk alrk algrk srk sgrk slrk slgrk');
  c.rrr('ahhhr ahhlr alhhhr alhhlr shhhr shhlr slhhhr slhhlr');
  c.rr('chhr chlr clhhr clhlr');
  c.rx('a al s sl c cl ms', 4);
  c.rx('ah sh ch mh', 2);
  c.rx('ay aly sy sly cy cly msy', 4, true);
  c.rx('ahy shy chy mhy', 2, true);
  c.rx('ag alg alcg sg slg slbg cg clg msg', 8, true);
  c.rx('agf algf alc sgf slgf slb cgf clgf msgf chf clhf', 4, true);
  c.rx('cgh', 2, true);
  c.rx('lt', 4, true);
  c.rx('ltgf', 4, true);
  c.rx('ltg', 8, true);
  c.ri('ahi aghi chi cghi mhi mghi');
  c.ril('afi agfi cfi cgfi msfi msgfi aih alsih alsihn cih');
  c.ril('alfi algfi slfi slgfi clfi clgfi clih', 10, true);
  c.rie('ahik aghik alhsik alghsik');
  c.si('asi alsi', 4, 8, { long: true, unsigned: false });
  c.si('agsi algsi', 8, 8, { long: true, unsigned: false });
  c.si('cli', 1, 8);
  c.si('cliy', 1, 8, { long: true });
  c.si('chsi', 4, 16);
  c.si('chhsi', 2, 16);
  c.si('cghsi', 8, 16);
  c.si('clfhsi', 4, 16, { unsigned: true });
  c.si('clhhsi', 2, 16, { unsigned: true });
  c.si('clghsi', 8, 16, { unsigned: true });
  relative(c);
  c.pairRr('mr mlr mlgr');
  c.pairRr('dr dlr dlgr dsgr dsgfr', 16, true);
  c.pairRx('m', 4);
  c.pairRx('mfy ml', 4, true);
  c.pairRx('mlg', 8, true);
  c.pairRx('d', 4);
  c.pairRx('dl dsgf', 4, true);
  c.pairRx('dlg dsg', 8, true);
  divisions(c);
  return c.list;
}

/** Comparisons with an operand relative to the instruction, in the zeros after the code and in the data. */
function relative(c: Cases): void {
  c.each('crl cgrl cgfrl clrl clgrl clgfrl chrl cghrl clhrl clghrl', 8, (name, random, i) => {
    const size = /g(h|f)?rl/.test(name) && !/[fh]rl/.test(name) ? 8 : /h/.test(name) ? 2 : 4;
    const at = 0x20f00 + 8 * random.below(30);
    const m = { [at.toString(16)]: random.bytes(size) };
    // An operand off its boundary is a specification exception where the boundary is not a halfword.
    const skew = i === 7 ? 2 : 0;
    c.add(name, `${name} %r2,.+${at + skew - 0x20e00}`, { ...c.flags(random), r2: random.value(), m });
  });
}

/** Quotients that just fit and that just do not. */
function divisions(c: Cases): void {
  const cases: readonly (readonly [r4: bigint, r5: bigint, r3: bigint])[] = [
    [0n, 0x7fff_ffffn, 1n],
    [0n, 0x8000_0000n, 1n],
    [0xffff_ffffn, 0x8000_0000n, 1n],
    [0xffff_ffffn, 0x7fff_ffffn, 1n],
    [0xffff_ffffn, 0x8000_0000n, 0xffff_ffffn],
    [1n, 0n, 2n],
    [0xffff_ffffn, 0xffff_fff9n, 2n],
    [0n, 7n, 0xffff_fffen],
    [5n, 5n, 0n],
  ];
  for (const [r4, r5, r3] of cases) {
    c.add('dr', 'dr %r4,%r3', { r4, r5, r3 });
    c.add('dlr', 'dlr %r4,%r3', { r4, r5, r3 });
    c.add('dlgr', 'dlgr %r4,%r3', { r4, r5, r3 });
    c.add('dsgr', 'dsgr %r4,%r3', { r4, r5: BigInt.asIntN(32, r5), r3: BigInt.asIntN(32, r3) });
    c.add('dsgfr', 'dsgfr %r4,%r3', { r4, r5: BigInt.asIntN(32, r5), r3 });
  }
  c.add('dsgr', 'dsgr %r4,%r3', { r5: 0x8000_0000_0000_0000n, r3: -1n });
  c.add('dsgfr', 'dsgfr %r4,%r3', { r5: 0x8000_0000_0000_0000n, r3: -1n });
  c.add('dlgr', 'dlgr %r4,%r3', { r4: 4n, r5: 0n, r3: 5n });
  c.add('dlgr', 'dlgr %r4,%r3', { r4: 0x1234_5678_9abc_def0n, r5: 0x1111n, r3: 0xf000_0000_0000_0001n });
}
