/**
 * The intercepted instructions that the host executes for the guest (Linux: arch/s390/kvm/priv.c, diag.c). User space
 * handles all others.
 */

import {
  type Cpu,
  PGM,
  PREFIX_AREA_SIZE,
  PREFIX_BITS,
  SIE,
  type StateDescription,
} from '../../machine/index.ts';
import { diagnose } from './diagnose.ts';
import { manageFrames, testBlock } from './frame-management.ts';
import { accessGuest } from './guest-access.ts';
import { DONE, type Handled, USER_SPACE } from './handled.ts';
import { inject } from './inject.ts';
import { interceptedLength } from './instruction-length.ts';
import { executeIo, testPending, testSubchannel } from './io-instructions.ts';
import { loadControls, storeControls } from './load-control.ts';
import { loadPsw, loadPswWithoutEvent, loadShortPsw } from './load-psw.ts';
import { operandAddress } from './operand.ts';
import { forgetFetchEvent } from './prefix-area.ts';
import { handleSigp } from './sigp.ts';
import type { VcpuStatistic } from './statistics.ts';
import { storeSystemInformation } from './system-information.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** Executes one intercepted instruction. The guest's registers are in the virtual CPU. */
type Handler = (vcpu: GuestCpu, cpu: Cpu) => Handled;

/** The instructions that the host executes, each with its opcode, see `opcodeOf`, and what counts it. */
const HANDLERS: readonly (readonly [
  mnemonic: string,
  opcode: number,
  handler: Handler,
  count?: VcpuStatistic,
])[] = [
  ['LPSW', 0x82, loadShortPsw],
  ['DIAG', 0x83, diagnose],
  ['SIGP', 0xae, handleSigp],
  ['STCTL', 0xb6, (vcpu, cpu) => storeControls(vcpu, cpu, 4)],
  ['LCTL', 0xb7, (vcpu, cpu) => loadControls(vcpu, cpu, 4), 'instruction_lctl'],
  ['STIDP', 0xb202, (vcpu, cpu) => store(vcpu, cpu, 8, vcpu.vm.cpuModel.cpuId), 'instruction_stidp'],
  ['SCK', 0xb204, setClock, 'instruction_sck'],
  ['SPX', 0xb210, setPrefix, 'instruction_spx'],
  ['STPX', 0xb211, (vcpu, cpu) => store(vcpu, cpu, 4, BigInt(vcpu.block.prefix)), 'instruction_stpx'],
  ['STAP', 0xb212, (vcpu, cpu) => store(vcpu, cpu, 2, BigInt(vcpu.id)), 'instruction_stap'],
  ['ISKE', 0xb229, useKeys, 'instruction_iske'],
  ['RRBE', 0xb22a, useKeys, 'instruction_rrbe'],
  ['SSKE', 0xb22b, useKeys, 'instruction_sske'],
  ['RRBM', 0xb9ae, useKeys],
  ['IRBM', 0xb9ac, useKeys],
  ['TB', 0xb22c, testBlock, 'instruction_tb'],
  ['CSCH', 0xb230, executeIo, 'instruction_io_other'],
  ['HSCH', 0xb231, executeIo, 'instruction_io_other'],
  ['MSCH', 0xb232, executeIo, 'instruction_io_other'],
  ['SSCH', 0xb233, executeIo, 'instruction_io_other'],
  ['STSCH', 0xb234, executeIo, 'instruction_io_other'],
  ['TSCH', 0xb235, testSubchannel, 'instruction_tsch'],
  ['TPI', 0xb236, testPending, 'instruction_tpi'],
  ['SAL', 0xb237, executeIo, 'instruction_io_other'],
  ['RSCH', 0xb238, executeIo, 'instruction_io_other'],
  ['STCRW', 0xb239, executeIo, 'instruction_io_other'],
  ['STCPS', 0xb23a, executeIo, 'instruction_io_other'],
  ['RCHP', 0xb23b, executeIo, 'instruction_io_other'],
  ['SCHM', 0xb23c, executeIo, 'instruction_io_other'],
  ['CHSC', 0xb25f, executeIo, 'instruction_io_other'],
  ['XSCH', 0xb276, executeIo, 'instruction_io_other'],
  ['STSI', 0xb27d, storeSystemInformation, 'instruction_stsi'],
  ['STFL', 0xb2b1, storeFacilityList, 'instruction_stfl'],
  ['STFLE', 0xb2b0, storeFacilityListExtended],
  ['LPSWE', 0xb2b2, loadPsw],
  ['PFMF', 0xb9af, manageFrames, 'instruction_pfmf'],
  ['LPSWEY', 0xeb71, loadPswWithoutEvent],
  ['STCTG', 0xeb25, (vcpu, cpu) => storeControls(vcpu, cpu, 8)],
  ['LCTLG', 0xeb2f, (vcpu, cpu) => loadControls(vcpu, cpu, 8), 'instruction_lctlg'],
];

const HANDLER_OF = new Map(HANDLERS.map((line) => [line[1], line]));

/** Executes the intercepted instruction, if the host knows it. The guest's registers are in the virtual CPU. */
export function handleInstruction(vcpu: GuestCpu, cpu: Cpu): Handled {
  const line = HANDLER_OF.get(opcodeOf(vcpu.block));
  if (line === undefined) return USER_SPACE;
  const [, , handler, count] = line;
  if (count !== undefined) vcpu.counts[count]++;
  return handler(vcpu, cpu);
}

/** The opcode of the intercepted instruction: its first byte, and the second byte of the opcode where it has one. */
function opcodeOf(block: StateDescription): number {
  const ipa = block.get16(SIE.IPA);
  switch (ipa >>> 8) {
    case 0xb2:
    case 0xb9:
      return ipa;
    case 0xeb:
      return 0xeb00 | (block.get32(SIE.IPB) & 0xff);
    default:
      return ipa >>> 8;
  }
}

/** Stores `size` bytes at the operand's address, which must be a multiple of `size`. */
function store(vcpu: GuestCpu, cpu: Cpu, size: 2 | 4 | 8, value: bigint): Handled {
  const address = operandAddress(vcpu);
  if (address % BigInt(size) !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  accessGuest(vcpu, cpu, address, (guest, hi, lo) => {
    if (size === 2) guest.store16(hi, lo, Number(value));
    else if (size === 4) guest.store32(hi, lo, Number(value));
    else guest.store64(hi, lo, value);
  });
  return DONE;
}

function setPrefix(vcpu: GuestCpu, cpu: Cpu): Handled {
  const address = operandAddress(vcpu);
  if (address % 4n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  let wanted = 0;
  const done = accessGuest(vcpu, cpu, address, (guest, hi, lo) => {
    wanted = guest.load32(hi, lo) & PREFIX_BITS;
  });
  if (!done) return DONE;
  const area = { address: BigInt(wanted), length: BigInt(PREFIX_AREA_SIZE) };
  if (!vcpu.vm.hasMemory(area)) return inject(vcpu, PGM.ADDRESSING);
  vcpu.setPrefix(wanted);
  return DONE;
}

/**
 * The first instruction of a guest on storage keys: enables storage keys, and sets the PSW back to the instruction. From then on the
 * machine executes these instructions without an interception.
 */
function useKeys(vcpu: GuestCpu): Handled {
  vcpu.vm.enableKeys();
  forgetFetchEvent(vcpu.block);
  vcpu.block.advance(-interceptedLength(vcpu.block));
  return DONE;
}

/** SET CLOCK: sets the epoch difference, which the machine adds to its clock for the guest. */
function setClock(vcpu: GuestCpu, cpu: Cpu): Handled {
  const address = operandAddress(vcpu);
  if (address % 8n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  let wanted = 0n;
  const done = accessGuest(vcpu, cpu, address, (guest, hi, lo) => {
    wanted = guest.load64(hi, lo);
  });
  if (!done) return DONE;
  const epoch = BigInt.asUintN(64, wanted - cpu.tod);
  for (const each of vcpu.vm.vcpus) each.block.set64(SIE.EPOCH, epoch);
  vcpu.block.conditionCode = 0;
  return DONE;
}

/** STFL: the first word of the facility list at real 200. */
function storeFacilityList({ vm, block }: GuestCpu): Handled {
  vm.writeGuest(BigInt(block.prefix + 200), vm.cpuModel.facilities.subarray(0, 4));
  return DONE;
}

/** STFLE: doublewords of the facility list. Register 0 holds the number that the guest wants, and then that of the list, less one. */
function storeFacilityListExtended(vcpu: GuestCpu, cpu: Cpu): Handled {
  const address = operandAddress(vcpu);
  if (address % 8n !== 0n) return inject(vcpu, PGM.SPECIFICATION);
  const { facilities } = vcpu.vm.cpuModel;
  const [wanted, available] = [Number(vcpu.gr[0]! & 0xffn) + 1, facilities.length / 8];
  const length = Math.min(wanted, available) * 8;
  if (!accessGuest(vcpu, cpu, address, (guest, hi, lo) => guest.storeBytes(hi, lo, length, facilities)))
    return DONE;
  vcpu.gr[0] = (vcpu.gr[0]! & ~0xffn) | BigInt(available - 1);
  vcpu.block.conditionCode = wanted < available ? 3 : 0;
  return DONE;
}
