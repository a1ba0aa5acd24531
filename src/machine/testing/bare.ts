/** Helpers of the processor's tests: a small machine, code in hexadecimal, one instruction at a time. */

import type { Stop } from '../cpu/stop.ts';
import type { Cpu } from '../engine/cpu.ts';
import { Machine, type MachineOptions } from '../machine.ts';

/** Absolute addresses at which tests put code and data. */
export const CODE = 0x1_0000;
export const DATA = 0x2_0000;

/** PSW bits 0 to 63 of the 64-bit addressing mode, and of the others. */
export const MODE_64 = 0x1_8000_0000n;
export const MODE_31 = 0x8000_0000n;
export const MODE_24 = 0n;

/** PSW bits. */
export const DAT = 0x0400_0000_0000_0000n;
export const IO = 0x0200_0000_0000_0000n;
export const EXTERNAL = 0x0100_0000_0000_0000n;
export const WAIT = 0x0002_0000_0000_0000n;
export const PROBLEM = 0x0001_0000_0000_0000n;

/** Returns the first processor of a machine of 2 MiB. It reports program interruptions and supervisor calls. */
export function bare(options: MachineOptions = {}): Cpu {
  const cpu = new Machine({ storageSize: 0x20_0000, tod: 1n << 60n, ...options }).cpu(0);
  cpu.interruptions = 'report';
  cpu.setControl(0, 0x4_00e0n);
  return cpu;
}

/** Stores bytes, given in hexadecimal with or without blanks, into absolute storage. */
export function put(cpu: Cpu, address: number, hex: string): void {
  const digits = hex.replaceAll(' ', '');
  const bytes = new Uint8Array(digits.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  cpu.storage.write(address, bytes);
}

/** Returns `length` bytes of absolute storage in hexadecimal. */
export function get(cpu: Cpu, address: number, length: number): string {
  return [...cpu.storage.read(address, length)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Executes `count` instructions of the code. */
export function execute(cpu: Cpu, hex: string, mask = MODE_64, count = 1): Stop {
  put(cpu, CODE, hex);
  cpu.setPsw(mask, BigInt(CODE));
  return cpu.run(count);
}

/** Executes one instruction. Returns the code of its program interruption, or 0 if there is none. */
export function exception(cpu: Cpu, hex: string, mask = MODE_64): number {
  const stop = execute(cpu, hex, mask);
  if (stop.reason !== 'interruption') return 0;
  return stop.interruption.class === 'program' ? stop.interruption.code : -1;
}
