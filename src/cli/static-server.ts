/**
 * Serves the files of a folder to browsers on this computer, and to nobody else.
 */

import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, relative, sep } from 'node:path';

/** Something that is served: a file of the folder, or what was made for this server. */
type Content = { readonly type: string } & ({ readonly file: string } | { readonly bytes: Uint8Array });

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

/** Serves what is in a folder at the moment it is made, by exactly the names that are there. */
export class StaticServer {
  readonly #contents: Map<string, Content>;
  readonly #server: Server;

  /**
   * @param folder what is in it is served, `index.html` as `/` too
   * @param made served as well, or instead: contents by path, such as `/story.json`
   * @throws Error with a code, such as ENOENT, when the folder cannot be read
   */
  constructor(folder: string, made: Readonly<Record<string, string>> = {}) {
    this.#contents = filesIn(folder);
    for (const [path, text] of Object.entries(made)) {
      this.#contents.set(path, { type: typeOf(path), bytes: Buffer.from(text) });
    }
    const index = this.#contents.get('/index.html');
    if (index) this.#contents.set('/', index);
    this.#server = createServer((request, response) => void this.#answer(request, response));
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

  async #answer({ method, url, headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    if (!OUR_NAMES.test(headers.host ?? '')) return refuse(response, 403);
    if (method !== 'GET' && method !== 'HEAD') return refuse(response, 405, { Allow: 'GET, HEAD' });
    const path = (url ?? '').split('?', 1)[0] as string;
    const content = this.#contents.get(path);
    if (!content) return refuse(response, 404);
    const bytes = 'bytes' in content ? content.bytes : await readFile(content.file).catch(() => null);
    // It was there when we looked.
    if (bytes === null) return refuse(response, 404);
    response.writeHead(200, {
      ...HEADERS,
      'Content-Type': content.type,
      'Content-Length': bytes.byteLength,
    });
    response.end(method === 'HEAD' ? undefined : bytes);
  }
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
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(`/${relative(folder, file).split(sep).map(encodeURIComponent).join('/')}`, {
      type: typeOf(file),
      file,
    });
  }
  return files;
}
