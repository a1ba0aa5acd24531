/** The TCP server of `boot --gdb`: one client at a time, on this computer only. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Bytes of a client that are handled before it must have read the replies. */
const PIECE = 512;
/** Time in milliseconds that a client has to read the last replies. */
const LAST_REPLIES = 1000;

/** A client that is connected. */
export class GdbClient {
  readonly #socket: Socket;
  /** Called with what the client sends, and when it has gone. */
  readonly #receive: (bytes: Uint8Array) => void;
  #waiting: Uint8Array = new Uint8Array(0);
  #closed = false;

  /** @param changed called after each event */
  constructor(socket: Socket, receive: (bytes: Uint8Array) => void, changed: () => void) {
    this.#socket = socket;
    this.#receive = receive;
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => {
      this.#waiting = bytes;
      socket.pause();
      this.#work();
      changed();
    });
    socket.on('drain', () => {
      this.#work();
      changed();
    });
    const gone = () => {
      this.#closed = true;
      changed();
    };
    socket.on('end', gone);
    socket.on('close', gone);
    socket.on('error', gone);
  }

  /** Whether the client has gone. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Handles what has arrived, as long as the client reads the replies. */
  #work(): void {
    while (this.#waiting.length > 0 && !this.#socket.writableNeedDrain && !this.#closed) {
      const piece = this.#waiting.subarray(0, PIECE);
      this.#waiting = this.#waiting.subarray(PIECE);
      this.#receive(piece);
    }
    if (this.#waiting.length === 0) this.#socket.resume();
  }

  /** Sends bytes. */
  send(bytes: Uint8Array): void {
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** Ends the connection. A client that reads gets what was sent. */
  close(): void {
    this.#closed = true;
    this.#socket.destroySoon();
    const timer = setTimeout(() => this.#socket.destroy(), LAST_REPLIES);
    this.#socket.on('close', () => clearTimeout(timer));
  }
}

/** The server. */
export class GdbServer {
  readonly #server: Server;

  /** @param connect called with each connection */
  constructor(connect: (socket: Socket) => void) {
    this.#server = createServer(connect);
    this.#server.maxConnections = 1;
  }

  /**
   * Starts to listen, on the loopback address only. Returns the port.
   * @param port 0 for any free one
   * @throws Error with a code, such as EADDRINUSE
   */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => resolve((this.#server.address() as AddressInfo).port));
    });
  }

  /** Stops to listen. */
  close(): void {
    this.#server.close();
  }
}
