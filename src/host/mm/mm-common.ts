/** The data that all process address spaces of a host share. */

import { FRAME_SIZE, PAGE_TABLE_SIZE } from '../../machine/index.ts';
import type { Kernel } from '../kernel.ts';
import type { FileMapper, MemoryFile } from './memory-file.ts';
import { PageTableDescriptors } from './page-table-descriptors.ts';
import { ReverseMaps } from './reverse-maps.ts';

/** The data that all process address spaces of a host share. */
export class MmCommon {
  /** @internal */
  readonly descriptors: PageTableDescriptors;
  /** @internal */
  readonly reverseMaps: ReverseMaps;
  /** Files in memory, including those behind shared anonymous memory. */
  readonly files = new Set<MemoryFile>();
  /** The address spaces that may map files. @internal */
  readonly spaces = new Set<FileMapper>();

  constructor(kernel: Kernel) {
    this.descriptors = new PageTableDescriptors(kernel.storage.size / PAGE_TABLE_SIZE);
    this.reverseMaps = new ReverseMaps(kernel.storage.size / FRAME_SIZE);
  }
}
