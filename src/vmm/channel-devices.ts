/**
 * The devices of a virtual machine behind its channel subsystem: executes the I/O instructions that the host leaves to user space.
 */

import {
  type BalloonBackend,
  BalloonDevice,
  CHSC_BYTES,
  type ChannelDevice,
  ChannelSubsystem,
  ConsoleDevice,
  type DeviceOwner,
  type GuestConsole,
  type GuestMemory,
  type IoResult,
  ORB_BYTES,
  SavedFields,
  SCHIB_BYTES,
  type Traffic,
  Utf8Decoder,
  VirtioCcw,
} from '../devices/index.ts';
import { type Exit, operandAddress, registerAddress, type Vcpu, type VirtualMachine } from '../host/index.ts';
import { type Cpu, PGM, SIE } from '../machine/index.ts';

/** The device numbers of the virtio console and of the balloon. */
const CONSOLE_NUMBER = 0x0001;
const BALLOON_NUMBER = 0x0003;
const PAGE = 4096n;
/** More devices than a channel subsystem has. */
const DEVICES_MAX = 0x1_0000;
/** What a console reads at the end of its input: ^D. */
const END_OF_INPUT = Uint8Array.of(4);
/** The subcode of the hypercall that notifies a virtio device. */
const NOTIFY = 3n;
/** The result of an unknown virtio hypercall, as in QEMU: -EINVAL. */
export const UNKNOWN_HYPERCALL = BigInt.asUintN(64, -22n);
/** The block of CHANNEL SUBSYSTEM CALL begins at a multiple of this. */
const BLOCK_ALIGNMENT = 4096n;

/** A device, and its device number: Linux shows number 0x10 as `0.0.0010`. */
export interface AttachedDevice {
  readonly device: ChannelDevice;
  /** 2 to 0xffff, except 3: 1 is the virtio console, 3 the balloon. */
  readonly number: number;
}

/** What a guest did with a device. */
export interface DeviceTraffic extends Readonly<Traffic> {
  /** The device number. */
  readonly number: number;
  /** The kind of the device, such as `disk`. */
  readonly name: string;
}

/** Executes an I/O instruction with the processor that the virtual CPU ran on. */
type Execute = (vcpu: Vcpu, cpu: Cpu) => void;

/** The devices of a virtual machine on channels. */
export class ChannelDevices {
  readonly #vm: VirtualMachine;
  readonly #channels: ChannelSubsystem;
  readonly #console: ConsoleDevice;
  readonly #balloon: BalloonDevice;
  /** Whether the guest has written to the virtio console: then it gets the console input. */
  #consoleUsed = false;
  readonly #instructions: ReadonlyMap<number, Execute>;
  /** The devices that have queues, in the order in which they were attached. */
  readonly #virtio: { readonly device: VirtioCcw; readonly number: number }[] = [];

  /** Attaches the virtio console, a balloon and these devices. @throws RangeError if two have the same number */
  constructor(
    vm: VirtualMachine,
    memory: GuestMemory,
    devices: readonly AttachedDevice[],
    console: GuestConsole,
  ) {
    this.#vm = vm;
    this.#channels = new ChannelSubsystem(ownerOf(vm, memory));
    const decoder = new Utf8Decoder();
    this.#console = new ConsoleDevice({
      write: (bytes) => {
        this.#consoleUsed = true;
        console.write(decoder.decode(bytes), 'virtio');
      },
    });
    this.#attach(new VirtioCcw(this.#console), CONSOLE_NUMBER);
    this.#balloon = new BalloonDevice(balloonBackend(vm));
    this.#attach(new VirtioCcw(this.#balloon), BALLOON_NUMBER);
    for (const { device, number } of devices) this.#attach(device, number);
    this.#instructions = this.#table();
    vm.enableChannelSubsystem();
  }

  #attach(device: ChannelDevice, number: number): void {
    this.#channels.attach(device, number);
    if (device instanceof VirtioCcw) this.#virtio.push({ device, number });
  }

  /** What went through the queues of each virtio device, by device number. */
  get traffic(): DeviceTraffic[] {
    const all = this.#virtio.map(({ device, number }) => ({ number, name: device.name, ...device.traffic }));
    return all.sort((a, b) => a.number - b.number);
  }

  /** The console that gets input, or null if the guest does not use it. */
  get console(): ConsoleDevice | null {
    return this.#consoleUsed ? this.#console : null;
  }

  /** The balloon. */
  get balloon(): BalloonDevice {
    return this.#balloon;
  }

  /** Ends the console input: the guest reads ^D. */
  endInput(): void {
    this.#console.input(END_OF_INPUT);
  }

  /** Resets the channel subsystem and all devices. */
  reset(): void {
    this.#channels.reset();
    this.#consoleUsed = false;
  }

  /** Returns the state of the channel subsystem and all devices. */
  save(): unknown {
    return { channels: this.#channels.save(), consoleUsed: this.#consoleUsed };
  }

  /** Restores a state that `save` returned. @throws StateError if it is not one of the same devices */
  restore(state: unknown): void {
    const saved = new SavedFields('devices', state);
    const consoleUsed = saved.flag('consoleUsed');
    this.#channels.restore(saved.any('channels'));
    this.#consoleUsed = consoleUsed;
  }

  /** DIAGNOSE 0x500. */
  hypercall({ gr }: Vcpu): void {
    const [subcode, subchannel, queue] = [gr[1], gr[2], gr[3]] as [bigint, bigint, bigint];
    gr[2] = subcode === NOTIFY ? this.#channels.notify(low(subchannel), queue) : UNKNOWN_HYPERCALL;
  }

  /** Executes an I/O instruction, by its first two bytes. Returns false if it is none. @throws GuestMemoryFault */
  execute(vcpu: Vcpu, cpu: Cpu, ipa: number): boolean {
    const execute = this.#instructions.get(ipa);
    execute?.(vcpu, cpu);
    return execute !== undefined;
  }

  /** TEST SUBCHANNEL. @throws GuestMemoryFault */
  testSubchannel(vcpu: Vcpu, cpu: Cpu, exit: Exit & { reason: 'KVM_EXIT_S390_TSCH' }): void {
    const address = operandAddress(vcpu);
    let stored = false;
    try {
      if (!isAligned(vcpu, address, 4n)) return;
      const result = this.#channels.testSubchannel(exit.subchannel, (irb) => {
        stored = vcpu.storeOperand(cpu, address, irb);
        return stored;
      });
      if (result !== null) this.#end(vcpu, result);
    } finally {
      // The interruption stays pending if the status could not be stored.
      if (!stored && exit.dequeued !== null) this.#vm.floating.io.add(exit.dequeued);
    }
  }

  #table(): ReadonlyMap<number, Execute> {
    const channels = this.#channels;
    const onSubchannel =
      (action: (id: number) => IoResult): Execute =>
      (vcpu) =>
        this.#end(vcpu, action(low(vcpu.gr[1] as bigint)));
    return new Map<number, Execute>([
      [0xb230, onSubchannel((id) => channels.clearSubchannel(id))],
      [0xb231, onSubchannel((id) => channels.haltSubchannel(id))],
      [0xb232, this.#fetching(SCHIB_BYTES, (id, schib) => channels.modifySubchannel(id, schib))],
      [0xb233, this.#fetching(ORB_BYTES, (id, orb) => channels.startSubchannel(id, orb))],
      [0xb234, (vcpu, cpu) => this.#storeSubchannel(vcpu, cpu)],
      [0xb237, this.#withoutCode((vcpu) => channels.setAddressLimit(low(vcpu.gr[1] as bigint)))],
      [0xb238, onSubchannel((id) => channels.resumeSubchannel(id))],
      [0xb239, (vcpu, cpu) => this.#storeReport(vcpu, cpu)],
      [0xb23a, (vcpu, cpu) => this.#storePathStatus(vcpu, cpu)],
      [0xb23b, onSubchannel((gr1) => channels.resetChannelPath(gr1))],
      [
        0xb23c,
        this.#withoutCode(({ gr }) => channels.setChannelMonitor(low(gr[1] as bigint), gr[2] as bigint)),
      ],
      [0xb25f, (vcpu, cpu) => this.#call(vcpu, cpu)],
      [0xb276, onSubchannel((id) => channels.cancelSubchannel(id))],
    ]);
  }

  /** An instruction with a subchannel in register 1 and an operand that is fetched. */
  #fetching(length: number, action: (id: number, operand: Uint8Array) => IoResult): Execute {
    return (vcpu, cpu) => {
      const address = operandAddress(vcpu);
      if (!isAligned(vcpu, address, 4n)) return;
      const operand = vcpu.fetchOperand(cpu, address, length);
      if (operand !== null) this.#end(vcpu, action(low(vcpu.gr[1] as bigint), operand));
    };
  }

  /** An instruction that sets no condition code. */
  #withoutCode(action: (vcpu: Vcpu) => IoResult): Execute {
    return (vcpu) => {
      const result = action(vcpu);
      if ('program' in result) vcpu.refuse(result.program);
    };
  }

  #storeSubchannel(vcpu: Vcpu, cpu: Cpu): void {
    const address = operandAddress(vcpu);
    if (!isAligned(vcpu, address, 4n)) return;
    const result = this.#channels.storeSubchannel(low(vcpu.gr[1] as bigint));
    if ('schib' in result && !vcpu.storeOperand(cpu, address, result.schib)) return;
    this.#end(vcpu, result);
  }

  #storeReport(vcpu: Vcpu, cpu: Cpu): void {
    const address = operandAddress(vcpu);
    if (!isAligned(vcpu, address, 4n)) return;
    const result = this.#channels.storeChannelReportWord((word) => vcpu.storeOperand(cpu, address, word));
    if (result !== null) this.#end(vcpu, result);
  }

  #storePathStatus(vcpu: Vcpu, cpu: Cpu): void {
    const address = operandAddress(vcpu);
    if (!isAligned(vcpu, address, 32n)) return;
    vcpu.storeOperand(cpu, address, this.#channels.storeChannelPathStatus());
  }

  /** CHANNEL SUBSYSTEM CALL: the block is at the address in register R1. */
  #call(vcpu: Vcpu, cpu: Cpu): void {
    const address = registerAddress(vcpu, (vcpu.block.get32(SIE.IPB) >>> 20) & 15);
    if (!isAligned(vcpu, address, BLOCK_ALIGNMENT)) return;
    const block = vcpu.fetchOperand(cpu, address, CHSC_BYTES);
    if (block === null) return;
    const result = this.#channels.channelSubsystemCall(block);
    if ('response' in result) {
      const at = address + BigInt(result.offset);
      if (!vcpu.storeOperand(cpu, at, result.response)) return;
    }
    this.#end(vcpu, result);
  }

  #end(vcpu: Vcpu, result: { readonly cc: number } | { readonly program: number }): void {
    if ('program' in result) vcpu.refuse(result.program);
    else vcpu.block.conditionCode = result.cc;
  }
}

/**
 * Returns the number of devices in a state of `ChannelDevices.save`, the console and the balloon included.
 * @throws StateError if it is none
 */
export function savedDevices(state: unknown): number {
  const channels = new SavedFields('devices', state).any('channels');
  return new SavedFields('channel subsystem', channels).list('subchannels', DEVICES_MAX, () => null).length;
}

/** Whether an operand address is a multiple of `unit`. If not, the guest gets a specification exception. */
function isAligned(vcpu: Vcpu, address: bigint, unit: bigint): boolean {
  const aligned = address % unit === 0n;
  if (!aligned) vcpu.refuse(PGM.SPECIFICATION);
  return aligned;
}

/** The low 32 bits of a register. */
function low(register: bigint): number {
  return Number(register & 0xffff_ffffn);
}

/** Discards the pages that a balloon takes: the process loses their frames, and a later access finds zeros. */
function balloonBackend(vm: VirtualMachine): BalloonBackend {
  return {
    discard: (address) => {
      if (vm.hasMemory({ address, length: PAGE })) vm.gmap.discard({ address, length: PAGE });
    },
    giveBack: () => {},
  };
}

function ownerOf({ floating }: VirtualMachine, memory: GuestMemory): DeviceOwner {
  return {
    memory,
    interruptions: {
      request: (subchannel, parameter, isc) => floating.io.request(subchannel, parameter, isc),
      withdraw: (subchannel) => void floating.io.withdraw(subchannel),
      requestAdapter: (isc) => floating.io.requestAdapter(isc),
      requestChannelReport: () => floating.requestChannelReport(),
    },
  };
}
