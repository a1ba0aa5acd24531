/** A guest of 1 MiB on a processor in real space, for tests of interpretive execution. */

import { CPU_FLAG, type Cpu, interpret, LOWCORE, Machine, SIE, type SieExit } from '../index.ts';
import { code, MASK, psw } from './code.ts';

/** Absolute address of the state description. */
export const DESCRIPTION = 0x2000;
/** Absolute address of guest absolute 0. */
export const ORIGIN = 0x10_0000;
export const GUEST_SIZE = 0x10_0000;
/** Guest address of the program. */
export const START = 0x1000;
/** Guest address of a disabled-wait PSW, which ends the program. */
export const DONE = 0x700;
/** An address-space-control element that makes virtual addresses real ones. */
export const REAL_SPACE = 0x20n;

export let machine: Machine;
export let cpu: Cpu;

/** Makes the machine anew, with the guest ready to start. Call it before each test. */
export function resetGuest(): void {
  machine = new Machine({ storageSize: 4 << 20 });
  cpu = machine.cpu(0);
  cpu.setControl(1, REAL_SPACE);
  set32(SIE.CPU_FLAGS, CPU_FLAG.ZARCH);
  set64(SIE.STORAGE_ORIGIN, BigInt(ORIGIN));
  set64(SIE.STORAGE_LIMIT, BigInt(ORIGIN));
  set64(SIE.CONTROL_REGISTERS, 0xe0n);
  setPsw(MASK.PLAIN, START);
  guestWrite(DONE, psw(MASK.DISABLED_WAIT, 0));
  guestWrite(LOWCORE.PROGRAM_NEW_PSW, psw(MASK.DISABLED_WAIT, 0xbad));
}

// Fields of the state description.
export const set32 = (field: number, value: number) => machine.storage.set32(DESCRIPTION + field, value);
export const set64 = (field: number, value: bigint) => machine.storage.set64(DESCRIPTION + field, value);
export const get16 = (field: number) => machine.storage.get16(DESCRIPTION + field);
export const get32 = (field: number) => machine.storage.get32(DESCRIPTION + field);
export const get64 = (field: number) => machine.storage.get64(DESCRIPTION + field);
/** Sets the guest's PSW. */
export function setPsw(mask: bigint, address: bigint | number): void {
  set64(SIE.PSW, mask);
  set64(SIE.PSW + 8, BigInt(address));
}

/** Stores bytes at a guest absolute address. */
export const guestWrite = (address: number, data: Uint8Array) =>
  machine.storage.write(ORIGIN + address, data);
/** Puts instructions at START. */
export const program = (...instructions: number[][]) => guestWrite(START, code(...instructions));
/** Interprets the guest. */
export const run = (limit = 1000): SieExit => interpret(cpu, DESCRIPTION, limit);
