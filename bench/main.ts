/**
 * `npm run bench -- NAME [--segments N] [--json]`: the benchmarks.
 */

import { parseArgs } from 'node:util';
import { benchGmap, OPERATIONS } from './gmap.ts';

const USAGE = 'usage: npm run bench -- gmap [--segments N] [--json]';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { segments: { type: 'string' }, json: { type: 'boolean' } },
});

const counts = values.segments === undefined ? [1_000, 10_000, 100_000] : [Number(values.segments)];
if (
  positionals[0] !== 'gmap' ||
  positionals.length !== 1 ||
  !counts.every((n) => Number.isInteger(n) && n > 0)
) {
  console.error(USAGE);
  process.exit(2);
}

for (const segments of counts) {
  const ns = benchGmap(segments);
  const rounded = Object.fromEntries(OPERATIONS.map((name) => [name, Math.round(ns[name] * 10) / 10]));
  if (values.json) {
    console.log(JSON.stringify({ segments, ns: rounded }));
  } else {
    console.log(`${segments} segments, nanoseconds a segment`);
    for (const [name, figure] of Object.entries(rounded))
      console.log(`  ${name.padEnd(14)}${figure.toFixed(1).padStart(8)}`);
  }
}
