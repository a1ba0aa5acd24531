/**
 * Address spaces and the linkage stack: access registers, ASN translation, program calls and returns, subspaces, traps.
 *
 * Hercules does not offer the ASN-and-LX-reuse facility: by-hand.test.ts has its instructions and its control.
 *
 * Every case begins with valid tables in the arena, and with DAT on and real spaces, so that virtual addresses are real ones.
 * A mutation then changes a word of the tables or a register.
 */

import { Cases, type Random, type RecordedCase, type StateInput } from '../generate.ts';
import { ARENA } from '../layout.ts';

// Real addresses of the tables. Tables of ASNs: 0 to 3 have an ASN-second-table entry each.
const DUCT = ARENA + 0x40;
const LINKAGE = ARENA + 0x80;
const AUTHORITY = ARENA + 0xa0;
const ENTRIES = ARENA + 0xc0;
const ASTES = ARENA + 0x100;
const FIRST_TABLE = ARENA + 0x200;
const STACK = ARENA + 0x210;
const ACCESS_LIST = ARENA + 0x380;
const TARGET = ARENA + 0x30;
const SPARE = ARENA + 0x208;
/** The first state entry. */
const STATE = STACK + 8;

/** An address-space-control element of a real space. */
const REAL = 0x20n;
const DAT = 0x04;
const CR0 = 0x0404_00e0n;

type Words = Record<number, number | bigint>;

const word = (value: number | bigint) => BigInt.asUintN(32, BigInt(value)).toString(16).padStart(8, '0');

/** The valid tables, as words by address. */
function tables(): Words {
  const words: Words = {};
  const fill = (at: number, values: readonly (number | bigint)[]) => {
    values.forEach((value, i) => {
      words[at + i * 4] = value;
    });
  };
  /** Words of an ASN-second-table entry, by index. The others keep what the arena has: they have no meaning. */
  const aste = (at: number, n: number) => {
    fill(at, [AUTHORITY, 0x0002_0000 * n + 0x10, 0, REAL, ACCESS_LIST, 0x5500 + n, 0x8000_0000 + LINKAGE]);
    words[at + 44] = 0x7700 + n;
  };
  fill(DUCT, [ASTES + 0x40, ASTES + 0x80, 0, 0x5502, ACCESS_LIST, 0]);
  words[DUCT + 44] = 0;
  fill(LINKAGE, [0x8000_0000, ENTRIES, 0x8000_0000, ENTRIES]);
  fill(AUTHORITY, [0xffff_ffff, 0xffff_ffff]);
  fill(ENTRIES, [0, TARGET, 0xffff_0000, 0, 0xc000_0000, ASTES + 0x80, 0x1111_2222, 0x3333_4444]);
  for (let n = 0; n < 4; n++) aste(ASTES + n * 64, n);
  fill(FIRST_TABLE, [ASTES, 0x8000_0000]);
  fill(STACK - 8, [0, 0, 0x0922_0000 + 0x180, 0]);
  fill(ACCESS_LIST, [0x8000_0000, 0, 0, 0, 0x8000_0000, 0, 0, 0]);
  fill(ACCESS_LIST + 32, [0x0007_0000, 0, ASTES + 0xc0, 0x5503, 0x0107_0004, 0, ASTES + 0x80, 0x5502]);
  return words;
}

/** A state entry of the linkage stack, by PROGRAM CALL or BRANCH AND STACK, and the control register that designates it. */
function stateEntry(words: Words, call: boolean): void {
  for (let i = 0; i < 74; i++) words[STATE + i * 4] = 0x0101_0101 * (i & 0xff);
  words[STATE + 128] = 0xffff_0001;
  words[STATE + 132] = 0x0004_0001;
  words[STATE + 136] = 0x0400_0001;
  words[STATE + 140] = 0x8000_0000;
  words[STATE + 168] = 0;
  words[STATE + 172] = TARGET;
  words[STATE + 176] = 0x7701;
  words[STATE + 180] = 0x7701;
  words[STATE + 288] = call ? 0x0d22_0058 : 0x0c22_0058;
  words[STATE + 292] = 0;
  words[STACK + 4] = 0x0128_0000;
}

/** Registers of every case: the primary space has ASN 1, the secondary one ASN 2. */
const registers = (): StateInput => ({
  system: DAT,
  c0: CR0,
  c1: REAL,
  c2: DUCT,
  c3: 0xf0f0_0002n,
  c4: 0x0000_7701_0002_0001n,
  c5: ASTES + 0x40,
  c7: REAL,
  c8: 0x0004_0000n,
  c13: REAL,
  c14: 0xc208_0000n + BigInt(FIRST_TABLE >> 12),
  c15: STACK,
});

/** A change of the tables or of the registers. */
type Mutation = (words: Words, state: StateInput) => void;

const set =
  (at: number, value: number | bigint): Mutation =>
  (words) => {
    words[at] = value;
  };
const flag =
  (at: number, bits: number): Mutation =>
  (words) => {
    words[at] = BigInt(words[at] ?? 0) ^ BigInt(bits >>> 0);
  };
const load =
  (changes: StateInput): Mutation =>
  (_, state) => {
    Object.assign(state, changes);
  };

/** Returns words as bytes by address: adjacent words in one string. */
function runs(words: Words): Record<string, string> {
  const m: Record<string, string> = {};
  let start = 0;
  let end = 0;
  for (const at of Object.keys(words)
    .map(Number)
    .sort((a, b) => a - b)) {
    if (at !== end) start = at;
    m[start.toString(16)] = (m[start.toString(16)] ?? '') + word(words[at] as number);
    end = at + 4;
  }
  return m;
}

/** A case with the valid tables, changed. */
function add(c: Cases, asm: string, state: StateInput, ...mutations: readonly Mutation[]): void {
  const words = tables();
  const start = { ...registers(), ...state };
  for (const mutation of mutations) mutation(words, start);
  for (const [at, hex] of Object.entries(start.m ?? {})) {
    for (let i = 0; i < hex.length; i += 8) {
      words[Number.parseInt(at, 16) + i / 2] = Number.parseInt(hex.slice(i, i + 8), 16);
    }
  }
  c.add(asm.split(' ')[0] as string, asm, { ...start, m: runs(words) });
}

/** Adds a case for each mutation, and some for two of them at once: the first exception counts. */
function each(
  c: Cases,
  random: Random,
  asm: string,
  state: StateInput,
  mutations: readonly Mutation[],
): void {
  add(c, asm, state);
  for (const mutation of mutations) add(c, asm, state, mutation);
  for (let i = 0; i < mutations.length / 2; i++) {
    add(c, asm, state, random.of(mutations), random.of(mutations));
  }
}

/** Modes in which most of these instructions are special-operation exceptions. */
const MODES: readonly Mutation[] = [1, 2, 3].map((space) => load({ space }));
const NO_DAT = load({ system: 0 });
const PROBLEM = load({ problem: 1 });

export function spaces(): RecordedCase[] {
  const c = new Cases();
  accessRegisters(c);
  extractions(c);
  secondary(c);
  parameters(c);
  calls(c);
  transfers(c);
  stack(c);
  returns(c);
  subspaces(c);
  authority(c);
  traps(c);
  resumes(c);
  return c.list;
}

/** Instructions that are traced, and the controls of tracing: ASNs, branches, modes, all. The trace table is at the end of the arena. */
const TRACED = new Set(['BAKR', 'BSA', 'BSG', 'PC', 'PR', 'PT', 'SSAR', 'TRAP2', 'TRAP4', 'RP']);
const TRACE_CONTROLS = [2n, 1n << 63n, 1n << 62n, (3n << 62n) | 2n] as const;
const TRACE_TABLE = BigInt(ARENA + 0x3c0);

/** Half of these cases with tracing on. */
export function traces(): RecordedCase[] {
  return spaces()
    .filter(({ mnemonic }) => TRACED.has(mnemonic))
    .filter((_, i) => i % 2 === 0)
    .map((one, i) => {
      const control = TRACE_CONTROLS[i % TRACE_CONTROLS.length] as bigint;
      return { ...one, state: { ...one.state, c12: (control | TRACE_TABLE).toString(16) } };
    });
}

/** ALETs and what is wrong with them. */
const ALETS: readonly Mutation[] = [
  set(ACCESS_LIST + 32, 0x8007_0000),
  set(ACCESS_LIST + 32, 0x0008_0000),
  set(ACCESS_LIST + 32, 0x0107_0004),
  set(ACCESS_LIST + 32, 0x0107_0005),
  set(ACCESS_LIST + 40, 0x7000_0000),
  set(ACCESS_LIST + 44, 0x1234),
  flag(ASTES + 0xc0, 0x8000_0000),
  set(DUCT + 16, 0x7000_0000),
  set(DUCT + 16, 0x8000_0000 + ACCESS_LIST),
  load({ c2: 0x7000_0000 }),
];

function accessRegisters(c: Cases): void {
  const alets = [0, 1, 2, 0x7_0000, 0x7_0002, 0x7_0003, 0x107_0002, 0x7_0007, 0x7_0008, 0x207_0002];
  c.each('l', 1, (_name, random) => {
    for (const a9 of alets) add(c, 'l %r2,0(%r9)', { space: 1, r9: SPARE, a9 });
    each(c, random, 'l %r2,0(%r9)', { space: 1, r9: SPARE, a9: 0x7_0002 }, ALETS);
    each(c, random, 'l %r2,0(%r9)', { space: 1, r9: SPARE, a9: 0x7_0003, c8: 0x0005_0000n }, [
      set(AUTHORITY, 0),
      set(AUTHORITY, 0x0010_0000),
      set(AUTHORITY, 0x0020_0000),
      set(ASTES + 0x84, 0),
      load({ c8: 0x0015_0000n }),
      load({ c8: 0x0025_0000n }),
    ]);
  });
  c.each('st', 1, (_name, random) => {
    each(c, random, 'st %r2,0(%r9)', { space: 1, r9: SPARE, a9: 0x7_0002 }, [
      ...ALETS.slice(0, 4),
      set(ACCESS_LIST + 32, 0x0207_0000),
      load({ space: 0 }),
    ]);
  });
  c.each('tar', 1, (_name, random) => {
    for (const a3 of alets) add(c, 'tar %a3,%r4', { a3, r4: 0x0004_0000n });
    for (const a0 of [0, 0x7_0002]) add(c, 'tar %a0,%r4', { a0, r4: 0, cc: 2 });
    each(c, random, 'tar %a3,%r4', { a3: 0x7_0003, r4: 0x0004_1234n }, [
      ...ALETS,
      PROBLEM,
      NO_DAT,
      load({ r4: 0x0005_0000n }),
      load({ a3: 0x107_0003 }),
    ]);
  });
  c.each('sac sacf', 1, (name) => {
    for (const code of [0, 1, 2, 3, 4, 15]) {
      add(c, `${name} ${code * 256}`, {});
      add(c, `${name} ${code * 256}`, { space: 3 });
      add(c, `${name} ${code * 256}`, { space: 3, c13: REAL | 0x40n });
      add(c, `${name} ${code * 256}`, { c1: REAL | 0x40n });
    }
    for (const change of [PROBLEM, NO_DAT, load({ c0: 0x4_00e0n })]) add(c, `${name} 768`, {}, change);
  });
  for (const space of [0, 1, 2, 3]) {
    add(c, 'iac %r2', { space, cc: 3 });
    add(c, 'lae %r2,8(%r3,%r9)', { space, r3: 4, r9: SPARE, a9: 0x1234 });
    add(c, 'lae %r2,8', { space });
    add(c, 'epsw %r2,%r3', { space });
  }
}

function extractions(c: Cases): void {
  for (const name of ['epar', 'esar']) {
    add(c, `${name} %r2`, {});
    add(c, `${name} %r2`, { space: 3, c3: 0x1234_5678_9abc_def0n });
    for (const change of [PROBLEM, NO_DAT]) add(c, `${name} %r2`, {}, change);
    add(c, `${name} %r2`, { problem: 1, c0: 0x0c04_00e0n });
  }
  for (const r2 of [0n, 0xffff_ffff_ffff_ffffn, 0x1234_5678_9abc_def0n]) {
    add(c, 'esea %r2', { r2 });
    add(c, 'esea %r2', { r2, problem: 1 });
    add(c, 'esea %r2', { r2, system: 0, c8: 0xaaaa_bbbb_cccc_ddddn });
  }
  for (const k0 of [0x06, 0x58, 0xfe]) {
    add(c, 'ivsk %r2,%r9', { r9: DUCT, k0 });
    add(c, 'ivsk %r2,%r9', { r9: DUCT, k0, r2: -1 });
    add(c, 'ivsk %r2,%r9', { r9: DUCT, k0, problem: 1 });
  }
  add(c, 'ivsk %r2,%r9', { r9: 0x7000_0000 });
  add(c, 'ivsk %r2,%r9', { r9: DUCT, space: 1, a9: 0x7_0002 });
  add(c, 'ivsk %r2,%r9', { r9: DUCT, space: 1, a9: 0x6_0002 });
  add(c, 'ivsk %r2,%r9', { r9: DUCT }, NO_DAT);
}

/** What is wrong with the translation of ASN `n`. */
const asnFaults = (n: number): readonly Mutation[] => [
  set(FIRST_TABLE, 0x8000_0000),
  set(FIRST_TABLE, 0x7000_0000),
  flag(ASTES + n * 64, 0x8000_0000),
  load({ c14: 0xc200_0000n + BigInt(FIRST_TABLE >> 12) }),
];

function secondary(c: Cases): void {
  c.each('ssar', 1, (name, random) => {
    for (const asn of [0, 1, 2, 3, 0x40, 0x1234]) {
      add(c, `${name} %r2`, { r2: 0x0000_7700_aaaa_0000n + BigInt(asn) + (BigInt(asn) << 32n) });
    }
    const r2 = 0x0000_7703_0000_0003n;
    each(c, random, `${name} %r2`, { r2 }, [
      ...asnFaults(3),
      ...MODES,
      NO_DAT,
      PROBLEM,
      flag(ASTES + 0xc4, 1),
      flag(ASTES + 0xc4, 2),
      (words, state) => {
        flag(ASTES + 0xc4, 2)(words, state);
        PROBLEM(words, state);
      },
      set(ASTES + 0xec, 0x1234),
      set(AUTHORITY, 0xf7ff_ffff),
      set(AUTHORITY, 0xfbff_ffff),
      load({ c4: 0x0000_7701_0022_0001n }),
    ]);
    // A base space whose dispatchable unit is subspace-active.
    each(c, random, `${name} %r2`, { r2: 0x0000_7703_0000_0003n }, [
      ...SUBSPACE(3),
      ...SUBSPACE(3).map(
        (change): Mutation =>
          (words, state) => {
            for (const one of SUBSPACE(3)) one(words, state);
            change(words, state);
          },
      ),
    ]);
  });
}

/** Makes the space of an ASN the base space of a subspace group, and a subspace active. */
const SUBSPACE = (n: number): readonly Mutation[] => [
  set(DUCT, ASTES + n * 64),
  flag(ASTES + n * 64 + 12, 0x2c0),
  flag(DUCT + 4, 0x8000_0000),
  set(DUCT + 12, 0x5502),
  flag(ASTES + 0x8c, 0x180),
];

function parameters(c: Cases): void {
  c.each('lasp', 1, (_name, random) => {
    const operand = (keyMask: number, secondaryAsn: number, index: number, primary: number): Mutation =>
      load({
        m: { [SPARE.toString(16)]: word((keyMask << 16) | secondaryAsn) + word((index << 16) | primary) },
      });
    for (const how of [0, 1, 2, 3, 4, 5, 6, 7]) {
      for (const [s, p] of [
        [2, 1],
        [1, 1],
        [3, 1],
        [3, 3],
        [2, 3],
        [3, 2],
        [0x40, 1],
        [1, 0x40],
      ] as const) {
        add(c, `lasp 0(%r9),${how}`, { r9: SPARE }, operand(0x5555, s, 4, p));
      }
    }
    for (const how of [0, 6]) {
      each(c, random, `lasp 0(%r9),${how}`, { r9: SPARE }, [
        operand(0x5555, 3, 4, 2),
        operand(0x5555, 3, 0x24, 2),
        ...[...asnFaults(3), ...asnFaults(2)].map(
          (change): Mutation =>
            (words, state) => {
              operand(0x5555, 3, 4, 2)(words, state);
              change(words, state);
            },
        ),
        (words, state) => {
          operand(0x5555, 3, 4, 2)(words, state);
          set(AUTHORITY, 0)(words, state);
        },
        (words, state) => {
          operand(0x5555, 3, 4, 2)(words, state);
          load({ c1: REAL | 0x40n })(words, state);
        },
        PROBLEM,
        NO_DAT,
        load({ r9: SPARE + 4 }),
        load({ r9: 0x7000_0000 }),
      ]);
    }
  });
}

function calls(c: Cases): void {
  c.each('pc', 1, (_name, random) => {
    const faults: readonly Mutation[] = [
      ...MODES,
      NO_DAT,
      load({ c5: 0x7000_0000 }),
      flag(ASTES + 0x58, 0x8000_0000),
      set(ASTES + 0x58, 0xf000_0000),
      load({ r9: 0 }),
      load({ r9: 0x1_0300 }),
      load({ r9: 0x200 }),
      load({ r9: 0x104 }),
      load({ r9: 0x101 }),
      load({ r9: 0xffff_fff0_0100n }),
      load({ mode: 31 }),
      load({ mode: 24 }),
      PROBLEM,
      (words, state) => {
        PROBLEM(words, state);
        set(ENTRIES + 8, 0x0f0f_0000)(words, state);
      },
    ];
    /** Words 1 to 5 of the entry. */
    const entry =
      (address: number, asn: number, flags: number, newMask = 0x0f00_0000): Mutation =>
      (words) => {
        words[ENTRIES + 4] = address;
        words[ENTRIES + 8] = 0xf000_0000 + asn;
        words[ENTRIES + 12] = newMask;
        words[ENTRIES + 16] = flags;
      };
    const cases: readonly (readonly [number, number, number])[] = [
      [TARGET, 0, 0x4000_0000],
      [TARGET + 1, 0, 0x4000_0000],
      [TARGET, 2, 0x4000_0000],
      [TARGET, 0, 0],
      [0x8000_0000 + TARGET, 0, 0],
      [TARGET, 0, 0xc000_0000],
      [TARGET + 1, 2, 0xc000_0000],
      [TARGET, 2, 0xdd50_0099],
      [TARGET, 2, 0xde50_0099],
      [TARGET, 0, 0xc200_0000],
      [0x8000_0000 + TARGET, 0, 0x8000_0000],
      [TARGET, 2, 0x8000_0000],
      [0x7f00_0000, 0, 0x8000_0000],
      [TARGET, 0, 0x8800_0000],
    ];
    for (const [address, asn, flags] of cases) {
      for (const mode of [64, 31, 24]) {
        for (const space of [0, 1]) {
          add(c, 'pc 0(%r9)', { r9: 0x100, mode, space, pm: 5, cc: 2 }, entry(address, asn, flags));
        }
      }
    }
    each(c, random, 'pc 0(%r9)', { r9: 0x100 }, [...faults, ...STACK_FAULTS]);
    each(c, random, 'pc 0(%r9)', { r9: 0x100, mode: 64 }, [
      entry(TARGET, 2, 0xc000_0000),
      ...[
        flag(ASTES + 0x80, 0x8000_0000),
        load({ c14: 0xc200_0000n }),
        set(ENTRIES + 20, 0x7000_0000),
        load({ c1: REAL | 0x40n }),
        flag(ASTES + 0x8c, 0x40),
        ...SUBSPACE(2),
        (words: Words, state: StateInput) => {
          for (const one of SUBSPACE(2).slice(0, 4)) one(words, state);
          words[DUCT + 4] = 0x8000_0000 + ASTES + 0xc0;
          words[DUCT + 12] = 0x5503;
        },
      ].map(
        (change): Mutation =>
          (words, state) => {
            entry(TARGET, 2, 0xc000_0000)(words, state);
            change(words, state);
          },
      ),
    ]);
  });
}

/** What is wrong with the linkage stack for a new entry. */
const STACK_FAULTS: readonly Mutation[] = [
  set(STACK, 0x0922_0120),
  set(STACK, 0x0922_0004),
  (words) => {
    words[STACK] = 0x0922_0008;
    words[STACK + 16] = 0;
    words[STACK + 20] = 0;
  },
  (words) => {
    words[STACK] = 0x0922_0008;
    words[STACK + 16] = 0;
    words[STACK + 20] = STACK + 0x29;
    words[STACK + 0x28] = 0x0933_0120;
  },
  load({ c15: 0x7000_0000 }),
  load({ c15: STACK + 7 }),
];

function transfers(c: Cases): void {
  c.each('pt', 1, (name, random) => {
    const r1 = (asn: number) => 0x0000_7700_f000_0000n + BigInt(asn) + (BigInt(asn) << 32n);
    for (const asn of [0, 1, 2, 3, 0x40]) {
      for (const mode of [64, 31, 24]) {
        for (const r5 of [TARGET, TARGET + 1, 0x8000_0000 + TARGET, 0x8000_0001 + TARGET]) {
          if (mode === 64 && r5 > 0x7fff_ffff) continue;
          add(c, `${name} %r4,%r5`, { r4: r1(asn), r5, mode });
        }
      }
    }
    each(c, random, `${name} %r4,%r5`, { r4: r1(3), r5: TARGET }, [
      ...asnFaults(3),
      ...MODES,
      NO_DAT,
      PROBLEM,
      load({ problem: 1, r5: TARGET + 1 }),
      load({ mode: 31, r5: 0x7f00_0000 }),
      load({ c5: 0x7000_0000 }),
      flag(ASTES + 0x58, 0x8000_0000),
      flag(ASTES + 0xc4, 1),
      flag(ASTES + 0xc4, 2),
      set(ASTES + 0xec, 0x1234),
      set(AUTHORITY, 0xf7ff_ffff),
      set(AUTHORITY, 0xfbff_ffff),
      load({ c4: 0x0000_7701_0022_0001n }),
      load({ c1: REAL | 0x40n }),
      flag(ASTES + 0xcc, 0x40),
      ...SUBSPACE(3),
      (words, state) => {
        for (const one of SUBSPACE(3)) one(words, state);
      },
    ]);
  });
}

function stack(c: Cases): void {
  c.each('bakr', 1, (_name, random) => {
    for (const mode of [64, 31, 24]) {
      for (const r4 of [TARGET, TARGET + 1, 0x8000_0000 + TARGET, 0xffff_ffff_7fff_fff0n]) {
        add(c, 'bakr %r4,%r5', { r4, r5: TARGET, mode, space: mode === 31 ? 1 : 0, pm: 3, cc: 1, key: 0 });
        add(c, 'bakr %r4,%r0', { r4, mode });
        add(c, 'bakr %r0,%r5', { r5: r4 === TARGET ? TARGET : TARGET + 2, mode });
      }
      add(c, 'bakr %r0,%r0', { mode });
    }
    each(c, random, 'bakr %r4,%r5', { r4: TARGET, r5: TARGET }, [...MODES, NO_DAT, PROBLEM, ...STACK_FAULTS]);
  });
  const current = load({ c15: STATE + 288 });
  for (const call of [false, true]) {
    const entry: Mutation = (words, state) => {
      stateEntry(words, call);
      current(words, state);
    };
    c.each('ereg eregg', 1, (name) => {
      for (const pair of ['%r2,%r4', '%r14,%r1', '%r0,%r15', '%r7,%r7', '%r5,%r4']) {
        add(c, `${name} ${pair}`, {}, entry);
      }
      for (const change of [...MODES, NO_DAT, PROBLEM]) add(c, `${name} %r2,%r4`, {}, entry, change);
    });
    c.each('esta', 1, () => {
      // Code 5 belongs to the ASN-and-LX-reuse facility, which Hercules does not offer.
      for (const code of [0, 1, 2, 3, 4, 6, 7]) {
        add(c, 'esta %r2,%r5', { r5: 0xffff_ff00 + code, cc: 2 }, entry);
      }
      add(c, 'esta %r2,%r5', { r5: 1 }, entry, set(STATE + 168, 1));
      add(c, 'esta %r2,%r5', { r5: 1 }, entry, set(STATE + 172, 0x8000_0000));
      for (const change of [...MODES, NO_DAT, PROBLEM]) add(c, 'esta %r2,%r5', { r5: 4 }, entry, change);
    });
    c.each('msta', 1, () => {
      add(c, 'msta %r2', { r2: 0x1234_5678_9abc_def0n, r3: -1 }, entry);
      for (const change of [...MODES, NO_DAT, PROBLEM]) add(c, 'msta %r2', {}, entry, change);
    });
  }
  for (const asm of ['ereg %r2,%r4', 'eregg %r2,%r4', 'esta %r2,%r2', 'msta %r2', 'pr']) {
    for (const fault of UNSTACK_FAULTS)
      add(c, asm, { r2: 0 }, (words) => stateEntry(words, true), current, fault);
  }
  for (const r5 of [0, 9]) c.add('esta', 'esta %r2,%r5', { ...registers(), r5 }, [3, 0x10]);
}

/** What is wrong with the linkage stack for the instructions on its last entry. */
const UNSTACK_FAULTS: readonly Mutation[] = [
  set(STATE + 288, 0x0a22_0058),
  set(STATE + 288, 0x8d22_0058),
  set(STATE + 288, 0x0e22_0058),
  load({ c15: STACK }),
  load({ c15: 0x7000_0000 }),
  (words, state) => {
    words[STACK] = 0x8922_0180;
    state.c15 = STACK;
  },
  // A header behind the entry.
  (words, state) => {
    words[STATE + 296] = 0;
    words[STATE + 300] = STATE + 289;
    words[STATE + 304] = 0x0933_0000;
    state.c15 = STATE + 304;
  },
  (words, state) => {
    words[STATE + 296] = 0;
    words[STATE + 300] = STATE + 305;
    words[STATE + 304] = 0x0933_0000;
    state.c15 = STATE + 304;
  },
  (words, state) => {
    words[STATE + 296] = 0;
    words[STATE + 300] = STATE + 288;
    words[STATE + 304] = 0x0933_0000;
    state.c15 = STATE + 304;
  },
];

function returns(c: Cases): void {
  c.each('pr', 1, (_name, random) => {
    for (const call of [false, true]) {
      const entry: Mutation = (words, state) => {
        stateEntry(words, call);
        state.c15 = STATE + 288;
      };
      const after =
        (change: Mutation): Mutation =>
        (words, state) => {
          entry(words, state);
          change(words, state);
        };
      const asns =
        (s: number, p: number): Mutation =>
        (words) => {
          words[STATE + 128] = 0x3333_0000 + s;
          words[STATE + 132] = 0x0004_0000 + p;
          words[STATE + 176] = 0x7700 + s;
          words[STATE + 180] = 0x7700 + p;
        };
      for (const [s, p] of [
        [1, 1],
        [2, 1],
        [3, 1],
        [3, 3],
        [2, 3],
        [1, 3],
        [0x40, 1],
        [1, 0x40],
      ] as const) {
        add(c, 'pr', { pm: 1, cc: 1 }, after(asns(s, p)));
      }
      const both =
        (change: Mutation): Mutation =>
        (words, state) => {
          after(asns(2, 3))(words, state);
          change(words, state);
        };
      each(
        c,
        random,
        'pr',
        {},
        [
          set(STATE + 136, 0x0401_5a00),
          set(STATE + 136, 0x4400_0001),
          set(STATE + 136, 0x0400_c001),
          set(STATE + 140, 0x0000_0000),
          set(STATE + 140, 0x8000_0001),
          set(STATE + 168, 5),
          ...MODES,
          NO_DAT,
          PROBLEM,
          ...asnFaults(3),
          ...asnFaults(2),
          set(AUTHORITY, 0),
          set(ASTES + 0xc4, 0x0022_0010),
          flag(ASTES + 0xcc, 0x40),
          load({ c1: REAL | 0x40n }),
          set(ASTES + 0xec, 1),
          set(ASTES + 0xac, 1),
          ...SUBSPACE(3),
          ...SUBSPACE(2),
        ].map(both),
      );
    }
  });
}

function subspaces(c: Cases): void {
  c.each('bsg', 1, (_name, random) => {
    /** ASN 1 has the base space, ASN 2 and 3 subspaces. */
    const group: Mutation = (words) => {
      for (const n of [1, 2, 3]) words[ASTES + n * 64 + 12] = 0x220 + (n === 3 ? 0x1c0 : 0);
      words[ASTES + 0x40] = AUTHORITY + 1;
    };
    for (const mode of [64, 31, 24]) {
      for (const a5 of [0, 1, 0x7_0002, 0x7_0003, 0x6_0002, 0x207_0002, 0x7_0009, 0x107_0002]) {
        const r5 = mode === 31 ? 0x8000_0000 + TARGET : TARGET;
        add(c, 'bsg %r4,%r5', { r5, a5, mode, c1: 0x2e0n }, group);
        add(c, 'bsg %r0,%r5', { r5, a5, mode }, group, flag(DUCT + 4, 0x8000_0000));
      }
    }
    for (const a5 of [1, 0x7_0002]) {
      const after =
        (change: Mutation): Mutation =>
        (words, state) => {
          group(words, state);
          change(words, state);
        };
      each(
        c,
        random,
        'bsg %r4,%r5',
        { r5: TARGET, a5 },
        [
          ...ALETS,
          ...MODES,
          NO_DAT,
          PROBLEM,
          load({ c5: ASTES + 0x80 }),
          load({ c2: 0x7000_0000 }),
          set(DUCT + 4, 0),
          set(DUCT + 12, 0x1234),
          flag(ASTES + 0x80, 0x8000_0000),
          set(ASTES + 0xcc, 0x20),
          flag(ASTES + 0xc0, 1),
        ].map(after),
      );
    }
  });
}

function authority(c: Cases): void {
  c.each('bsa', 1, (_name, random) => {
    for (const mode of [64, 31, 24]) {
      for (const r4 of [0x3000_0030, 0xffff_0070, 0x0fff_0050]) {
        for (const problem of [0, 1]) {
          add(c, 'bsa %r4,%r5', { r4, r5: TARGET, mode, problem, key: 0 });
          add(c, 'bsa %r4,%r5', { r4, r5: 0x8000_0000 + TARGET, mode: mode === 64 ? 31 : mode, problem });
        }
      }
      const reduced =
        (saved: number, hi: number, lo: number): Mutation =>
        (words) => {
          words[DUCT + 20] = saved;
          words[DUCT + 32] = hi;
          words[DUCT + 36] = lo;
        };
      for (const saved of [0xabcd_0008, 0xabcd_0059, 0x0000_00f8]) {
        for (const lo of [TARGET, 0x8000_0000 + TARGET]) {
          if (mode === 64 && lo > 0x7fff_ffff) continue;
          add(c, 'bsa %r4,%r0', { mode, problem: 1 }, reduced(saved, 0, lo));
          add(c, 'bsa %r0,%r0', { mode, problem: 1 }, reduced(saved, 0, lo));
        }
        add(c, 'bsa %r4,%r5', { mode, problem: 1, r5: TARGET }, reduced(saved, 0, TARGET));
      }
      if (mode !== 64) add(c, 'bsa %r4,%r0', { mode }, reduced(0x0f00_0008, 0, 0x7f00_0000));
    }
    each(c, random, 'bsa %r4,%r5', { r4: 0x3000_0030, r5: TARGET }, [
      ...MODES,
      NO_DAT,
      load({ c2: 0x7000_0000 }),
    ]);
    add(c, 'bsa %r4,%r0', {});
  });
}

function traps(c: Cases): void {
  c.each('trap2 trap4', 1, (name, random) => {
    const asm = name === 'trap2' ? 'trap2' : 'trap4 0x123(%r9)';
    const block = ARENA + 0x300;
    const area = ARENA + 0x320;
    const enabled =
      (flags: number): Mutation =>
      (words) => {
        for (let i = 0; i < 6; i++) words[block + i * 4] = 0;
        words[DUCT + 44] = block + 1;
        words[block] = flags;
        words[block + 12] = area;
        words[block + 20] = 0x8000_0000 + TARGET;
      };
    for (const mode of [64, 31, 24]) {
      for (const flags of [0, 0x2_0000, 0x4_0000, 0x6_0000, 0xfff9_ffff]) {
        for (const space of [0, 1]) {
          add(
            c,
            asm,
            { mode, space, r9: 0x0765_4321n, problem: space, pm: 5, cc: 3, a15: 0x1234 },
            enabled(flags),
          );
        }
      }
    }
    each(c, random, asm, { r9: 0 }, [
      ...[
        ...MODES,
        NO_DAT,
        load({ c2: 0x7000_0000 }),
        set(DUCT + 44, block),
        set(DUCT + 44, 0x7000_0001),
        set(block + 12, 0x7000_0000),
        set(block + 12, 0xf000_0000),
      ].map(
        (change): Mutation =>
          (words, state) => {
            enabled(0x6_0000)(words, state);
            change(words, state);
          },
      ),
    ]);
    const hex = name === 'trap2' ? '01ff0000' : 'b2ff9123';
    add(c, 'ex %r0,0(%r9)', { r9: SPARE, m: { [SPARE.toString(16)]: hex } }, enabled(0x6_0000));
  });
}

function resumes(c: Cases): void {
  c.each('rp', 1, (_name, random) => {
    /** An operand with a long PSW at 0, a short one at 16, an access register at 24, and general registers from 28 on. */
    const operand =
      (mask: number, mode: number, address: number, high = 0): Mutation =>
      (words) => {
        [
          mask,
          mode,
          high,
          address,
          mask,
          (mode | address) >>> 0,
          0x1234_5678,
          0x0a0b_0c0d,
          0x1111_2222,
        ].forEach((value, i) => {
          words[LINKAGE + i * 4] = value;
        });
      };
    const lists = [
      '0,16,24,28',
      '4,0,24,28',
      '2,16,24,28',
      '6,0,24,28',
      '7,0,24,28,32',
      '3,16,24,28,32',
      '1,16,24,28',
    ];
    const masks = [0x0000_3a00, 0x0000_5100, 0xffff_2ffe, 0x0000_c000, 0x0000_8000];
    for (const list of lists) {
      for (const [mode, bit] of [
        [1, 0x8000_0000],
        [0, 0x8000_0000],
        [0, 0],
        [1, 0],
      ] as const) {
        const mask = random.of(masks);
        const state = { r9: LINKAGE, space: random.below(2), a9: 0, pm: 1, cc: 3 };
        add(c, `rp 0(%r9)\n.short ${list}`, state, operand(mask | mode, bit, TARGET));
      }
    }
    const one = 'rp 0(%r9)\n.short 4,0,24,28';
    for (const mask of masks) {
      for (const change of [load({}), PROBLEM, NO_DAT, load({ space: 3 }), load({ c1: REAL | 0x40n })]) {
        add(c, one, { r9: LINKAGE }, operand(mask | 1, 0x8000_0000, TARGET), change);
      }
    }
    add(c, one, { r9: LINKAGE, space: 3, c13: REAL | 0x40n }, operand(1, 0x8000_0000, TARGET));
    add(c, one, { r9: LINKAGE }, operand(1, 0x8000_0000, TARGET + 1));
    add(c, one, { r9: LINKAGE }, operand(0, 0x8000_0000, TARGET, 1));
    add(c, one, { r9: LINKAGE }, operand(0, 0, 0x0100_0000));
    add(c, one, { r9: LINKAGE }, operand(1, 0x8000_0001, TARGET));
    add(c, one, { r9: 0x7000_0000 });
    add(c, one, { r9: LINKAGE, space: 1, a9: 0x6_0002 }, operand(1, 0x8000_0000, TARGET));
    for (const flags of [8, 0x8000]) add(c, `rp 0(%r9)\n.short ${flags},0,24,28`, { r9: LINKAGE });
    add(c, 'rp 8(%r9)\n.short 4,0xfff8,16,20', { r9: LINKAGE - 0xfff8 - 8 + 0x8, mode: 31 });
  });
}
