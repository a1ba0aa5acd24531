/**
 * STORE SYSTEM INFORMATION about the levels below the virtual machine: the machine and its logical partition. Both are
 * fictitious, as for a guest of QEMU. Principles of Operation, chapter 10.
 */

import { toEbcdic } from '../devices/index.ts';

/** The machine type that STORE CPU ID stores. */
const MACHINE_TYPE = '2817';
const MANUFACTURER = 'IBM';
const MODEL = 'GUESTHOUSE';
const PLANT = 'GH';
const SEQUENCE = '0';
const PARTITION = 'GUEST';
/** CPU capability as in QEMU, and the adjustment factor of one whole CPU. */
const CAPABILITY = 0x443a_fc29;
const CAPABILITY_ADJUSTMENT = 1000;

/** The requested information: level (function code 1 or 2) and selectors. */
export interface SystemInformationQuery {
  readonly fc: number;
  readonly sel1: number;
  readonly sel2: number;
}

/**
 * Returns the page that STORE SYSTEM INFORMATION stores, or null if there is no such information.
 * @param cpu address of the CPU that executes it
 * @param cpus number of CPUs of the virtual machine
 */
export function systemInformation(
  query: SystemInformationQuery,
  cpu: number,
  cpus: number,
): Uint8Array | null {
  const page = new Uint8Array(4096);
  const view = new DataView(page.buffer);
  const text = (at: number, value: string, length: number) => page.set(toEbcdic(value.padEnd(length)), at);
  const counts = (at: number) => {
    view.setUint16(at, cpus); // total
    view.setUint16(at + 2, cpus); // configured: none is in standby or reserved
  };
  switch (`${query.fc}.${query.sel1}.${query.sel2}`) {
    case '1.1.1':
      text(32, MANUFACTURER, 16);
      text(48, MACHINE_TYPE, 4);
      text(64, MODEL, 16);
      text(80, SEQUENCE, 16);
      text(96, PLANT, 4);
      return page;
    case '1.2.1':
    case '2.2.1':
      text(80, SEQUENCE, 16);
      text(96, PLANT, 4);
      // The CPU address; at level 2 the logical CPU ID is before it.
      view.setUint16(102, cpu);
      if (query.fc === 2) view.setUint16(100, cpu);
      return page;
    case '1.2.2':
      view.setUint32(32, CAPABILITY);
      counts(36);
      return page;
    case '2.2.2':
      counts(36);
      text(44, PARTITION, 8);
      view.setUint32(52, CAPABILITY_ADJUSTMENT);
      return page;
    default:
      return null;
  }
}
