/**
 * A small virtual machine monitor: it gives a guest image memory and virtual CPUs, runs it, and handles the exits that the
 * host leaves to user space: the console behind SERVICE CALL, unknown DIAGNOSE codes, waits.
 */

import {
  type BalloonDevice,
  type ConsoleDevice,
  GuestAddressError,
  type GuestConsole,
  type GuestMemory,
  Sclp,
  StateError,
} from '../devices/index.ts';
import {
  type Exit,
  GuestMemoryFault,
  Host,
  LinuxError,
  type Mm,
  operandAddress,
  PROCESS_LIMIT,
  type Vcpu,
  type VirtualMachine,
} from '../host/index.ts';
import {
  demandBigint,
  demandBytes,
  demandFlag,
  demandInstance,
  demandInteger,
  demandObject,
  hex,
  MIB,
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
import {
  type AttachedDevice,
  ChannelDevices,
  type DeviceTraffic,
  UNKNOWN_HYPERCALL,
} from './channel-devices.ts';
import { type ElfImage, ImageError } from './elf.ts';
import { NO_SYMBOLS, type SymbolTable } from './elf-symbols.ts';
import {
  checkedState,
  clearMemory,
  type GuestState,
  restoreMemory,
  restoring,
  saveMemory,
} from './guest-state.ts';
import { InitialProgramLoad } from './ipl.ts';
import { loadImage } from './load.ts';
import type { MemoryMap } from './memory-map.ts';
import { Pace } from './pace.ts';
import { systemInformation } from './stsi.ts';

/** Maximum number of CPUs of a guest. */
const CPUS = 248;
/** Mask of the initial PSW: 64-bit addressing, everything disabled. */
const START_MASK = 0x1_8000_0000n;
/** Units of work of a virtual CPU before the turn of the next one. */
const TURN = 100_000;
/** The bits of all I/O-interruption subclasses in control register 6. */
const ANY_SUBCLASS = 0xff00_0000;
const SERVICE_SIGNAL_MASK = externalMaskOf(EXT.SERVICE_SIGNAL);
/** Operation codes of the instructions that user space executes. */
const SERVC = 0xb220;
const DIAG = 0x83;
/** Codes of DIAGNOSE: initial program load, and virtio hypercall. */
const DIAGNOSE = { IPL: 0x308, HYPERCALL: 0x500 } as const;

/** Options of a monitor. */
export interface MonitorOptions {
  readonly image: ElfImage;
  /** The guest's memory. */
  readonly maps: readonly MemoryMap[];
  readonly console: GuestConsole;
  /** The guest's command line, ASCII: at most 895 bytes, or what a Linux kernel allows. Default: empty. */
  readonly arguments?: string;
  /** The initial RAM disk of a Linux kernel. Default: none. */
  readonly initrd?: Uint8Array | null;
  /**
   * Devices on a channel subsystem; with them comes a virtio console. Default: there is no channel subsystem, and no subchannel is
   * operational.
   */
  readonly devices?: readonly AttachedDevice[];
  /** Number of virtual CPUs. Default: 1. All but the first are stopped until the guest starts them. */
  readonly cpus?: number;
  /**
   * Whether there may be console input while the guest runs. If so, `run` returns 'input' when only input can wake the
   * guest, until `endInput` is called. Default: false.
   */
  readonly input?: boolean;
  /**
   * Whether devices may interrupt the guest on their own while it waits, as a network does. If so, `run` returns 'input' whenever all
   * CPUs wait, and the clock does not move meanwhile: the caller moves it. Default: false.
   */
  readonly realTime?: boolean;
  /**
   * Called with the code of a DIAGNOSE that neither host nor monitor handles. Returns whether it handled it. If not, the
   * guest gets a specification exception.
   */
  readonly diagnose?: (code: number, vcpu: Vcpu) => boolean;
}

/** The reason why `run` returned. */
export type End =
  /**
   * The guest ended: none of its CPUs can run any more, and at least one loaded a disabled wait PSW, whose address is the
   * status, 0 for success. Of several such CPUs, the last one with a status other than 0 counts, or else the last one.
   */
  | { readonly kind: 'disabled-wait'; readonly cpu: number; readonly address: bigint }
  /** The guest accessed memory that its process does not have. It can continue once the process has it. */
  | { readonly kind: 'memory-fault'; readonly cpu: number; readonly gpa: bigint; readonly write: boolean }
  /** Its program new PSW causes the next program interruption. */
  | { readonly kind: 'program-loop'; readonly cpu: number; readonly code: number; readonly address: bigint }
  /** Its external new PSW is enabled for the interruption that loads it. */
  | { readonly kind: 'external-loop'; readonly cpu: number; readonly code: number; readonly address: bigint }
  /** All its CPUs wait for interruptions that cannot occur. */
  | { readonly kind: 'idle'; readonly address: bigint }
  /**
   * All its CPUs wait, and console input may wake one, or a device with the option `realTime`. Call `run` again after input, or to
   * skip to `until`, the TOD value at which a clock interruption wakes the guest, or null if there is none. With `realTime` the caller
   * skips.
   */
  | { readonly kind: 'input'; readonly until: bigint | null }
  /** The guest requested a reset of the machine. */
  | { readonly kind: 'reset' }
  /** All its CPUs are stopped: the last one stopped itself, which is a normal end. */
  | { readonly kind: 'stopped' }
  /** The guest caused an exit that neither host nor monitor implements. */
  | { readonly kind: 'unhandled'; readonly cpu: number; readonly what: string; readonly address: bigint }
  /** The limit of `run` was reached, or `pending` returned true. It can continue. */
  | { readonly kind: 'limit' };

/** A guest and its user space. */
export class Monitor {
  readonly vm: VirtualMachine;
  readonly #host: Host;
  readonly #sclp: Sclp;
  /** The devices on channels, or null if there are none. */
  readonly #channels: ChannelDevices | null;
  readonly #memory: GuestMemory;
  readonly #diagnose: (code: number, vcpu: Vcpu) => boolean;
  readonly #ipl: InitialProgramLoad;
  readonly #loaded: MonitorOptions;
  /** CPU address of the virtual CPU whose turn it is, and the units of work left of its turn. */
  #current = 0;
  #turn = TURN;
  readonly #pace = new Pace();
  /** CPU addresses of the CPUs that loaded a disabled wait PSW, in this order. Some may run again. */
  #ended: number[] = [];
  /** Whether there may be more console input. */
  #inputOpen: boolean;
  /** Whether `run` returned 'input' for the current wait of the guest. */
  #asked = false;
  /** Whether `run` is executing. */
  #running = false;

  /**
   * Creates a virtual machine, loads the image, and sets the PSW of the first virtual CPU to the entry point.
   *
   * @throws ImageError if the image or the arguments do not fit; LinuxError EINVAL for an option of the wrong type; others as
   *   `Host.createVm` and `VirtualMachine.setMemoryRegion`. The virtual machine is destroyed then.
   */
  constructor(host: Host, mm: Mm, options: MonitorOptions) {
    demandInstance('host', host, Host);
    demandOptions(options);
    this.#host = host;
    this.vm = host.createVm(mm);
    this.#memory = new VmMemory(this.vm);
    this.#diagnose = options.diagnose ?? (() => false);
    this.#ipl = new InitialProgramLoad(this.vm, () => this.#resetDevices());
    this.#inputOpen = options.input ?? false;
    this.#loaded = options;
    try {
      this.#mapMemory(options.maps);
      for (let n = 0; n < (options.cpus ?? 1); n++) this.vm.createVcpu();
      this.#load();
      this.#sclp = new Sclp({
        memoryBytes: contiguous(options.maps),
        cpus: options.cpus ?? 1,
        console: options.console,
      });
      const { devices, console } = options;
      this.#channels = devices ? new ChannelDevices(this.vm, this.#memory, devices, console) : null;
    } catch (error) {
      this.vm.destroy();
      throw error;
    }
  }

  #resetDevices(): void {
    this.#sclp.reset();
    this.#channels?.reset();
  }

  /** The virtual CPU whose turn it is: the one that ran last, or runs now. */
  get current(): Vcpu {
    return this.vm.vcpus[this.#current] as Vcpu;
  }

  #mapMemory(maps: readonly MemoryMap[]): void {
    maps.forEach(({ from, to, length }, slot) => {
      if (from + length > PROCESS_LIMIT) throw new ImageError(`process address ${hex(from)} is beyond 4 TiB`);
      this.vm.setMemoryRegion({ slot, guestPhysAddr: to, memorySize: length, userspaceAddr: from });
    });
  }

  /**
   * Adds console input: bytes for the ASCII console, or lines of UTF-8 text for the line-mode console if the guest has
   * enabled no other. Input is kept until the guest reads it. Returns the number of bytes accepted, since the buffer is
   * bounded.
   * @throws LinuxError EINVAL if `bytes` is not a Uint8Array
   */
  input(bytes: Uint8Array): number {
    demandBytes(bytes);
    return this.#inputConsole.input(bytes);
  }

  /** Whether the guest has enabled input from one of its consoles. */
  get inputEnabled(): boolean {
    return this.#sclp.inputEnabled || this.#virtioConsole !== null;
  }

  /** Number of bytes that `input` would accept. */
  get inputSpace(): number {
    return this.#inputConsole.inputSpace;
  }

  /** The balloon of the guest's memory, or null if the guest has no devices on channels. */
  get balloon(): BalloonDevice | null {
    return this.#channels?.balloon ?? null;
  }

  /** What the guest did with each of its virtio devices; empty if it has none. */
  get traffic(): readonly DeviceTraffic[] {
    return this.#channels?.traffic ?? [];
  }

  /** Ends the console input. The guest reads an end-of-file character after the last byte. */
  endInput(): void {
    this.#inputOpen = false;
    if (this.#virtioConsole === null) this.#sclp.endInput();
    else this.#channels?.endInput();
  }

  /** The virtio console, if the guest uses it. */
  get #virtioConsole(): ConsoleDevice | null {
    return this.#channels?.console ?? null;
  }

  /** The console that gets input. */
  get #inputConsole(): Pick<Sclp, 'input' | 'inputSpace'> {
    return this.#virtioConsole ?? this.#sclp;
  }

  /**
   * Loads the guest again, as after a reset with clearing: its memory is zeros apart from what is loaded.
   * @throws LinuxError EBUSY if called from a callback of `run`; EBADF after `destroy`; ENOMEM
   */
  reload(): void {
    this.vm.life.demand();
    this.#demandIdle();
    this.vm.resetSubsystem();
    this.#resetDevices();
    for (const vcpu of this.vm.vcpus) {
      vcpu.reset('clear');
      vcpu.stopped = vcpu.id !== 0;
    }
    clearMemory(this.vm, this.#loaded.maps);
    this.#current = 0;
    this.#turn = TURN;
    this.#ended = [];
    this.#asked = false;
    this.#load();
  }

  /**
   * Returns the state of the guest. A guest that goes on from it does what this one does.
   * @throws LinuxError EBUSY if called from a callback of `run`; EBADF after `destroy`; ENOMEM
   */
  save(): GuestState {
    this.vm.life.demand();
    this.#demandIdle();
    const { machine } = this.#host;
    const { image, maps, arguments: commandLine = '', initrd = null } = this.#loaded;
    return {
      configuration: {
        ...{ cpuModel: machine.cpuModel, cpus: this.vm.vcpus.length, maps, image, commandLine, initrd },
        channels: this.#channels !== null,
      },
      ...{ tod: machine.cpu(0).machineTod, todOffset: machine.clock.offset },
      vcpus: this.vm.vcpus.map((vcpu) => vcpu.save()),
      floating: this.vm.floating.save(),
      memory: saveMemory(this.vm, maps),
      usesKeys: this.vm.getKeys(0, 1) !== null,
      ...{ sclp: this.#sclp.save(), channels: this.#channels?.save() ?? null },
      ...{ current: this.#current, turn: this.#turn, ended: [...this.#ended] },
    };
  }

  /**
   * Makes the guest go on from a state. It must have been made like the guest that was saved: with the same maps, number of CPUs and
   * devices.
   * @throws StateError if it is not such a state: the guest cannot be run then; LinuxError EBUSY, EBADF, ENOMEM as `save`
   */
  restore(value: unknown): void {
    this.vm.life.demand();
    this.#demandIdle();
    const state = checkedState(value);
    const { vcpus } = this.vm;
    if (state.vcpus.length !== vcpus.length || state.current >= vcpus.length) {
      throw new StateError(`the state has ${state.vcpus.length} CPUs, and the guest ${vcpus.length}`);
    }
    if ((this.#channels === null) !== (state.channels === null)) throw new StateError('other devices');
    const restoreSclp = this.#sclp.prepareRestore(state.sclp);
    restoring(() => {
      this.#channels?.restore(state.channels);
      clearMemory(this.vm, this.#loaded.maps);
      if (state.usesKeys) this.vm.enableKeys();
      restoreMemory(this.vm, state.memory);
      state.vcpus.forEach((saved, n) => void vcpus[n]?.restore(saved));
      // Restoring devices may have withdrawn or requested interruptions.
      this.vm.floating.restore(state.floating);
    });
    restoreSclp();
    const { clock } = this.#host.machine;
    clock.tod = state.tod;
    clock.offset = state.todOffset;
    this.#current = state.current;
    this.#turn = state.turn;
    this.#ended = state.ended.filter((cpu) => cpu < vcpus.length);
    this.#asked = false;
  }

  /** Loads the image, and sets the PSW of the first virtual CPU to its entry point. */
  #load(): void {
    const { image, arguments: commandLine = '', initrd = null } = this.#loaded;
    loadImage(this.vm, { image, commandLine, initrd });
    this.vm.vcpus[0]?.setPsw(START_MASK, image.entry);
  }

  /**
   * Runs the guest until it ends or cannot continue. Its CPUs take turns of a fixed number of units of work (instructions and
   * interruptions), so a run is the same however it is divided into calls.
   * @param limit units of work after which to return 'limit': an integer from 1 on, or Infinity, the default
   * @param pending called whenever the guest has left interpretive execution, which it also does every few milliseconds; if it returns
   *   true, `run` returns 'limit'
   * @throws LinuxError ENOMEM if storage is used up, after which the guest can continue later; EINVAL for another limit; EBUSY
   *   if called from a callback of `run` (`pending`, the console, `diagnose`); EBADF after `destroy`
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
    if (this.#running) throw new LinuxError('EBUSY', 'the monitor is already running its guest');
  }

  #run(limit: number, pending: () => boolean): End {
    const cpu = this.#host.machine.cpu(0);
    for (let left = limit; left > 0; ) {
      const vcpu = this.#next();
      if (vcpu === null) {
        const end = this.#wake();
        if (end !== null) return end;
        // A wait that ends at once counts as work, too.
        left--;
        if (pending()) break;
        continue;
      }
      this.#asked = false;
      const before = cpu.executed;
      this.#pace.begin();
      const exit = vcpu.run(cpu, Math.min(this.#turnLeft, left), pending, this.#pace);
      const done = cpu.executed - before;
      left -= done;
      this.#endTurn(vcpu.gaveWay ? this.#turn : done);
      const end = this.#answer(vcpu, exit);
      if (end !== null) return end;
      if (exit.reason !== 'KVM_EXIT_HLT' && pending()) break;
    }
    return { kind: 'limit' };
  }

  /** The units of work until it is another CPU's turn. */
  get #turnLeft(): number {
    return this.vm.vcpus.length === 1 ? Infinity : this.#turn;
  }

  /** Counts units of work of the current turn. A single CPU does several turns at a time. */
  #endTurn(done: number): void {
    this.#turn -= done;
    if (this.#turn < 0) this.#turn = ((this.#turn % TURN) + TURN) % TURN;
  }

  /** Returns the virtual CPU to run: the one whose turn it is, or the next one that can run, or null if none can. */
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

  /** Moves the clock to the next interruption that wakes a CPU, if no CPU can run. Returns an end if there is none. */
  #wake(): End | null {
    const waits = this.vm.vcpus.filter((vcpu) => vcpu.waiting);
    let until: bigint | null = null;
    for (const vcpu of waits) {
      const due = vcpu.wakesAt;
      if (due !== null && (until === null || due < until)) until = due;
    }
    if (this.#loaded.realTime === true && this.#awaitsDevices(waits, until)) return { kind: 'input', until };
    if (!this.#asked && this.#awaitsInput(waits)) {
      this.#asked = until !== null;
      return { kind: 'input', until };
    }
    if (until === null) return this.#over(waits);
    this.#asked = false;
    this.#host.machine.clock.skipTo(until);
    return null;
  }

  /** Whether a device or the clock may wake a CPU. The caller moves the clock until then. */
  #awaitsDevices(waits: readonly Vcpu[], until: bigint | null): boolean {
    if (until !== null) return until > this.#host.machine.clock.tod;
    return this.#awaitsInput(waits) || waits.some((vcpu) => vcpu.enabledForIo(ANY_SUBCLASS));
  }

  #awaitsInput(waits: readonly Vcpu[]): boolean {
    if (!this.#inputOpen) return false;
    if (this.#virtioConsole !== null) return waits.some((vcpu) => vcpu.enabledForIo(ANY_SUBCLASS));
    return this.#sclp.inputEnabled && waits.some((vcpu) => vcpu.enabledFor(SERVICE_SIGNAL_MASK));
  }

  /** Returns the end of a guest of which no CPU can ever run again. */
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

  /** Makes the service signal of the SCLP pending, if it has one. Any CPU may take it. */
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
      case 'KVM_EXIT_S390_TSCH':
        return this.#guarded(vcpu, () => {
          this.#channels?.testSubchannel(vcpu, this.#host.machine.cpu(0), exit);
          return null;
        });
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

  /** Performs an action that may inject an interruption. Without its prefix area the guest cannot continue. */
  #guarded(vcpu: Vcpu, action: () => End | null): End | null {
    try {
      return action();
    } catch (error) {
      if (!(error instanceof GuestMemoryFault)) throw error;
      return { kind: 'memory-fault', cpu: vcpu.id, gpa: error.address & ~0xfffn, write: error.write };
    }
  }

  #instruction(vcpu: Vcpu, ipa: number, ipb: number): End | null {
    if (ipa === SERVC) return this.#serviceCall(vcpu, ipb);
    if (this.#channels?.execute(vcpu, this.#host.machine.cpu(0), ipa)) return null;
    if (ipa >>> 8 !== DIAG) vcpu.refuse(PGM.OPERATION);
    else this.#diagnosed(vcpu, ipa);
    return null;
  }

  #diagnosed(vcpu: Vcpu, ipa: number): void {
    const code = Number(operandAddress(vcpu) & 0xffffn);
    if (this.#diagnose(code, vcpu)) return;
    if (code === DIAGNOSE.IPL) {
      const refused = vcpu.restoringPswOnFault(() => this.#ipl.diagnose(vcpu, (ipa >>> 4) & 15, ipa & 15));
      if (refused !== 0) vcpu.refuse(refused);
    } else if (code === DIAGNOSE.HYPERCALL) {
      if (this.#channels === null) vcpu.gr[2] = UNKNOWN_HYPERCALL;
      else this.#channels.hypercall(vcpu);
    } else {
      vcpu.refuse(PGM.SPECIFICATION);
    }
  }

  /** Stores levels 1 and 2. The host has stored level 3. */
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
   * Destroys the virtual machine. The process keeps its memory.
   * @throws LinuxError EBUSY while `run` is executing; EBADF if it was already destroyed
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
  demandFlag('realTime', options.realTime);
  if (options.initrd) demandInstance('initrd', options.initrd, Uint8Array);
  if (diagnose !== undefined) demandFunction('diagnose', diagnose);
  if (typeof commandLine !== 'string') throw new LinuxError('EINVAL', 'arguments is not a string');
}

function demandFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw new LinuxError('EINVAL', `${name} is not a function`);
}

/** Returns a sentence on an end. @param symbols of the guest's image, to name addresses of instructions */
export function describeEnd(end: End, symbols: SymbolTable = NO_SYMBOLS): string {
  const place = (address: bigint) => {
    const name = symbols.nameOf(address);
    return name === null ? hex(address) : `${hex(address)} (${name})`;
  };
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
      return `the guest ${what} guest address ${hex(end.gpa)}, for which its process has no memory`;
    }
    case 'program-loop': {
      const name = programInterruptionName(end.code);
      return `program interruption loop at ${place(end.address)}: ${name} (code ${hex(end.code)}) without end`;
    }
    case 'idle':
      return `the guest waits at ${place(end.address)} for an interruption that cannot occur`;
    case 'reset':
      return 'the guest requested a reset of the machine';
    case 'stopped':
      return 'all CPUs of the guest are stopped';
    case 'unhandled':
      return `${end.what} at ${place(end.address)}: not implemented`;
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

/** Returns the length of memory from guest address 0 on without a hole: the size that the SCLP reports to the guest. */
function contiguous(maps: readonly MemoryMap[]): bigint {
  let end = 0n;
  for (const { to, length } of [...maps].sort((a, b) => (a.to < b.to ? -1 : 1))) {
    if (to !== end) break;
    end = to + length;
  }
  return end > 0n ? end : MIB;
}

/** The memory of a virtual machine, for its devices. */
class VmMemory implements GuestMemory {
  readonly #vm: VirtualMachine;

  constructor(vm: VirtualMachine) {
    this.#vm = vm;
  }

  read(address: bigint, length: number): Uint8Array {
    return renamingFault(address, length, () => this.#vm.readGuest(address, length));
  }

  write(address: bigint, bytes: Uint8Array): void {
    renamingFault(address, bytes.length, () => this.#vm.writeGuest(address, bytes));
  }
}

/** Performs an access. @throws GuestAddressError instead of GuestMemoryFault */
function renamingFault<T>(address: bigint, length: number, access: () => T): T {
  try {
    return access();
  } catch (error) {
    if (error instanceof GuestMemoryFault) throw new GuestAddressError(address, length);
    throw error;
  }
}
