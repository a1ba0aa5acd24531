/** Positions after plays that were interrupted in the middle of a step. */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Storage } from '../machine/index.ts';
import { everything } from './fixtures.ts';
import { Player, type Position, type Source } from './index.ts';

const image = new Uint8Array(readFileSync('examples/images/hello.elf'));
const GUEST: Source = { kind: 'guest', name: 'hello', image, memory: 8n << 20n };
const STEPS = 200;

/** The interruptions of a play: after each of the first times that the host handles an exit. */
const STOPS = [1, 2, 3, 4, 5, 6];

/** Plays a part of the guest, and stops at the nth opportunity. */
const PLAYS: Record<string, (player: Player, stops: number) => void> = {
  'an approach': (player, stops) => {
    let asked = 0;
    player.approach(STEPS, Infinity, () => ++asked >= stops);
  },
  'a search for a breakpoint': (player, stops) => {
    let asked = 0;
    const search = player.search(['event:mm-free'], { step: 0, event: 0 }, 'next');
    search.advance(() => ++asked >= stops);
    search.close();
  },
  'a search for a change': (player, stops) => {
    const target = { space: 'gmap 0', address: 0x7f_f000n, length: 1 } as const;
    let asked = 0;
    const search = player.searchChange(target, { step: 0, event: 0 }, 'next');
    while (!search.advance(() => true) && ++asked < stops);
    search.close();
  },
};

it.each(Object.keys(PLAYS))('are right after %s that was cancelled', (name) => {
  let spare: readonly Storage[] = [];
  const fresh = () => {
    const player = new Player(GUEST, { check: false }, spare);
    player.record(STEPS);
    return player;
  };
  const reference = fresh();
  const inside: Position[] = reference.events.map(({ position }) => position);
  const positions = [...inside, ...inside.map(({ step }) => ({ step, event: 0 }))].filter(
    ({ step }) => step > 0 && step < STEPS,
  );
  const expected = positions.map((position) => reference.at(position, everything));
  expect(positions.length).toBeGreaterThan(10);
  for (const stops of STOPS) {
    positions.forEach((position, i) => {
      // Each position after two of the stops.
      if ((i + stops) % 3 !== 0) return;
      const player = fresh();
      PLAYS[name]?.(player, stops);
      const seen = player.at(position, everything);
      spare = player.close();
      if (seen !== expected[i]) expect.fail(`${JSON.stringify(position)} after stop ${stops}`);
    });
  }
});
