import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TraceEvent } from '../trace/index.ts';
import { everything as all, hexadecimal } from './fixtures.ts';
import { Player, PlayerError, type Position, type Settings, type Snapshot, type Source } from './index.ts';

const QUIET: Settings = { injectedFault: null, check: false };
const CHECKED: Settings = { injectedFault: null, check: true };
const IMAGES = ['hello', 'memory', 'paging', 'exceptions', 'clock'];

function scenario(name: string): Source {
  return { kind: 'scenario', text: readFileSync(`examples/scenarios/${name}.txt`, 'utf8') };
}

function guest(name: string): Source & { kind: 'guest' } {
  const image = new Uint8Array(readFileSync(`examples/images/${name}.elf`));
  return { kind: 'guest', name, image, arguments: 'world', memory: 8n << 20n };
}

function played(source: Source, settings = QUIET): Player {
  const player = new Player(source, settings);
  for (let i = 0; i < 100 && player.progress.end === null; i++) player.record(1_000_000);
  return player;
}

describe.each(['first', 'fork'])('the scenario %s', (name) => {
  it('has the same state at a position, however it is reached', () => {
    const player = played(scenario(name));
    const positions: Position[] = [{ step: 0, event: 0 }];
    for (const { position } of player.events) positions.push(position);
    for (let step = 1; step <= player.progress.steps; step++) positions.push({ step, event: 0 });
    const forward = new Map(positions.map((position) => [position, player.at(position, all)]));
    // Backwards, and then in an arbitrary order.
    for (const position of [...positions].reverse())
      expect(player.at(position, all)).toBe(forward.get(position));
    for (let i = 0; i < 40; i++) {
      const position = positions[(i * 7919) % positions.length] as Position;
      expect(player.at(position, all)).toBe(forward.get(position));
    }
    expect(new Set(forward.values()).size).toBeGreaterThan(positions.length / 3);
  });

  it('has the state inside a step that its events imply', () => {
    const player = played(scenario(name));
    const links = player.events.filter(({ event }) => event.type === 'link' || event.type === 'unlink');
    expect(links.length).toBeGreaterThan(1);
    for (const { position, event } of links) {
      const linked = ({ step, event: nth }: Position) =>
        player.at({ step, event: nth }, (s) => s.machine?.stats().rmaps);
      const after = linked(position) as number;
      expect(after - (linked({ ...position, event: position.event - 1 }) as number)).toBe(
        event.type === 'link' ? 1 : -1,
      );
    }
  });

  it('has the answers of replay, and breaks no rule', () => {
    const player = played(scenario(name), CHECKED);
    expect(player.progress.end).toEqual({ sentence: 'the scenario ended', stuck: false });
    expect(player.progress.violations).toEqual([]);
    expect(player.answers.length).toBe(player.progress.steps);
    expect(player.answers.some(({ answer }) => answer[0]?.startsWith('ok '))).toBe(true);
  });

  it('is described by its trace', () => {
    const player = played(scenario(name));
    const alloc: TraceEvent = { type: 'mm-alloc', mm: 0, asce: 0n };
    const text = [{ position: { step: 0, event: 1 }, event: alloc }, ...player.events]
      .map(({ event }) => JSON.stringify(event, hexadecimal))
      .join('\n');
    const trace = played({ kind: 'trace', name: 'x.jsonl', text });
    expect(trace.progress.steps).toBe(player.progress.events + 1);
    // At the end of steps: inside one, tables change before the event that describes the whole step is emitted.
    let events = 1;
    for (let step = 1; step <= player.progress.steps; step++) {
      while (player.events[events - 1] && (player.events[events - 1]?.position.step as number) < step)
        events++;
      const lines = player.at({ step, event: 0 }, ofSpaces);
      expect(trace.at({ step: events, event: 0 }, ofSpaces), `after step ${step}`).toEqual(lines);
    }
  });
});

/** The parts of a snapshot that a host and its trace have in common. */
function ofSpaces(snapshot: Snapshot) {
  return snapshot.outline().map(({ name, limit, extents }) => {
    const row = snapshot.row(name, { first: 0, end: limit, limit: 300 });
    return {
      name,
      extents,
      parts: row?.extents.map((extent) => ({ ...extent, sharedMemory: false, present: 0 })),
    };
  });
}

describe.each(IMAGES)('the guest %s', (name) => {
  it('has the same state when stepped as when run', () => {
    const player = played(guest(name));
    const { steps, end } = player.progress;
    expect(end).not.toBeNull();
    const last = player.at({ step: steps, event: 0 }, all);
    const middle = Math.floor(steps / 2);
    const half = player.at({ step: middle, event: 0 }, all);
    const stepwise = new Player(guest(name), QUIET);
    // About 400 steps around the middle one by one, the rest at once.
    for (let step = Math.max(0, middle - 200); step <= Math.min(steps, middle + 200); step++) {
      const state = stepwise.at({ step, event: 0 }, (snapshot) => (step === middle ? all(snapshot) : ''));
      if (step === middle) expect(state).toBe(half);
    }
    expect(stepwise.at({ step: steps, event: 0 }, all)).toBe(last);
  });

  it('emits the same events wherever it is stopped, and has the same state inside a step', () => {
    const player = played(guest(name));
    const other = new Player(guest(name), QUIET);
    while (other.progress.end === null) other.record(37);
    expect(other.events).toEqual(player.events);
    for (const { position } of player.events.slice(0, 30)) {
      expect(other.at(position, all)).toBe(player.at(position, all));
    }
  });

  it('breaks no rule', () => {
    expect(played(guest(name), CHECKED).progress.violations).toEqual([]);
  });
});

describe('a guest with tables of its own', () => {
  const DAT = 1n << 58n;
  const player = played(guest('paging'));
  /** Returns the first position at which the guest uses its own tables. */
  const translating = () => {
    for (let step = 1; step < player.progress.steps; step += 500) {
      const position = { step, event: 0 };
      const mask = player.at(
        position,
        (snapshot) => snapshot.machine?.processors()[0]?.registers.pswMask ?? 0n,
      );
      if (mask & DAT) return position;
    }
    throw new Error('the guest never translates');
  };

  it('translates through them first, then through the host’s', () => {
    const position = translating();
    const { pswAddress, code } =
      player.at(position, (snapshot) => snapshot.machine?.processors()[0]?.registers) ?? {};
    const current = code?.find(({ address }) => address === pswAddress);
    const found = player.at(position, (snapshot) => {
      const answer = snapshot.machine?.walk('gmap 0', pswAddress as bigint, { virtual: true });
      const outline = snapshot.outline().find(({ name }) => name === 'gmap 0');
      return { answer, outline };
    });
    expect(found.answer?.own?.steps.length).toBeGreaterThan(2);
    expect(found.answer?.own?.steps[0]?.value).not.toBe(found.outline?.asce);
    expect(found.answer?.walk?.steps[0]?.value).toBe(found.outline?.asce);
    expect(found.answer?.walk?.absolute).not.toBeNull();
    expect(found.answer?.absolute).not.toBeNull();
    expect(current?.text).not.toMatch(/^[.]/);
  });

  it('ends with an exception if they lead nowhere', () => {
    const answer = player.at(translating(), (snapshot) =>
      snapshot.machine?.walk('gmap 0', 0x80000000000n, { virtual: true }),
    );
    expect(answer?.own?.exception?.name).toBe('asce-type');
    expect(answer?.walk).toBeNull();
    expect(answer?.absolute).toBeNull();
  });

  it('uses them only after it has turned DAT on', () => {
    const answer = player.at({ step: 2, event: 0 }, (snapshot) =>
      snapshot.machine?.walk('gmap 0', 0x20000n, { virtual: true }),
    );
    expect(answer?.own).toBeNull();
    expect(answer?.walk).not.toBeNull();
    expect(
      player.at({ step: 2, event: 0 }, (snapshot) =>
        snapshot.machine?.walk('process 0', 0n, { virtual: true }),
      ),
    ).toBeNull();
  });
});

describe('a host with an injected fault', () => {
  const text =
    'mmap 256M 1M\ngmap_alloc 0\ngmap_map_segment 0 256M 0 1M\nguest 0 write 0 aa\nmunmap 256M 1M\nmmap 512M 1M\nprocess write 512M bb';

  it.each(['unlink', 'page-table-freed'] as const)('breaks a rule: %s', (injectedFault) => {
    const player = played({ kind: 'scenario', text }, { injectedFault, check: true });
    const [first] = player.progress.violations;
    expect(first?.step).toBe(4);
    expect(first?.violation.operations.at(-1)).toBe('line 5: munmap 256M 1M');
  });

  it('breaks none without one', () => {
    expect(played({ kind: 'scenario', text }, CHECKED).progress.violations).toEqual([]);
  });
});

describe('a closed player', () => {
  it('hands its storage, cleared, to the next one', () => {
    const first = played(scenario('fork'));
    first.at({ step: 5, event: 0 }, all);
    const storages = first.close();
    expect(storages.length).toBe(1);
    expect(first.close()).toEqual([]);
    const second = new Player(scenario('first'), QUIET, storages);
    second.record(1000);
    const position = { step: 9, event: 0 };
    expect(second.at(position, all)).toBe(played(scenario('first')).at(position, all));
    expect(second.close().length).toBe(1);
  });

  it('plays nothing', () => {
    const player = new Player(scenario('first'), QUIET);
    player.record(3);
    player.close();
    player.record(3);
    expect(player.progress.steps).toBe(3);
    expect(() => player.at({ step: 0, event: 0 }, all)).toThrow(new PlayerError('the player was closed'));
  });
});

describe('a source that cannot be played', () => {
  it('a scenario ends before a line with a syntax error', () => {
    const player = played({ kind: 'scenario', text: 'stats\nnonsense\nstats' });
    expect(player.progress).toMatchObject({ steps: 1, of: 1 });
    expect(player.progress.end).toEqual({ sentence: 'line 2: unknown operation "nonsense"', stuck: true });
  });

  it.each([
    ['nothing', '', 'x: the trace contains no events'],
    ['no JSON', 'hello', 'x:1: not a JSON object'],
    ['null', 'null', 'x:1: not a JSON object'],
    ['another type', '{"type":"boom"}', 'x:1: unknown event type "boom"'],
    ['a field too few', '{"type":"mm-free"}', 'x:1: mm-free: mm is not a valid number'],
    [
      'a bad address',
      '{"type":"unmap","gmap":0,"address":"12","length":"0x1"}',
      'x:1: unmap: address is not a valid address',
    ],
  ])('a trace that is %s', (_, text, message) => {
    expect(() => new Player({ kind: 'trace', name: 'x', text }, QUIET)).toThrow(new PlayerError(message));
  });

  it('a file that is not an image', () => {
    const image = new Uint8Array(10);
    expect(() => new Player({ kind: 'guest', name: 'x', image }, QUIET)).toThrow(PlayerError);
  });
});
