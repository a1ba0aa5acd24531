/**
 * LOAD CONTROL of a guest. The host intercepts loads of control register 0 while an interruption is pending that the guest
 * masks off there (Linux: kvm_s390_handle_lctl, handle_lctlg).
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
  const ipa = vcpu.block.get16(SIE.IPA);
  const first = (ipa >>> 4) & 15;
  const count = (((ipa & 15) - first) & 15) + 1;
  const address = size === 4 ? operandAddress(vcpu) : longOperandAddress(vcpu);
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
