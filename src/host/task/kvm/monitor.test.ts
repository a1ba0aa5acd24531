/**
 * A virtual machine monitor that is a program (examples/programs/kvm/monitor.c) boots the example guests. What they print was recorded from
 * QEMU (examples/record.sh), which has another SCLP than the monitor.
 */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Machine, type MachineOptions } from '../../../machine/index.ts';
import { Host } from '../../host.ts';
import { Linux } from '../linux.ts';
import { programImage } from '../testing/index.ts';

const GUESTS = new URL('../../../../examples/images/', import.meta.url);
const GUESTS_OF_CPUS = new URL('../../../../examples/programs/kvm/guests/images/', import.meta.url);
const MIB = '64';

/** What the monitor is started with. */
interface Start {
  readonly machine?: MachineOptions;
  /** Standard input. */
  readonly input?: string;
  readonly cpus?: string;
  /** The folder of the guest. */
  readonly from?: URL;
}

/** Runs the monitor. Returns what it has printed, and its status. @param guest with its arguments */
function monitor(guest: string, { machine = {}, input = '', cpus = '1', from = GUESTS }: Start = {}) {
  const linux = new Linux(new Host(new Machine({ storageSize: 128 << 20, ...machine })));
  linux.files.write('/monitor', programImage('kvm/monitor'), 0o755);
  const [name, ...words] = guest.split(' ');
  linux.files.write('/guest', readFileSync(new URL(`${name}.elf`, from)));
  let output = '';
  const process = linux.spawn({
    path: '/monitor',
    args: ['/monitor', MIB, cpus, '/guest', '-', ...words],
    stdin: input,
    stdout: (bytes) => {
      output += Buffer.from(bytes).toString('latin1');
    },
  });
  return { status: linux.wait(process), output, work: linux.work };
}

describe.each(['hello world', 'clock', 'exceptions', 'memory', 'numbers', 'paging', 'primes'])(
  '%s',
  (guest) => {
    const expected = readFileSync(new URL(`${guest.split(' ')[0]}.expected`, GUESTS), 'latin1');

    it.each<MachineOptions>([
      { cpus: 1, engine: 'interpret' },
      { cpus: 2, engine: 'auto' },
    ])('prints what it should: %j', (options) => {
      expect(monitor(guest, { machine: options })).toMatchObject({
        output: expected,
        status: { kind: 'exited', value: 0 },
      });
    });
  },
);

it('passes standard input to the console, and its end as ^D', () => {
  const { output, status } = monitor('echo', { input: 'one\ntwo\n' });
  expect(output).toBe('Type something; ^D ends.\nONE\nTWO\nbye\n');
  expect(status).toEqual({ kind: 'exited', value: 0 });
});

it.each([1, 2, 3])('starts, resets and stops virtual CPUs on %i processors', (processors) => {
  const expected = readFileSync(new URL('smp.expected', GUESTS_OF_CPUS), 'latin1');
  const run = monitor('smp', { machine: { cpus: processors }, cpus: '4', from: GUESTS_OF_CPUS });
  expect(run).toMatchObject({ output: expected, status: { kind: 'exited', value: 0 } });
  // A guest's CPU that polls another one gives it time on the only processor.
  expect(run.work).toBeLessThan(12_000_000);
});

it('says why it cannot run a guest', () => {
  expect(monitor('hello', { cpus: '9' })).toMatchObject({
    output: 'usage: monitor MIB CPUS IMAGE [INITRD [COMMAND LINE]]\n',
    status: { kind: 'exited', value: 2 },
  });
});
