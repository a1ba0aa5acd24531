/** AND, OR, EXCLUSIVE OR, bit tests and counts, shifts and rotations. */

import { Cases, type RecordedCase } from '../generate.ts';

export function logical(): RecordedCase[] {
  const c = new Cases();
  c.rr('nr or xr ngr ogr xgr');
  c.rrr('nrk ork xrk ngrk ogrk xgrk');
  c.rx('n o x', 4);
  c.rx('ny oy xy', 4, true);
  c.rx('ng og xg', 8, true);
  c.ri('nihh nihl nilh nill oihh oihl oilh oill tmhh tmhl tmlh tmll', 12, true);
  c.ril('nihf nilf oihf oilf xihf xilf', 10, true);
  c.si('ni oi xi tm', 1, 8);
  c.si('niy oiy xiy tmy', 1, 8, { long: true });
  c.rr('popcnt', 16);
  c.pairRr('flogr', 18);
  c.shift('sll srl sla sra', false);
  c.shift('sldl srdl', false, true);
  c.shift('slda srda', false, true, 20);
  c.shift('sllk srlk slak srak sllg srlg slag srag rll rllg', true, false, 18);
  tests(c);
  rotateThenSelect(c);
  return c.list;
}

/** TEST UNDER MASK with all, none and one of the selected bits. */
function tests(c: Cases): void {
  for (const value of [0n, 0x80n, 0x01n, 0x81n, 0xffn]) {
    for (const mask of [0, 0x81]) {
      c.add('tm', `tm 0(%r9),${mask}`, { r9: 0x20f00, m: { '20f00': value.toString(16).padStart(2, '0') } });
      c.add('tmll', `tmll %r2,${mask}`, { r2: value });
    }
  }
}

function rotateThenSelect(c: Cases): void {
  c.each('risbg risbgn rnsbg rosbg rxsbg risbhg risblg', 24, (name, random, i) => {
    const limit = /h|l/.test(name) ? 32 : 64;
    const [first, last] = [random.below(limit), random.below(limit)];
    const high = i % 4 === 0 ? 128 : 0;
    // Bit 0x80 of i3 (test only) crashes TCG 7.2: by-hand.test.ts has that case.
    const i3 = first;
    const i4 = last + (/^ri/.test(name) ? high : 0);
    const state = { ...c.flags(random), r2: random.value(), r3: random.value() };
    c.add(name, `${name} %r2,%r${i === 5 ? 2 : 3},${i3},${i4},${random.below(64)}`, state);
  });
}
