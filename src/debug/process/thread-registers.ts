/** The registers of a thread by the numbers that GDB gives them. */

import type { Thread } from '../../host/task/internal.ts';
import { S390X_REGISTER as R } from '../gdb/s390x.ts';

/** What a program can change of the PSW mask: condition code and program mask. Linux: PSW_MASK_USER has the addressing mode, too. */
const MASK_BITS = 0x0000_3f00_0000_0000n;
/** Bits of the floating-point-control register that are zero, and the code of the rounding mode in it. */
const FPC_ZERO = 0x0303_0088n;
const FPC_ROUNDING = 7n;
/** Codes of rounding modes that do not exist. */
const NO_ROUNDING = [4n, 5n, 6n];
const HALF = 0xffff_ffffn;

/** Returns register `n`. Preconditions: the thread does not run. */
export function readRegister({ registers }: Thread, n: number): bigint {
  if (n === R.PSW_MASK) return registers.mask;
  if (n === R.PSW_ADDRESS) return (BigInt(registers.addressHi) << 32n) | BigInt(registers.addressLo);
  if (n < R.ACCESS) return registers.big(n - R.GENERAL);
  if (n < R.FPC) return BigInt(registers.ar[n - R.ACCESS] as number);
  return n === R.FPC ? BigInt(registers.fpc) : (registers.fr[n - R.FLOATING] as bigint);
}

/** Sets register `n`. Returns whether it takes the value. Preconditions: the thread does not run. */
export function writeRegister(thread: Thread, n: number, value: bigint): boolean {
  const { registers } = thread;
  if (n === R.PSW_MASK) return writeMask(thread, value);
  if (n === R.PSW_ADDRESS) return writeAddress(thread, value);
  if (n === R.FPC && ((value & FPC_ZERO) !== 0n || NO_ROUNDING.includes(value & FPC_ROUNDING))) return false;
  if (n < R.ACCESS) registers.setBig(n - R.GENERAL, value);
  else if (n < R.FPC) registers.ar[n - R.ACCESS] = Number(value);
  else if (n === R.FPC) registers.fpc = Number(value);
  else registers.fr[n - R.FLOATING] = value;
  return true;
}

function writeMask({ registers }: Thread, value: bigint): boolean {
  if (((value ^ registers.mask) & ~MASK_BITS) !== 0n) return false;
  registers.maskHi = Number(value >> 32n);
  registers.maskLo = Number(value & HALF);
  return true;
}

/** A thread that waits in a system call, or repeats one, goes on there and nowhere else. */
function writeAddress({ registers, blocking, interrupted }: Thread, value: bigint): boolean {
  if (blocking !== null || interrupted !== 0) return false;
  registers.addressHi = Number(value >> 32n);
  registers.addressLo = Number(value & HALF);
  return true;
}
