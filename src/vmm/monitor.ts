/**
 * A small virtual machine monitor: it gives a guest image memory and a processor, runs it, and answers what the
 * host leaves to user space: the console behind SERVICE CALL, unknown DIAGNOSE codes, waits.
 */

import {
  type Exit,
  GuestMemoryFault,
  Host,
  LinuxError,
  type Mm,
  operandAddress,
  PROCESS_LIMIT,
  type Vcpu,
  VirtualMachine,
} from '../host/index.ts';
import {
  demandBigint,
  demandBytes,
  demandFlag,
  demandInstance,
  demandInteger,
  demandObject,
  hex,
} from '../host/internal.ts';
import {
  absoluteAddress,
  EXT,
  externalMaskOf,
  ICPT,
  PGM,
  programInterruptionName,
  SIE,
} from '../machine/index.ts';
import { checkFits, type ElfImage, ImageError } from './elf.ts';
import { InitialProgramLoad } from './ipl.ts';
import { GuestAddressError, type GuestMemory } from './memory.ts';
import { type GuestConsole, Sclp } from './sclp.ts';
import { systemInformation } from './stsi.ts';

const MIB = 1n << 20n;
/** CPUs that a guest can have. */
const CPUS = 248;
/** Where a guest finds its command line, and how long it may be with the NUL. */
const COMMAND_LINE = 0x10480n;
const COMMAND_LINE_SIZE = 896;
/** PSW mask that a guest starts with: 64-bit addressing, everything disabled. */
const START_MASK = 0x1_8000_0000n;
/** Units of work that a virtual CPU does before the next one has its turn. */
const TURN = 100_000;
const SERVICE_SIGNAL_MASK = externalMaskOf(EXT.SERVICE_SIGNAL);
/** What QEMU answers to a virtio hypercall that it does not know: -EINVAL. */
const HYPERCALL_UNKNOWN = BigInt.asUintN(64, -22n);

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
   * Whether console input may come while the guest runs. `run` then comes back with 'input' when only input can wake
   * the guest, until `endInput` was called. Default false.
   */
  readonly input?: boolean;
  /**
   * Called for a DIAGNOSE that neither host nor monitor knows, with its code. Returns whether it was handled;
   * if not, the guest gets a specification exception.
   */
  readonly diagnose?: (code: number, vcpu: Vcpu) => boolean;
}

/** How a guest ended, or why it stopped for now. */
export type End =
  /**
   * None of its CPUs can run any more, and at least one loaded a PSW that waits for nothing: its own end. The address
   * is its status, 0 for success. Of several such CPUs the last to fail counts, or the last one when none failed.
   */
  | { readonly kind: 'disabled-wait'; readonly cpu: number; readonly address: bigint }
  /** It used memory that its process does not have (any more). It can go on when the process has it again. */
  | { readonly kind: 'memory-fault'; readonly cpu: number; readonly gpa: bigint; readonly write: boolean }
  /** Its program interruptions lead to program interruptions. */
  | { readonly kind: 'program-loop'; readonly cpu: number; readonly code: number; readonly address: bigint }
  /** Its handler of clock interruptions is enabled for the interruption that it handles. */
  | { readonly kind: 'external-loop'; readonly cpu: number; readonly code: number; readonly address: bigint }
  /** All its CPUs wait for interruptions that nobody will send. */
  | { readonly kind: 'idle'; readonly address: bigint }
  /**
   * All its CPUs wait, and console input may wake one. It can go on: `run` takes the input that has come, or else
   * moves the clock to `until`, a TOD value, when a clock wakes the guest before any input does; null when none will.
   */
  | { readonly kind: 'input'; readonly until: bigint | null }
  /** It asked for a reset of the machine. */
  | { readonly kind: 'reset' }
  /** All its CPUs are stopped: the last one stopped itself, which is an end in good order. */
  | { readonly kind: 'stopped' }
  /** The host or the monitor does not implement what it did. */
  | { readonly kind: 'unhandled'; readonly cpu: number; readonly what: string; readonly address: bigint }
  /** The units of work that `run` was given are used up, or `pending` returned true. It can go on. */
  | { readonly kind: 'limit' };

/** One guest and what user space does for it. */
export class Monitor {
  readonly vm: VirtualMachine;
  readonly #host: Host;
  readonly #sclp: Sclp;
  readonly #memory: GuestMemory;
  readonly #diagnose: (code: number, vcpu: Vcpu) => boolean;
  readonly #ipl: InitialProgramLoad;
  /** CPU address of the virtual CPU whose turn it is, and the units of work that are left of its turn. */
  #current = 0;
  #turn = TURN;
  /** CPU addresses of those that loaded a disabled wait PSW, in the order in which they did; some may run again. */
  #ended: number[] = [];
  /** Whether console input may still come. */
  #inputOpen: boolean;
  /** Whether `run` has come back with 'input' in the wait that the guest is in. */
  #asked = false;
  /** Whether `run` is under way. */
  #running = false;

  /**
   * Loads the image into guest memory and readies the first virtual CPU at its entry.
   *
   * @throws ImageError when the image or the arguments do not fit; LinuxError for maps that cannot be, EINVAL for an
   *   option of the wrong type, and as `Host.createGmap`; ENOMEM. Nothing is left of the virtual machine then.
   */
  constructor(host: Host, mm: Mm, options: MonitorOptions) {
    demandInstance('host', host, Host);
    demandOptions(options);
    const gmap = host.createGmap(mm);
    this.#host = host;
    this.vm = new VirtualMachine({ mm, gmap });
    this.#memory = new VmMemory(this.vm);
    this.#diagnose = options.diagnose ?? (() => false);
    this.#ipl = new InitialProgramLoad(this.vm, () => this.#sclp.reset());
    this.#inputOpen = options.input ?? false;
    try {
      this.#mapMemory(options.maps);
      this.#load(options.image, options.arguments ?? '');
      for (let n = 0; n < (options.cpus ?? 1); n++) this.vm.createVcpu();
      this.vm.vcpus[0]?.setPsw(START_MASK, options.image.entry);
      this.#sclp = new Sclp({
        memoryBytes: contiguous(options.maps),
        cpus: options.cpus ?? 1,
        console: options.console,
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
    checkFits(image, (address, length) => this.vm.hasMemory({ address, length }));
    for (const segment of image.segments) this.vm.writeGuest(segment.address, segment.bytes);
    if (commandLine === '') return;
    const bytes = asciiWithNul(commandLine);
    if (bytes.length > COMMAND_LINE_SIZE) {
      throw new ImageError(
        `the arguments are ${bytes.length - 1} bytes; a guest has room for ${COMMAND_LINE_SIZE - 1}`,
      );
    }
    if (!this.vm.hasMemory({ address: COMMAND_LINE, length: BigInt(bytes.length) })) {
      throw new ImageError(`the guest has no memory for its arguments at ${hex(COMMAND_LINE)}`);
    }
    this.vm.writeGuest(COMMAND_LINE, bytes);
  }

  /**
   * Types on the guest's console: bytes for the ASCII console, lines of UTF-8 text for the line-mode console of a
   * guest that listens to no other. What the guest has not read waits.
   * @returns how many of the bytes were taken, from the first on: what waits is bounded
   * @throws LinuxError EINVAL when they are not a Uint8Array
   */
  input(bytes: Uint8Array): number {
    demandBytes(bytes);
    return this.#sclp.input(bytes);
  }

  /** Whether the guest listens to one of its consoles. */
  get listens(): boolean {
    return this.#sclp.listens;
  }

  /** Bytes that `input` would take now. */
  get inputRoom(): number {
    return this.#sclp.inputRoom;
  }

  /** No more console input will come. The guest reads an end-of-file character behind what waits. */
  endInput(): void {
    this.#inputOpen = false;
    this.#sclp.endInput();
  }

  /**
   * Runs the guest until it ends or is stuck. Its CPUs take turns of a fixed number of units of work (instructions
   * and interruptions), so a run is the same however it is divided into calls.
   * @param limit units of work after which it comes back with 'limit': an integer from 1 on, or Infinity, the default
   * @param pending asked whenever the guest has left interpretive execution: when it returns true, `run` comes back
   *   with 'limit' early
   * @throws LinuxError ENOMEM when storage is used up: the guest can go on later. EINVAL for another limit; EBUSY when
   *   it is called by what `run` calls (`pending`, the console, `diagnose`); EBADF after `destroy`
   */
  run(limit = Infinity, pending: () => boolean = () => false): End {
    if (limit !== Infinity) demandInteger('limit', limit, 1);
    this.vm.life.demand();
    this.#demandIdle();
    this.#running = true;
    try {
      const end = this.#run(limit, pending);
      if (end.kind !== 'limit' && end.kind !== 'input') this.#sclp.finish();
      return end;
    } finally {
      this.#running = false;
    }
  }

  #demandIdle(): void {
    if (this.#running) throw new LinuxError('EBUSY', 'the monitor runs its guest already');
  }

  #run(limit: number, pending: () => boolean): End {
    const cpu = this.#host.machine.cpu(0);
    for (let left = limit; left > 0; ) {
      const vcpu = this.#next();
      if (vcpu === null) {
        const end = this.#wake();
        if (end !== null) return end;
        // A wait that is over before it began is work, too.
        left--;
        if (pending()) break;
        continue;
      }
      this.#asked = false;
      const before = cpu.executed;
      const exit = vcpu.run(cpu, Math.min(this.#turn, left), pending);
      const done = cpu.executed - before;
      left -= done;
      this.#turn -= done;
      const end = this.#answer(vcpu, exit);
      if (end !== null) return end;
      if (exit.reason !== 'KVM_EXIT_HLT' && pending()) break;
    }
    return { kind: 'limit' };
  }

  /** The virtual CPU that runs now: the one whose turn it is, or the next that can run. Null when none can. */
  #next(): Vcpu | null {
    const { vcpus } = this.vm;
    this.#signal();
    for (let n = this.#turn > 0 ? 0 : 1; n <= vcpus.length; n++) {
      const address = (this.#current + n) % vcpus.length;
      const vcpu = vcpus[address] as Vcpu;
      if (!vcpu.runnable) continue;
      if (n > 0) this.#turn = TURN;
      this.#current = address;
      return vcpu;
    }
    return null;
  }

  /** No CPU can run: moves the clock to what wakes one, or says how the guest ended. */
  #wake(): End | null {
    const waits = this.vm.vcpus.filter((vcpu) => vcpu.waiting);
    let until: bigint | null = null;
    for (const vcpu of waits) {
      const due = vcpu.wakesAt;
      if (due !== null && (until === null || due < until)) until = due;
    }
    if (!this.#asked && this.#awaitsInput(waits)) {
      this.#asked = until !== null;
      return { kind: 'input', until };
    }
    if (until === null) return this.#over(waits);
    this.#asked = false;
    this.#host.machine.clock.skipTo(until);
    return null;
  }

  #awaitsInput(waits: readonly Vcpu[]): boolean {
    return (
      this.#inputOpen && this.#sclp.listens && waits.some((vcpu) => vcpu.enabledFor(SERVICE_SIGNAL_MASK))
    );
  }

  /** How a guest ended none of whose CPUs will ever run again. */
  #over(waits: readonly Vcpu[]): End {
    const ended = this.#ended
      .map((address) => this.vm.vcpus[address] as Vcpu)
      .filter((vcpu) => vcpu.waiting && !vcpu.waitEnabled);
    const failed = ended.filter((vcpu) => vcpu.block.pswAddress !== 0n);
    const last = failed.at(-1) ?? ended.at(-1);
    if (last) return { kind: 'disabled-wait', cpu: last.id, address: last.block.pswAddress };
    const idle = waits[0];
    return idle ? { kind: 'idle', address: idle.block.pswAddress } : { kind: 'stopped' };
  }

  /** Makes the service signal that the SCLP has ready pending. Any CPU may take it. */
  #signal(): void {
    const parameter = this.#sclp.takeSignal();
    if (parameter !== null) this.vm.floating.serviceSignal(parameter);
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
        return this.#guarded(vcpu, () => this.#storeSystemInformation(vcpu, exit));
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
        this.#ended = [...this.#ended.filter((address) => address !== vcpu.id), vcpu.id];
        return null;
      case ICPT.EXTERNAL_INTERRUPTION: {
        const code = vcpu.block.get16(SIE.EXTERNAL_CODE);
        return { kind: 'external-loop', cpu: vcpu.id, code, address: vcpu.block.pswAddress };
      }
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
    else this.#diagnosed(vcpu, ipa);
    return null;
  }

  #diagnosed(vcpu: Vcpu, ipa: number): void {
    const code = Number(operandAddress(vcpu) & 0xffffn);
    if (this.#diagnose(code, vcpu)) return;
    if (code === 0x308) {
      const refused = vcpu.restoringPswOnFault(() => this.#ipl.diagnose(vcpu, (ipa >>> 4) & 15, ipa & 15));
      if (refused !== 0) vcpu.refuse(refused);
    } else if (code === 0x500) {
      // There is no virtio device, so no hypercall is known.
      vcpu.gr[2] = HYPERCALL_UNKNOWN;
    } else {
      vcpu.refuse(PGM.SPECIFICATION);
    }
  }

  /** Levels 1 and 2 are the monitor's; the host has stored level 3. */
  #storeSystemInformation(vcpu: Vcpu, exit: Exit & { reason: 'KVM_EXIT_S390_STSI' }): null {
    const page = systemInformation(exit, vcpu.id, this.vm.vcpus.length);
    if (page === null) return null;
    if (vcpu.storeOperand(this.#host.machine.cpu(0), exit.address, page)) vcpu.block.conditionCode = 0;
    return null;
  }

  #serviceCall(vcpu: Vcpu, ipb: number): null {
    const command = Number(BigInt.asUintN(32, vcpu.gr[(ipb >>> 20) & 15] as bigint));
    const { prefix } = vcpu.block;
    const address = absoluteAddress(vcpu.gr[(ipb >>> 16) & 15] as bigint, prefix);
    const result = this.#sclp.service(command, address, this.#memory, BigInt(prefix));
    if ('program' in result) vcpu.refuse(result.program);
    else vcpu.block.conditionCode = result.cc;
    return null;
  }

  /**
   * Ends the virtual machine. The process's memory is not touched.
   * @throws LinuxError EBUSY while `run` is under way; EBADF when it was done
   */
  destroy(): void {
    this.#demandIdle();
    this.vm.destroy();
  }
}

/** @throws LinuxError EINVAL for an option of the wrong type */
function demandOptions(options: MonitorOptions): void {
  demandObject('options', options);
  const { image, maps, console, cpus = 1, arguments: commandLine = '', diagnose } = options;
  demandObject('image', image);
  demandBigint('entry', image.entry);
  demandInstance('segments', image.segments, Array);
  demandInstance('maps', maps, Array);
  for (const map of maps) {
    demandObject('map', map);
    for (const name of ['from', 'to', 'length'] as const) demandBigint(name, map[name]);
  }
  demandObject('console', console);
  demandFunction('console.write', console.write);
  demandInteger('cpus', cpus, 1, CPUS);
  demandFlag('input', options.input);
  if (diagnose !== undefined) demandFunction('diagnose', diagnose);
  if (typeof commandLine !== 'string') throw new LinuxError('EINVAL', 'arguments are no string');
}

function demandFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new LinuxError('EINVAL', `${name} is no function`);
}

/** How an end reads in a sentence. */
export function describeEnd(end: End): string {
  switch (end.kind) {
    case 'external-loop':
      return `the external new PSW of CPU ${end.cpu} is enabled for the ${externalName(end.code)} interruption that loads it: an endless loop`;
    case 'input':
      return 'the guest waits for console input';
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

function externalName(code: number): string {
  return code === EXT.CPU_TIMER ? 'CPU-timer' : 'clock-comparator';
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
