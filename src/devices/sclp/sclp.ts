/**
 * The service-call logical processor (SCLP) of a virtual machine, which a guest calls by SERVICE CALL. It reports memory
 * size and CPUs, and it is the console.
 *
 * A guest passes a command word and a service-call control block (SCCB): a header of 8 bytes, then data.
 *
 *      0  length of the SCCB, header included
 *      2  function code
 *      3  control mask (3 bytes)
 *      6  response code, which the SCLP sets
 *
 * The SCLP changes the SCCB and then makes a service-signal external interruption (0x2401) pending. Here this happens at
 * once, so the SCLP is never busy. SERVICE CALL is not in the Principles of Operation: this module follows QEMU, including its
 * response codes, and Linux's definitions of the structures. In one respect it is stricter than QEMU: a length inside the
 * SCCB never reaches beyond the SCCB.
 */

import { GuestAddressError, type GuestMemory } from '../memory.ts';
import { SavedFields } from '../saved-state.ts';
import { ConsoleInput } from './console-input.ts';
import { fromEbcdic, toEbcdic } from './ebcdic.ts';
import { Utf8Decoder } from './utf8.ts';

/**
 * The consoles of a guest: behind the SCLP the VT220 terminal and the line-mode console of the operator, and the console of virtio.
 */
export type ConsoleKind = 'ascii' | 'line' | 'virtio';

/** The output of a guest's consoles. */
export interface GuestConsole {
  /**
   * Receives text that the guest wrote.
   * @param text from the ASCII console as the guest sent it, not necessarily whole lines; from the line-mode console whole
   *   lines, each with `\n` at its end
   * @param which the console that it was written to; a guest may write the same text to both
   */
  write(text: string, which: ConsoleKind): void;
}

/** Options of an SCLP. */
export interface SclpOptions {
  /** Guest memory in bytes: a multiple of 1 MiB, at least one. */
  readonly memoryBytes: bigint;
  /** Number of CPUs of the guest, 1 to 248. Their addresses start at 0. */
  readonly cpus: number;
  readonly console: GuestConsole;
}

/** The result of SERVICE CALL: a condition code, or a program interruption code (5 addressing, 6 specification). */
export type ServiceResult = { readonly cc: 0 | 2 | 3 } | { readonly program: 0x05 | 0x06 };

const READ_SCP_INFO = 0x00020001;
const READ_SCP_INFO_FORCED = 0x00120001;
const READ_CPU_INFO = 0x00010001;
const READ_EVENT_DATA = 0x00770005;
const WRITE_EVENT_DATA = 0x00760005;
const WRITE_EVENT_MASK = 0x00780005;
/** Bits 16-23 of a command word do not belong to the command. */
const COMMAND_MASK = 0xffff00ff;

const READ_DONE = 0x0010;
const DONE = 0x0020;
const BOUNDARY_VIOLATION = 0x0100;
const INVALID_COMMAND = 0x01f0;
const INSUFFICIENT_LENGTH = 0x0300;
const INVALID_FUNCTION = 0x40f0;
const NO_EVENTS = 0x60f0;
const INVALID_SELECTION_MASK = 0x70f0;
const INCONSISTENT_LENGTHS = 0x72f0;
const EVENT_SYNTAX_ERROR = 0x73f0;
const INVALID_MASK_LENGTH = 0x74f0;

const HEADER_BYTES = 8;
const PAGE_BYTES = 4096;
const EVENT_HEADER_BYTES = 6;
const CPU_ENTRY_BYTES = 16;
const SCP_CPU_OFFSET = 128;
const CPU_CPU_OFFSET = 24;
const MASK_BYTES_MAX = 1021;
/** The facility "read CPU information". */
const FACILITIES = 0x0c00_0000_0000_0000n;
/** Configuration characteristics, bytes 80 to 98 of READ SCP INFO: suppression on protection, and enhanced. */
const SUPPRESSION_ON_PROTECTION = { BYTE: 80, BIT: 0x20 };
const ENHANCED_SUPPRESSION_ON_PROTECTION = { BYTE: 85, BIT: 0x02 };
const MAX_CPUS = (PAGE_BYTES - SCP_CPU_OFFSET) / CPU_ENTRY_BYTES;

const EVENT_COMMAND = 0x01;
const EVENT_MESSAGE = 0x02;
const EVENT_PRIORITY_MESSAGE = 0x09;
const EVENT_ASCII = 0x1a;
const ACCEPTED = 0x80;
const VARIABLE_LENGTH_RESPONSE = 0x80;

/** Returns an event mask of 64 bits: bit n - 1, counted from the left, is event type n. */
function maskOf(...types: readonly number[]): bigint {
  return types.reduce((mask, type) => mask | (1n << BigInt(64 - type)), 0n);
}
/** Events that the guest may send to the SCLP. */
const RECEIVES = maskOf(EVENT_MESSAGE, EVENT_PRIORITY_MESSAGE, EVENT_ASCII);
/** Events that the SCLP may send to the guest. */
const SENDS = maskOf(EVENT_COMMAND, EVENT_ASCII);
const ASCII_BIT = maskOf(EVENT_ASCII);
const COMMAND_BIT = maskOf(EVENT_COMMAND);

const MDB_HEADER_BYTES = 12;
const MDB_OBJECT_HEADER_BYTES = 4;
const MDB_TEXT_OFFSET = 10;
const MDB_MESSAGE_TEXT = 0x0004;

/** Bytes before the text of an operator's command: event header, three vectors, two subvectors. */
const COMMAND_TEXT_OFFSET = EVENT_HEADER_BYTES + 3 * 4 + 2 * 2;
/** The length of a subvector has 8 bits, and that of the outer one includes 4 bytes besides the text. */
const COMMAND_TEXT_MAX = 255 - 4;

/** Maximum console input that the guest has not read, in bytes. */
const INPUT_MAX = 0x1_0000;

/** Returns the storage increment in MiB: 1, doubled until 1020 increments suffice, as long as it divides the size. */
function incrementOf(mebibytes: bigint): bigint {
  let increment = 1n;
  while (mebibytes / increment > 1020n && mebibytes % (increment * 2n) === 0n) increment *= 2n;
  return increment;
}

/** The service-call logical processor (SCLP) of one virtual machine. */
export class Sclp {
  readonly #mebibytes: bigint;
  readonly #cpus: number;
  readonly #console: GuestConsole;
  readonly #decoder = new Utf8Decoder();

  /** Events that the guest has enabled, and the length of its masks in bytes. */
  #receiveMask = 0n;
  #maskBytes = 4;
  readonly #input = new ConsoleInput(INPUT_MAX);
  /** The SCCB address and event bit of the pending service signal. */
  #signalledSccb = 0;
  #signalledEvent = false;
  /** The amount of input at the last service signal about it. */
  #signalledInput = 0;

  /** @throws RangeError if the memory size or the number of CPUs is out of range */
  constructor(options: SclpOptions) {
    const { memoryBytes, cpus } = options;
    if (memoryBytes <= 0n || memoryBytes & 0xfffffn) {
      throw new RangeError(`guest memory of ${memoryBytes} bytes is not a positive multiple of 1 MiB`);
    }
    if (!Number.isInteger(cpus) || cpus < 1 || cpus > MAX_CPUS) {
      throw new RangeError(`${cpus} CPUs are not 1 to ${MAX_CPUS}`);
    }
    this.#mebibytes = memoryBytes >> 20n;
    this.#cpus = cpus;
    this.#console = options.console;
  }

  /**
   * Performs SERVICE CALL: executes the command, stores the response into the SCCB and makes a service signal pending.
   * Returns condition code 0, or a program interruption if nothing else has happened. Condition codes 2 (busy) and 3 (not
   * operational) do not occur.
   * Preconditions: the CPU is in the supervisor state.
   *
   * @param command the command word: the low 32 bits of the first operand register
   * @param sccb the SCCB address: all 64 bits of the second operand register, a guest absolute address
   * @param prefix the prefix of the CPU, a multiple of 8 KiB
   */
  service(command: number, sccb: bigint, memory: GuestMemory, prefix: bigint): ServiceResult {
    let block: Uint8Array;
    try {
      // An addressing exception has priority over a specification exception, as in QEMU. One byte shows whether there is memory.
      memory.read(sccb, 1);
      const lowcore = sccb & ~0x1fffn;
      if (sccb & ~0x7fff_fff8n || lowcore === 0n || lowcore === prefix) return { program: 0x06 };
      const length = memory.read(sccb, 2);
      const bytes = (length[0]! << 8) | length[1]!;
      if (bytes < HEADER_BYTES) return { program: 0x06 };
      // One copy is checked and used, so that stores of another CPU cannot change it after the check. The response to an
      // SCCB that crosses a page boundary is stored into its header only.
      const crosses = Number(sccb % BigInt(PAGE_BYTES)) + bytes > PAGE_BYTES;
      block = memory.read(sccb, crosses ? HEADER_BYTES : bytes);
      block.set(length);
      // Nothing is done unless the response can be stored.
      memory.write(sccb, block);
      this.#respond(block, this.#execute(command & COMMAND_MASK, block, crosses));
      memory.write(sccb, block);
    } catch (error) {
      if (error instanceof GuestAddressError) return { program: 0x05 };
      throw error;
    }
    // Of several commands, the signal reports the first. The guest finds the responses to the others in their SCCBs.
    this.#signalledSccb ||= Number(sccb);
    this.#poll();
    this.#signalledEvent ||= this.#eventPending();
    return { cc: 0 };
  }

  /**
   * Adds console input: bytes for the ASCII console, or lines of UTF-8 text for the line-mode console if the guest has
   * enabled no other. Input is kept until the guest reads it. Returns the number of bytes accepted.
   */
  input(bytes: Uint8Array): number {
    return this.#input.add(bytes);
  }

  /** Number of bytes that `input` would accept. */
  get inputSpace(): number {
    return this.#input.space;
  }

  /** Ends the input: an end-of-file character follows the last byte. */
  endInput(): void {
    this.#input.end();
  }

  /** Whether the guest has enabled input from one of its consoles. */
  get inputEnabled(): boolean {
    return (this.#receiveMask & SENDS) !== 0n;
  }

  /** Subsystem reset: no event is enabled, and no service signal is pending. Unread input is kept. */
  reset(): void {
    this.#receiveMask = 0n;
    this.#maskBytes = 4;
    this.#signalledSccb = 0;
    this.#signalledEvent = false;
    this.#signalledInput = 0;
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    return {
      ...{ receiveMask: this.#receiveMask, maskBytes: this.#maskBytes },
      ...{ signalledSccb: this.#signalledSccb, signalledEvent: this.#signalledEvent },
      unsignalled: this.#input.arrived !== this.#signalledInput,
      ...{ input: this.#input.save(), decoder: this.#decoder.save() },
    };
  }

  /** Checks a state that `save` returned. Returns a function that restores it. @throws StateError if it is not such a state */
  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('SCLP', state);
    const receiveMask = saved.bigint('receiveMask');
    const maskBytes = saved.integer('maskBytes', MASK_BYTES_MAX);
    const signalledSccb = saved.integer('signalledSccb', 0x7fff_fff8);
    const [signalledEvent, unsignalled] = [saved.flag('signalledEvent'), saved.flag('unsignalled')];
    const restoreInput = this.#input.prepareRestore(saved.any('input'));
    const restoreDecoder = this.#decoder.prepareRestore(saved.any('decoder'));
    return () => {
      this.#receiveMask = receiveMask;
      this.#maskBytes = maskBytes;
      this.#signalledSccb = signalledSccb;
      this.#signalledEvent = signalledEvent;
      restoreInput();
      restoreDecoder();
      this.#signalledInput = unsignalled ? 0 : this.#input.arrived;
    };
  }

  /** Whether a service signal is pending. */
  signalPending(): boolean {
    this.#poll();
    return this.#signalledSccb !== 0 || this.#signalledEvent;
  }

  /**
   * Takes the pending service signal. Returns the parameter of the external interruption (code 0x2401), or null if no signal
   * is pending. The parameter is the SCCB address of a completed command, or 0; bit 31 is set if events can be read.
   */
  takeSignal(): number | null {
    if (!this.signalPending()) return null;
    const parameter = this.#signalledSccb | (this.#signalledEvent ? 1 : 0);
    this.#signalledSccb = 0;
    this.#signalledEvent = false;
    return parameter;
  }

  /** Ends the output: an incomplete character becomes U+FFFD. */
  finish(): void {
    const rest = this.#decoder.finish();
    if (rest) this.#console.write(rest, 'ascii');
  }

  #respond(block: Uint8Array, response: number): void {
    block[6] = response >> 8;
    block[7] = response & 0xff;
  }

  /** What executes each command. Returns the response code. */
  static readonly #COMMANDS = new Map<number, (sclp: Sclp, view: DataView, block: Uint8Array) => number>([
    [READ_SCP_INFO, (sclp, view, block) => sclp.#readScpInfo(view, block)],
    [READ_SCP_INFO_FORCED, (sclp, view, block) => sclp.#readScpInfo(view, block)],
    [READ_CPU_INFO, (sclp, view, block) => sclp.#readCpuInfo(view, block)],
    [READ_EVENT_DATA, (sclp, view, block) => sclp.#readEventData(view, block)],
    [WRITE_EVENT_DATA, (sclp, view, block) => sclp.#writeEventData(view, block)],
    [WRITE_EVENT_MASK, (sclp, view, block) => sclp.#writeEventMask(view, block)],
  ]);

  /** Executes a command. Returns the response code. */
  #execute(command: number, block: Uint8Array, crosses: boolean): number {
    const execute = Sclp.#COMMANDS.get(command);
    if (execute === undefined) return INVALID_COMMAND;
    if (crosses) return BOUNDARY_VIOLATION;
    return execute(this, new DataView(block.buffer, block.byteOffset, block.byteLength), block);
  }

  #readScpInfo(view: DataView, block: Uint8Array): number {
    if (block.length < SCP_CPU_OFFSET + this.#cpus * CPU_ENTRY_BYTES) return INSUFFICIENT_LENGTH;
    block.fill(0, HEADER_BYTES);
    const increment = incrementOf(this.#mebibytes);
    const increments = this.#mebibytes / increment;
    // Each number has a small field, and a large one that is used if the small one is 0.
    if (increments <= 0xffffn) view.setUint16(8, Number(increments));
    else view.setBigUint64(104, increments);
    if (increment <= 128n) view.setUint8(10, Number(increment));
    else view.setUint32(100, Number(increment));
    view.setUint16(16, this.#cpus);
    view.setUint16(18, SCP_CPU_OFFSET);
    block.fill(0x40, 24, 32); // the load parameter: EBCDIC blanks
    view.setBigUint64(48, FACILITIES);
    for (const { BYTE, BIT } of [SUPPRESSION_ON_PROTECTION, ENHANCED_SUPPRESSION_ON_PROTECTION]) {
      view.setUint8(BYTE, BIT);
    }
    view.setUint16(120, this.#cpus - 1); // the highest CPU address
    this.#cpuEntries(block, SCP_CPU_OFFSET);
    return READ_DONE;
  }

  #readCpuInfo(view: DataView, block: Uint8Array): number {
    const end = CPU_CPU_OFFSET + this.#cpus * CPU_ENTRY_BYTES;
    if (block.length < end) return INSUFFICIENT_LENGTH;
    block.fill(0, HEADER_BYTES);
    view.setUint16(8, this.#cpus);
    view.setUint16(10, CPU_CPU_OFFSET);
    view.setUint16(14, end); // offset of the standby CPUs: there are none
    this.#cpuEntries(block, CPU_CPU_OFFSET);
    return READ_DONE;
  }

  /** Stores the CPU entries into zeros: the address at offset 0; features and type (general purpose) are 0. */
  #cpuEntries(block: Uint8Array, offset: number): void {
    for (let cpu = 0; cpu < this.#cpus; cpu++) block[offset + cpu * CPU_ENTRY_BYTES] = cpu;
  }

  #writeEventMask(view: DataView, block: Uint8Array): number {
    if (block.length < 12) return INSUFFICIENT_LENGTH;
    const bytes = view.getUint16(10);
    // Four masks of this length follow: the guest's receive and send masks, then those of the SCLP.
    if (bytes === 0 || bytes > MASK_BYTES_MAX || 12 + 4 * bytes > block.length) return INVALID_MASK_LENGTH;
    this.#receiveMask = this.#readMask(block.subarray(12, 12 + bytes));
    this.#maskBytes = bytes;
    this.#storeMask(block.subarray(12 + 2 * bytes, 12 + 3 * bytes), RECEIVES);
    this.#storeMask(block.subarray(12 + 3 * bytes, 12 + 4 * bytes), SENDS);
    return DONE;
  }

  #readMask(field: Uint8Array): bigint {
    let mask = 0n;
    for (let i = 0; i < 8; i++) mask = (mask << 8n) | BigInt(field[i] ?? 0);
    return mask;
  }

  #storeMask(field: Uint8Array, mask: bigint): void {
    for (let i = 0; i < field.length; i++)
      field[i] = i < 8 ? Number((mask >> BigInt(56 - 8 * i)) & 0xffn) : 0;
  }

  #writeEventData(view: DataView, block: Uint8Array): number {
    if (block[2] !== 0) return INVALID_FUNCTION;
    // All lengths are checked before the first event is processed.
    const starts: number[] = [];
    let at = HEADER_BYTES;
    while (at < block.length) {
      const left = block.length - at;
      const length = left < EVENT_HEADER_BYTES ? 0 : view.getUint16(at);
      if (length < EVENT_HEADER_BYTES || length > left) return EVENT_SYNTAX_ERROR;
      starts.push(at);
      at += length;
    }
    let response = DONE;
    for (const start of starts) {
      if (response === DONE) {
        response = this.#writeEvent(block.subarray(start, start + view.getUint16(start)));
      } else {
        // No event is accepted after one that failed.
        block[start + 3]! &= ~ACCEPTED;
      }
    }
    return response;
  }

  #writeEvent(event: Uint8Array): number {
    let text: string | null;
    let which: ConsoleKind;
    switch (event[2]) {
      case EVENT_ASCII:
        text = this.#decoder.decode(event.subarray(EVENT_HEADER_BYTES));
        which = 'ascii';
        break;
      case EVENT_MESSAGE:
      case EVENT_PRIORITY_MESSAGE:
        text = messageText(event.subarray(EVENT_HEADER_BYTES));
        which = 'line';
        break;
      default:
        return INVALID_FUNCTION;
    }
    if (text === null) return INCONSISTENT_LENGTHS;
    event[3]! |= ACCEPTED;
    if (text) this.#console.write(text, which);
    return DONE;
  }

  #readEventData(view: DataView, block: Uint8Array): number {
    if (block.length !== PAGE_BYTES) return INSUFFICIENT_LENGTH;
    let selection = this.#receiveMask;
    if (block[2] === 1) {
      // A selective read has its mask directly after the header, where the events will be stored.
      const bytes = Math.min(this.#maskBytes, 8);
      selection = this.#readMask(block.subarray(HEADER_BYTES, HEADER_BYTES + bytes));
      if (this.#receiveMask === 0n || selection & ~this.#receiveMask) return INVALID_SELECTION_MASK;
    } else if (block[2] !== 0) {
      return INVALID_FUNCTION;
    }
    block.fill(0, HEADER_BYTES);
    let end = HEADER_BYTES;
    if (selection & COMMAND_BIT) end += this.#readCommand(block.subarray(end));
    if (selection & ASCII_BIT) end += this.#readAscii(block.subarray(end));
    if (block[5]! & VARIABLE_LENGTH_RESPONSE) {
      block[5]! &= ~VARIABLE_LENGTH_RESPONSE;
      view.setUint16(0, end);
    }
    return end > HEADER_BYTES ? DONE : NO_EVENTS;
  }

  /** Stores as much input as fits as an event of the ASCII console. Returns the length of the event, 0 if there is none. */
  #readAscii(area: Uint8Array): number {
    // The data is a byte of 0, which means that text follows, and the text.
    const offset = EVENT_HEADER_BYTES + 1;
    const bytes = this.#input.takeBytes(area.length - offset);
    if (bytes.length === 0) return 0;
    area.set(bytes, offset);
    return storeEventHeader(area, offset + bytes.length, EVENT_ASCII);
  }

  /** Stores one line as an operator's command. Returns the length of the event, 0 if there is none. */
  #readCommand(area: Uint8Array): number {
    // If the ASCII console is in use, it gets the input.
    if (this.#receiveMask & ASCII_BIT) return 0;
    const line = this.#input.takeLine(COMMAND_TEXT_MAX);
    if (line === null) return 0;
    const text = toEbcdic(line);
    const view = new DataView(area.buffer, area.byteOffset, area.byteLength);
    const length = COMMAND_TEXT_OFFSET + text.length;
    // Three nested vectors, then two nested subvectors, then the text. Each begins with its length, which includes itself and
    // everything in it.
    let at = EVENT_HEADER_BYTES;
    for (const id of [0x1310, 0x1212, 0x1320]) {
      view.setUint16(at, length - at);
      view.setUint16(at + 2, id);
      at += 4;
    }
    for (const key of [0x31, 0x30]) {
      view.setUint8(at, length - at);
      view.setUint8(at + 1, key);
      at += 2;
    }
    area.set(text, at);
    return storeEventHeader(area, length, EVENT_COMMAND);
  }

  /** Signals input that arrived since the last service signal about it, if the guest has enabled a console. */
  #poll(): void {
    if (this.#input.arrived === this.#signalledInput || !this.#eventPending()) return;
    this.#signalledInput = this.#input.arrived;
    this.#signalledEvent = true;
  }

  #eventPending(): boolean {
    if (this.#receiveMask & ASCII_BIT) return this.#input.hasBytes;
    return (this.#receiveMask & COMMAND_BIT) !== 0n && this.#input.hasLine;
  }
}

/** Stores the header of an event. Returns the length of the event. */
function storeEventHeader(event: Uint8Array, length: number, type: number): number {
  event[0] = length >> 8;
  event[1] = length & 0xff;
  event[2] = type;
  event[3] = ACCEPTED;
  return length;
}

/**
 * Returns the text of a line-mode message: a message data block, in which each message-text object is a line. Other objects,
 * such as the general object with time, date and system name, are ignored. Returns null if the lengths are inconsistent.
 */
function messageText(block: Uint8Array): string | null {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  if (block.length < MDB_HEADER_BYTES) return null;
  const end = view.getUint16(0);
  if (end < MDB_HEADER_BYTES || end > block.length) return null;
  let text = '';
  let at = MDB_HEADER_BYTES;
  while (at < end) {
    if (end - at < MDB_OBJECT_HEADER_BYTES) return null;
    const length = view.getUint16(at);
    if (length < MDB_OBJECT_HEADER_BYTES || length > end - at) return null;
    if (view.getUint16(at + 2) === MDB_MESSAGE_TEXT) {
      if (length < MDB_TEXT_OFFSET) return null;
      text += `${fromEbcdic(block.subarray(at + MDB_TEXT_OFFSET, at + length))}\n`;
    }
    at += length;
  }
  return text;
}
