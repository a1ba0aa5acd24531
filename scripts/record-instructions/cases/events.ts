/**
 * Program-event recording: the events of an instruction, alone and with other program interruptions. The PER masks and
 * controls are in control register 9, the designated area in control registers 10 and 11.
 *
 * QEMU indicates events of EXECUTE and of LOAD PSW EXTENDED wrongly, and loses condition codes; so these are recorded on
 * Hercules.
 */

import { Cases, type RecordedCase, type StateInput } from '../generate.ts';
import { ARENA, DATA } from '../layout.ts';

/** Control register 9. */
const BRANCH = 0x8000_0000n;
const FETCH = 0x4000_0000n;
const STORE = 0x2000_0000n;
const STORE_REAL = 0x0800_0000n;
const NULLIFY = 0x0100_0000n;
const BRANCH_ADDRESS = 0x0080_0000n;
const SPACE_CONTROL = 0x0020_0000n;

/** The PER mask, in the system mask. */
const PER = 0x40;
const ALL = 2n ** 64n - 1n;
const TARGET = ARENA + 0x30;

const at = (address: number, hex: string) => ({ [address.toString(16)]: hex });

/** The state of a processor that watches events of an area. */
const watching = (events: bigint, from: number | bigint = 0, to: number | bigint = ALL): StateInput => ({
  system: PER,
  c9: events,
  c10: BigInt(from),
  c11: BigInt(to),
});

export function events(): RecordedCase[] {
  const c = new Cases();
  branches(c);
  fetches(c);
  stores(c);
  modes(c);
  exceptions(c);
  realStores(c);
  return c.list;
}

/** Areas that have the address, and areas that do not. */
function areas(address: number): [from: number | bigint, to: number | bigint][] {
  return [
    [address, address],
    [0, address],
    [address, ALL],
    [address + 1, address],
    [address + 1, address + 100],
    [address - 100, address - 1],
    [address + 2, address - 2],
    [0, ALL],
  ];
}

function branches(c: Cases): void {
  const back: StateInput = { r9: TARGET, r4: TARGET, r2: 5, r3: 7, r5: 9, r1: 0 };
  const lines = {
    bcr: 'bcr 15,%r4',
    bc: 'bc 15,0(%r9)',
    brc: 'brc 15,.+0x30',
    brcl: 'brcl 15,.+0x30',
    balr: 'balr %r2,%r4',
    bal: 'bal %r2,0(%r9)',
    basr: 'basr %r2,%r4',
    bas: 'bas %r2,0(%r9)',
    bras: 'bras %r2,.+0x30',
    brasl: 'brasl %r2,.+0x30',
    bassm: 'bassm %r2,%r4',
    bsm: 'bsm %r2,%r4',
    bct: 'bct %r2,0(%r9)',
    bctr: 'bctr %r2,%r4',
    bctg: 'bctg %r2,0(%r9)',
    bctgr: 'bctgr %r2,%r4',
    brct: 'brct %r2,.+0x30',
    brctg: 'brctg %r2,.+0x30',
    bxh: 'bxh %r5,%r3,0(%r9)',
    bxle: 'bxle %r2,%r3,0(%r9)',
    bxhg: 'bxhg %r5,%r3,0(%r9)',
    bxleg: 'bxleg %r2,%r3,0(%r9)',
    brxh: 'brxh %r5,%r3,.+0x30',
    brxle: 'brxle %r2,%r3,.+0x30',
    brxhg: 'brxhg %r5,%r3,.+0x30',
    brxlg: 'brxlg %r2,%r3,.+0x30',
    crj: 'crj %r2,%r3,6,.+0x30',
    cgrj: 'cgrj %r2,%r3,6,.+0x30',
    cij: 'cij %r2,3,6,.+0x30',
    cgij: 'cgij %r2,3,6,.+0x30',
    clrj: 'clrj %r2,%r3,6,.+0x30',
    clgrj: 'clgrj %r2,%r3,6,.+0x30',
    clij: 'clij %r2,3,6,.+0x30',
    clgij: 'clgij %r2,3,6,.+0x30',
    crb: 'crb %r2,%r3,6,0(%r9)',
    cgrb: 'cgrb %r2,%r3,6,0(%r9)',
    cib: 'cib %r2,3,6,0(%r9)',
    cgib: 'cgib %r2,3,6,0(%r9)',
    clrb: 'clrb %r2,%r3,6,0(%r9)',
    clgrb: 'clgrb %r2,%r3,6,0(%r9)',
    clib: 'clib %r2,3,6,0(%r9)',
    clgib: 'clgib %r2,3,6,0(%r9)',
  };
  for (const [name, asm] of Object.entries(lines)) {
    c.add(name, asm, { ...watching(BRANCH), ...back });
    c.add(name, asm, { ...watching(BRANCH | BRANCH_ADDRESS, TARGET, TARGET), ...back });
    c.add(name, asm, { ...watching(BRANCH | BRANCH_ADDRESS, ARENA, TARGET - 1), ...back });
  }
  const untaken = { bcr: 'bcr 0,%r4', bc: 'bc 0,0(%r9)', balr: 'balr %r2,%r0', bctr: 'bctr %r2,%r0' };
  for (const [name, asm] of Object.entries(untaken)) c.add(name, asm, { ...watching(BRANCH), ...back });
  c.add('brct', 'brct %r2,.+0x30', { ...watching(BRANCH), r2: 1 });
  c.add('brc', 'brc 4,.+0x30', { ...watching(BRANCH), cc: 2 });
  c.add('cij', 'cij %r2,3,8,.+0x30', { ...watching(BRANCH), r2: 5 });
  for (const [from, to] of areas(TARGET)) {
    c.add('bcr', 'bcr 15,%r4', { ...watching(BRANCH | BRANCH_ADDRESS, from, to), ...back });
    c.add('bcr', 'bcr 15,%r4', { ...watching(BRANCH | FETCH, from, to), ...back });
  }
  for (const mode of [24, 31]) {
    const r4 = 0xff00_0000_8000_0000n + BigInt(TARGET);
    c.add('bcr', 'bcr 15,%r4', { ...watching(BRANCH | BRANCH_ADDRESS, TARGET, TARGET), r4, mode });
  }
}

function fetches(c: Cases): void {
  for (const [from, to] of areas(ARENA)) {
    c.add('lr', 'lr %r2,%r3', watching(FETCH, from, to));
    c.add('ex', 'ex %r0,0(%r9)', { ...watching(FETCH, from, to), r9: DATA, m: at(DATA, '1823') });
  }
  for (const [from, to] of areas(DATA)) {
    c.add('ex', 'ex %r0,0(%r9)', { ...watching(FETCH, from, to), r9: DATA, m: at(DATA, '1823') });
  }
  // The second instruction, and instructions of every length, of which the first byte counts.
  c.add('lr', 'lr %r2,%r3\nlr %r3,%r4\nlr %r4,%r5', watching(FETCH, ARENA + 2, ARENA + 3));
  c.add('ahi', 'ahi %r2,5\nahi %r3,5', watching(FETCH, ARENA + 2, ARENA + 4));
  c.add('stg', 'stg %r2,0(%r9)\nstg %r3,0(%r9)', { ...watching(FETCH, ARENA + 1, ARENA + 6), r9: DATA });
  c.add('exrl', 'exrl %r0,.+0x20', { ...watching(FETCH), m: at(ARENA + 0x20, '18230000') });
}

function stores(c: Cases): void {
  const lines: Record<string, [asm: string, bytes: number, state?: StateInput]> = {
    stg: ['stg %r2,0(%r9)', 8],
    st: ['st %r2,0(%r9)', 4],
    sth: ['sth %r2,0(%r9)', 2],
    stc: ['stc %r2,0(%r9)', 1],
    mvi: ['mvi 0(%r9),5', 1],
    mvghi: ['mvghi 0(%r9),5', 8],
    mvc: ['mvc 0(20,%r9),0(%r8)', 20, { r8: DATA + 0x40 }],
    xc: ['xc 0(9,%r9),0(%r9)', 9],
    stm: ['stm %r2,%r5,0(%r9)', 16],
    stmg: ['stmg %r2,%r5,0(%r9)', 32],
    stcm: ['stcm %r2,5,0(%r9)', 2],
    stam: ['stam %a2,%a5,0(%r9)', 16],
    stctg: ['stctg %c2,%c3,0(%r9)', 16],
    asi: ['asi 0(%r9),1', 4],
    ni: ['ni 0(%r9),1', 1],
    laa: ['laa %r2,%r3,0(%r9)', 4],
    std: ['std %f2,0(%r9)', 8],
    tr: ['tr 0(3,%r9),0(%r8)', 3, { r8: DATA + 0x40 }],
    unpk: ['unpk 0(5,%r9),0(3,%r8)', 5, { r8: DATA + 0x40 }],
  };
  for (const [name, [asm, bytes, more]] of Object.entries(lines)) {
    for (const address of [DATA + 8, 0x20ff8 + 4]) {
      if (/^(laa|stam|stctg)$/.test(name) && address & 7) continue;
      const state = { r9: address, ...more };
      const last = address + bytes - 1;
      c.add(name, asm, { ...watching(STORE, address, address), ...state });
      c.add(name, asm, { ...watching(STORE, last, last), ...state });
      c.add(name, asm, { ...watching(STORE, last + 1, address - 1), ...state });
    }
  }
  c.add('lg', 'lg %r2,0(%r9)', { ...watching(STORE), r9: DATA });
  c.add('stcm', 'stcm %r2,0,0(%r9)', { ...watching(STORE), r9: DATA });
  c.add('stg', 'stg %r2,0(%r9)', { ...watching(STORE | SPACE_CONTROL), r9: DATA });
  c.add('stg', 'stg %r2,0(%r9)', { ...watching(STORE | FETCH), r9: DATA });
  const wide = { r9: 0xffff_ffff_0000_0000n + BigInt(DATA) };
  c.add('stg', 'stg %r2,0(%r9)', { ...watching(STORE, DATA, DATA), ...wide, mode: 31 });
  c.add('ex', 'ex %r0,0(%r9)', {
    ...watching(STORE, DATA, DATA + 7),
    r9: DATA + 8,
    r8: DATA,
    m: at(DATA + 8, '92058000'),
  });
}

/** Instructions that turn PER on or off, and old PSWs. */
function modes(c: Cases): void {
  const long = (mask: string, address: number) => mask + address.toString(16).padStart(16, '0');
  for (const mask of ['0000000180000000', '4000000180000000', '0000000080000000']) {
    for (const events of [FETCH, BRANCH, FETCH | BRANCH]) {
      const m = at(DATA, long(mask, TARGET));
      c.add('lpswe', 'lpswe 0(%r9)', { ...watching(events), r9: DATA, m });
    }
  }
  // From off to on: the next instruction is the first that is watched.
  const on = at(DATA, long('4000000180000000', TARGET));
  c.add('lpswe', 'lpswe 0(%r9)', { c9: FETCH, c11: ALL, r9: DATA, m: { ...on, ...at(TARGET, '1823') } });
  c.add('stosm', 'stosm 0(%r9),0x40\nlr %r2,%r3', { c9: FETCH, c11: ALL, r9: DATA });
  c.add('stnsm', 'stnsm 0(%r9),0xbf', { ...watching(FETCH), r9: DATA });
  c.add('stosm', 'stosm 0(%r9),0x40', { ...watching(STORE, DATA, DATA), r9: DATA });
  c.add('ssm', 'ssm 0(%r9)', { ...watching(FETCH), r9: DATA, m: at(DATA, '00') });
  // Control registers 9 to 11: the old values decide.
  const fresh = (cr9: bigint) => at(DATA, cr9.toString(16).padStart(16, '0'));
  c.add('lctlg', 'lctlg %c9,%c9,0(%r9)', { ...watching(FETCH), r9: DATA, m: fresh(0n) });
  c.add('lctlg', 'lctlg %c9,%c9,0(%r9)\nlr %r2,%r3', { ...watching(0n), r9: DATA, m: fresh(FETCH) });
  c.add('lctlg', 'lctlg %c10,%c10,0(%r9)\nlr %r2,%r3', {
    ...watching(FETCH, ARENA, ARENA),
    ...{ r9: DATA, m: fresh(BigInt(ARENA + 6)) },
  });
  for (const mode of [24, 31, 64]) {
    c.add('lr', 'lr %r2,%r3', { ...watching(FETCH), mode });
    c.add('lr', 'lr %r2,%r3', { ...watching(FETCH), mode, problem: 1, key: 3 });
  }
  c.add('sam31', 'sam31', watching(FETCH));
  c.add('sam24', 'sam24', watching(FETCH));
}

/** Events with other program interruptions, and nullification. */
function exceptions(c: Cases): void {
  c.add('stg', 'stg %r2,0(%r9)', { ...watching(FETCH | STORE), r9: 0x7000_0000 });
  c.add('stg', 'stg %r2,0(%r9)', { ...watching(STORE), r9: 0x7000_0000 });
  c.add('mvc', 'mvc 0(4,%r9),0(%r8)', { ...watching(STORE | FETCH), r9: DATA, r8: 0x7000_0000 });
  c.add('lpswe', 'lpswe 0(%r9)', { ...watching(FETCH), r9: DATA, problem: 1 });
  c.add('dr', 'dr %r2,%r4', { ...watching(FETCH), r4: 0 });
  c.add('ar', 'ar %r2,%r3', { ...watching(FETCH), r2: 0x7fff_ffff, r3: 1, pm: 8 });
  c.add('lg', 'lg %r2,0(%r9)', { ...watching(STORE | BRANCH), r9: 0x7000_0000 });
  c.add('ex', 'ex %r0,1(%r9)', { ...watching(FETCH), r9: DATA });
  for (const state of [watching(FETCH | NULLIFY), watching(NULLIFY), watching(FETCH | NULLIFY, DATA, DATA)]) {
    c.add('lr', 'lr %r2,%r3', state);
    c.add('stg', 'stg %r2,0(%r9)', { ...state, r9: DATA + 16 });
    c.add('ex', 'ex %r0,0(%r9)', { ...state, r9: DATA, m: at(DATA, '1823') });
  }
}

function realStores(c: Cases): void {
  for (const events of [STORE_REAL, STORE | STORE_REAL, STORE, STORE | STORE_REAL | FETCH]) {
    for (const name of ['stura', 'sturg']) {
      c.add(name, `${name} %r2,%r9`, { ...watching(events), r9: 0x21000 });
      c.add(name, `${name} %r2,%r9`, { ...watching(events, 0, 100), r9: 0x21000 });
    }
  }
}
