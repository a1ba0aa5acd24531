/**
 * Intercepted instructions that the host executes for the guest (Linux: arch/s390/kvm/priv.c, diag.c). What is
 * not here is user space's to handle.
 */

import { type Cpu, facilityList, PGM, SIE } from '../../machine/index.ts';
import { diagnose } from './diagnose.ts';
import { manageFrames, testBlock } from './frame-management.ts';
import { accessGuest } from './guest-access.ts';
import type { Handled } from './handled.ts';
import { inject } from './inject.ts';
import { loadControls } from './load-control.ts';
import { interceptedLength, operandAddress } from './operand.ts';
import { handleSigp } from './sigp.ts';
import { storeSystemInformation } from './system-information.ts';
import type { Vcpu } from './vcpu.ts';

/** Version 0xff (a guest), machine type 2817. */
const CPU_ID = 0xff00_0000_2817_8000n;

/** Executes the instruction that was intercepted. The guest's registers are in the virtual CPU. */
export function handleInstruction(vcpu: Vcpu, cpu: Cpu): Handled {
  const ipa = vcpu.block.get16(SIE.IPA);
  switch (ipa >>> 8) {
    case 0x83:
      return diagnose(vcpu, cpu);
    case 0xae:
      return handleSigp(vcpu);
    case 0xb2:
      return extended(vcpu, cpu, ipa & 0xff);
    case 0xb7:
      return loadControls(vcpu, cpu, 4);
    case 0xb9:
      return (ipa & 0xff) === 0xaf ? manageFrames(vcpu) : 'user-space';
    case 0xeb:
      return (vcpu.block.get32(SIE.IPB) & 0xff) === 0x2f ? loadControls(vcpu, cpu, 8) : 'user-space';
    default:
      return 'user-space';
  }
}

/** The instructions that begin with 0xb2. */
function extended(vcpu: Vcpu, cpu: Cpu, opcode: number): Handled {
  switch (opcode) {
    case 0x02:
      return store(vcpu, cpu, 8, CPU_ID);
    case 0x04:
      return setClock(vcpu, cpu);
    case 0x10:
      return setPrefix(vcpu, cpu);
    case 0x11:
      return store(vcpu, cpu, 4, BigInt(vcpu.block.prefix));
    case 0x12:
      return store(vcpu, cpu, 2, BigInt(vcpu.id));
    case 0x29:
    case 0x2a:
    case 0x2b:
      return useKeys(vcpu);
    case 0x2c:
      return testBlock(vcpu);
    case 0x7d:
      return storeSystemInformation(vcpu, cpu);
    case 0xb1:
      return storeFacilityList(vcpu);
    default:
      return isChannelInstruction(opcode) ? notOperational(vcpu) : 'user-space';
  }
}

/** I/O: there is no channel subsystem, so every subchannel is not operational. */
function isChannelInstruction(opcode: number): boolean {
  return (opcode >= 0x30 && opcode <= 0x3c) || opcode === 0x5f || opcode === 0x76;
}

function notOperational(vcpu: Vcpu): null {
  vcpu.block.conditionCode = 3;
  return null;
}

/** Stores `size` bytes at the operand's address, which must be aligned to them. */
function store(vcpu: Vcpu, cpu: Cpu, size: 2 | 4 | 8, value: bigint): null {
  const address = operandAddress(vcpu);
  if (address % BigInt(size) !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  accessGuest(vcpu, cpu, address, (guest, hi, lo) => {
    if (size === 2) guest.store16(hi, lo, Number(value));
    else if (size === 4) guest.store32(hi, lo, Number(value));
    else guest.store64(hi, lo, value);
  });
  return null;
}

function setPrefix(vcpu: Vcpu, cpu: Cpu): null {
  const address = operandAddress(vcpu);
  if (address % 4n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  let wanted = 0;
  const done = accessGuest(vcpu, cpu, address, (guest, hi, lo) => {
    wanted = guest.load32(hi, lo) & 0x7fff_e000;
  });
  if (!done) return null;
  if (!vcpu.vm.hasMemory(BigInt(wanted), 8192n)) return inject(vcpu, PGM.ADDRESSING);
  vcpu.setPrefix(wanted);
  return null;
}

/**
 * ISKE, RRBE or SSKE, the first of a guest: it uses storage keys from now on, and executes the instruction, and all
 * others, itself.
 */
function useKeys(vcpu: Vcpu): null {
  vcpu.vm.enableKeys();
  vcpu.block.advance(-interceptedLength(vcpu.block));
  return null;
}

/** SET CLOCK: the guest's clock is the machine's with an epoch difference. */
function setClock(vcpu: Vcpu, cpu: Cpu): null {
  const address = operandAddress(vcpu);
  if (address % 8n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  let wanted = 0n;
  const done = accessGuest(vcpu, cpu, address, (guest, hi, lo) => {
    wanted = guest.load64(hi, lo);
  });
  if (!done) return null;
  const epoch = BigInt.asUintN(64, wanted - cpu.tod);
  for (const each of vcpu.vm.vcpus) each.block.set64(SIE.EPOCH, epoch);
  vcpu.block.conditionCode = 0;
  return null;
}

/** STFL: the first word of the facility list at real 200. */
function storeFacilityList(vcpu: Vcpu): null {
  vcpu.vm.writeGuest(BigInt(vcpu.block.prefix + 200), facilityList().subarray(0, 4));
  return null;
}
