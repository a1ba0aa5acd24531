/** The registers of a virtual CPU by the numbers that GDB gives them. */

import type { Vcpu } from '../../host/index.ts';
import { S390X_REGISTER as R } from '../gdb/s390x.ts';

/** Bits of the floating-point-control register that are zero, and the code of the rounding mode in it. */
const FPC_ZERO = 0x0303_0088n;
const FPC_ROUNDING = 7n;
/** Codes of rounding modes that do not exist. */
const NO_ROUNDING = [4n, 5n, 6n];

/** Returns register `n`. Preconditions: the virtual CPU does not run. */
export function readRegister(vcpu: Vcpu, n: number): bigint {
  if (n === R.PSW_MASK) return vcpu.block.pswMask;
  if (n === R.PSW_ADDRESS) return vcpu.block.pswAddress;
  if (n < R.ACCESS) return vcpu.gr[n - R.GENERAL] as bigint;
  if (n < R.FPC) return BigInt(vcpu.ar[n - R.ACCESS] as number);
  if (n === R.FPC) return BigInt(vcpu.fpc);
  return n < R.CONTROL ? (vcpu.fr[n - R.FLOATING] as bigint) : vcpu.control(n - R.CONTROL);
}

/** Whether register `n` can have a value. */
export function takesValue(n: number, value: bigint): boolean {
  return n !== R.FPC || ((value & FPC_ZERO) === 0n && !NO_ROUNDING.includes(value & FPC_ROUNDING));
}

/** Sets register `n`. Preconditions: the virtual CPU does not run, and the register can have the value. */
export function writeRegister(vcpu: Vcpu, n: number, value: bigint): void {
  if (n === R.PSW_MASK) vcpu.setPsw(value, vcpu.block.pswAddress);
  else if (n === R.PSW_ADDRESS) vcpu.setPsw(vcpu.block.pswMask, value);
  else if (n < R.ACCESS) vcpu.gr[n - R.GENERAL] = value;
  else if (n < R.FPC) vcpu.ar[n - R.ACCESS] = Number(value);
  else if (n === R.FPC) vcpu.fpc = Number(value);
  else if (n < R.CONTROL) vcpu.fr[n - R.FLOATING] = value;
  else {
    vcpu.setControl(n - R.CONTROL, value);
    // Translations may depend on it.
    vcpu.forgetTranslations();
  }
}
