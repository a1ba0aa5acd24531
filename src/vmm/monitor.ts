/**
 * A small virtual machine monitor: it gives a guest image memory and a processor, runs it, and answers what the
 * host leaves to user space: the console behind SERVICE CALL, unknown DIAGNOSE codes, waits.
 */

import {
  type Exit,
  GuestMemoryFault,
  type Host,
  hex,
  type Mm,
  operandAddress,
  PROCESS_LIMIT,
  type Vcpu,
  VirtualMachine,
} from '../host/index.ts';
import { EXT, ICPT, PGM, programInterruptionName, SIE } from '../machine/index.ts';
import { checkFits, type ElfImage, ImageError } from './elf.ts';
import { GuestAddressError, type GuestMemory } from './memory.ts';
import { type GuestConsole, Sclp } from './sclp.ts';
import { Utf8Decoder } from './utf8.ts';

const MIB = 1n << 20n;
/** Where a guest finds its command line, and how long it may be with the NUL. */
const COMMAND_LINE = 0x10480n;
const COMMAND_LINE_SIZE = 896;
/** PSW mask that a guest starts with: 64-bit addressing, everything disabled. */
const START_MASK = 0x1_8000_0000n;
/** End of transmission (^D): what a terminal sends for the end of its input. */
const END_OF_INPUT = '\x04';
/** Units of work that a virtual CPU does before the next one has its turn. */
const TURN = 100_000;

/** A part of the process's memory that the guest sees. In bytes, multiples of 1 MiB. */
export interface MemoryMap {
  /** Process address. */
  readonly from: bigint;
  /** Guest absolute address. */
  readonly to: bigint;
  readonly length: bigint;
}

/** What a guest is started with. */
export interface MonitorOptions {
  readonly image: ElfImage;
  /** Where the guest's memory is. */
  readonly maps: readonly MemoryMap[];
  readonly console: GuestConsole;
  /** The guest's command line; at most 895 bytes of ASCII. Default empty. */
  readonly arguments?: string;
  /** Virtual CPUs; default 1. The others are stopped until the guest starts them. */
  readonly cpus?: number;
  /**
   * Called for a DIAGNOSE that neither host nor monitor knows, with its code. Returns whether it was handled;
   * if not, the guest gets a specification exception.
   */
  readonly diagnose?: (code: number, vcpu: Vcpu) => boolean;
}

/** How a guest ended, or why it stopped for now. */
export type End =
  /** It loaded a PSW that waits for nothing: its own end. The address is its status, 0 for success. */
  | { readonly kind: 'disabled-wait'; readonly cpu: number; readonly address: bigint }
  /** It used memory that its process does not have (any more). It can go on when the process has it again. */
  | { readonly kind: 'memory-fault'; readonly cpu: number; readonly gpa: bigint; readonly write: boolean }
  /** Its program interruptions lead to program interruptions. */
  | { readonly kind: 'program-loop'; readonly cpu: number; readonly code: number; readonly address: bigint }
  /** All its CPUs wait for interruptions that nobody will send. */
  | { readonly kind: 'idle'; readonly address: bigint }
  /** It asked for a reset of the machine. */
  | { readonly kind: 'reset' }
  /** All its CPUs are stopped. */
  | { readonly kind: 'stopped' }
  /** The host or the monitor does not implement what it did. */
  | { readonly kind: 'unhandled'; readonly cpu: number; readonly what: string; readonly address: bigint }
  /** The units of work that `run` was given are done, or `pending` returned true. It can go on. */
  | { readonly kind: 'limit' };

/** The virtual CPUs run in rounds, each for a turn. A round may be interrupted by the end of `run` at any point. */
interface Round {
  /** CPUs that were not stopped when the round began. */
  readonly ready: readonly Vcpu[];
  /** Index in `ready` of the one whose turn it is, and units of work left of the turn. */
  at: number;
  left: number;
  /** The waits of those whose turns ended with one. */
  readonly waits: (Exit & { reason: 'KVM_EXIT_HLT' })[];
}

/** One guest and what user space does for it. */
export class Monitor {
  readonly vm: VirtualMachine;
  readonly #host: Host;
  readonly #sclp: Sclp;
  readonly #memory: GuestMemory;
  readonly #diagnose: (code: number, vcpu: Vcpu) => boolean;
  #round: Round | null = null;
  /** Console input that the SCLP has not taken yet. */
  #input = '';
  readonly #inputDecoder = new Utf8Decoder();

  /**
   * Loads the image into guest memory and readies the first virtual CPU at its entry.
   *
   * @throws ImageError when the image or the arguments do not fit; LinuxError for maps that cannot be, ENOMEM.
   *   Nothing is left of the virtual machine then.
   */
  constructor(host: Host, mm: Mm, options: MonitorOptions) {
    const gmap = host.createGmap(mm);
    this.#host = host;
    this.vm = new VirtualMachine({ mm, gmap });
    this.#memory = new VmMemory(this.vm);
    this.#diagnose = options.diagnose ?? (() => false);
    try {
      this.#mapMemory(options.maps);
      this.#load(options.image, options.arguments ?? '');
      for (let n = 0; n < (options.cpus ?? 1); n++) this.vm.createVcpu();
      this.vm.vcpus[0]?.setPsw(START_MASK, options.image.entry);
      this.#sclp = new Sclp({
        memoryBytes: contiguous(options.maps),
        cpus: options.cpus ?? 1,
        console: this.#consoleOf(options.console),
      });
    } catch (error) {
      this.vm.destroy();
      throw error;
    }
  }

  #mapMemory(maps: readonly MemoryMap[]): void {
    maps.forEach(({ from, to, length }, slot) => {
      if (from + length > PROCESS_LIMIT) throw new ImageError(`process address ${hex(from)} is beyond 4 TiB`);
      this.vm.setMemoryRegion({ slot, guestPhysAddr: to, memorySize: length, userspaceAddr: from });
    });
  }

  #load(image: ElfImage, commandLine: string): void {
    checkFits(image, (address, length) => this.#holds(address, length));
    for (const segment of image.segments) this.vm.writeGuest(segment.address, segment.bytes);
    if (commandLine === '') return;
    const bytes = asciiWithNul(commandLine);
    if (bytes.length > COMMAND_LINE_SIZE) {
      throw new ImageError(
        `the arguments are ${bytes.length - 1} bytes; a guest has room for ${COMMAND_LINE_SIZE - 1}`,
      );
    }
    this.vm.writeGuest(COMMAND_LINE, bytes);
  }

  #holds(address: bigint, length: bigint): boolean {
    let at = address;
    while (at < address + length) {
      const slot = this.vm.slots.at(at);
      if (!slot) return false;
      at = slot.guestPhysAddr + slot.memorySize;
    }
    return true;
  }

  /** The console with the input that `input` was given, before what the console itself reads. */
  #consoleOf(console: GuestConsole): GuestConsole {
    return {
      write: (text, name) => console.write(text, name),
      read: () => {
        const text = this.#input + (console.read?.() ?? '');
        this.#input = '';
        return text;
      },
    };
  }

  /**
   * Gives the guest's console input, in UTF-8. The caller bounds it: see `unreadInput`. A guest that does not run now
   * finds it when it runs on.
   */
  input(bytes: Uint8Array): void {
    this.#input += this.#inputDecoder.decode(bytes);
  }

  /** Ends the console input: the guest reads an end-of-transmission character (^D), as from a terminal. */
  endInput(): void {
    this.#input += this.#inputDecoder.finish() + END_OF_INPUT;
  }

  /** Whether the guest has asked for console input. */
  get wantsInput(): boolean {
    return this.#sclp.listens;
  }

  /** Characters of console input that the guest has not read yet. */
  get unreadInput(): number {
    return this.#input.length + this.#sclp.unread;
  }

  /**
   * Runs the guest until it ends or is stuck. What the guest does depends on how much it runs in all, not on how that
   * is divided into calls.
   * @param limit units of work (instructions completed, interruptions taken) after which it comes back with 'limit';
   *   default never
   * @param pending asked whenever the guest has left interpretive execution; when it returns true, `run` comes back
   *   with 'limit' early
   * @throws LinuxError ENOMEM when storage is used up; the guest can go on later
   */
  run(limit = Infinity, pending: () => boolean = () => false): End {
    if (this.#input !== '') this.#signal();
    const end = this.#run(limit, pending);
    if (end.kind !== 'limit') this.#sclp.finish();
    return end;
  }

  #run(limit: number, pending: () => boolean): End {
    const cpu = this.#host.machine.cpu(0);
    for (let left = limit; left > 0; ) {
      this.#round ??= { ready: this.vm.vcpus.filter((one) => !one.stopped), at: 0, left: TURN, waits: [] };
      const round = this.#round;
      const vcpu = round.ready[round.at];
      if (vcpu === undefined) {
        this.#round = null;
        const end = this.#roundEnded(round);
        if (end !== null) return end;
        continue;
      }
      const before = cpu.executed;
      const exit = vcpu.run(cpu, Math.min(round.left, left), pending);
      const done = cpu.executed - before;
      left -= done;
      round.left -= done;
      if (exit.reason === 'KVM_EXIT_INTR' && round.left > 0) {
        if (left > 0 && pending()) break;
        continue;
      }
      round.at++;
      round.left = TURN;
      // A wait that is over before it began is work, too.
      if (exit.reason === 'KVM_EXIT_HLT') left -= round.waits.push(exit);
      else if (exit.reason !== 'KVM_EXIT_INTR') {
        const end = this.#answer(vcpu, exit);
        if (end !== null) return end;
      }
    }
    return { kind: 'limit' };
  }

  #roundEnded({ ready, waits }: Round): End | null {
    if (ready.length === 0) return { kind: 'stopped' };
    if (waits.length < ready.length || this.#wake(ready, waits)) return null;
    return { kind: 'idle', address: (ready[0] as Vcpu).block.pswAddress };
  }

  /** Every CPU waits: moves the clock to what comes next, or takes input. Says whether anything can come. */
  #wake(ready: readonly Vcpu[], waits: readonly { readonly until: bigint | null }[]): boolean {
    // Signals among them may have come after their turn: one runs again, or all are stopped.
    const running = this.vm.vcpus.filter((vcpu) => !vcpu.stopped);
    if (running.length === 0) return true;
    if (running.some((vcpu) => vcpu.interruptible || !ready.includes(vcpu))) return true;
    if (this.#signal()) return true;
    let due: bigint | null = null;
    for (const { until } of waits) if (until !== null && (due === null || until < due)) due = until;
    if (due === null) return false;
    this.#host.machine.clock.skipTo(due);
    return true;
  }

  /** Passes a pending service signal on to the first CPU. */
  #signal(): boolean {
    const parameter = this.#sclp.takeSignal();
    if (parameter === null) return false;
    this.vm.vcpus[0]?.externals.add({ code: EXT.SERVICE_SIGNAL, cpuAddress: 0, parameter });
    return true;
  }

  #answer(vcpu: Vcpu, exit: Exit): End | null {
    switch (exit.reason) {
      case 'KVM_EXIT_S390_SIEIC':
        return this.#interception(vcpu, exit);
      case 'KVM_EXIT_MEMORY_FAULT':
        return { kind: 'memory-fault', cpu: vcpu.id, gpa: exit.gpa, write: exit.write };
      case 'KVM_EXIT_S390_RESET':
        return { kind: 'reset' };
      case 'KVM_EXIT_S390_STSI':
        vcpu.block.conditionCode = 3;
        return null;
      case 'KVM_EXIT_FAIL_ENTRY':
        return unhandled(vcpu, `validity interception ${hex(exit.hardwareEntryFailureReason)}`);
      default:
        return null;
    }
  }

  #interception(vcpu: Vcpu, exit: Exit & { reason: 'KVM_EXIT_S390_SIEIC' }): End | null {
    switch (exit.icptcode) {
      case ICPT.INSTRUCTION:
        return this.#guarded(vcpu, () => this.#instruction(vcpu, exit.ipa, exit.ipb));
      case ICPT.WAIT:
        return { kind: 'disabled-wait', cpu: vcpu.id, address: vcpu.block.pswAddress };
      case ICPT.PROGRAM: {
        const code = vcpu.block.get16(SIE.PROGRAM_CODE);
        return { kind: 'program-loop', cpu: vcpu.id, code, address: vcpu.block.pswAddress };
      }
      default:
        return unhandled(vcpu, `interception ${hex(exit.icptcode)}`);
    }
  }

  /** What the host injects needs the guest's prefix area; without it the guest cannot go on. */
  #guarded(vcpu: Vcpu, action: () => End | null): End | null {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      return { kind: 'memory-fault', cpu: vcpu.id, gpa: error.address & ~0xfffn, write: error.write };
    }
  }

  #instruction(vcpu: Vcpu, ipa: number, ipb: number): End | null {
    if (ipa === 0xb220) return this.#serviceCall(vcpu, ipb);
    if (ipa >>> 8 !== 0x83) vcpu.refuse(PGM.OPERATION);
    else if (!this.#diagnose(Number(operandAddress(vcpu) & 0xffffn), vcpu)) vcpu.refuse(PGM.SPECIFICATION);
    return null;
  }

  #serviceCall(vcpu: Vcpu, ipb: number): null {
    const command = Number(BigInt.asUintN(32, vcpu.gr[(ipb >>> 20) & 15] as bigint));
    const address = this.#absolute(vcpu, vcpu.gr[(ipb >>> 16) & 15] as bigint);
    const result = this.#sclp.service(command, address, this.#memory, BigInt(vcpu.block.prefix));
    if ('program' in result) vcpu.refuse(result.program);
    else vcpu.block.conditionCode = result.cc;
    this.#signal();
    return null;
  }

  /** Prefixing, for a real address that an instruction hands to a device. */
  #absolute(vcpu: Vcpu, real: bigint): bigint {
    const prefix = BigInt(vcpu.block.prefix);
    if (real < 0x2000n) return real + prefix;
    return real >= prefix && real < prefix + 0x2000n ? real - prefix : real;
  }

  /** Ends the virtual machine. The process's memory is not touched. */
  destroy(): void {
    this.vm.destroy();
  }
}

/** How an end reads in a sentence. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'disabled-wait':
      return end.address === 0n
        ? 'the guest ended'
        : `disabled wait at ${hex(end.address)} (status ${end.address})`;
    case 'memory-fault': {
      const what = end.write ? 'stored into' : 'read';
      return `the guest ${what} guest address ${hex(end.gpa)}, where its process has no such memory`;
    }
    case 'program-loop': {
      const name = programInterruptionName(end.code);
      return `program interruption loop at ${hex(end.address)}: ${name} (code ${hex(end.code)}) again and again`;
    }
    case 'idle':
      return `the guest waits at ${hex(end.address)} for an interruption that nobody will send`;
    case 'reset':
      return 'the guest asked for a reset of the machine';
    case 'stopped':
      return 'all CPUs of the guest are stopped';
    case 'unhandled':
      return `${end.what} at ${hex(end.address)}: not implemented`;
    default:
      return 'the limit of instructions is reached';
  }
}

function unhandled(vcpu: Vcpu, what: string): End {
  return { kind: 'unhandled', cpu: vcpu.id, what, address: vcpu.block.pswAddress };
}

/** Bytes of memory from guest address 0 on without a hole: what the guest is told it has. */
function contiguous(maps: readonly MemoryMap[]): bigint {
  let end = 0n;
  for (const { to, length } of [...maps].sort((a, b) => (a.to < b.to ? -1 : 1))) {
    if (to !== end) break;
    end = to + length;
  }
  return end > 0n ? end : MIB;
}

function asciiWithNul(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length + 1);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 0x7e)
      throw new ImageError(`the arguments have a character that is not ASCII: ${hex(code)}`);
    bytes[i] = code;
  }
  return bytes;
}

/** Guest memory as devices reach it. */
class VmMemory implements GuestMemory {
  readonly #vm: VirtualMachine;

  constructor(vm: VirtualMachine) {
    this.#vm = vm;
  }

  read(address: bigint, length: number): Uint8Array {
    return named(address, length, () => this.#vm.readGuest(address, length));
  }

  write(address: bigint, bytes: Uint8Array): void {
    named(address, bytes.length, () => this.#vm.writeGuest(address, bytes));
  }
}

function named<T>(address: bigint, length: number, access: () => T): T {
  try {
    return access();
  } catch (error) {
    if (error instanceof GuestMemoryFault) throw new GuestAddressError(address, length);
    throw error;
  }
}
