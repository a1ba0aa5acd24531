/**
 * Program events of every line of the table: an instruction reports exactly the bytes that it stores, exactly its branches,
 * and its fetch however it ends. Principles of Operation, chapter 4, "Program-Event Recording".
 */

import { describe, expect, it } from 'vitest';
import { PER_CODE } from '../cpu/program-events.ts';
import { isCompleting, PGM } from '../interruption.ts';
import { bare, CODE, DAT, MODE_64 } from '../testing/bare.ts';
import { encodeLine } from '../testing/operands.ts';
import { FORMATS, type FormatName } from './formats.ts';
import type { InstructionLine } from './line.ts';
import { INSTRUCTIONS } from './table.ts';

/** The addresses of two operands, across the end of a page, and of operands that instructions find by register 1. */
const FIRST = 0x3_0ff8;
const SECOND = 0x4_0ff8;
const PARAMETERS = 0x6_0000;
const PAGES = 0xa000;
const PER = 0x4000_0000_0000_0000n;
const ALL = 2n ** 64n - 1n;

/** One machine serves all. Virtual addresses are real ones. */
const cpu = bare();
for (let i = 0; i < 512; i++) cpu.storage.set64(0x8000 + i * 8, 0x20n);
cpu.storage.set64(0x8000, BigInt(PAGES));
for (let i = 0; i < 256; i++) cpu.storage.set64(PAGES + i * 8, BigInt(i * 0x1000));

/** The bytes where storing lines store. */
const WATCHED = [FIRST, SECOND, PARAMETERS].map((at) => ({ at: at - 0x60, length: 0xc0 }));
const window = ({ at, length }: { at: number; length: number }) =>
  cpu.storage.bytes.subarray(at, at + length);

/** What a line starts from. `fill` makes the bytes of the operands; `gr0` selects a function. */
interface Start {
  readonly filler: number;
  readonly fill: (i: number) => number;
  readonly gr0: bigint;
  readonly offset: number;
}

/** The events to watch, and the area. */
interface Watch {
  readonly events: number;
  readonly from: bigint;
  readonly to: bigint;
}

/** Executes a line once. Returns its interruption code, or 0. */
function execute(line: InstructionLine, start: Start, watch: Watch | null): number {
  cpu.reset();
  cpu.interruptions = 'report';
  cpu.storage.keys.fill(0x06);
  cpu.setControl(0, 0x0404_00e0n);
  cpu.setControl(1, 0x8000n);
  cpu.setControl(7, 0x8000n);
  cpu.setControl(9, watch === null ? 0n : BigInt(watch.events) << 24n);
  cpu.setControl(10, watch?.from ?? 0n);
  cpu.setControl(11, watch?.to ?? 0n);
  for (const part of WATCHED) window(part).forEach((_, i, bytes) => void (bytes[i] = start.fill(i)));
  const [first, second] = [BigInt(FIRST - start.offset), BigInt(SECOND - start.offset)];
  Object.assign(cpu.gr, { 0: start.gr0, 1: BigInt(PARAMETERS), 2: 0x22n, 3: 0x33n, 5: 0x18n, 7: 0x18n });
  Object.assign(cpu.gr, { 4: first, 6: second, 8: first, 9: second });
  cpu.storage.write(CODE, encodeLine(line, start.filler));
  cpu.setPsw(MODE_64 | DAT | PER | (1n << 44n), BigInt(CODE));
  const stop = cpu.run(1);
  if (stop.reason !== 'interruption') return 0;
  return stop.interruption.class === 'program' ? stop.interruption.code : -1;
}

/** All that a program can see, except the clocks. */
function everything(): string {
  const bytes = WATCHED.map((part) => Buffer.from(window(part)).toString('hex'));
  const { gr, fr, ar, fpc, pswMask, pswAddress, prefix } = cpu;
  return [...gr, ...fr, ...ar, fpc, pswMask, pswAddress, prefix, ...bytes].join(' ');
}

const FILLS = [
  (i: number) => 0xf0 | (i % 10),
  (i: number) => (i * 37 + 11) & 0xff,
  (i: number) => (i % 16 === 15 ? 0x1c : 0x12),
  () => 0,
];

/** Lengths and immediates to try. */
const FILLERS: Partial<Record<FormatName, readonly number[]>> = { SSa: [0x0f, 0x1f], SSb: [0x77, 0xf1] };
/** Register 0 of instructions whose function code it holds. */
const FUNCTIONS: Readonly<Record<string, readonly bigint[]>> = {
  CSST: [0x0101n],
  PLO: [5n, 9n, 13n, 17n, 21n],
  PFMF: [0n],
};

function starts([name, format]: InstructionLine): Start[] {
  return (FILLERS[format] ?? [0x1f, 0xa5]).flatMap((filler) =>
    FILLS.flatMap((fill) =>
      (FUNCTIONS[name] ?? [0x40n]).flatMap((gr0) => [0, 8].map((offset) => ({ filler, fill, gr0, offset }))),
    ),
  );
}

const lines = INSTRUCTIONS.map((line) => [line[0], line] as const);
const ends = (code: number) => code !== 0 && !isCompleting(code & ~PGM.PER) && (code & ~PGM.PER) !== 0;

/** The addresses of the bytes that differ from the fill. */
function changed(fill: (i: number) => number): number[] {
  return WATCHED.flatMap((part) =>
    [...window(part).entries()].filter(([i, byte]) => byte !== fill(i)).map(([i]) => part.at + i),
  );
}

/** The addresses of single bytes whose alteration is an event. */
function reported(line: InstructionLine, start: Start): number[] {
  return WATCHED.flatMap(({ at, length }) => {
    const events = (from: number, to: number): boolean => {
      const code = execute(line, start, { events: PER_CODE.STORE, from: BigInt(from), to: BigInt(to) });
      return (code & PGM.PER) !== 0 && code > 0;
    };
    // An area without an event has no byte with one: areas are halved, down to single bytes.
    const within = (from: number, to: number): number[] => {
      if (!events(from, to)) return [];
      if (from === to) return [from];
      const middle = (from + to) >>> 1;
      return [...within(from, middle), ...within(middle + 1, to)];
    };
    return within(at, at + length - 1);
  });
}

/** Whether a line stores a byte: it changes if it has another value before. */
function stores(line: InstructionLine, start: Start, byte: number): boolean {
  const part = WATCHED.findIndex(({ at, length }) => byte >= at && byte < at + length);
  const index = byte - (WATCHED[part] as (typeof WATCHED)[number]).at;
  return [0xff, 0x0f, 0xf0, 0x03, 0x30, 0x0a, 0x05].some((flip) => {
    let filled = -1;
    let windows = 0;
    const fill = (i: number) => {
      if (i === 0) windows++;
      if (windows - 1 !== part || i !== index) return start.fill(i);
      filled = (start.fill(i) ^ flip) & 0xff;
      return filled;
    };
    execute(line, { ...start, fill }, null);
    return cpu.storage.get8(byte) !== filled;
  });
}

/** Lines that store by real addresses: no storage alteration. */
const BY_REAL_ADDRESS = new Set(['STURA', 'STURG', 'TB']);

/**
 * Lines that store bytes with the values that they have: a sum whose high bytes do not change, an exclusive OR with zeros, a
 * message character that EDIT leaves, an operand that a comparison leaves.
 */
const SAME_VALUES = `ASI AGSI ALSI ALGSI OC XC CS CSY CSG CDS CDSY CDSG CSST LAA LAAG LAAL LAALG LAX LAXG LAO LAOG PLO ED
  EDMK CSP CSPG`;

describe('storage alteration', () => {
  const storing = new Set<string>();
  const unchanged = new Set<string>();

  it.each(lines)('%s reports the bytes that it stores, and no other', (name, line) => {
    for (const start of starts(line)) {
      const code = execute(line, start, null);
      const stored = changed(start.fill);
      const seen = reported(line, start);
      if (BY_REAL_ADDRESS.has(name) || (ends(code) && !line[5]?.units)) expect(seen).toEqual([]);
      else expect(stored.filter((byte) => !seen.includes(byte))).toEqual([]);
      const same = seen.filter((byte) => !stored.includes(byte));
      if (same.some((byte) => !stores(line, start, byte))) unchanged.add(name);
      if (seen.length > 0) storing.add(name);
    }
  });

  it('of a byte that keeps its value is reported by these lines', () => {
    expect([...unchanged]).toEqual(SAME_VALUES.split(/\s+/));
    expect(storing.size).toBeGreaterThan(100);
  });
});

describe('successful branching', () => {
  const watch = { events: PER_CODE.BRANCH, from: 0n, to: ALL };
  const start: Start = { filler: 0x1f, fill: FILLS[0] as Start['fill'], gr0: 0x40n, offset: 0 };
  /** They replace the PSW, and do not branch. */
  const replacing = ['LPSW', 'LPSWE', 'LPSWEY'];

  it.each(lines)('%s is an event if it branches, and only then', (name, line) => {
    const code = execute(line, start, watch);
    const next = BigInt(CODE + FORMATS[line[1]].length);
    const moved = cpu.pswAddress !== next && !line[5]?.units && !ends(code);
    const branched = moved && !replacing.includes(name) && code >= 0;
    expect((code & PGM.PER) !== 0 && code > 0).toBe(branched);
    if (branched) expect(cpu.eventIndication.code).toBe(PER_CODE.BRANCH);
  });

  it('occurs in this test', () => {
    const branching = lines.filter(([, line]) => execute(line, start, watch) === PGM.PER);
    expect(branching.length).toBeGreaterThan(30);
  });
});

describe('instruction fetching', () => {
  const watch = { events: PER_CODE.FETCH, from: BigInt(CODE), to: BigInt(CODE) };
  const nullifying = { ...watch, events: PER_CODE.FETCH | PER_CODE.NULLIFICATION };
  const start: Start = { filler: 0x1f, fill: FILLS[1] as Start['fill'], gr0: 0x40n, offset: 0 };

  /** They store the time, which differs; load an invalid PSW; or end with another interruption. engine/program-events.test.ts has the latter. */
  const others = ['STCK', 'STCKE', 'STCKF', 'LPSWE', 'LPSWEY', 'SSM', 'STOSM', 'SVC'];

  it.each(lines.filter(([name]) => !others.includes(name)))(
    '%s is an event however it ends, and does what it does without',
    (_, line) => {
      const code = execute(line, start, null);
      const after = everything();
      expect(execute(line, start, watch)).toBe(code < 0 ? code : code | PGM.PER);
      expect(everything()).toBe(after);
      if (code >= 0)
        expect(cpu.eventIndication).toEqual({ code: 0x40, atmid: 0xf0, address: BigInt(CODE), access: null });
    },
  );

  it.each(lines)('%s is nullified: it has changed nothing', (_, line) => {
    execute(line, start, null);
    expect(execute(line, start, nullifying)).toBe(PGM.PER);
    const after = everything();
    expect(cpu.eventIndication).toEqual({ code: 0x41, atmid: 0xf0, address: BigInt(CODE), access: null });
    const length = FORMATS[line[1]].length;
    expect([cpu.pswAddress, cpu.length]).toEqual([BigInt(CODE), length]);
    // An instruction that cannot be fetched changes nothing either.
    execute(['', 'I', 0x00, 'base', () => undefined], start, nullifying);
    expect(everything()).toBe(after);
  });
});
