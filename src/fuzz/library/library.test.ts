/** The library's fuzzer finds nothing in fixed runs, and finds injected faults. */

import { describe, expect, it } from 'vitest';
import type { Host } from '../../host/index.ts';
import { LibraryFuzzer } from '../index.ts';
import { failureIn, kindsFound } from '../testing/index.ts';

/** Expects a kind of finding in a number of runs, with a fault injected into each host. */
function expectFound(kind: string, runs: number, before: (host: Host) => void): void {
  expect(kindsFound(new LibraryFuzzer({ before }), runs, kind)).toContain(kind);
}

it('finds nothing in fixed runs', () => expect(failureIn(new LibraryFuzzer(), 60)).toBe(null));

describe('an injected fault is found:', () => {
  it('an operation that throws an error of the engine', () => {
    expectFound('error of host.createGmap', 60, (host) => {
      host.createGmap = () => {
        throw new TypeError('planted');
      };
    });
  });

  it('an operation that leaks a frame when it fails', () => {
    expectFound('change of host.createFile', 100, (host) => {
      const createFile = host.createFile.bind(host);
      host.createFile = (length) => {
        host.kernel.frames.allocate(0, 'page');
        return createFile(length);
      };
    });
  });

  it('an operation that leaks a frame when it succeeds', () => {
    expectFound('frames', 30, ({ processes, kernel }) => {
      for (const mm of processes) {
        const mmap = mm.mmap.bind(mm);
        mm.mmap = (options) => {
          const address = mmap(options);
          kernel.frames.allocate(0, 'page');
          return address;
        };
      }
    });
  });

  it('an operation that a listener may perform', () => {
    expectFound('acted', 300, ({ kernel }) => {
      kernel.demandQuiet = () => {};
    });
  });
});
