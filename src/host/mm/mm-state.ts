/**
 * The state of a process's address space, without operations. The modules that act on it take an `MmState`; `Mm` adds the
 * public operations.
 */

import { ASCE } from '../../machine/index.ts';
import type { Kernel } from '../kernel.ts';
import { Life } from '../life.ts';
import { Lock, RANK } from '../locks.ts';
import { HALF, USER_ASCE } from '../units.ts';
import type { DirtyLog } from './dirty-log.ts';
import { Mappings } from './mappings.ts';
import type { MmCommon } from './mm-common.ts';
import { PageTables } from './page-tables.ts';
import { Ptes } from './ptes.ts';
import type { LinkOwner } from './reverse-maps.ts';

/** A gmap, as its process sees it. */
export interface GmapHandle extends LinkOwner {
  /** Frees the gmap. */
  free(): void;
}

/** The state of a process's address space (Linux: struct mm_struct). */
export class MmState {
  readonly id: number;
  /** @internal */
  readonly kernel: Kernel;
  /** @internal */
  readonly common: MmCommon;
  /** Region, segment and page tables. @internal */
  readonly tables: PageTables;
  readonly mappings = new Mappings();
  /** The entries of its page tables. @internal */
  readonly ptes: Ptes;
  /** Whether private pages without a file that were only read share one frame of zeros (Linux: ZERO_PAGE). @internal */
  sharesZeros = false;
  /** Whether user space has ever served faults of it. @internal */
  hasServers = false;
  /** Active dirty logs. */
  readonly logs: DirtyLog[] = [];
  /** The gmaps made of this process's memory. */
  readonly gmaps = new Set<GmapHandle>();
  /** Held for writing to change mappings, for reading to rely on them. @internal */
  readonly mmapLock: Lock;
  /** Held to change entries of page tables, and guest segment entries that are linked to them. @internal */
  readonly pageTableLock: Lock;
  /** Ends with the process. @internal */
  readonly life: Life;

  /**
   * @param id a number for events and messages
   * @throws LinuxError ENOMEM
   */
  constructor(kernel: Kernel, common: MmCommon, id: number) {
    this.id = id;
    this.kernel = kernel;
    this.common = common;
    this.life = new Life(kernel, `process ${id} has ended`, 'ESRCH');
    this.tables = new PageTables(kernel, common.descriptors, id);
    this.mmapLock = new Lock(kernel.locks, 'mmap lock', RANK.MMAP);
    this.pageTableLock = new Lock(kernel.locks, 'page-table lock', RANK.PAGE_TABLE);
    this.ptes = new Ptes(kernel, common, this.pageTableLock);
  }

  /** The high half of the address-space-control element that the process's code runs with. */
  get asceHi(): number {
    return Math.floor(this.tables.top / HALF);
  }

  /** The low half of the address-space-control element. */
  get asceLo(): number {
    const type = this.tables.levels === 3 ? ASCE.TYPE_REGION_THIRD : ASCE.TYPE_REGION_SECOND;
    return (this.tables.top | USER_ASCE | type | ASCE.LENGTH) >>> 0;
  }

  /** The address-space-control element that the process's code runs with. */
  get asce(): bigint {
    return (BigInt(this.asceHi) << 32n) | BigInt(this.asceLo);
  }

  /** Whether the process has ended. */
  get ended(): boolean {
    return this.life.ended;
  }
}
