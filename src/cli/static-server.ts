/**
 * Serves the files of a folder to browsers on this computer, and to nobody else.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';

/** Something that is served. */
interface Content {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Bytes of a folder that are served: they are read once, and stay in memory. */
const FOLDER_MAX = 64 << 20;
/** Connections at a time, and requests on each before it is closed: a browser needs six and some dozens. */
const CONNECTIONS_MAX = 64;
const REQUESTS_MAX = 1000;
/** Milliseconds in which the head of a request must have come, and that an idle connection stays. */
const HEAD_TIME = 10_000;
const IDLE_TIME = 5_000;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.wasm': 'application/wasm',
  '.txt': 'text/plain; charset=utf-8',
};

/** What the page may do: run its own code, and reach nothing but what is served here. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': POLICY,
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/** Names by which a browser on this computer calls it. Any other one was made to point here by somebody else. */
const OUR_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Serves what is in a folder at the moment it is made, by exactly the names that are there. Everything is read then, so that
 * requests cost no reading; node itself stops reading requests of a client that does not read answers.
 */
export class StaticServer {
  readonly #contents: Map<string, Content>;
  readonly #server: Server;

  /**
   * @param folder what is in it is served, `index.html` as `/` too
   * @param made served as well, or instead: contents by path, such as `/recording.json`
   * @throws Error with a code, such as ENOENT, when the folder cannot be read; E2BIG when more than 64 MiB are in it
   */
  constructor(folder: string, made: Readonly<Record<string, string>> = {}) {
    this.#contents = filesIn(folder);
    for (const [path, text] of Object.entries(made)) {
      this.#contents.set(path, { type: typeOf(path), bytes: Buffer.from(text) });
    }
    const index = this.#contents.get('/index.html');
    if (index) this.#contents.set('/', index);
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.maxConnections = CONNECTIONS_MAX;
    this.#server.maxRequestsPerSocket = REQUESTS_MAX;
    this.#server.headersTimeout = HEAD_TIME;
    this.#server.requestTimeout = HEAD_TIME;
    this.#server.keepAliveTimeout = IDLE_TIME;
  }

  /**
   * Begins to serve, on this computer's own address only.
   * @param port 0 for one that is free
   * @returns the address of `/`
   * @throws Error with a code, such as EADDRINUSE
   */
  listen(port: number): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        resolve(`http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/`);
      });
    });
  }

  /** Ends, and every connection with it. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    const content = this.#contents.get((url ?? '').split('?', 1)[0] as string);
    if (!OUR_NAMES.test(headers.host ?? '')) refuse(response, 403);
    else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, { Allow: 'GET, HEAD' });
    else if (!content) refuse(response, 404);
    else give(response, content, method === 'GET');
  }
}

function give(response: ServerResponse, { type, bytes }: Content, body: boolean): void {
  response.writeHead(200, { ...HEADERS, 'Content-Type': type, 'Content-Length': bytes.byteLength });
  response.end(body ? bytes : undefined);
}

function refuse(response: ServerResponse, status: number, more: Readonly<Record<string, string>> = {}): void {
  const text = `${status}\n`;
  response.writeHead(status, { ...HEADERS, ...more, 'Content-Type': TYPES['.txt'] as string });
  response.end(text);
}

function typeOf(path: string): string {
  return TYPES[extname(path)] ?? 'application/octet-stream';
}

/** Every file in a folder, by the path under which it is asked for. */
function filesIn(folder: string): Map<string, Content> {
  const files = new Map<string, Content>();
  let size = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const bytes = readFileSync(file);
    size += bytes.byteLength;
    if (size > FOLDER_MAX) throw Object.assign(new Error(`${folder} is too large`), { code: 'E2BIG' });
    files.set(`/${relative(folder, file).split(sep).map(encodeURIComponent).join('/')}`, {
      type: typeOf(file),
      bytes,
    });
  }
  return files;
}
