/**
 * The limits of a recording: time in slices, bounded memory.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it, vi } from 'vitest';
import { Player, readScript, type Settings, type Source } from './index.ts';
import { MappedSegments } from './trace/mapped-segments.ts';

const QUIET: Settings = { injectedFault: null, check: false };
const at = (step: number) => ({ step, event: 0 });

/** Returns a guest of `examples`, given its path in that folder. */
function guestOf(path: string): Source & { readonly kind: 'guest' } {
  const image = new Uint8Array(readFileSync(`examples/${path}.elf`));
  return { kind: 'guest', name: path, image, memory: 8n << 20n };
}

function scenario(text: string, settings = QUIET): Player {
  return new Player({ kind: 'scenario', text }, settings);
}

describe('a guest that only takes interruptions', () => {
  const storm = guestOf('hostile/images/storm');

  it('can be stepped', () => {
    const player = new Player(storm, QUIET);
    for (let steps = 1; steps <= 12; steps++) {
      player.record(1);
      expect(player.progress).toMatchObject({ steps, end: null });
    }
    player.record(50_000);
    expect(player.progress.steps).toBe(50_012);
  });

  it('does not depend on where it is stopped', () => {
    const [once, stepwise] = [new Player(storm, QUIET), new Player(storm, QUIET)];
    once.record(300);
    for (let i = 0; i < 100; i++) stepwise.record(3);
    expect(stepwise.events).toEqual(once.events);
    expect(stepwise.at(at(300), (snapshot) => snapshot.machine?.processors())).toEqual(
      once.at(at(300), (snapshot) => snapshot.machine?.processors()),
    );
  });
});

describe('pending', () => {
  it('stops a guest whose instructions take long after a few of them', () => {
    const player = new Player(guestOf('hostile/images/slow'), { injectedFault: null, check: true });
    let asked = 0;
    player.record(1_000_000, () => ++asked > 50);
    expect(player.progress.steps).toBeGreaterThan(1);
    expect(player.progress.steps).toBeLessThan(1000);
    const { steps } = player.progress;
    expect(player.approach(steps, Infinity, () => true)).toBe(false);
    while (!player.approach(steps, Infinity, () => true));
  });

  it('does not change which violations are found, or where', () => {
    const text =
      'mmap 256M 1M\ngmap_alloc 0\ngmap_map_segment 0 256M 0 1M\nguest 0 write 0 aa\nmunmap 256M 1M\nmmap 512M 1M\nprocess write 512M bb';
    const played = (pending: () => boolean) => {
      const player = scenario(text, { injectedFault: 'unlink', check: true });
      while (player.progress.end === null) player.record(100, pending);
      return player.progress.violations;
    };
    expect(played(() => true)).toEqual(played(() => false));
  });

  it('stops a scenario after a line, and a trace after some events', () => {
    const player = scenario('stats\n'.repeat(100));
    player.record(100, () => true);
    expect(player.progress.steps).toBe(1);
    const text = '{"type":"mm-free","mm":0}\n'.repeat(1000);
    const trace = new Player({ kind: 'trace', name: 'x', text }, QUIET);
    trace.record(1000, () => true);
    expect(trace.progress.steps).toBeLessThan(100);
  });
});

describe('answers', () => {
  it('of many megabytes are not formatted, and use no memory', () => {
    const lines = 40;
    const player = scenario(`mmap 256M 16M\n${'process read 256M 16M\n'.repeat(lines)}`);
    const before = process.memoryUsage().heapUsed;
    player.record(lines + 1);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 << 20);
    expect(player.answers[lines]?.answer).toEqual([`ok ${'0'.repeat(1997)}…`]);
  });

  it('with many lines are cut as well', () => {
    const player = scenario(`mmap 256M 4M\ngmap_alloc 0\nslot 0 1 256M 0 4M log\n${writes(400)}dirty 0 1`);
    player.record(1000);
    const [line] = player.answers.at(-1)?.answer ?? [];
    expect(line).toMatch(/^ok 0x0 0x1000 /);
    expect(line).toHaveLength(2001);
  });
});

function writes(pages: number): string {
  return Array.from({ length: pages }, (_, i) => `guest 0 write ${i * 4}K 00\n`).join('');
}

describe('a scenario', () => {
  it('maps at most 16 TiB in its gmaps', () => {
    const maps = (count: number) =>
      Array.from({ length: count }, (_, i) => `gmap_alloc ${i}\ngmap_map_segment ${i} 0 0 4T\n`).join('');
    const player = scenario(maps(5));
    player.record(100);
    expect(player.progress.end).toEqual({
      sentence: 'line 10: more than 16 TiB are mapped in gmaps',
      stuck: true,
    });
  });

  it('may map the same memory repeatedly', () => {
    const player = scenario(`gmap_alloc 0\n${'gmap_map_segment 0 0 0 1T\n'.repeat(20)}`);
    player.record(100);
    expect(player.progress.end?.stuck).toBe(false);
  });

  it('has at most a million operations, and any number of empty lines', () => {
    const { lines, error } = readScript(`${'\n'.repeat(1_000_000)}${'stats\n'.repeat(1_000_001)}`);
    expect(lines).toHaveLength(1_000_000);
    expect(error).toEqual({ line: 2_000_001, message: 'more than 1000000 operations' });
  });
});

describe('a row of a trace', () => {
  /**
   * A trace with `count` mappings of one page, two segments apart, and as many mappings of all of them into a guest.
   */
  function trace(count: number): Source {
    const lines = [
      '{"type":"mm-alloc","mm":0,"asce":"0x1c7"}',
      '{"type":"gmap-alloc","gmap":0,"mm":0,"asce":"0x1cf"}',
    ];
    const length = `"length":"0x${(count * 0x20_0000).toString(16)}"`;
    for (let i = 0; i < count; i++) {
      const address = `0x${(i * 0x20_0000).toString(16)}`;
      lines.push(`{"type":"mmap","mm":0,"address":"${address}","length":"0x1000","protection":3}`);
      lines.push(
        `{"type":"map","gmap":0,"from":"0x0","to":"0x${(BigInt(i) << 40n).toString(16)}",${length}}`,
      );
    }
    return { kind: 'trace', name: 't', text: lines.join('\n') };
  }
  const counts = (player: Player, limit: number) =>
    player.at(at(2 + 600), (snapshot) => {
      const row = snapshot.row('gmap 0', { first: 0, end: 2 ** 52, limit: limit });
      if (row?.kind !== 'guest') throw new Error('no row of a guest');
      const sum = (key: 'unlinked' | 'unbacked') =>
        row.extents.reduce((total, extent) => total + extent[key], 0);
      return { unlinked: sum('unlinked'), unbacked: sum('unbacked') };
    });

  it('costs time for what is shown, not for what exists', () => {
    const player = new Player(trace(300), QUIET);
    player.record(1000);
    const result = vi.spyOn(MappedSegments.prototype, 'at');
    expect(counts(player, 200)).toEqual({ unlinked: 300 * 300, unbacked: 300 * 300 });
    expect(result.mock.calls.length).toBeLessThan(300 * 20);
    result.mockRestore();
  });

  it('has the same counts at every resolution', () => {
    const player = new Player(trace(300), QUIET);
    player.record(1000);
    const exact = (limit: number) =>
      player.at(
        at(602),
        (snapshot) => snapshot.row('gmap 0', { first: 0, end: 300 * 512, limit: limit })?.extents ?? [],
      );
    // Bucket by bucket, and segment by segment.
    for (const extent of exact(10)) {
      const inside = exact(1000).filter(({ first, end }) => first >= extent.first && end <= extent.end);
      const sum = (key: 'unlinked' | 'unbacked') =>
        inside.reduce((total, one) => total + ('unlinked' in one ? one[key] : 0), 0);
      expect(extent).toMatchObject({ unlinked: sum('unlinked'), unbacked: sum('unbacked') });
      expect(extent.end).toBe(inside.at(-1)?.end);
    }
  });
});

it('the output of a guest is filtered for terminals', () => {
  const player = new Player(guestOf('hostile/images/escapes'), QUIET);
  player.record(1_000_000);
  expect(player.progress.output.map(({ text }) => text).join('')).toBe('\u001b[31mhello\u001b[0m\n');
});
