/** Translations of characters by tables, and between Unicode encodings. */

import { Cases, type RecordedCase, type StateInput } from '../generate.ts';
import { DATA } from '../layout.ts';

const FROM = DATA;
const TO = 0x21100;
const TABLE = 0x20fc0;

export function text(): RecordedCase[] {
  const c = new Cases();
  byTable(c);
  unicode(c);
  decimal(c);
  return c.list;
}

/**
 * TCG accepts an odd length of two-byte characters, a zero length and an odd register, and then processes all of storage.
 */
function byTable(c: Cases): void {
  c.each('troo trot trto trtt', 10, (name, random, i) => {
    const [from, to] = [name[2] === 'o' ? 1 : 2, name[3] === 'o' ? 1 : 2];
    // The table holds the pattern of the arena. Two-byte characters are small, so that they select bytes of it.
    const align = from === 2 && to === 2 ? 0x21000 : TABLE;
    const count = 1 + random.below(20);
    let hex = '';
    for (let n = 0; n < count; n++)
      hex += random
        .below(64)
        .toString(16)
        .padStart(from * 2, '0');
    const state: StateInput = {
      r0: random.below(to === 1 ? 256 : 65536),
      r1: align,
      r4: TO,
      r5: count * from,
      r9: FROM,
      cc: 2,
    };
    state.m = { [FROM.toString(16)]: hex };
    if (i === 7) state.mode = 31;
    const m3 = i % 3 === 2 ? ',1' : '';
    c.add(name, `0: ${name} %r4,%r9${m3}\njo 0b`, state);
  });
}

const TEXTS = ['', 'plain', 'Grüße', '日本語', 'a\u{1f600}b', '\u{10ffff}\u0000é'];

const ENCODINGS = {
  1: (s: string) => Buffer.from(s, 'utf8'),
  2: (s: string) => Buffer.from(s, 'utf16le').swap16(),
  4: (s: string) =>
    Buffer.concat(
      [...s].map((p) => Buffer.from((p.codePointAt(0) as number).toString(16).padStart(8, '0'), 'hex')),
    ),
};

/** Encodings that are malformed or truncated. */
const BROKEN = {
  1: ['80', 'c080', 'c3', 'e08080', 'ed9f', 'eda080', 'f0808080', 'f4908080', 'f5808080', 'c341', 'ff'],
  2: ['dc00', 'd800', 'd8000041', '00', 'd83dde'],
  4: ['0000d800', '0000dc00', '00110000', '000000', 'ffffffff'],
};

function unicode(c: Cases): void {
  for (const [from, to] of [
    [1, 2],
    [1, 4],
    [2, 1],
    [2, 4],
    [4, 1],
    [4, 2],
  ] as const) {
    const name = `cu${from}${to}`;
    const add = (hex: string, m3: number, room: number, mode = 64) => {
      const m = hex ? { m: { [FROM.toString(16)]: hex } } : {};
      const state: StateInput = { r4: TO, r5: room, r6: FROM, r7: hex.length / 2, cc: 3, mode, ...m };
      c.add(name, `0: ${name} %r4,%r6${from === 4 ? '' : `,${m3}`}\njo 0b`, state);
    };
    for (const string of TEXTS) {
      const hex = ENCODINGS[from](string).toString('hex');
      add(hex, 0, 100);
      add(hex, 1, 100, 31);
      add(hex, 0, Math.max(0, ENCODINGS[to](string).length - 1));
    }
    for (const hex of BROKEN[from]) {
      add(hex, 1, 100);
      if (from !== 1) add(hex, 0, 100);
    }
    c.add(name, `${name} %r4,%r6`, { r4: TO, r5: 9, r6: FROM, r7: 9 }, [3, 0x10]);
    c.add(name, `${name} %r4,%r6`, { r4: TO, r5: 9, r6: FROM, r7: 9 }, [3, 0x01]);
    c.add(name, `${name} %r4,%r6`, { r4: 0x7000_0000, r5: 9, r6: FROM, r7: 9 });
  }
}

function decimal(c: Cases): void {
  for (const hex of [
    '0c',
    '1d',
    '0a',
    '99',
    'a0',
    '123f',
    '12a4',
    '1a2c',
    '12345678901234567890123456789012',
    '0123456789012345678901234567890e',
  ]) {
    c.add('tp', `tp 0(${hex.length / 2},%r9)`, { r9: FROM, m: { [FROM.toString(16)]: hex }, cc: 1 });
  }
}
