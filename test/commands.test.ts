/**
 * The command line, tested from outside: output and exit status.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { RULES } from '../src/check/index.ts';
import { endCommands, guesthouse, type How, type Result, ROOT } from './command.ts';

const FOLDER = mkdtempSync(join(tmpdir(), 'guesthouse-'));
afterAll(async () => {
  await endCommands();
  rmSync(FOLDER, { recursive: true });
});

/** The URL of the built package, as a literal. */
const PACKAGE = JSON.stringify(new URL('../dist/index.js', import.meta.url).href);

const run = (line: string, how?: How) => guesthouse(line.split(' '), how);
const replay = (input: string, ...flags: string[]) => guesthouse(['replay', '-', ...flags], { input });
const image = (name: string) => `examples/images/${name}.elf`;
const hostile = (name: string) => `examples/hostile/images/${name}.elf`;
/** Creates a temporary file. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}
/** Checks that there is one line on standard error, and no output. */
function oneLine({ status, out, err }: Result, wanted: number): string {
  expect({ status, out }).toEqual({ status: wanted, out: '' });
  expect(err).toMatch(/^guesthouse: [^\n]+\n$/);
  return err;
}

describe.concurrent('boot', () => {
  const images = readdirSync(join(ROOT, 'examples/images')).filter((name) => name.endsWith('.expected'));

  it.each(images)('prints %s', async (expected) => {
    const name = expected.replace('.expected', '');
    const { status, out, err } = await guesthouse([
      'boot',
      image(name),
      ...(name === 'hello' ? ['--', 'world'] : []),
    ]);
    expect(out).toBe(readFileSync(join(ROOT, 'examples/images', expected), 'utf8'));
    expect([status, err]).toEqual([0, '']);
  });

  it.each([
    ['spin', 4],
    ['storm', 4],
    ['fault-loop', 3],
    ['wild-jump', 3],
    ['bad-psw', 3],
  ])('ends hostile %s with one line', async (name, status) => {
    oneLine(await run(`boot ${hostile(name)} --limit 3M`), status);
  });

  it.each(['bad-control', 'sclp-junk', 'escapes'])('runs hostile %s to its end', async (name) => {
    const { status, err } = await run(`boot ${hostile(name)} --limit 100M`);
    expect([status, err]).toEqual([0, '']);
  });

  it('exit status 1: the guest ended with another status', async () => {
    // Replaces the entry of hello.elf by LARL of a PSW and LPSWE. The address in the PSW is the status.
    const bytes = readFileSync(join(ROOT, image('hello')));
    const entry = Number(
      bytes.readBigUInt64BE(24) - bytes.readBigUInt64BE(64 + 24) + bytes.readBigUInt64BE(64 + 8),
    );
    bytes.set([0xc0, 0x10, 0, 0, 0, 8, 0xb2, 0xb2, 0x10, 0], entry);
    bytes.writeBigUInt64BE(0x0002_0001_8000_0000n, entry + 16);
    bytes.writeBigUInt64BE(42n, entry + 24);
    const result = await run(`boot ${file('status.elf', bytes)}`);
    expect(oneLine(result, 1)).toContain('status 42');
  });

  it('exit status 6: storage is used up', async () => {
    const before = `
      const { Host, LinuxError, Machine } = await import(${PACKAGE});
      const frames = Object.getPrototypeOf(new Host(new Machine()).kernel.frames);
      const { allocate } = frames;
      let left = 15;
      frames.allocate = function (...args) {
        if (--left < 0) throw new LinuxError('ENOMEM', 'no more');
        return allocate.apply(this, args);
      };`;
    const result = await run(`boot ${image('hello')}`, { before });
    expect(oneLine(result, 6)).toContain('storage is used up: no more');
  });

  it('--memory: the guest finds this size of storage', async () => {
    const [small, tiny] = await Promise.all([
      run(`boot ${image('memory')} --memory 8M`),
      run(`boot ${image('hello')} --memory 0 --map 256M:0:1M`),
    ]);
    expect([small.status, small.err, tiny.status]).toEqual([0, '', 0]);
    expect(small.out).toMatch(/\b8 MiB/);
  });

  it.each([
    ['--memory 0', 'does not fit'],
    ['--memory 65G', 'more than 64 GiB'],
    ['--memory 1M --map 256M:0:1M', 'overlaps'],
    ['--map 4T:1G:1M', '4 TiB'],
    [
      '--trace /nonexistent/trace',
      'could not open /nonexistent/trace for writing: no such file or directory',
    ],
  ])('%s: exit status 2 and one line', async (flags, message) => {
    expect(oneLine(await run(`boot ${image('hello')} ${flags}`), 2)).toContain(message);
  });

  it('more memory than this computer has: one line', async () => {
    const result = await run(
      `boot ${image('spin').replace('images', 'hostile/images')} --limit 1 --memory 62G`,
    );
    expect([2, 4]).toContain(result.status);
    oneLine(result, result.status as number);
  });

  it.each([
    ['--memory', 'x'],
    ['--memory', '1500K'],
    ['--map', '0:64:1M'],
    ['--limit', '8P'],
    ['--console', 'vga'],
    ['--map', '1M:2M'],
    ['--map', '1:0:1M'],
    ['--map', '1M:0:0'],
    ['--limit', '0'],
    ['--cpus', '-1'],
    ['--cpus', '0'],
    ['--cpus', '249'],
    ['--net', 'tap'],
    ['--forward', '80'],
    ['--forward', '1:2:3'],
    ['--forward', '8080:0'],
    ['--forward', '65536:80'],
    ['--forward', 'localhost:80'],
  ])('%s %s is not understood', async (flag, value) => {
    const { status, out, err } = await guesthouse(['boot', image('hello'), `${flag}=${value}`]);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: option '.*' argument '.*' is invalid\./);
    expect(err).not.toContain('    at ');
  });

  it.each([
    ['boot', image('hello'), '--memory=64'],
    ['boot', image('hello'), '--map=256M:0:64'],
    ['replay', 'examples/scenarios/first.txt', '--storage=64'],
  ])('%s %s %s: a size without a unit is refused, and the likely size suggested', async (...args) => {
    const { status, out, err } = await guesthouse(args);
    expect([status, out]).toEqual([2, '']);
    expect(err).toContain('64 bytes? Did you mean 64M?');
  });

  it('--limit 1 stops after one instruction', async () => {
    const { status, out } = await run(`boot ${hostile('spin')} --limit 1 --json`);
    expect([status, JSON.parse(out).instructions]).toEqual([4, 1]);
  });

  it.skipIf(process.platform !== 'linux')(
    'output that cannot be written: one line and status 2',
    async () => {
      const full = 'guesthouse: could not write to standard output: no space left on device\n';
      const results = await Promise.all([
        run(`boot ${image('hello')} --trace /dev/full -- world`),
        run(`boot ${hostile('spin')} --trace /dev/full`),
        run(`boot ${image('hello')}`, { into: '/dev/full' }),
        run(`boot ${image('hello')} --json`, { into: '/dev/full' }),
        run('walk examples/scenarios/first.txt 1G --gmap 0 --line 7', { into: '/dev/full' }),
        run('tour', { into: '/dev/full' }),
        run('help', { into: '/dev/full' }),
      ]);
      const trace = 'guesthouse: could not write the whole trace to /dev/full: no space left on device\n';
      expect(results.map(({ err }) => err)).toEqual([trace, trace, full, full, full, full, full]);
      expect(results.map(({ status }) => status)).toEqual(results.map(() => 2));
    },
  );

  it('a closed standard output ends the guest quietly', async () => {
    const child = spawn(process.execPath, ['bin/guesthouse.js', 'boot', image('echo')], { cwd: ROOT });
    let err = '';
    child.stderr.on('data', (data: Buffer) => {
      err += data;
    });
    child.stdin.on('error', () => {});
    child.stdout.once('data', () => {
      child.stdout.destroy();
      child.stdin.write('is anybody there?\n'.repeat(1000));
    });
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, err]).toEqual([141, '']);
  });

  it('a network does not change a guest that has no driver for it', async () => {
    const results = await Promise.all(
      ['', ' --net user', ' --forward 0:80'].map((flags) => run(`boot ${image('clock')}${flags} --cpus 3`)),
    );
    const [plain, ...others] = results.map(({ out }) => out);
    expect(others).toEqual([plain, plain]);
    expect(results[2]?.err).toMatch(
      /^guesthouse: port \d+ of this computer leads to port 80 of the guest\n$/,
    );
  });

  it('a forward listens on the loopback address, and a port that is in use is named', async () => {
    const child = spawn(
      process.execPath,
      ['bin/guesthouse.js', 'boot', hostile('spin'), '--forward', '0:80'],
      {
        ...{ cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] },
      },
    );
    const [line] = (await once(child.stderr as Readable, 'data')) as [Buffer];
    const port = Number(/port (\d+) of this computer/.exec(line.toString())?.[1]);
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const taken = await run(`boot ${image('hello')} --forward ${port}:80`);
    expect(oneLine(taken, 2)).toBe(`guesthouse: port ${port} is already in use\n`);
    child.kill('SIGINT');
    await once(socket, 'close');
    expect((await once(child, 'close'))[0]).toBe(130);
  });

  it('standard input is the guest’s console input, to its end', async () => {
    const said = (text: string) => `Type something; ^D ends.\n${text}bye\n`;
    const long = `${'0123456789abcdef '.repeat(6)}\n`.repeat(700);
    const [short, nothing, much] = await Promise.all([
      run(`boot ${image('echo')}`, { input: 'hello\nworld\n' }),
      run(`boot ${image('echo')}`),
      run(`boot ${image('echo')}`, { input: long }),
    ]);
    expect(short).toEqual({ status: 0, out: said('HELLO\nWORLD\n'), err: '' });
    expect(nothing).toEqual({ status: 0, out: said(''), err: '' });
    expect(much).toEqual({ status: 0, out: said(long.toUpperCase()), err: '' });
  });

  it('a guest that reads no input does not consume it', async () => {
    const { status, out } = await run(`boot ${image('hello')} -- world`, { input: 'x'.repeat(1000) });
    expect([status, out]).toEqual([0, readFileSync(join(ROOT, 'examples/images/hello.expected'), 'utf8')]);
  });

  it('into a pipe, control sequences pass unchanged', async () => {
    const { out } = await run(`boot ${hostile('escapes')}`);
    expect(out).toContain('\u001b]52;c;');
    expect(out).toContain('\u001b[31mhello\u001b[0m\n');
  });

  it('--map, --check, --cpus and --limit do not change the output', async () => {
    const { status, out, err } = await run(
      `boot ${image('hello')} --memory 2M --map 256M:1T:1M --check --cpus 3 --limit 1G -- world`,
    );
    expect([status, out, err]).toEqual([
      0,
      readFileSync(join(ROOT, 'examples/images/hello.expected'), 'utf8'),
      '',
    ]);
  });

  it('--cpus: the error names the maximum', async () => {
    const { status, err } = await run(`boot ${image('hello')} --cpus 249`);
    expect([status, err]).toEqual([2, expect.stringContaining('It must be 1 to 248.')]);
  });

  it('--json is one object', async () => {
    const { status, out, err } = await run(`boot ${image('hello')} --json -- a b`);
    expect([status, err]).toEqual([0, '']);
    const summary = JSON.parse(out);
    expect(summary).toMatchObject({
      end: { kind: 'disabled-wait', cpu: 0, address: '0x0' },
      stats: { rmaps: 1, tables: 4, pagetables: 1, purges: 0 },
      console: 'Hello from a guest!\narguments: a b\n',
    });
    expect(summary.instructions).toBeGreaterThan(100);
    const limited = await run(`boot ${hostile('spin')} --limit 10 --json`);
    expect(limited).toMatchObject({ status: 4, err: '' });
    expect(JSON.parse(limited.out)).toMatchObject({ end: { kind: 'limit' }, instructions: 10 });
  });

  it('--break stops before an instruction, after an access, and at an event', async () => {
    const reports: [string, RegExp][] = [
      ['main', /"main": CPU 0 is about to execute the instruction at 0x[0-9a-f]+ \(main\) after \d+ inst/],
      ['write:sccb', /stored 1 byte at 0x28000 \(sccb\) by the instruction at 0x[0-9a-f]+ \(put\+0x/],
      ['interruption:external', /the event interruption \(cpu 0, guest true, class external, code 9217, /],
    ];
    for (const [text, report] of reports) {
      const { status, out, err } = await run(`boot ${image('hello')} --break ${text}`);
      expect([status, out]).toEqual([7, '']);
      expect(err).toMatch(report);
      expect(err).toContain('--hits 2 goes on to the next hit');
    }
  });

  it('--hits goes on; --json has the registers', async () => {
    const { status, out, err } = await guesthouse([
      ...['boot', image('hello'), '--json', '--hits', '2', '--break', 'print if r2 != 0', '--', 'world'],
    ]);
    expect([status, err]).toEqual([7, '']);
    const { end, console } = JSON.parse(out);
    expect(end).toMatchObject({
      kind: 'breakpoint',
      breakpoint: 'print if r2 != 0',
      hits: 2,
      symbol: 'print',
    });
    expect(end.registers.pswAddress).toBe(end.cause.address);
    expect(end.registers.general).toHaveLength(16);
    expect(console).toBe('Hello from a guest!\n');
  });

  it('--break without a hit changes nothing; a bad one is refused', async () => {
    const expected = readFileSync(join(ROOT, 'examples/images/hello.expected'), 'utf8');
    const { status, out } = await run(`boot ${image('hello')} --break exit:HLT --break 0x2 -- world`);
    expect([status, out]).toEqual([0, expected]);
    expect(oneLine(await run(`boot ${image('hello')} --break nowhere`), 2)).toContain('"nowhere" is neither');
  });

  it('a closed standard output ends the other commands quietly, too', async () => {
    const lines = `mmap 256M 1M\ngmap_alloc 0\n${'dump 0\n'.repeat(200_000)}`;
    const child = spawn(process.execPath, ['bin/guesthouse.js', 'replay', file('long.txt', lines)], {
      cwd: ROOT,
    });
    let err = '';
    child.stderr.on('data', (data: Buffer) => {
      err += data;
    });
    child.stdout.once('data', () => child.stdout.destroy());
    const status = await new Promise((resolve) => child.on('close', resolve));
    expect([status, err]).toEqual([141, '']);
  });

  it('--stats counts what the trace has', async () => {
    const path = join(FOLDER, 'statistics.jsonl');
    const { status, out, err } = await run(`boot ${image('memory')} --stats --json --trace ${path}`);
    expect([status, err]).toEqual([0, '']);
    const { run: counted, instructions, stats } = JSON.parse(out);
    const events = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const all = (type: string) => events.filter((event) => event.type === type);
    const by = (type: string, field: string) => {
      const counts: Record<string, number> = {};
      for (const event of all(type)) counts[event[field]] = (counts[event[field]] ?? 0) + 1;
      return counts;
    };
    expect(counted).toMatchObject({
      ...{ instructions, exits: by('exit', 'reason'), interruptions: by('interruption', 'class') },
      ...{ links: all('link').length, unlinks: by('unlink', 'reason'), linked: stats.rmaps },
      ...{ pages: all('mm-fault').length, pageTables: by('page-table', 'change') },
      ...{ purges: by('purge', 'by'), devices: [] },
    });
    expect(
      Math.min(counted.links, counted.pages, counted.tlb.host.hits, counted.tlb.host.misses),
    ).toBeGreaterThan(0);
  });

  it('--stats prints them at any end', async () => {
    for (const [flags, wanted] of [
      ['', 0],
      ['--limit 100', 4],
      ['--break print', 7],
    ] as const) {
      const { status, out, err } = await run(`boot ${image('hello')} --share docs --stats ${flags}`.trim());
      expect(status).toBe(wanted);
      expect(out).not.toContain('the run:');
      expect(err).toMatch(
        /the run:\n {2}time +\d+\.\d s\n {2}instructions +[\d,]+, [\d.]+ million a second\n/,
      );
      expect(err).toMatch(/ {2}guest segments +1 linked, 1 still; unlinked: none\n/);
      expect(err).toMatch(/ {2}0\.0\.0100 +shared folder: 0 requests, 0 bytes out, 0 in\n$/);
    }
  });

  it('--json contains the console output unchanged', async () => {
    const [plain, json] = await Promise.all(
      ['', ' --json'].map((flag) => run(`boot ${hostile('sclp-junk')} --limit 100M${flag}`)),
    );
    expect(plain?.out).not.toBe('');
    expect(JSON.parse(json?.out as string)).toMatchObject({ console: plain?.out });
  });

  it.each([
    ['nowhere.elf', undefined, 'could not read nowhere.elf: no such file or directory'],
    ['a folder', null, 'could not read examples: it is a folder'],
    [
      'empty',
      '',
      'neither an ELF file (7f 45 4c 46 at 0) nor a Linux kernel for s390x ("S390EP" at 0x10008)',
    ],
    ['text', 'hello there', 'neither an ELF file'],
    ['an x86 kernel', `${'\0'.repeat(0x202)}HdrS`, 'a Linux kernel for x86; one for s390x is needed'],
  ])('%s is not an image', async (name, content, message) => {
    const path = content === null ? 'examples' : content === undefined ? name : file(name, content);
    expect(oneLine(await guesthouse(['boot', path]), 2)).toContain(message);
  });

  it.skipIf(process.platform === 'win32').each(['/dev/null', '/dev/zero'])(
    '%s is not an image',
    async (path) => {
      expect(oneLine(await run(`boot ${path}`), 2)).toContain('neither an ELF file');
    },
  );

  it('goes on from a state that was saved at a limit', async () => {
    const state = join(FOLDER, 'hello.state');
    const whole = await run('boot examples/images/hello.elf -- world');
    const begun = await run(`boot examples/images/hello.elf --limit 200 --save ${state} -- world`);
    expect(begun.status).toBe(4);
    expect(begun.err).toMatch(/saved the state to .*hello.state \(0\.0 MB\)/);
    const rest = await run(`boot --restore ${state}`);
    expect(rest.status).toBe(0);
    expect(begun.out + rest.out).toBe(whole.out);
    const refused = await run(`boot --restore ${state} --memory 8M`);
    expect([refused.status, refused.err.split('\n')[0]]).toEqual([
      2,
      "error: option '--restore <file>' cannot be used with option '--memory <size>'",
    ]);
    expect(oneLine(await run(`boot examples/images/hello.elf --restore ${state}`), 2)).toContain(
      'boots no image',
    );
    expect(oneLine(await run(`boot --restore ${state} --balloon 1M`), 2)).toContain('guests with devices');
  });

  it('a state with a network needs one again', async () => {
    const state = join(FOLDER, 'network.state');
    const whole = await run(`boot ${image('hello')} -- world`);
    const begun = await run(`boot ${image('hello')} --net user --limit 200 --save ${state} -- world`);
    expect(begun.status).toBe(4);
    const rest = await run(`boot --restore ${state} --net user`);
    expect([rest.status, begun.out + rest.out]).toEqual([0, whole.out]);
    expect(oneLine(await run(`boot --restore ${state}`), 2)).toContain('4 devices are saved, and 3 attached');
  });

  it('goes on from a state only with the shared folders that were there', async () => {
    const state = join(FOLDER, 'shared.state');
    const share = '--share examples --share work=src';
    await run(`boot examples/images/hello.elf --limit 200 ${share} --save ${state}`);
    expect((await run(`boot --restore ${state} --share share=docs --share work=src`)).status).toBe(0);
    for (const [others, problem] of [
      ['--share examples', '5 devices are saved, and 4 attached'],
      ['--share work=src --share examples', 'a shared folder with another tag'],
    ]) {
      const { err } = await run(`boot --restore ${state} ${others}`);
      expect(err).toMatch(`guesthouse: the state cannot be restored: ${problem}`);
    }
  });

  it.each([
    ['no state', 'hello', 'not the state of a guest'],
    ['a later version', 'guesthouse state 2\n', 'a state of version 2; this program reads version 1'],
    ['a cut state', 'guesthouse state 1\n\u001f\u008b', 'not a whole state'],
  ])('does not go on from %s', async (name, content, message) => {
    expect(
      oneLine(await run(`boot --restore ${file(`${name.replace(/ /g, '-')}.state`, content)}`), 2),
    ).toContain(message);
  });

  it.each([
    [
      '--initrd examples/images/hello.elf',
      '--initrd is for Linux kernels, and examples/images/hello.elf is none',
    ],
    ['--append x -- y', 'by --append or after --, not by both'],
    ['--disk nowhere.img', 'could not open the disk nowhere.img: no such file or directory'],
    ['--disk examples', 'could not'],
    ['--disk package.json:ro', 'is not a multiple of 512'],
    [
      '--gdb --disk DISK:rw',
      '--gdb repeats runs, which a disk or a shared folder with mode rw does not allow',
    ],
    ['--gdb --share examples:rw', 'a shared folder with mode rw does not allow'],
    ['--share nowhere', 'could not share nowhere: no such file or directory'],
    ['--share package.json', 'could not share package.json: not a directory'],
  ])('hello.elf %s is refused', async (flags, message) => {
    const disk = file('disk.img', '\0'.repeat(1024));
    expect(oneLine(await run(`boot examples/images/hello.elf ${flags.replace('DISK', disk)}`), 2)).toContain(
      message,
    );
  });

  const corruptions: [string, (bytes: Buffer) => unknown][] = [
    ['for another machine', (b) => b.writeUInt16BE(62, 18)],
    ['little-endian', (b) => b.writeUInt8(1, 5)],
    ['32-bit', (b) => b.writeUInt8(1, 4)],
    ['of another type', (b) => b.writeUInt16BE(1, 16)],
    ['with its entry outside', (b) => b.writeBigUInt64BE(0x100n, 24)],
    ['with an odd entry', (b) => b.writeBigUInt64BE(b.readBigUInt64BE(24) + 1n, 24)],
    ['with program headers nowhere', (b) => b.writeBigUInt64BE(1n << 63n, 32)],
    ['with 65535 program headers', (b) => b.writeUInt16BE(0xffff, 56)],
    ['with no program headers', (b) => b.writeUInt16BE(0, 56)],
    ['with a huge segment', (b) => b.writeBigUInt64BE(1n << 60n, 64 + 40)],
    ['with a segment past 64 bits', (b) => b.writeBigUInt64BE((1n << 64n) - 1n, 64 + 40)],
    ['with more bytes than memory', (b) => b.writeBigUInt64BE(1n, 64 + 40)],
    ['with bytes from nowhere', (b) => b.writeBigUInt64BE(1n << 40n, 64 + 8)],
    ['at the end of storage', (b) => b.writeBigUInt64BE((1n << 64n) - 4096n, 64 + 24)],
    [
      'with overlapping segments',
      (b) => {
        // The second program header becomes a copy of the first.
        b.copy(b, 64 + 56, 64, 64 + 56);
        b.writeUInt16BE(2, 56);
      },
    ],
  ];
  it.each(corruptions)('an image %s: exit status 2 and one line', async (name, corrupt) => {
    const bytes = Buffer.from(readFileSync(join(ROOT, image('hello'))));
    corrupt(bytes);
    const path = file(`${name.replaceAll(' ', '-')}.elf`, bytes);
    expect(oneLine(await guesthouse(['boot', path]), 2)).toContain(path);
  });

  it.each([10, 50, 80, 4100])(
    'an image of which only %i bytes are there: exit status 2 and one line',
    async (length) => {
      const bytes = readFileSync(join(ROOT, image('hello'))).subarray(0, length);
      const path = file(`cut-${length}.elf`, bytes);
      expect(oneLine(await guesthouse(['boot', path]), 2)).toContain(path);
    },
  );

  it('arguments that are too long or not ASCII', async () => {
    const [long, foreign] = await Promise.all([
      guesthouse(['boot', image('hello'), '--', 'x'.repeat(896)]),
      guesthouse(['boot', image('hello'), '--', 'ü']),
    ]);
    expect(oneLine(long, 2)).toContain('895');
    expect(oneLine(foreign, 2)).toContain('not ASCII');
  });
});

describe.concurrent('replay', () => {
  it('replays the first scenario', async () => {
    const { status, out, err } = await run('replay examples/scenarios/first.txt --check');
    expect(status).toBe(0);
    expect(out.split('\n')).toEqual([
      ...Array(5).fill('ok'),
      ...['segment 0x0 mapped 0x10000000', 'segment 0x40000000 mapped 0x20000000'],
      ...['segment 0x40100000 mapped 0x20100000', 'end', 'ok', 'ok 677565737420776173206865726500'],
      ...['segment 0x0 mapped 0x10000000', 'segment 0x40000000 linked 0x20000000'],
      ...['segment 0x40100000 mapped 0x20100000', 'end', 'rmaps 1 tables 4 pagetables 1 purges 0', 'ok'],
      ...['segment 0x0 mapped 0x10000000', 'segment 0x40000000 mapped 0x20000000'],
      ...['segment 0x40100000 mapped 0x20100000', 'end', 'error EFAULT', 'ok', 'ok 00000000'],
      ...['segment 0x0 mapped 0x10000000', 'segment 0x40000000 linked 0x20000000'],
      ...['segment 0x40100000 mapped 0x20100000', 'end', 'rmaps 1 tables 4 pagetables 1 purges 0', ''],
    ]);
    expect(err).toMatch(/^line 17: [^\n]*0x40000000\n$/);
  });

  it('replays the scenario of a fork with a guest', async () => {
    const { status, out, err } = await run('replay examples/scenarios/fork.txt --check');
    expect(status).toBe(0);
    expect(out.split('\n')).toEqual([
      ...['ok', 'ok', 'ok', 'ok', 'ok 0x0', 'ok', 'ok', 'ok aa', 'ok', 'ok bb', 'ok aa', 'ok 0x0'],
      ...['ok', 'ok', 'ok 0x30', 'ok 00', 'ok', 'ok', 'segment 0x0 mapped 0x10000000', 'end'],
      ...['error EFAULT', ''],
    ]);
    expect(err).toMatch(/^line 33: [^\n]*0x0\n$/);
  });

  const verbs = [
    ['mmap 256M 1M', 'ok'],
    ['gmap_alloc 0', 'ok'],
    ['gmap_alloc 0', 'error EEXIST'],
    ['gmap_map_segment 0 256M 1P 1M', 'ok'],
    ['gmap_fault 0 0x4000000000123', 'ok 0x10000123'],
    ['guest 0 write 1P 00ff', 'ok'],
    ['guest 0 read 1P 2', 'ok 00ff'],
    ['process write 256M 7f', 'ok'],
    ['gmap_discard 0 1P 0x4000000001000', 'ok'],
    ['guest 0 read 1P 1', 'ok 00'],
    ['dump 0', 'segment 0x4000000000000 linked 0x10000000\nend'],
    ['stats', 'rmaps 1 tables 4 pagetables 1 purges 0'],
    ['gmap_unmap_segment 0 1P 1M', 'ok'],
    ['gmap_fault 0 1P', 'error EFAULT'],
    ['fail 1', 'ok'],
    ['gmap_alloc 1', 'error ENOMEM'],
    ['gmap_alloc 1', 'ok'],
    ['fail 0', 'ok'],
    ['munmap 256M 1M', 'ok'],
    ['gmap_free 0', 'ok'],
    ['gmap_free 0', 'error ENOENT'],
    ['mmap 1T 4K', 'ok'],
    ['mmap 0x100000000 4096', 'ok'],
    ['mmap 2G 0x1000', 'ok'],
  ] as const;
  const lines = verbs.map(([line]) => line);
  const answers = `${verbs.map(([, answer]) => answer).join('\n')}\n`;

  it.each([
    ['\n', '\n'],
    ['\r\n', ''],
    [' \n\n# nothing\n', ''],
  ])('every verb, lines separated by %j, ended by %j', async (separator, end) => {
    const { status, out, err } = await replay(lines.join(separator) + end, '--check');
    expect(out).toBe(answers);
    expect(status).toBe(0);
    expect(err.split('\n').map((line) => /^line \d+: ./.test(line))).toEqual([true, true, true, true, false]);
  });

  it('numbers errors by line', async () => {
    const { status, out, err } = await replay('# one\n\ngmap_free 7\nstats\nguest 3 read 0 1\n');
    expect(out).toBe('error ENOENT\nrmaps 0 tables 0 pagetables 0 purges 0\nerror ENOENT\n');
    expect(err).toBe('line 3: gmap 7 does not exist\nline 5: gmap 3 does not exist\n');
    expect(status).toBe(0);
  });

  it('ends at a syntax error, names the line, and has printed the answers before it', async () => {
    const text = 'mmap 256M 1M\n# fine\nstats\nfrob 1 2\nstats\n';
    const path = file('bad.txt', text);
    const [named, piped] = await Promise.all([guesthouse(['replay', path]), replay(text)]);
    const out = 'ok\nrmaps 0 tables 0 pagetables 0 purges 0\n';
    expect(named).toEqual({ status: 2, out, err: `guesthouse: ${path}:4: unknown operation "frob"\n` });
    expect(piped).toEqual({ status: 2, out, err: 'guesthouse: -:4: unknown operation "frob"\n' });
  });

  const JSON_TEXT =
    'mmap 256M 1M\n# fine\nprocess write 256M "hello"\nprocess read 256M 5\nmunmap 1 1\ngmap_alloc 0\ndump 0\n';

  it('--json prints an object per operation, and a summary', async () => {
    const { status, out, err } = await replay(JSON_TEXT, '--json', '--check');
    expect([status, err]).toEqual([0, '']);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual([
      { line: 1, operation: 'mmap 256M 1M', answer: ['ok'] },
      { line: 3, operation: 'process write 256M "hello"', answer: ['ok'] },
      { line: 4, operation: 'process read 256M 5', answer: ['ok 68656c6c6f'], text: 'hello' },
      {
        line: 5,
        operation: 'munmap 1 1',
        answer: ['error EINVAL'],
        error: { code: 'EINVAL', message: expect.stringContaining('0x1') },
      },
      { line: 6, operation: 'gmap_alloc 0', answer: ['ok'] },
      { line: 7, operation: 'dump 0', answer: ['end'] },
      { summary: { operations: 6, errors: 1, checked: true, violations: 0 } },
    ]);
  });

  it('--json prints a broken rule, and the summary', async () => {
    const before = `
      const { Host, Machine } = await import(${PACKAGE});
      const purges = Object.getPrototypeOf(new Host(new Machine()).kernel.purges);
      purges.page = purges.asce = () => {};`;
    const { status, out } = await run('replay examples/scenarios/first.txt --check --json', { before });
    expect(status).toBe(5);
    const lines = out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.at(-2).violation.rule).toBe('stale-translation');
    expect(lines.at(-1).summary.violations).toBe(lines.filter(({ violation }) => violation).length);
  });

  it.each(['', '\n', '# nothing', '\r\n\r\n'])('%j: an empty scenario', async (text) => {
    expect(await replay(text)).toEqual({ status: 0, out: '', err: '' });
  });

  it('reports an unreadable file, and an invalid storage size', async () => {
    const [folder, nowhere, small] = await Promise.all([
      run('replay examples'),
      run('replay nowhere.txt'),
      run('replay examples/scenarios/first.txt --storage 64K'),
    ]);
    expect(oneLine(folder, 2)).toContain('could not read examples: it is a folder');
    expect(oneLine(nowhere, 2)).toContain('could not read nowhere.txt: no such file or directory');
    expect(oneLine(small, 2)).toContain('0x10000');
  });

  it.skipIf(process.platform !== 'linux')('a full disk is reported in one line', async () => {
    const input = 'mmap 256M 1M\nstats\n';
    const [trace, out] = await Promise.all([
      run('replay - --trace /dev/full', { input }),
      run('replay -', { input, into: '/dev/full' }),
    ]);
    expect([trace.status, trace.err]).toEqual([
      2,
      'guesthouse: could not write the whole trace to /dev/full: no space left on device\n',
    ]);
    expect(trace.out).toBe('ok\nrmaps 0 tables 0 pagetables 0 purges 0\n');
    expect(out).toEqual({
      status: 2,
      out: '',
      err: 'guesthouse: could not write to standard output: no space left on device\n',
    });
  });

  it('refuses a line that is too long', async () => {
    expect(oneLine(await replay('a'.repeat(70e6)), 2)).toContain('-:1: the line is too long');
  });

  it('survives bytes that are not text', async () => {
    const result = await guesthouse(['replay', file('noise', readFileSync(join(ROOT, image('hello'))))]);
    expect(oneLine(result, 2)).toContain('noise:1: ');
  });

  it('exit status 5: --check finds the stale entries of a host that does not purge', async () => {
    const before = `
      const { Host, Machine } = await import(${PACKAGE});
      const purges = Object.getPrototypeOf(new Host(new Machine()).kernel.purges);
      purges.page = purges.asce = () => {};`;
    const result = await run('replay examples/scenarios/first.txt --check', { before });
    expect(result.status).toBe(5);
    expect(result.out.startsWith('ok\nok\n')).toBe(true);
    expect(result.err).not.toBe('');
    expect(result.err).not.toContain('    at ');
    expect(await run('replay examples/scenarios/first.txt', { before })).toMatchObject({ status: 0 });
  });
});

describe.concurrent('walk', () => {
  const WALK = 'walk examples/scenarios/first.txt';

  it('shows every table entry of a guest address', async () => {
    const { status, out } = await run(`${WALK} 1G --gmap 0`);
    expect(status).toBe(0);
    const names = out
      .split('\n')
      .filter((line) => !line.startsWith(' '))
      .map((line) => line.split(/[[ ,]/)[0]);
    const levels = ['asce', 'region-first', 'region-second', 'region-third', 'segment', 'page'];
    expect(names).toEqual(['gmap', ...levels, 'PGSTE', 'absolute', '']);
    expect(out).toMatch(
      /\npage\[0x0\][^\n]*\n {2}bits 0-51 +frame +0x[0-9a-f]+ +the page is in the frame at absolute 0x/,
    );
    expect(out).not.toContain('unused');
  });

  it('--brief prints the entries without their fields', async () => {
    const { status, out } = await run(`${WALK} 1G --gmap 0 --brief`);
    expect([status, out.split('\n').length]).toEqual([0, 10]);
    expect(out).not.toContain('bits');
  });

  it('--json has the fields of every entry', async () => {
    const { steps, pgsteFields } = JSON.parse((await run(`${WALK} 1G --gmap 0 --json`)).out);
    for (const { fields } of [...steps, { fields: pgsteFields }]) {
      // Together they are 64 bits.
      const width = ({ bits: [first, last] }: { bits: [number, number] }) => last - first + 1;
      expect(fields.map(width).reduce((a: number, b: number) => a + b)).toBe(64);
    }
  });

  it('of an unlinked entry, a hole and a process', async () => {
    const [promise, hole, process] = await Promise.all([
      run(`${WALK} 0 --gmap 0 --line 7`),
      run(`${WALK} 1P --gmap 0 --json`),
      run(`${WALK} 512M --process --json`),
    ]);
    expect(promise.out).toContain('mapped to process address 0x10000000, not linked');
    expect(promise.out).toContain('exception 0x10 segment-translation');
    expect(JSON.parse(hole.out)).toMatchObject({
      space: 'gmap 0',
      address: '0x4000000000000',
      absolute: null,
    });
    expect(JSON.parse(hole.out).exception.code).toBeGreaterThan(0);
    const walk = JSON.parse(process.out);
    expect(walk).toMatchObject({
      space: 'process',
      address: '0x20000000',
      exception: null,
      protected: false,
    });
    expect(walk.steps.map(({ level }: { level: string }) => level)).toEqual([
      'asce',
      'region-third',
      'segment',
      'page',
    ]);
    expect([promise.status, hole.status, process.status]).toEqual([0, 0, 0]);
  });

  it('requires a gmap or a process', async () => {
    const [nobody, both, unknown] = await Promise.all([
      run(`${WALK} 1G`),
      run(`${WALK} 1G --gmap 0 --process`),
      run(`${WALK} 1G --gmap 9`),
    ]);
    expect(oneLine(nobody, 2)).toContain('--process, or --gmap');
    expect([both.status, both.out]).toEqual([2, '']);
    expect(unknown).toMatchObject({ status: 2, out: '' });
    expect(unknown.err).toContain('gmap 9 does not exist');
  });
});

describe.concurrent('trace', () => {
  const [documentation = ''] = readFileSync(join(ROOT, 'docs/trace.md'), 'utf8').split('\n## ');
  /** The events of docs/trace.md: for each type, the words in backquotes in its row. */
  const documented = new Map(
    [...documentation.matchAll(/^\| `([a-z-]+)` \|([^\n]*)$/gm)].map(([, type = '', row = '']) => [
      type,
      new Set([...row.matchAll(/`([A-Za-z-]+)`/g)].map(([, word]) => word)),
    ]),
  );

  it('every type of event is documented, and no other', () => {
    const source = readFileSync(join(ROOT, 'src/trace/events.ts'), 'utf8');
    const types = [...source.matchAll(/readonly type: '([a-z-]+)'/g)].map(([, type]) => type);
    expect(types.length).toBeGreaterThan(10);
    expect([...documented.keys()].sort()).toEqual([...types].sort());
  });

  it('every event of a real run is JSON with documented fields only', async () => {
    const paths = ['boot', 'unmap', 'replay'].map((name) => join(FOLDER, `${name}.jsonl`));
    const [boot, unmap, replayed] = paths as [string, string, string];
    const scenario =
      'mmap 256M 2M\ngmap_alloc 0\ngmap_map_segment 0 256M 0 2M\nguest 0 write 0 00\nguest 0 write 1M 00\n' +
      'gmap_fault 0 0\ngmap_discard 0 0 4K\ngmap_unmap_segment 0 0 1M\nmunmap 257M 1M\ngmap_free 0\n' +
      'mmap 512M 2M large\nprocess write 512M 00\nmprotect 512M 4K r\nmremap 513M 1M 4K\nfork 1\n1: exit\n';
    await Promise.all([
      run(`boot ${image('exceptions')} --trace ${boot}`),
      run(`boot ${image('clock')} --trace ${unmap}`),
      guesthouse(['replay', '-', '--trace', replayed], { input: scenario }),
    ]);
    const seen = new Set<string>();
    for (const path of paths) {
      const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
      for (const [at, line] of lines.entries()) {
        const { n, type, ...fields } = JSON.parse(line);
        expect(n).toBe(at);
        seen.add(type);
        const known = documented.get(type);
        expect(
          Object.keys(fields).filter((field) => !known?.has(field)),
          line,
        ).toEqual([]);
      }
    }
    // Trace points are other kernels', and these commands run no Linux programs.
    const others = ['tracepoint', 'system-call', 'signal', 'process-end'];
    expect([...seen, ...others].sort()).toEqual([...documented.keys()].sort());
  });
});

describe.concurrent('an injected fault', () => {
  it('that leaves the host unusable ends the replay with a message', async () => {
    const lines = [
      '1: new',
      '1: mmap 512M 2M',
      '1: process write 512M 00',
      'mmap 256M 1M',
      'gmap_alloc 0',
      'gmap_map_segment 0 256M 0 1M',
      'guest 0 write 0 aa on 1',
      'munmap 256M 1M',
      // The frame of the freed page table becomes memory: what is an entry for the guest designates storage that does not exist.
      '1: process write 0x20001000 ff00000000000000',
      '1: process write 0x20002000 ff00000000000000',
      'guest 0 read 0 1 on 2',
    ];
    const { status, out, err } = await replay(`${lines.join('\n')}\n`, '--inject', 'unlink');
    expect(status).toBe(5);
    expect(out).toBe('ok\n'.repeat(10));
    expect(err).toMatch(/^line 11: the injected fault \(unlink\) has broken the host: [^\n]+\n$/);
  });
});

describe.concurrent('examining traces', () => {
  const LINES =
    'mmap 256M 2M\ngmap_alloc 0\ngmap_map_segment 0 256M 1G 2M\nguest 0 write 1G 01\nmunmap 256M 1M\nguest 0 write 0x40100000 02\n';
  /** Records the trace of the lines. */
  async function recorded(name: string, ...flags: string[]): Promise<string> {
    const path = join(FOLDER, name);
    expect((await replay(LINES, '--trace', path, ...flags)).status).toBe(0);
    return path;
  }
  const traces = () => Promise.all([recorded('good.jsonl'), recorded('bad.jsonl', '--inject', 'unlink')]);
  let files: Promise<[string, string]> | null = null;
  const both = () => (files ??= traces());
  const good = async () => (await both())[0];
  const host = (name: string) => `test/fixtures/traces/${name}.txt`;

  it('sums up a trace', async () => {
    const path = await good();
    const [text, object] = await Promise.all([run(`trace ${path}`), run(`trace ${path} --json`)]);
    expect([text.status, text.err, object.status]).toEqual([0, '', 0]);
    const events = readFileSync(path, 'utf8').trimEnd().split('\n').length;
    expect(text.out).toContain(`${path}: ${events} events\n`);
    expect(text.out).toMatch(/\n {2}link +2 {2}.*[▁-█]/);
    expect(text.out).toMatch(/\n {2}gmap 0 +2 +1 +1 +1\n/);
    expect(text.out).not.toContain('\u001b');
    expect(JSON.parse(object.out)).toMatchObject({
      kind: 'guesthouse',
      events,
      links: [{ gmap: 0, made: 2, lost: 1, atEnd: 1, most: 1 }],
    });
  });

  it('--grep prints the events that match', async () => {
    const path = await good();
    const [text, objects, none] = await Promise.all([
      guesthouse(['trace', path, '--grep', 'link unlink gmap 0', '--grep', '0x10000000']),
      guesthouse(['trace', path, '--grep', 'link unlink gmap 0 0x10000000', '--json']),
      guesthouse(['trace', path, '--grep', 'gmap 7']),
    ]);
    expect(text.out.split('\n').map((line) => line.trim().split(/ +/)[1])).toEqual([
      'link',
      'unlink',
      undefined,
    ]);
    const lines = objects.out.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['link', 'unlink']);
    // Each is a line of the file.
    for (const line of lines) expect(readFileSync(path, 'utf8').split('\n')).toContain(line);
    expect([none.status, none.out]).toEqual([0, '']);
  });

  it('--check finds a fault from the trace alone, and nothing without it', async () => {
    const [path, broken] = await both();
    const results = await Promise.all([
      run(`trace ${path} --check`),
      run(`trace ${broken} --check`),
      run(`trace ${broken} --check --json`),
    ]);
    expect(results.map(({ status }) => status)).toEqual([0, 5, 5]);
    expect(results[0].out).toMatch(/^\d+ events: all checks pass \(11 rules\)\.\n$/);
    expect(results[1].out).toMatch(
      /^rule broken: freed-linked: event \d+: page table 0x[0-9a-f]+ of process 0 is freed while /,
    );
    expect(JSON.parse(results[2].out).findings[0].rule).toBe('freed-linked');
  });

  it('diff shows the first difference', async () => {
    const [a, b] = await both();
    const [same, different, option] = await Promise.all([
      run(`trace diff ${a} ${a}`),
      run(`trace diff ${a} ${b}`),
      run(`trace ${a} --diff ${b} --json`),
    ]);
    expect([same.status, different.status, option.status]).toEqual([0, 1, 1]);
    expect(same.out).toMatch(/^The traces are the same: \d+ events\.\n$/);
    expect(different.out).toMatch(/\n- +\d+ +unlink +gmap=0 guest=0x40000000/);
    expect(JSON.parse(option.out)).toMatchObject({
      differs: true,
      counts: expect.arrayContaining([{ name: 'unlink', first: 1, second: 0 }]),
    });
  });

  it('reads traces of a host', async () => {
    const [perf, cmd, object, grep, diff, check] = await Promise.all([
      run(`trace ${host('perf-script')}`),
      run(`trace ${host('trace-cmd')}`),
      run(`trace ${host('trace-cmd')} --json`),
      guesthouse(['trace', host('perf-script'), '--grep', 'sie_exit vcpu 1']),
      run(`trace diff ${host('perf-script')} ${host('ftrace')}`),
      run(`trace ${host('ftrace')} --check`),
    ]);
    expect(perf.out).toContain(
      'vcpu 0, thread 1977 (CPU 0/KVM): 3 entries, 20.5 % of 0.000180 s in the guest',
    );
    expect(cmd.out).toContain('1 line not understood, the first is line 11.');
    expect(JSON.parse(object.out)).toMatchObject({
      kind: 'host',
      notUnderstood: { lost: 42, events: { sched_switch: 1 } },
    });
    expect(grep.out.split('\n').length).toBe(2);
    expect(diff.status).toBe(1);
    expect(oneLine(check, 2)).toContain('traces of a Linux host');
  });

  it.each([
    ['a scenario', 'mmap 256M 1M\n', ':1: not a trace'],
    ['a damaged line', '{"type":"mm-free","mm":0}\n{"type":"mm-f', ':2: not a JSON object'],
    ['a wrong field', '{"type":"mm-free","mm":"x"}\n', ':1: mm-free: mm is not a valid number'],
    ['nothing', '', ': the trace contains no events'],
    ['a long line', `{"type":"${'x'.repeat(2 << 20)}`, ':1: the line is too long'],
  ])('%s: exit status 2 and one line', async (name, content, message) => {
    const path = file(`${name.replaceAll(' ', '-')}.jsonl`, content);
    for (const flags of [[], ['--check'], ['--grep', 'link'], ['--diff', await good()]]) {
      const { status, err } = await guesthouse(['trace', path, ...flags]);
      expect([status, err]).toEqual([2, expect.stringMatching(/^guesthouse: [^\n]+\n$/)]);
      expect(err).toContain(`${path}${message}`);
    }
  });

  it.each([
    ['--grep lnik', 'did you mean `link`?'],
    ['--check --grep link', 'exclude each other'],
    ['--ignore frame', '--ignore needs two traces'],
    ['other.jsonl', 'expected one trace, not 2'],
  ])('%s: exit status 2 and one line', async (flags, message) => {
    expect(oneLine(await run(`trace ${await good()} ${flags}`), 2)).toContain(message);
  });
});

describe.concurrent('the command line', () => {
  it.each([
    '--help',
    '--version',
    'help',
    'help boot',
    'boot --help',
    'replay --help',
    'walk --help',
    'explore --help',
    'tour --help',
    'trace --help',
  ])('%s: exit status 0', async (line) => {
    const { status, out, err } = await run(line);
    expect([status, err]).toEqual([0, '']);
    expect(out).not.toBe('');
  });

  it.each([
    'frob',
    'boot',
    'boot --frob x',
    'replay',
    'replay a b',
    'walk x',
    'walk x y --process',
    'tour --frob',
    'trace',
    'explore --port 70000',
    'explore --port x',
  ])('%s: exit status 2', async (line) => {
    const { status, out, err } = await run(line);
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^error: /);
    expect(err).not.toContain('    at ');
    const command = /^(boot|replay|walk|trace|tour|explore)/.exec(line)?.[0];
    expect(err).toContain(
      `Run \`guesthouse ${command === undefined ? '' : `${command} `}--help\` for usage.\n`,
    );
  });

  it.each([
    ['walc x 0', 'walk'],
    ['replay --chek x', '--check'],
    ['boot --traze x y', '--trace'],
  ])('%s: did you mean %s?', async (line, meant) => {
    const { status, err } = await run(line);
    expect([status, err]).toEqual([2, expect.stringContaining(`(Did you mean ${meant}?)`)]);
  });

  it('tour prints the same, in less than 40 lines, each time, without colour into a pipe', async () => {
    const [first, second] = await Promise.all([run('tour'), run('tour')]);
    expect(first).toEqual(second);
    expect([first.status, first.err]).toEqual([0, '']);
    expect(first.out.split('\n').length).toBeLessThan(41);
    expect(first.out).not.toContain('\u001b');
    // An unlinked entry is the process address + 0x220. A linked one has a page table.
    for (const [, process = '', entry = '', state] of first.out.matchAll(
      /process 0x([0-9a-f]+) +entry 0x([0-9a-f]{16}) (\w+)/g,
    )) {
      const unlinked = BigInt(`0x${process}`) + 0x220n;
      expect(BigInt(`0x${entry}`) === unlinked).toBe(state === 'mapped');
    }
    expect(first.out).toMatch(/linked\n/);
    expect(first.out).toMatch(/mapped\n/);
    expect(first.out).toContain('"written again"');
    const [, program = ''] = /guesthouse run (\S+ucontrol\.elf)/.exec(first.out) ?? [];
    expect(existsSync(program)).toBe(true);
  });
});

describe.skipIf(process.platform === 'win32')('an interrupt from the keyboard', () => {
  it('ends a guest regularly: the trace is complete', async () => {
    const trace = join(FOLDER, 'interrupted.jsonl');
    // As soon as the handler is installed, however slow the computer is.
    const before = `const poll = setInterval(() => {
      if (process.listenerCount('SIGINT') === 0) return;
      clearInterval(poll);
      process.kill(process.pid, 'SIGINT');
    }, 50);`;
    const how = { before };
    const { status, out, err } = await run(`boot ${hostile('spin')} --trace ${trace}`, how);
    expect([status, out]).toEqual([130, '']);
    expect(err).toMatch(/^guesthouse: interrupted after [1-9]\d* instructions\n$/);
    const lines = readFileSync(trace, 'utf8').trimEnd().split('\n');
    expect(JSON.parse(lines.at(-1) as string)).toMatchObject({ n: lines.length - 1 });
  });

  it.each(['spin', 'storm', 'slow', 'invalidate'])(
    'ends hostile %s within a quarter of a second',
    async (name) => {
      // Maximum processor time between two checks for signals, so that other programs do not count. The command
      // loads its modules first: it counts from when the handler is installed.
      const before = `
      const used = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000; };
      let last = Infinity, longest = 0, ticks = 0;
      const poll = setInterval(() => {
        if (process.listenerCount('SIGINT') === 0) return;
        const now = used();
        if (ticks++ > 5) longest = Math.max(longest, now - last);
        last = now;
        if (ticks === 30) process.kill(process.pid, 'SIGINT');
      }, 1);
      poll.unref();
      process.on('exit', () => console.log(longest));`;
      const { status, out } = await run(`boot ${hostile(name)}`, { before });
      expect(status).toBe(130);
      expect(Number(out)).toBeGreaterThan(0);
      expect(Number(out)).toBeLessThan(250);
    },
  );

  it('ends a guest whose output and trace are not read, and one that waits for input', async () => {
    const pipe = join(FOLDER, 'pipe');
    await new Promise((resolve) => spawn('mkfifo', [pipe]).on('close', resolve));
    const reader = openSync(pipe, 'r+');
    const commands = [
      ['boot', hostile('sclp-junk')],
      ['boot', hostile('storm'), '--trace', pipe],
      ['boot', image('echo')],
    ];
    const children = commands.map((args) =>
      spawn(process.execPath, ['bin/guesthouse.js', ...args], { cwd: ROOT }),
    );
    const ended = children.map((child) => new Promise((resolve) => child.on('close', resolve)));
    // Each starts after the first output: text, or the first byte of the trace.
    await Promise.all([children[0], children[2]].map((child) => once(child?.stdout as Readable, 'readable')));
    readSync(reader, new Uint8Array(1));
    await delay(500);
    for (const child of children) {
      child.kill('SIGINT');
      child.stdout.resume();
    }
    expect((await Promise.all(ended)).slice(1)).toEqual([130, 130]);
    closeSync(reader);
  });
});

/** A command on a pseudo-terminal, if this computer has `script` of util-linux. */
describe.skipIf(process.platform !== 'linux' || !existsSync('/usr/bin/script'))('on a terminal', () => {
  /** @param answers input to type after a text has appeared */
  const terminal = async (line: string, ...answers: readonly (readonly [string, string])[]) => {
    const command = `${process.execPath} bin/guesthouse.js ${line}; echo status $?; stty -a | grep -o -- '-\\?icanon'`;
    const child = spawn('/usr/bin/script', ['-qec', command, '/dev/null'], { cwd: ROOT });
    const left = [...answers];
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data;
      if (left[0] && out.includes(left[0][0])) child.stdin.write(left.shift()?.[1] ?? '');
    });
    await new Promise((resolve) => child.on('close', resolve));
    return out;
  };

  it('only plain text and colours pass, unless --raw', async () => {
    const [plain, raw] = await Promise.all([
      terminal(`boot ${hostile('escapes')}`),
      terminal(`boot ${hostile('escapes')} --raw`),
    ]);
    expect(plain).toBe('\u001b[31mhello\u001b[0m\r\nstatus 0\r\nicanon\r\n');
    expect(raw).toContain('\u001b]52;c;cm0gLXJmIC8=\u0007');
  });

  it('replay prints operations beside answers, text, reasons and a summary', async () => {
    const path = file(
      'columns.txt',
      'mmap 256M 1M\ngmap_alloc 0\nprocess write 256M "h\u009b i"\nprocess read 256M 2\nprocess read 256M 1\nmunmap 1 1\ndump 0\n',
    );
    const [checked, unchecked] = await Promise.all([
      terminal(`replay ${path} --check`),
      terminal(`replay ${path}`),
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours
    const lines = checked.replace(/\u001b\[\d+m/g, '').split('\r\n');
    expect(lines.slice(0, 10)).toEqual([
      ' 1  mmap 256M 1M               ok',
      ' 2  gmap_alloc 0               ok',
      ' 3  process write 256M "h? i"  ok',
      ' 4  process read 256M 2        ok 68c2',
      ' 5  process read 256M 1        ok 68 "h"',
      expect.stringMatching(/^ 6 {2}munmap 1 1 {17}error EINVAL {2}.*0x1/),
      ' 7  dump 0                     end',
      '',
      `7 operations, 1 error. All checks pass: ${Object.keys(RULES).length} rules, after every line.`,
      'status 0',
    ]);
    expect(unchecked).toContain('7 operations, 1 error. Nothing was checked');
  });

  it('keys go to the guest; ^A x ends it; the terminal is restored', async () => {
    const out = await terminal(`boot ${image('echo')}`, ['ends.', 'hello\r'], ['HELLO', '\u0001x']);
    expect(out).toMatch(/HELLO\r\n/);
    expect(out).toMatch(/interrupted after \d+ instructions\r\nstatus 130\r\nicanon\r\n$/);
  });

  it('the tour continues at a key, and ^C ends it', async () => {
    const out = await terminal('tour', ['Ctrl-C to quit', '\u0003']);
    expect(out).toContain('1. ');
    expect(out).not.toContain('2. ');
    expect(out).toMatch(/status 130\r\nicanon\r\n$/);
  });
});

describe('boot --gdb', () => {
  /** Starts a guest. Returns the port, and what it says until it ends. */
  async function debugged(words: string) {
    const child = spawn(process.execPath, ['bin/guesthouse.js', 'boot', ...words.split(' ')], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    child.stdout.on('data', (data: Buffer) => {
      out += data;
    });
    const ended = once(child, 'close').then(([status]) => ({ status, out }));
    const [line] = (await once(child.stderr, 'data')) as [Buffer];
    const port = Number(/^gdb: target remote localhost:(\d+)\n$/.exec(line.toString())?.[1]);
    return { port, ended, pid: child.pid as number };
  }

  /** Connects a client. `ask` sends a packet, and returns the data of the next reply. */
  async function client(port: number) {
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
    return { socket, ask };
  }

  /** Connects a client after another one, which the server may not have missed yet: until then it closes new connections. */
  async function nextClient(port: number) {
    for (;;) {
      const one = await client(port);
      const refused = once(one.socket, 'close');
      const answer = await Promise.race([one.ask('qC'), refused]);
      if (answer === 'QC1') return one;
      expect(answer).toEqual([expect.anything()]);
      await delay(20);
    }
  }

  it('waits at the first instruction, and runs as a client asks, forward and back', async () => {
    const { port, ended } = await debugged(`${image('hello')} --gdb -- world`);
    const { ask, socket } = await client(port);
    expect(await ask('?')).toBe('T05thread:1;');
    expect(await ask('p1')).toBe('0000000000020000');
    expect(await ask('Z0,20348,2')).toBe('OK');
    expect(await ask('c')).toBe('T05thread:1;');
    expect(await ask('p1')).toBe('0000000000020348');
    expect(await ask('bs')).toBe('T05thread:1;');
    expect(await ask('bc')).toBe('T05thread:1;replaylog:begin;');
    expect(await ask('z0,20348,2')).toBe('OK');
    // A message for the user comes before the stop.
    expect(await ask('c')).toMatch(/^O/);
    expect(await ask('c')).toBe('T0fthread:1;');
    const expected = readFileSync(join(ROOT, 'examples/images/hello.expected'), 'utf8');
    expect(await ended).toEqual({ status: 0, out: expected });
    socket.destroy();
  });

  it('survives what is no client, and takes the next one', async () => {
    const { port, ended, pid } = await debugged(`${hostile('spin')} --gdb`);
    const web = connect(port, '127.0.0.1');
    web.write('POST / HTTP/1.1\r\n\r\n$k#6b');
    web.resume();
    await once(web, 'close');
    const flood = await client(port);
    // Replies that nobody reads.
    flood.socket.pause();
    for (let n = 0; n < 200; n++) flood.socket.write('$m20000,2000#4d'.repeat(1000));
    await delay(500);
    flood.socket.destroy();
    await once(flood.socket, 'close');
    const last = await nextClient(port);
    const stop = last.ask('c');
    last.socket.write('\x03');
    expect(await stop).toBe('T02thread:1;');
    expect(await last.ask('D')).toBe('OK');
    await once(last.socket, 'close');
    // Without a debugger the guest goes on. The next client stops it.
    const next = await nextClient(port);
    expect(await next.ask('?')).toBe('T02thread:1;');
    // It ends although its replies are not read.
    next.socket.removeAllListeners('data').pause();
    for (let n = 0; n < 100; n++) next.socket.write('$m20000,2000#4d'.repeat(100));
    await delay(300);
    process.kill(pid, 'SIGINT');
    expect((await ended).status).toBe(130);
    next.socket.destroy();
  });

  it('is refused with a port that does not exist, or with options that cannot be combined', async () => {
    const { err, status } = await run(`boot ${image('hello')} --gdb 65536`);
    expect([status, err]).toEqual([2, expect.stringContaining('at most 65535')]);
    const both = await run(`boot ${image('hello')} --gdb --json`);
    expect(both.status).toBe(2);
    expect(both.err).toContain("'--gdb [port]' cannot be used with option '--json'");
  });
});
