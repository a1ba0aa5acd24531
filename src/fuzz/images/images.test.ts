/** The fuzzer of images finds nothing in fixed runs, and finds injected faults. */

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { parseElf } from '../../vmm/index.ts';
import { CaseCampaign, formatCase, ImagesFuzzer, seedOf } from '../index.ts';
import { BLANK_IMAGE } from './generate.ts';

const EXAMPLES = new URL('../../../examples/images/', import.meta.url);
const images = new Map(
  readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.elf'))
    .map((name) => [name, readFileSync(new URL(name, EXAMPLES))]),
);

function kindsFound(runs: number, before: (host: Host) => void): string[] {
  const fuzzer = new ImagesFuzzer({ images, before });
  const kinds = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const { finding } = fuzzer.run(fuzzer.generate(seedOf(1, run)));
    if (finding) kinds.add(finding.kind);
  }
  return [...kinds];
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new ImagesFuzzer({ images }), 5);
  for (let run = 0; run < 300; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

it('its generated image can be loaded', () => {
  expect(parseElf(BLANK_IMAGE)).toMatchObject({ entry: 0x1_0000n, segments: [{ address: 0x1_0000n }] });
});

describe('an injected fault is found:', () => {
  it('a rejected image that leaks a gmap', () => {
    const found = kindsFound(300, (host) => {
      const createGmap = host.createGmap.bind(host);
      host.createGmap = (mm) => {
        createGmap(mm);
        return createGmap(mm);
      };
    });
    expect(found).toContain('leak');
  });

  it('a processor that exceeds the limit', () => {
    const found = kindsFound(60, ({ machine }) => {
      for (const cpu of machine.cpus) {
        const run = cpu.runClaimed.bind(cpu);
        cpu.runClaimed = (limit) => run(limit + 1);
      }
    });
    expect(found).toContain('limit');
  });

  it('an undocumented error', () => {
    const found = kindsFound(20, (host) => {
      host.createGmap = () => {
        throw new TypeError('planted');
      };
    });
    expect(found).toContain('breakdown');
  });
});

it('does not change its images', () => {
  const before = [...images.values()].map((bytes) => bytes.join());
  const fuzzer = new ImagesFuzzer({ images });
  for (let run = 0; run < 50; run++) fuzzer.run(fuzzer.generate(run));
  expect([...images.values()].map((bytes) => bytes.join())).toEqual(before);
});
