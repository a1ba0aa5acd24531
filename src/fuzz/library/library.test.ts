/** The library's fuzzer finds nothing in fixed runs, and finds injected faults. */

import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { CaseCampaign, formatCase, LibraryFuzzer, seedOf } from '../index.ts';

/** Returns the kinds of findings in a number of runs, with a fault injected into each host. */
function kindsFound(runs: number, before: (host: Host) => void): string[] {
  const fuzzer = new LibraryFuzzer({ before });
  const kinds = new Set<string>();
  for (let run = 0; run < runs; run++) {
    const { finding } = fuzzer.run(fuzzer.generate(seedOf(1, run)));
    if (finding) kinds.add(finding.kind);
  }
  return [...kinds];
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new LibraryFuzzer(), 5);
  for (let run = 0; run < 150; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

describe('an injected fault is found:', () => {
  it('an operation that throws an error of the engine', () => {
    const found = kindsFound(60, (host) => {
      host.createGmap = () => {
        throw new TypeError('planted');
      };
    });
    expect(found).toContain('error of host.createGmap');
  });

  it('an operation that leaks a frame when it fails', () => {
    const found = kindsFound(100, (host) => {
      const createFile = host.createFile.bind(host);
      host.createFile = (length) => {
        host.kernel.frames.allocate(0, 'page');
        return createFile(length);
      };
    });
    expect(found).toContain('change of host.createFile');
  });

  it('an operation that leaks a frame when it succeeds', () => {
    const found = kindsFound(30, ({ processes, kernel }) => {
      for (const mm of processes) {
        const mmap = mm.mmap.bind(mm);
        mm.mmap = (options) => {
          const address = mmap(options);
          kernel.frames.allocate(0, 'page');
          return address;
        };
      }
    });
    expect(found).toContain('frames');
  });

  it('an operation that a listener may perform', () => {
    const found = kindsFound(300, ({ kernel }) => {
      kernel.demandQuiet = () => {};
    });
    expect(found).toContain('acted');
  });
});
