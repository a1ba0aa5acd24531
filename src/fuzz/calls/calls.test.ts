/** The fuzzer of system calls finds nothing in fixed runs and in the cases that it has found before, and finds injected faults. */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { CALLS, type CallLine } from '../../host/task/internal.ts';
import { CallsFuzzer, CaseCampaign, formatCase } from '../index.ts';
import { generateCalls } from './generate.ts';
import type { CallsSetup, CallsStep } from './steps.ts';

afterEach(() => vi.restoreAllMocks());

const SETUP: CallsSetup = {
  ...{ seed: 1, cpus: 1, storage: 4 << 20, threads: 10, files: 1 << 20, uid: 0, engine: 'interpret' },
  ...{ terminal: false, checked: false, failing: 0 },
};
const call = (name: string, ...args: Extract<CallsStep, { do: 'call' }>['args']): CallsStep => ({
  do: 'call',
  list: 0,
  call: name,
  args,
});
const run = (steps: readonly CallsStep[], setup: Partial<CallsSetup> = {}) =>
  new CallsFuzzer().run({ setup: { ...SETUP, ...setup }, steps }).finding;
const YEARS = { data: ['0x7fffffff', '0x0'] } as const;

it('finds nothing in fixed runs', () => {
  const campaign = new CaseCampaign(new CallsFuzzer(), 3);
  for (let n = 0; n < 25; n++) {
    const failure = campaign.advance(() => false);
    expect(failure && formatCase(failure)).toBe(null);
  }
});

it('makes every system call of the table, and others', () => {
  const made = new Set<string | number>();
  for (let seed = 0; seed < 400; seed++) {
    for (const step of generateCalls(seed).steps) if (step.do === 'call') made.add(step.call);
  }
  expect([...CALLS.values()].map(({ name }) => name).filter((name) => !made.has(name))).toEqual([]);
  expect([...made].filter((one) => typeof one === 'number').length).toBeGreaterThan(200);
});

describe('what it has found is mended:', () => {
  it('sleeping beyond the end of the TOD clock', () => {
    expect(run([call('clock_nanosleep', '0x7', '0x0', YEARS, '0x0')])).toBe(null);
    expect(run([call('alarm', '0xffffffff'), call('pause')])).toBe(null);
  });

  it('sleeping for more nanoseconds than a number has exactly, with a terminal', () => {
    expect(run([call('nanosleep', { data: ['0x1000000', '0x0'] }, '0x0')], { terminal: true })).toBe(null);
  });

  it('a timer that wakes nobody and starts itself again', () => {
    const ignored = call('rt_sigaction', '0xe', { data: ['0x1', '0x0', '0x0', '0x0'] }, '0x0', '0x8');
    const timer = call('setitimer', '0x0', { data: ['0x0', '0x1', '0x0', '0x1'] }, '0x0');
    expect(run([ignored, timer, call('pause')])).toBe(null);
  });
});

describe('an injected fault is found:', () => {
  /** Makes a system call do something else. */
  const changing = (name: string, run: CallLine['run']) => {
    const line = [...CALLS.values()].find((one) => one.name === name) as CallLine;
    vi.spyOn(line, 'run').mockImplementation(run);
  };

  it.each<[string, string, CallLine['run']]>([
    [
      'an error that is not one of Linux',
      'breakdown',
      () => {
        throw new TypeError('undefined is no function');
      },
    ],
    ['a result that is no number', 'result', () => Number.NaN],
    ['another result each time', 'repetition', () => Math.floor(Math.random() * 2 ** 31)],
    ['a frame that is lost', 'leak', ({ host }) => host.kernel.frames.allocate(0, 'page') % 2],
    ['an address space that is lost', 'leak', ({ host }) => host.createMm().gmaps.size],
    [
      'bytes of pipes that are lost',
      'leak',
      ({ files }) => {
        files.host.pipeBytes += 4096;
        return 0;
      },
    ],
    [
      'a thread that does not end',
      'death',
      (_, thread) => {
        thread.state = 'sleeping';
        thread.wake = () => {};
        return 0;
      },
    ],
  ])('%s', (_, kind, change) => {
    changing('getpid', change);
    expect(run([call('getpid'), call('getppid')])?.kind).toBe(kind);
  });

  it('a rule of the memory that is broken while processes run', () => {
    changing('getpid', ({ host }) => host.kernel.frames.allocate(0, 'page') % 2);
    expect(run([call('getpid')], { checked: true })?.kind).toBe('frames');
  });
});

it('a failing step becomes simpler', () => {
  const step = call('openat2', '0x0', { text: 'a' }, { data: ['0x1', { bytes: '00' }] });
  const simpler = [...new CallsFuzzer().simpler(step)];
  expect(simpler).toEqual([
    call('openat2', '0x0', '0x0', { data: ['0x1', { bytes: '00' }] }),
    call('openat2', '0x0', { text: 'a' }, '0x0'),
    call('openat2', '0x0', { text: 'a' }, { data: ['0x0', { bytes: '00' }] }),
  ]);
});
