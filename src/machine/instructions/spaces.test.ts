/**
 * The address spaces of operands: in the access-register mode each storage operand of each line of the table is in the space
 * that its access register designates. Principles of Operation, chapter 5, "Access-Register Mode".
 *
 * Each general register points into a page of its own, and each access register designates a space of its own. All spaces
 * have the same contents, each in frames of its own. So an instruction does the same in the primary-space mode and in the
 * access-register mode, and the storage keys show which pages of which spaces it referred to.
 */

import { describe, expect, it } from 'vitest';
import type { Cpu } from '../engine/cpu.ts';
import { PGM } from '../interruption.ts';
import { Machine } from '../machine.ts';
import { interpret } from '../sie.ts';
import { CPU_FLAG, SIE } from '../state-description.ts';
import { CODE, DAT, MODE_64 } from '../testing/bare.ts';
import { encodeLine } from '../testing/operands.ts';
import type { FormatName } from './formats.ts';
import type { InstructionLine } from './line.ts';
import { INSTRUCTIONS } from './table.ts';

/** The space-control bits of the access-register mode. */
const BY_REGISTER = 1n << 46n;

// Real addresses of the tables, below CODE.
const ACCESS_LIST = 0x2000;
const DUCT = 0x3000;
const PRIMARY_ASTE = 0x3040;
const ASTES = 0x3400;
const SEGMENTS = 0x4000;
const PAGE_TABLES = 0x1_4000;
/** Frames of the operands: those of register r in space s, two of them, are at 2 * (16 * s + r) pages from here. */
const FRAMES = 0x20_0000;
/** Virtual address of the pages of register 0: outside storage, so that no real operand is there. */
const VIRTUAL = 0x1000_0000;
const SIZE = 0x80_0000;
const SEQUENCE = 0x5500;

const registers = Array.from({ length: 16 }, (_, r) => r);
const frameOf = (space: number, register: number, page = 0) =>
  FRAMES / 0x1000 + 2 * (16 * space + register) + page;
const addressOf = (register: number, offset: number) => BigInt(VIRTUAL + register * 0x8000 + offset);
const aletOf = (register: number) => 0x0007_0000 + 2 + register;

/** A processor or a guest, whose storage begins at `origin`. */
interface Program {
  readonly cpu: Cpu;
  readonly origin: number;
  run(mask: bigint): number;
}

/** Returns the code of the program interruption that ended the instruction, 0 if none did, -1 if it was intercepted. */
const onProcessor = (cpu: Cpu) => (mask: bigint) => {
  cpu.setPsw(mask, BigInt(CODE));
  const stop = cpu.run(1);
  if (stop.reason !== 'interruption') return 0;
  return stop.interruption.class === 'program' ? stop.interruption.code : -1;
};

const DESCRIPTION = 0x2000;
const ORIGIN = 0x80_0000;
const INTERCEPT_PROGRAM = 0x2000_0000;

const inGuest = (cpu: Cpu) => (mask: bigint) => {
  const at = (field: number) => DESCRIPTION + field;
  const { storage } = cpu;
  storage.set32(at(SIE.CPU_FLAGS), CPU_FLAG.ZARCH);
  storage.set64(at(SIE.STORAGE_ORIGIN), BigInt(ORIGIN));
  storage.set64(at(SIE.STORAGE_LIMIT), BigInt(ORIGIN + SIZE - 0x10_0000));
  storage.set32(at(SIE.INTERCEPTION_CONTROLS), INTERCEPT_PROGRAM);
  storage.set64(at(SIE.CPU_TIMER), 0n);
  storage.set64(at(SIE.PSW), mask);
  storage.set64(at(SIE.PSW + 8), BigInt(CODE));
  for (const r of registers) storage.set64(at(SIE.CONTROL_REGISTERS + r * 8), cpu.cr[r] as bigint);
  storage.set64(at(SIE.GR14), cpu.gr[14] as bigint);
  storage.set64(at(SIE.GR15), cpu.gr[15] as bigint);
  const controls = cpu.cr.slice();
  cpu.setControl(1, 0x20n);
  const exit = interpret(cpu, DESCRIPTION, 1);
  for (const r of registers) controls[r] = storage.get64(at(SIE.CONTROL_REGISTERS + r * 8));
  cpu.cr.set(controls);
  cpu.gr[14] = storage.get64(at(SIE.GR14));
  cpu.gr[15] = storage.get64(at(SIE.GR15));
  if (exit.kind === 'limit') return 0;
  return exit.kind === 'interception' && exit.code === 8 ? storage.get16(at(SIE.PROGRAM_CODE)) : -1;
};

/** Makes the tables: the primary space is space 0, and access register r designates space r. */
function makeTables({ cpu, origin }: Program): void {
  const set32 = (at: number, value: number) => cpu.storage.set32(origin + at, value);
  const set64 = (at: number, value: bigint) => cpu.storage.set64(origin + at, value);
  set32(DUCT + 16, ACCESS_LIST | 7);
  for (const space of registers) {
    const entry = ACCESS_LIST + (2 + space) * 16;
    const aste = ASTES + space * 64;
    set32(entry, 0x0007_0000);
    set32(entry + 8, aste);
    set32(entry + 12, SEQUENCE + space);
    set64(aste + 8, asceOf(space));
    set32(aste + 20, SEQUENCE + space);
    const segments = SEGMENTS + space * 0x1000;
    for (let i = 0; i < 512; i++) set64(segments + i * 8, 0x20n);
    const pages = PAGE_TABLES + space * 0x1000;
    const entryOf = (address: number) => pages + ((address >>> 12) & 0xff) * 8;
    set64(segments + (VIRTUAL >>> 20) * 8, BigInt(pages));
    for (let i = 0; i < 256; i++) set64(pages + i * 8, 0x400n);
    for (const r of registers) {
      // The second frame is behind seven pages: a table of TRTT is long.
      for (let page = 0; page < 8; page++) {
        const frame = BigInt(frameOf(space, r, Math.min(page, 1))) << 12n;
        set64(entryOf(VIRTUAL + r * 0x8000 + page * 0x1000), frame);
      }
    }
    // Only the primary space has the code.
    if (space !== 0) continue;
    set64(segments, BigInt(pages + 0x800));
    for (let i = 0; i < 256; i++) set64(pages + 0x800 + i * 8, i === CODE / 0x1000 ? BigInt(CODE) : 0x400n);
  }
}

const asceOf = (space: number) => BigInt(SEGMENTS + space * 0x1000);

function program(guest: boolean): Program {
  const cpu = new Machine({ storageSize: ORIGIN + SIZE, tod: 1n << 60n }).cpu(0);
  const made = { cpu, origin: guest ? ORIGIN : 0, run: guest ? inGuest(cpu) : onProcessor(cpu) };
  makeTables(made);
  return made;
}

/** Values of registers that instructions need: lengths, and the index of CFC. */
const VALUES: Readonly<Record<number, bigint>> = { 2: 0x10n, 5: 0x40n, 7: 0x40n };
/** Register 0 of instructions whose function code it holds. */
const FUNCTIONS: Readonly<Record<string, readonly bigint[]>> = {
  CSST: [0x0101n, 0x0402n],
  CUSE: [0x20n],
  PLO: Array.from({ length: 24 }, (_, code) => BigInt(code)),
};
/** Instructions that work on an index: of the node in UPT, whose nodes are at register 4. */
const MORE: Readonly<Record<string, Readonly<Record<number, bigint>>>> = { UPT: { 0: 5n, 5: 0x40n } };

/** Instructions that accept only zeros as characters. */
const ZEROS = ['CU41', 'CU42'];

/** What an instruction did. */
interface Outcome {
  readonly code: number;
  /** Its pages, as register and space of each, and whether it stored. */
  readonly touched: readonly string[];
  readonly registers: string;
}

/** Bytes of an operand before and after its address. */
const AROUND = 0x110;

/** Returns the contents around the address of each operand, the same in all spaces. */
function contents(zeros: boolean): Uint8Array {
  const bytes = new Uint8Array(2 * AROUND);
  if (!zeros) for (let i = 0; i < bytes.length; i++) bytes[i] = 0x10 | (i % 10);
  // A digit selector for EDIT.
  if (!zeros) bytes[AROUND + 1] = 0x20;
  return bytes;
}

const CONTENTS = { zeros: contents(true), digits: contents(false) } as const;

function prepare({ cpu, origin }: Program, name: string, control: bigint, offset: number): void {
  cpu.reset();
  cpu.interruptions = 'report';
  const { storage } = cpu;
  storage.keys.fill(0);
  const operand = (ZEROS.includes(name) ? CONTENTS.zeros : CONTENTS.digits).slice();
  const view = new DataView(operand.buffer);
  // An address and an ALET in the parameter list of PLO: those of register 6.
  for (const place of [72, 104, 136]) {
    view.setUint32(AROUND + place - 4, aletOf(6));
    view.setBigUint64(AROUND + place, addressOf(6, offset));
  }
  for (const space of registers) {
    for (const r of registers) {
      storage.bytes.set(operand, origin + frameOf(space, r) * 0x1000 + offset - AROUND);
    }
  }
  for (const r of registers) {
    cpu.gr[r] = MORE[name]?.[r] ?? VALUES[r] ?? addressOf(r, offset);
    cpu.ar[r] = aletOf(r);
  }
  cpu.gr[0] = MORE[name]?.[0] ?? control;
  // The comparands of compare and swap are those in storage.
  if (name === 'PLO') cpu.gr[4] = storage.get64(origin + frameOf(0, 8) * 0x1000 + offset);
  cpu.setControl(0, 0x0404_00e0n);
  cpu.setControl(1, asceOf(0));
  cpu.setControl(2, BigInt(DUCT));
  cpu.setControl(5, BigInt(PRIMARY_ASTE));
  cpu.setControl(7, asceOf(1));
  cpu.setControl(13, asceOf(2));
  cpu.setControl(14, 0xc208_0000n);
}

function outcome(program: Program, mask: bigint): Outcome {
  const { cpu, origin } = program;
  const code = program.run(mask | MODE_64 | DAT | (1n << 44n));
  const touched: string[] = [];
  for (const space of registers) {
    for (const r of registers) {
      for (const page of [0, 1]) {
        const key = cpu.storage.keys[origin / 0x1000 + frameOf(space, r, page)] as number;
        if (key & 4) touched.push(`page ${r}.${page} of space ${space}${key & 2 ? ' stored' : ''}`);
      }
    }
  }
  return { code, touched, registers: [...cpu.gr, ...cpu.fr, cpu.cc].join(' ') };
}

/** The space in which an instruction should find the page of a register: that of the access register of the same number. */
function inItsSpace(name: string, page: string): string {
  const register = Number(/page (\d+)/.exec(page)?.[1]);
  // Of COMPARE AND FORM CODEWORD both operands are in the space of access register 1, of relative operands in the primary space.
  const space = name === 'CFC' ? 1 : register;
  return page.replace('space 0', `space ${space}`);
}

/** Lines whose results the mode changes: they read the PSW, translate an address, or are not for this mode. */
const OF_THE_MODE = [
  'MVCP',
  'MVCS',
  'EPSW',
  'IAC',
  'LRA',
  'LRAY',
  'LRAG',
  'EX',
  'EXRL',
  'SAC',
  'SACF',
  'BSA',
];

const FILLERS: Partial<Record<FormatName, readonly number[]>> = { SSb: [0x77, 0xf7], RSL: [0x0f] };

/** The names of the lines whose operands were in 0, 1, 2 and 3 spaces. */
const seen = [new Set<string>(), new Set<string>(), new Set<string>(), new Set<string>()] as const;

function check(program: Program, line: InstructionLine): void {
  const [name, format] = line;
  for (const control of FUNCTIONS[name] ?? [0n]) {
    for (const filler of FILLERS[format] ?? [0x0f]) {
      for (const offset of [0x800, 0xff8, 0xffd]) {
        const bytes = encodeLine(line, filler);
        const at = (mask: bigint) => {
          prepare(program, name, control, offset);
          program.cpu.storage.fill(program.origin + CODE, 16, 0);
          program.cpu.storage.write(program.origin + CODE, bytes);
          return outcome(program, mask);
        };
        const primary = at(0n);
        expect(primary.touched.filter((page) => !page.includes('space 0'))).toEqual([]);
        const expected = {
          ...primary,
          touched: primary.touched.map((page) => inItsSpace(name, page)).sort(),
        };
        const found = at(BY_REGISTER);
        expect({ offset, control, ...found, touched: [...found.touched].sort() }).toEqual({
          offset,
          control,
          ...expected,
        });
        const spaces = new Set(found.touched.map((page) => page.replace(/.*space (\d+).*/, '$1')));
        seen[spaces.size]?.add(name);
      }
    }
  }
}

const LINES = INSTRUCTIONS.filter(([name]) => !OF_THE_MODE.includes(name));

describe.each([
  ['a processor', false],
  ['a guest', true],
])('operands in the access-register mode: %s', (_, guest) => {
  const made = program(guest);
  it.each(LINES.map((line) => [line[0], line] as const))('%s', (_name, line) => check(made, line));

  it('an access-list entry for fetches only forbids stores', () => {
    const { cpu, origin, run } = made;
    const store = (first: number) => {
      prepare(made, 'ST', 0n, 0x800);
      cpu.storage.set32(origin + ACCESS_LIST + (2 + 8) * 16, first);
      cpu.storage.write(origin + CODE, Uint8Array.of(0x50, 0x20, 0x80, 0x00));
      return run(BY_REGISTER | MODE_64 | DAT);
    };
    for (let turn = 0; turn < 2; turn++) {
      expect(store(0x0207_0000)).toBe(PGM.PROTECTION);
      expect((cpu.storage.keys[origin / 0x1000 + frameOf(8, 8)] as number) & 2).toBe(0);
      expect(store(0x0007_0000)).toBe(0);
    }
  });

  it('the whole operand of LOAD ACCESS MULTIPLE is in one space, also if its access register is loaded first', () => {
    const { cpu, origin, run } = made;
    prepare(made, 'LAM', 0n, 0xffc);
    // lam %a8,%a9,0(%r8): the second word is in the next page.
    cpu.storage.write(origin + CODE, Uint8Array.of(0x9a, 0x89, 0x80, 0x00));
    cpu.storage.set32(origin + frameOf(8, 8) * 0x1000 + 0xffc, aletOf(3));
    cpu.storage.set32(origin + frameOf(8, 8, 1) * 0x1000, 0x1234_5678);
    cpu.storage.set32(origin + frameOf(3, 8, 1) * 0x1000, 0x7eee_eeee);
    expect(run(BY_REGISTER | MODE_64 | DAT)).toBe(0);
    expect([cpu.ar[8], cpu.ar[9]]).toEqual([aletOf(3), 0x1234_5678]);
  });
});

/** Formats with two storage operands. */
const TWO: readonly FormatName[] = ['SSa', 'SSb', 'SSE', 'SSF'];

describe('the lines', () => {
  it('with two storage operands were seen to use two spaces', () => {
    const names = LINES.filter(([, format]) => TWO.includes(format)).map(([name]) => name);
    const found = names.filter((name) => seen[2].has(name) || seen[3].has(name));
    expect(names.filter((name) => !found.includes(name))).toEqual(['SRP', 'LASP', 'STRAG', 'TPROT']);
    const others = [...seen[2], ...seen[3]].filter((name) => !names.includes(name));
    expect([...new Set(others)].sort().join(' ')).toBe(
      'CLCL CLCLE CLCLU CLST CU12 CU14 CU21 CU24 CU41 CU42 CUSE MVCL MVCLE MVCLU MVPG MVST TRE TROO TROT TRTE TRTO TRTRE TRTT',
    );
  });
});
