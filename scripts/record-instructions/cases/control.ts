/**
 * Control instructions whose results one processor shows, and moves of floating-point registers.
 *
 * TCG does not implement key-controlled protection, SSM suppression, SPKA in the problem state, IPK, SAC, IAC, EPAR,
 * ESAR, CPYA, MVCK, MVCSK, MVCDK, MVCP, MVCS, PALB and PFMF. Its LPSW, its TPROT in the problem state, and its LURA and
 * STURA with misaligned operands deviate from the architecture. cpu.test.ts and by-hand.test.ts have these cases, worked
 * out by hand.
 */

import { Cases, type RecordedCase } from '../generate.ts';
import { ARENA, DATA } from '../layout.ts';

const TARGET = ARENA + 0x40;
const at = (address: number, hex: string) => ({ [address.toString(16)]: hex });

export function control(): RecordedCase[] {
  const c = new Cases();
  privileged(c);
  psw(c);
  controls(c);
  spaces(c);
  keys(c);
  tables(c);
  machine(c);
  return c.list;
}

/** Instructions for which the assembler has no mnemonic. */
const NAMELESS: Readonly<Record<string, string>> = { diag: '.long 0x832307ff', servc: '.long 0xb2200023' };

/** Each is a privileged operation in the problem state. */
function privileged(c: Cases): void {
  const operands = {
    lpsw: '0(%r9)',
    lpswe: '0(%r9)',
    ssm: '0(%r9)',
    stnsm: '0(%r9),255',
    stosm: '0(%r9),0',
    lctl: '%c2,%c3,0(%r9)',
    lctlg: '%c2,%c3,0(%r9)',
    stctl: '%c2,%c3,0(%r9)',
    stctg: '%c2,%c3,0(%r9)',
    spx: '0(%r9)',
    stpx: '0(%r9)',
    stap: '0(%r9)',
    stidp: '0(%r9)',
    sck: '0(%r9)',
    sckc: '0(%r9)',
    stckc: '0(%r9)',
    spt: '0(%r9)',
    stpt: '0(%r9)',
    sckpf: '',
    sigp: '%r2,%r3,1',
    servc: '%r2,%r3',
    stfl: '0(%r9)',
    stsi: '0(%r9)',
    ipte: '%r2,%r3',
    idte: '%r2,%r3,%r4',
    csp: '%r2,%r4',
    cspg: '%r2,%r4',
    ptlb: '',
    iske: '%r2,%r9',
    sske: '%r2,%r9',
    rrbe: '%r2,%r9',
    lra: '%r2,0(%r9)',
    lray: '%r2,0(%r9)',
    lrag: '%r2,0(%r9)',
    lura: '%r2,%r9',
    lurag: '%r2,%r9',
    stura: '%r2,%r9',
    sturg: '%r2,%r9',
    diag: '%r2,%r3,0x7ff',
    csch: '',
    hsch: '',
    msch: '0(%r9)',
    ssch: '0(%r9)',
    stsch: '0(%r9)',
    tsch: '0(%r9)',
    tpi: '0(%r9)',
    sal: '',
    rsch: '',
    stcrw: '0(%r9)',
    stcps: '0(%r9)',
    rchp: '',
    schm: '',
    xsch: '',
  };
  for (const [name, text] of Object.entries(operands)) {
    const asm = NAMELESS[name] ?? `${name} ${text}`;
    c.add(name, asm, { problem: 1, r9: DATA, cc: 2 });
  }
}

function psw(c: Cases): void {
  const long = (mask: string, address: number) => mask + address.toString(16).padStart(16, '0');
  c.add('lpsw', 'lpsw 4(%r9)', { r9: DATA });
  for (const mask of ['0000000180000000', '0001330180000000', '0000000080000000', '00f0000000000000']) {
    c.add('lpswe', 'lpswe 0(%r9)', { r9: DATA, m: at(DATA, long(mask, TARGET)) });
  }
  c.add('lpswe', 'lpswe 4(%r9)', { r9: DATA });
  c.add('lpswe', 'lpswe 0(%r9)', { r9: 0x7000_0000 });
  for (const mask of ['00', '40']) c.add('ssm', 'ssm 0(%r9)', { r9: DATA, m: at(DATA, mask) });
  c.add('stnsm', 'stnsm 1(%r9),0', { r9: DATA });
  c.add('stnsm', 'stnsm 1(%r9),0', { r9: 0x7000_0000 });
  c.add('stosm', 'stosm 1(%r9),0', { r9: DATA });
  c.add('stosm', 'stosm 1(%r9),2', { r9: DATA });
  c.add('epsw', 'epsw %r2,%r3', { cc: 2, pm: 9, key: 0, r2: -1, r3: -1 });
  c.add('epsw', 'epsw %r2,%r0', { cc: 1, mode: 31, r2: -1 });
  c.add('epsw', 'epsw %r2,%r3', { problem: 1, mode: 24, r2: -1, r3: -1 });
  c.add('spka', 'spka 0x50', { cc: 2 });
  c.add('mc', 'mc 0(%r9),3', { r9: 5 });
  c.add('mc', 'mc 0(%r9),16', { r9: 5 });
  c.add('mc', 'mc 0(%r9),3', { r9: 5, c8: 0x1000n });
}

function controls(c: Cases): void {
  // With DAT off, the contents of registers 2, 3, 5, 8 and some others have no effect on the machine.
  c.each('lctl stctl', 6, (name, random, i) => {
    const r9 = i === 4 ? DATA + 2 : i === 5 ? 0x7000_0000 : 0x20ff0 + 4 * random.below(4);
    c.add(name, `${name} %c2,%c${name === 'stctl' && i === 0 ? 1 : 5},4(%r9)`, {
      r9,
      c3: random.u64(),
      c4: random.u64(),
    });
  });
  c.each('lctlg stctg', 6, (name, random, i) => {
    const r9 = i === 4 ? DATA + 4 : i === 5 ? 0x7000_0000 : 0x20fe0 + 8 * random.below(4);
    c.add(name, `${name} %c2,%c${name === 'stctg' && i === 0 ? 1 : 5},8(%r9)`, {
      r9,
      c3: random.u64(),
      c4: random.u64(),
    });
  });
}

function spaces(c: Cases): void {
  for (const name of ['ear', 'sar']) {
    const operands = { ear: '%r2,%a3', sar: '%a2,%r3' }[name];
    c.add(name, `${name} ${operands}`, { a3: 0xdead_beefn });
    c.add(name, `${name} ${operands}`, { r3: -1 });
  }
}

function keys(c: Cases): void {
  for (const k0 of [0x06, 0x56, 0xfe, 0xa0]) {
    c.add('iske', 'iske %r2,%r9', { r9: ARENA, k1: k0, r2: -1, r8: 1 });
    c.add('iske', 'iske %r2,%r9', { r9: DATA + 0x123, r2: -1, k0: k0 | 6 });
    c.add('sske', 'sske %r2,%r9', { r9: 0x21000, r2: 0xff00 + k0 });
    c.add('rrbe', 'rrbe %r2,%r9', { r9: 0x21000, k1: k0, cc: 3 });
    c.add('tprot', 'tprot 0(%r9),0', { r9: 0x21000, k1: k0 | 6 });
  }
  for (const name of ['iske', 'sske', 'rrbe']) c.add(name, `${name} %r2,%r9`, { r9: 0x7000_0000 });
  // Low-address protection.
  c.add('stpx', 'stpx 0x100', { c0: 0x1004_00e0n });
  c.add('stg', 'stg %r2,0x1100', { c0: 0x1004_00e0n });
}

function tables(c: Cases): void {
  for (const entry of ['0000000000123000', 'ffffffffffffffff']) {
    const index = 7;
    const table = 0x21000;
    const m = at(table + index * 8, entry);
    c.add('ipte', 'ipte %r2,%r3', { r2: table + 0x7ff, r3: 0xff00_7000n, m });
    c.add('idte', 'idte %r2,%r4,%r3', { r2: table, r4: 0, r3: 0x70_0000n, m });
    c.add('idte', 'idte %r2,%r4,%r3', { r2: table + 4, r4: 0, r3: 7n << 31n, m });
    c.add('idte', 'idte %r2,%r4,%r3', { r2: table, r4: 0, r3: 0x800n, m });
  }
  c.add('idte', 'idte %r2,%r4,%r3', { r2: 0x21000, r4: 0, r3: 0x1_0000n });
  for (const [name, size] of Object.entries({ csp: 4, cspg: 8 })) {
    for (const low of [0, 1]) {
      const m = at(DATA, '0123456789abcdef');
      const equal = size === 4 ? 0x0123_4567n : 0x0123_4567_89ab_cdefn;
      c.add(name, `${name} %r2,%r4`, { r2: equal, r3: 0x77n, r4: DATA + low, m, cc: 3 });
      c.add(name, `${name} %r2,%r4`, { r2: 5n, r3: 0x77n, r4: DATA + low, m, cc: 3 });
    }
    c.add(name, `${name} %r2,%r4`, { r4: DATA }, [3, 0x10]);
  }
  c.add('ptlb', 'ptlb', {});
  for (const name of ['lura', 'lurag', 'stura', 'sturg']) {
    c.add(name, `${name} %r2,%r9`, { r9: 0x21000 });
    c.add(name, `${name} %r2,%r9`, { r9: 0x7000_0000 });
  }
}

function machine(c: Cases): void {
  c.add('stap', 'stap 0(%r9)', { r9: DATA });
  c.add('stap', 'stap 1(%r9)', { r9: DATA });
  c.add('stpx', 'stpx 0(%r9)', { r9: DATA });
  c.add('stpx', 'stpx 2(%r9)', { r9: DATA });
  c.add('spx', 'spx 2(%r9)', { r9: DATA });
  c.add('spx', 'spx 0(%r9)', { r9: DATA, m: at(DATA, '70000000') });
  c.add('spx', 'spx 0(%r9)', { r9: DATA, m: at(DATA, '80041fff') });
  c.add('sckc', 'sckc 0(%r9)\nstckc 8(%r9)', { r9: DATA });
  c.add('stckc', 'stckc 4(%r9)', { r9: DATA });
  for (const name of ['sck', 'sckc', 'spt', 'stpt']) c.add(name, `${name} 4(%r9)`, { r9: DATA });
  c.add('sckpf', 'sckpf', { r0: 0x10000 });
  c.add('sigp', 'sigp %r2,%r3,1', { r3: 0 });
  c.add('sigp', 'sigp %r2,%r3,1', { r3: 77 });
  c.add('sigp', 'sigp %r2,%r3,0xee', { r3: 0 });
  c.add('stsi', 'stsi 0(%r9)', { r9: DATA, r0: 0x100n, r1: 0 });
  c.add('stsi', 'stsi 0(%r9)', { r9: DATA, r0: 0x7000_0000n, r1: 0 });
  c.add('pfd', 'pfd 2,0(%r9)', { r9: 0x7000_0000 });
  c.add('pfdrl', 'pfdrl 2,.+64', {});
  c.add('ecag', 'ecag %r2,%r0,0xfff', {});
}

export function float(): RecordedCase[] {
  const c = new Cases();
  for (const c0 of [0x4_00e0n, 0xe0n]) {
    for (const [a, b] of [
      [2, 4],
      [1, 0],
      [0, 1],
      [8, 6],
    ]) {
      for (const name of ['ldr', 'ler', 'lpdfr', 'lndfr', 'lcdfr']) {
        c.add(name, `${name} %f${a},%f${b}`, { c0, [`f${b}`]: 0xc123_4567_89ab_cdefn });
      }
      c.add('cpsdr', `cpsdr %f${a},%f${b},%f3`, { c0, [`f${b}`]: 0xc123_4567_89ab_cdefn });
      c.add('lgdr', `lgdr %r2,%f${b}`, { c0 });
      c.add('ldgr', `ldgr %f${a},%r3`, { c0 });
      for (const name of ['lzdr', 'lzer']) c.add(name, `${name} %f${a}`, { c0 });
      for (const name of ['ld', 'le', 'std', 'ste']) c.add(name, `${name} %f${a},2(%r9)`, { c0, r9: DATA });
      for (const name of ['ldy', 'ley', 'stdy', 'stey'])
        c.add(name, `${name} %f${a},-2(%r9)`, { c0, r9: 0x20ffe });
    }
    c.add('lxr', 'lxr %f0,%f4', { c0 });
    c.add('lxr', 'lxr %f9,%f5', { c0 });
    c.add('lzxr', 'lzxr %f1', { c0 });
    for (const value of [0n, 0xf800_0000n, 0x00f8_ff77n, 0x1n, 0x4n, 0x7n, 0x8n, 0x0300_0000n]) {
      c.add('sfpc', 'sfpc %r2', { c0, r2: value });
      c.add('lfpc', 'lfpc 0(%r9)', { c0, r9: DATA, m: at(DATA, value.toString(16).padStart(8, '0')) });
    }
    c.add('efpc', 'efpc %r2', { c0, fpc: 0xf8f8_0073n, r2: -1 });
    c.add('stfpc', 'stfpc 0(%r9)', { c0, fpc: 0xf8f8_0073n, r9: DATA });
    c.add('srnm', 'srnm 2', { c0, fpc: 0xf8f8_0073n });
    c.add('srnmt', 'srnmt 5', { c0, fpc: 0xf8f8_0073n });
  }
  c.add('ld', 'ld %f1,0(%r9)', { r9: 0x7000_0000 });
  return c.list;
}
