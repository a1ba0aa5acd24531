/**
 * Intercepted instructions that the host executes for the guest (Linux: arch/s390/kvm/priv.c, diag.c). What is
 * not here is user space's to handle.
 */

import {
  asGuest,
  type Cpu,
  facilityList,
  type GuestProblem,
  isTranslationException,
  PGM,
  SIE,
} from '../../machine/index.ts';
import type { Exit } from './exits.ts';
import { manageFrames } from './frame-management.ts';
import { inject } from './inject.ts';
import { interceptedLength, operandAddress } from './operand.ts';
import { signalProcessor } from './sigp.ts';
import type { Vcpu } from './vcpu.ts';

/** Version 0xff (a guest), machine type 2817. */
const CPU_ID = 0xff00_0000_2817_8000n;

const RESET = { CLEAR: 2, SUBSYSTEM: 4, CPU_INIT: 8, IPL: 16 } as const;

/** What became of an instruction: done, an exit, or nothing the host knows. */
export type Handled = null | Exit | 'user-space';

/** Executes the instruction that was intercepted. The guest's registers are in the virtual CPU. */
export function handleInstruction(vcpu: Vcpu, cpu: Cpu): Handled {
  const ipa = vcpu.block.get16(SIE.IPA);
  switch (ipa >>> 8) {
    case 0x83:
      return diagnose(vcpu);
    case 0xae:
      return signalProcessor(vcpu);
    case 0xb2:
      return extended(vcpu, cpu, ipa & 0xff);
    case 0xb9:
      return (ipa & 0xff) === 0xaf ? manageFrames(vcpu) : 'user-space';
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
    case 0x7d:
      return storeSystemInformation(vcpu);
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

/** A storage operand could not be accessed: the guest's exception is injected, the host's served and retried. */
function accessProblem(vcpu: Vcpu, problem: GuestProblem): null {
  if (problem.kind === 'guest') return inject(vcpu, problem.code, problem.teid);
  if (!isTranslationException(problem.code) && problem.code !== PGM.PROTECTION) {
    return inject(vcpu, PGM.ADDRESSING);
  }
  const address = problem.teid & ~0xfffn;
  if (!vcpu.vm.slots.at(address)) return inject(vcpu, PGM.ADDRESSING);
  vcpu.block.advance(-interceptedLength(vcpu.block));
  vcpu.vm.faultIn(address, (problem.teid & 0x400n) !== 0n);
  return null;
}

/** Stores `size` bytes at the operand's address, which must be aligned to them. */
function store(vcpu: Vcpu, cpu: Cpu, size: 2 | 4 | 8, value: bigint): null {
  const address = operandAddress(vcpu);
  if (address % BigInt(size) !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  const problem = asGuest(
    cpu,
    vcpu.block.origin,
    (guest, hi, lo) => {
      if (size === 2) guest.store16(hi, lo, Number(value));
      else if (size === 4) guest.store32(hi, lo, Number(value));
      else guest.store64(hi, lo, value);
    },
    address,
  );
  return problem === null ? null : accessProblem(vcpu, problem);
}

function setPrefix(vcpu: Vcpu, cpu: Cpu): null {
  const address = operandAddress(vcpu);
  if (address % 4n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  let wanted = 0;
  const problem = asGuest(
    cpu,
    vcpu.block.origin,
    (guest, hi, lo) => {
      wanted = guest.load32(hi, lo) & 0x7fff_e000;
    },
    address,
  );
  if (problem !== null) return accessProblem(vcpu, problem);
  if (!vcpu.vm.slots.at(BigInt(wanted)) || !vcpu.vm.slots.at(BigInt(wanted) + 4096n)) {
    return inject(vcpu, PGM.ADDRESSING);
  }
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
  const problem = asGuest(
    cpu,
    vcpu.block.origin,
    (guest, hi, lo) => {
      wanted = guest.load64(hi, lo);
    },
    address,
  );
  if (problem !== null) return accessProblem(vcpu, problem);
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

/** STSI: level 3 at most; the contents of levels 1 to 3 are user space's to give. */
function storeSystemInformation(vcpu: Vcpu): Handled {
  const function0 = Number((vcpu.gr[0] as bigint) & 0xffff_ffffn);
  const function1 = Number((vcpu.gr[1] as bigint) & 0xffff_ffffn);
  if (function0 & 0x0fff_ff00 || function1 & 0xffff_0000) return inject(vcpu, PGM.SPECIFICATION);
  const fc = function0 >>> 28;
  if (fc === 0) {
    vcpu.gr[0] = ((vcpu.gr[0] as bigint) & ~0xffff_ffffn) | 0x3000_0000n;
    vcpu.block.conditionCode = 0;
    return null;
  }
  if (fc > 3) return notOperational(vcpu);
  const address = operandAddress(vcpu);
  if (address & 0xfffn) return inject(vcpu, PGM.SPECIFICATION);
  return { reason: 'KVM_EXIT_S390_STSI', address, fc, sel1: function0 & 0xff, sel2: function1 & 0xffff };
}

function diagnose(vcpu: Vcpu): Handled {
  const code = Number(operandAddress(vcpu) & 0xffffn);
  const ipa = vcpu.block.get16(SIE.IPA);
  switch (code) {
    case 0x10:
      return releasePages(vcpu, (ipa >>> 4) & 15, ipa & 15);
    case 0x44:
    case 0x9c:
      return null;
    case 0x308:
      return initialProgramLoad(Number((vcpu.gr[ipa & 15] as bigint) & 0xffffn));
    default:
      return 'user-space';
  }
}

/** DIAGNOSE 0x10: the guest gives pages back; their contents become zeros. The prefix area stays. */
function releasePages(vcpu: Vcpu, first: number, last: number): null {
  const start = vcpu.gr[first] as bigint;
  const end = (vcpu.gr[last] as bigint) + 4096n;
  if (start % 4096n || end % 4096n || start >= end || start < 8192n || end >= 1n << 64n) {
    return inject(vcpu, PGM.SPECIFICATION);
  }
  const prefix = BigInt(vcpu.block.prefix);
  const { gmap } = vcpu.vm;
  if (end <= prefix || start >= prefix + 8192n) {
    gmap.discard({ from: start, to: end });
  } else {
    // The operands are real addresses: the prefix area stays, and what is real there is absolute 0 to 8K.
    if (start < prefix) gmap.discard({ from: start, to: prefix });
    if (start <= prefix) gmap.discard({ from: 0n, to: 4096n });
    if (end > prefix + 4096n) gmap.discard({ from: 4096n, to: 8192n });
    if (end > prefix + 8192n) gmap.discard({ from: prefix + 8192n, to: end });
  }
  return null;
}

/** DIAGNOSE 0x308: subcodes 3 and 4 reset the machine. */
function initialProgramLoad(subcode: number): Handled {
  if (subcode !== 3 && subcode !== 4) return 'user-space';
  const flags = RESET.SUBSYSTEM | RESET.IPL | RESET.CPU_INIT | (subcode === 3 ? RESET.CLEAR : 0);
  return { reason: 'KVM_EXIT_S390_RESET', flags };
}
