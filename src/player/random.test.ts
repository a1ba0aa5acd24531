/** Random scenarios, played in any order. */

import { describe, expect, it } from 'vitest';
import { drawProfile, Generator, Random, Run } from '../fuzz/index.ts';
import { formatOperation } from '../scenario/index.ts';
import type { TraceEvent } from '../trace/index.ts';
import { everything, hexadecimal } from './fixtures.ts';
import { Player, type Settings, type Snapshot } from './index.ts';

const QUIET: Settings = { injectedFault: null, check: false };
const SEEDS = [1, 2, 3, 4, 5];

/** Returns a scenario of random operations. */
function randomScenario(seed: number, length: number): string {
  const random = new Random(seed);
  const generator = new Generator(random, drawProfile(random));
  const run = new Run({ storageSize: 64 << 20, scarce: true });
  for (let i = 0; i < length; i++) run.step(generator.next(run.model));
  return run.performed.map(formatOperation).join('\n');
}

function played(source: ConstructorParameters<typeof Player>[0]): Player {
  const player = new Player(source, QUIET);
  player.record(1_000_000);
  return player;
}

/** The segments of guests, counted by state: a trace has these counts as well. */
function ofGuests(snapshot: Snapshot) {
  return snapshot
    .outline()
    .filter(({ name }) => name.startsWith('gmap'))
    .map(({ name, limit }) => {
      const row = snapshot.row(name, { first: 0, end: limit, limit: 1 });
      const extents = row?.kind === 'guest' ? row.extents : [];
      const sum = (key: 'unlinked' | 'unbacked' | 'linked' | 'large' | 'shared') =>
        extents.reduce((all, extent) => all + extent[key], 0);
      const counts = [sum('unlinked'), sum('unbacked'), sum('linked'), sum('large'), sum('shared')];
      return `${name}: ${counts.join(' ')}`;
    });
}

describe.each(SEEDS)('the random scenario %i', (seed) => {
  const text = randomScenario(seed, 120);

  it('has the same state at a position, however it is reached', () => {
    const player = played({ kind: 'scenario', text });
    const random = new Random(seed);
    for (let i = 0; i < 8; i++) {
      const { position } = random.pick(player.events);
      const straight = new Player({ kind: 'scenario', text }, QUIET).at(position, everything);
      expect(player.at(position, everything)).toBe(straight);
    }
  });

  it('is described by its trace, as far as guests are concerned', () => {
    const player = played({ kind: 'scenario', text });
    const alloc: TraceEvent = { type: 'mm-alloc', mm: 0, asce: 0n };
    const lines = [alloc, ...player.events.map(({ event }) => event)].map((event) =>
      JSON.stringify(event, hexadecimal),
    );
    const trace = played({ kind: 'trace', name: 'x.jsonl', text: lines.join('\n') });
    let events = 1;
    for (let step = 1; step <= player.progress.steps; step++) {
      while ((player.events[events - 1]?.position.step ?? Infinity) < step) events++;
      const counted = trace.at({ step: events, event: 0 }, ofGuests);
      expect(counted, `after ${step}: ${text.split('\n')[step - 1]}`).toEqual(
        player.at({ step, event: 0 }, ofGuests),
      );
    }
  });
});
