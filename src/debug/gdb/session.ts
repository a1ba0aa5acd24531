/**
 * A session of GDB's remote serial protocol: bytes of a client in, bytes out (GDB manual, "Remote Protocol").
 *
 * The client is not trusted. Packets and points are bounded in size and number; a packet that is not known has an empty reply,
 * as the protocol has it; a byte outside of packets that no client sends ends the session.
 */

import { FilePackets } from './file-packets.ts';
import { numberOf } from './hex.ts';
import { memoryReply } from './memory-packets.ts';
import { PACKET_MAX, PacketReader, packetOf, type Received } from './packets.ts';
import { PointSet } from './point-set.ts';
import { registerReply } from './register-packets.ts';
import { resumeOf } from './resume-packets.ts';
import { stopReply } from './stop-reply.ts';
import type { DebugTarget, Resume } from './target.ts';
import { transferReply } from './transfer-packets.ts';

/** Why a session ended: the client detached, or killed the target; the target ended; or the client does not speak the protocol. */
export type SessionEnd = 'detached' | 'killed' | 'exited' | 'foreign';

/** How often the last packet is sent again. */
const REPEATS_MAX = 10;
const OK = 'OK';
const GUEST_FEATURES = ['ReverseStep+', 'ReverseContinue+'];
const PROCESS_FEATURES = [
  'qXfer:auxv:read+',
  'qXfer:exec-file:read+',
  'qXfer:siginfo:read+',
  'QPassSignals+',
];
/** The error of a packet that is not as it should be: EINVAL. */
const MALFORMED = 'E16';

/** A session. Its bytes go to the function that it is constructed with. */
export class GdbSession {
  readonly #target: DebugTarget;
  readonly #send: (bytes: Uint8Array) => void;
  readonly #reader = new PacketReader();
  readonly #points: PointSet;
  readonly #files: FilePackets | null;
  #acknowledge = true;
  #end: SessionEnd | null = null;
  #last: Uint8Array | null = null;
  #repeats = 0;
  /** The threads that `Hg` and `Hc` chose; 0 for the one that stopped. */
  #general = 0;
  #resumed = 0;
  /** Whether the client said that it knows the reasons `swbreak` and `hwbreak`. */
  #knowsBreaks = false;

  /** @param target stopped */
  constructor(target: DebugTarget, send: (bytes: Uint8Array) => void) {
    this.#target = target;
    this.#send = send;
    this.#points = new PointSet(target);
    this.#files = target.program === null ? null : new FilePackets(target.program.files);
  }

  /** Why it ended, or null. */
  get end(): SessionEnd | null {
    return this.#end;
  }

  /** Takes bytes from the client. */
  receive(bytes: Uint8Array): void {
    for (const byte of bytes) {
      if (this.#end !== null) return;
      const received = this.#reader.take(byte);
      if (received !== null) this.#received(received);
    }
  }

  /**
   * Runs the target if the client has resumed it, until it stops or `pending` returns true. Returns whether it has stopped.
   * @param pending called often
   */
  advance(pending: () => boolean): boolean {
    const stop = this.#target.stop ?? this.#target.advance(pending);
    if (stop === null) return false;
    const { reason } = stop;
    if (reason.kind === 'exit' || reason.kind === 'exited' || reason.kind === 'killed') this.#end = 'exited';
    this.#general = this.#resumed = stop.thread;
    const { message, reply } = stopReply(stop, this.#knowsBreaks);
    if (message !== null) this.#reply(message);
    this.#reply(reply);
    return true;
  }

  /** Ends the session: removes its points. */
  close(): void {
    if (this.#target.stop !== null) this.#points.clear();
  }

  #received(received: Received): void {
    switch (received.kind) {
      case 'foreign':
        this.#end = 'foreign';
        break;
      case 'interrupt':
        if (this.#target.stop === null) this.#target.interrupt();
        break;
      case 'again':
        if (this.#last !== null && this.#repeats++ < REPEATS_MAX) this.#send(this.#last);
        break;
      case 'damaged':
        if (this.#acknowledge) this.#send(Uint8Array.of(0x2d));
        break;
      case 'long':
        this.#accept();
        this.#reply(`E.the packet has more than ${PACKET_MAX} bytes`);
        break;
      case 'packet': {
        // While the target runs, a client sends nothing but an interrupt.
        if (this.#target.stop === null) return;
        this.#accept();
        const reply = this.#perform(received.data);
        if (reply !== null) this.#reply(reply);
      }
    }
  }

  #accept(): void {
    if (this.#acknowledge) this.#send(Uint8Array.of(0x2b));
  }

  #reply(data: string): void {
    this.#last = packetOf(data);
    this.#repeats = 0;
    this.#send(this.#last);
  }

  /** Performs a packet. Returns the reply, or null if it comes later, or never. */
  #perform(data: string): string | null {
    const rest = data.slice(1);
    switch (data[0]) {
      case '?':
        return stopReply(this.#stopped, this.#knowsBreaks).reply;
      case 'H':
        return this.#choose(rest);
      case 'T':
        return this.#threadOf(rest) === null ? MALFORMED : OK;
      case 'g':
      case 'G':
      case 'p':
      case 'P':
        return registerReply(this.#target, this.#thread(this.#general), data);
      case 'm':
      case 'M':
      case 'X':
        return memoryReply(this.#target, this.#thread(this.#general), data);
      case 'Z':
      case 'z':
        return this.#points.reply(data);
      case 'D':
        this.#end = 'detached';
        return OK;
      case 'k':
        this.#end = 'killed';
        return null;
      case 'q':
      case 'Q':
        return this.#query(data);
      default:
        if (data.startsWith('vFile:')) return this.#files?.reply(data) ?? '';
        return data.startsWith('vKill') ? this.#kill() : this.#resume(data);
    }
  }

  get #stopped() {
    const { stop } = this.#target;
    if (stop === null) throw new Error('the target runs');
    return stop;
  }

  #kill(): string {
    this.#end = 'killed';
    return OK;
  }

  #resume(data: string): string | null {
    if (data === 'vCont?') return 'vCont;c;C;s;S';
    if (/^b[cs]$/.test(data) && this.#target.program !== null) return '';
    const request = resumeOf(data, this.#thread(this.#resumed));
    if (request === null) return '';
    if (request === 'malformed') return MALFORMED;
    const { address, how } = request;
    const thread = threadOfResume(how, this.#thread(this.#resumed));
    const ids = new Set(this.#target.threads.map(({ id }) => id));
    if ([thread, ...(how.only ?? []), ...(how.signals?.keys() ?? [])].some((id) => !ids.has(id)))
      return MALFORMED;
    if (address !== null) {
      this.#target.writeRegister(thread, this.#target.description.programCounter, address);
    }
    this.#target.resume(how);
    return null;
  }

  #query(data: string): string {
    const [name = '', ...words] = data.split(/[:,]/);
    switch (name) {
      case 'qSupported':
        this.#knowsBreaks = data.slice('qSupported:'.length).split(';').includes('swbreak+');
        return [
          `PacketSize=${PACKET_MAX.toString(16)}`,
          'qXfer:features:read+',
          'QStartNoAckMode+',
          'vContSupported+',
          ...(this.#target.program === null ? GUEST_FEATURES : PROCESS_FEATURES),
          ...(this.#knowsBreaks ? ['swbreak+', 'hwbreak+'] : []),
        ].join(';');
      case 'QStartNoAckMode':
        this.#acknowledge = false;
        return OK;
      case 'QPassSignals':
        return this.#passSignals(data.slice('QPassSignals:'.length));
      case 'qXfer':
        return transferReply(this.#target, data);
      case 'qAttached':
        // A client that quits detaches, instead of ending a guest. It ends a program, as it does one that it has started.
        return this.#target.program === null ? '1' : '0';
      case 'qC':
        return `QC${this.#thread(this.#general).toString(16)}`;
      case 'qfThreadInfo':
        return `m${this.#target.threads.map(({ id }) => id.toString(16)).join(',')}`;
      case 'qsThreadInfo':
        return 'l';
      case 'qThreadExtraInfo':
        return this.#describe(words[0] ?? '');
      default:
        return '';
    }
  }

  #passSignals(text: string): string {
    const { program } = this.#target;
    if (program === null) return '';
    const numbers = text === '' ? [] : text.split(';').map((word) => numberOf(word));
    if (numbers.includes(null)) return MALFORMED;
    program.passSignals(new Set(numbers.map(Number)));
    return OK;
  }

  #describe(text: string): string {
    const id = this.#threadOf(text);
    const thread = this.#target.threads.find((one) => one.id === id);
    if (thread === undefined) return MALFORMED;
    return Array.from(thread.description, (c) => c.charCodeAt(0).toString(16).padStart(2, '0')).join('');
  }

  /** `Hg` and `Hc`: chooses a thread, or any (0), or all (-1). */
  #choose(text: string): string {
    const what = text[0];
    const word = text.slice(1);
    const id = word === '0' || word === '-1' ? 0 : this.#threadOf(word);
    if (id === null || (what !== 'g' && what !== 'c')) return MALFORMED;
    if (what === 'g') this.#general = id;
    else this.#resumed = id;
    return OK;
  }

  /** Returns the thread that was chosen, or the one that stopped. */
  #thread(chosen: number): number {
    return chosen === 0 ? this.#stopped.thread : chosen;
  }

  /** Returns the id of a thread, or null if there is none. */
  #threadOf(text: string): number | null {
    const number = numberOf(text);
    return this.#target.threads.find(({ id }) => BigInt(id) === number)?.id ?? null;
  }
}

function threadOfResume(how: Resume, otherwise: number): number {
  return how.kind === 'step' || how.kind === 'reverse-step' ? how.thread : otherwise;
}
