import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { INJECTED_FAULTS } from '../faults/faults.ts';
import { TABS } from '../tabs.ts';
import { LinkError } from './codec.ts';
import { isReadable, type Readable, readReadable, writeReadable } from './readable.ts';

const START: Readable = {
  source: { kind: 'lesson', id: 'link' },
  position: null,
  tab: null,
  injectedFault: null,
  check: true,
  selected: null,
};

describe('a readable link', () => {
  it.each<[string, Partial<Readable>]>([
    ['lesson=link', {}],
    ['lesson=link&step=6', { position: { step: 6, event: 0 } }],
    ['lesson=link&step=6&event=2&view=tables', { position: { step: 6, event: 2 }, tab: 'trees' }],
    ['lesson=link&fault=unlink&check=off', { injectedFault: 'unlink', check: false }],
    ['lesson=link&at=gmap-0-0x40000000', { selected: { space: 'gmap 0', address: 1n << 30n } }],
    ['step=0', { source: { kind: 'offered' }, position: { step: 0, event: 0 } }],
    // Only the beginning of a recording on offer needs a step: it may open elsewhere.
    ['lesson=link&event=1', { position: { step: 0, event: 1 } }],
    ['step=3&view=console', { source: { kind: 'offered' }, position: { step: 3, event: 0 }, tab: 'console' }],
  ])('%s', (link, parts) => {
    const shared = { ...START, ...parts };
    expect(writeReadable(shared)).toBe(link);
    expect(isReadable(link)).toBe(true);
    expect(readReadable(link)).toEqual(shared);
  });

  it('is read as it was written', () => {
    const shared = fc.record({
      source: fc.oneof(
        fc.record({ kind: fc.constant('lesson' as const), id: fc.stringMatching(/^[a-z0-9]{1,40}$/) }),
        fc.record({ kind: fc.constant('offered' as const) }),
      ),
      position: fc.record({ step: fc.integer({ min: 1 }), event: fc.nat() }),
      tab: fc.constantFrom(null, ...TABS.map(({ id }) => id)),
      injectedFault: fc.constantFrom(null, ...INJECTED_FAULTS),
      check: fc.boolean(),
      selected: fc.option(
        fc.record({
          space: fc.constantFrom('gmap 63' as const, 'process 0' as const),
          address: fc.bigInt(0n, (1n << 64n) - 1n),
        }),
      ),
    });
    fc.assert(
      fc.property(shared, (one) => {
        const link = writeReadable(one) as string;
        expect(link).toMatch(/^[a-z0-9=&-]+$/);
        expect(readReadable(link)).toEqual(one);
      }),
    );
  });

  it('cannot hold a scenario', () => {
    expect(writeReadable({ ...START, source: { kind: 'scenario', text: 'stats' } })).toBeNull();
  });

  it.each([
    ['lesson=link&stp=6', '“stp” is not one of'],
    ['lesson=link&step=six', '“six” is not a number (step)'],
    ['lesson=link&step=-1', '“-1” is not a number'],
    ['lesson=link&step=99999999999999999', 'is not a number'],
    ['lesson=link&view=trees', '“trees” is not a view: spaces, tables,'],
    ['lesson=link&fault=all', '“all” is not a bug: unlink,'],
    ['lesson=link&at=gmap 0', 'is not a place such as'],
    ['lesson=a&lesson=b', '“lesson” is given twice'],
    [`lesson=${'a'.repeat(2000)}`, 'too long'],
  ])('%s is rejected by name', (link, message) => {
    expect(() => readReadable(link)).toThrow(LinkError);
    expect(() => readReadable(link)).toThrow(message);
  });

  it('is not the packed kind', () => {
    for (const fragment of ['1.abc=', '', 'x', '%00', '=']) expect(isReadable(fragment)).toBe(false);
  });

  it('from anywhere is read or rejected', () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom('lesson=', 'step=', 'at=', ''), (text, before) => {
        try {
          readReadable(before + text);
        } catch (error) {
          expect(error).toBeInstanceOf(LinkError);
        }
      }),
    );
  });
});
