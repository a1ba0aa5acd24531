/** Machine checks that are pending. Principles of Operation, chapter 11. */

import type { MachineCheck } from './interrupt-requests.ts';

/** Subclasses in a machine-check-interruption code: exigent ones, and repressible ones that are not floating. */
const EXIGENT = (1n << 63n) | (1n << 62n);
const REPRESSIBLE = (1n << 58n) | (1n << 56n) | (1n << 55n);
/** The subclass mask of channel reports in control register 14. */
export const CHANNEL_REPORT_MASK = 0x1000_0000n;
/**
 * The machine-check-interruption code for pending channel reports: bit 9, and bits that say that all that is stored with it is valid
 * (Linux: s390_build_validity_mcic).
 */
export const CHANNEL_REPORT_CODE = (1n << 54n) | 0x0000_0f1d_4033_0000n;

/** No condition. */
export const NO_MACHINE_CHECK: MachineCheck = {
  cr14: 0n,
  mcic: 0n,
  failingStorageAddress: 0n,
  externalDamageCode: 0,
  fixedLogout: new Uint8Array(16),
};

/** Whether a machine check cannot be masked off by control register 14. */
export function isExigent({ mcic }: MachineCheck): boolean {
  return (mcic & EXIGENT) !== 0n;
}

/** Whether a machine check has a condition by which it is pending. */
export function isPending({ mcic }: MachineCheck): boolean {
  return (mcic & (EXIGENT | REPRESSIBLE)) !== 0n;
}

/**
 * Combines machine checks, which are indicated together. Of address and logout the last ones are indicated (Linux: __inject_mchk).
 */
export function mergeMachineChecks(old: MachineCheck, fresh: MachineCheck): MachineCheck {
  return {
    cr14: old.cr14 | fresh.cr14,
    mcic: old.mcic | fresh.mcic,
    externalDamageCode: (old.externalDamageCode | fresh.externalDamageCode) >>> 0,
    failingStorageAddress: fresh.failingStorageAddress,
    fixedLogout: fresh.fixedLogout,
  };
}
