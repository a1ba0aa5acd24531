/** The fuzzer of the user network finds nothing in fixed runs, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { UserNetwork } from '../../net/index.ts';
import { CaseCampaign, formatCase, NetworkFuzzer, seedOf } from '../index.ts';
import { FuzzConnection } from './connection.ts';
import type { NetworkStep } from './steps.ts';
import { NetworkWorld } from './world.ts';

afterEach(() => vi.restoreAllMocks());

/** Returns the messages of failures in some runs. */
function found(runs: number): string {
  const fuzzer = new NetworkFuzzer();
  const messages = Array.from({ length: runs }, (_, run) => {
    const { finding } = fuzzer.run(fuzzer.generate(seedOf(2, run)));
    return finding === null ? '' : `${finding.kind}: ${finding.message}`;
  });
  return messages.filter((message) => message !== '').join('\n');
}

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new NetworkFuzzer(), 3);
  for (let run = 0; run < 60; run++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

it('has bytes both ways, ends and resets', () => {
  const seen = { write: 0, end: 0, reset: 0, resume: 0, see: 0 };
  for (const name of ['write', 'end', 'reset', 'resume', 'see'] as const) {
    const original = FuzzConnection.prototype[name] as (...args: unknown[]) => void;
    vi.spyOn(FuzzConnection.prototype, name).mockImplementation(function (
      this: FuzzConnection,
      ...args: unknown[]
    ) {
      seen[name]++;
      original.apply(this, args);
    });
  }
  expect(found(40)).toBe('');
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(5);
});

describe('an injected fault is found:', () => {
  /** Changes the frames that the guest gets. */
  const changing = (change: (frame: Uint8Array) => void) => {
    const { receive } = NetworkWorld.prototype;
    vi.spyOn(NetworkWorld.prototype, 'receive').mockImplementation(function (this: NetworkWorld, frame) {
      change(frame);
      return receive.call(this, frame);
    });
  };

  it.each<[string, number, string]>([
    ['another byte of the IPv4 header', 22, 'a wrong checksum of IPv4'],
    ['another byte of a segment', 40, 'a wrong checksum of UDP or TCP'],
    ['another sender', 8, 'a frame of another sender'],
    ['another type', 13, 'a frame of type'],
  ])('%s', (_, at, message) => {
    changing((frame) => frame.set([(frame[at] as number) ^ 1], at));
    expect(found(5)).toContain(message);
  });

  it('bytes that come twice', () => {
    const { write } = FuzzConnection.prototype;
    vi.spyOn(FuzzConnection.prototype, 'write').mockImplementation(function (this: FuzzConnection, bytes) {
      write.call(this, bytes);
      write.call(this, bytes);
    });
    expect(found(10)).toMatch(/another byte|bytes that the guest has not sent/);
  });

  it('an end that comes twice', () => {
    const { end } = FuzzConnection.prototype;
    vi.spyOn(FuzzConnection.prototype, 'end').mockImplementation(function (this: FuzzConnection) {
      end.call(this);
      end.call(this);
    });
    expect(found(20)).toContain('a second end');
  });

  it('a state that lacks something', () => {
    vi.spyOn(UserNetwork.prototype, 'save').mockImplementation(() => ({
      ...{ guest: null, connections: { opened: Math.random(), resets: [] } },
    }));
    expect(found(60)).toContain('error: ');
  });
});

it('a failing step becomes simpler', () => {
  const fuzzer = new NetworkFuzzer();
  const patches = [{ at: 1, bytes: '00' }];
  const frame: NetworkStep = { do: 'recorded', frame: 0, patches, length: 9, summed: true };
  expect([...fuzzer.simpler(frame)]).toEqual([{ ...frame, patches: [] }]);
  expect([...fuzzer.simpler({ do: 'restore' })]).toEqual([]);
});
