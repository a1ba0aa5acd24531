/** A user network, its guest and programs, on which the steps of a case are performed. */

import type { NetworkCard } from '../../devices/index.ts';
import { UserNetwork } from '../../net/index.ts';
import { bytesOfRecorded, guestSegment, RECORDED } from '../../net/testing/index.ts';
import { bytesOf } from '../handlers.ts';
import { BrokenRule, FuzzConnection, programByte } from './connection.ts';
import { problemOf, seenSegment } from './frame-check.ts';
import type { NetworkSetup, NetworkStep } from './steps.ts';

/** Maximum number of frames in answer to a step, and of events on the way through a wait. */
const FRAMES_MAX = 2000;
const EVENTS_MAX = 20_000;
/** The gateway's first port. */
const FIRST_PORT = 49_152;

/** A network of a case. */
export class NetworkWorld implements NetworkCard {
  readonly #setup: NetworkSetup;
  #network!: UserNetwork;
  #now = 0;
  #connections: FuzzConnection[] = [];
  /** Number of connections that were opened: the gateway takes one port after the other. */
  #opened = 0;
  #room = 0;
  #frames = 0;

  constructor(setup: NetworkSetup) {
    this.#setup = setup;
    this.#make();
  }

  #make(): void {
    this.#network = new UserNetwork(() => this.#now);
    this.#network.connect(this);
  }

  receive(frame: Uint8Array): boolean {
    if (++this.#frames > FRAMES_MAX) throw new BrokenRule('a step that is answered without end');
    const problem = problemOf(frame);
    if (problem !== null) throw new BrokenRule(problem);
    if (this.#room-- <= 0) return false;
    const segment = seenSegment(frame);
    if (segment === null) return true;
    this.#connections.find(({ gateway }) => gateway === segment.from)?.see(segment);
    return true;
  }

  /** Performs a step. @throws BrokenRule, or whatever the network throws */
  perform(step: NetworkStep): void {
    this.#room = this.#setup.room;
    this.#frames = 0;
    switch (step.do) {
      case 'open':
        this.#open(step.port);
        break;
      case 'segment':
        this.#segment(step);
        break;
      case 'recorded':
        this.#network.send(recorded(step));
        break;
      case 'frame':
        this.#network.send(bytesOf(step.bytes));
        break;
      case 'wait':
        this.#wait(step.time);
        break;
      case 'restore':
        this.#restore();
        break;
      default: {
        const one = this.#connection(step.connection);
        if (one !== null) act(one, step);
      }
    }
  }

  #open(port: number): void {
    const one = new FuzzConnection(port, FIRST_PORT + this.#opened);
    this.#connections.push(one);
    one.stream = this.#network.open(port, one);
    if (one.stream !== null) this.#opened++;
  }

  #connection(number: number): FuzzConnection | null {
    return this.#connections.at(number < 0 ? number : number % Math.max(this.#connections.length, 1)) ?? null;
  }

  #segment(step: NetworkStep & { do: 'segment' }): void {
    const one = this.#connection(step.connection);
    if (one === null) return;
    const { flags, window, segmentSize } = step;
    const numbers = one.numbers(flags, step.sequence, step.acknowledgement, window, step.length);
    const ports = { from: one.guest, to: one.gateway };
    this.#network.send(guestSegment({ ...ports, flags, window, segmentSize, ...numbers }));
  }

  #wait(time: number): void {
    const end = this.#now + time;
    let events = 0;
    for (let due = this.#network.due; due !== null && due <= end; due = this.#network.due) {
      if (++events > EVENTS_MAX) throw new BrokenRule('time that does not pass');
      this.#now = Math.max(this.#now, due);
      this.#frames = 0;
      this.#room = this.#setup.room;
      this.#network.advance();
    }
    this.#now = end;
  }

  #restore(): void {
    const state = this.#network.save();
    this.#make();
    this.#network.prepareRestore(state)();
    if (JSON.stringify(this.#network.save()) !== JSON.stringify(state)) throw new BrokenRule('another state');
    this.#connections = [];
  }
}

type ProgramStep = NetworkStep & { do: 'send' | 'end' | 'abort' | 'take' };

/** What a program does. */
function act(one: FuzzConnection, step: ProgramStep): void {
  switch (step.do) {
    case 'send': {
      const { length } = step;
      const accepted = one.stream?.space ?? 0;
      const at = one.given;
      // The first segments leave while the bytes are being accepted.
      one.given += Math.min(length, accepted);
      const taken = one.stream?.send(Uint8Array.from({ length }, (_, n) => programByte(at + n))) ?? 0;
      if (taken !== Math.min(length, accepted))
        throw new BrokenRule(`${taken} of ${accepted} bytes accepted`);
      break;
    }
    case 'end':
      one.stream?.end();
      break;
    case 'abort':
      one.stream?.abort();
      break;
    case 'take':
      one.take(step.length);
  }
}

/** Returns a recorded frame as a step changes it. */
function recorded({ frame, patches, length, summed }: NetworkStep & { do: 'recorded' }): Uint8Array {
  const bytes = bytesOfRecorded(RECORDED[frame % RECORDED.length]?.[1] ?? '').slice(0, length);
  for (const { at, bytes: patch } of patches) {
    const part = bytesOf(patch).subarray(0, Math.max(0, bytes.length - at));
    if (at < bytes.length) bytes.set(part, at);
  }
  if (summed && bytes.length >= 42) correct(bytes);
  return bytes;
}

/** Gives a datagram a right checksum of IPv4, and a message of UDP none. */
function correct(bytes: Uint8Array): void {
  let sum = 0;
  bytes.fill(0, 24, 26);
  for (let at = 14; at < 34; at += 2) sum += ((bytes[at] as number) << 8) + (bytes[at + 1] as number);
  const rest = 0xffff - (sum % 0xffff || 0xffff);
  bytes.set([rest >>> 8, rest & 0xff], 24);
  if (bytes[23] === 17) bytes.fill(0, 40, 42);
}
