/** A program of the host and a connection of the network: what each knows of the other. */

/** The host's end of a connection: a socket, for one. Nothing is called after `reset`. */
export interface HostStream {
  /** Number of bytes that were written and that the program has not taken. They close the guest's window. */
  readonly unsent: number;
  /** Receives bytes from the guest. They stay as they are. */
  write(bytes: Uint8Array): void;
  /** The guest sends no more. */
  end(): void;
  /** The guest has refused or reset the connection, or does not answer. */
  reset(): void;
  /** There is room for more bytes. */
  resume(): void;
}

/** The guest's end of a connection. */
export interface GuestStream {
  /** Number of bytes that `send` would accept. */
  readonly space: number;
  /** Sends bytes to the guest. Returns the number accepted: `HostStream.resume` tells when there is room for more. */
  send(bytes: Uint8Array): number;
  /** The program sends no more; the guest may still send. */
  end(): void;
  /** Resets the connection: the program is gone. */
  abort(): void;
  /** The program has taken some of the bytes that were written. */
  drained(): void;
}
