/**
 * Searches for changes, compared with what comparing bytes after every step and every event finds.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawProfile, Generator, Random, Run as RandomRun } from '../fuzz/index.ts';
import { Storage } from '../machine/index.ts';
import { formatOperation } from '../scenario/index.ts';
import { ChangeIndex } from './change-index.ts';
import { ChangeSearch } from './change-search.ts';
import { EventPositions } from './event-positions.ts';
import { guestRun } from './fixtures.ts';
import type { GuestRun } from './guest/guest-run.ts';
import { type ChangeTarget, type Direction, isEarlier, Player, type Position, type Source } from './index.ts';
import type { Run } from './run.ts';
import { fromStart, RunPool } from './run-pool.ts';
import { readScript, ScenarioRun } from './scenario-run.ts';

const SIZE = 1 << 30;
const FRAME = 4096;

/** A range of absolute storage. */
interface Place {
  readonly at: number;
  readonly length: number;
}

const targetOf = ({ at, length }: Place): ChangeTarget => ({ space: null, address: BigInt(at), length });
const storageOf = (run: Run) => (run.host as NonNullable<Run['host']>).machine.storage;

/** Plays a run step by step. Returns for each place the positions at which it differs from the one before. */
function byComparison(run: Run, places: readonly Place[], steps: number): Position[][] {
  const { bytes } = storageOf(run);
  const found: Position[][] = places.map(() => []);
  const known = places.map(({ at, length }) => bytes.slice(at, at + length));
  const compare = (position: Position) =>
    places.forEach(({ at, length }, i) => {
      const now = bytes.subarray(at, at + length);
      const before = known[i] as Uint8Array;
      if (now.every((byte, offset) => byte === before[offset])) return;
      before.set(now);
      found[i]?.push(position);
    });
  new EventPositions(run, (_, position) => compare(position));
  for (let step = 1; step <= steps && run.end === null; step++) {
    run.advance(1);
    compare({ step: run.step, event: 0 });
  }
  return found;
}

function played(source: Source, most = Infinity): Player {
  const player = new Player(source, { check: false });
  while (player.progress.end === null && player.progress.steps < most) {
    player.record(Math.min(1_000_000, most - player.progress.steps));
  }
  return player;
}

/** Searches, and pauses now and then. */
function find(player: Player, place: Place, from: Position, direction: Direction): Position | undefined {
  const search = player.searchChange(targetOf(place), from, direction);
  let asked = 0;
  while (!search.advance(() => ++asked % 100 === 0));
  return search.found?.position;
}

/** Expects searches from a position to find what the comparison found around it. */
function expectAround(player: Player, place: Place, changes: readonly Position[], from: Position): void {
  const last = changes.filter((one) => !isEarlier(from, one)).at(-1);
  const next = changes.find((one) => isEarlier(from, one));
  const where = JSON.stringify({ place, from });
  expect(find(player, place, from, 'previous'), `last change, ${where}`).toEqual(last);
  expect(find(player, place, from, 'next'), `next change, ${where}`).toEqual(next);
}

/** Draws places among the frames that contain anything at the end of a run: whole frames, and parts of them. */
function drawPlaces(run: Run, random: Random, without: readonly number[] = []): Place[] {
  const { bytes } = storageOf(run);
  const isUsed = ({ at, length }: Place) => bytes.subarray(at, at + length).some((byte) => byte !== 0);
  const touched = (run.host as NonNullable<Run['host']>).kernel.frames.touched;
  const frames = Array.from({ length: touched / FRAME }, (_, frame) => ({ at: frame * FRAME, length: FRAME }))
    .filter(({ at }) => !without.includes(at / FRAME))
    .filter(isUsed);
  return Array.from({ length: 5 }, (_, i): Place => {
    const frame = random.pick(frames);
    if (i === 3) return frame;
    const words = Array.from({ length: FRAME / 8 }, (_, n) => ({ at: frame.at + n * 8, length: 8 }));
    return random.pick(words.filter(isUsed));
  });
}

function compareAll(
  player: Player,
  places: readonly Place[],
  changes: readonly Position[][],
  random: Random,
): void {
  const { steps } = player.progress;
  expect(changes.flat().length).toBeGreaterThan(0);
  places.forEach((place, i) => {
    const found = changes[i] as Position[];
    expectAround(player, place, found, { step: random.below(steps + 1), event: random.below(3) });
    if (found.length > 0) expectAround(player, place, found, random.pick(found));
  });
}

/** Returns a scenario of random operations. */
function randomScenario(seed: number, length: number): string {
  const random = new Random(seed);
  const generator = new Generator(random, drawProfile(random));
  const run = new RandomRun({ storageSize: 64 << 20, scarce: true });
  for (let i = 0; i < length; i++) run.step(generator.next(run.model));
  return run.performed.map(formatOperation).join('\n');
}

describe('a search for changes finds what comparing after every step and event finds', () => {
  it.each([2, 4])('in the random scenario %i', (seed) => {
    const text = randomScenario(seed, 100);
    const random = new Random(seed);
    const script = readScript(text);
    const scenario = () => new ScenarioRun(script, null, new Storage(SIZE), null);
    const ended = scenario();
    ended.advance(script.lines.length);
    const places = drawPlaces(ended, random);
    const changes = byComparison(scenario(), places, script.lines.length);
    compareAll(played({ kind: 'scenario', text }), places, changes, random);
  });

  it.each(['exceptions', 'paging'])('in the guest %s', (name) => {
    const steps = 2000;
    const random = new Random(7);
    const ended = runOf(name);
    ended.advance(steps);
    // A state description is updated when the guest leaves interpretive execution, so it depends on where runs stop.
    const blocks = (ended.vcpu?.vm.vcpus ?? []).map(({ block }) => Math.floor(block.origin / FRAME));
    const places = drawPlaces(ended, random, blocks);
    compareAll(played(guestOf(name), steps), places, byComparison(runOf(name), places, steps), random);
  });
});

function guestOf(name: string) {
  const image = new Uint8Array(readFileSync(`examples/images/${name}.elf`));
  return { kind: 'guest', name, image, memory: 8n << 20n } as const;
}

function runOf(name: string, storage = new Storage(SIZE)): GuestRun {
  return guestRun(guestOf(name), storage);
}

describe('with an index', () => {
  const LENGTH = 50;
  const PAGES = 0x80;

  function indexOf(run: GuestRun, steps: number): ChangeIndex {
    const index = new ChangeIndex(run, LENGTH);
    run.trace.subscribe(({ type }) => index.emitted(type));
    while (run.step < steps && run.end === null) {
      run.advance(LENGTH - (run.step % LENGTH));
      if (run.end === null) index.extend();
    }
    return index;
  }

  it.each(['exceptions', 'paging', 'hello'])('a search in the guest %s finds the same', (name) => {
    const random = new Random(11);
    const run = runOf(name);
    const index = indexOf(run, 6000);
    const steps = run.step;
    const frames = run.host.kernel.frames.touched / FRAME;
    const pool = new RunPool(
      fromStart((storage) => runOf(name, storage())),
      [],
      4,
    );
    const search = (target: ChangeTarget, from: Position, direction: Direction, by: ChangeIndex | null) => {
      const one = new ChangeSearch(pool, by, target, from, direction, steps);
      let asked = 0;
      while (!one.advance(() => ++asked % 7 === 0));
      return one.found;
    };
    const blocks = (run.vcpu?.vm.vcpus ?? []).map(({ block }) => Math.floor(block.origin / FRAME));
    let found = 0;
    for (let i = 0; i < 60; i++) {
      const length = random.pick([1, 8, FRAME]);
      const frame = random.pick([...Array(frames).keys()].filter((one) => !blocks.includes(one)));
      const inPage = random.below(FRAME / length) * length;
      const target: ChangeTarget =
        random.below(2) === 0
          ? { space: 'gmap 0', address: BigInt(random.below(PAGES) * FRAME + inPage), length }
          : { space: null, address: BigInt(frame * FRAME + inPage), length };
      const from = { step: random.below(steps + 1), event: random.below(3) };
      const direction = random.pick(['next', 'previous'] as const);
      const expected = search(target, from, direction, null);
      expect(
        search(target, from, direction, index),
        JSON.stringify([target.space, `${target.address}`, from]),
      ).toEqual(expected);
      if (expected !== null) found++;
    }
    expect(found).toBeGreaterThan(5);
  });

  it('a search finds the last change of a page of a guest, many intervals before', () => {
    const run = runOf('hello');
    const index = indexOf(run, 6000);
    const target: ChangeTarget = { space: 'gmap 0', address: 0x2_8000n, length: 8 };
    // A run is left shortly before the position, so that the search does not play all that precedes it.
    const search = (from: Position, by: ChangeIndex | null) => {
      const pool = new RunPool(
        fromStart((storage) => runOf('hello', storage())),
        [],
        4,
      );
      const near = pool.create();
      near.advance(from.step - 400);
      if (by !== null) pool.give(near);
      const one = new ChangeSearch(pool, by, target, from, 'previous', from.step);
      while (!one.advance());
      return one.found?.position;
    };
    for (let step = 500; step < run.step; step += 110) {
      const from = { step, event: 0 };
      expect(search(from, index), `${step}`).toEqual(search(from, null));
    }
  });
});
