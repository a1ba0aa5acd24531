/** The guests' fuzzer finds nothing in some fixed runs, and finds injected faults. */

import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { FORMATS, INSTRUCTIONS } from '../../machine/index.ts';
import { CaseCampaign, formatCase, parseCase, Random, seedOf } from '../index.ts';
import { encode } from './encode.ts';
import { HOME } from './layout.ts';
import { Pattern } from './pattern.ts';
import { GuestsFuzzer } from './run.ts';
import type { GuestSetup, GuestStep } from './steps.ts';

/** Returns the first finding in a number of runs, optionally of some kinds, with a fault injected into each host. */
function kindFound(runs: number, before: (host: Host) => void, kinds?: readonly string[], seed = 1): string {
  const fuzzer = new GuestsFuzzer({ before });
  for (let run = 0; run < runs; run++) {
    const kind = fuzzer.run(fuzzer.generate(seedOf(seed, run))).finding?.kind;
    if (kind && (kinds === undefined || kinds.includes(kind))) return kind;
  }
  return 'nothing';
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new GuestsFuzzer(), 7);
  for (let run = 0; run < 20; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
  expect(campaign.steps).toBe(20 * 60);
});

it('is the same for the same seed', () => {
  const fuzzer = new GuestsFuzzer();
  expect(fuzzer.generate(5)).toEqual(fuzzer.generate(5));
  expect(fuzzer.generate(5)).not.toEqual(fuzzer.generate(6));
});

it('encodes every instruction of the table with its operation code and the length of its format', () => {
  const random = new Random(1);
  for (const line of INSTRUCTIONS) {
    const [mnemonic, format, opcode] = line;
    const code = encode(line, random);
    const { length, shape } = FORMATS[format];
    expect(code, mnemonic).toHaveLength(length * 2);
    const nibble = `${code.slice(0, 2)}${code[3]}`;
    const found = {
      byte: code.slice(0, 2),
      halfword: code.slice(0, 4),
      nibble,
      ends: code.slice(0, 2) + code.slice(-2),
    };
    expect(Number.parseInt(found[shape], 16), mnemonic).toBe(opcode);
  }
});

describe('an injected fault is found:', () => {
  // With seeds that find it soon.
  it.each([
    ['page-invalidated', 19],
    ['page-protected', 21],
    ['page-copied', 128],
    ['gmap-unmap', 10],
    ['page-table-freed', 13],
  ] as const)('a missing purge: %s', (site, seed) => {
    const injectFault = ({ kernel }: Host) => {
      kernel.injectedFault = site;
    };
    expect(kindFound(400, injectFault, ['stale-translation'], seed)).toBe('stale-translation');
  });

  it('a frame that is not cleared for its next owner', () => {
    const found = kindFound(60, ({ kernel }) => {
      const { frames } = kernel;
      frames.allocateZeroed = (order, purpose) => frames.allocate(order, purpose);
      // The previous contents: data of the host.
      for (let i = 0; i < kernel.storage.size; i += 8) {
        if (i >= frames.touched) kernel.storage.set64(i, 0x5ec2_e700_0000_0000n + BigInt(i));
      }
    });
    expect(found).toMatch(/^(twin|leak|table-format)$/);
  });

  it('a guest that gets a segment of its process outside of all slots', () => {
    const injectFault = (host: Host) => {
      for (const mm of host.processes) {
        for (const gmap of mm.gmaps) {
          // Guest address 4 MiB is mapped to the canaries after guest memory.
          const wide = gmap as unknown as { map(range: object): void };
          wide.map({ from: BigInt(HOME + 0x30_0000), to: 0x40_0000n, length: 0x10_0000n });
        }
      }
    };
    const kinds = ['escape', 'leak', 'twin', 'canary'];
    expect(kinds).toContain(kindFound(40, injectFault, kinds, 17));
  });

  it('a run that exceeds its limit', () => {
    const fuzzer = new GuestsFuzzer({
      before: ({ machine }) => {
        for (const cpu of machine.cpus) {
          const run = cpu.runClaimed.bind(cpu);
          cpu.runClaimed = (limit) => run(limit + 1);
        }
      },
    });
    expect(fuzzer.run(fuzzer.generate(1)).finding?.kind).toBe('limit');
  });

  it('a control register that is not restored', () => {
    const found = kindFound(5, ({ machine }) => {
      for (const cpu of machine.cpus) {
        const release = cpu.release.bind(cpu);
        cpu.release = () => {
          cpu.cr[13] = 0x1234n;
          release();
        };
      }
    });
    expect(found).toBe('host-state');
  });

  it('an undocumented error', () => {
    const found = kindFound(3, ({ kernel }) => {
      kernel.purges.page = () => {
        throw new TypeError('planted');
      };
    });
    expect(found).toBe('breakdown');
  });
});

it('a failing case is reduced, and fails again from its text', () => {
  const fuzzer = new GuestsFuzzer({
    before: ({ kernel }) => {
      kernel.injectedFault = 'page-invalidated';
    },
  });
  const campaign = new CaseCampaign(fuzzer, 23);
  let failure = null;
  let tries = 0;
  while (failure === null && campaign.runs < 200) failure = campaign.advance(() => ++tries < 2000);
  expect(failure?.steps.length).toBeLessThanOrEqual(40);
  const again = parseCase(formatCase(failure as NonNullable<typeof failure>));
  const { setup, steps } = again as { setup: GuestSetup; steps: readonly GuestStep[] };
  expect(fuzzer.run({ setup, steps }).finding?.kind).toBe(failure?.finding.kind);
  expect(new GuestsFuzzer().run({ setup, steps }).finding).toBe(null);
});

it('a pattern is recognized at every offset', () => {
  const pattern = new Pattern('a secret', 3);
  const copy = new Uint8Array(4096);
  copy.set(pattern.page.subarray(3, 103), 1001);
  expect(pattern.isIn(new Int32Array(copy.buffer), 0, 1024)).toBe(true);
  expect(pattern.isIn(new Int32Array(4096), 0, 4096)).toBe(false);
});
