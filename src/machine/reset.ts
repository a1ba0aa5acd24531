/**
 * Resets: the parts of a CPU, and of the configuration, that each of them clears. Principles of Operation, chapter 4,
 * "Resets" and the table "Summary of Reset Actions". Processors and virtual CPUs use the same table.
 *
 * A clear reset also clears storage and storage keys. No program can ask for one here (DIAGNOSE 0x308 clears
 * registers only), so storage is not in the table.
 */

/** The resets of one CPU. */
export type CpuReset = 'cpu' | 'initial' | 'clear';

/** All resets: those of a CPU, and the subsystem reset, which acts on the configuration and on no CPU. */
export type Reset = CpuReset | 'subsystem';

/** The parts that a reset may clear. All but the last belong to one CPU; the last belongs to the configuration. */
export type ResetPart =
  /** Pending emergency signals, external call, restart and stop. */
  | 'local-interruptions'
  /** Prefetched instructions and translations: the TLB. */
  | 'tlb'
  /** The token of the host's page-fault handshake (DIAGNOSE 0x258); of virtual CPUs only. */
  | 'page-fault-handshake'
  | 'psw'
  | 'prefix'
  | 'cpu-timer'
  | 'clock-comparator'
  | 'tod-programmable'
  /** Set to their initial values: 0xe0 in control register 0, 0xc2000000 in 14, zeros in the others. */
  | 'control-registers'
  | 'fpc'
  /** Set to 1. */
  | 'breaking-event-address'
  | 'program-parameter'
  | 'guarded-storage'
  | 'access-registers'
  | 'general-registers'
  | 'floating-point-registers'
  /** Floating interruptions: the service signal. */
  | 'floating-interruptions';

/** The resets that clear (or initialize) each part. The other resets keep it. */
export const RESETS: Readonly<Record<ResetPart, readonly Reset[]>> = {
  'local-interruptions': ['cpu', 'initial', 'clear'],
  tlb: ['cpu', 'initial', 'clear'],
  'page-fault-handshake': ['cpu', 'initial', 'clear'],
  psw: ['initial', 'clear'],
  prefix: ['initial', 'clear'],
  'cpu-timer': ['initial', 'clear'],
  'clock-comparator': ['initial', 'clear'],
  'tod-programmable': ['initial', 'clear'],
  'control-registers': ['initial', 'clear'],
  fpc: ['initial', 'clear'],
  'breaking-event-address': ['initial', 'clear'],
  'program-parameter': ['initial', 'clear'],
  'guarded-storage': ['clear'],
  'access-registers': ['clear'],
  'general-registers': ['clear'],
  'floating-point-registers': ['clear'],
  'floating-interruptions': ['subsystem', 'clear'],
};

/** Returns the initial value of a control register. Principles of Operation, chapter 4, "Control Registers". */
export function initialControl(register: number): bigint {
  return register === 0 ? 0xe0n : register === 14 ? 0xc200_0000n : 0n;
}

/** Calls `clear` for every part that a reset clears, in the order of the table. */
export function eachCleared(reset: Reset, clear: (part: ResetPart) => void): void {
  for (const part of Object.keys(RESETS) as ResetPart[]) if (RESETS[part].includes(reset)) clear(part);
}
