/** Searches for changes, compared with what comparing bytes after every step and every event finds. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { drawProfile, Generator, Random, Run as RandomRun } from '../fuzz/index.ts';
import { Storage } from '../machine/index.ts';
import { formatOperation } from '../scenario/index.ts';
import { NO_SYMBOLS, parseElf } from '../vmm/index.ts';
import { EventPositions } from './event-positions.ts';
import { GuestRun } from './guest-run.ts';
import {
  type ChangeDirection,
  type ChangeSubject,
  type FoundChange,
  isEarlier,
  Player,
  PlayerError,
  type Position,
  type Source,
} from './index.ts';
import type { Run } from './run.ts';
import { readScript, ScenarioRun } from './scenario-run.ts';

const QUIET = { injectedFault: null, check: false } as const;
const SIZE = 1 << 30;
const START: Position = { step: 0, event: 0 };

interface Place {
  readonly of: 'storage' | 'keys';
  readonly at: number;
  readonly length: number;
}

function subjectOf({ of, at, length }: Place): ChangeSubject {
  return of === 'keys'
    ? { kind: 'key', address: BigInt(at) * 4096n }
    : { kind: 'bytes', address: BigInt(at), length };
}

/** Plays a run step by step, and returns for each place the positions at which it differs from the one before. */
function bruteForce(run: Run, places: readonly Place[], steps: number): Position[][] {
  const { storage } = (run.host as NonNullable<Run['host']>).machine;
  const found: Position[][] = places.map(() => []);
  const contents = ({ of, at, length }: Place) =>
    (of === 'keys' ? storage.keys : storage.bytes).subarray(at, at + length);
  const known = places.map((place) => contents(place).slice());
  const compare = (position: Position) =>
    places.forEach((place, i) => {
      const now = contents(place);
      const before = known[i] as Uint8Array;
      if (now.every((byte, at) => byte === before[at])) return;
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
  const player = new Player(source, QUIET);
  while (player.progress.end === null && player.progress.steps < most)
    player.record(Math.min(1_000_000, most - player.progress.steps));
  return player;
}

/** Searches in slices that are as short as possible now and then. */
function find(player: Player, subject: ChangeSubject, from: Position, direction: ChangeDirection) {
  const search = player.searchChange(subject, from, direction);
  let asked = 0;
  while (!search.advance(() => ++asked % 100 === 0));
  return search.found as FoundChange;
}

/** Returns the positions of all changes, by searching in one direction. */
function all(player: Player, subject: ChangeSubject, direction: 'next' | 'previous'): Position[] {
  const found: Position[] = [];
  const end = { step: player.progress.steps + 1, event: 0 };
  for (let at: Position | undefined = direction === 'next' ? START : end; at !== undefined; ) {
    const first = found.length === 0 && direction === 'previous';
    at = find(player, subject, at, first ? 'last' : direction).change?.position;
    if (at !== undefined) found.push(at);
  }
  return direction === 'next' ? found : found.reverse();
}

/** Compares searches from random positions with the positions of all changes. */
function expectFound(
  player: Player,
  place: Place,
  changes: readonly Position[],
  random: Random,
  times: number,
) {
  const { steps } = player.progress;
  for (let i = 0; i < times; i++) {
    const near = changes.length > 0 && random.oneIn(2) ? random.pick(changes) : null;
    const from = near ?? { step: random.below(steps + 1), event: random.below(3) };
    const atOrBefore = changes.filter((one) => !isEarlier(from, one));
    const before = changes.filter((one) => isEarlier(one, from));
    const after = changes.filter((one) => isEarlier(from, one));
    const at = JSON.stringify({ place, from });
    const subject = subjectOf(place);
    expect(find(player, subject, from, 'last').change?.position, `last ${at}`).toEqual(atOrBefore.at(-1));
    expect(find(player, subject, from, 'previous').change?.position, `previous ${at}`).toEqual(before.at(-1));
    expect(find(player, subject, from, 'next').change?.position, `next ${at}`).toEqual(after[0]);
  }
}

function guest(name: string): Source & { kind: 'guest' } {
  const image = new Uint8Array(readFileSync(`examples/images/${name}.elf`));
  return { kind: 'guest', name, image, arguments: 'world', memory: 8n << 20n };
}

function guestRun(source: Source & { kind: 'guest' }): GuestRun {
  const image = parseElf(source.image);
  return new GuestRun({
    source,
    image,
    symbols: NO_SYMBOLS,
    injectedFault: null,
    storage: new Storage(SIZE),
    listener: null,
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

/** Draws places among the frames that contain anything at the end of a run: whole frames, parts of them, and keys. */
function drawPlaces({ host }: Run, random: Random, count: number, without: readonly number[] = []): Place[] {
  const { machine, kernel } = host as NonNullable<Run['host']>;
  const { bytes, keys } = machine.storage;
  const frames: number[] = [];
  for (let frame = 0; frame < kernel.frames.touched / 4096; frame++) {
    const contents = bytes.subarray(frame * 4096, (frame + 1) * 4096);
    if (!without.includes(frame) && (keys[frame] !== 0 || contents.some((byte) => byte !== 0)))
      frames.push(frame);
  }
  return Array.from({ length: count }, (_, i): Place => {
    const frame = random.pick(frames);
    if (i % 5 === 4) return { of: 'keys', at: frame, length: 1 };
    if (i % 5 === 3) return { of: 'storage', at: frame * 4096, length: 4096 };
    const used = Array.from({ length: 512 }, (_, n) => frame * 4096 + n * 8).filter((at) =>
      bytes.subarray(at, at + 8).some((byte) => byte !== 0),
    );
    const at = used.length > 0 ? random.pick(used) : frame * 4096;
    return { of: 'storage', at, length: i % 5 === 2 ? 1 + random.below(100) : 8 };
  });
}

describe.each([2, 3, 4])('in the random scenario %i', (seed) => {
  it('every change is found, forward and back', () => {
    const source: Source = { kind: 'scenario', text: randomScenario(seed, 100) };
    const random = new Random(seed);
    const script = readScript(source.text);
    const scenario = () => new ScenarioRun(script, null, new Storage(SIZE), null);
    const ended = scenario();
    ended.advance(script.lines.length);
    const places = drawPlaces(ended, random, 5);
    const changes = bruteForce(scenario(), places, script.lines.length);
    const player = played(source);
    expect(changes.flat().length).toBeGreaterThan(0);
    places.forEach((place, i) => {
      const expected = changes[i] as Position[];
      expectFound(player, place, expected, random, 1);
      if (expected.length > 4) return;
      expect(all(player, subjectOf(place), 'next'), JSON.stringify(place)).toEqual(expected);
      expect(all(player, subjectOf(place), 'previous'), JSON.stringify(place)).toEqual(expected);
    });
  });
});

describe.each(['exceptions', 'clock', 'paging', 'tour'])('in the guest %s', (name) => {
  it('every change is found, forward and back', () => {
    const STEPS = 2000;
    const source = guest(name);
    const random = new Random(7);
    const ended = guestRun(source);
    ended.advance(STEPS);
    // A state description is updated when the guest leaves interpretive execution, so it depends on where runs stop.
    const blocks = (ended.vcpu?.vm.vcpus ?? []).map(({ block }) => Math.floor(block.origin / 4096));
    const places = drawPlaces(ended, random, 5, blocks);
    const changes = bruteForce(guestRun(source), places, STEPS);
    const player = played(source, STEPS);
    expect(changes.flat().length).toBeGreaterThan(0);
    places.forEach((place, i) => {
      const expected = changes[i] as Position[];
      expectFound(player, place, expected, random, 1);
      if (expected.length > 4) return;
      expect(all(player, subjectOf(place), 'next'), JSON.stringify(place)).toEqual(expected);
      expect(all(player, subjectOf(place), 'previous'), JSON.stringify(place)).toEqual(expected);
    });
  });
});

describe('a change', () => {
  const text =
    'mmap 256M 1M\nprocess write 256M 11\nprocess write 256M 22\nprocess write 256M 22\nmunmap 256M 4K\n';
  const page = { space: 'process 0', page: 2 ** 16 } as const;

  it('of a page is found in the frame that it has at the position', () => {
    const player = played({ kind: 'scenario', text });
    const { change, address, length } = find(
      player,
      { kind: 'page', ...page },
      { step: 4, event: 0 },
      'last',
    );
    expect(length).toBe(4096);
    expect(change).toMatchObject({ position: { step: 3, event: 0 }, before: null, after: null });
    // The fourth line stores the byte that is there already.
    const byte = find(player, { kind: 'bytes', address, length: 1 }, { step: 4, event: 0 }, 'last').change;
    expect(byte).toEqual({
      position: { step: 3, event: 0 },
      before: Uint8Array.of(0x11),
      after: Uint8Array.of(0x22),
    });
  });

  it('of an entry is found inside the step, after the event that follows it', () => {
    const player = played({ kind: 'scenario', text });
    const linked = find(player, { kind: 'entry', ...page }, { step: 4, event: 0 }, 'last');
    expect(linked.length).toBe(8);
    expect(linked.change?.position.step).toBeLessThanOrEqual(2);
    expect(linked.change?.after).not.toEqual(linked.change?.before);
    const unmapped = find(player, { kind: 'entry', ...page }, { step: 4, event: 0 }, 'next').change;
    expect(unmapped?.before).toEqual(linked.change?.after);
    expect(unmapped?.position.step).toBeGreaterThanOrEqual(4);
  });

  it('of what a page does not have at the position is refused, as is one of a trace', () => {
    const player = played({ kind: 'scenario', text });
    const search = (subject: ChangeSubject) => () => find(player, subject, { step: 1, event: 0 }, 'last');
    expect(search({ kind: 'page', ...page })).toThrow(
      new PlayerError('page 0x10000000 of process 0 has no frame at this position'),
    );
    expect(search({ kind: 'entry', ...page })).toThrow('has no page-table entry at this position');
    expect(search({ kind: 'page', space: 'gmap 9', page: 0 })).toThrow('there is no gmap 9 at this position');
    expect(search({ kind: 'bytes', address: 0n, length: 4097 })).toThrow('1 to 4096 bytes, not for 4097');
    expect(search({ kind: 'bytes', address: 1n << 40n, length: 8 })).toThrow('is not in the 1024 MiB');
    expect(search({ kind: 'key', address: 1n << 40n })).toThrow('is not in the 1024 MiB');
    expect(search({ kind: 'key', address: -1n })).toThrow('no address of storage is -1');
    const trace = played({ kind: 'trace', name: 'x', text: '{"type":"mm-alloc","mm":0,"asce":"0x0"}' });
    expect(() => trace.searchChange({ kind: 'bytes', address: 0n, length: 8 }, START, 'last')).toThrow(
      'a trace does not tell what storage contains',
    );
  });
});
