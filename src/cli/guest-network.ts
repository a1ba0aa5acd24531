/** `boot --net user` and `--forward`: a network for the guest, and the ports of this computer that lead to ports of the guest. */

import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { InvalidArgumentError } from 'commander';
import { UserNetwork } from '../net/index.ts';
import { ForwardedSocket } from './forwarded-socket.ts';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';
import { portOption } from './sizes.ts';

/** TOD units per microsecond, and microseconds per millisecond. */
const TOD_PER_MICROSECOND = 4096n;
const MICROSECONDS = 1000;

/** A forward on the command line: a TCP port of this computer, 0 for any free one, and one of the guest. */
export interface ForwardFlag {
  readonly host: number;
  readonly guest: number;
}

/** Parses HOSTPORT:GUESTPORT, and appends it to the previous ones. */
export function forwardOption(text: string, before: readonly ForwardFlag[] = []): ForwardFlag[] {
  const parts = text.split(':');
  if (parts.length !== 2) throw new InvalidArgumentError('It must be HOSTPORT:GUESTPORT.');
  const [host, guest] = parts.map(portOption) as [number, number];
  if (guest === 0) throw new InvalidArgumentError('The port of the guest must be 1 to 65535.');
  return [...before, { host, guest }];
}

/** The network of a guest. */
export class GuestNetwork {
  readonly user: UserNetwork;
  readonly #servers: Server[] = [];
  readonly #sockets = new Set<ForwardedSocket>();
  /** Called when something happens at a socket. */
  #happened: () => void = () => {};

  /** @param clock returns the TOD clock of the machine, so that a run without forwards can be repeated */
  constructor(clock: () => bigint) {
    this.user = new UserNetwork(() => Number(clock() / TOD_PER_MICROSECOND) / MICROSECONDS);
  }

  /**
   * Listens on a port of this computer, on the loopback address only. Returns the port.
   * @throws UsageError if that is not possible
   */
  async forward({ host, guest }: ForwardFlag): Promise<number> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) =>
      this.#accept(socket, guest),
    );
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(host, '127.0.0.1', resolve);
      });
    } catch (error) {
      const taken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      throw new UsageError(
        taken ? `port ${host} is already in use` : `could not listen on port ${host}: ${reasonOf(error)}`,
      );
    }
    this.#servers.push(server);
    // A connection that cannot be accepted is lost for its program only.
    server.on('error', () => {});
    return (server.address() as AddressInfo).port;
  }

  #accept(socket: Socket, guest: number): void {
    const one = new ForwardedSocket(socket, this.user, guest, () => this.#happened());
    this.#sockets.add(one);
    socket.on('close', () => this.#sockets.delete(one));
    this.#happened();
  }

  /** The value of the TOD clock at which `service` must be called at the latest, or null if nothing is due. */
  get due(): bigint | null {
    const { due } = this.user;
    return due === null ? null : BigInt(Math.ceil(due * MICROSECONDS)) * TOD_PER_MICROSECOND;
  }

  /** Does what is due. */
  service(): void {
    this.user.advance();
  }

  /** Waits until something happens at a socket. */
  event(): Promise<void> {
    return new Promise((resolve) => {
      this.#happened = resolve;
    });
  }

  /** Closes all ports and connections. */
  close(): void {
    for (const server of this.#servers) server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
