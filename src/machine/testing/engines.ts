/** Two processors that must do the same: one interprets, the other compiles what is executed twice. */

import type { Cpu } from '../engine/cpu.ts';
import type { MachineOptions } from '../machine.ts';
import { bare, CODE, MODE_64, put } from './bare.ts';

/** A pair of processors. */
export class Engines {
  readonly interpreted: Cpu;
  readonly compiled: Cpu;

  constructor(options: MachineOptions = {}) {
    this.interpreted = bare({ ...options, engine: 'interpret' });
    this.compiled = bare({ ...options, engine: 'compile' });
  }

  /** Does something to both. */
  both(change: (cpu: Cpu) => void): void {
    change(this.interpreted);
    change(this.compiled);
  }

  /** Makes both begin a program, in hexadecimal. */
  begin(hex: string, mask = MODE_64): void {
    this.both((cpu) => {
      put(cpu, CODE, hex);
      cpu.setPsw(mask, BigInt(CODE));
    });
  }

  /** Runs both with each limit in turn. Returns what differs then: the compiled value and the right one. */
  differences(...limits: number[]): string[] {
    return limits.flatMap((limit, n) => {
      const ends = [this.compiled, this.interpreted].map((cpu) => ({
        stop: cpu.run(limit),
        ...stateOf(cpu),
      }));
      const [compiled, right] = ends.map((end) =>
        Object.entries(end).map(([name, value]) => [name, shown(value)]),
      );
      return (compiled ?? []).flatMap(([name, value], i) =>
        value === right?.[i]?.[1] ? [] : [`run ${n}, ${name}: ${value}, not ${right?.[i]?.[1]}`],
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
