/** Traces of a Linux host. The fixtures were written by hand from the formats that Linux's headers declare. */

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TracepointEvent } from '../../trace/index.ts';
import { Summarizer, TraceReader, traceKindOf } from '../index.ts';
import { parseHostLine } from './lines.ts';
import { TRACEPOINT_NAMES } from './tracepoint-names.ts';
import { tracepointFacts } from './tracepoints.ts';

function read(name: string) {
  const reader = new TraceReader();
  const text = readFileSync(`test/fixtures/traces/${name}.txt`, 'utf8');
  const events = text.split('\n').flatMap((line) => reader.read(line) ?? []) as TracepointEvent[];
  return { text, events, reader };
}

const PSW = '00[0404c00180000000-000000000010d2a0]: ';

describe('a line', () => {
  const entered = {
    name: 'kvm_s390_sie_enter',
    details: `${PSW}entering sie flags 20`,
    time: 812_340_020_000n,
  };
  it.each([
    [
      'of perf script',
      `CPU 0/KVM  1977 [001]   812.340020: kvm:kvm_s390_sie_enter: ${PSW}entering sie flags 20`,
    ],
    [
      'of perf script with the process',
      `CPU 0/KVM  1970/1977  [001]   812.340020: kvm:kvm_s390_sie_enter: ${PSW}entering sie flags 20`,
    ],
    [
      'of perf script with nanoseconds',
      `CPU 0/KVM  1977 [001]   812.340020000: kvm:kvm_s390_sie_enter: ${PSW}entering sie flags 20`,
    ],
    [
      'of trace-cmd',
      `  CPU 0/KVM-1977  [001]   812.340020: kvm_s390_sie_enter:   ${PSW}entering sie flags 20`,
    ],
    [
      'of a newer trace-cmd',
      `  CPU 0/KVM-1977  [001] .....   812.340020: kvm_s390_sie_enter:   ${PSW}entering sie flags 20`,
    ],
    [
      'of ftrace',
      `  CPU 0/KVM-1977    [001] d.h1.   812.340020: kvm_s390_sie_enter: ${PSW}entering sie flags 20`,
    ],
    [
      'of ftrace with the process',
      `  CPU 0/KVM-1977    (   1970) [001] .....   812.340020: kvm_s390_sie_enter: ${PSW}entering sie flags 20`,
    ],
  ])('%s', (_, line) => {
    expect(parseHostLine(line)).toEqual({ command: 'CPU 0/KVM', thread: 1977, cpu: 1, ...entered });
  });

  it.each([
    [
      'a software event',
      'qemu 12 [000]  1.5:          1 major-faults:u:      3ffa1b2c3d4 [unknown] (/usr/bin/qemu)',
      'major-faults',
    ],
    ['an event of another system', 'a-b 7 [000] 1.000000: sched:sched_switch: prev_comm=a', 'sched_switch'],
    ['an event without text', 'a-b 7 [000] 1.000000: kvm:kvm_x:', 'kvm_x'],
  ])('%s', (_, line, name) => expect(parseHostLine(line)?.name).toBe(name));

  it('has at most 100 characters before the processor', () => {
    const line = (length: number) => `${'x'.repeat(length - 2)}-7 [000] 1.000000: kvm:kvm_x:`;
    expect(parseHostLine(line(100))?.command).toBe('x'.repeat(98));
    expect(parseHostLine(line(101))).toBeNull();
  });

  it.each([
    '',
    '# tracer: nop',
    'hello',
    '[001] 1.0: x: y',
    'CPU 0/KVM 1977 812.340020: kvm: x',
    `${' '.repeat(70_000)}`,
  ])('%j is none', (line) => expect(parseHostLine(line)).toBeNull());

  it('of any text is read quickly, or is none', () => {
    const words = fc.constantFrom(
      'CPU',
      '0/KVM',
      '-',
      ' ',
      '1977',
      '[001]',
      '812.34',
      ':',
      'kvm',
      '....',
      'x:',
      '(',
      '\u0000',
    );
    fc.assert(
      fc.property(fc.array(words, { maxLength: 200 }), (parts) => {
        const line = parseHostLine(parts.join(''));
        if (line !== null) expect(Number.isSafeInteger(line.thread)).toBe(true);
      }),
    );
  });
});

describe('trace points', () => {
  it.each<[string, string, object]>([
    ['kvm_s390_sie_exit', `${PSW}exit sie icptcode 4 (Instruction)`, { vcpu: 0, reason: 'Instruction' }],
    [
      'kvm_s390_handle_diag',
      `${PSW}handle diagnose call 0044 (DIAG (0x44) time slice end)`,
      { reason: 'DIAG (0x44) time slice end' },
    ],
    [
      'kvm_s390_handle_lctl',
      `${PSW}lctlg: loading cr 0-f from 0000000000011200`,
      { reason: 'lctlg', ranges: [[0x11200n, 0x11201n]] },
    ],
    [
      'kvm_s390_handle_stctl',
      `${PSW}stctg: storing cr 0-f to 0000000000011200`,
      { reason: 'stctg', ranges: [[0x11200n, 0x11201n]] },
    ],
    [
      'kvm_s390_handle_prefix',
      `${PSW}storing prefix to 0009c000`,
      { reason: 'storing', ranges: [[0x9c000n, 0x9c001n]] },
    ],
    ['kvm_s390_handle_sthyi', `${PSW}STHYI fc: 0 addr: 0000000000001000`, { ranges: [[0x1000n, 0x1001n]] }],
    ['kvm_s390_vcpu_start_stop', 'stopping cpu 3', { vcpu: 3, reason: 'stopping' }],
    [
      'kvm_s390_deliver_interrupt',
      'deliver interrupt (vcpu 2): type:ffff1201 (sigp emergency) data:00000001 0000000000000000',
      { vcpu: 2, reason: 'sigp emergency' },
    ],
    [
      'kvm_s390_gmap_notifier',
      'gmap notified (start:0x9e000 end:0x9efff shadow:0)',
      { ranges: [[0x9e000n, 0x9efffn]] },
    ],
    [
      'kvm_s390_modify_ais_mode',
      'for isc 3, modifying interruption mode from ALL-Interruptions Mode to No-Interruptions Mode',
      { reason: 'No-Interruptions Mode' },
    ],
    ['kvm_userspace_exit', 'reason KVM_EXIT_S390_SIEIC (13)', { reason: 'KVM_EXIT_S390_SIEIC' }],
    ['kvm_halt_poll_ns', 'vcpu 1: halt_poll_ns 10000 (grow 0)', { vcpu: 1, reason: 'grow' }],
  ])('%s: %s', (name, details, facts) => {
    expect(tracepointFacts(name, details)).toMatchObject(facts);
  });

  it('that are unknown, or say something else, are not understood', () => {
    expect(tracepointFacts('sched_switch', 'x')).toBeNull();
    expect(tracepointFacts('toString', 'x')).toBeNull();
    for (const name of TRACEPOINT_NAMES) expect(tracepointFacts(name, '?')).toBeNull();
  });
});

describe('the trace of a host', () => {
  it('of perf script is understood completely', () => {
    const { events, reader, text } = read('perf-script');
    expect(traceKindOf(text)).toBe('host');
    expect(events.length).toBe(text.trim().split('\n').length);
    const { lines, lost, events: unknown } = reader.notUnderstood;
    expect([lines, lost, unknown.size]).toEqual([0, 0, 0]);
    // An exit to user space names no virtual CPU, but its thread ran one.
    expect(events.find(({ name }) => name === 'kvm_userspace_exit')).toMatchObject({ vcpu: 0, thread: 1977 });
    expect(events.at(-1)).not.toHaveProperty('vcpu');
  });

  it('sums up the time in the guest, and the exits, per virtual CPU', () => {
    const summarizer = new Summarizer();
    for (const event of read('perf-script').events) summarizer.add(event);
    expect(summarizer.summary().cpus).toEqual([
      {
        vcpu: 0,
        thread: 1977,
        command: 'CPU 0/KVM',
        events: 13,
        entries: 3,
        exits: { Instruction: 1, 'Program interruption': 1 },
        userExits: { KVM_EXIT_S390_SIEIC: 1 },
        inGuest: 37_000n,
        inHost: 143_000n,
      },
      expect.objectContaining({ vcpu: 1, entries: 1, inGuest: 50_000n, inHost: 0n }),
    ]);
  });

  it('of trace-cmd: what is not understood is counted', () => {
    const { events, reader, text } = read('trace-cmd');
    expect(traceKindOf(text)).toBe('host');
    expect(events.length).toBe(8);
    expect(reader.notUnderstood).toEqual({
      lines: 1,
      firstLine: 11,
      lost: 42,
      events: new Map([
        ['kvm_s390_handle_lctl', 1],
        ['sched_switch', 1],
      ]),
    });
  });

  it('of ftrace', () => {
    const { events, reader, text } = read('ftrace');
    expect(traceKindOf(text)).toBe('host');
    expect(events.map(({ name }) => name)).toEqual([
      'kvm_s390_create_vcpu',
      'kvm_s390_sie_enter',
      'kvm_s390_sie_exit',
      'kvm_s390_intercept_validity',
      'kvm_s390_enable_css',
    ]);
    expect([reader.notUnderstood.lines, reader.notUnderstood.events.size]).toEqual([0, 0]);
    expect(events[2]).toMatchObject({ vcpu: 0, address: 0x10006n });
  });

  it.each(['', 'hello\n', '# a scenario\nmmap 256M 1M\n', '{"a":1}\n', '{'])('%j is no trace', (text) => {
    expect(traceKindOf(text)).toBeNull();
  });
});
