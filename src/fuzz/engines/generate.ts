/** Random cases: programs, the states that they start in, and what the host does between their runs. */

import type { FuzzCase } from '../fuzzer.ts';
import { Random } from '../random.ts';
import {
  AT,
  CODE_PAGES,
  DATA_PAGES,
  MIB,
  OTHER_NAME,
  PAGE_SIZE,
  PSW_COUNT,
  SPECIAL_PAGES,
} from './layout.ts';
import { plainPointer, pointer, randomProgram } from './program.ts';
import type { EngineSetup, EngineStep, Hex, Program } from './steps.ts';

/** Runs in a case. */
const RUNS = 24;

const BITS_64 = 0x1_8000_0000n;
const BITS_31 = 0x8000_0000n;
const bit = (n: number) => 1n << BigInt(63 - n);
const PSW_DAT = bit(5);
const PSW_EXTERNAL = bit(7);
const PSW_PROBLEM = bit(15);
const PSW_HOME = bit(16) | bit(17);
const PSW_SECONDARY = bit(16);

/** Control register 0: initial; AFP registers, enhanced DAT; clock comparator, CPU timer, emergency signal. */
const CR0 = 0x00e0n | 0x84_0000n;
const CR0_CLOCKS = 0x4c00n;

/** Generates the case of a seed. */
export function generateEngines(seed: number): FuzzCase<EngineSetup, EngineStep> {
  const random = new Random(seed);
  const setup: EngineSetup = {
    seed: random.next(),
    cpus: random.oneIn(3) ? 2 : 1,
    guests: random.oneIn(3),
    interceptions: random.oneIn(3) ? random.next() & 0x00ff_fffe : random.oneIn(2) ? 0x2000_0000 : 0,
  };
  return { setup, steps: [...new CaseWriter(random, setup).steps()] };
}

class CaseWriter {
  readonly #random: Random;
  readonly #setup: EngineSetup;
  /** Addresses of labels, for each MiB. */
  readonly #labels: number[][] = [[], []];

  constructor(random: Random, setup: EngineSetup) {
    this.#random = random;
    this.#setup = setup;
  }

  *steps(): Generator<EngineStep> {
    const random = this.#random;
    const { cpus, guests } = this.#setup;
    yield* this.#code(0);
    if (guests) yield* this.#code(1);
    const programs: readonly Program[] = guests ? ['guest 0', 'guest 0', 'guest 1', 'host'] : ['host'];
    for (const program of new Set(programs)) {
      for (let cpu = 0; cpu < cpus; cpu++)
        if (cpu === 0 || program === 'host') yield this.#start(cpu, program);
    }
    let program = programs[0] as Program;
    let cpu = 0;
    for (let run = 0; run < RUNS; run++) {
      if (random.oneIn(4)) program = random.pick(programs);
      if (random.oneIn(3)) cpu = random.below(cpus);
      if (random.oneIn(7)) yield this.#start(cpu, program);
      if (random.oneIn(3)) yield* this.#between(cpu, program);
      yield { do: 'run', cpu, program, limit: this.#limit() };
    }
  }

  #limit(): number {
    const random = this.#random;
    return random.pick([1 + random.below(30), random.below(300) + 1, random.below(3000) + 1, 2000]);
  }

  /** A program in some page of code, and the PSWs that it loads. */
  *#code(mib: number): Generator<EngineStep> {
    const random = this.#random;
    const { code, labels } = randomProgram(random);
    const length = code.join('').length / 2;
    const most = CODE_PAGES * PAGE_SIZE - length;
    const end = PAGE_SIZE - random.below(0x200);
    const near = random.pick([0, end, end, random.below(PAGE_SIZE)]);
    const at = AT.CODE + (Math.max(0, Math.min(near, most)) & ~7);
    const base = mib * MIB;
    this.#labels[mib] = labels.map((label) => at + label);
    yield { do: 'code', at: base + at, code };
    for (let i = 0; i < PSW_COUNT; i++) {
      const words = hex16(this.#mask()) + hex16(this.#label(mib));
      yield { do: 'store', at: base + AT.PSWS + i * 16, bytes: words };
    }
  }

  #label(mib: number): bigint {
    return BigInt(this.#random.pick(this.#labels[mib] as number[]));
  }

  /** The first half of a PSW. */
  #mask(): bigint {
    const random = this.#random;
    let mask = random.oneIn(12) ? BITS_31 : BITS_64;
    if (random.oneIn(2)) mask |= PSW_DAT;
    if (random.oneIn(2)) mask |= PSW_EXTERNAL;
    if (random.oneIn(8)) mask |= PSW_PROBLEM;
    if (random.oneIn(5)) mask |= PSW_HOME;
    else if (random.oneIn(8)) mask |= random.oneIn(2) ? PSW_SECONDARY : bit(17);
    if (random.oneIn(12)) mask |= BigInt(random.below(16)) << 52n;
    if (random.oneIn(12)) mask |= BigInt(random.below(16)) << 40n;
    return mask | (BigInt(random.below(4)) << 44n);
  }

  #start(cpu: number, program: Program): EngineStep {
    const random = this.#random;
    const mib = program === 'host' ? 0 : 1;
    const asce = (origin: number) => hex(BigInt(origin) | (random.oneIn(8) ? 0x100n : 0n));
    let cr0 = CR0 | (random.oneIn(2) ? CR0_CLOCKS : 0n);
    if (random.oneIn(3)) cr0 |= 0x1000_0000n;
    if (random.oneIn(2)) cr0 |= 0x10_0000n;
    if (random.oneIn(2)) cr0 |= 0x400_0000n;
    // Without the AFP-register control, many registers are exceptions.
    if (random.oneIn(6)) cr0 &= ~0x4_0000n;
    const cr: Record<string, Hex> = {
      0: hex(cr0),
      1:
        program !== 'host' || this.#setup.guests || !random.oneIn(6)
          ? asce(AT.SEGMENT_A)
          : asce(AT.SEGMENT_B),
      7: asce(AT.SEGMENT_B),
      13: asce(random.oneIn(4) ? AT.SEGMENT_A : AT.SEGMENT_B),
    };
    if (random.oneIn(30)) cr[12] = hex((1n << 63n) | BigInt(AT.DATA));
    if (random.oneIn(30)) cr[9] = hex(BigInt(random.next()) & 0xff80_0000n);
    const mask = this.#mask() | (random.oneIn(40) ? bit(1) : 0n);
    const name = mask & PSW_DAT && random.oneIn(6) ? BigInt(OTHER_NAME) : 0n;
    return {
      do: 'start',
      cpu,
      program,
      mask: hex(mask),
      address: hex(name + (random.oneIn(3) ? this.#label(mib) : BigInt(this.#labels[mib]?.[0] ?? 0))),
      gr: Array.from({ length: 16 }, (_, r) => this.#register(r, mib)),
      fr: Array.from({ length: 16 }, () => hex(longNumber(random))),
      fpc: random.pick([0, 0x8_0000, 0x8_0000, 0x8_0000, 0xf8_0000, random.below(32) * 0x800_0000, 1, 2, 3]),
      cr,
      prefix: random.oneIn(3) ? AT.PREFIX : 0,
      report: program === 'host' && random.oneIn(8),
    };
  }

  #register(r: number, mib: number): Hex {
    const random = this.#random;
    if (r === 12 || r >= 14) return hex(this.#label(mib));
    if (r >= 8 && r <= 11) return hex(BigInt(random.oneIn(4) ? pointer(random) : plainPointer(random)));
    const any = (BigInt(random.next()) << 32n) | BigInt(random.next());
    return hex(
      random.pick([
        any,
        any,
        BigInt(random.below(100)),
        0n,
        -1n,
        1n << 63n,
        0x7fff_ffffn,
        any & 0xffff_ffffn,
      ]),
    );
  }

  /** What the host does between two runs. */
  *#between(cpu: number, program: Program): Generator<EngineStep> {
    const random = this.#random;
    const mib = program === 'host' ? 0 : 1;
    switch (random.below(8)) {
      case 0:
        yield* this.#code(mib);
        break;
      case 1: {
        const at = Number(this.#label(mib)) + random.below(64) + mib * MIB;
        yield { do: 'store', at, bytes: random.pick(['00', 'a7f4', '07fe', 'a70a0001', 'b904']) };
        break;
      }
      case 2:
        yield {
          do: 'purge',
          cpu,
          asce: random.pick([null, null, hex(BigInt(AT.SEGMENT_A)), hex(BigInt(AT.SEGMENT_B))]),
        };
        break;
      case 3:
        yield this.#entry();
        break;
      case 4: {
        const page = random.pick([
          AT.CODE >> 12,
          AT.DATA >> 12,
          (AT.DATA >> 12) + random.below(DATA_PAGES),
          0,
        ]);
        yield {
          do: 'key',
          page: page + mib * 256,
          key: random.pick([0, 6, 0x18, 0x36, random.below(256) & 0xfe]),
        };
        break;
      }
      case 5:
        if (random.oneIn(3)) yield { do: 'signal', cpu };
        break;
      default:
        yield {
          do: 'clock',
          cpu,
          program,
          comparator: random.below(8000) - 100,
          timer: random.oneIn(2) ? random.below(8000) - 100 : 1_000_000,
        };
    }
  }

  #entry(): EngineStep {
    const random = this.#random;
    const base = this.#setup.guests && random.oneIn(2) ? MIB : 0;
    const table = base + random.pick([AT.PAGES_A, AT.PAGES_A, AT.PAGES_OTHER, AT.PAGES_B]);
    const index = random.oneIn(3)
      ? random.pick([...SPECIAL_PAGES.keys()])
      : random.pick([AT.CODE, AT.DATA].map((at) => at >> 12)) + random.below(DATA_PAGES);
    const isCode = index < AT.DATA >> 12;
    const origin = this.#setup.guests && base === 0 && table === AT.PAGES_OTHER ? MIB : 0;
    const frame =
      (!isCode && random.oneIn(3) ? (AT.DATA >> 12) + random.below(DATA_PAGES) : index) * PAGE_SIZE + origin;
    return {
      do: 'entry',
      table,
      index,
      value: hex(BigInt(frame + random.pick(isCode ? [0, 0x100] : [0, 0, 0x200, 0x400]))),
    };
  }
}

/** Returns the bits of a number of the long BFP format, mostly near 1. */
export function longNumber(random: Random): bigint {
  const any = (BigInt(random.next()) << 32n) | BigInt(random.next());
  const sign = random.oneIn(2) ? 1n << 63n : 0n;
  const near = (BigInt(0x3ff - 6 + random.below(12)) << 52n) | (any & ((1n << 52n) - 1n));
  const whole = (0x400n << 52n) | (BigInt(random.below(16)) << 48n);
  const special = [
    0n,
    0x7ffn << 52n,
    (0x7ffn << 52n) | 1n,
    0x7ff8n << 48n,
    1n,
    any & ((1n << 52n) - 1n),
    any,
  ];
  return sign | random.pick([near, near, near, whole, random.pick(special)]);
}

function hex(value: bigint): Hex {
  return `0x${BigInt.asUintN(64, value).toString(16)}`;
}

function hex16(value: bigint): string {
  return value.toString(16).padStart(16, '0');
}
