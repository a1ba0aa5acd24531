/** A client of GDB's protocol and guests to debug, for tests. */

import { Host } from '../../host/index.ts';
import { Machine } from '../../machine/index.ts';
import { type ElfImage, Monitor } from '../../vmm/index.ts';
import { packetOf } from '../gdb/packets.ts';
import { GdbSession } from '../gdb/session.ts';
import type { DebugTarget } from '../gdb/target.ts';
import { GuestTarget } from '../guest/guest-target.ts';
import type { GuestFactory } from '../guest/recorded-guest.ts';

const MIB = 1n << 20n;
const MEMORY_AT = 256n * MIB;

/** Creates guests of 2 MiB from an image. */
export function factoryOf(image: ElfImage, cpus = 1): GuestFactory {
  return (console, storage) => {
    const machine = new Machine(storage === null ? { storageSize: 64 << 20 } : { storage });
    const host = new Host(machine);
    const mm = host.createMm();
    mm.mmap({ address: MEMORY_AT, length: 2n * MIB });
    const maps = [{ from: MEMORY_AT, to: 0n, length: 2n * MIB }];
    return { host, monitor: new Monitor(host, mm, { image, maps, console, cpus, input: true }) };
  };
}

/** Returns an image of code at an address, with other parts. */
export function imageOf(entry: number, parts: Readonly<Record<number, Uint8Array | number[]>>): ElfImage {
  const segments = Object.entries(parts).map(([address, bytes]) => ({
    address: BigInt(address),
    memorySize: BigInt(bytes.length),
    bytes: Uint8Array.from(bytes),
    flags: 7,
  }));
  return { entry: BigInt(entry), segments };
}

/** A client, and the session that it speaks with. */
export class TestClient<T extends DebugTarget> {
  readonly target: T;
  readonly session: GdbSession;
  /** What the session has sent and the client has not taken, one character for each byte. */
  sent = '';

  constructor(target: T) {
    this.target = target;
    this.session = new GdbSession(target, (bytes) => {
      this.sent += String.fromCharCode(...bytes);
    });
  }

  /** Sends characters as they are. Returns what the session sends. */
  raw(text: string): string {
    this.session.receive(Uint8Array.from(text, (c) => c.charCodeAt(0)));
    return this.taken();
  }

  /** Sends a packet, and runs the target until it stops. Returns the data of the replies, joined by a space. */
  ask(data: string): string {
    this.session.receive(packetOf(data));
    while (this.target.stop === null && this.session.end === null) {
      if (this.session.advance(() => false)) break;
      if ('waits' in this.target && this.target.waits !== null) break;
    }
    const packets = [...this.taken().matchAll(/\$([^#]*)#[0-9a-f]{2}/g)];
    return packets.map(([, reply]) => reply).join(' ');
  }

  taken(): string {
    const { sent } = this;
    this.sent = '';
    return sent;
  }
}

/** Returns a client of a guest that announced what GDB announces. @param output receives console output */
export function clientOf(
  image: ElfImage,
  cpus = 1,
  output: (text: string) => void = () => {},
): TestClient<GuestTarget> {
  const client = new TestClient(new GuestTarget(factoryOf(image, cpus), { write: output }));
  client.ask('qSupported:multiprocess+;swbreak+;hwbreak+');
  return client;
}
