/** The TCP connections of the gateway. */

import { SavedFields } from '../../devices/index.ts';
import { Connection, type Wire } from './connection.ts';
import type { GuestStream, HostStream } from './host-stream.ts';
import type { Segment } from './segment.ts';

/** Maximum number of connections at a time. */
const CONNECTIONS_MAX = 256;
/** The gateway's own ports: the dynamic ones. RFC 6335, section 6. */
const PORTS = { FIRST: 49_152, COUNT: 16_384 } as const;
/** Distance of the initial sequence numbers of two connections: more than one window. */
const SEQUENCE_STEP = 0x0010_0003;

/** The connections, and the segments that reset those of before a saved state. */
export class Connections {
  readonly #wire: Wire;
  readonly #all = new Map<number, Connection>();
  #opened = 0;
  /** Segments to be sent when there is time. */
  #resets: readonly Segment[] = [];

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  /** Opens a connection to a port of the guest, 1 to 65,535. Returns null if there are too many. */
  open(guest: number, stream: HostStream): GuestStream | null {
    if (this.#all.size >= CONNECTIONS_MAX) return null;
    let gateway: number;
    do {
      gateway = PORTS.FIRST + (this.#opened++ % PORTS.COUNT);
    } while (this.#all.has(keyOf(gateway, guest)));
    const initial = (this.#opened * SEQUENCE_STEP) >>> 0;
    const connection = new Connection(this.#wire, stream, { gateway, guest }, initial);
    this.#all.set(keyOf(gateway, guest), connection);
    connection.open();
    return connection;
  }

  /** Handles a segment for the gateway. Returns false if there is no such connection. */
  receive(segment: Segment): boolean {
    const key = keyOf(segment.to, segment.from);
    const connection = this.#all.get(key);
    // One that the program has aborted is forgotten at the next occasion.
    if (!connection || connection.closed) return false;
    connection.receive(segment);
    if (connection.closed) this.#all.delete(key);
    return true;
  }

  /** The guest can be reached now. */
  reachable(): void {
    for (const connection of this.#all.values()) connection.reachable();
  }

  /** When `advance` must be called at the latest, or null. */
  get due(): number | null {
    if (this.#resets.length > 0) return this.#wire.now;
    let due: number | null = null;
    for (const connection of this.#all.values()) {
      const time = connection.due;
      if (time !== null && (due === null || time < due)) due = time;
    }
    return due;
  }

  /** Does what is due. */
  advance(): void {
    for (const segment of this.#resets) this.#wire.transmit(segment);
    this.#resets = [];
    for (const [key, connection] of this.#all) {
      connection.advance();
      if (connection.closed) this.#all.delete(key);
    }
  }

  /** The state: programs of the host are not part of it, so restored connections are reset. */
  save(): unknown {
    const open = [...this.#all.values()].filter(({ closed }) => !closed);
    const segments = [...this.#resets, ...open.map((connection) => connection.resetSegment())];
    const resets = segments.map(({ from, to, sequence, acknowledgement, flags }) => {
      return { from, to, sequence, acknowledgement, flags };
    });
    return { opened: this.#opened, resets };
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('network', state);
    const opened = saved.integer('opened', Number.MAX_SAFE_INTEGER);
    const resets = saved.list('resets', 2 * CONNECTIONS_MAX, (value): Segment => {
      const segment = new SavedFields('connection', value);
      return {
        ...{ from: segment.integer('from', 0xffff), to: segment.integer('to', 0xffff), window: 0 },
        ...{ sequence: segment.integer('sequence', 0xffff_ffff), flags: segment.integer('flags', 0xff) },
        acknowledgement: segment.integer('acknowledgement', 0xffff_ffff),
        ...{ segmentSize: null, payload: new Uint8Array(0) },
      };
    });
    return () => {
      for (const connection of this.#all.values()) connection.abandon();
      this.#all.clear();
      this.#opened = opened;
      this.#resets = resets;
    };
  }
}

function keyOf(gateway: number, guest: number): number {
  return gateway * 0x1_0000 + guest;
}
