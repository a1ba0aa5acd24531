/**
 * LOAD CONTROL and STORE CONTROL of a guest. The host intercepts loads of control register 0 while an interruption is pending that the
 * guest masks off there, and both while the guest is debugged (Linux: kvm_s390_handle_lctl, handle_lctlg, kvm_s390_handle_stctl,
 * handle_stctg).
 */

import { type Cpu, PGM, SIE } from '../../machine/index.ts';
import { accessGuest } from './guest-access.ts';
import { DONE, type Handled } from './handled.ts';
import { inject } from './inject.ts';
import { longOperandAddress, operandAddress } from './operand.ts';
import type { GuestCpu } from './vcpu-context.ts';

/**
 * Loads control registers r1 to r3 from storage: all of them, or none.
 * @param size bytes of each register: 4 for LCTL, 8 for LCTLG
 * @throws GuestMemoryFault when the process has no memory there: it can be executed again; LinuxError ENOMEM
 */
export function loadControls(vcpu: GuestCpu, cpu: Cpu, size: 4 | 8): Handled {
  const { first, count, address } = operands(vcpu, size);
  if (address % BigInt(size) !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  const bytes = new Uint8Array(count * size);
  const done = accessGuest(vcpu, cpu, address, (guest, hi, lo) =>
    guest.fetchBytes(hi, lo, bytes.length, bytes),
  );
  if (!done) return DONE;
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    const n = (first + i) & 15;
    const high = vcpu.control(n) & ~0xffff_ffffn;
    vcpu.setControl(n, size === 8 ? view.getBigUint64(i * 8) : high | BigInt(view.getUint32(i * 4)));
  }
  return DONE;
}

/** Stores control registers r1 to r3: all of them, or none. @param size @throws as `loadControls` */
export function storeControls(vcpu: GuestCpu, cpu: Cpu, size: 4 | 8): Handled {
  const { first, count, address } = operands(vcpu, size);
  if (address % BigInt(size) !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  const bytes = new Uint8Array(count * size);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < count; i++) {
    const value = vcpu.control((first + i) & 15);
    if (size === 8) view.setBigUint64(i * 8, value);
    else view.setUint32(i * 4, Number(value & 0xffff_ffffn));
  }
  accessGuest(vcpu, cpu, address, (guest, hi, lo) => guest.storeBytes(hi, lo, bytes.length, bytes));
  return DONE;
}

/** Returns the first control register, the number of them, and the address of the operand in storage. */
function operands(vcpu: GuestCpu, size: 4 | 8): { first: number; count: number; address: bigint } {
  const ipa = vcpu.block.get16(SIE.IPA);
  const first = (ipa >>> 4) & 15;
  const count = (((ipa & 15) - first) & 15) + 1;
  return { first, count, address: size === 4 ? operandAddress(vcpu) : longOperandAddress(vcpu) };
}
