/**
 * LOAD PSW of a guest. The host intercepts it while a machine check is pending that the guest's PSW masks off (Linux: kvm_s390_handle_lpsw,
 * handle_lpswe, handle_lpswey).
 */

import { type Cpu, PGM, SIE } from '../../machine/index.ts';
import { accessGuest } from './guest-access.ts';
import { DONE, type Handled } from './handled.ts';
import { inject } from './inject.ts';
import { interceptedLength } from './instruction-length.ts';
import { longOperandAddress, operandAddress } from './operand.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** Bit 12 of a short PSW, which is one. */
const SHORT_PSW = 1n << 51n;
/** The part of a short PSW that says how long addresses are; the address is behind it. */
const ADDRESSING = 0x8000_0000n;

/** LOAD PSW: 64 bits. @throws GuestMemoryFault when the process has no memory there: it can be executed again; LinuxError ENOMEM */
export function loadShortPsw(vcpu: GuestCpu, cpu: Cpu): Handled {
  const psw = fetch(vcpu, cpu, operandAddress(vcpu), 8);
  if (psw === null) return DONE;
  const bits = psw.getBigUint64(0);
  if ((bits & SHORT_PSW) === 0n) return inject(vcpu, PGM.SPECIFICATION);
  const address = bits & (ADDRESSING - 1n);
  return enter(vcpu, bits & ~SHORT_PSW & ~(ADDRESSING - 1n), address, true);
}

/** LOAD PSW EXTENDED: 128 bits. @throws as `loadShortPsw` */
export function loadPsw(vcpu: GuestCpu, cpu: Cpu): Handled {
  const psw = fetch(vcpu, cpu, operandAddress(vcpu), 16);
  return psw === null ? DONE : enter(vcpu, psw.getBigUint64(0), psw.getBigUint64(8), true);
}

/** LOAD PSW EXTENDED (LPSWEY), which is no breaking event. @throws as `loadShortPsw` */
export function loadPswWithoutEvent(vcpu: GuestCpu, cpu: Cpu): Handled {
  const psw = fetch(vcpu, cpu, longOperandAddress(vcpu), 16);
  return psw === null ? DONE : enter(vcpu, psw.getBigUint64(0), psw.getBigUint64(8), false);
}

/** Returns bytes of the guest, or null if the instruction has ended with an exception. */
function fetch(vcpu: GuestCpu, cpu: Cpu, address: bigint, length: number): DataView | null {
  if (address % 8n !== 0n) {
    inject(vcpu, PGM.SPECIFICATION);
    return null;
  }
  const bytes = new Uint8Array(length);
  const done = accessGuest(vcpu, cpu, address, (guest, hi, lo) => guest.fetchBytes(hi, lo, length, bytes));
  return done ? new DataView(bytes.buffer) : null;
}

/** Makes a PSW current. An invalid one leads to an early exception when the guest goes on. */
function enter({ block }: GuestCpu, mask: bigint, address: bigint, isBreakingEvent: boolean): Handled {
  if (isBreakingEvent) {
    const instruction = block.pswAddress - BigInt(interceptedLength(block));
    block.set64(SIE.BREAKING_EVENT_ADDRESS, BigInt.asUintN(64, instruction));
  }
  block.pswMask = mask;
  block.pswAddress = address;
  return DONE;
}
