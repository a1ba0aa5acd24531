/** `guesthouse run`, tested from outside: output, exit status, and what is left on this computer. */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { endCommands, guesthouse, ROOT } from './command.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'guesthouse-run-'));
afterAll(async () => {
  await endCommands();
  rmSync(FOLDER, { recursive: true });
});

const program = (name: string) => `examples/programs/images/${name}.elf`;
const run = (...args: readonly string[]) => guesthouse(['run', ...args]);

const READER = 'examples/programs/interactive/images/reader.elf';

/** A program that runs, with what it has said so far. */
function started(command: string, args: readonly string[]) {
  const child = spawn(command, args, { cwd: ROOT });
  let out = '';
  let changed = () => {};
  child.stdout.on('data', (data: Buffer) => {
    out += data;
    changed();
  });
  child.stdin.on('error', () => {});
  const ended = new Promise<{ status: number | null; out: string }>((resolve) =>
    child.on('close', (status) => {
      changed();
      resolve({ status, out });
    }),
  );
  return {
    child,
    ended,
    /** Waits until a text has appeared. */
    async said(text: string) {
      while (!out.includes(text) && child.exitCode === null) {
        await new Promise<void>((resolve) => {
          changed = resolve;
        });
      }
    },
  };
}

const SIGNALS = [
  ['SIGHUP', 1],
  ['SIGINT', 2],
  ['SIGTERM', 15],
] as const;

/** Sends a signal again and again until a command has ended: a busy computer may take more than a second for any of them. */
async function endBy(signal: NodeJS.Signals, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    child.kill(signal);
    await delay(100);
  }
}

describe('a signal to the command', () => {
  const reader = (...words: string[]) =>
    started(process.execPath, ['bin/guesthouse.js', 'run', READER, ...words]);

  it.each(SIGNALS)('%s reaches the program', async (signal, number) => {
    const { child, said, ended } = reader('handle');
    await said('ready');
    child.kill(signal);
    await said(`signal ${number}`);
    // One that was taken does not count.
    child.kill(signal);
    await said(`signal ${number}\nsignal ${number}`);
    child.stdin.end('line\n');
    const out = `ready\nsignal ${number}\nsignal ${number}\nread: line\nthe end\n`;
    expect(await ended).toEqual({ status: 7, out });
  });

  it.each(SIGNALS)('%s ends the program, and the command with 128 + %i', async (signal, number) => {
    const { child, said, ended } = reader();
    await said('ready');
    child.kill(signal);
    expect(await ended).toEqual({ status: 128 + number, out: 'ready\n' });
  });

  it('a second one within a second ends the command if the program ignores it', async () => {
    const { child, said, ended } = reader('ignore');
    await said('ready');
    child.kill('SIGINT');
    child.stdin.write('still there\n');
    await said('read: still there');
    await endBy('SIGINT', child);
    expect(await ended).toEqual({ status: 130, out: 'ready\nread: still there\n' });
  });

  it('changes are kept then, too', async () => {
    const overlay = join(FOLDER, 'interrupted');
    const flags = ['bin/guesthouse.js', 'run', '--overlay', overlay, READER, 'ignore'];
    const { child, said, ended } = started(process.execPath, flags);
    await said('ready');
    await endBy('SIGTERM', child);
    expect((await ended).status).toBe(143);
    expect(readdirSync(join(overlay, 'files/bin'))).toEqual(['reader.elf']);
  });
});

/** Runs a shell command on a pseudo-terminal: by `script` of util-linux, or by Python. */
const PYTHON = 'import pty, sys; sys.exit(pty.spawn(["sh", "-c", sys.argv[1]]) >> 8)';
const hasScript = process.platform === 'linux' && existsSync('/usr/bin/script');
const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;
const TERMINALS = [
  ['script', hasScript, (command: string) => started('/usr/bin/script', ['-qec', command, '/dev/null'])],
  ['python3', hasPython, (command: string) => started('python3', ['-c', PYTHON, command])],
] as const;

describe.each(TERMINALS)('on a terminal that %s makes', (_, isThere, open) => {
  const line = (...words: string[]) =>
    `stty rows 33 cols 99; ${process.execPath} bin/guesthouse.js run ${READER} ${words.join(' ')}; echo status $?; stty -a | grep -o -- '-\\?icanon'`;

  it.skipIf(!isThere)('keys reach the program, and the terminal is restored', async () => {
    const { child, said, ended } = open(line('handle'));
    await said('ready');
    child.stdin.write('hello\r');
    await said('read: hello');
    child.stdin.write('\x03');
    await said('signal 2');
    child.stdin.write('\x04');
    const { out } = await ended;
    expect(out).toContain('a terminal of 99 columns and 33 rows\r\nready\r\nhello\r\nread: hello\r\n');
    expect(out).toMatch(/\^Csignal 2\r\nthe end\r\nstatus 7\r\nicanon\r\n$/);
  });

  it.skipIf(!isThere)('^C ends a program, and ^A x any', async () => {
    const killed = open(line());
    await killed.said('ready');
    killed.child.stdin.write('\x03');
    expect((await killed.ended).out).toMatch(/\^C.*status 130\r\nicanon\r\n$/s);
    const left = open(line('ignore'));
    await left.said('ready');
    left.child.stdin.write('\x03\x03\x03still there\r');
    await left.said('read: still there');
    left.child.stdin.write('\x01x');
    expect((await left.ended).out).toMatch(/status 130\r\nicanon\r\n$/);
  });
});

describe('--check and --trace', () => {
  it.each(['memory', 'processes'])(
    '%s keeps all rules, and its trace can be read and checked',
    async (name) => {
      const path = join(FOLDER, `${name}.jsonl`);
      const { status, err } = await run('--check', '--trace', path, '--cwd', '/root', program(name));
      expect([status, err]).toEqual([0, '']);
      const events = readFileSync(path, 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      for (const type of ['mm-alloc', 'mmap', 'page-table', 'mm-fault', 'mm-free'])
        expect(events.some((event) => event.type === type)).toBe(true);
      const checked = await guesthouse(['trace', path, '--check']);
      expect([checked.status, checked.out]).toEqual([0, expect.stringContaining('all checks pass')]);
    },
  );

  it('a broken rule ends the command with status 5', async () => {
    // Damages a table of each new address space behind the host's back, while the program waits for its input.
    const before = `
      const { Host } = await import(${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)});
      const { createMm } = Host.prototype;
      Host.prototype.createMm = function (...args) {
        const mm = createMm.apply(this, args);
        queueMicrotask(() => mm.ended || this.kernel.storage.set32(mm.tables.top + 804, 0x1234));
        return mm;
      };`;
    const { status, err } = await guesthouse(['run', '--check', READER], { before, input: 'line\n' });
    expect(err).toMatch(/^rule broken: table-format/);
    expect(status).toBe(5);
  });

  it.each(['/dev/full', '/nowhere/trace'])(
    'a trace that cannot be written to %s is one line',
    async (path) => {
      const { status, err } = await run('--trace', path, program('hello'));
      expect([status, err]).toEqual([2, expect.stringMatching(/^guesthouse: could not .*\n$/)]);
    },
  );
});

describe('the report of a crash', () => {
  const PLACE = 'value_of+0x16';

  it.each([4, 5])('names callers and lines, by DWARF %i', async (version) => {
    const { status, err } = await run(`examples/programs/frames/images/dwarf${version}.elf`);
    expect(status).toBe(139);
    const lines = err.split('\n').map((line) => line.replace(/ 0x\w+ /, ' '));
    const [first, ...rest] = lines.slice(1, 10);
    expect(first).toBe(`  at ${PLACE} (/bin/dwarf${version}.elf) frames/frames.c:6: lg %r2,0(%r1)`);
    expect(rest.map((line) => line.replace(/^ {2}called from (\w+)\S+ \(\S+\) /, '$1 '))).toEqual([
      'twice frames/frames.c:12',
      'many frames/frames.c:17',
      'many frames/frames.c:18',
      'many frames/frames.c:18',
      'many frames/frames.c:18',
      'main frames/frames.c:22',
      'start lib/program.c:33',
      '_start lib/start.S:9',
    ]);
  });

  it('goes along the back chain where there is nothing else', async () => {
    const { err } = await run(program('crash'));
    expect(err).toMatch(
      / at 0x\w+ value_of.*\n {2}called from 0x\w+ sum.*\n(?: {2}called from .*\n)* {2}called from 0x\w+ main/,
    );
  });
});

describe('--gdb', () => {
  /** Starts a program, and connects a client. `ask` sends a packet, and returns the data of the next reply. */
  async function debugged(...words: readonly string[]) {
    const child = spawn(process.execPath, ['bin/guesthouse.js', 'run', ...words], { cwd: ROOT });
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data;
    });
    child.stdin.end();
    const ended = once(child, 'close').then(([status]) => ({ status, out }));
    const [line] = (await once(child.stderr, 'data')) as [Buffer];
    const port = Number(/^gdb: target remote localhost:(\d+)\n$/.exec(line.toString())?.[1]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    let text = '';
    const ask = async (data: string): Promise<string> => {
      const sum = [...data].reduce((all, c) => (all + c.charCodeAt(0)) & 0xff, 0);
      socket.write(`$${data}#${sum.toString(16).padStart(2, '0')}`);
      for (;;) {
        const match = /\$([^#]*)#../.exec(text);
        if (match !== null) {
          text = text.slice(match.index + match[0].length);
          return match[1] as string;
        }
        const [bytes] = (await once(socket, 'data')) as [Buffer];
        text += bytes;
      }
    };
    return { ask, socket, ended };
  }

  it('waits at the first instruction, and the exit status is that of the program', async () => {
    const { ask, socket, ended } = await debugged('--gdb', program('crash'));
    expect(await ask('?')).toBe('T05thread:2;');
    expect(await ask('Z0,1000988,2')).toBe('OK');
    expect(await ask('c')).toBe('T05thread:2;');
    expect(await ask('z0,1000988,2')).toBe('OK');
    expect(await ask('c')).toBe('T0bthread:2;');
    expect(await ask('C0b')).toBe('X0b');
    expect((await ended).status).toBe(139);
    socket.destroy();
  });

  it('a client kills the program, or lets it run', async () => {
    const killed = await debugged('--gdb=0', program('crash'));
    expect(await killed.ask('vKill;2')).toBe('OK');
    expect((await killed.ended).status).toBe(137);
    const left = await debugged('--seed', '1', '--gdb', '--', program('hello'), '--gdb');
    expect(await left.ask('D')).toBe('OK');
    const { status, out } = await left.ended;
    expect(status).toBe(0);
    expect(out).toContain('--gdb');
  });

  it('is refused with a port that does not exist, or with a limit', async () => {
    const wrong = await run('--gdb', '65536', program('hello'));
    expect([wrong.status, wrong.err]).toEqual([2, expect.stringContaining('at most 65535')]);
    const both = await run('--gdb', '--limit', '5', program('hello'));
    expect([both.status, both.err]).toEqual([
      2,
      expect.stringContaining("'--gdb [port]' cannot be used with option"),
    ]);
  });
});

describe('--overlay', () => {
  it('keeps what a program has changed for the next one', async () => {
    const overlay = join(FOLDER, 'kept');
    const first = await run('--overlay', overlay, '--cwd', '/tmp', program('files'));
    expect([first.status, first.err]).toEqual([0, '']);
    expect(first.out).toContain('mkdir: 0, again: EEXIST');
    expect(readdirSync(join(overlay, 'files/tmp'))).toContain('three');
    // Again with those files: they are there.
    const second = await run('--overlay', overlay, '--cwd', '/tmp', program('files'));
    expect([second.status, second.err]).toEqual([0, '']);
    expect(second.out).toContain('mkdir: EEXIST, again: EEXIST');
    // The root of one run can be that of another.
    const third = await run('--root', join(overlay, 'files'), '--cwd', '/tmp', '/bin/files.elf');
    expect(third.out).toContain('mkdir: EEXIST, again: EEXIST');
  });

  it('is written after a crash, and when the limit is reached', async () => {
    const [crashed, limited] = [join(FOLDER, 'crashed'), join(FOLDER, 'limited')];
    expect((await run('--overlay', crashed, program('crash'))).status).toBe(139);
    expect((await run('--overlay', limited, '--limit', '100', program('crash'))).status).toBe(4);
    for (const one of [crashed, limited]) expect(readdirSync(join(one, 'files/bin'))).toEqual(['crash.elf']);
  });

  it('is refused with one line where it cannot be', async () => {
    writeFileSync(join(FOLDER, 'file'), '');
    const refusals = await Promise.all([
      run('--overlay', join(FOLDER, 'file'), program('hello')),
      run('--overlay', join(FOLDER, 'no/where'), program('hello')),
      run('--overlay', 'examples/new', '--root', 'examples', '/programs/images/hello.elf'),
      run('--overlay', FOLDER, program('hello')),
    ]);
    for (const { status, out, err } of refusals) {
      expect({ status, out }).toEqual({ status: 2, out: '' });
      expect(err).toMatch(/^guesthouse: .+\n$/);
    }
  });
});
