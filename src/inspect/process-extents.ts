/**
 * The mappings and the page tables of a process that lie in a range, as a bounded number of extents.
 */

import type { Mapping, Mappings, Mm } from '../host/index.ts';
import { PAGES_PER_SEGMENT } from '../host/internal.ts';
import type { MappingExtent, RowRange, TableExtent } from './answers.ts';
import { demandProcess, demandRow } from './arguments.ts';
import { bucketSize, inSameBucket, segmentsOf } from './buckets.ts';
import { MmView } from './host-views.ts';
import type { ProcessView } from './views.ts';

/**
 * Returns the extents of the mappings that have a page in the range, in ascending order. A mapping as long as a bucket
 * stands alone; shorter ones in the same bucket are merged.
 * @throws LinuxError EINVAL for an invalid range; ESRCH for a process that has ended
 */
export function mappingExtents(mm: Mm, range: RowRange): MappingExtent[] {
  demandProcess(mm);
  demandRow(range);
  return mappingExtentsOf(mm.mappings, range);
}

/** As `mappingExtents`, of mappings. */
export function mappingExtentsOf(mappings: Mappings, range: RowRange): MappingExtent[] {
  const size = bucketSize(range, 1);
  const extents: MappingExtent[] = [];
  for (const mapping of mappings.within(range.first, range.end)) {
    const last = extents[extents.length - 1];
    const small = mapping.end - mapping.start < size;
    if (last && small && last.end - last.first < size && inSameBucket(last.first, mapping.start, size)) {
      extents[extents.length - 1] = {
        first: last.first,
        end: mapping.end,
        mappings: last.mappings + 1,
        protection: null,
        sharedMemory: false,
        file: false,
        largeMemory: false,
      };
    } else {
      extents.push(extentOf(mapping));
    }
  }
  return extents;
}

function extentOf({ start, end, protection, backing }: Mapping): MappingExtent {
  return {
    first: start,
    end,
    mappings: 1,
    protection,
    sharedMemory: backing.shared,
    file: backing.file !== null,
    largeMemory: backing.large,
  };
}

/**
 * Returns the page tables and 1 MiB frames of the segments that have a page in the range, one extent for each bucket
 * that has any, in ascending order.
 * @throws LinuxError EINVAL for an invalid range; ESRCH for a process that has ended
 */
export function tableExtents(mm: Mm, range: RowRange): TableExtent[] {
  demandProcess(mm);
  demandRow(range);
  return tableExtentsOf(new MmView(mm), range);
}

/** As `tableExtents`, of a view. */
export function tableExtentsOf(view: ProcessView, range: RowRange): TableExtent[] {
  const size = bucketSize(range, PAGES_PER_SEGMENT);
  const extents: { -readonly [K in keyof TableExtent]: TableExtent[K] }[] = [];
  view.tablesIn(...segmentsOf(range), (segment, large, present, links) => {
    const page = segment * PAGES_PER_SEGMENT;
    let extent = extents[extents.length - 1];
    if (!extent || !inSameBucket(extent.first, page, size)) {
      extent = { first: page, end: page, tables: 0, large: 0, present: 0, links: 0 };
      extents.push(extent);
    }
    extent.end = page + PAGES_PER_SEGMENT;
    extent[large ? 'large' : 'tables']++;
    extent.present += present;
    extent.links += links;
  });
  return extents;
}
