/**
 * What a mapped and a linked segment take of memory, in bytes a segment.
 *
 *     npm run bench -- memory [--segments N] [--json]
 *
 * Counted are the frames of absolute storage that were taken, and what Node says of its heap and of array buffers
 * after a collection. The storage itself is not counted, of which unused frames cost nothing; what the host keeps
 * beside each frame of storage, used or not, is.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Host } from '../src/host/index.ts';
import { FRAME_SIZE, Machine } from '../src/machine/index.ts';

/** What takes memory; in bytes a segment. */
export interface MemoryResult {
  readonly segments: number;
  /** A segment that is mapped and not linked: storage for its entry, and what the host keeps. */
  readonly mapped: number;
  /** A segment that is linked, its page table of 4096 bytes left out: that of `mapped` is in it. */
  readonly linked: number;
  /** Of `linked`: what the host keeps beside the frame of storage that the page table is in. */
  readonly besideFrame: number;
  /** The worst of `linked` while segments are linked table after table: side arrays have just grown then. */
  readonly worst: number;
}

const MIB = 1 << 20;
const PROCESS_SEGMENT = 256;
const CRST_ENTRIES = 2048;
const ROUNDS = 3;
/** Segment tables that are made before anything is said of the worst. */
const TABLES_FIRST = 8;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that Node holds for us now, storage left out. */
function held(): number {
  // The first collection finds what array buffers nobody has; they are given back during the next.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** What `count` segments take, in bytes a segment: the least of several, the heap of Node being never quite still. */
export function benchMemory(count: number): MemoryResult {
  const all = Array.from({ length: ROUNDS }, () => measure(count));
  const least = (name: keyof MemoryResult) => Math.min(...all.map((one) => one[name]));
  return {
    segments: count,
    mapped: least('mapped'),
    linked: least('linked'),
    besideFrame: least('besideFrame'),
    worst: least('worst'),
  };
}

function measure(count: number): MemoryResult {
  const storageSize = Math.ceil((count * 4160 + (64 << 20)) / MIB) * MIB;
  const machine = new Machine({ storageSize });
  const beforeHost = held();
  const host = new Host(machine);
  const frames = storageSize / FRAME_SIZE;
  const besideFrame = (held() - beforeHost + machine.storage.keys.length) / frames;
  const mm = host.createMm();
  mm.mmap({ address: BigInt(PROCESS_SEGMENT) << 20n, length: BigInt(count) << 20n });
  const gmap = host.createGmap(mm);
  const start = held();
  const free = host.kernel.frames.available;
  const bytesUsed = () => (free - host.kernel.frames.available) * FRAME_SIZE + held() - start;
  gmap.mapSegments(PROCESS_SEGMENT, 0, count);
  const mapped = bytesUsed() / count;
  for (let segment = 0; segment < count; segment++) gmap.faultSegment(segment);
  const linked = bytesUsed() / count - FRAME_SIZE + besideFrame;
  return { segments: count, mapped, linked, besideFrame, worst: worstOf(besideFrame, count) };
}

/** Maps and links table after table, and says what a segment took when it took most. */
function worstOf(besideFrame: number, count: number): number {
  const host = new Host(new Machine({ storageSize: Math.ceil((count * 4160 + (64 << 20)) / MIB) * MIB }));
  const mm = host.createMm();
  mm.mmap({ address: BigInt(PROCESS_SEGMENT) << 20n, length: BigInt(count) << 20n });
  const gmap = host.createGmap(mm);
  const start = held();
  const free = host.kernel.frames.available;
  let worst = 0;
  for (let table = 0; (table + 1) * CRST_ENTRIES <= count; table++) {
    const first = table * CRST_ENTRIES;
    gmap.mapSegments(PROCESS_SEGMENT + first, first, CRST_ENTRIES);
    for (let segment = first; segment < first + CRST_ENTRIES; segment++) gmap.faultSegment(segment);
    // What a gmap has once, its region tables above all, weighs on the first segments.
    if (table < TABLES_FIRST) continue;
    const linked = first + CRST_ENTRIES;
    const used = (free - host.kernel.frames.available) * FRAME_SIZE + held() - start;
    worst = Math.max(worst, used / linked - FRAME_SIZE + besideFrame);
  }
  return worst;
}
