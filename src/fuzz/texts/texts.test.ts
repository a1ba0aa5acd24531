/** The fuzzer of texts finds nothing in fixed runs, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Player, type Snapshot } from '../../player/index.ts';
import { World } from '../../scenario/index.ts';
import { CaseCampaign, formatCase, seedOf, TextsFuzzer } from '../index.ts';

const texts = ['mmap 256M 1M\ngmap_alloc 0\nslot 0 0 256M 0 1M log\nguest 0 write 0 aa\ndirty 0 0'];

afterEach(() => vi.restoreAllMocks());

function kindsFound(runs: number): string[] {
  const fuzzer = new TextsFuzzer({ texts });
  const kinds = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const { finding } = fuzzer.run(fuzzer.generate(seedOf(1, run)));
    if (finding) kinds.add(finding.kind);
  }
  return [...kinds];
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new TextsFuzzer({ texts }), 5);
  for (let run = 0; run < 100; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

it('a repeated line and a long one have the right text', () => {
  const fuzzer = new TextsFuzzer();
  const setup = { kind: 'scenario', injectedFault: null, check: true } as const;
  const steps = [
    { do: 'line', text: 'stats', repeat: 3 },
    { do: 'long', before: 'mmap ', text: '9', count: 100_000, after: ' 4K' },
    { do: 'record', steps: 10 },
    { do: 'look', step: 2, event: 0, space: 0, ask: 'row', first: 0, end: 2 ** 30, count: 100 },
  ] as const;
  expect(fuzzer.run({ setup, steps })).toEqual({ finding: null, performed: 4 });
});

describe('an injected fault is found:', () => {
  it('an undocumented error', () => {
    vi.spyOn(Player.prototype, 'at').mockImplementation(() => {
      throw new TypeError('planted');
    });
    expect(kindsFound(10)).toContain('breakdown');
  });

  it('an answer that exceeds its limit', () => {
    const at = Player.prototype.at;
    vi.spyOn(Player.prototype, 'at').mockImplementation(function (this: Player, position, ask) {
      return at.call(this, position, (snapshot) =>
        ask({
          outline: () => snapshot.outline(),
          row: () => ({ kind: 'guest', extents: new Array(5000) }),
          pages: () => ({ first: 0, flags: new Uint8Array(5000) }),
          machine: null,
        } as unknown as Snapshot),
      ) as never;
    });
    expect(kindsFound(40)).toContain('size');
  });

  it('a scenario that causes an error of the host', () => {
    const fuzzer = new TextsFuzzer({ texts });
    // Generated operations are performed once before, for their events.
    const cases = Array.from({ length: 30 }, (_, run) => fuzzer.generate(seedOf(1, run)));
    vi.spyOn(World.prototype, 'perform').mockImplementation(() => {
      throw new TypeError('x is not a function');
    });
    expect(cases.map((one) => fuzzer.run(one).finding?.kind)).toContain('breakdown');
  });
});
