/** Compares the states of two machines: all that a program, or a host, can see of them. */

import { type Cpu, KEY_CHANGED, type Machine } from '../../machine/index.ts';
import { text } from './world.ts';

/** Returns the first difference of a machine from another that is right, or null. */
export function differenceOf(machine: Machine, right: Machine): string | null {
  for (const [n, cpu] of machine.cpus.entries()) {
    const found = cpuDifference(cpu, right.cpus[n] as Cpu);
    if (found !== null) return `processor ${n}: ${found}`;
  }
  if (machine.clock.tod !== right.clock.tod) {
    return `the clock is ${machine.clock.tod}, not ${right.clock.tod}`;
  }
  return storageDifference(machine, right) ?? staleChange(machine);
}

function storageDifference({ storage }: Machine, { storage: right }: Machine): string | null {
  const words = new Int32Array(storage.bytes.buffer, 0, storage.size / 4);
  const others = new Int32Array(right.bytes.buffer, 0, right.size / 4);
  for (let i = 0; i < words.length; i++) {
    if (words[i] === others[i]) continue;
    const hex = ({ get32 }: typeof storage, at: typeof storage) => get32.call(at, i * 4).toString(16);
    return `storage at 0x${(i * 4).toString(16)} is ${hex(storage, storage)}, not ${hex(right, right)}`;
  }
  for (let i = 0; i < storage.keys.length; i++) {
    if (storage.keys[i] === right.keys[i]) continue;
    return `the key of page 0x${i.toString(16)} is ${storage.keys[i]}, not ${right.keys[i]}`;
  }
  return null;
}

function cpuDifference(cpu: Cpu, right: Cpu): string | null {
  for (const [name, of] of FIELDS) {
    const [value, other] = [of(cpu), of(right)];
    if (value !== other) return `${name} is ${hexOf(value)}, not ${hexOf(other)}`;
  }
  for (const [name, of] of REGISTERS) {
    const [values, others] = [of(cpu), of(right)];
    for (let i = 0; i < values.length; i++) {
      if (values[i] === others[i]) continue;
      return `${name} ${i} is ${hexOf(values[i])}, not ${hexOf(others[i])}`;
    }
  }
  return (
    tlbDifference('TLB', cpu.tlb, right.tlb) ?? tlbDifference("guest's TLB", cpu.guestTlb, right.guestTlb)
  );
}

type Value = bigint | number | string | boolean;

/** The PSW and the condition code come first: they say most. */
const FIELDS: readonly (readonly [name: string, of: (cpu: Cpu) => Value])[] = [
  ['the number of units of work', (cpu) => cpu.executed],
  ['the PSW', (cpu) => (cpu.pswMask << 64n) | cpu.pswAddress],
  ['the breaking-event address', (cpu) => (BigInt(cpu.breakingHi) << 32n) | BigInt(cpu.breakingLo)],
  ['the floating-point-control register', (cpu) => cpu.fpc],
  ['the prefix', (cpu) => cpu.prefix],
  ['the TOD programmable field', (cpu) => cpu.todProgrammable],
  ['the clock comparator', (cpu) => cpu.clockComparator],
  ['the CPU timer', (cpu) => cpu.timer],
  ['the TOD clock', (cpu) => cpu.tod],
  ['the program parameter', (cpu) => cpu.programParameter],
  ['the number of the last interception', (cpu) => cpu.interceptedAt],
  ['program interruptions in a row', (cpu) => cpu.programInterruptions],
  ['the stopped state', (cpu) => `${cpu.stopped} ${cpu.stopping}`],
  ['the pending interruptions', (cpu) => `${text(cpu.pending)} ${cpu.restartPending}`],
  ['the event indication', (cpu) => text(cpu.eventIndication)],
];

type Values = BigUint64Array | Uint32Array;

const REGISTERS: readonly (readonly [name: string, of: (cpu: Cpu) => Values])[] = [
  ['general register', (cpu) => cpu.gr],
  ['floating-point register', (cpu) => cpu.fr],
  ['access register', (cpu) => cpu.ar],
  ['control register', (cpu) => cpu.cr],
  ['guarded-storage register', (cpu) => cpu.guarded],
];

function hexOf(value: Value | undefined): string {
  return typeof value === 'bigint' || typeof value === 'number' ? `0x${value.toString(16)}` : `${value}`;
}

function tlbDifference(name: string, tlb: Cpu['tlb'], right: Cpu['tlb']): string | null {
  if (tlb.hits !== right.hits) return `${name}: ${tlb.hits} hits, not ${right.hits}`;
  if (tlb.misses !== right.misses) return `${name}: ${tlb.misses} misses, not ${right.misses}`;
  for (let slot = 0; slot < tlb.pages.length; slot++) {
    const page = tlb.pages[slot] as number;
    if (page !== right.pages[slot]) return `${name}: slot ${slot} has page ${page}, not ${right.pages[slot]}`;
    if (page < 0) continue;
    for (const part of ['asceHi', 'asceLo', 'frames', 'keys', 'tables', 'protect', 'noExecute'] as const) {
      if (tlb[part][slot] === right[part][slot]) continue;
      return `${name}: ${part} of page ${page} is ${tlb[part][slot]}, not ${right[part][slot]}`;
    }
  }
  return null;
}

/** An entry that says that a frame's change bit is on, while it is off. */
function staleChange({ cpus, storage }: Machine): string | null {
  for (const { tlb } of cpus) {
    for (let slot = 0; slot < tlb.pages.length; slot++) {
      const frame = tlb.frames[slot] as number;
      if ((tlb.pages[slot] as number) < 0 || tlb.changed[slot] === 0) continue;
      if ((storage.keys[frame] as number) & KEY_CHANGED) continue;
      return `TLB: slot ${slot} says that frame ${frame} is changed`;
    }
  }
  return null;
}
