/**
 * The time of searches for changes of memory ("Who wrote this?") in a guest of 20 million steps, in milliseconds.
 *
 *     npm run bench -- changes [--json]
 */

import { readFileSync } from 'node:fs';
import {
  type ChangeTarget,
  type Direction,
  type FoundChange,
  Player,
  type Position,
} from '../src/player/index.ts';
import { imagePath, type Kernel } from './cpu.ts';
import { type Figures, time } from './timing.ts';

const ROUNDS = 3;
const GMAP = 'gmap 0';
/** Addresses in the guest `quicksort`: its code, the numbers that it sorts, and a page that it does not use. */
const AT = { code: 0x2_0000n, numbers: 0x2_2000n, unused: 0x300_0000n } as const;

/** The searches. */
export const SEARCHES = [
  'table entry',
  'code',
  'unused page',
  'number',
  'number, next',
  'stack',
  'quiet byte',
  'busier page',
] as const;
type Search = (typeof SEARCHES)[number];

/**
 * Returns the milliseconds of recording (without checks), of preparing, and of each search. Searches begin at the end, or for `next` in
 * the middle, and include going to the position that they find. `quiet byte` is in the page of the stack, but is never stored into;
 * `busier page` is the same in the guest `bytecode`, where it takes longest of all kernels.
 * @param steps that are recorded
 */
export function benchChanges(steps: number): Figures<'record' | 'prepare' | Search> {
  const player = playerOf('quicksort');
  const record = time(() => player.record(steps)) / 1e6;
  const prepare = time(() => prepared(player)) / 1e6;
  const targets = targetsIn(player, steps);
  const searches = Object.entries(targets).map(([name, target]) => [
    name,
    best(player, target, steps, name.endsWith('next')),
  ]);
  player.close();
  searches.push(['busier page', busierPage(steps)]);
  return { record, prepare, ...(Object.fromEntries(searches) as Figures<Search>) };
}

function playerOf(name: Kernel): Player {
  const image = new Uint8Array(readFileSync(imagePath(name)));
  return new Player({ kind: 'guest', name, image }, { check: false });
}

function busierPage(steps: number): number {
  const player = playerOf('bytecode');
  player.record(steps);
  const ms = best(player, targetsIn(player, steps)['quiet byte'], steps, false);
  player.close();
  return ms;
}

function prepared(player: Player): void {
  while (!player.prepare());
}

function targetsIn(player: Player, steps: number): Record<Exclude<Search, 'busier page'>, ChangeTarget> {
  const { entry, stack } = player.at({ step: steps, event: 0 }, ({ machine }) => ({
    entry: machine?.table(GMAP, { level: 'segment', page: 0, from: 0, count: 1 })?.entries[0]?.at ?? 0n,
    stack: machine?.processors()[0]?.registers.general[15] ?? 0n,
  }));
  const number = { space: GMAP, address: AT.numbers + 0x100n, length: 4 } as const;
  return {
    'table entry': { space: null, address: entry, length: 8 },
    code: { space: GMAP, address: AT.code, length: 8 },
    'unused page': { space: GMAP, address: AT.unused, length: 8 },
    number,
    'number, next': number,
    stack: { space: GMAP, address: stack & ~7n, length: 8 },
    'quiet byte': { space: GMAP, address: stack & ~0xfffn, length: 1 },
  };
}

/** The best of several rounds, each with all runs prepared. */
function best(player: Player, target: ChangeTarget, steps: number, next: boolean): number {
  const from = { step: next ? Math.floor(steps / 2) : steps, event: 0 };
  let least = Infinity;
  for (let i = 0; i < ROUNDS; i++) {
    player.at(from, () => null);
    prepared(player);
    const ns = time(() => {
      const found = find(player, target, from, next ? 'next' : 'previous');
      if (found !== null) player.at(found.position, () => null);
    });
    least = Math.min(least, ns / 1e6);
  }
  return least;
}

function find(
  player: Player,
  target: ChangeTarget,
  from: Position,
  direction: Direction,
): FoundChange | null {
  const search = player.searchChange(target, from, direction);
  while (!search.advance());
  return search.found;
}
