/**
 * Random scenario texts and trace files: valid lines with exchanged words, extreme numbers, repeated ranges and malformed
 * JSON.
 */

import { PURGE_SITES } from '../../host/index.ts';
import { formatOperation, World } from '../../scenario/index.ts';
import type { TraceEvent } from '../../trace/index.ts';
import type { FuzzCase } from '../fuzzer.ts';
import { drawProfile, Generator } from '../generate.ts';
import { Model } from '../model/model.ts';
import { Random } from '../random.ts';
import type { Numeric, TextSetup, TextStep } from './steps.ts';

const LINES = 30;
const STORAGE_SIZE = 4 << 20;

const NUMBERS = [
  '0',
  '1',
  '-1',
  '4095',
  '4096',
  '0x1000',
  '1M',
  '4T',
  '8P',
  '16P',
  '0xffffffffffffffff',
  '0x10000000000000000',
  '99999999999999999999999999',
  '0x',
  '1e9',
  '0b11',
  '00000000000000000001',
  '64',
  '65',
  '15',
  '16',
  '1.5',
] as const;
const WORDS = [
  '',
  'on',
  'to',
  'fixed',
  'large',
  'log',
  'rw',
  'none',
  '#',
  ':',
  '1:',
  'constructor',
  '__proto__',
  '\0',
  'é',
  '\u202e',
  '\ud800',
  '"hello"',
  '"a\\n\\xff b"',
  '"\\',
  '"',
] as const;
const JSON_VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1e308',
  '1e999',
  '9007199254740993',
  '0.5',
  '""',
  '"0x"',
  '"0x0"',
  '"0xffffffffffffffff"',
  '"0x10000000000000000"',
  '"0X1"',
  '[]',
  '{}',
  '"__proto__"',
  '"toString"',
  '"\\ud800"',
  '4294967295',
  '1000000',
] as const;
const EXTREME: readonly Numeric[] = [
  0,
  1,
  2,
  10,
  255,
  256,
  1000,
  4096,
  2 ** 20,
  2 ** 31,
  2 ** 32,
  2 ** 44,
  2 ** 52,
  2 ** 53,
  1e300,
  -1,
  -5,
  0.5,
  'NaN',
  'Infinity',
];

/** Generates the case of a seed. */
export function generateTexts(seed: number, texts: readonly string[]): FuzzCase<TextSetup, TextStep> {
  const random = new Random(seed);
  const kind = random.oneIn(2) ? 'trace' : 'scenario';
  const setup: TextSetup = {
    kind,
    injectedFault: random.oneIn(6) ? random.pick([...PURGE_SITES, 'unlink']) : null,
    check: random.oneIn(3),
  };
  const lines = linesOf(random, texts, kind);
  const mutate = kind === 'trace' ? mutatedJson : mutatedLine;
  const isUnchanged = random.oneIn(8);
  const text = lines.flatMap((line) =>
    !isUnchanged && random.oneIn(8) ? mutate(random, line) : [plain(line)],
  );
  const queries = Array.from({ length: 3 + random.below(10) }, () => query(random, lines.length));
  return { setup, steps: [...text, ...queries] };
}

function plain(text: string): TextStep {
  return { do: 'line', text };
}

/** Returns valid lines: of a given text, or generated operations, or their events. */
function linesOf(random: Random, texts: readonly string[], kind: TextSetup['kind']): string[] {
  if (kind === 'scenario' && texts.length > 0 && random.oneIn(3))
    return random.pick(texts).split('\n').slice(0, 200);
  const world = new World({ storageSize: STORAGE_SIZE });
  const events: string[] = [];
  world.host.machine.trace.subscribe((event) => {
    if (events.length < 300) events.push(jsonOf(event, events.length));
  });
  const generator = new Generator(random, drawProfile(random));
  const model = new Model(() => false);
  const lines: string[] = [];
  for (let i = 0; i < LINES; i++) {
    const operation = generator.next(model);
    lines.push(formatOperation(operation));
    model.perform(operation);
    if (kind === 'trace') world.perform(operation);
  }
  return kind === 'trace' ? events : lines;
}

function jsonOf(event: TraceEvent, n: number): string {
  return JSON.stringify({ n, ...event }, (_, value: unknown) =>
    typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
  );
}

function mutatedLine(random: Random, line: string): TextStep[] {
  const words = line.split(' ');
  const at = random.below(words.length);
  switch (random.below(8)) {
    case 0:
      return [plain(words.toSpliced(at, 1).join(' '))];
    case 1:
      return [plain(words.toSpliced(at, 0, random.pick(words)).join(' '))];
    case 2:
      return [plain(words.with(at, random.pick(WORDS)).join(random.pick([' ', '\t', '  ', '\u00a0'])))];
    case 3:
      return [{ do: 'line', text: line, repeat: random.pick([2, 10, 300]) }];
    case 4:
      return [long(random, words.slice(0, at).join(' '), words.slice(at).join(' '))];
    default:
      return [plain(words.with(at, random.pick(NUMBERS)).join(' '))];
  }
}

function long(random: Random, before: string, after: string): TextStep {
  const text = random.pick([' ', '0', '9', 'ff', 'x ', '[', '{"a":', '"', '\\', 'é']);
  return { do: 'long', before, text, count: random.pick([100, 10_000, 70_000, 1_000_000]), after };
}

function mutatedJson(random: Random, line: string): TextStep[] {
  const parts = line.split(/(?<=[,:{}])/);
  const at = random.below(parts.length);
  const part = parts[at] as string;
  switch (random.below(8)) {
    case 0:
      return [plain(parts.toSpliced(at, 1).join(''))];
    case 1:
      return [plain(parts.toSpliced(at, 0, random.pick(parts)).join(''))];
    case 2:
      return [plain(line.slice(0, random.below(line.length)))];
    case 3:
      return [{ do: 'line', text: line, repeat: random.pick([2, 10, 300]) }];
    case 4:
      return [long(random, parts.slice(0, at).join(''), parts.slice(at).join(''))];
    default:
      // Replaces a value, but not the comma or brace after it.
      return [plain(parts.with(at, random.pick(JSON_VALUES) + (/[,}]$/.exec(part)?.[0] ?? '')).join(''))];
  }
}

/** Returns a query at a position, or a step that records. */
function query(random: Random, steps: number): TextStep {
  const number = (): Numeric => (random.oneIn(3) ? random.below(2 ** 20) : random.pick(EXTREME));
  if (random.oneIn(4)) return { do: 'record', steps: random.oneIn(4) ? number() : random.below(steps + 2) };
  return {
    do: 'query',
    step: random.oneIn(8) ? number() : random.below(steps + 2),
    event: random.oneIn(3) ? random.below(6) : random.oneIn(10) ? number() : 0,
    space: random.oneIn(6)
      ? random.pick(['process 0', 'gmap 0', 'gmap 63', 'process', '', 'x y', 'gmap NaN'])
      : random.below(6),
    kind: random.pick(['outline', 'row', 'row', 'row', 'pages', 'table', 'walk', 'processors', 'stats']),
    first: number(),
    end: number(),
    count: random.oneIn(2) ? random.below(500) : number(),
  };
}
