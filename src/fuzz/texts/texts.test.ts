/** The texts' fuzzer finds nothing in fixed runs, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { Player, type Snapshot } from '../../player/index.ts';
import { World } from '../../scenario/index.ts';
import { seedOf, TextsFuzzer } from '../index.ts';
import { failureIn, kindsFound } from '../testing/index.ts';

const texts = ['mmap 256M 1M\ngmap_alloc 0\nslot 0 0 256M 0 1M log\nguest 0 write 0 aa\ndirty 0 0'];

afterEach(() => vi.restoreAllMocks());

it('finds nothing in fixed runs', () => expect(failureIn(new TextsFuzzer({ texts }), 40)).toBe(null));

it('a repeated line and a long one have the right text', () => {
  const fuzzer = new TextsFuzzer();
  const setup = { kind: 'scenario', injectedFault: null, check: true } as const;
  const steps = [
    { do: 'line', text: 'stats', repeat: 3 },
    { do: 'long', before: 'mmap ', text: '9', count: 100_000, after: ' 4K' },
    { do: 'record', steps: 10 },
    { do: 'query', step: 2, event: 0, space: 0, kind: 'row', first: 0, end: 2 ** 30, count: 100 },
  ] as const;
  expect(fuzzer.run({ setup, steps })).toEqual({ finding: null, performed: 4 });
});

describe('an injected fault is found:', () => {
  it('an undocumented error', () => {
    vi.spyOn(Player.prototype, 'at').mockImplementation(() => {
      throw new TypeError('planted');
    });
    expect(kindsFound(new TextsFuzzer({ texts }), 10, 'breakdown')).toContain('breakdown');
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
    expect(kindsFound(new TextsFuzzer({ texts }), 40, 'size')).toContain('size');
  });

  it('a scenario that causes an error of the host', () => {
    const fuzzer = new TextsFuzzer({ texts });
    // Cases are generated first, because `generate` performs operations itself, to get their events.
    const cases = Array.from({ length: 30 }, (_, run) => fuzzer.generate(seedOf(1, run)));
    vi.spyOn(World.prototype, 'perform').mockImplementation(() => {
      throw new TypeError('x is not a function');
    });
    expect(cases.map((one) => fuzzer.run(one).finding?.kind)).toContain('breakdown');
  });
});
