/**
 * The context of interpretive execution: the state that a processor needs, while it interprets a guest, of the host's
 * translation and of the state description. `sie.ts` fills it in.
 */

import type { Edat } from '../dat/formats.ts';

/** The host's translation of a guest's storage, and the interceptions that the host asked for. */
export interface SieContext {
  /** Host page number at which guest absolute 0 lies: the main-storage origin. */
  readonly originPage: number;
  /** Number of guest absolute pages. A higher page number is outside the guest's configuration. */
  readonly pages: number;
  /** The host's primary address-space-control element, in halves. */
  readonly asceHi: number;
  readonly asceLo: number;
  /** The host's prefix. The host's tables designate real frames; the processor's prefix register holds the guest's. */
  readonly prefix: number;
  /** Which enhanced DAT applies to the host's translations. */
  readonly edat: Edat;
  /** Whether the guest may use instruction-execution protection. */
  readonly executionProtection: boolean;
  /** Whether the host's page tables have page-status-table entries (PGSTEs). */
  readonly pageStatus: boolean;
  /** Whether an invalid operation code is an interception. */
  readonly interceptOperation: boolean;
  /** Interception controls of instructions, see `ICTL`. */
  readonly interceptions: number;
  /** Control registers whose loading is an interception (LCTL controls): register 0 is bit 0x8000. */
  readonly loadControls: number;
  /** Whether interpretation ends as soon as the guest is enabled for external, or for I/O, interruptions. */
  readonly externalRequest: boolean;
  readonly ioRequest: boolean;
  /**
   * Whether program events are watched whatever the guest's PSW says, and are interceptions: the guest-PER enhancement.
   */
  readonly enforceEvents: boolean;
}
