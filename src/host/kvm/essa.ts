/**
 * EXTRACT AND SET STORAGE ATTRIBUTES, by which a guest says which of its pages it needs (Linux: handle_essa). The machine does not have the
 * instruction: the host executes it when the operation exception is intercepted.
 *
 * The log in which a machine notes pages whose backing the host may free (CBRL) stays empty here: a page without a frame has no backing.
 */

import { PGM, PSW, SIE } from '../../machine/index.ts';
import { LinuxError } from '../errors.ts';
import { type PageUsage, USAGE } from '../mm/index.ts';
import { processPage } from '../numbers.ts';
import { guestHas } from './cpu-model.ts';
import { DONE, type Handled } from './handled.ts';
import { inject } from './inject.ts';
import type { GuestCpu } from './vcpu-context.ts';

/** The operation code of ESSA. */
export const ESSA = 0xb9ab;

/** Operation-request codes. */
const REQUEST = {
  GET_STATE: 0,
  SET_STABLE: 1,
  SET_UNUSED: 2,
  SET_VOLATILE: 3,
  SET_POTENTIALLY_VOLATILE: 4,
  SET_STABLE_RESIDENT: 5,
  SET_STABLE_IF_RESIDENT: 6,
  SET_STABLE_NO_DAT: 7,
} as const;

/** The facility that brought the last request. */
const NO_DAT_FACILITY = 147;
/** Bits of the result: the usage, what the page contains, that it holds no DAT table, and that the request failed. */
const USAGE_SHIFT = 2;
const PRESERVED = 2;
const NO_DAT = 0x20;
const FAILED = 0x10n;

/**
 * Executes ESSA: returns the state of a page in r1 as it was, and sets it.
 * @throws LinuxError ENOMEM
 */
export function extractAndSetAttributes(vcpu: GuestCpu): Handled {
  const { vm, block, gr } = vcpu;
  const { cmma } = vm;
  if (block.pswMask & PSW.PROBLEM) return inject(vcpu, PGM.PRIVILEGED_OPERATION);
  const ipb = block.get32(SIE.IPB);
  const request = ipb >>> 28;
  const last = guestHas(vm, NO_DAT_FACILITY) ? REQUEST.SET_STABLE_NO_DAT : REQUEST.SET_STABLE_IF_RESIDENT;
  if (request > last) return inject(vcpu, PGM.SPECIFICATION);
  cmma.use();
  const frame = Number((gr[(ipb >>> 16) & 15] as bigint) >> 12n);
  const slot = vm.slots.at(BigInt(frame) << 12n);
  if (slot === undefined) return inject(vcpu, PGM.ADDRESSING);
  const page = processPage(Number((slot.userspaceAddr - slot.guestPhysAddr) >> 12n) + frame);
  const r1 = (ipb >>> 20) & 15;
  try {
    const old = vm.mm.usageOf(page);
    if (request !== REQUEST.GET_STATE) {
      const [bits, mask] = newUsage(request, old);
      vm.mm.setUsage(page, bits, mask);
      cmma.changed(frame);
    }
    gr[r1] = BigInt(stateOf(old));
  } catch (error) {
    if (!(error instanceof LinuxError && error.code === 'EFAULT')) throw error;
    gr[r1] = FAILED;
  }
  return DONE;
}

/**
 * Returns the state of a page as ESSA returns it. A page without a frame is said to be preserved, also one that was never touched.
 */
function stateOf({ usage, resident }: PageUsage): number {
  const content = resident ? 0 : PRESERVED;
  return ((usage & USAGE.MASK) << USAGE_SHIFT) | content | (usage & USAGE.NO_DAT ? NO_DAT : 0);
}

/** Returns the usage state that a request sets, and which of its bits. */
function newUsage(request: number, { resident, changed }: PageUsage): [bits: number, mask: number] {
  switch (request) {
    case REQUEST.SET_STABLE:
      return [USAGE.STABLE, USAGE.ALL];
    case REQUEST.SET_UNUSED:
      return [USAGE.UNUSED, USAGE.MASK];
    case REQUEST.SET_VOLATILE:
      return [USAGE.VOLATILE, USAGE.MASK];
    case REQUEST.SET_POTENTIALLY_VOLATILE:
      if (resident) return [USAGE.POTENTIALLY_VOLATILE, USAGE.MASK];
      return [changed ? USAGE.STABLE : USAGE.VOLATILE, USAGE.MASK];
    case REQUEST.SET_STABLE_IF_RESIDENT:
      return [USAGE.STABLE, resident ? USAGE.MASK : 0];
    case REQUEST.SET_STABLE_NO_DAT:
      return [USAGE.STABLE | USAGE.NO_DAT, USAGE.ALL];
    default:
      return [USAGE.STABLE, USAGE.MASK];
  }
}
