import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { BreakpointError, BreakpointWatch, parseBreakpoint } from '../debug/index.ts';
import { Storage } from '../machine/index.ts';
import { symbolsOf } from '../vmm/index.ts';
import { everything, guestRun } from './fixtures.ts';
import type { GuestRun } from './guest/guest-run.ts';
import { Player, PlayerError, type Position, type Source } from './index.ts';

const QUIET = { check: false } as const;

function guest(name: string): Source & { kind: 'guest' } {
  const image = new Uint8Array(readFileSync(`examples/images/${name}.elf`));
  return { kind: 'guest', name, image, arguments: 'world', memory: 8n << 20n };
}

function played(source: Source): Player {
  const player = new Player(source, QUIET);
  while (player.progress.end === null) player.record(1_000_000);
  return player;
}

function find(player: Player, text: string, from: Position, direction: 'next' | 'previous') {
  const search = player.search([text], from, direction);
  while (!search.advance());
  return search.found;
}

/** Returns the positions of all hits, by searching forward from the start. */
function hits(player: Player, text: string): Position[] {
  const found: Position[] = [];
  for (let at: Position | undefined = { step: 0, event: -1 }; at !== undefined; ) {
    at = find(player, text, at, 'next')?.position;
    if (at !== undefined) found.push(at);
  }
  return found;
}

const START: Position = { step: 0, event: 0 };
const addressAt = (player: Player, position: Position) =>
  player.at(position, ({ machine }) => machine?.processors()[0]?.registers.pswAddress);

describe('a breakpoint at an address', () => {
  it('is hit right before each execution of the instruction', () => {
    const player = played(guest('hello'));
    const { steps } = player.progress;
    // What stepping one by one finds.
    const print = symbolsOf(guest('hello').image).find('print')?.address;
    const expected: Position[] = [];
    for (let step = 1; step < steps; step++) {
      if (addressAt(player, { step, event: 0 }) === print) expected.push({ step, event: 0 });
    }
    expect(expected.length).toBeGreaterThan(1);
    expect(hits(player, 'print')).toEqual(expected);
  });

  it('is found backwards at the positions where it is found forwards', () => {
    const player = played(guest('hello'));
    const forward = hits(player, 'fetch:print,64');
    const back: Position[] = [];
    for (let at: Position | undefined = { step: player.progress.steps, event: 0 }; at !== undefined; ) {
      at = find(player, 'fetch:print,64', at, 'previous')?.position;
      if (at !== undefined) back.unshift(at);
    }
    expect(back).toEqual(forward);
    expect(back.length).toBeGreaterThan(2);
  });

  it('obeys its condition', () => {
    const player = played(guest('hello'));
    const all = hits(player, 'fetch:print,64');
    const registers = all.map((at) =>
      player.at(at, ({ machine }) => machine?.processors()[0]?.registers.general[2]),
    );
    const value = registers[1] as bigint;
    const chosen = all.filter((_, i) => registers[i] === value);
    expect(hits(player, `fetch:print,64 if r2 == ${value}`)).toEqual(chosen);
    expect(hits(player, `fetch:print,64 if r2 != ${value}`)).toEqual(
      all.filter((at) => !chosen.includes(at)),
    );
    expect(chosen.length).toBeLessThan(all.length);
  });
});

describe('a breakpoint for an access', () => {
  it('is hit right after the instruction that has changed the memory', () => {
    const player = played(guest('hello'));
    const found = find(player, 'write:sccb', START, 'next');
    expect(found?.cause).toMatchObject({ kind: 'access', store: true });
    const { step } = found?.position ?? START;
    // The instruction is the one before the position.
    const instruction = found?.cause.kind === 'access' ? found.cause.instruction : null;
    expect(addressAt(player, { step: step - 1, event: 0 })).toBe(instruction);
    expect(found?.position.event).toBe(0);
  });

  it('is hit by the same instructions for a logical and for the absolute address', () => {
    const player = played(guest('hello'));
    expect(hits(player, 'write:0x28000,4K')).toEqual(hits(player, 'write:absolute:0x28000,4K'));
  });

  it('tells reads from writes', () => {
    const player = played(guest('hello'));
    const [reads, writes, both] = ['read', 'write', 'access'].map((how) => hits(player, `${how}:sccb`));
    expect(writes?.length).toBeGreaterThan(0);
    const union = [...(reads ?? []), ...(writes ?? [])].map(({ step }) => step);
    expect(both?.map(({ step }) => step)).toEqual([...new Set(union)].sort((a, b) => a - b));
  });
});

describe('a breakpoint for an event', () => {
  it.each(['event:link', 'event:mm-fault', 'exit', 'interruption', 'interruption:external'])('%s', (text) => {
    const player = played(guest('hello'));
    const [, type, detail] = /^(?:event:)?([\w-]+)(?::(.*))?$/.exec(text) ?? [];
    const expected = player.events
      .filter(({ event }) => event.type === type && (!detail || ('class' in event && event.class === detail)))
      .map(({ position }) => position);
    expect(expected.length).toBeGreaterThan(0);
    expect(hits(player, text)).toEqual(expected);
  });

  it('is found in a scenario and in a trace', () => {
    const text = readFileSync('examples/scenarios/first.txt', 'utf8');
    const player = played({ kind: 'scenario', text });
    const links = player.events.filter(({ event }) => event.type === 'link').map(({ position }) => position);
    expect(hits(player, 'event:link')).toEqual(links);
    const last = { step: player.progress.steps, event: 0 };
    expect(find(player, 'event:link', last, 'previous')?.position).toEqual(links.at(-1));
    expect(() => player.search(['0x1000'], START, 'next')).toThrow(PlayerError);
  });
});

describe('a search', () => {
  it('can be paused and given up at any point', () => {
    const player = played(guest('primes'));
    const search = player.search(['exit'], START, 'next');
    let pauses = 0;
    while (!search.advance(() => true)) pauses++;
    expect(pauses).toBeGreaterThan(0);
    expect(search.found?.position).toEqual(hits(player, 'exit')[0]);
    const given = player.search(['stop'], { step: player.progress.steps, event: 0 }, 'previous');
    given.advance(() => true);
    given.close();
    expect(given.found).toBeNull();
    expect(find(player, 'exit', START, 'next')?.position).toEqual(search.found?.position);
  });

  it('finds nothing where there is nothing', () => {
    const player = played(guest('hello'));
    expect(find(player, '0x12345678', START, 'next')).toBeNull();
    expect(find(player, 'main', START, 'previous')).toBeNull();
    expect(() => player.search(['main if'], START, 'next')).toThrow(BreakpointError);
  });
});

describe('a guest with breakpoints', () => {
  it.each(['hello', 'memory', 'paging', 'exceptions', 'clock'])('%s runs as without', (name) => {
    const source = guest(name);
    const run = () => guestRun(source, new Storage(64 << 20));
    const [plain, watched] = [run(), run()];
    const texts = [
      'print',
      'fetch:0x20000,0x100',
      'access:0,1G if r2 != 5',
      'write:absolute:0,1G',
      'event:link',
    ];
    const breakpoints = texts.map((text) => parseBreakpoint(text, symbolsOf(source.image)));
    let hit = 0;
    const { trace, host } = watched;
    const watch = new BreakpointWatch(
      { trace, host, vcpu: () => watched.vcpu },
      breakpoints,
      () => ++hit % 3 === 0,
    );
    const [events, seen]: string[][] = [[], []];
    for (const [one, list] of [
      [plain, events],
      [watched, seen],
    ] as const) {
      one.trace.subscribe((event) => list?.push(`${one.emitting} ${event.type}`));
    }
    while (plain.end === null) plain.advance(1000);
    while (watched.end === null) {
      watched.advance(1000, () => watch.ended());
      watch.resume();
    }
    watch.close();
    expect(hit).toBeGreaterThan(100);
    expect(watched.step).toBe(plain.step);
    expect(watched.host.machine.clock.tod).toBe(plain.host.machine.clock.tod);
    expect(seen).toEqual(events);
    expect(everything(watched.snapshot)).toBe(everything(plain.snapshot));
    const bytes = (one: GuestRun) => Buffer.from(one.host.machine.storage.bytes.buffer).subarray(0, 64 << 20);
    expect(bytes(watched).equals(bytes(plain))).toBe(true);
    expect(watched.host.machine.storage.keys).toEqual(plain.host.machine.storage.keys);
  });
});

describe('the position of an exit', () => {
  it('has the PSW that the exit names', () => {
    const player = played(guest('hello'));
    const exits = player.events.filter(({ event }) => event.type === 'exit');
    expect(exits.length).toBeGreaterThan(2);
    for (const { position, event } of exits) {
      expect(addressAt(player, position)).toBe(event.type === 'exit' ? event.address : null);
    }
  });
});
