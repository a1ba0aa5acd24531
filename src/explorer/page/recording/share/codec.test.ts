import fc from 'fast-check';
import { deflateSync, strToU8 } from 'fflate';
import { describe, expect, it } from 'vitest';
import { INJECTED_FAULTS } from '../faults/faults.ts';
import { TABS } from '../tabs.ts';
import { LARGEST, LinkError, pack, type Shared, type SharedSource, unpack } from './codec.ts';

const PLAIN: Shared = {
  source: { kind: 'lesson', id: 'map' },
  injectedFault: null,
  check: true,
  position: { step: 3, event: 1 },
  tab: 'walk',
  selected: { space: 'gmap 0', address: 0x4000_0000n },
};

function packed(text: string): string {
  return `1.${Buffer.from(deflateSync(strToU8(text))).toString('base64url')}`;
}

const sources: fc.Arbitrary<SharedSource> = fc.oneof(
  fc.record({ kind: fc.constant('lesson' as const), id: fc.string() }),
  fc.record({ kind: fc.constant('scenario' as const), text: fc.string({ unit: 'binary' }) }),
  fc.record({ kind: fc.constant('scenario' as const), text: fc.string(), lesson: fc.string() }),
  fc.record({ kind: fc.constant('offered' as const) }),
);

describe('a link', () => {
  it('unpacks to what was packed', () => {
    fc.assert(
      fc.property(
        fc.record({
          source: sources,
          injectedFault: fc.constantFrom(null, ...INJECTED_FAULTS),
          check: fc.boolean(),
          position: fc.record({ step: fc.nat(), event: fc.nat() }),
          tab: fc.constantFrom(...TABS.map(({ id }) => id)),
          selected: fc.option(
            fc.record({
              space: fc.constantFrom('gmap 63' as const, 'process 0' as const),
              address: fc.bigInt(0n, (1n << 64n) - 1n),
            }),
          ),
        }),
        (shared) => {
          expect(unpack(pack(shared) as string)).toEqual(shared);
        },
      ),
    );
  });

  it('contains only characters that an address can have', () => {
    expect(pack(PLAIN)).toMatch(/^[A-Za-z0-9._-]+$/);
  });

  it('that is truncated is rejected with a message', () => {
    const whole = pack({
      ...PLAIN,
      source: { kind: 'scenario', text: 'mmap 256M 1M\n'.repeat(50) },
    }) as string;
    for (let end = 0; end < whole.length; end++) {
      expect(() => unpack(whole.slice(0, end))).toThrow(LinkError);
    }
  });

  it('from anywhere is unpacked or rejected', () => {
    const tried = fc.oneof(
      fc.string(),
      fc.base64String().map((text) => `1.${text}`),
      fc.json().map(packed),
    );
    fc.assert(
      fc.property(tried, (fragment) => {
        try {
          unpack(fragment);
        } catch (error) {
          expect(error).toBeInstanceOf(LinkError);
        }
      }),
    );
  });

  it('is not made of what could not be unpacked again', () => {
    const of = (text: string) => pack({ ...PLAIN, source: { kind: 'scenario', text } });
    expect(of('x'.repeat(LARGEST + 1))).toBeNull();
    // The text is short enough, but its JSON is not.
    expect(of('\u0001'.repeat(LARGEST / 2))).toBeNull();
    const long = 'mmap 256M 1M\n'.repeat(60_000);
    expect(unpack(of(long) as string).source).toEqual({ kind: 'scenario', text: long });
  });

  it('that unpacks to more than 1 MiB is rejected', () => {
    const bomb = packed(JSON.stringify({ source: { kind: 'scenario', text: 'x'.repeat(LARGEST * 8) } }));
    expect(bomb.length).toBeLessThan(100_000);
    expect(() => unpack(bomb)).toThrow('The link holds more than 1 MiB.');
  });

  it('replaces invalid fields by defaults', () => {
    const odd = packed(
      JSON.stringify({
        source: { kind: 'lesson', id: 'x' },
        injectedFault: 'everything',
        position: [-1, 1.5],
        tab: 'nowhere',
        selected: ['gmap 0; drop', '0x1'],
      }),
    );
    expect(unpack(odd)).toEqual({
      source: { kind: 'lesson', id: 'x' },
      injectedFault: null,
      check: true,
      position: { step: 0, event: 0 },
      tab: 'spaces',
      selected: null,
    });
  });

  it.each(['', 'hello', '2.abc', '1.!!!', packed('[]'), packed('{"source":{"kind":"guest"}}')])(
    '%s is not a link',
    (fragment) => expect(() => unpack(fragment)).toThrow(LinkError),
  );
});
