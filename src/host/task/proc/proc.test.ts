import { describe, expect, it } from 'vitest';
import { Machine } from '../../../machine/index.ts';
import { codeOf } from '../../testing/index.ts';
import { O } from '../abi/files.ts';
import { type Directory, lookup, type OpenableInode } from '../files/index.ts';
import { type Started, startProgram } from '../testing/index.ts';

/** Runs a program until it waits in a call. */
function waiting(name: string, call: string): Started {
  const started = startProgram(name, new Machine());
  const { linux, process } = started;
  const { leader } = process.process;
  const waits = () => leader?.call?.name === call && leader.state === 'sleeping';
  for (let n = 0; n < 10_000 && !waits(); n++) linux.run(process, 100, waits);
  expect(waits()).toBe(true);
  return started;
}

function dentryOf({ linux, process }: Started, path: string) {
  const { fs, credentials } = process.process.leader!;
  return lookup({ root: linux.system.files.root, start: fs.working, credentials }, path);
}

function textOf(started: Started, path: string): string {
  const file = (dentryOf(started, path).inode as OpenableInode).open(O.RDONLY);
  const bytes = new Uint8Array(8192);
  let length = 0;
  for (let got = 1; got > 0; length += got) got = file.read(bytes.subarray(length)) ?? 0;
  file.release();
  return String.fromCharCode(...bytes.subarray(0, length));
}

describe('/proc of a process that waits', () => {
  const started = waiting('processes', 'wait4');
  const { pid } = started.process;
  const file = (name: string) => textOf(started, `/proc/${pid}/${name}`);

  it('has its name, arguments and environment', () => {
    expect(file('comm')).toBe('processes\n');
    expect(file('cmdline')).toBe('/programs/processes\0');
    expect(file('environ')).toBe('NAME=value\0');
  });

  it('has its state, numbers and signals in status', () => {
    const status = new Map(
      file('status')
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':\t') as [string, string]),
    );
    expect(status.get('Name')).toBe('processes');
    expect(status.get('State')).toBe('S (sleeping)');
    expect(status.get('Pid')).toBe(String(pid));
    expect(status.get('Threads')).toBe('1');
    expect(status.get('SigBlk')).toBe('0000000000000000');
  });

  it('has as many fields in stat as Linux', () => {
    const fields = file('stat').trimEnd().split(' ');
    expect(fields).toHaveLength(52);
    expect(fields.slice(0, 5)).toEqual([String(pid), '(processes)', 'S', '1', String(pid)]);
  });

  it('has its mappings, which do not overlap, with their names', () => {
    const lines = file('maps').trimEnd().split('\n');
    let last = 0;
    for (const line of lines) {
      const [, from, to] = /^([0-9a-f]+)-([0-9a-f]+) [r-][w-][x-][ps] [0-9a-f]{8} /.exec(line)!;
      expect(Number.parseInt(from!, 16)).toBeGreaterThanOrEqual(last);
      last = Number.parseInt(to!, 16);
    }
    expect(lines.some((line) => / r-xp .*\/programs\/processes$/.test(` ${line}`))).toBe(true);
    expect(lines.some((line) => line.endsWith('[stack]'))).toBe(true);
  });

  it('has its descriptors, its program and its directory as links', () => {
    const { inode } = dentryOf(started, `/proc/${pid}/fd`);
    for (const fd of ['0', '1', '2']) expect((inode as Directory).lookup(fd)).not.toBeNull();
    expect((inode as Directory).lookup('77')).toBeNull();
    const context = { root: started.linux.system.files.root, start: started.linux.system.files.root };
    const { credentials } = started.process.process.leader!;
    expect(lookup({ ...context, credentials }, `/proc/${pid}/exe`).name).toBe('processes');
    expect(lookup({ ...context, credentials }, `/proc/${pid}/cwd`).name).toBe('processes');
  });

  it('has no other processes', () => {
    expect(codeOf(() => dentryOf(started, '/proc/9999'))).toBe('ENOENT');
    expect(codeOf(() => dentryOf(started, '/proc/01'))).toBe('ENOENT');
  });
});

describe('/proc of the system', () => {
  const started = waiting('processes', 'wait4');
  it('has its processors, memory, version and time', () => {
    expect(textOf(started, '/proc/meminfo')).toMatch(/^MemTotal: +\d+ kB\n/);
    expect(textOf(started, '/proc/version')).toMatch(/^Linux version /);
    expect(textOf(started, '/proc/uptime')).toMatch(/^\d+\.\d\d \d+\.\d\d\n$/);
    expect(textOf(started, '/proc/cpuinfo')).toContain('vendor_id       : IBM/S390');
    expect(textOf(started, '/proc/mounts')).toContain(' /proc proc ');
  });
});
