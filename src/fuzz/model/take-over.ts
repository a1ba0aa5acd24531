/**
 * Copies state from the host into the model after an operation ran out of frames: its answer does not show how much it
 * has done. Contents are never copied.
 */

import type { Mm } from '../../host/index.ts';
import { hasFrame } from '../../host/internal.ts';
import type { World } from '../../scenario/index.ts';
import type { GmapModel } from './gmap.ts';
import type { ProcessModel, Segment } from './process.ts';

/** The parts of the model that are copied. */
export interface CopiedState {
  purges: number;
  readonly processes: ReadonlyMap<number, ProcessModel>;
  readonly gmaps: ReadonlyMap<number, GmapModel>;
}

/** Copies which segments have page tables or frames of 1 MiB, which pages were touched, and which segments are linked. */
export function takeOver(model: CopiedState, world: World): void {
  model.purges = world.host.stats().purges;
  for (const [name, process] of model.processes) {
    const mm = world.process(name);
    process.grown = mm.tables.levels > 3;
    process.takeOverKeys(mm.ptes.usesKeys);
    for (const [number, segment] of process.segments) {
      takeOverSegment(segment, number, mm);
      for (const page of segment.pages.keys()) takeOverLogs(process, page, mm);
    }
  }
  for (const [name, gmap] of model.gmaps) {
    gmap.takeOverWatched(world.invalidated.get(name) ?? [], world.gmap(name).watched);
    for (const mapped of gmap.segments.values()) mapped.linked = false;
    for (const { guest, linked } of world.gmap(name).segments()) {
      const mapped = gmap.segments.get(Number(guest >> 20n));
      if (mapped) mapped.linked = linked;
    }
  }
}

function takeOverSegment(segment: Segment, number: number, mm: Mm): void {
  const table = mm.tables.pageTableOf(number);
  segment.table = table >= 0;
  segment.large = mm.tables.largeFrameOf(number) >= 0;
  for (const [page, mapped] of segment.pages) {
    const present = segment.table && hasFrame(mm.ptes.low(table, page % 256));
    mapped.present = segment.large || present;
    mapped.watched = segment.table && mm.tables.pgstes && mm.ptes.isWatched(table, page % 256);
    const { file, shared } = mapped.backing;
    // A page that was copied before the access failed is not the file's any more.
    if (present && file && !shared && !mapped.bytes && !isFiles(mm, page, mm.ptes.frame(table, page % 256))) {
      mapped.bytes = file.page(mapped.index).slice();
    }
  }
}

/** Notes a page that was written before the access failed: it is in all of its logs. */
function takeOverLogs(process: ProcessModel, page: number, mm: Mm): void {
  const logs = mm.logs.filter((log) => log.covers(page));
  if (logs.length > 0 && logs.every((log) => log.has(page))) process.noteWritten(page);
}

/** Whether the frame of a page is the file's own. */
function isFiles(mm: Mm, page: number, frame: number): boolean {
  const backing = mm.mappings.at(page)?.backing;
  return backing?.file?.frames.get(page + backing.shift) === frame;
}
