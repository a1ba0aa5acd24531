/** The client of `--gdb`, and its session with what it debugs. */

import { type DebugTarget, GdbSession, type SessionEnd } from '../debug/index.ts';
import { GdbClient, GdbServer } from './gdb-server.ts';
import { complain, UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

/** Waits for clients, one at a time, and says on standard error where. */
export class GdbConnection {
  readonly #target: DebugTarget;
  readonly #server: GdbServer;
  readonly #attached: () => void;
  #client: GdbClient | null = null;
  #session: GdbSession | null = null;
  /** Resolves a wait for the client. */
  #wake: () => void = () => {};

  /** @param attached called when a client has come, before the target stops for it */
  constructor(target: DebugTarget, attached: () => void = () => {}) {
    this.#target = target;
    this.#attached = attached;
    this.#server = new GdbServer((socket) => this.#connect(socket));
  }

  /** Begins to listen. @param port 0 for any free one. @throws UsageError */
  async listen(port: number): Promise<void> {
    try {
      process.stderr.write(`gdb: target remote localhost:${await this.#server.listen(port)}\n`);
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw new UsageError(
        taken ? `port ${port} is already in use` : `could not listen on port ${port}: ${reasonOf(error)}`,
      );
    }
  }

  /** Whether there is a client. */
  get isActive(): boolean {
    return this.#session !== null;
  }

  /** Whether a client has something to say that ends its session. */
  get isOver(): boolean {
    return this.#client?.closed === true || this.#session?.end != null;
  }

  /** Takes a client. A target that runs is stopped first. */
  #connect(socket: ConstructorParameters<typeof GdbClient>[0]): void {
    const early: Uint8Array[] = [];
    const receive = (bytes: Uint8Array) => {
      if (this.#session === null) early.push(bytes.slice());
      else this.#session.receive(bytes);
    };
    const client = new GdbClient(socket, receive, () => this.#wake());
    this.#client = client;
    this.#attached();
    if (this.#target.stop === null) this.#target.interrupt();
    while (this.#target.stop === null) this.#target.advance(() => false);
    this.#session = new GdbSession(this.#target, (bytes) => client.send(bytes));
    for (const bytes of early) this.#session.receive(bytes);
    this.#wake();
  }

  /** Runs the target for some time. Returns whether it has stopped. */
  advance(pending: () => boolean): boolean {
    return this.#session === null ? this.#target.advance(pending) !== null : this.#session.advance(pending);
  }

  /** Ends the session if it is over. Returns why, or null if it is not: `lost` if the client has gone. */
  takeEnd(): SessionEnd | 'lost' | null {
    if (this.#session === null) return null;
    const { end } = this.#session;
    if (end === null && this.#client?.closed !== true) return null;
    if (end === 'foreign') complain('the client does not speak the protocol of GDB');
    this.#session.close();
    this.#session = null;
    this.#client?.close();
    this.#client = null;
    return end ?? 'lost';
  }

  /** Resolved when the client has sent something, has come or gone. */
  async event(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  /** Ends the connection, and listens no more. */
  close(): void {
    this.#client?.close();
    this.#server.close();
  }
}
