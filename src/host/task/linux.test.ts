/** The class Linux, as programs use it that have the package: what it hands to programs, and what it does with wrong calls. */

import { beforeEach, describe, expect, it } from 'vitest';
import { Machine } from '../../machine/index.ts';
import { Host } from '../host.ts';
import { codeOf } from '../testing/index.ts';
import { Linux, type LinuxOptions } from './index.ts';
import { executable, programImage } from './testing/index.ts';

const HELLO = '/bin/hello';
const text = (bytes: readonly Uint8Array[]) => Buffer.concat(bytes).toString();

function makeLinux(options: LinuxOptions = {}): Linux {
  const host = new Host(new Machine({ storageSize: 64 << 20 }));
  return new Linux(host, { files: { [HELLO]: programImage('hello') }, ...options });
}

describe('a program', () => {
  it('gets arguments and environment in UTF-8, and its output is taken', () => {
    const linux = makeLinux();
    const out: Uint8Array[] = [];
    const process = linux.spawn({
      path: HELLO,
      args: ['hello', 'é€😀'],
      env: { ÄNAME: 'value' },
      stdout: (bytes) => void out.push(bytes),
    });
    expect(process.status).toBeNull();
    expect(linux.wait(process)).toEqual({ kind: 'exited', value: 0 });
    expect(text(out)).toBe('Hello from hello!\nargument 1: é€😀\nenvironment: ÄNAME=value\n');
    expect(process.status).toEqual({ kind: 'exited', value: 0 });
    // It has ended, and stays so.
    expect(linux.run(process)).toEqual({ kind: 'ended', status: { kind: 'exited', value: 0 } });
    expect(codeOf(() => process.kill())).toBe('ESRCH');
  });

  it('has standard streams even if none are given', () => {
    const linux = makeLinux();
    expect(linux.wait(linux.spawn({ path: HELLO }))).toEqual({ kind: 'exited', value: 0 });
  });

  it('runs in slices, as it does at once', () => {
    const lines: [string[], string[]] = [[], []];
    const whole = makeLinux({ strace: (line) => void lines[0].push(line) });
    whole.wait(whole.spawn({ path: HELLO }));
    const sliced = makeLinux({ strace: (line) => void lines[1].push(line) });
    const process = sliced.spawn({ path: HELLO });
    let slices = 0;
    while (sliced.run(process, 7).kind === 'limit') slices++;
    expect(slices).toBeGreaterThan(20);
    expect(lines[1]).toEqual(lines[0]);
    expect(lines[0].at(-1)).toBe('+++ exited with 0 +++');
    expect(sliced.work).toBe(whole.work);
  });

  it('is ended by a signal from outside', () => {
    const linux = makeLinux();
    const process = linux.spawn({ path: HELLO });
    linux.run(process, 100);
    process.kill(9);
    expect(linux.wait(process)).toEqual({ kind: 'killed', value: 9 });
  });

  it('runs after another one, for as long as it needs', () => {
    const linux = makeLinux();
    linux.files.write('/bin/time', programImage('time'), 0o755);
    for (const path of [HELLO, '/bin/time', HELLO]) {
      expect(linux.wait(linux.spawn({ path })).kind, path).toBe('exited');
    }
  });
});

describe('files', () => {
  let linux: Linux;
  beforeEach(() => {
    linux = makeLinux({ files: { [HELLO]: programImage('hello'), '/etc/motd': 'grüß\n' } });
  });

  it('are written and read', () => {
    linux.files.write('/ä/b', 'text');
    expect(text([linux.files.read('/ä/b')])).toBe('text');
    expect(text([linux.files.read('/etc/motd')])).toBe('grüß\n');
    linux.files.makeDirectory('/var/empty');
    expect(codeOf(() => linux.files.read('/var/empty'))).toBe('EINVAL');
    expect(codeOf(() => linux.files.read('/none'))).toBe('ENOENT');
    expect(codeOf(() => linux.files.write('relative', ''))).toBe('EINVAL');
    expect(codeOf(() => linux.files.makeDirectory('/etc/motd/x'))).toBe('ENOTDIR');
  });

  it('are found as a shell does', () => {
    const where = { directory: '/bin', list: '/sbin:/bin' };
    expect(linux.files.find('hello', where)).toBe(HELLO);
    expect(linux.files.find('./hello', where)).toBe('./hello');
    expect(linux.files.find('none', where)).toBeNull();
  });
});

describe('a wrong call', () => {
  it.each([
    ['no ELF file', 'text', 'ENOEXEC', 'it is no ELF file and no script'],
    ['an ELF file of another machine', x86(), 'ENOEXEC', 'it is for ELF machine 62, and one for s390x (22)'],
    ['a part of an ELF file', programImage('hello').subarray(0, 40), 'ENOEXEC', 'ends inside its ELF header'],
    ['an empty file', '', 'ENOEXEC', 'it is no ELF file and no script'],
  ])('spawns %s', (_, contents, code, message) => {
    const linux = makeLinux({ files: { '/bin/wrong': contents, [HELLO]: programImage('hello') } });
    const { processes } = linux.host;
    expect(() => linux.spawn({ path: '/bin/wrong' })).toThrow(message);
    expect(codeOf(() => linux.spawn({ path: '/bin/wrong' }))).toBe(code);
    expect(processes.size).toBe(0);
    expect(linux.wait(linux.spawn({ path: HELLO })).value).toBe(0);
  });

  it('spawns a file that is not there, or must not be executed', () => {
    const linux = makeLinux();
    linux.files.write('/data', programImage('hello'), 0o644);
    expect(codeOf(() => linux.spawn({ path: '/none' }))).toBe('ENOENT');
    expect(codeOf(() => linux.spawn({ path: '/data' }))).toBe('EACCES');
    expect(codeOf(() => linux.spawn({ path: HELLO, directory: '/none' }))).toBe('ENOENT');
  });

  it('makes a second system on a host', () => {
    const { host } = makeLinux();
    expect(codeOf(() => new Linux(host))).toBe('EBUSY');
  });

  it('mixes systems', () => {
    const [one, other] = [makeLinux(), makeLinux()];
    const process = other.spawn({ path: HELLO });
    expect(codeOf(() => one.run(process))).toBe('EINVAL');
    expect(codeOf(() => one.spawn({ path: HELLO, stdin: other.makeInput() }))).toBe('EINVAL');
    expect(codeOf(() => one.spawn({ path: HELLO, stdout: other.makeOutput(() => {}) }))).toBe('EINVAL');
    const terminal = other.makeTerminal({ columns: 80, rows: 24, take: () => {} });
    expect(codeOf(() => one.spawn({ path: HELLO, terminal }))).toBe('EINVAL');
  });

  it('comes after close', () => {
    const linux = makeLinux();
    const process = linux.spawn({ path: HELLO });
    linux.close();
    linux.close();
    for (const call of [
      () => linux.run(process),
      () => linux.spawn({ path: HELLO }),
      () => linux.files.write('/x', ''),
      () => linux.files.read(HELLO),
      () => linux.skipTo(0),
    ])
      expect(codeOf(call)).toBe('ESRCH');
  });

  it('comes from a callback: it is refused, and the program goes on', () => {
    const codes: string[] = [];
    const linux = makeLinux({ strace: () => tryAll() });
    const out: Uint8Array[] = [];
    const process = linux.spawn({
      path: HELLO,
      stdout: (bytes) => {
        out.push(bytes);
        tryAll();
      },
    });
    function tryAll() {
      for (const call of [
        () => linux.run(process),
        () => linux.wait(process),
        () => linux.spawn({ path: HELLO }),
        () => linux.files.write('/x', ''),
        () => linux.close(),
        () => linux.skipTo(1e9),
        () => linux.makeTerminal({ columns: 1, rows: 1, take: () => {} }),
        () => process.kill(),
        () => linux.host.createMm(),
      ])
        codes.push(codeOf(call));
    }
    expect(linux.run(process, Infinity, () => void tryAll() === null)).toMatchObject({ kind: 'ended' });
    expect(new Set(codes)).toEqual(new Set(['EBUSY']));
    expect(codes.length).toBeGreaterThan(50);
    expect(text(out)).toBe('Hello from /bin/hello!\n');
  });
});

describe('a callback that throws', () => {
  const failure = new Error('mine');
  const once = () => {
    let thrown = false;
    return () => {
      if (thrown) return;
      thrown = true;
      throw failure;
    };
  };

  it.each(['stdout', 'strace', 'pending', 'trace'])(
    '%s: run throws its error, and the system goes on',
    (which) => {
      const fail = once();
      const lines: string[] = [];
      const linux = makeLinux({
        strace: (line) => {
          lines.push(line);
          if (which === 'strace') fail();
        },
      });
      const out: Uint8Array[] = [];
      const process = linux.spawn({
        path: HELLO,
        args: ['hello', 'you'],
        stdout: (bytes) => {
          out.push(bytes);
          if (which === 'stdout') fail();
        },
      });
      if (which === 'trace') linux.host.machine.trace.subscribe(fail);
      const pending = () => {
        if (which === 'pending') fail();
        return false;
      };
      expect(() => linux.run(process, Infinity, pending)).toThrow(failure);
      expect(linux.run(process, Infinity, pending)).toMatchObject({ status: { kind: 'exited', value: 0 } });
      expect(text(out)).toBe('Hello from hello!\nargument 1: you\n');
      // The system call during which it threw has its usual result.
      expect(lines).toEqual(usualLines());
    },
  );

  it('a terminal that throws: so does what is typed', () => {
    const linux = makeLinux();
    const terminal = linux.makeTerminal({ columns: 80, rows: 24, take: once() });
    expect(() => terminal.type(Uint8Array.of(0x61))).toThrow(failure);
    expect(terminal.type(Uint8Array.of(0x62))).toBe(1);
    terminal.hangUp();
    expect(terminal.type(Uint8Array.of(0x62))).toBe(0);
  });
});

describe('input', () => {
  it('is a text, or bytes that come while the program waits', () => {
    const linux = makeLinux();
    linux.files.write('/bin/cat', copier(), 0o755);
    const out: Uint8Array[] = [];
    const stdout = (bytes: Uint8Array) => void out.push(bytes);
    expect(linux.wait(linux.spawn({ path: '/bin/cat', stdin: 'a text', stdout })).value).toBe(0);
    const stdin = linux.makeInput();
    const process = linux.spawn({ path: '/bin/cat', stdin, stdout });
    expect(linux.run(process)).toEqual({ kind: 'waiting', until: Infinity });
    expect(codeOf(() => linux.wait(process))).toBe('EAGAIN');
    const bytes = Buffer.from(', and more');
    stdin.pass(bytes);
    bytes.fill(0);
    expect(codeOf(() => linux.wait(process))).toBe('EAGAIN');
    stdin.end();
    expect(codeOf(() => stdin.pass(bytes))).toBe('EPIPE');
    expect(linux.wait(process)).toEqual({ kind: 'exited', value: 0 });
    expect(text(out)).toBe('a text, and more');
  });

  it('is passed by a callback', () => {
    const linux = makeLinux();
    linux.files.write('/bin/cat', copier(), 0o755);
    const stdin = linux.makeInput();
    let rounds = 0;
    const stdout = (bytes: Uint8Array) => {
      if (++rounds < 5) stdin.pass(bytes);
      else stdin.end();
    };
    const process = linux.spawn({ path: '/bin/cat', stdin, stdout });
    stdin.pass(Uint8Array.of(1));
    expect(linux.wait(process).value).toBe(0);
    expect(rounds).toBe(5);
  });

  it('never comes, if nobody can pass it: a deadlock', () => {
    const linux = makeLinux();
    linux.files.write('/bin/pause', executable('a7290000 0a1d a7f4fffe'), 0o755);
    const process = linux.spawn({ path: '/bin/pause' });
    expect(linux.run(process)).toEqual({ kind: 'deadlock' });
    expect(codeOf(() => linux.wait(process))).toBe('EDEADLK');
    expect(() => linux.wait(process)).toThrow('pause (2) waits for');
  });
});

describe('output', () => {
  it('waits while it is paused, and is a broken pipe when it is closed', () => {
    const linux = makeLinux();
    linux.files.write('/bin/cat', copier(), 0o755);
    const out: Uint8Array[] = [];
    const stdout = linux.makeOutput((bytes) => void out.push(bytes));
    stdout.pause();
    const process = linux.spawn({ path: '/bin/cat', stdin: 'a text', stdout });
    expect(linux.run(process)).toEqual({ kind: 'waiting', until: Infinity });
    stdout.resume();
    expect(linux.wait(process).value).toBe(0);
    expect(text(out)).toBe('a text');
    stdout.close();
    expect(linux.wait(linux.spawn({ path: '/bin/cat', stdin: 'x', stdout }))).toEqual({
      kind: 'killed',
      value: 13,
    });
  });
});

/** What strace prints of hello. */
function usualLines(): string[] {
  const lines: string[] = [];
  const linux = makeLinux({ strace: (line) => void lines.push(line) });
  linux.wait(linux.spawn({ path: HELLO, args: ['hello', 'you'] }));
  return lines;
}

function x86(): Uint8Array {
  const bytes = programImage('hello').slice();
  bytes.set([0, 62], 18);
  return bytes;
}

/** Copies its input to its output, 256 bytes at a time. */
function copier(): Uint8Array {
  // lghi 2,0; lay 3,-4096(15); lghi 4,256; svc 3; ltgr 4,2; jnh; lghi 2,1; lay 3,-4096(15); svc 4; j; lghi 2,0; svc 1.
  return executable(
    'a7290000 e330f000ff71 a7490100 0a03 b9020042 a7d4000a a7290001 e330f000ff71 0a04 a7f4ffee a7290000 0a01',
  );
}
