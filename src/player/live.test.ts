/** Guests that are played live: input, going back, and states. */

import { describe, expect, it } from 'vitest';
import { kernelImage } from '../../test/kernel-image.ts';
import { checkedState, decodeValue, encodeValue } from '../vmm/index.ts';
import { playableGuest, playableState } from './guest/index.ts';
import { Player, type Position, type Snapshot, type Source } from './index.ts';
import { RecordingPlayer } from './internal.ts';

const ECHO: Source & { kind: 'guest' } = {
  kind: 'guest',
  name: 'echo',
  image: kernelImage('echo'),
  memory: 8n << 20n,
};
const at = (step: number): Position => ({ step, event: 0 });

/** Plays until the guest waits, or ends. */
function untilWaiting(player: RecordingPlayer): void {
  for (let left = 100; left > 0; left--) {
    player.record(100_000);
    if (player.progress.end !== null || player.live?.wait?.until === null) return;
  }
  throw new Error('the guest does not wait');
}

function type(player: RecordingPlayer, text: string): void {
  player.live?.input(new TextEncoder().encode(text));
  untilWaiting(player);
}

const outputOf = (player: RecordingPlayer) => player.progress.output.map(({ text }) => text).join('');
const PAGES = [0x20, 0x21, 0x22, 0x23, 0x24, 0x25];
const linkedOf = (snapshot: Snapshot) =>
  snapshot
    .row('gmap 0', { first: 0, end: 2048, limit: 8 })
    ?.extents.map((extent) => ({ ...extent, present: 0 }));

/** What the guest can see of itself: registers and memory. And which of its segments are linked. */
function guestOf(snapshot: Snapshot): unknown {
  const { registers } = snapshot.machine?.processors()[0] ?? {};
  const pages = PAGES.map((page) => snapshot.machine?.segmentPages('gmap 0', page)?.bytes);
  return { registers, pages, linked: linkedOf(snapshot) };
}

describe('a guest that is played live', () => {
  it('waits for input, and gets it', () => {
    const player = new Player(ECHO);
    untilWaiting(player);
    expect(player.progress.live).toMatchObject({ waits: true });
    expect(outputOf(player)).toBe('Type something; ^D ends.\n');
    const { steps } = player.progress;
    player.record(1000);
    expect(player.progress.steps).toBe(steps);
    type(player, 'ls\r');
    expect(outputOf(player)).toContain('LS\n');
    type(player, '\x04');
    expect(player.progress.end).toMatchObject({ stuck: false });
    expect(player.live).toBeNull();
  });

  it.each([
    ['from its start', 1e9],
    ['from checkpoints', 400],
  ])('was at every position what it is when it is played again %s', (_, distance) => {
    const player = new RecordingPlayer(playableGuest(ECHO, distance));
    untilWaiting(player);
    const steps: number[] = [];
    const seen: unknown[] = [];
    const note = () => {
      steps.push(player.progress.steps);
      seen.push(player.now(guestOf));
    };
    note();
    type(player, 'a');
    for (const text of ['one', '\r', 'two', ' and three\r', 'x'.repeat(300)]) {
      note();
      player.live?.input(new TextEncoder().encode(text));
      // Input also arrives while the guest runs.
      player.record(150);
      note();
      untilWaiting(player);
    }
    note();
    expect((player.progress.live?.checkpoints.length ?? 0) > 5).toBe(distance === 400);
    expect(new Set(steps).size).toBe(steps.length);
    for (const i of [7, 2, 11, 0, 5, 10]) expect(player.at(at(steps[i] as number), guestOf)).toEqual(seen[i]);
  });

  it('goes on from a saved state', () => {
    const player = new Player(ECHO);
    untilWaiting(player);
    type(player, 'abc');
    const state = checkedState(decodeValue(encodeValue(player.live?.save())));
    const other = new RecordingPlayer(playableState('echo.state', state));
    untilWaiting(other);
    expect(outputOf(other)).toBe('');
    type(other, 'def\r');
    // The guest prints whole lines: what it had read before is part of the state.
    expect(outputOf(other)).toBe('ABCDEF\n');
    const { steps } = other.progress;
    expect(other.at(at(steps), guestOf)).toEqual(other.now(guestOf));
  });
});
