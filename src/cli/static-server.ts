/** An HTTP server for the files of a folder, which accepts only browsers on this computer. */

import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';

/** A resource. */
interface Content {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** Maximum size of a folder in bytes. Its files are read once and kept in memory. */
const FOLDER_MAX = 64 << 20;
/** Maximum number of connections, and of requests per connection. A browser opens six, and sends some dozens on each. */
const CONNECTIONS_MAX = 64;
const REQUESTS_MAX = 1000;
/** Maximum time in milliseconds for the head of a request, and for an idle connection. */
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

/**
 * Content security policy: the page may run its own code, and may load only from this server. The machine compiles code of its
 * guests to WebAssembly.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/** Who may show the page in a frame: nobody, and its embedded form (`?embed`) other servers of this computer. */
const FRAMES = {
  page: "frame-ancestors 'none'",
  embed: "frame-ancestors 'self' http://localhost:* http://127.0.0.1:*",
};

const HEADERS: Readonly<Record<string, string>> = {
  'Content-Security-Policy': `${POLICY}; ${FRAMES.page}`,
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'Cache-Control': 'no-cache',
};

/** Host names that a browser on this computer uses. A request with any other name comes from DNS rebinding. */
const OUR_NAMES = /^(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/i;

/**
 * Serves the files that a folder contains when the server is created, by exactly their names. All files are read then, so
 * that requests read no files. Node stops reading requests from a client that does not read responses.
 */
export class StaticServer {
  readonly #contents: Map<string, Content>;
  readonly #server: Server;

  /**
   * @param folder its files are served, `index.html` also as `/`
   * @param generated further contents by path, such as `/recording.json`, which take precedence over files
   * @throws Error with a code, such as ENOENT if the folder cannot be read; E2BIG if it has more than 64 MiB
   */
  constructor(folder: string, generated: Readonly<Record<string, string>> = {}) {
    this.#contents = filesIn(folder);
    for (const [path, text] of Object.entries(generated)) {
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
   * Starts to serve, on the loopback address only. Returns the address of `/`.
   * @param port 0 for any free port
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

  /** Closes the server and every connection. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): void {
    const [path = '', query] = (url ?? '').split('?', 2);
    const content = this.#contents.get(path);
    if (!OUR_NAMES.test(headers.host ?? '')) refuse(response, 403);
    else if (method !== 'GET' && method !== 'HEAD') refuse(response, 405, { Allow: 'GET, HEAD' });
    else if (!content) refuse(response, 404);
    else give(response, content, { isBodyAsked: method === 'GET', isEmbedded: query === 'embed' });
  }
}

interface Given {
  readonly isBodyAsked: boolean;
  readonly isEmbedded: boolean;
}

function give(response: ServerResponse, { type, bytes }: Content, { isBodyAsked, isEmbedded }: Given): void {
  response.writeHead(200, {
    ...HEADERS,
    ...(isEmbedded ? { 'Content-Security-Policy': `${POLICY}; ${FRAMES.embed}` } : {}),
    'Content-Type': type,
    'Content-Length': bytes.byteLength,
  });
  response.end(isBodyAsked ? bytes : undefined);
}

function refuse(response: ServerResponse, status: number, more: Readonly<Record<string, string>> = {}): void {
  const text = `${status}\n`;
  response.writeHead(status, { ...HEADERS, ...more, 'Content-Type': TYPES['.txt'] as string });
  response.end(text);
}

function typeOf(path: string): string {
  return TYPES[extname(path)] ?? 'application/octet-stream';
}

/** Reads the files of a folder, by the path of their address. */
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
