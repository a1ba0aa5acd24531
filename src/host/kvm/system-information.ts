/**
 * STORE SYSTEM INFORMATION of a guest (Linux: handle_stsi). The host stores level 3, the virtual machine; user space fills
 * in the levels below.
 */

import { type Cpu, FRAME_SIZE, PGM } from '../../machine/index.ts';
import { PAGE_BYTES } from '../units.ts';
import { accessGuest } from './guest-access.ts';
import { DONE, type Handled } from './handled.ts';
import { inject } from './inject.ts';
import { operandAddress } from './operand.ts';
import type { GuestCpu } from './vcpu-context.ts';

const CC = { STORED: 0, NO_DATA: 3 } as const;

/**
 * Executes STSI: sets the condition code and, for level 3, stores SYSIB 3.2.2. User space gets an exit for levels 1 to 3.
 */
export function storeSystemInformation(vcpu: GuestCpu, cpu: Cpu): Handled {
  const function0 = Number((vcpu.gr[0] as bigint) & 0xffff_ffffn);
  const function1 = Number((vcpu.gr[1] as bigint) & 0xffff_ffffn);
  const fc = function0 >>> 28;
  if (fc > 3) return ended(vcpu, CC.NO_DATA);
  if (function0 & 0x0fff_ff00 || function1 & 0xffff_0000) return inject(vcpu, PGM.SPECIFICATION);
  if (fc === 0) {
    vcpu.gr[0] = ((vcpu.gr[0] as bigint) & ~0xffff_ffffn) | 0x3000_0000n;
    return ended(vcpu, CC.STORED);
  }
  const address = operandAddress(vcpu);
  if (address % PAGE_BYTES) return inject(vcpu, PGM.SPECIFICATION);
  const sel1 = function0 & 0xff;
  const sel2 = function1;
  if (fc === 3) {
    if (sel1 !== 2 || sel2 !== 2) return ended(vcpu, CC.NO_DATA);
    const page = virtualMachineInformation(vcpu.vm.vcpus.length);
    if (!accessGuest(vcpu, cpu, address, (guest, hi, lo) => guest.storeBytes(hi, lo, FRAME_SIZE, page)))
      return DONE;
    vcpu.block.conditionCode = CC.STORED;
  } else {
    vcpu.block.conditionCode = CC.NO_DATA;
  }
  return { kind: 'exit', exit: { reason: 'KVM_EXIT_S390_STSI', address, fc, sel1, sel2 } };
}

function ended(vcpu: GuestCpu, cc: 0 | 3): Handled {
  vcpu.block.conditionCode = cc;
  return DONE;
}

/** `KVMguest` and `KVM/Linux       ` in EBCDIC. */
const NAME = [0xd2, 0xe5, 0xd4, 0x87, 0xa4, 0x85, 0xa2, 0xa3];
const CONTROL_PROGRAM = [0xd2, 0xe5, 0xd4, 0x61, 0xd3, 0x89, 0x95, 0xa4, 0xa7, ...new Array(7).fill(0x40)];
const CAPABILITY_ADJUSTMENT = 1000;

/** SYSIB 3.2.2: one virtual machine. Principles of Operation, chapter 10, "STORE SYSTEM INFORMATION". */
function virtualMachineInformation(cpus: number): Uint8Array {
  const page = new Uint8Array(FRAME_SIZE);
  const view = new DataView(page.buffer);
  view.setUint8(31, 1); // descriptions that follow, of 64 bytes
  view.setUint16(36, cpus); // CPUs in all,
  view.setUint16(38, cpus); // and configured; none is in standby or reserved
  page.set(NAME, 44);
  view.setUint32(52, CAPABILITY_ADJUSTMENT);
  page.set(CONTROL_PROGRAM, 56);
  return page;
}
