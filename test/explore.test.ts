/** `guesthouse explore`, tested from outside: its resources, its clients, and its end. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endAll, ROOT, served, start } from './serve.ts';

const PAGE = join(ROOT, 'dist/explorer');
const FOLDER = mkdtempSync(join(tmpdir(), 'guesthouse-explore-'));
afterAll(async () => {
  await endAll();
  rmSync(FOLDER, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Requests a path without normalizing it. */
function ask(url: string, path: string, how: { method?: string; host?: string } = {}): Promise<Answer> {
  const { hostname, port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const asked = request(
      { hostname, port, path, method: how.method ?? 'GET', headers: { host: how.host ?? host } },
      (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (data: Buffer) => pieces.push(data));
        response.on('end', () => {
          const body = Buffer.concat(pieces).toString();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      },
    );
    asked.on('error', reject);
    asked.end();
  });
}

/** Creates a temporary file. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(FOLDER, name);
  writeFileSync(path, content);
  return path;
}

describe('the server', () => {
  let url: string;
  beforeAll(async () => {
    url = await served();
  });

  it('listens on this computer only', () => {
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
  });

  it('serves the page, with its policy', async () => {
    const { status, headers, body } = await ask(url, '/');
    expect(status).toBe(200);
    expect(body).toBe(readFileSync(join(PAGE, 'index.html'), 'utf8'));
    expect(body).not.toContain('guesthouse-recording');
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
    });
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self';/);
    expect(policy).not.toContain(" 'unsafe-eval'");
  });

  it('serves a page that states the same policy, for other servers', async () => {
    const { headers, body } = await ask(url, '/index.html');
    const stated = /<meta\s+http-equiv="Content-Security-Policy"\s+content="([^"]+)"/.exec(body)?.[1];
    expect(`${stated}; frame-ancestors 'none'`).toBe(headers['content-security-policy']);
  });

  it('allows frames for its embedded form, in pages of this computer', async () => {
    const policyOf = async (path: string) =>
      String((await ask(url, path)).headers['content-security-policy']);
    const policy = await policyOf('/?embed');
    const [before, frames] = policy.split('; frame-ancestors ');
    expect(frames).toBe("'self' http://localhost:* http://127.0.0.1:*");
    for (const path of ['/', '/?embedded', '/?embed&x', '/?x&embed', '/assets/x?embed']) {
      expect(await policyOf(path), path).toBe(`${before}; frame-ancestors 'none'`);
    }
  });

  it('serves every file of the build, with its type', async () => {
    const types: Record<string, string> = { js: 'text/javascript', css: 'text/css', html: 'text/html' };
    const names = readdirSync(join(PAGE, 'assets'));
    expect(names).not.toEqual([]);
    for (const name of names) {
      const { status, headers, body } = await ask(url, `/assets/${name}`);
      expect(status, name).toBe(200);
      expect(headers['content-type'], name).toContain(types[name.split('.').at(-1) as string] ?? '/');
      expect(body, name).toBe(readFileSync(join(PAGE, 'assets', name), 'utf8'));
    }
  });

  it('answers HEAD with the headers alone', async () => {
    const { status, headers, body } = await ask(url, '/', { method: 'HEAD' });
    expect([status, body]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(100);
  });

  it.each([
    '/../cli/main.js',
    '/assets/../../cli/main.js',
    '/%2e%2e/cli/main.js',
    '/..%2fcli%2fmain.js',
    '/..\\cli\\main.js',
    '//etc/passwd',
    '/etc/passwd',
    '/assets',
    '/assets/',
    '/.',
    '/%',
    '/%00',
    '/index.html%00.js',
    '/index.html/',
    '/recording.json',
    '/__proto__',
    '/constructor',
    'http://example.com/',
    '*',
    `/${'a'.repeat(10_000)}`,
  ])('serves nothing else: %s', async (path) => {
    const { status, body } = await ask(url, path);
    expect([status, body]).toEqual([404, '404\n']);
  });

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH'])('refuses %s', async (method) => {
    const { status, headers } = await ask(url, '/', { method });
    expect([status, headers['allow']]).toEqual([405, 'GET, HEAD']);
  });

  it('answers to names of this computer only (DNS rebinding)', async () => {
    const hosts = ['127.0.0.1', 'localhost:8080', '[::1]', 'LOCALHOST'];
    const strangers = ['example.com', 'localhost.example.com', '127.0.0.1.example.com', 'x@localhost'];
    const status = async (host: string) => (await ask(url, '/', { host })).status;
    expect(await Promise.all(hosts.map(status))).toEqual(hosts.map(() => 200));
    expect(await Promise.all(strangers.map(status))).toEqual(strangers.map(() => 403));
  });

  it('serves the files that exist at its start, and reads no file for a request', async () => {
    const { port } = new URL(url);
    const request = 'GET /index.html HTTP/1.1\r\nHost: localhost\r\n\r\n';
    // More than a thousand requests on one connection, sent before any answer is read.
    const text = await new Promise<string>((resolve) => {
      let answers = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write(request.repeat(1200)));
      socket.on('data', (data: Buffer) => {
        answers += data.toString('latin1');
      });
      socket.on('error', () => {});
      socket.on('close', () => resolve(answers));
    });
    expect(text.match(/HTTP\/1\.1 200 /g)?.length).toBe(1000);
    expect((await ask(url, '/')).status).toBe(200);
  });

  it('accepts 64 connections at a time', async () => {
    const { port } = new URL(url);
    const sockets = Array.from({ length: 80 }, () => connect(Number(port), '127.0.0.1'));
    let closed = 0;
    for (const socket of sockets) {
      socket.on('error', () => {});
      socket.on('close', () => closed++);
      socket.resume();
    }
    await expect.poll(() => closed).toBeGreaterThanOrEqual(16);
    expect(closed).toBeLessThan(80);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await ask(url, '/').catch(() => null))?.status).toBe(200);
  });

  it('survives an invalid request', async () => {
    const { port } = new URL(url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), '127.0.0.1', () => socket.end('\u0000\u0001 nonsense\r\n\r\n'));
      socket.on('error', () => {});
      socket.on('close', () => resolve());
      socket.resume();
    });
    expect((await ask(url, '/')).status).toBe(200);
  });
});

describe.concurrent('a file is offered to the page', () => {
  const recording = async (...args: readonly string[]) => {
    const url = await served(...args);
    const [index, offered] = await Promise.all([ask(url, '/'), ask(url, '/recording.json')]);
    expect(index.body).toContain('<meta name="guesthouse-recording" content="recording.json">');
    expect(offered.headers['content-type']).toBe('application/json; charset=utf-8');
    return JSON.parse(offered.body) as Record<string, unknown>;
  };

  it('a scenario', async () => {
    const path = 'examples/scenarios/first.txt';
    const text = readFileSync(join(ROOT, path), 'utf8');
    expect(await recording(path)).toEqual({ kind: 'scenario', name: 'first.txt', text });
  });

  it('a guest, with its command line', async () => {
    const path = 'examples/images/hello.elf';
    const image = readFileSync(join(ROOT, path)).toString('base64');
    const offered = await recording(path, '--', 'you', 'there');
    expect(offered).toEqual({ kind: 'guest', name: 'hello.elf', image, arguments: 'you there' });
  });

  it('a Linux program, with its arguments', async () => {
    const path = 'examples/programs/images/hello.elf';
    const image = readFileSync(join(ROOT, path)).toString('base64');
    const offered = await recording(path, '--', 'you there', 'two');
    expect(offered).toEqual({ kind: 'program', name: 'hello.elf', image, arguments: ['you there', 'two'] });
  });

  it('lessons, from a file or a folder', async () => {
    const text = readFileSync(join(ROOT, 'examples/lessons/zeros.md'), 'utf8');
    const files = [{ name: 'zeros.md', text }];
    const one = await recording('examples/lessons/zeros.md');
    expect(one).toEqual({ kind: 'lessons', name: 'zeros.md', files });
    expect(await recording('examples/lessons')).toEqual({ kind: 'lessons', name: 'lessons', files });
  });

  it('a trace', async () => {
    const text = '{"n":0,"type":"gmap-free","gmap":0}\n';
    expect(await recording(file('events.jsonl', text))).toEqual({
      kind: 'trace',
      name: 'events.jsonl',
      text,
    });
  });
});

describe.concurrent('what cannot be opened is one line and exit status 2', () => {
  const refused = async (...args: readonly string[]) => {
    const { status, out, err } = await start(...args).ended;
    expect([status, out]).toEqual([2, '']);
    expect(err).toMatch(/^guesthouse: [^\n]+\n$/);
    return err;
  };

  it('a syntax error in a scenario', async () => {
    const path = file('bad.txt', 'mmap 256M 1M\n\nfrobnicate 1\n');
    expect(await refused(path)).toMatch(/bad\.txt:3: .*frobnicate/);
  });

  it('a damaged image', async () => {
    const bytes = readFileSync(join(ROOT, 'examples/images/hello.elf')).subarray(0, 40);
    expect(await refused(file('short.elf', bytes))).toContain('short.elf: ');
  });

  it('a Linux program that needs shared libraries', async () => {
    const image = readFileSync(join(ROOT, 'examples/programs/images/crash.elf'));
    // The second program header becomes PT_INTERP, and names what follows the file.
    const dynamic = Buffer.concat([image, Buffer.from('/lib/ld64.so.1\0')]);
    dynamic.writeUInt32BE(3, 64 + 56);
    dynamic.writeBigUInt64BE(BigInt(image.length), 64 + 56 + 8);
    dynamic.writeBigUInt64BE(15n, 64 + 56 + 32);
    expect(await refused(file('dynamic', dynamic))).toContain('dynamic needs shared libraries');
  });

  it('a lesson with a mistake, or that states what is not so', async () => {
    expect(await refused(file('plain.md', '# Title\n'))).toMatch(/plain\.md:1: a lesson begins with front/);
    const text = readFileSync(join(ROOT, 'examples/lessons/zeros.md'), 'utf8');
    const wrong = file('wrong.md', text.replace('ok 000000', 'ok 00'));
    expect(await refused(wrong)).toMatch(/wrong\.md:\d+: .* answers "ok 000000", not "ok 00"/);
    const folder = mkdtempSync(join(FOLDER, 'lessons-'));
    for (const name of ['a.md', 'b.md']) writeFileSync(join(folder, name), text);
    expect(await refused(folder)).toContain(
      'b.md:1: the lesson name "zeros" is already used by another file',
    );
    expect(await refused(folder, '--', 'x')).toContain('arguments');
  });

  it('a file that does not exist, or is a directory without lessons', async () => {
    expect(await refused(join(FOLDER, 'nowhere'))).toContain('no such file or directory');
    expect(await refused('examples/images')).toContain('examples/images has no lessons (.md)');
  });

  it('a file that is too large, before it is read', async () => {
    const path = file('huge', '');
    truncateSync(path, 1 << 30);
    expect(await refused(path)).toContain('huge is larger than 128 MiB');
  });

  it.skipIf(process.platform === 'win32')('a device without an end', async () => {
    expect(await refused('/dev/zero')).toContain('/dev/zero is larger than 128 MiB');
  });

  it('neither text nor image', async () => {
    expect(await refused(file('junk', Uint8Array.of(0, 255, 1, 254)))).toContain('junk:1: ');
  });

  it('arguments for a file that takes none', async () => {
    expect(await refused('examples/scenarios/first.txt', '--', 'you')).toContain('arguments');
  });

  it('a port that is in use', async () => {
    const { port } = new URL(await served());
    expect(await refused('--port', port)).toContain(`port ${port} is already in use`);
  });
});

it('--port: listens there', async () => {
  const { child, line, ended } = start('--json');
  const { port } = new URL((JSON.parse(await line) as { url: string }).url);
  child.kill('SIGKILL');
  await ended;
  expect(await served('--port', port)).toBe(`http://127.0.0.1:${port}/`);
});

describe.skipIf(process.platform === 'win32')('an interrupt from the keyboard', () => {
  it('ends with status 0, with or without open connections', async () => {
    const { child, ended, line } = start();
    const said = await line;
    expect(said).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ .*\n$/);
    const socket = connect(Number(new URL(said.split(' ')[0] as string).port), '127.0.0.1');
    socket.on('error', () => {});
    await new Promise((resolve) => socket.on('connect', resolve));
    child.kill('SIGINT');
    expect(await ended).toEqual({ status: 0, out: said, err: '' });
    socket.destroy();
  });
});
