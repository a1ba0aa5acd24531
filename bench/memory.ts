/**
 * The memory that a mapped and a linked segment need, in bytes per segment.
 *
 *     npm run bench -- memory [--segments N] [--json]
 *
 * The figures include the allocated frames of absolute storage, and Node's heap and array buffers after a garbage
 * collection. They include the host's data per frame of storage, used or not, but not the storage itself, whose unused
 * frames cost nothing.
 */

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { guestSegment, Host, processSegment } from '../src/host/index.ts';
import { CRST_ENTRIES, FRAME_SIZE, Machine } from '../src/machine/index.ts';

/** Memory in bytes per segment. */
export interface MemoryResult {
  readonly segments: number;
  /** A segment that is mapped and not linked: storage for its entry, and the host's data. */
  readonly mapped: number;
  /** A segment that is linked, including `mapped`, without its page table of 4096 bytes. */
  readonly linked: number;
  /** The part of `linked` that is the host's data for the frame of the page table. */
  readonly besideFrame: number;
  /** The maximum of `linked` while segments are linked table after table, just after side arrays have grown. */
  readonly worst: number;
}

const MIB = 1 << 20;
const PROCESS_SEGMENT = 256;
const ROUNDS = 3;
/** Segment tables that are filled before `worst` is measured. */
const TABLES_FIRST = 8;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Returns the bytes of Node's heap and array buffers, without storage. */
function held(): number {
  // The first collection finds unreachable array buffers. The second one frees them.
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Measures `count` segments. Returns the least of several results, since the size of Node's heap fluctuates. */
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
  gmap.mapSegments(processSegment(PROCESS_SEGMENT), guestSegment(0), count);
  const mapped = bytesUsed() / count;
  for (let segment = 0; segment < count; segment++) gmap.faultSegment(guestSegment(segment));
  const linked = bytesUsed() / count - FRAME_SIZE + besideFrame;
  return { segments: count, mapped, linked, besideFrame, worst: worstOf(besideFrame, count) };
}

/** Maps and links table after table. Returns the maximum bytes per segment. */
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
    gmap.mapSegments(processSegment(PROCESS_SEGMENT + first), guestSegment(first), CRST_ENTRIES);
    for (let segment = first; segment < first + CRST_ENTRIES; segment++)
      gmap.faultSegment(guestSegment(segment));
    // The first segments also account for data that a gmap has once, above all its region tables.
    if (table < TABLES_FIRST) continue;
    const linked = first + CRST_ENTRIES;
    const used = (free - host.kernel.frames.available) * FRAME_SIZE + held() - start;
    worst = Math.max(worst, used / linked - FRAME_SIZE + besideFrame);
  }
  return worst;
}
