/**
 * Three processors that must do the same: one interprets, one compiles what is executed twice, and one is right: it has an
 * observer, and so it fetches and decodes each instruction anew.
 */

import type { Observer } from '../cpu/observer.ts';
import type { Cpu } from '../engine/cpu.ts';
import type { MachineOptions } from '../machine.ts';
import { bare, CODE, MODE_64, put } from './bare.ts';

/** A size of storage in bytes, for programs that need `CODE` and `DATA` alone: each comparison sums up all of storage. */
export const SMALL = 0x4_0000;

/** Asks for nothing, but is called before each instruction. */
const OBSERVER: Observer = {
  before: () => false,
  accessed: null,
  stored: () => false,
  abandoned: () => undefined,
  ended: () => false,
};

/** The processors, each of a machine of its own. */
export class Engines {
  readonly right: Cpu;
  readonly interpreted: Cpu;
  readonly compiled: Cpu;

  constructor(options: MachineOptions = {}) {
    this.right = bare({ ...options, engine: 'interpret' });
    this.right.observer = OBSERVER;
    this.interpreted = bare({ ...options, engine: 'interpret' });
    this.compiled = bare({ ...options, engine: 'compile' });
  }

  /** Does something to all. */
  all(change: (cpu: Cpu) => void): void {
    change(this.right);
    change(this.interpreted);
    change(this.compiled);
  }

  /** Makes all begin a program, in hexadecimal. */
  begin(hex: string, mask = MODE_64): void {
    this.all((cpu) => {
      put(cpu, CODE, hex);
      cpu.setPsw(mask, BigInt(CODE));
    });
  }

  /** Runs all with each limit in turn. Returns what differs then from the right one: the value and the right value. */
  differences(...limits: number[]): string[] {
    return this.differencesOf((cpu, limit) => cpu.run(limit), ...limits);
  }

  /** As `differences`, with another way to run. */
  differencesOf(run: (cpu: Cpu, limit: number) => unknown, ...limits: number[]): string[] {
    const endOf = (cpu: Cpu, limit: number) => Object.entries({ stop: run(cpu, limit), ...stateOf(cpu) });
    return limits.flatMap((limit, n) => {
      const right = endOf(this.right, limit);
      return (['interpreted', 'compiled'] as const).flatMap((engine) =>
        endOf(this[engine], limit).flatMap(([name, value], i) => {
          const [is, expected] = [shown(value), shown(right[i]?.[1])];
          return is === expected ? [] : [`run ${n}, ${engine}, ${name}: ${is}, not ${expected}`];
        }),
      );
    });
  }
}

function shown(value: unknown): string {
  return JSON.stringify(value, (_, field) => (typeof field === 'bigint' ? `0x${field.toString(16)}` : field));
}

function stateOf(cpu: Cpu) {
  const { executed, pswMask, pswAddress, breakingHi, breakingLo, timer, tod, fpc } = cpu;
  return {
    ...{ executed, pswMask, pswAddress, breakingHi, breakingLo, timer, tod, fpc },
    gr: [...cpu.gr],
    fr: [...cpu.fr],
    lookups: [cpu.tlb.hits, cpu.tlb.misses, cpu.guestTlb.hits, cpu.guestTlb.misses],
    keys: cpu.storage.keys.reduce((sum, key, frame) => sum + key * (frame + 1), 0),
    storage: sumOf(cpu),
  };
}

/** A sum that depends on all of storage. */
function sumOf({ storage }: Cpu): number {
  const words = new Int32Array(storage.bytes.buffer, 0, storage.size / 4);
  let sum = 0;
  for (let i = 0; i < words.length; i++) sum = (Math.imul(sum, 31) + (words[i] as number)) | 0;
  return sum;
}
