/** A guest of a few instructions on a virtual machine, for tests of KVM. */

import { code, load, lpswe, MASK, psw } from '../../machine/testing/index.ts';
import type { Host } from '../host.ts';
import type { Exit, GuestCpuModel, Vcpu, VirtualMachine } from '../kvm/index.ts';
import type { Mm } from '../mm/index.ts';
import { makeHost } from './hosts.ts';

const MIB = 1n << 20n;
/** Guest addresses of the first virtual CPU's program, a page before the next one's, and of the PSW that ends programs. */
const START = 0x1_0000;
const DONE = 0x700;
/** Process address of guest address 0. */
export const GUEST_HOME = 0x1000_0000n;
/** Bytes of a test guest. */
export const GUEST_BYTES = 4n * MIB;

/** Options of a test guest. */
export interface TestGuestOptions {
  /** Whether its memory may have frames of 1 MiB. */
  readonly large?: boolean;
  /** Flags of its memory slot. */
  readonly flags?: number;
  /** What its virtual CPUs say they are; default what the machine has. */
  readonly model?: GuestCpuModel;
  /** Virtual CPUs; default 1. */
  readonly vcpus?: number;
}

/** A guest of 4 MiB in slot 0, on a host of 64 MiB. */
export class TestGuest {
  readonly host: Host;
  readonly mm: Mm;
  readonly vm: VirtualMachine;
  readonly vcpu: Vcpu;
  /** Wrong uses of locks. */
  readonly problems: readonly string[];

  constructor({ large = false, flags = 0, vcpus = 1, model }: TestGuestOptions = {}) {
    const { host, problems } = makeHost({ storageSize: 0x400_0000 });
    this.host = host;
    this.problems = problems;
    this.mm = host.createMm();
    this.mm.mmap({ address: GUEST_HOME, length: GUEST_BYTES, large });
    this.vm = host.createVm(this.mm);
    this.slot(flags);
    if (model !== undefined) this.vm.cpuModel = model;
    this.vcpu = this.vm.createVcpu();
    for (let n = 1; n < vcpus; n++) this.vm.createVcpu();
  }

  /** Makes or changes slot 0: all memory of the guest, at guest address `at`. */
  slot(flags: number, at = 0n): void {
    const userspaceAddr = GUEST_HOME;
    this.vm.setMemoryRegion({ slot: 0, flags, guestPhysAddr: at, memorySize: GUEST_BYTES, userspaceAddr });
  }

  /** Stores a program, which ends in a disabled wait, and sets the PSW of a virtual CPU to its start. */
  program(instructions: readonly number[][], vcpu = this.vcpu): void {
    const start = BigInt(START + vcpu.id * 4096);
    this.vm.writeGuest(BigInt(vcpu.block.prefix + DONE), psw(MASK.DISABLED_WAIT, 0));
    this.vm.writeGuest(start, code(...instructions, lpswe(DONE)));
    vcpu.setPsw(MASK.PLAIN, start);
  }

  /** Runs a virtual CPU until an exit. */
  run(vcpu = this.vcpu, limit = 100_000): Exit {
    return vcpu.run(this.host.machine.cpu(vcpu.id), limit);
  }

  /** Runs instructions with the address of `page` in register 2. Returns register 1. */
  on(page: number, ...instructions: number[][]): bigint {
    this.program([load(2, page * 4096), ...instructions]);
    const exit = this.run();
    if (exit.reason !== 'KVM_EXIT_S390_SIEIC' || this.vcpu.block.pswAddress !== 0n) {
      throw new Error(
        `the program ended with ${exit.reason} at 0x${this.vcpu.block.pswAddress.toString(16)}`,
      );
    }
    return this.vcpu.gr[1] as bigint;
  }

  /** Returns the process address behind a guest page. */
  processAddress(page: number): bigint {
    return GUEST_HOME + BigInt(page) * 4096n;
  }
}
