/** The benchmarks: `npm run bench -- NAME [--segments N] [--json]`. docs/performance.md has their results. */

import { parseArgs } from 'node:util';
import { benchAccess, PATTERNS } from './access.ts';
import { benchChanges } from './changes.ts';
import { benchCheck } from './check.ts';
import { benchInterpreted, benchKernel, KERNELS } from './cpu.ts';
import { benchGmap, gmapJson, SEGMENTS_MAX } from './gmap.ts';
import { benchInspect } from './inspect.ts';
import { benchMemory } from './memory.ts';
import { benchPrimitives } from './primitives.ts';
import { benchSharers, SHARERS } from './sharers.ts';
import { rounded } from './timing.ts';

const USAGE = `usage: npm run bench -- gmap [--segments N] [--json]
       npm run bench -- memory [--segments N] [--json]
       npm run bench -- sharers [--json]
       npm run bench -- access [--json]
       npm run bench -- check [--json]
       npm run bench -- inspect [--segments N] [--json]
       npm run bench -- changes [--json]
       npm run bench -- primitives [--json]
       npm run bench -- cpu [--interpreted] [--json]`;

/** Number of operations of the scenario that is performed without and with checks. */
const CHECKED_OPERATIONS = 100_000;

/** The length of the run in which changes are searched for. */
const CHANGES_STEPS = 20_000_000;

/** Prints figures under a heading, or as a line of JSON. */
type Print = (heading: string, figures: Record<string, number>, json: object) => void;

const table: Print = (heading, figures) => {
  console.log(heading);
  for (const [name, figure] of Object.entries(figures)) {
    console.log(`  ${name.padEnd(17)}${figure.toFixed(figure < 10 ? 2 : 1).padStart(8)}`);
  }
};
const line: Print = (_heading, _figures, json) => console.log(JSON.stringify(json));

interface Bench {
  /** Numbers of segments to measure unless `--segments` gives one; null if the benchmark has no such number. */
  readonly sized: readonly number[] | null;
  readonly run: (print: Print, segments: number, interpreted: boolean) => void;
}

/** Measures the interpreter only. */
function runInterpreted(print: Print): void {
  for (const kernel of KERNELS) {
    const interpreted = benchInterpreted(kernel);
    print(kernel, { 'M/s, interpreted': interpreted }, { kernel, interpreted });
  }
}

const BENCHES: Readonly<Record<string, Bench>> = {
  gmap: {
    sized: [1_000, 10_000, 100_000, 1_000_000],
    run: (print, segments) => {
      const result = benchGmap(segments);
      if (result.missing !== null) console.error(result.missing);
      const json = gmapJson(result);
      print(`${segments} segments, nanoseconds per segment`, json.ns, json);
    },
  },
  memory: {
    sized: [100_000],
    run: (print, segments) => {
      const { segments: _, ...found } = benchMemory(segments);
      const bytes = rounded(found);
      print(`${segments} segments, bytes per segment`, bytes, { segments, bytes });
    },
  },
  sharers: {
    sized: null,
    run: (print) => {
      for (const sharers of SHARERS) {
        const ns = rounded(benchSharers(sharers));
        print(`${sharers} sharers per page table, nanoseconds per unlink`, ns, { sharers, ns });
      }
    },
  },
  access: {
    sized: null,
    run: (print) => {
      for (const pattern of PATTERNS) {
        const ns = rounded(benchAccess(pattern));
        print(`${pattern}, nanoseconds per access`, ns, { pattern, ns });
      }
    },
  },
  check: {
    sized: null,
    run: (print) => {
      const us = rounded(benchCheck(CHECKED_OPERATIONS));
      const operations = CHECKED_OPERATIONS;
      print(`${operations} operations on 16 gmaps, microseconds per operation`, us, { operations, us });
    },
  },
  inspect: {
    sized: [1_000_000],
    run: (print, segments) => {
      const us = rounded(benchInspect(segments));
      print(`${segments} segments, microseconds per query`, us, { segments, us });
    },
  },
  cpu: {
    sized: null,
    run: (print, _segments, interpreted) => {
      if (interpreted) {
        runInterpreted(print);
        return;
      }
      let product = 1;
      for (const kernel of KERNELS) {
        const { qemuSeconds, ...own } = benchKernel(kernel);
        const ratio = qemuSeconds === null ? null : own.seconds / qemuSeconds;
        product *= ratio ?? 1;
        const qemu: Record<string, number> =
          qemuSeconds === null ? {} : { 'seconds, QEMU': qemuSeconds, ratio: ratio as number };
        const figures = {
          'million instr.': own.instructions,
          'M/s, interpreted': own.interpreted,
          'M/s, compiled': own.rate,
          'seconds, compiled': own.seconds,
          ...qemu,
        };
        print(kernel, figures, { kernel, ...own, qemuSeconds, ratio });
        if (kernel === KERNELS.at(-1) && ratio !== null) {
          const mean = product ** (1 / KERNELS.length);
          print('all, geometric mean', { ratio: mean }, { kernel: null, ratio: mean });
        }
      }
    },
  },
  changes: {
    sized: null,
    run: (print) => {
      const ms = rounded(benchChanges(CHANGES_STEPS));
      print('guests of 20 million steps, milliseconds', ms, { ms });
    },
  },
  primitives: {
    sized: null,
    run: (print) => {
      const ns = rounded(benchPrimitives());
      print('nanoseconds per operation', ns, { ns });
    },
  },
};

function argumentsOf() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        segments: { type: 'string' },
        interpreted: { type: 'boolean', default: false },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    });
  } catch (error) {
    console.error(`error: ${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

function main(): void {
  const { values, positionals } = argumentsOf();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const bench = positionals.length === 1 ? BENCHES[positionals[0] as string] : undefined;
  const segments = values.segments === undefined ? null : Number(values.segments);
  const valid = segments === null || (Number.isInteger(segments) && segments > 0 && segments <= SEGMENTS_MAX);
  const misplaced =
    (segments !== null && bench?.sized === null) || (values.interpreted && bench !== BENCHES['cpu']);
  if (!bench || !valid || misplaced) {
    console.error(USAGE);
    process.exit(2);
  }
  const counts = segments === null ? (bench.sized ?? [0]) : [segments];
  for (const count of counts) bench.run(values.json ? line : table, count, values.interpreted);
}

main();
