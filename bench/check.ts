/**
 * The cost of check mode: a scenario of many operations on 16 gmaps, performed without checks and with every rule
 * checked after every operation.
 *
 *     npm run bench -- check [--json]
 */

import { Checker } from '../src/check/index.ts';
import { type Operation, World } from '../src/scenario/index.ts';

const GMAPS = 16;
/** Number of segments of the process, from 256 MiB on, and of each guest, that the operations choose from. */
const SEGMENTS = 64;
const HOME = 256n << 20n;
const MIB = 1n << 20n;
const SEED = 0x2545_f491;

/** Returns a generator of numbers below `n`, which always generates the same ones. */
function dice(): (n: number) => number {
  let state = SEED;
  return (n) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % n;
  };
}

/** A scenario in which guests get memory, lose it and get it back. */
export function scenario(lines: number): Operation[] {
  const below = dice();
  const operations: Operation[] = [];
  for (let gmap = 0; gmap < GMAPS; gmap++) operations.push({ verb: 'gmap_alloc', gmap });
  operations.push({ verb: 'mmap', address: HOME, length: BigInt(SEGMENTS) * MIB });
  for (let gmap = 0; gmap < GMAPS; gmap++) {
    operations.push({ verb: 'gmap_map_segment', gmap, from: HOME, to: 0n, length: BigInt(SEGMENTS) * MIB });
  }
  while (operations.length < lines) operations.push(operation(below));
  return operations;
}

function operation(below: (n: number) => number): Operation {
  const gmap = below(GMAPS);
  const segment = BigInt(below(SEGMENTS)) * MIB;
  const page = segment + BigInt(below(16)) * 4096n;
  const to = BigInt(below(SEGMENTS)) * MIB;
  const bytes = Uint8Array.of(below(256));
  switch (below(12)) {
    case 0:
      return { verb: 'gmap_map_segment', gmap, from: HOME + segment, to, length: MIB };
    case 1:
      return { verb: 'gmap_unmap_segment', gmap, to, length: MIB };
    case 2:
      return { verb: 'munmap', address: HOME + segment, length: MIB };
    case 3:
    case 4:
      return { verb: 'mmap', address: HOME + segment, length: MIB };
    case 5:
      return { verb: 'gmap_discard', gmap, from: page, to: page + 4096n };
    case 6:
    case 7:
      return { verb: 'gmap_fault', gmap, address: page };
    case 8:
      return { verb: 'process write', address: HOME + page, bytes };
    case 9:
    case 10:
      return { verb: 'guest write', gmap, address: page, bytes };
    default:
      return { verb: 'guest read', gmap, address: page, length: 8n };
  }
}

/**
 * Returns the microseconds per operation without and with checks.
 * @throws Error if a rule is broken
 */
export function benchCheck(lines: number): { plain: number; checked: number } {
  const operations = scenario(lines);
  return { plain: perform(operations, false), checked: perform(operations, true) };
}

function perform(operations: readonly Operation[], check: boolean): number {
  const world = new World();
  const checker = check ? Checker.attach(world.host) : null;
  const start = process.hrtime.bigint();
  for (const one of operations) {
    checker?.record(one.verb);
    const answer = world.perform(one);
    if (answer.explanation !== undefined) checker?.suspect();
    const [broken] = checker?.checkChanged() ?? [];
    if (broken) throw new Error(`${broken.rule}: ${broken.message}`);
  }
  return Number(process.hrtime.bigint() - start) / 1000 / operations.length;
}
