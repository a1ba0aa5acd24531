/** Both directions of a connection, over wires that lose, repeat and reorder frames. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestGuest, TestStream } from '../testing/test-guest.ts';
import { TestServer } from '../testing/test-server.ts';
import type { GuestStream } from './host-stream.ts';
import type { Segment } from './segment.ts';
import { TCP } from './segment.ts';

const bytesOf = (length: number, step: number) => Uint8Array.from({ length }, (_, n) => (n * step) >>> 5);

/** What a wire does to a frame. */
type Fate = 'passes' | 'is lost' | 'comes twice' | 'comes later';

/** A transfer: a program and a server, each with bytes to send. */
class Transfer {
  readonly guest = new TestGuest();
  readonly stream = new TestStream();
  readonly #input: Uint8Array;
  readonly #output: Uint8Array;
  readonly #fate: () => Fate;
  #server: TestServer | null = null;
  #host: GuestStream;
  #given = 0;
  #late: Segment[] = [];

  constructor(input: Uint8Array, output: Uint8Array, fate: () => Fate = () => 'passes') {
    this.#input = input;
    this.#output = output;
    this.#fate = fate;
    this.guest.announce();
    this.guest.accepts = () => this.#fate() !== 'is lost';
    this.#host = this.guest.network.open(80, this.stream) as GuestStream;
    this.stream.onResume = () => this.#give();
    this.#give();
  }

  get server(): TestServer {
    return this.#server as TestServer;
  }

  #give(): void {
    this.#given += this.#host.send(this.#input.subarray(this.#given));
    if (this.#given === this.#input.length) this.#host.end();
  }

  /** Passes a segment of the guest. */
  #pass(segment: Segment): void {
    const fate = this.#fate();
    if (fate === 'comes later') this.#late.push(segment);
    if (fate === 'passes' || fate === 'comes twice') this.guest.send(segment);
    if (fate === 'comes twice') this.guest.send(segment);
  }

  /** Runs until both ends are closed. Returns the number of rounds. */
  run(rounds: number): number {
    for (let round = 0; round < rounds; round++) {
      for (const segment of this.guest.segments()) {
        if ((segment.flags & TCP.SYN) !== 0 && this.#server === null) {
          this.#server = new TestServer(this.#output, segment, (answer) => this.#pass(answer));
        } else this.#server?.handle(segment);
      }
      for (const segment of this.#late.splice(0)) this.guest.send(segment);
      if (this.guest.frames.length > 0) continue;
      if (this.#server?.finished && this.#server.ended) return round;
      this.guest.wait(100);
      if (this.guest.frames.length === 0) this.#server?.transmit(true);
    }
    return rounds;
  }
}

describe('a transfer', () => {
  it('over a good wire needs no timer', () => {
    const transfer = new Transfer(bytesOf(300_000, 7), bytesOf(200_000, 11));
    transfer.run(2000);
    expect(Buffer.compare(transfer.stream.bytes, bytesOf(200_000, 11))).toBe(0);
    expect(Buffer.compare(Uint8Array.from(transfer.server.received), bytesOf(300_000, 7))).toBe(0);
    expect(transfer.stream.calls).toEqual(['end']);
    expect(transfer.guest.now).toBeLessThanOrEqual(200);
  });

  it('of nothing opens and closes', () => {
    const transfer = new Transfer(new Uint8Array(0), new Uint8Array(0));
    expect(transfer.run(50)).toBeLessThan(50);
    expect(transfer.stream.calls).toEqual(['end']);
    transfer.guest.wait(5000);
    expect(transfer.guest.network.due).toBe(null);
  });

  it('over a bad wire is complete, and correct', () => {
    const fates = fc.infiniteStream(
      fc.constantFrom<Fate>('passes', 'passes', 'passes', 'passes', 'is lost', 'comes twice', 'comes later'),
    );
    const lengths = fc.tuple(fc.nat(30_000), fc.nat(30_000));
    fc.assert(
      fc.property(lengths, fates, ([input, output], stream) => {
        const transfer = new Transfer(bytesOf(input, 7), bytesOf(output, 11), () => stream.next().value);
        const rounds = transfer.run(5000);
        expect(rounds).toBeLessThan(5000);
        expect(Buffer.compare(transfer.stream.bytes, bytesOf(output, 11))).toBe(0);
        expect(Buffer.compare(Uint8Array.from(transfer.server.received), bytesOf(input, 7))).toBe(0);
        expect(transfer.stream.calls).toEqual(['end']);
        transfer.guest.accepts = () => true;
        transfer.guest.wait(700_000);
        expect(transfer.guest.network.due).toBe(null);
      }),
      { numRuns: 15 },
    );
  });
});
