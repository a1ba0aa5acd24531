/**
 * The facility list of this machine: what STFL and STORE FACILITY LIST EXTENDED say.
 * Principles of Operation, chapter 4, "Facility Indications".
 */

import { FACILITIES } from './line.ts';

/** Facility bits that say how the machine is and come with no instruction: z/Architecture installed, and active. */
const WITHOUT_INSTRUCTIONS = [1, 2];

/** The facility list, doublewords of 64 bits, bit 0 the most significant of the first. */
export function facilityList(): bigint[] {
  const list = [0n, 0n];
  for (const bit of [...Object.values(FACILITIES), ...WITHOUT_INSTRUCTIONS]) {
    list[bit >>> 6] = (list[bit >>> 6] as bigint) | (1n << BigInt(63 - (bit & 63)));
  }
  return list;
}
