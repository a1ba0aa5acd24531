/** What events tell about translations is what the tables say. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { randomScenario } from '../../fuzz/testing/index.ts';
import type { InjectedFault } from '../../host/index.ts';
import { formatOperation } from '../../scenario/index.ts';
import { hexadecimal } from '../fixtures.ts';
import { Player, type SpaceName } from '../index.ts';

const QUIET = { injectedFault: null, check: false };
const END = Number.MAX_SAFE_INTEGER;

/** Plays a scenario to its end, and the trace of it. */
function played(
  text: string,
  injectedFault: InjectedFault | null = null,
): { scenario: Player; trace: Player } {
  const scenario = new Player({ kind: 'scenario', text }, { ...QUIET, injectedFault });
  scenario.record(END);
  const lines = scenario.events.map(({ n, event }) => JSON.stringify({ n, ...event }, hexadecimal));
  // The trace of a player begins after process 0.
  const asce = '{"type":"mm-alloc","mm":0,"asce":"0x101c7"}';
  const trace = new Player({ kind: 'trace', name: 'x', text: [asce, ...lines].join('\n') }, QUIET);
  trace.record(END);
  return { scenario, trace };
}

/** Compares the translations of every mapped page. Returns how many lead to a frame. */
function compare({ scenario, trace }: { scenario: Player; trace: Player }): number {
  let frames = 0;
  const at = (player: Player) => ({ step: player.progress.steps, event: 0 });
  scenario.at(at(scenario), (real) =>
    trace.at(at(trace), (told) => {
      for (const { name, extents } of real.outline()) {
        for (const { first, end } of extents) {
          for (let page = first; page < Math.min(end, first + 600); page++) {
            const address = BigInt(page) << 12n;
            const walk = real.machine?.walk(name, address)?.walk;
            const traced = told.tracedWalk(name, address);
            // A page without access has a frame, and no translation.
            if (walk?.absolute === null || walk?.absolute === undefined) continue;
            // Pages of a forked process, and some that the host made present itself, are not in events.
            if (traced?.absolute === null) continue;
            expect([name, address, traced?.absolute]).toEqual([name, address, walk.absolute]);
            const entry = walk.steps.find(({ level }) => level === 'page');
            if (traced?.pageEntry !== null) expect(traced?.pageEntry).toBe(entry?.at);
            frames++;
          }
        }
      }
    }),
  );
  return frames;
}

describe('a translation as events tell it', () => {
  it('is that of the tables, in random scenarios, or not known', { timeout: 60_000 }, () => {
    let frames = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const lines = randomScenario(seed, 40).map(formatOperation);
        frames += compare(played(lines.join('\n')));
      }),
      { numRuns: 25 },
    );
    expect(frames).toBeGreaterThan(20);
  });

  const TEXT =
    'mmap 256M 1M\ngmap_alloc 0\ngmap_map_segment 0 256M 1G 1M\nguest 0 write 1G 01\nprocess write 0x10003000 02\n';
  const ask = (space: SpaceName, address: bigint, text = TEXT) => {
    const { trace } = played(text);
    return trace.at({ step: trace.progress.steps, event: 0 }, (snapshot) =>
      snapshot.tracedWalk(space, address),
    );
  };

  it('of a linked segment has the entry, the page table and the frame', () => {
    const walk = ask('gmap 0', 0x4000_3008n);
    expect(walk).toMatchObject({ segment: 'linked', process: 0x1000_3008n, table: { kind: 'page-table' } });
    const [entry, origin] = [walk?.pageEntry as bigint, walk?.table?.origin as bigint];
    expect(entry - origin).toBe(24n);
    expect((walk?.absolute as bigint) - (walk?.frame as bigint)).toBe(8n);
    expect(walk?.unknown.length).toBe(2);
  });

  it('of anything else says how far it goes', () => {
    expect(ask('gmap 0', 0x4000_4000n)).toMatchObject({ segment: 'linked', frame: null, absolute: null });
    expect(ask('gmap 0', 0n)).toMatchObject({ segment: 'none', process: null });
    expect(ask('gmap 0', 1n << 30n, TEXT.replace(/guest.*\n/, ''))).toMatchObject({
      segment: 'mapped',
      process: 0x1000_0000n,
      absolute: null,
    });
    expect(ask('gmap 7', 0n)).toBeNull();
    expect(ask('process 0', 0x1000_3001n)).toMatchObject({ segment: null, absolute: expect.anything() });
  });

  it('is not given where the tables can be read', () => {
    const { scenario } = played(TEXT);
    const at = { step: scenario.progress.steps, event: 0 };
    expect(scenario.at(at, (snapshot) => snapshot.tracedWalk('gmap 0', 0n))).toBeNull();
  });
});

describe('a segment that is linked to a freed page table', () => {
  it('is linked to none of the process, as in the tables', () => {
    const text =
      'mmap 256M 1M\ngmap_alloc 0\ngmap_map_segment 0 256M 0 1M\nguest 0 write 0 aa\nmunmap 256M 1M\n';
    const { scenario, trace } = played(text, 'unlink');
    const [real, told] = [scenario, trace].map((player) =>
      player.at({ step: player.progress.steps, event: 0 }, (snapshot) =>
        snapshot.row('gmap 0', { first: 0, end: 256, limit: 1 }),
      ),
    );
    // The entries of a freed table are whatever its frame holds now.
    const extents = (real?.extents ?? []).map((extent) => ({ ...extent, present: 0 }));
    expect(told?.extents).toEqual(extents);
    expect(extents).toMatchObject([{ processFirst: -256, linked: 1 }]);
  });
});
