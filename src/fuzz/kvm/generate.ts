/** Random programs around /dev/kvm: virtual machines of both types, their commands, and the memory that they share with the program. */

import { CLONE, KVM, KVM_COMMANDS, KVM_RUN_PAGE, MADV, MAP, O, SIG } from '../../host/task/internal.ts';
import { SIE } from '../../machine/index.ts';
import { CallsGenerator, kept, made, THREAD } from '../calls/generate.ts';
import { FD as CALLS_FD } from '../calls/layout.ts';
import { type CallsSetup, type CallsStep, HANDLER, type Hex, type Item, type Value } from '../calls/steps.ts';
import { hex } from '../calls/structures.ts';
import type { FuzzCase } from '../fuzzer.ts';
import { guestCode, guestPsw, newPsws } from './guest-code.ts';
import { AT, FD, GUEST_CODE, VCPUS, VMS } from './layout.ts';
import { argumentFor, flicArgument, guestAddress } from './structures.ts';

const MIB = 0x10_0000;
const PAGE = 0x1000;
const { PSW_MASK, PSW_ADDR, VALID_REGS, DIRTY_REGS, REGS, SIZE } = KVM_RUN_PAGE;
const SIE_FIELDS = Object.values(SIE);
/** Where the state description is in what is mapped of a virtual CPU, and its length. */
const DESCRIPTION = 0x1000;
const DESCRIPTION_SIZE = 512;

/** The commands that are there, with the files that have them. */
const COMMANDS = (['system', 'VM', 'vCPU'] as const).flatMap((file) =>
  [...KVM_COMMANDS[file].keys()].map((command) => ({ command, file })),
);
const NUMBERS = Object.values(KVM);
/** struct kvm_device_attr of the attribute that enables collaborative memory management: group 0, attribute 0. */
const ENABLE_CMMA: readonly Hex[] = ['0x0', '0x0', '0x0'];
/** struct kvm_create_device of a floating interrupt controller. */
const FLIC: readonly Hex[] = ['0x600000000', '0x0'];
/** Its attribute that registers adapter 1, of subclass 3, which can be masked and suppressed. */
const ADAPTER: readonly Item[] = ['0x6', '0x0', { data: ['0x103010001'] }];
/** A route for GSI 1 to the adapter, and an eventfd that stands for it. */
const ROUTE: readonly Hex[] = ['0x100000000', '0x100000003', '0x0', '0x7000', '0x7800', '0x9', '0x200000001'];
const ROUTE_EVENT: readonly Hex[] = [hex((BigInt(CALLS_FD.EVENT) << 32n) | 1n), '0x0', '0x0', '0x0'];
const FLIC_COMMANDS: readonly number[] = [KVM.SET_DEVICE_ATTR, KVM.SET_DEVICE_ATTR, KVM.GET_DEVICE_ATTR];
const DESCRIPTORS: readonly number[] = [
  ...[FD.KVM, FD.FLIC, FD.OTHER, FD.OTHER + 1],
  ...Array.from({ length: VMS }, (_, n) => FD.VM + n),
  ...Array.from({ length: VCPUS }, (_, n) => FD.VCPU + n),
];

/** Generates a case. */
export function generateKvm(seed: number): FuzzCase<CallsSetup, CallsStep> {
  return new KvmGenerator(seed).generate();
}

/** Makes a floating interrupt controller. Its descriptor is the lowest one that is free, which a copy finds out. */
function controller(): CallsStep[] {
  const vm = hex(FD.VM);
  return [
    { do: 'call', list: 0, call: 'dup', args: [vm], slot: 0 },
    made('close', [{ slot: 0 }]),
    made('ioctl', [vm, hex(KVM.CREATE_DEVICE), { data: FLIC }]),
    made('dup2', [{ slot: 0 }, hex(FD.FLIC)]),
    made('ioctl', [hex(FD.FLIC), hex(KVM.SET_DEVICE_ATTR), { data: ADAPTER }]),
  ];
}

/** Has an eventfd interrupt the first virtual machine, which must have memory by then. */
function route(): CallsStep[] {
  const vm = hex(FD.VM);
  return [
    made('ioctl', [vm, hex(KVM.SET_GSI_ROUTING), { data: ROUTE }]),
    made('ioctl', [vm, hex(KVM.IRQFD), { data: ROUTE_EVENT }]),
  ];
}

class KvmGenerator extends CallsGenerator {
  /** How many there are. */
  readonly #machines = 1 + this.random.below(VMS);
  readonly #vcpus = 1 + this.random.below(VCPUS);

  protected override setup(): CallsSetup {
    const { random } = this;
    const setup = super.setup();
    return {
      ...setup,
      storage: random.pick([12 * MIB, 32 * MIB]),
      files: MIB,
      threads: random.oneIn(8) ? 3 : 40,
      uid: random.oneIn(16) ? 1000 : 0,
      terminal: false,
    };
  }

  protected override lists(): readonly number[] {
    return this.random.oneIn(40) ? [HANDLER] : [0, 0, 0, 1, 1, 2, 3];
  }

  protected override childFlags(): readonly number[] {
    return [THREAD, THREAD, THREAD, SIG.CHLD, CLONE.VM | CLONE.FILES | SIG.CHLD];
  }

  protected override descriptors(): readonly number[] {
    return this.random.oneIn(3) ? super.descriptors() : DESCRIPTORS;
  }

  protected override places(): readonly (readonly [number, number])[] {
    if (this.random.oneIn(3)) return super.places();
    return [
      [AT.GUEST, AT.GUEST_SIZE],
      [AT.GUEST + MIB, MIB],
      [AT.RUN + this.random.below(VCPUS) * AT.RUN_SIZE, AT.RUN_SIZE],
    ];
  }

  protected override mappings(): readonly number[] {
    return [AT.GUEST, AT.GUEST, AT.GUEST + MIB, AT.GUEST + 2 * MIB, AT.RUN];
  }

  /** Besides that of calls: virtual machines with a slot or a segment, virtual CPUs with programs, and a timer. */
  protected override prologue(): CallsStep[] {
    const { random } = this;
    const isUserControlled = Array.from({ length: VMS }, () => random.oneIn(3));
    const machines = this.#machines;
    const period = hex(random.pick([2, 4, 10]));
    const steps: CallsStep[] = [
      ...super.prologue(),
      ...kept(FD.KVM, 'open', [{ text: '/dev/kvm' }, hex(O.RDWR), '0x0']),
      ...kept(CALLS_FD.OWN_MEMORY, 'open', [{ text: '/proc/self/mem' }, hex(O.RDWR), '0x0']),
      this.#memory(0, MAP.FIXED | MAP.ANONYMOUS | random.pick([MAP.PRIVATE, MAP.PRIVATE, MAP.SHARED])),
      written(0x1a0, newPsws(random)),
      this.#code(0),
      ...Array.from({ length: machines }, (_, n) =>
        kept(FD.VM + n, 'ioctl', [hex(FD.KVM), hex(KVM.CREATE_VM), isUserControlled[n] ? '0x1' : '0x0']),
      ).flat(),
      ...controller(),
      ...(random.oneIn(2)
        ? []
        : [made('ioctl', [hex(FD.VM), hex(KVM.SET_DEVICE_ATTR), { data: ENABLE_CMMA }])]),
      ...Array.from({ length: this.#vcpus }, (_, n) =>
        this.#vcpu(n, isUserControlled[n % machines] === true, n % machines),
      ).flat(),
      ...route(),
    ];
    const timer = made('setitimer', ['0x0', { data: ['0x0', period, '0x0', period] }, '0x0']);
    return [...steps.filter(() => !random.oneIn(40)), timer];
  }

  #memory(offset: number, flags: number): CallsStep {
    const size = hex(AT.GUEST_SIZE - offset);
    return made('mmap', [{ data: [hex(AT.GUEST + offset), size, '0x7', hex(flags), hex(-1), '0x0'] }]);
  }

  /** A program, or another one. */
  #code(list: number): CallsStep {
    const { random } = this;
    return { ...written(GUEST_CODE + random.below(4) * 0x800, guestCode(random)), list };
  }

  /** A virtual CPU, mapped, with memory and a PSW. */
  #vcpu(n: number, isUserControlled: boolean, machine: number): CallsStep[] {
    const [vm, vcpu] = [hex(FD.VM + machine), hex(FD.VCPU + n)];
    const at = AT.RUN + n * AT.RUN_SIZE;
    const size = hex(isUserControlled || this.random.oneIn(8) ? AT.RUN_SIZE : PAGE);
    const map = [hex(AT.GUEST), '0x0', hex(AT.GUEST_SIZE)] as const;
    // Of some slots the changes are logged (KVM_MEM_LOG_DIRTY_PAGES).
    const slot = [this.random.oneIn(3) ? '0x1' : '0x0', '0x0', hex(AT.GUEST_SIZE), hex(AT.GUEST)] as const;
    return [
      ...kept(FD.VCPU + n, 'ioctl', [vm, hex(KVM.CREATE_VCPU), hex(n)]),
      made('mmap', [{ data: [hex(at), size, '0x3', hex(MAP.FIXED | MAP.SHARED), vcpu, '0x0'] }]),
      isUserControlled
        ? made('ioctl', [vcpu, hex(KVM.S390_UCAS_MAP), { data: map }])
        : made('ioctl', [vm, hex(KVM.SET_USER_MEMORY_REGION), { data: slot }]),
      ...this.#psw(0, n),
    ];
  }

  #psw(list: number, n: number): CallsStep[] {
    const [mask, address] = guestPsw(this.random);
    const at = AT.RUN + n * AT.RUN_SIZE;
    return [stored(list, at + PSW_MASK, `0x${mask}`), stored(list, at + PSW_ADDR, `0x${address}`)];
  }

  protected override steps(list: number): CallsStep[] {
    const { random } = this;
    const n = random.below(this.#vcpus);
    switch (random.below(20)) {
      case 0:
      case 1:
        return [this.#storeInRunPage(list, n)];
      case 2:
      case 3:
        return [this.#storeInDescription(list, n)];
      case 4:
        return [this.#code(list)];
      case 5:
        return this.#changeMemory(list);
      case 6:
        return this.#replaceFile(list, n);
      case 7:
        return super.steps(list);
      case 8:
      case 9:
      case 10:
      case 11:
        return [...this.#psw(list, n).filter(() => random.oneIn(2)), ...this.#run(list, n)];
      default:
        return [this.#command(list)];
    }
  }

  #run(list: number, n: number): CallsStep[] {
    const run = this.#control(list, FD.VCPU + n, KVM.RUN, '0x0');
    return this.random.oneIn(3) ? [run, run, run] : [run];
  }

  #control(list: number, fd: number, command: number, argument: Value): CallsStep {
    return { do: 'call', list, call: 'ioctl', args: [hex(fd), hex(command), argument] };
  }

  /** A command: of a file that has it most often. */
  #command(list: number): CallsStep {
    const { random } = this;
    if (random.oneIn(8)) return this.#control(list, FD.FLIC, random.pick(FLIC_COMMANDS), flicArgument(this));
    const { command, file } = random.pick(COMMANDS);
    if (random.oneIn(12)) {
      const other = random.oneIn(2) ? command : random.pick(NUMBERS);
      return this.#control(list, this.fd(), other, argumentFor(other, this));
    }
    return this.#control(list, this.#fileOf(file), command, argumentFor(command, this));
  }

  #fileOf(file: keyof typeof KVM_COMMANDS): number {
    switch (file) {
      case 'system':
        return FD.KVM;
      case 'VM':
        return FD.VM + this.random.below(this.#machines);
      case 'vCPU':
        return FD.VCPU + this.random.below(this.#vcpus);
    }
  }

  #storeInRunPage(list: number, n: number): CallsStep {
    const { random } = this;
    const [offset, value] = random.pick<readonly [number, Hex]>([
      [0, hex(BigInt(random.below(2)) << 48n)], // immediate_exit
      [VALID_REGS, hex(random.below(0x2000))],
      [DIRTY_REGS, hex(random.below(0x2000))],
      [DIRTY_REGS, hex(1 << random.below(14))],
      [REGS, guestAddress(this)],
      [REGS + random.below((SIZE - REGS) / 8) * 8, this.number()],
      [REGS + random.below(50) * 8, guestAddress(this)],
      [random.below(PAGE / 8) * 8, this.number()],
    ]);
    return stored(list, AT.RUN + n * AT.RUN_SIZE + offset, value);
  }

  #storeInDescription(list: number, n: number): CallsStep {
    const { random } = this;
    const offset = random.oneIn(2) ? random.pick(SIE_FIELDS) : random.below(DESCRIPTION_SIZE - 8);
    const value = random.pick<Hex>([
      this.number(),
      guestAddress(this),
      this.pointer(),
      hex(1n << BigInt(random.below(64))),
      hex((BigInt(random.next()) << 32n) | BigInt(random.next())),
      '0x0',
    ]);
    return stored(list, AT.RUN + n * AT.RUN_SIZE + DESCRIPTION + offset, value);
  }

  /** Changes the mappings behind guests. */
  #changeMemory(list: number): CallsStep[] {
    const { random } = this;
    const at = hex(AT.GUEST + random.below(3) * MIB + random.below(4) * PAGE * random.below(2));
    const size = hex(random.pick([PAGE, PAGE, 4 * PAGE, MIB, AT.GUEST_SIZE]));
    const anonymous = MAP.ANONYMOUS | MAP.PRIVATE;
    const call = (name: string, ...args: Value[]): CallsStep => ({ do: 'call', list, call: name, args });
    return [
      random.pick([
        call('munmap', at, size),
        call('mprotect', at, size, hex(random.pick([0, 1, 3, 3, 7]))),
        call('madvise', at, size, hex(random.pick(Object.values(MADV)))),
        call('mremap', at, size, hex(PAGE * random.below(600)), hex(random.below(4)), hex(AT.GUEST + MIB)),
        { ...this.#memory(random.below(3) * MIB, MAP.FIXED | anonymous), list },
        call('mmap', { data: [at, size, '0x3', hex(MAP.FIXED | MAP.SHARED), hex(this.fd()), '0x0'] }),
        { ...call('fork'), child: 1 + random.below(3) } as CallsStep,
        call('mlock', at, size),
      ]),
    ];
  }

  /** Closes, copies or makes a file. */
  #replaceFile(list: number, n: number): CallsStep[] {
    const { random } = this;
    const fd = random.pick(DESCRIPTORS);
    const vm = random.below(this.#machines);
    const steps = random.pick<() => CallsStep[]>([
      () => [made('close', [hex(fd)])],
      () => [made('dup2', [hex(fd), hex(random.pick(DESCRIPTORS))])],
      () => kept(FD.OTHER, 'ioctl', [hex(fd), hex(KVM.GET_STATS_FD), '0x0']),
      () => [made('read', [hex(FD.OTHER), hex(AT.GUEST + MIB), this.size()])],
      () => kept(FD.VM + vm, 'ioctl', [hex(FD.KVM), hex(KVM.CREATE_VM), hex(random.below(2))]),
      () => this.#vcpu(n, random.oneIn(2), vm),
      () => kept(FD.KVM, 'open', [{ text: '/dev/kvm' }, hex(O.RDWR), '0x0']),
    ])();
    return steps.map((step) => ({ ...step, list }));
  }
}

/** Writes to the memory behind guests, however it is protected. */
function written(offset: number, digits: string): CallsStep {
  const [length, at] = [hex(digits.length / 2), hex(AT.GUEST + offset)];
  return made('pwrite64', [hex(CALLS_FD.OWN_MEMORY), { data: [{ bytes: digits }] }, length, at]);
}

function stored(list: number, at: number, value: Hex): CallsStep {
  return { do: 'store', list, at: hex(at), value };
}
