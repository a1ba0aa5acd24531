/** The library's fuzzer finds nothing in fixed runs, and finds injected faults. */

import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { LibraryFuzzer } from '../index.ts';
import { failureIn, kindsFound } from '../testing/index.ts';

/** Returns the kinds of findings in a number of runs, with a fault injected into each host. */
const kindsFoundWith = (runs: number, before: (host: Host) => void): string[] =>
  kindsFound(new LibraryFuzzer({ before }), runs);

it('finds nothing in fixed runs', () => expect(failureIn(new LibraryFuzzer(), 150)).toBe(null));

describe('an injected fault is found:', () => {
  it('an operation that throws an error of the engine', () => {
    const found = kindsFoundWith(60, (host) => {
      host.createGmap = () => {
        throw new TypeError('planted');
      };
    });
    expect(found).toContain('error of host.createGmap');
  });

  it('an operation that leaks a frame when it fails', () => {
    const found = kindsFoundWith(100, (host) => {
      const createFile = host.createFile.bind(host);
      host.createFile = (length) => {
        host.kernel.frames.allocate(0, 'page');
        return createFile(length);
      };
    });
    expect(found).toContain('change of host.createFile');
  });

  it('an operation that leaks a frame when it succeeds', () => {
    const found = kindsFoundWith(30, ({ processes, kernel }) => {
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
    const found = kindsFoundWith(300, ({ kernel }) => {
      kernel.demandQuiet = () => {};
    });
    expect(found).toContain('acted');
  });
});
