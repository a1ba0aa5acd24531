/** The images' fuzzer finds nothing in fixed runs, and finds injected faults. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { parseElf } from '../../vmm/index.ts';
import { ImagesFuzzer } from '../index.ts';
import { failureIn, kindsFound } from '../testing/index.ts';
import { BLANK_IMAGE } from './generate.ts';

const EXAMPLES = new URL('../../../examples/images/', import.meta.url);
const images = new Map(
  readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.elf'))
    .map((name) => [name, readFileSync(new URL(name, EXAMPLES))]),
);

/** Returns a fuzzer that calls `before` with each new host. */
const faulty = (before: (host: Host) => void) => new ImagesFuzzer({ images, before });

it('finds nothing in fixed runs', () => expect(failureIn(new ImagesFuzzer({ images }), 150)).toBe(null));

it('its generated image can be loaded', () => {
  expect(parseElf(BLANK_IMAGE)).toMatchObject({ entry: 0x1_0000n, segments: [{ address: 0x1_0000n }] });
});

describe('an injected fault is found:', () => {
  it('a rejected image that leaks a gmap', () => {
    const fuzzer = faulty((host) => {
      const createGmap = host.createGmap.bind(host);
      host.createGmap = (mm) => {
        createGmap(mm);
        return createGmap(mm);
      };
    });
    expect(kindsFound(fuzzer, 300, 'leak')).toContain('leak');
  });

  it('a processor that exceeds the limit', () => {
    const fuzzer = faulty(({ machine }) => {
      for (const cpu of machine.cpus) {
        const run = cpu.runClaimed.bind(cpu);
        cpu.runClaimed = (limit) => run(limit + 1);
      }
    });
    expect(kindsFound(fuzzer, 60, 'limit')).toContain('limit');
  });

  it('an undocumented error', () => {
    const fuzzer = faulty((host) => {
      host.createGmap = () => {
        throw new TypeError('planted');
      };
    });
    expect(kindsFound(fuzzer, 20, 'breakdown')).toContain('breakdown');
  });
});

it('does not change its images', () => {
  const before = [...images.values()].map((bytes) => bytes.join());
  const fuzzer = new ImagesFuzzer({ images });
  for (let run = 0; run < 50; run++) fuzzer.run(fuzzer.generate(run));
  expect([...images.values()].map((bytes) => bytes.join())).toEqual(before);
});
