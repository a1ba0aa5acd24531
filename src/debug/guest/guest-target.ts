/** A guest as a target of a debugger. Its threads are its virtual CPUs: thread 1 is CPU 0. */

import { GuestMemoryFault, LinuxError, type Vcpu } from '../../host/index.ts';
import { describeEnd, type End, type GuestConsole, NO_SYMBOLS, type SymbolTable } from '../../vmm/index.ts';
import { S390X } from '../gdb/s390x.ts';
import type { DebugTarget, Point, Resume, Stop, StopReason, TargetThread } from '../gdb/target.ts';
import { Backward } from './backward.ts';
import { Forward } from './forward.ts';
import { GuestStorage } from './guest-storage.ts';
import type { Arrival, Motion } from './motion.ts';
import { type GuestFactory, RecordedGuest } from './recorded-guest.ts';
import { readRegister, takesValue, writeRegister } from './vcpu-registers.ts';

const PAGE_BYTES = 4096n;
const ADDRESS_END = 1n << 64n;

/** A guest. */
export class GuestTarget implements DebugTarget {
  readonly description = S390X;
  readonly program = null;
  readonly #guest: RecordedGuest;
  readonly #symbols: SymbolTable;
  #points: readonly Point[] = [];
  #motion: Motion | null = null;
  #stop: Stop | null = { thread: 1, reason: { kind: 'step' } };
  #ended: End | LinuxError | null = null;
  #waits: (End & { kind: 'input' }) | null = null;
  /** Whether console input ended while the guest was not at its newest position. */
  #inputEnds = false;

  /**
   * @param create creates the guest, again each time it goes back
   * @param console receives each output of the guest once
   * @param symbols of the image, to name addresses
   * @throws what `create` throws
   */
  constructor(create: GuestFactory, console: GuestConsole, symbols: SymbolTable = NO_SYMBOLS) {
    this.#guest = new RecordedGuest(create, console);
    this.#symbols = symbols;
  }

  get threads(): readonly TargetThread[] {
    return this.#guest.monitor.vm.vcpus.map((vcpu) => {
      return { id: vcpu.id + 1, description: `CPU ${vcpu.id}: ${stateOf(vcpu)}` };
    });
  }

  get stop(): Stop | null {
    return this.#stop;
  }

  /** How the guest ended, or the error (ENOMEM) because of which it cannot go on; null if it can. */
  get ended(): End | LinuxError | null {
    return this.#ended;
  }

  /** Units of work done. */
  get executed(): number {
    return this.#guest.executed;
  }

  /** The TOD clock of the machine. */
  get tod(): bigint {
    return this.#guest.host.machine.clock.tod;
  }

  /**
   * What a guest that runs waits for: for console input, or until the TOD clock has the value `until`, if it is not null. Then
   * `advance` must not be called before one of the two. Null if it does not wait.
   */
  get waits(): { readonly until: bigint | null } | null {
    return this.#waits;
  }

  readRegister(thread: number, register: number): bigint {
    return readRegister(this.#vcpu(thread), register);
  }

  writeRegister(thread: number, register: number, value: bigint): boolean {
    if (!takesValue(register, value)) return false;
    this.#change(8, () => writeRegister(this.#vcpu(thread), register, value));
    return true;
  }

  readMemory(thread: number, address: bigint, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    let done = 0;
    const storage = this.#storage;
    for (const part of parts(address, length)) {
      const absolute = storage.absolute(this.#cpu, this.#vcpu(thread), part.address);
      const page = absolute === null ? null : storage.page(absolute);
      if (absolute === null || page === null) break;
      const offset = Number(absolute % PAGE_BYTES);
      bytes.set(page.subarray(offset, offset + part.length), done);
      done += part.length;
    }
    return bytes.subarray(0, done);
  }

  writeMemory(thread: number, address: bigint, bytes: Uint8Array): boolean {
    const storage = this.#storage;
    const writes: { absolute: bigint; bytes: Uint8Array }[] = [];
    let done = 0;
    for (const { address: at, length } of parts(address, bytes.length)) {
      const absolute = storage.absolute(this.#cpu, this.#vcpu(thread), at);
      if (absolute === null || storage.page(absolute) === null) return false;
      writes.push({ absolute, bytes: bytes.slice(done, done + length) });
      done += length;
    }
    if (done < bytes.length) return false;
    try {
      this.#change(bytes.length, () => {
        const { vm } = this.#guest.monitor;
        for (const write of writes) vm.writeGuest(write.absolute, write.bytes);
      });
    } catch (error) {
      if (error instanceof GuestMemoryFault || error instanceof LinuxError) return false;
      throw error;
    }
    return true;
  }

  #change(bytes: number, perform: () => void): void {
    this.#ended = null;
    this.#guest.act(bytes, true, perform);
  }

  setPoints(points: readonly Point[]): void {
    this.#points = points;
  }

  resume(how: Resume): void {
    const back = how.kind === 'reverse-continue' || how.kind === 'reverse-step';
    const cpu = 'thread' in how ? how.thread - 1 : null;
    const thread = this.#stop?.thread ?? 1;
    this.#stop = null;
    if (back && this.#guest.executed <= this.#guest.begin) this.#motion = still(thread, { kind: 'begin' });
    else if (back) this.#motion = new Backward(this.#guest, this.#points, cpu);
    else if (this.#ended === null) this.#motion = new Forward(this.#guest, this.#points, cpu);
    else this.#motion = still(thread, { kind: 'exit', succeeded: hasSucceeded(this.#ended) });
    if (back) this.#ended = null;
  }

  advance(pending: () => boolean): Stop | null {
    this.#waits = null;
    const arrival = this.#advance(pending);
    this.#passInputEnd();
    if (arrival === null) return null;
    if (arrival.kind === 'end' && arrival.end.kind === 'input') {
      this.#waits = arrival.end;
      return null;
    }
    this.#motion?.close();
    this.#motion = null;
    this.#stop = this.#stopOf(arrival);
    return this.#stop;
  }

  #advance(pending: () => boolean): Arrival | null {
    try {
      return this.#motion?.advance(pending) ?? null;
    } catch (error) {
      if (!(error instanceof LinuxError)) throw error;
      this.#ended = error;
      const reason = {
        kind: 'end',
        sentence: `storage is used up: ${error.message}`,
        succeeded: false,
      } as const;
      return { kind: 'stop', cpu: null, reason };
    }
  }

  #stopOf(arrival: Arrival): Stop {
    const current = this.#guest.monitor.current.id;
    if (arrival.kind === 'stop') return { thread: (arrival.cpu ?? current) + 1, reason: arrival.reason };
    const { end } = arrival;
    this.#ended = end;
    const sentence = describeEnd(end, this.#symbols);
    const thread = ('cpu' in end ? end.cpu : current) + 1;
    return { thread, reason: { kind: 'end', sentence, succeeded: hasSucceeded(end) } };
  }

  interrupt(): void {
    this.#waits = null;
    this.#motion?.interrupt();
  }

  /** Whether the guest has enabled input from one of its consoles. */
  get inputEnabled(): boolean {
    return this.#guest.monitor.inputEnabled;
  }

  /** Number of bytes that `input` would accept: none while the guest repeats what it has done. */
  get inputSpace(): number {
    return this.#guest.atNewest ? this.#guest.monitor.inputSpace : 0;
  }

  /** Adds console input. Returns the number of bytes accepted. */
  input(bytes: Uint8Array): number {
    const copy = bytes.slice(0, this.inputSpace);
    if (copy.length === 0) return 0;
    this.#guest.act(copy.length, false, ({ monitor }) => monitor.input(copy));
    return copy.length;
  }

  /** Ends the console input: when the guest is at its newest position. */
  endInput(): void {
    this.#inputEnds = true;
    this.#passInputEnd();
  }

  #passInputEnd(): void {
    if (!this.#inputEnds || !this.#guest.atNewest) return;
    this.#inputEnds = false;
    this.#waits = null;
    this.#guest.act(0, false, ({ monitor }) => monitor.endInput());
  }

  get #storage(): GuestStorage {
    const { host, monitor } = this.#guest;
    return new GuestStorage(host.machine.storage, monitor.vm);
  }

  get #cpu() {
    return this.#guest.host.machine.cpu(0);
  }

  #vcpu(thread: number): Vcpu {
    return this.#guest.monitor.vm.vcpus[thread - 1] as Vcpu;
  }
}

/** A motion that stays where it is. */
function still(thread: number, reason: StopReason): Motion {
  return { advance: () => ({ kind: 'stop', cpu: thread - 1, reason }), interrupt() {}, close() {} };
}

function stateOf(vcpu: Vcpu): string {
  if (vcpu.stopped) return 'stopped';
  return vcpu.waiting ? 'waits' : 'runs';
}

function hasSucceeded(end: End | LinuxError): boolean {
  if (end instanceof LinuxError) return false;
  return end.kind === 'stopped' || (end.kind === 'disabled-wait' && end.address === 0n);
}

/** Divides a range at the ends of pages. It ends at the end of the addresses. */
function* parts(address: bigint, length: number): Iterable<{ address: bigint; length: number }> {
  for (let at = address, left = length; left > 0 && at < ADDRESS_END; ) {
    const part = Math.min(left, Number(PAGE_BYTES - (at % PAGE_BYTES)));
    yield { address: at, length: part };
    at += BigInt(part);
    left -= part;
  }
}
