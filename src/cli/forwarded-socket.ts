/** A socket of the host whose connection is forwarded to the guest. */

import type { Socket } from 'node:net';
import type { GuestStream, HostStream, UserNetwork } from '../net/index.ts';

/** Connects a socket with a port of the guest. */
export class ForwardedSocket implements HostStream {
  readonly #socket: Socket;
  readonly #guest: GuestStream | null;
  readonly #changed: () => void;
  /** Bytes that the connection had no room for. The socket is paused while there are any. */
  #rest: Uint8Array = new Uint8Array(0);
  #ended = false;

  /** @param changed called after each event that the guest may notice */
  constructor(socket: Socket, network: UserNetwork, port: number, changed: () => void) {
    this.#socket = socket;
    this.#changed = changed;
    socket.on('data', (bytes: Buffer) => this.#event(() => this.#pass(bytes)));
    socket.on('end', () => this.#event(() => this.#end()));
    // An error is followed by its end.
    socket.on('error', () => {});
    socket.on('close', () => this.#event(() => this.#close()));
    this.#guest = network.open(port, this);
    if (this.#guest === null) socket.resetAndDestroy();
  }

  #event(action: () => void): void {
    action();
    this.#changed();
  }

  #pass(bytes: Uint8Array): void {
    if (this.#guest === null) return;
    this.#rest = bytes.subarray(this.#guest.send(bytes));
    if (this.#rest.length > 0) this.#socket.pause();
    else if (this.#ended) this.#guest.end();
  }

  #end(): void {
    this.#ended = true;
    if (this.#rest.length === 0) this.#guest?.end();
  }

  /** A socket that has not come to its end in both directions was closed by its program, or by an error. */
  #close(): void {
    if (!this.#socket.readableEnded || !this.#socket.writableFinished) this.#guest?.abort();
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes, () => this.#event(() => this.#guest?.drained()));
  }

  end(): void {
    this.#socket.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  resume(): void {
    if (this.#rest.length === 0) return;
    this.#pass(this.#rest);
    if (this.#rest.length === 0) this.#socket.resume();
  }

  /** Ends it with the guest. */
  destroy(): void {
    this.#socket.destroy();
  }
}
