/**
 * Random calls of the library: mostly valid arguments, some extreme and some of the wrong type, objects of two machines, and
 * listeners.
 */

import type { FuzzCase } from '../fuzzer.ts';
import { Random } from '../random.ts';
import { type ArgumentKind, OPERATIONS } from './operations.ts';
import type { CallStep, LibrarySetup, LibraryStep, ObjectKind, Value } from './steps.ts';

const STEPS = 80;
const NAMES = [...OPERATIONS.keys()];
/** Operations that are drawn more often, because others need their results. */
const FREQUENT = [
  'mm.mmap',
  'mm.munmap',
  'mm.mremap',
  'gmap.map',
  'gmap.fault',
  'vm.setMemoryRegion',
  'vcpu.run',
  'host.writeAsGuest',
  'mm.write',
  'vm.writeGuest',
  'vm.createVcpu',
  'host.createGmap',
  'new VirtualMachine',
];

const ADDRESSES = [
  0n,
  4096n,
  0x10_0000n,
  0x20_0000n,
  0x1000_0000n,
  0x1000_1000n,
  0x1010_0000n,
  0x1020_0000n,
  0x1030_0000n,
  0x1000_0001n,
  0x7fff_f000n,
  0x3ff_fff0_0000n,
  0x400_0000_0000n,
  (1n << 53n) - 4096n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 0x10_0000n,
  (1n << 64n) - 4096n,
  (1n << 64n) - 1n,
  1n << 64n,
  1n << 70n,
  -1n,
  -4096n,
] as const;
const LENGTHS = [
  4096n,
  0x10_0000n,
  0x10_0000n,
  0x20_0000n,
  0x8000n,
  0n,
  1n,
  4097n,
  1n << 31n,
  1n << 40n,
  1n << 53n,
  1n << 63n,
  (1n << 64n) - 4096n,
  1n << 64n,
  -4096n,
] as const;
const COUNTS = [
  0,
  1,
  2,
  8,
  100,
  255,
  256,
  512,
  4096,
  0x1_0000,
  2 ** 20,
  2 ** 31 - 4096,
  2 ** 31,
  2 ** 32,
  2 ** 44,
  2 ** 52,
  2 ** 53,
  -1,
  0.5,
] as const;
const PAGES = [
  0,
  1,
  0x1_0000,
  0x1_0001,
  0x1_00ff,
  0x1_0100,
  0x1_0200,
  2 ** 30 - 1,
  2 ** 30,
  2 ** 41,
  2 ** 52,
  2 ** 52 - 1,
  -1,
  0.5,
] as const;
const WRONG: readonly Value[] = [
  ['undefined'],
  ['null'],
  ['symbol'],
  ['function'],
  ['trap'],
  ['string', ''],
  ['string', 'x'],
  ['string', '0x10000000'],
  ['boolean', true],
  ['number', 'NaN'],
  ['number', 'Infinity'],
  ['number', '-Infinity'],
  ['number', -1],
  ['number', 0.5],
  ['number', 2 ** 53],
  ['number', 0],
  ['bigint', '0x0'],
  ['bigint', '-0x1'],
  ['bigint', '0x100000000000000000'],
  ['object', {}],
  ['list', []],
  ['bytes', 3, 1],
];

/** Generates the case of a seed. */
export function generateLibrary(seed: number): FuzzCase<LibrarySetup, LibraryStep> {
  const random = new Random(seed);
  const setup = { scarce: random.oneIn(6) ? random.below(100) : 0, checkEvery: random.pick([1, 5, 20]) };
  const wrong = random.pick([3, 8, 30]);
  const steps = Array.from({ length: STEPS }, () =>
    random.oneIn(12) ? listener(random, wrong) : call(random, wrong),
  );
  return { setup, steps };
}

function listener(random: Random, wrong: number): LibraryStep {
  return {
    do: 'listen',
    hook: random.pick(['trace', 'trace', 'trace', 'translations', 'locks', 'invalidated']),
    on: random.below(4),
    act: random.pick(['throw', 'call', 'call', 'call', 'subscribe', 'leave', 'query']),
    after: random.below(6),
    call: call(random, wrong),
  };
}

function call(random: Random, wrong: number): CallStep {
  const name = random.pick(random.oneIn(3) ? FREQUENT : NAMES);
  const { args } = OPERATIONS.get(name) as { args: readonly ArgumentKind[] };
  const values = args.map((kind) => value(random, kind, wrong));
  if (random.oneIn(20)) values.length = random.below(values.length + 1);
  return { do: 'call', name, on: random.below(8), args: values };
}

function value(random: Random, kind: ArgumentKind, wrong: number): Value {
  if (random.oneIn(wrong)) return random.oneIn(6) ? anyObject(random) : random.pick(WRONG);
  if (typeof kind === 'object') {
    const fields: Record<string, Value> = {};
    for (const [name, of] of Object.entries(kind)) {
      if (name.endsWith('?') && random.oneIn(2)) continue;
      fields[name.replace('?', '')] = value(random, of, wrong);
    }
    return ['object', fields];
  }
  return fitting(random, kind);
}

const bigint = (number: bigint): Value => [
  'bigint',
  number < 0n ? `-0x${(-number).toString(16)}` : `0x${number.toString(16)}`,
];

function fitting(random: Random, kind: Exclude<ArgumentKind, object>): Value {
  switch (kind) {
    case 'address':
      return bigint(random.oneIn(4) ? random.pick(ADDRESSES) : random.pick(ADDRESSES.slice(2, 9)));
    case 'length':
      return bigint(random.oneIn(3) ? random.pick(LENGTHS) : random.pick(LENGTHS.slice(0, 5)));
    case 'doubleword':
      return bigint(
        random.oneIn(2) ? random.pick(ADDRESSES) : (BigInt(random.next()) << 32n) | BigInt(random.next()),
      );
    case 'page':
      return ['number', random.pick(PAGES)];
    case 'count':
      return ['number', random.oneIn(3) ? random.pick(COUNTS) : random.below(600)];
    case 'small':
      return ['number', random.oneIn(6) ? random.pick(COUNTS) : random.below(5)];
    case 'field':
      return ['number', random.oneIn(3) ? random.pick(COUNTS) : random.below(512)];
    case 'limit':
      return ['number', random.pick([1, 2, 10, 100, 5000])];
    case 'flag':
      return ['boolean', random.oneIn(2)];
    case 'protection':
      return ['number', random.pick([0, 1, 2, 3, 3, 3, 4, 7, 8])];
    case 'key':
      return ['number', random.oneIn(4) ? random.below(512) : random.below(128) * 2];
    case 'keys':
      return ['list', Array.from({ length: random.below(4) }, () => fitting(random, 'key'))];
    case 'pages':
      return ['list', Array.from({ length: random.below(4) }, () => fitting(random, 'page'))];
    case 'bytes':
      return ['bytes', random.pick([0, 1, 8, 4096, 4097, 10_000]), random.below(256)];
    case 'text':
      return [
        'string',
        random.pick([
          '',
          'stats',
          'mmap',
          'munmap',
          'mmap 256M 1M',
          'guest 0 read 0 1',
          'x'.repeat(10_000),
          '\0',
        ]),
      ];
    case 'image':
      return ['object', { entry: bigint(0x1_0000n), segments: ['list', []] }];
    case 'reset':
      return ['string', random.pick(['cpu', 'initial', 'clear', 'subsystem', 'constructor'])];
    case 'taken':
      return ['string', random.pick(['replace', 'replace', 'refuse', 'x'])];
    case 'level':
      return [
        'string',
        random.pick([
          'asce',
          'region-first',
          'region-second',
          'region-third',
          'segment',
          'page',
          'pgste',
          'constructor',
        ]),
      ];
    case 'console':
      return ['object', { write: ['function'] }];
    case 'space':
      return ['ref', random.pick(['mm', 'gmap']), random.below(8)];
    default:
      return ['ref', kind, random.below(8)];
  }
}

const KINDS: readonly ObjectKind[] = [
  'machine',
  'storage',
  'cpu',
  'host',
  'mm',
  'gmap',
  'vm',
  'vcpu',
  'file',
  'log',
  'checker',
  'monitor',
  'world',
];

function anyObject(random: Random): Value {
  return ['ref', random.pick(KINDS), random.below(8)];
}
