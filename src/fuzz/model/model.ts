/**
 * The model: predicts the answers of the host. It keeps pages and guest segments in maps, and has no tables, no TLB and no
 * storage, so it never runs out of storage.
 */

import type { Errno } from '../../host/index.ts';
import {
  CPUS,
  formatBytes,
  type Operation,
  type OperationOf,
  READ_LIMIT,
  type World,
} from '../../scenario/index.ts';
import { GmapModel } from './gmap.ts';
import { FileModel, isWorthReading } from './memory.ts';
import { GROWN_LIMIT, GUEST_LIMIT, LIMIT_PAGES, pageOf, SEGMENT_PAGES, segmentOf } from './places.ts';
import { ProcessModel } from './process.ts';
import { Refusal } from './refusal.ts';
import { takeOver } from './take-over.ts';

const OK: readonly string[] = ['ok'];

type Access = OperationOf<`${'process' | 'kernel' | 'guest'} ${'read' | 'write'}`>;

/** Touches a page and returns its bytes. */
type Touch = (page: number, write: boolean) => Uint8Array;

/** The model of the processes, gmaps and files of a scenario. */
export class Model {
  readonly processes = new Map<number, ProcessModel>();
  readonly gmaps = new Map<number, GmapModel>();
  readonly files = new Map<number, FileModel>();
  readonly #hasLargeFrame: (process: number, segment: number) => boolean;
  /** Number of purges by operations of gmaps. */
  purges = 0;
  #largeMapped = false;

  /** @param hasLargeFrame returns whether a segment of a process that may have a frame of 1 MiB has one in the host */
  constructor(hasLargeFrame: (process: number, segment: number) => boolean) {
    this.#hasLargeFrame = hasLargeFrame;
    this.processes.set(0, this.#newProcess(0));
  }

  /** Performs an operation. Returns the answer that the host must give. */
  perform(operation: Operation): readonly string[] {
    try {
      return this.#perform(operation);
    } catch (error) {
      if (error instanceof Refusal) return [`error ${error.code}`];
      throw error;
    }
  }

  /**
   * Adjusts the model after an operation ran out of frames: nothing has changed, except that some operations may be
   * half done and that frames of 1 MiB may have been split.
   */
  afterNoMemory(operation: Operation, world: World): void {
    if (mayBeHalfDone(operation) || this.hasLarge) takeOver(this, world);
  }

  /** Adjusts the model after an operation on memory that may have frames of 1 MiB. */
  afterLarge(operation: Operation, world: World): void {
    if (this.hasLarge && operation.verb === 'watch') takeOver(this, world);
  }

  /** Whether any memory may have frames of 1 MiB. */
  get hasLarge(): boolean {
    return this.#largeMapped;
  }

  /** Generates reads of all known contents, through every process and every guest. */
  *reads(): Generator<Operation> {
    for (const [name, { segments }] of this.processes) {
      for (const { pages } of segments.values()) {
        for (const [page, mapped] of pages) {
          if (!isWorthReading(mapped)) continue;
          const address = BigInt(page) << 12n;
          yield {
            verb: 'process read',
            ...(name ? { process: name } : {}),
            address,
            length: 4096n,
            cpu: page % CPUS,
          };
        }
      }
    }
    for (const [gmap, { process, segments }] of this.gmaps) {
      for (const [segment, mappedSegment] of segments) {
        for (const [page, mapped] of process.segments.get(mappedSegment.process)?.pages ?? []) {
          if (!isWorthReading(mapped)) continue;
          const address = BigInt(segment * SEGMENT_PAGES + (page % SEGMENT_PAGES)) << 12n;
          yield { verb: 'guest read', gmap, address, length: 4096n, cpu: (page + 1) % CPUS };
        }
      }
    }
  }

  #process(name = 0): ProcessModel {
    const process = this.processes.get(name);
    if (!process) throw new Refusal('ENOENT');
    return process;
  }

  #gmap(name: number): GmapModel {
    const gmap = this.gmaps.get(name);
    if (!gmap) throw new Refusal('ENOENT');
    return gmap;
  }

  #perform(operation: Operation): readonly string[] {
    switch (operation.verb) {
      case 'new':
        return this.#new(operation.process ?? 0);
      case 'exit':
        return this.#exit(operation.process ?? 0);
      case 'mmap':
        return this.#mmap(operation);
      case 'mremap':
        return [`ok 0x${this.#process(operation.process).mremap(operation).toString(16)}`];
      case 'fork':
        return this.#fork(this.#process(operation.process), operation.child);
      case 'file':
      case 'file read':
      case 'file write':
      case 'file close':
        return this.#ofFile(operation);
      case 'munmap':
        this.#process(operation.process).munmap(operation.address, operation.length);
        return OK;
      case 'mprotect': {
        const { address, length, protection } = operation;
        this.#process(operation.process).mprotect(address, length, protection);
        return OK;
      }
      case 'fault': {
        const { address, write = false } = operation;
        if (address >= GROWN_LIMIT) throw new Refusal('EFAULT');
        this.#process(operation.process).touch(pageOf(address), write);
        return OK;
      }
      case 'dontneed':
        this.#process(operation.process).dontNeed(operation.address, operation.length);
        return OK;
      case 'stats':
        return [this.#stats()];
      case 'fail':
        return OK;
      case 'gmap_alloc':
        return this.#alloc(this.#process(operation.process), operation.gmap);
      case 'slot':
        this.purges += this.#gmap(operation.gmap).slots.set(operation);
        return OK;
      case 'dirty':
        return listed(this.#gmap(operation.gmap).slots.dirty(operation.slot));
      case 'key': {
        const { slots, process } = this.#gmap(operation.gmap);
        return [`ok 0x${process.key(slots.processPage(pageOf(operation.address))).toString(16)}`];
      }
      case 'set_key': {
        const { slots, process } = this.#gmap(operation.gmap);
        if (operation.key & 1) throw new Refusal('EINVAL');
        process.setKey(slots.processPage(pageOf(operation.address)), operation.key);
        return OK;
      }
      case 'gmap_free':
      case 'gmap_map_segment':
      case 'gmap_unmap_segment':
      case 'gmap_fault':
      case 'gmap_discard':
      case 'dump':
      case 'watch':
      case 'watched':
        return this.#ofGmap(operation, this.#gmap(operation.gmap));
      default:
        return this.#access(operation);
    }
  }

  #new(name: number): readonly string[] {
    if (this.processes.has(name)) throw new Refusal('EEXIST');
    this.processes.set(name, this.#newProcess(name));
    return OK;
  }

  #newProcess(name: number): ProcessModel {
    return new ProcessModel((segment) => this.#hasLargeFrame(name, segment));
  }

  #fork(parent: ProcessModel, child: number): readonly string[] {
    if (this.processes.has(child)) throw new Refusal('EEXIST');
    const process = this.#newProcess(child);
    parent.forkInto(process);
    this.processes.set(child, process);
    return OK;
  }

  #mmap(operation: OperationOf<'mmap'>): readonly string[] {
    const { protection = 3, fixed = false, shared = false, large = false, high = false } = operation;
    const { address, length, offset = 0n } = operation;
    const process = this.#process(operation.process);
    if (!high && address + length > BigInt(LIMIT_PAGES) << 12n) throw new Refusal('EINVAL');
    const file = operation.file === undefined ? null : this.#file(operation.file);
    process.mmap({ address, length, protection, fixed, shared, large, high, file, offset });
    this.#largeMapped ||= large;
    return OK;
  }

  #file(name: number): FileModel {
    const file = this.files.get(name);
    if (!file) throw new Refusal('ENOENT');
    return file;
  }

  #ofFile(operation: OperationOf<'file' | 'file read' | 'file write' | 'file close'>): readonly string[] {
    switch (operation.verb) {
      case 'file':
        if (this.files.has(operation.file)) throw new Refusal('EEXIST');
        this.files.set(operation.file, FileModel.ofLength(operation.length));
        return OK;
      case 'file close':
        this.#file(operation.file);
        this.files.delete(operation.file);
        return OK;
      default: {
        const file = this.#file(operation.file);
        return copy(
          operation,
          operation.offset,
          { limit: BigInt(file.pages) << 12n, beyond: 'EINVAL' },
          (page) => file.page(page),
        );
      }
    }
  }

  #exit(name: number): readonly string[] {
    const process = this.#process(name);
    for (const [gmap, { process: owner }] of this.gmaps) if (owner === process) this.#free(gmap);
    this.processes.delete(name);
    return OK;
  }

  #alloc(process: ProcessModel, name: number): readonly string[] {
    if (this.gmaps.has(name)) throw new Refusal('EEXIST');
    const gmap = new GmapModel(process);
    process.gmaps.add(gmap);
    process.hosting = true;
    this.gmaps.set(name, gmap);
    return OK;
  }

  #free(name: number): void {
    const gmap = this.#gmap(name);
    gmap.slots.end();
    gmap.process.gmaps.delete(gmap);
    this.gmaps.delete(name);
    this.purges++;
  }

  #ofGmap(
    operation: OperationOf<
      | 'gmap_free'
      | 'gmap_map_segment'
      | 'gmap_unmap_segment'
      | 'gmap_fault'
      | 'gmap_discard'
      | 'dump'
      | 'watch'
      | 'watched'
    >,
    gmap: GmapModel,
  ): readonly string[] {
    switch (operation.verb) {
      case 'gmap_free':
        this.#free(operation.gmap);
        return OK;
      case 'gmap_map_segment':
        if (gmap.map(operation.from, operation.to, operation.length)) this.purges++;
        return OK;
      case 'gmap_unmap_segment':
        if (gmap.unmap(operation.to, operation.length)) this.purges++;
        return OK;
      case 'gmap_fault': {
        const segment = BigInt(gmap.fault(segmentOf(pageOf(operation.address))));
        return [`ok 0x${((segment << 20n) | (operation.address & 0xf_ffffn)).toString(16)}`];
      }
      case 'gmap_discard':
        gmap.discard(operation.from, operation.to);
        return OK;
      case 'dump':
        return dump(gmap);
      case 'watch':
        gmap.watch(operation.address, operation.length);
        return OK;
      case 'watched':
        return listed(gmap.watched());
    }
  }

  #access(operation: Access): readonly string[] {
    switch (operation.verb) {
      case 'guest read':
      case 'guest write': {
        const gmap = this.#gmap(operation.gmap);
        const touch: Touch = (page, write) => gmap.process.touch(gmap.processPage(page), write);
        return copy(operation, operation.address, { limit: GUEST_LIMIT, beyond: 'EFAULT' }, touch);
      }
      default: {
        const process = this.#process(operation.process);
        const ofKernel = operation.verb === 'kernel read' || operation.verb === 'kernel write';
        const limit = ofKernel ? GROWN_LIMIT : GUEST_LIMIT;
        return copy(operation, operation.address, { limit, beyond: 'EFAULT' }, (page, write) =>
          process.touch(page, write),
        );
      }
    }
  }

  #stats(): string {
    let [rmaps, tables, pagetables] = [0, 0, 0];
    for (const gmap of this.gmaps.values()) {
      rmaps += gmap.links;
      tables += gmap.tables;
    }
    for (const { hosting, segments } of this.processes.values()) {
      if (hosting) for (const { table } of segments.values()) if (table) pagetables++;
    }
    return `rmaps ${rmaps} tables ${tables} pagetables ${pagetables} purges ${this.purges}`;
  }
}

/**
 * Whether an operation that ran out of frames may be half done. An access consists of several faults, and the earlier ones
 * remain. A slot that could not be moved has lost its links. Setting a key may have enabled keys without setting one.
 */
export function mayBeHalfDone({ verb }: Operation): boolean {
  return (
    verb.endsWith(' read') ||
    verb.endsWith(' write') ||
    verb === 'watch' ||
    verb === 'slot' ||
    verb === 'set_key'
  );
}

/** Reads or stores bytes from an address on. Touches all pages first. An address from `limit` on is the error `beyond`. */
function copy(
  operation: { readonly bytes: Uint8Array } | { readonly length: bigint },
  address: bigint,
  { limit, beyond }: { limit: bigint; beyond: Errno },
  touch: Touch,
): readonly string[] {
  const data = 'bytes' in operation ? operation.bytes : null;
  const length = 'bytes' in operation ? operation.bytes.length : readable(operation.length);
  if (address + BigInt(length) > limit) throw new Refusal(beyond);
  const first = pageOf(address);
  const offset = Number(address & 0xfffn);
  const pages: Uint8Array[] = [];
  if (length > 0) {
    for (let at = 0; at * 4096 < offset + length; at++) pages.push(touch(first + at, data !== null));
  }
  const read = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const page = pages[Math.floor((offset + i) / 4096)] as Uint8Array;
    if (data) page[(offset + i) % 4096] = data[i] as number;
    else read[i] = page[(offset + i) % 4096] as number;
  }
  return data || length === 0 ? OK : [`ok ${formatBytes(read)}`];
}

function readable(length: bigint): number {
  if (length > READ_LIMIT) throw new Refusal('EINVAL');
  return Number(length);
}

function listed(addresses: readonly bigint[]): string[] {
  return [['ok', ...addresses.map((address) => `0x${address.toString(16)}`)].join(' ')];
}

function dump(gmap: GmapModel): string[] {
  const segments = [...gmap.segments].sort(([a], [b]) => a - b);
  const lines = segments.map(([guest, { process, linked }]) => {
    const [to, from] = [guest, process].map((segment) => `0x${(BigInt(segment) << 20n).toString(16)}`);
    return `segment ${to} ${linked ? 'linked' : 'mapped'} ${from}`;
  });
  return [...lines, 'end'];
}
