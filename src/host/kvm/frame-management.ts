/**
 * PERFORM FRAME MANAGEMENT FUNCTION and TEST BLOCK of a guest (Linux: handle_pfmf, handle_test_block). The host always
 * executes them: clearing a frame is a store into memory that the process may share, and setting a key enables storage
 * keys.
 */

import {
  applyPrefix,
  comparedKeyBits,
  FRAME_SIZE,
  lowAddressProtected,
  PFMF,
  PGM,
  realPage,
  SIE,
  TEID_LOW_ADDRESS,
  TEID_STORE,
} from '../../machine/index.ts';
import { guestPage } from '../numbers.ts';
import { PAGE_BYTES, PAGES_PER_SEGMENT, SEGMENTS_PER_TABLE } from '../units.ts';
import { guestHas } from './cpu-model.ts';
import { DONE, type Handled } from './handled.ts';
import { inject } from './inject.ts';
import { interceptedLength } from './instruction-length.ts';
import { registerAddress, setRegisterAddress } from './operand.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** Identification of a store that low-address protection forbids. */
const LOW_STORE = TEID_STORE | TEID_LOW_ADDRESS;
/** Bits of the facility list. */
const NONQUIESCING = 14;
const EDAT_2 = 78;

const ZEROS = new Uint8Array(FRAME_SIZE);

/**
 * Executes PFMF for the frame at a real address, or for those from an absolute address to the end of its segment. In a region
 * of 2 GiB the guest executes it again for the next segment.
 * @throws GuestMemoryFault when the process has no memory there: it can be executed again; LinuxError ENOMEM
 */
export function manageFrames(vcpu: GuestCpu): Handled {
  const operands = vcpu.block.get32(SIE.IPB) >>> 16;
  const what = Number((vcpu.gr[(operands >>> 4) & 15] as bigint) & 0xffff_ffffn);
  const size = what & PFMF.SIZE;
  const nonquiescing = guestHas(vcpu.vm, NONQUIESCING) ? 0 : PFMF.NONQUIESCING;
  if (what & (PFMF.RESERVED | nonquiescing) || size > largestSize(vcpu))
    return inject(vcpu, PGM.SPECIFICATION);
  const address = registerAddress(vcpu, operands & 15);
  const first = Number(address >> 12n);
  if (what & PFMF.CLEAR && isLowProtected(vcpu, first)) {
    return inject(vcpu, PGM.PROTECTION, (BigInt(first) << 12n) | LOW_STORE);
  }
  if (size === 0)
    return manage(vcpu, applyPrefix(realPage(first), vcpu.block.prefix), what)
      ? DONE
      : inject(vcpu, PGM.ADDRESSING);
  const end = (Math.floor(first / PAGES_PER_SEGMENT) + 1) * PAGES_PER_SEGMENT;
  for (let page = first; page < end; page++) {
    if (!manage(vcpu, page, what)) return inject(vcpu, PGM.ADDRESSING);
  }
  setRegisterAddress(vcpu, operands & 15, (BigInt(end) << 12n) | (address % PAGE_BYTES));
  const regionEnds = end % (PAGES_PER_SEGMENT * SEGMENTS_PER_TABLE) === 0;
  if (size === PFMF.SIZE_2G && !regionEnds) vcpu.block.advance(-interceptedLength(vcpu.block));
  return DONE;
}

/** Returns the code of the largest frames: 2 GiB with enhanced DAT 2, but not in the 24-bit addressing mode. */
function largestSize({ vm, block }: GuestCpu): number {
  return guestHas(vm, EDAT_2) && block.addressBits !== 24 ? PFMF.SIZE_2G : PFMF.SIZE_1M;
}

/**
 * Executes TEST BLOCK. Every frame is usable, so it clears the frame, and sets register 0 and the condition code to 0.
 * @throws GuestMemoryFault when the process has no memory there: it can be executed again; LinuxError ENOMEM
 */
export function testBlock(vcpu: GuestCpu): Handled {
  const page = Number(registerAddress(vcpu, (vcpu.block.get32(SIE.IPB) >>> 16) & 15) >> 12n);
  if (isLowProtected(vcpu, page)) {
    return inject(vcpu, PGM.PROTECTION, (BigInt(page) << 12n) | LOW_STORE);
  }
  const absolute = applyPrefix(realPage(page), vcpu.block.prefix);
  if (!manage(vcpu, absolute, PFMF.CLEAR)) return inject(vcpu, PGM.ADDRESSING);
  vcpu.gr[0] = 0n;
  vcpu.block.conditionCode = 0;
  return DONE;
}

/** Clears an absolute page or sets its key, by the `PFMF` bits of `what`. Returns false if the guest has no such page. */
function manage(vcpu: GuestCpu, page: number, what: number): boolean {
  const { vm } = vcpu;
  const address = BigInt(page) << 12n;
  if (!vm.slots.at(address)) return false;
  if (what & PFMF.CLEAR) vm.writeGuest(address, ZEROS);
  if (what & PFMF.SET_KEY) {
    vm.enableKeys();
    const compared = comparedKeyBits((what & PFMF.REFERENCE_MASK) !== 0, (what & PFMF.CHANGE_MASK) !== 0);
    vm.setGuestKey(guestPage(page), what & PFMF.KEY, compared);
  }
  return true;
}

/** Whether low-address protection forbids the guest stores at the start of a real page. */
function isLowProtected(vcpu: GuestCpu, page: number): boolean {
  return lowAddressProtected(Number(vcpu.control(0) & 0xffff_ffffn), page, 0, false);
}
