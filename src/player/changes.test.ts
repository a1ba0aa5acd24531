import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { GuestRun } from './guest/guest-run.ts';
import { type ChangeTarget, Player, PlayerError, type Position, type Source } from './index.ts';

const QUIET = { check: false } as const;

function guest(name: string): Source {
  const image = new Uint8Array(readFileSync(`examples/images/${name}.elf`));
  return { kind: 'guest', name, image, arguments: 'world', memory: 8n << 20n };
}

function played(source: Source): Player {
  const player = new Player(source, QUIET);
  while (player.progress.end === null) player.record(1_000_000);
  return player;
}

function find(player: Player, target: ChangeTarget, from: Position, direction: 'next' | 'previous') {
  const search = player.searchChange(target, from, direction);
  while (!search.advance());
  return search.found;
}

/** Returns the positions of all changes, found forwards or backwards, in ascending order. */
function changes(player: Player, target: ChangeTarget, direction: 'next' | 'previous'): Position[] {
  const found: Position[] = [];
  let at: Position = direction === 'next' ? { step: 0, event: 0 } : { step: player.progress.steps, event: 0 };
  for (;;) {
    const position = find(player, target, at, direction)?.position;
    if (position === undefined) return direction === 'next' ? found : found.reverse();
    found.push(position);
    // The last change before this one: at the position right before it.
    at = direction === 'next' ? position : before(player, position);
  }
}

function before(player: Player, { step, event }: Position): Position {
  if (event > 0) return { step, event: event - 1 };
  const inStep = player.events.filter(({ position }) => position.step === step - 1).length;
  return { step: step - 1, event: inStep };
}

/** Returns the positions at which the entry of a segment's page table, read at every position, is different. */
function entryChanges(player: Player, page: number, first: number, last: number) {
  const found: Position[] = [];
  let known: bigint | null | undefined;
  for (let step = first; step <= last; step++) {
    const events = player.events.filter(({ position }) => position.step === step).length;
    for (let event = 0; event <= events; event++) {
      const value = player.at({ step, event }, ({ machine }) => {
        const walk = machine?.walk('gmap 0', BigInt(page) << 12n)?.walk;
        return walk?.absolute ?? null;
      });
      if (value !== known && known !== undefined) found.push({ step, event });
      known = value;
    }
  }
  return found;
}

describe('changes of guest memory', () => {
  const target = { space: 'gmap 0', address: 0x28000n, length: 8 } as const;

  it('are the same forwards and backwards', () => {
    const player = played(guest('hello'));
    const forward = changes(player, target, 'next');
    expect(forward.length).toBeGreaterThan(5);
    expect(changes(player, target, 'previous')).toEqual(forward);
  });

  it('are all that a comparison at every position finds', () => {
    const player = played(guest('hello'));
    const frame = find(player, target, { step: player.progress.steps, event: 0 }, 'previous')?.absolute ?? 0n;
    const byFrame = changes(player, { space: null, address: frame, length: 8 }, 'next');
    // Each position right before a change has the bytes that the change replaces.
    let from: Position = { step: 0, event: 0 };
    let bytes: Uint8Array | null | undefined;
    for (const position of byFrame) {
      const change = find(player, { space: null, address: frame, length: 8 }, from, 'next');
      expect(change?.position).toEqual(position);
      if (bytes !== undefined) expect(change?.before).toEqual(bytes);
      expect(change?.after).not.toEqual(change?.before);
      bytes = change?.after;
      from = position;
    }
    const { steps } = player.progress;
    expect(entryChanges(player, 0x28, 1, steps)).toEqual(
      changes(player, { space: 'gmap 0', address: 0x28fffn, length: 1 }, 'next').slice(0, 1),
    );
  });

  it('come right after the instruction that stores', () => {
    const player = played(guest('hello'));
    const stores: number[] = [];
    for (let at: Position | undefined = { step: 0, event: 0 }; at !== undefined; ) {
      const search = player.search(['write:0x28000,8'], at, 'next');
      while (!search.advance());
      at = search.found?.position;
      if (at !== undefined) stores.push(at.step);
    }
    const steps = changes(player, target, 'next').map(({ step }) => step);
    expect(steps.filter((step) => stores.includes(step)).length).toBeGreaterThan(5);
  });
});

describe('changes of an entry in a scenario', () => {
  const text = [
    'mmap 256M 1M',
    'gmap_alloc 0',
    'gmap_map_segment 0 256M 0 1M',
    'guest 0 write 0 aa',
    'gmap_unmap_segment 0 0 1M',
    'gmap_map_segment 0 256M 0 1M',
    'guest 0 read 0 1',
  ].join('\n');

  it('include an unlink and a link that restores the same value', () => {
    const player = played({ kind: 'scenario', text });
    const links = player.events.filter(({ event }) => event.type === 'link');
    const entry = links[0]?.event.type === 'link' ? links[0].event.entry : 0n;
    const all = changes(player, { space: null, address: entry, length: 8 }, 'next');
    const steps = all.map(({ step, event }) => (event === 0 ? step - 1 : step));
    for (const step of [2, 3, 4, 5, 6]) expect(steps).toContain(step);
    expect(changes(player, { space: null, address: entry, length: 8 }, 'previous')).toEqual(all);
    // The value of a linked entry comes back.
    const last = find(player, { space: null, address: entry, length: 8 }, { step: 7, event: 0 }, 'previous');
    expect(last?.position.step).toBe(6);
  });

  it('of guest memory include the page that comes and goes', () => {
    const player = played({ kind: 'scenario', text });
    const found = changes(player, { space: 'gmap 0', address: 0n, length: 1 }, 'next');
    expect(found.map(({ step, event }) => (event === 0 ? step - 1 : step))).toEqual(
      expect.arrayContaining([3, 4, 6]),
    );
  });
});

describe('a search for a change', () => {
  it('can be paused, and refuses what is not in one page', () => {
    const player = played(guest('hello'));
    const target = { space: 'gmap 0', address: 0x28000n, length: 8 } as const;
    const end = { step: player.progress.steps, event: 0 };
    const search = player.searchChange(target, end, 'previous');
    let pauses = 0;
    while (!search.advance(() => true)) pauses++;
    expect(pauses).toBeGreaterThan(0);
    expect(search.found).toEqual(find(player, target, end, 'previous'));
    expect(() => player.searchChange({ ...target, length: 4097 }, end, 'next')).toThrow(PlayerError);
    expect(() => player.searchChange({ ...target, address: 0x28fffn }, end, 'next')).toThrow(PlayerError);
  });
});

describe('a search in a long run', () => {
  const image = new Uint8Array(readFileSync('bench/kernels/images/xorshift.elf'));
  const STEPS = 3_000_000;
  const player = new Player({ kind: 'guest', name: 'xorshift', image }, QUIET);
  player.record(STEPS);
  const end = { step: STEPS, event: 0 };

  /** Returns how many steps a search plays, and what it finds. */
  function playedBy(target: ChangeTarget, from: Position, direction: 'next' | 'previous') {
    let steps = 0;
    const advance = GuestRun.prototype.advance;
    const spy = vi.spyOn(GuestRun.prototype, 'advance').mockImplementation(function (
      this: GuestRun,
      ...args
    ) {
      const before = this.step;
      advance.apply(this, args);
      steps += this.step - before;
    });
    const found = find(player, target, from, direction);
    spy.mockRestore();
    return { steps, found };
  }

  it('plays only where the memory may have changed', () => {
    const entry = player.at(end, ({ machine }) => {
      return machine?.table('gmap 0', { level: 'segment', page: 0, from: 0, count: 1 })?.entries[0]?.at;
    });
    const segment = { space: null, address: entry ?? 0n, length: 8 } as const;
    const last = playedBy(segment, end, 'previous');
    expect(last.found?.after).not.toBeNull();
    expect(last.steps).toBeLessThanOrEqual(200_000);
    expect(playedBy(segment, { step: STEPS / 2, event: 0 }, 'next')).toEqual({ steps: 0, found: null });
  });

  it('begins close to where it must play', () => {
    while (!player.prepare(() => true));
    // The code of the guest is only loaded.
    const { steps, found } = playedBy({ space: 'gmap 0', address: 0x2_0000n, length: 8 }, end, 'previous');
    expect(found?.position.step).toBeLessThan(1000);
    expect(steps).toBeLessThan(STEPS / 4);
  });
});
