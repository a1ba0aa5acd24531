/**
 * Random cases for the guests' fuzzer: programs of all instructions in random states, and actions of the host in between.
 */

import { PSW } from '../../machine/index.ts';
import type { FuzzCase } from '../fuzzer.ts';
import { Random } from '../random.ts';
import { execute, executeRelative, jump, randomInstruction } from './encode.ts';
import { AT, HOME, MEMORY, MIB, PAGES, SLOTS } from './layout.ts';
import type { GuestSetup, GuestStep, Hex, HostStep, RunStep } from './steps.ts';

const STEPS = 60;
/** Guest absolute addresses of most programs. */
const CODE = 0x1_2600;
/** Steps after which a guest may be unable to continue. */
const BREAKING: ReadonlySet<string> = new Set([
  'munmap',
  'mmap',
  'mprotect',
  'dontneed',
  'mremap',
  'discard',
  'slot',
  'store',
]);
const OFFSETS = [0, 0, 8, 0x7f8, 0xf00, 0xff8, 0xffe, 0xfff] as const;
const LENGTHS = [0, 1, 2, 7, 8, 255, 256, 257, 4095, 4096, 4097, 0x10_0000, 0xff_ffff] as const;
const HIGH = [0x8000_0000n, 0x1_0000_0000n, 0x400_0000_0000n, 0x8000_0000_0000_0000n, -4096n, -1n] as const;
const LIMITS = [1, 2, 3, 5, 10, 20, 50, 100, 100, 200, 1000] as const;

const ADDRESSING = [0n, 0x8000_0000n, 0x1_8000_0000n, 0x1_8000_0000n, 0x1_8000_0000n] as const;
/** Bits of control register 0 that are varied: low-address protection, EDAT, overrides, AFP, subclasses. */
const CONTROL_0 = [
  0x1000_0000n,
  0x80_0000n,
  0x80_0000n,
  0x200_0000n,
  0x100_0000n,
  0x4_0000n,
  0x4000n,
  0x2000n,
  0x800n,
  0x400n,
  0x200n,
] as const;

/** Generates the case of a seed. */
export function generateGuests(seed: number): FuzzCase<GuestSetup, GuestStep> {
  const random = new Random(seed);
  const setup: GuestSetup = {
    seed: random.next(),
    vcpus: 1 + random.below(2),
    large: random.oneIn(6),
    keys: random.oneIn(3),
    log: random.oneIn(4),
    scarce: random.oneIn(8) ? 8 + random.below(120) : 0,
    checkEvery: random.pick([1, 5, 20]),
  };
  const generator = new GuestGenerator(random, setup);
  return { setup, steps: Array.from({ length: STEPS }, () => generator.step()) };
}

/** Returns a 64-bit value in the form of the steps. */
export function hex64(value: bigint): Hex {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

class GuestGenerator {
  readonly #random: Random;
  readonly #vcpus: number;
  /** The virtual machine that an earlier step may have left without memory or ended, and the step that restores it. */
  readonly #broken = new Map<number, 'create' | 'refresh'>();

  constructor(random: Random, { vcpus }: GuestSetup) {
    this.#random = random;
    this.#vcpus = vcpus;
  }

  step(): GuestStep {
    const [broken] = this.#broken;
    if (broken && this.#random.oneIn(2)) {
      this.#broken.delete(broken[0]);
      return { do: broken[1], vm: broken[0] };
    }
    const step = this.#random.oneIn(4) ? this.#host() : this.#run();
    if (step.do === 'destroy' || step.do === 'end') this.#broken.set(step.vm, 'create');
    else if (BREAKING.has(step.do) && 'vm' in step && !this.#broken.has(step.vm))
      this.#broken.set(step.vm, 'refresh');
    return step;
  }

  #run(): RunStep {
    const random = this.#random;
    const of = { do: 'run', ...this.#of(), cpu: random.below(2), limit: random.pick(LIMITS) } as const;
    if (random.oneIn(6)) return of;
    const at = this.#codeAddress();
    const start = random.oneIn(12) ? this.#address() : BigInt(at);
    return {
      ...of,
      at,
      ...this.#programAndRegisters(at),
      ...(random.oneIn(2) ? { cr: this.#controls() } : {}),
      psw: [hex64(this.#pswMask()), hex64(start)],
      ...(random.oneIn(8) ? { prefix: this.#prefix() } : {}),
    };
  }

  #of() {
    const random = this.#random;
    return { vm: random.below(2), vcpu: random.below(this.#vcpus) };
  }

  /** Generates a program, which may EXECUTE one of its own instructions, and general registers. */
  #programAndRegisters(at: number): { code: string[]; gr: Record<string, Hex> } {
    const random = this.#random;
    const code = this.#program();
    const gr = this.#registers(random.oneIn(3) ? 4 : 16, () => this.#value());
    if (random.oneIn(6)) {
      const base = 1 + random.below(15);
      gr[base] = hex64(BigInt(at + 4 + 2 * random.below(12)));
      code.unshift(execute(random.below(16), base));
    }
    return { code, gr };
  }

  #program(): string[] {
    const random = this.#random;
    const length = 1 + random.below(random.oneIn(3) ? 30 : 8);
    const code = Array.from({ length }, () => randomInstruction(random));
    if (random.oneIn(5))
      code.splice(random.below(length), 0, executeRelative(random.below(16), 3 + random.below(6)));
    if (!random.oneIn(6)) code.push(jump(-code.join('').length >> 2));
    return code;
  }

  #codeAddress(): number {
    const random = this.#random;
    if (random.oneIn(2)) return CODE;
    return (
      random.pick([0x12, 0xff, 0x100, 0x1ff, 0x301, 2]) * 4096 +
      random.pick([0x600, 0, 0xff0, 0xffa, 0xffc, 0xffe])
    );
  }

  #prefix(): number {
    return this.#random.pick([
      0,
      0x2000,
      0x4000,
      0x4_0000,
      MIB - 0x2000,
      2 * MIB - 0x2000,
      2 * MIB,
      0x7fff_e000,
    ]);
  }

  #pswMask(): bigint {
    const random = this.#random;
    let mask = random.pick(ADDRESSING);
    if (random.oneIn(2)) mask |= PSW.DAT | (BigInt(random.pick([0, 0, 0, 2, 3, 1])) << 46n);
    if (random.oneIn(3)) mask |= BigInt(random.below(16)) << 52n;
    if (random.oneIn(5)) mask |= PSW.PROBLEM;
    if (random.oneIn(8)) mask |= PSW.EXTERNAL;
    if (random.oneIn(30)) mask |= PSW.WAIT;
    mask |= BigInt(random.below(64)) << 40n;
    return random.oneIn(40) ? mask ^ (1n << BigInt(random.below(64))) : mask;
  }

  #controls(): Record<string, Hex> {
    const random = this.#random;
    const controls: Record<string, Hex> = { 0: hex64(this.#controlZero()) };
    for (const n of [1, 7, 13]) if (random.oneIn(2)) controls[n] = hex64(this.#asce());
    if (random.oneIn(3)) controls[3] = hex64(BigInt(random.next()) << 16n);
    if (random.oneIn(6)) controls[random.below(16)] = hex64(this.#value());
    return controls;
  }

  #controlZero(): bigint {
    const random = this.#random;
    let value = 0xe0n;
    for (const bit of CONTROL_0) if (random.oneIn(3)) value |= bit;
    return random.oneIn(20) ? value ^ (1n << BigInt(random.below(64))) : value;
  }

  #asce(): bigint {
    const random = this.#random;
    const bits = BigInt(random.pick([0, 0, 0x100, 0x80, 0x40, 0x200]));
    switch (random.below(8)) {
      case 0:
        return BigInt(AT.REGION_THIRD) | 7n | bits;
      case 1:
        return 0x20n | (this.#address() & ~0xfffn);
      case 2:
        return this.#address();
      default:
        return BigInt(AT.SEGMENT) | 3n | bits;
    }
  }

  #registers(count: number, value: () => bigint): Record<string, Hex> {
    const registers: Record<string, Hex> = {};
    for (let i = 0; i < count; i++) registers[count === 16 ? i : this.#random.below(16)] = hex64(value());
    return registers;
  }

  #value(): bigint {
    const random = this.#random;
    switch (random.below(8)) {
      case 0:
        return BigInt(random.pick(LENGTHS));
      case 1:
        return (BigInt(random.next()) << 32n) | BigInt(random.next());
      default:
        return this.#address();
    }
  }

  #address(): bigint {
    const random = this.#random;
    if (random.oneIn(12)) return BigInt(CODE + 2 * random.below(40));
    const page = random.oneIn(6) ? random.below(0x410) : random.pick(PAGES);
    const offset = random.oneIn(4) ? random.below(4096) : random.pick(OFFSETS);
    const address = BigInt(page * 4096 + offset);
    return random.oneIn(12) ? address + random.pick(HIGH) : address;
  }

  #host(): HostStep {
    const random = this.#random;
    const vm = random.below(2);
    const of = { vm, vcpu: random.below(this.#vcpus) };
    switch (random.below(30)) {
      case 0:
        return { do: 'munmap', vm, ...this.#pages() };
      case 1:
      case 2:
        return {
          do: 'mmap',
          vm,
          ...this.#pages(),
          protection: random.pick([3, 3, 3, 1, 0, 7]),
          ...(random.oneIn(4) ? { large: true } : {}),
        };
      case 3:
      case 4:
        return { do: 'mprotect', vm, ...this.#pages(), protection: random.pick([3, 1, 0]) };
      case 5:
        return { do: 'dontneed', vm, ...this.#pages() };
      case 6:
        return { do: 'mremap', vm, ...this.#pages(), to: this.#page(), newPages: 1 + random.below(300) };
      case 7: {
        const from = this.#address() & ~0xfffn;
        return {
          do: 'discard',
          vm,
          from: hex64(from),
          to: hex64(from + BigInt(random.pick([0, 1, 2, 256, 512])) * 4096n),
        };
      }
      case 8:
      case 9:
        return this.#slot(vm);
      case 10:
        return { do: 'setkey', vm, page: this.#guestPage(), key: random.below(128) * 2 };
      case 11:
        return { do: 'watch', vm, page: this.#guestPage() };
      case 12:
        return { do: 'dirty', vm, slot: random.below(4) };
      case 13:
        return { do: 'fork', vm };
      case 14:
        return { do: random.pick(['endchild', 'enablekeys', 'subsystem']), vm };
      case 15:
        return { do: random.pick(['destroy', 'end']), vm };
      case 16:
        return { do: 'refresh', vm };
      case 17:
      case 18:
        return { do: 'create', vm };
      case 19:
        return { do: 'reset', ...of, kind: random.pick(['cpu', 'initial', 'clear']) };
      case 20:
        return { do: random.pick(['restart', 'stop', 'stopstore', 'start']), ...of };
      case 21:
        return {
          do: 'signal',
          ...of,
          what: random.pick(['emergency', 'call', 'service']),
          value: random.pick([0, 1, 0xffff, 0x3_0000, 0xffff_ffff]),
        };
      case 22:
        return { do: 'refuse', ...of, code: random.pick([1, 2, 4, 5, 6, 0x40, 0xffff]) };
      case 23:
        return { do: 'operand', ...of, address: hex64(this.#address()), length: 1 + random.below(4096) };
      case 24:
        return { do: 'storestatus', ...of, at: Number(this.#address() & 0xf_ffff_ffffn) };
      case 25:
        return { do: 'fail', count: 1 + random.below(6) };
      case 26:
        return { do: 'clock', by: hex64(BigInt(random.pick([1, 4096, 2 ** 31, 2 ** 50]))) };
      case 27:
        return { do: 'touch', vm, page: this.#page(), write: random.oneIn(2) };
      default:
        return this.#store(vm);
    }
  }

  /** Returns a page of guest memory, counted from `HOME`. */
  #page(): number {
    const random = this.#random;
    if (random.oneIn(3)) return random.below(MEMORY >> 12);
    return random.pick([0, 1, 2, 0x10, 0x12, 0x20, 0x28, 0x40, 0xff, 0x100, 0x1ff, 0x200, 0x2ff]);
  }

  #guestPage(): number {
    return this.#random.pick(PAGES);
  }

  /** Returns a range of pages in guest memory, mostly a short one or whole segments. */
  #pages(): { page: number; pages: number } {
    const random = this.#random;
    if (random.oneIn(4)) return { page: random.below(3) * 256, pages: 256 };
    const page = this.#page();
    return { page, pages: Math.min(random.pick([1, 1, 2, 16, 300]), (MEMORY >> 12) - page) };
  }

  #slot(vm: number): HostStep {
    const random = this.#random;
    const slot = random.below(4);
    const usual = SLOTS[slot] ?? { guest: 5 * MIB, offset: 0 };
    const moved = random.oneIn(3);
    return {
      do: 'slot',
      vm,
      slot,
      guest: moved ? random.pick([0, 2 * MIB, 4 * MIB, 5 * MIB, 0x7ff0_0000, HOME]) : usual.guest,
      offset: random.oneIn(6) ? random.below(3) * MIB : usual.offset,
      length: random.oneIn(3) ? 0 : MIB,
      log: random.oneIn(3),
    };
  }

  /** Stores table entries or other data into the guest's tables and code. */
  #store(vm: number): HostStep {
    const random = this.#random;
    const table = random.pick([
      AT.PAGE_TABLES,
      AT.PAGE_TABLES + 0x800,
      AT.SEGMENT,
      AT.REGION_THIRD,
      0x1a0,
      0x2c0,
      AT.SCCB,
    ]);
    const at = table + 8 * random.below(table >= AT.REGION_THIRD && table < AT.SCCB ? 256 : 8);
    const value = random.oneIn(4)
      ? this.#value()
      : (this.#address() & ~0xfffn) |
        BigInt(random.pick([0, 0x200, 0x400, 0x20, 4, 7, 0x10, 0x800, random.below(4096)]));
    return { do: 'store', vm, at, bytes: BigInt.asUintN(64, value).toString(16).padStart(16, '0') };
  }
}
