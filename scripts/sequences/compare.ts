/** Runs the sequences of a family here and on other machines, and compares the outcomes. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { seedOf } from '../../src/fuzz/random.ts';
import { instructionLength } from '../../src/machine/instructions/disassemble.ts';
import { setOpcode } from '../../src/machine/instructions/encode.ts';
import { INSTRUCTIONS } from '../../src/machine/instructions/table.ts';
import { type Harness, MACHINES, type MachineName } from '../machines.ts';
import { lastOf, mnemonicAt } from './describe.ts';
import { deviation } from './deviations.ts';
import { FAMILIES, type Family, LEFT_OUT, OTHERS, stateFor } from './families.ts';
import { codeOf } from './generate.ts';
import { Here } from './here.ts';
import {
  BATCH,
  CODE,
  CODE_LENGTH,
  LAYOUT,
  type Outcome,
  outcomeOf,
  REPEATS,
  recordOf,
  type State,
  TABLES,
} from './layout.ts';
import { stateOf, TARGET } from './state.ts';
import { tables } from './tables.ts';

const HARNESS: Harness = {
  source: join(dirname(fileURLToPath(import.meta.url)), 'harness.S'),
  ...LAYOUT,
  image: { address: TABLES, bytes: tables() },
};

/** A sequence. */
export interface Sequence {
  readonly seed: number;
  readonly code: Buffer;
  readonly state: State;
}

/** A sequence with its outcomes. An outcome is null if the sequence loops. */
export interface Compared extends Sequence {
  readonly here: Outcome;
  readonly first: Outcome | null;
  /** The outcome on the machine that is asked when the first one differs. */
  readonly second: Outcome | null;
  /** The machine with the same outcome as here. */
  readonly agreed: 'first' | 'second' | null;
}

/** Returns the outcomes on a machine. That of a sequence which stops the machine is null. */
async function runOn(machine: MachineName, sequences: readonly Sequence[]): Promise<(Outcome | null)[]> {
  const outcomes: (Outcome | null)[] = [];
  while (outcomes.length < sequences.length) {
    const batch = sequences.slice(outcomes.length, outcomes.length + BATCH);
    const results = await resultsOf(machine, batch);
    batch.slice(0, results.length).forEach(({ code, state }, i) => {
      outcomes.push(outcomeOf(results[i] as Buffer, code, state));
    });
    if (results.length < batch.length) outcomes.push(null);
  }
  return outcomes;
}

async function resultsOf(machine: MachineName, batch: readonly Sequence[]): Promise<Buffer[]> {
  const directory = mkdtempSync(join(tmpdir(), 'sequences-'));
  try {
    const records = batch.map(({ code, state }) => recordOf(code, state));
    return await MACHINES[machine](directory, HARNESS, records);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Returns the mnemonics of the lines that a machine does not implement: they are operation exceptions there. */
async function missingOn(machine: MachineName): Promise<ReadonlySet<string>> {
  const state = stateOf('numbers', 1, false);
  const sequences = INSTRUCTIONS.map(([, format, opcode]): Sequence => {
    const code = Buffer.alloc(CODE_LENGTH);
    setOpcode(code, format, opcode);
    return { seed: 0, code, state };
  });
  const outcomes = await runOn(machine, sequences);
  const missing = INSTRUCTIONS.filter((_, i) => outcomes[i]?.['pgm'] === '1');
  return new Set(missing.map(([mnemonic]) => mnemonic));
}

let missing: Promise<Record<MachineName, ReadonlySet<string>>> | undefined;

/** Returns what each machine lacks. */
function missingLines(): Promise<Record<MachineName, ReadonlySet<string>>> {
  missing ??= (async () => ({ qemu: await missingOn('qemu'), hercules: await missingOn('hercules') }))();
  return missing;
}

/** Runs sequences on this machine. Those that loop are left out. */
const here = new Here();

function runHere(sequences: readonly Sequence[]): (Sequence & { here: Outcome })[] {
  return sequences.flatMap((one) => {
    const result = here.run(one.code, one.state);
    const outcome = result === null ? null : outcomeOf(result, one.code, one.state);
    return outcome === null ? [] : [{ ...one, here: outcome }];
  });
}

const otherThan = (machine: MachineName): MachineName => (machine === 'qemu' ? 'hercules' : 'qemu');

/**
 * Runs sequences on this and other machines.
 * @param always whether the second machine runs those that do not differ from the first one, too
 */
async function compareAll(
  { machine, spaces = false }: Family,
  all: readonly Sequence[],
  always: boolean,
): Promise<Compared[]> {
  const sequences = runHere(all);
  const first = await runOn(machine, sequences);
  const agrees = sequences.map((one, i) => isDeepStrictEqual(one.here, first[i]));
  const asked = sequences.flatMap((_, i) => (!spaces && (always || !agrees[i]) ? [i] : []));
  const outcomes = await runOn(
    otherThan(machine),
    asked.map((i) => sequences[i] as Sequence),
  );
  const second = new Map(asked.map((i, k) => [i, outcomes[k] ?? null]));
  return sequences.map((one, i): Compared => {
    const other = second.get(i) ?? null;
    const agreed = agrees[i] ? 'first' : isDeepStrictEqual(one.here, other) ? 'second' : null;
    return { ...one, first: first[i] ?? null, second: other, agreed };
  });
}

/** Compares `count` sequences of a family. Those that loop are left out. */
export async function compare(
  name: string,
  family: Family,
  seed: number,
  count: number,
): Promise<Compared[]> {
  const number = Object.keys(FAMILIES).indexOf(name);
  const { qemu, hercules } = await missingLines();
  const lacking = family.machine === 'qemu' ? qemu : hercules;
  const left = LEFT_OUT[family.machine];
  const lines = family.lines.filter(([mnemonic]) => !lacking.has(mnemonic) && !left.has(mnemonic));
  const others = OTHERS.filter(
    ([mnemonic]) => !qemu.has(mnemonic) && !hercules.has(mnemonic) && !LEFT_OUT.qemu.has(mnemonic),
  );
  const sequences = Array.from({ length: count }, (_, i): Sequence => {
    const own = seedOf(seed * 100 + number, i);
    return { seed: own, code: Buffer.from(codeOf(own, lines, others)), state: stateFor(family, own) };
  });
  return compareAll(family, sequences, false);
}

/** Returns the starts of a sequence up to each of its instructions, the last of which is the whole. */
function starts({ seed, code, state }: Sequence): Sequence[] {
  const found: Sequence[] = [];
  for (let at = 0; code.readUInt16BE(at) !== 0 && CODE + at < TARGET; ) {
    at += instructionLength(code[at] as number);
    // The branch that repeats an instruction belongs to it.
    if (code.readUInt16BE(at) === REPEATS) continue;
    const start = Buffer.from(code);
    start.fill(0, at, TARGET - CODE);
    found.push({ seed, code: start, state });
  }
  return found;
}

/** A sequence that ends with the instruction that differs, and the same sequence without that instruction. */
interface Shortened {
  readonly one: Compared;
  readonly before: Compared | undefined;
}

/** Returns the shortest start of each sequence that still differs from both machines, or the sequence itself. */
async function shortened(family: Family, different: readonly Compared[]): Promise<Shortened[]> {
  const compared = await compareAll(family, different.flatMap(starts), true);
  return different.map((one): Shortened => {
    const own = compared.filter(({ seed }) => seed === one.seed);
    const at = own.findIndex(({ agreed }) => agreed === null);
    return at < 0 ? { one, before: undefined } : { one: own[at] as Compared, before: own[at - 1] };
  });
}

/** Returns the fields in which two outcomes differ. */
function fieldsThatDiffer(a: Outcome, b: Outcome): string[] {
  const all = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...all].filter((field) => a[field] !== b[field]);
}

/** The fields that differ because of the last instruction: they did not before, or had other values. */
function newDifferences(here: Outcome, there: Outcome, before: Outcome, thereBefore: Outcome): string[] {
  const old = new Set(fieldsThatDiffer(before, thereBefore));
  const changed = (field: string) => here[field] !== before[field] || there[field] !== thereBefore[field];
  return fieldsThatDiffer(here, there).filter(
    (field) => field !== 'sum' && (!old.has(field) || changed(field)),
  );
}

/** Returns the mnemonic of the instruction that a sequence ended at: the last one, or the one behind the others, which is branched to. */
function endOf(one: Compared): string {
  const at = Number.parseInt(one.here['at'] ?? '', 16);
  return at >= TARGET && at <= TARGET + 6 ? mnemonicAt(one.code, TARGET) : lastOf(one);
}

/** Returns the name of the deviation of a machine that explains its outcome, or null. */
function explanation(
  machine: MachineName,
  { one, before }: Shortened,
  which: 'first' | 'second',
): string | null {
  const there = one[which];
  if (there === null) return null;
  const { here, state } = one;
  const thereBefore = before?.[which];
  if (thereBefore && thereBefore['pgm'] !== undefined && isDeepStrictEqual(there, thereBefore)) {
    return 'neither machine runs the instruction: one ended before, the other lacks it';
  }
  if (before && thereBefore && newDifferences(here, there, before.here, thereBefore).length === 0) {
    return 'it differs on each machine because of another instruction';
  }
  return deviation(machine, { state, last: endOf(one), here, there, fields: fieldsThatDiffer(here, there) });
}

/** Sequences with differences, shortened to the instruction that differs. */
export interface Judged {
  /** The numbers of those that deviations explain, by name. */
  readonly explained: ReadonlyMap<string, number>;
  readonly unexplained: readonly Compared[];
}

/** Looks for explanations of sequences that differ from both machines. */
export async function judge(family: Family, different: readonly Compared[]): Promise<Judged> {
  const explained = new Map<string, number>();
  const unexplained: Compared[] = [];
  const other = otherThan(family.machine);
  for (const one of await shortened(family, different)) {
    const name = explanation(family.machine, one, 'first') ?? explanation(other, one, 'second');
    if (name === null) unexplained.push(one.one);
    else explained.set(name, (explained.get(name) ?? 0) + 1);
  }
  return { explained, unexplained };
}
