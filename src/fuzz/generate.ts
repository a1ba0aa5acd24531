/**
 * Generates random operations. It reads the model, so that most operations use existing processes, gmaps and memory.
 */

import { CPUS, type MmapWords, type Operation, type OperationOf } from '../scenario/index.ts';
import type { GmapModel } from './model/gmap.ts';
import type { Model } from './model/model.ts';
import type { ProcessModel } from './model/process.ts';
import { Places } from './places.ts';
import type { Random } from './random.ts';

/** Properties of a scenario. */
export interface Profile {
  /** Number of processes and gmaps. */
  readonly processes: number;
  readonly gmaps: number;
  /** Number of files; 0 for none. */
  readonly files: number;
  /** Whether there is shared memory, memory with frames of 1 MiB, and memory above 4 TiB. */
  readonly shared: boolean;
  readonly large: boolean;
  readonly high: boolean;
  /** Whether guests use storage keys. If so, there is no shared memory, whose keys would be shared too. */
  readonly keys: boolean;
  /** One of this many operations is preceded by a `fail`; 0 for none. */
  readonly failOneIn: number;
}

/** Draws the properties of a scenario. */
export function drawProfile(random: Random): Profile {
  const keys = random.oneIn(4);
  return {
    keys,
    processes: random.pick([1, 1, 2, 2, 3, 4, 6]),
    gmaps: random.pick([1, 2, 3, 3, 4, 6, 16]),
    files: random.pick([0, 0, 1, 2, 4]),
    shared: !keys && random.oneIn(2),
    large: random.oneIn(3),
    high: random.oneIn(5),
    failOneIn: random.pick([0, 0, 16, 40]),
  };
}

type Kind = Operation['verb'];
type KindOfGmap = Exclude<Extract<Operation, { readonly gmap: number }>['verb'], 'gmap_alloc'>;
type KindOfFile = Extract<Kind, 'file' | `file ${string}`>;
type KindOfProcess = Exclude<Kind, KindOfGmap | KindOfFile | 'new' | 'stats' | 'fail'>;

/** Weights of the operations. `fail` is drawn by the profile. */
const WEIGHTS: Readonly<Record<Exclude<Kind, 'fail'>, number>> = {
  'guest read': 36,
  'guest write': 30,
  'process read': 16,
  'process write': 14,
  fault: 2,
  'kernel read': 2,
  'kernel write': 3,
  mmap: 18,
  munmap: 6,
  mprotect: 6,
  dontneed: 5,
  gmap_alloc: 3,
  gmap_free: 1,
  gmap_map_segment: 12,
  gmap_unmap_segment: 4,
  gmap_fault: 7,
  gmap_discard: 4,
  slot: 4,
  dirty: 4,
  key: 4,
  set_key: 3,
  watch: 4,
  watched: 3,
  'new': 3,
  fork: 4,
  mremap: 8,
  file: 1,
  'file read': 2,
  'file write': 4,
  'file close': 1,
  exit: 1,
  dump: 1,
  stats: 1,
};

/** Operations that every scenario has. */
const NEEDED: readonly Kind[] = [
  'mmap',
  'file',
  'gmap_alloc',
  'gmap_map_segment',
  'guest read',
  'guest write',
];

const SEGMENT = 1n << 20n;
/** Number of slots. */
const SLOTS = 3;
/** Maximum length of a mapping in bytes. The model needs an object for each page. */
const MAPPING_MAX = 16n * SEGMENT;
const FILE_PAGES = [0, 0, 0, 1, 2, 127, 255, 256] as const;
const PROTECTIONS = [1, 1, 1, 0, 0, 2, 4, 5, 6, 7] as const;

/** Generates the operations of a scenario. */
export class Generator {
  readonly #random: Random;
  readonly #profile: Profile;
  readonly #places: Places;
  readonly #kinds: readonly Kind[];
  #value = 0;

  constructor(random: Random, profile: Profile) {
    this.#random = random;
    this.#profile = profile;
    this.#places = new Places(random, profile.high);
    this.#kinds = drawKinds(random);
  }

  /** Returns the next operation for the current state of the model. */
  next(model: Model): Operation {
    const { failOneIn } = this.#profile;
    if (failOneIn > 0 && this.#random.oneIn(failOneIn)) {
      return { verb: 'fail', count: BigInt(this.#random.pick([1, 1, 1, 2, 2, 3, 4, 6, 0])) };
    }
    const operation = this.#make(this.#startWith(model) ?? this.#random.pick(this.#kinds), model);
    return this.#random.oneIn(40) ? this.#corrupted(operation) : operation;
  }

  /** Returns the operation that is needed before any other, if there is one. */
  #startWith(model: Model): Kind | null {
    if (model.processes.size === 0) return 'new';
    if (model.processes.size < this.#profile.processes && this.#random.oneIn(100)) return 'new';
    if (model.gmaps.size === 0 && this.#random.oneIn(2)) return 'gmap_alloc';
    return null;
  }

  #make(verb: Kind, model: Model): Operation {
    switch (verb) {
      case 'new':
        return { verb, ...processOf(this.#freeName(model.processes, this.#profile.processes)) };
      case 'stats':
      case 'fail':
        return { verb: 'stats' };
      case 'file':
      case 'file read':
      case 'file write':
      case 'file close':
        return this.#ofFile(verb, model);
      case 'exit':
      case 'fork':
      case 'mremap':
      case 'gmap_alloc':
      case 'mmap':
      case 'munmap':
      case 'mprotect':
      case 'dontneed':
      case 'process read':
      case 'process write':
      case 'fault':
      case 'kernel read':
      case 'kernel write':
        return this.#ofProcess(verb, model);
      default:
        return this.#ofGmap(verb, model);
    }
  }

  #ofProcess(verb: KindOfProcess, model: Model): Operation {
    const name = this.#name(model.processes, this.#profile.processes);
    const process = model.processes.get(name);
    const of = processOf(name);
    switch (verb) {
      case 'exit':
        return { verb, ...of };
      case 'fork':
        if (model.processes.size > this.#profile.processes) return this.#ofProcess('process write', model);
        return { verb, ...of, child: this.#freeName(model.processes, this.#profile.processes + 1) };
      case 'mremap':
        return { verb, ...of, ...this.#remapping(process) };
      case 'gmap_alloc': {
        // If all names are taken, this is rarely useful.
        const { gmaps } = this.#profile;
        if (model.gmaps.size >= gmaps && !this.#random.oneIn(20)) return this.#make('guest write', model);
        const gmap = this.#freeName(model.gmaps, gmaps);
        return { verb, ...of, gmap };
      }
      case 'mmap': {
        const segment = this.#places.processSegment();
        const range = this.#random.oneIn(2)
          ? { address: BigInt(segment) << 20n, length: this.#places.segments() }
          : { address: this.#places.pageIn(segment), length: this.#places.pages() };
        const high = this.#profile.high && !this.#random.oneIn(8) ? { high: true as const } : {};
        return { verb, ...of, ...range, ...high, ...this.#words(model) };
      }
      case 'munmap': {
        const address = this.#pageOf(process);
        const rest = (((address >> 42n) + 1n) << 42n) - address;
        const length = this.#random.oneIn(30) ? rest : this.#places.pages();
        return { verb, ...of, address, length };
      }
      case 'dontneed':
        return { verb, ...of, address: this.#pageOf(process), length: this.#mapped() };
      case 'mprotect': {
        const protection = this.#random.oneIn(2) ? 3 : this.#random.pick(PROTECTIONS);
        return { verb, ...of, address: this.#pageOf(process), length: this.#mapped(), protection };
      }
      case 'fault': {
        const address = this.#places.within(this.#pageOf(process));
        return { verb, ...of, address, ...(this.#random.oneIn(2) ? { write: true as const } : {}) };
      }
      case 'kernel read':
      case 'process read': {
        const address = this.#places.within(this.#pageOf(process));
        const cpu = verb === 'process read' ? this.#cpu() : {};
        return { verb, ...of, address, length: BigInt(this.#places.length()), ...cpu } as Operation;
      }
      case 'kernel write':
      case 'process write': {
        const address = this.#places.within(this.#pageOf(process));
        const cpu = verb === 'process write' ? this.#cpu() : {};
        return { verb, ...of, address, bytes: this.#data(), ...cpu } as Operation;
      }
    }
  }

  /** Draws the options of a mapping. */
  #words(model: Model): MmapWords {
    const { shared, large } = this.#profile;
    const isLarge = large && this.#random.oneIn(2);
    // Large memory is private and anonymous, so other combinations are rarely drawn.
    const plain = isLarge && !this.#random.oneIn(20);
    return {
      ...(this.#random.oneIn(4) ? { protection: this.#random.pick(PROTECTIONS) } : {}),
      ...(this.#random.oneIn(3) ? {} : { fixed: true as const }),
      ...(shared && !plain && this.#random.oneIn(3) ? { shared: true as const } : {}),
      ...(isLarge ? { large: true as const } : {}),
      ...(!plain && this.#random.oneIn(3) ? this.#someFile(model) : {}),
    };
  }

  #someFile(model: Model): { file?: number; offset?: bigint } {
    const { files } = this.#profile;
    if (files === 0 || (model.files.size === 0 && !this.#random.oneIn(8))) return {};
    return { file: this.#name(model.files, files), offset: BigInt(this.#random.pick(FILE_PAGES)) << 12n };
  }

  #ofFile(verb: KindOfFile, model: Model): Operation {
    const { files } = this.#profile;
    if (files === 0) return this.#make('guest write', model);
    if (model.files.size === 0 && verb !== 'file' && !this.#random.oneIn(8))
      return this.#ofFile('file', model);
    const offset = this.#places.within(BigInt(this.#random.pick(FILE_PAGES)) << 12n);
    const file = this.#name(model.files, files);
    switch (verb) {
      case 'file':
        return { verb, file: this.#freeName(model.files, files), length: this.#places.pages() };
      case 'file read':
        return { verb, file, offset, length: BigInt(this.#places.length()) };
      case 'file write':
        return { verb, file, offset, bytes: this.#data() };
      case 'file close':
        return { verb, file };
    }
  }

  /** Moves a whole mapping in most cases, or a large part of one. */
  #remapping(process: ProcessModel | undefined): Omit<OperationOf<'mremap'>, 'verb' | 'process'> {
    const address = this.#pageOf(process);
    const oldLength = this.#mapped();
    const newLength = this.#random.oneIn(3) ? oldLength : this.#mapped();
    const way = this.#random.below(4);
    if (way === 0) return { address, oldLength, newLength };
    if (way === 1) return { address, oldLength, newLength, mayMove: true };
    return { address, oldLength, newLength, to: this.#pageOf(process) };
  }

  #ofGmap(verb: KindOfGmap, model: Model): Operation {
    const gmap = this.#name(model.gmaps, this.#profile.gmaps);
    const known = model.gmaps.get(gmap);
    switch (verb) {
      case 'gmap_free':
      case 'dump':
      case 'watched':
        return { verb, gmap };
      case 'slot':
        return { verb, gmap, ...this.#slot(known) };
      case 'dirty':
        return { verb, gmap, slot: this.#slotNumber(known) };
      case 'key':
        return { verb, gmap, address: this.#places.within(this.#pageOfSlot(known)) };
      case 'set_key': {
        if (!this.#profile.keys) return this.#ofGmap('guest write', model);
        const key = this.#random.below(128) * 2 + (this.#random.oneIn(20) ? 1 : 0);
        return { verb, gmap, address: this.#places.within(this.#pageOfSlot(known)), key };
      }
      case 'watch':
        return { verb, gmap, address: this.#guestPage(known), length: this.#mapped() };
      case 'gmap_map_segment': {
        const from = BigInt(this.#processSegment(known?.process)) << 20n;
        const to = BigInt(this.#places.guestSegment()) << 20n;
        return { verb, gmap, from, to, length: this.#places.segments() };
      }
      case 'gmap_unmap_segment': {
        const to = BigInt(this.#guestSegment(known)) << 20n;
        const far = this.#random.pick([1n << 53n, 0x900n << 20n, (1n << 64n) - (1n << 20n) - to]);
        const length = this.#random.oneIn(16) ? far : this.#places.segments();
        return { verb, gmap, to, length };
      }
      case 'gmap_fault':
        return { verb, gmap, address: this.#places.within(this.#guestPage(known)) };
      case 'gmap_discard': {
        const from = this.#guestPage(known);
        const end = this.#random.oneIn(16) ? (1n << 64n) - 4096n : from + this.#places.pages();
        return { verb, gmap, from, to: BigInt.asUintN(64, end) };
      }
      case 'guest read': {
        const address = this.#places.within(this.#guestPage(known));
        return { verb, gmap, address, length: BigInt(this.#places.length()), ...this.#cpu() };
      }
      case 'guest write': {
        const address = this.#places.within(this.#guestPage(known));
        return { verb, gmap, address, bytes: this.#data(), ...this.#cpu() };
      }
    }
  }

  /** Sets a new slot, or changes, moves or deletes one. */
  #slot(gmap: GmapModel | undefined): Omit<OperationOf<'slot'>, 'verb' | 'gmap'> {
    const slot = this.#slotNumber(gmap);
    const log = this.#random.oneIn(3) ? {} : { log: true as const };
    const old = gmap?.slots.all.get(slot);
    const to = BigInt(this.#guestSegment(gmap)) << 20n;
    if (old && !this.#random.oneIn(8)) {
      const length = this.#random.oneIn(4) ? 0n : old.length;
      return { slot, from: old.from, to: this.#random.oneIn(3) ? to : old.to, length, ...log };
    }
    const from = BigInt(this.#processSegment(gmap?.process)) << 20n;
    const number = this.#random.oneIn(2) ? slot : BigInt(this.#random.below(SLOTS));
    return { slot: number, from, to, length: this.#places.segments(), ...log };
  }

  /** Returns a slot, which exists in most cases. */
  #slotNumber(gmap: GmapModel | undefined): bigint {
    const numbers = [...(gmap?.slots.all.keys() ?? [])];
    const any = numbers.length === 0 || this.#random.oneIn(10);
    return any ? BigInt(this.#random.below(SLOTS)) : this.#random.pick(numbers);
  }

  /** Returns a guest page, which is in a slot in most cases. */
  #pageOfSlot(gmap: GmapModel | undefined): bigint {
    const slot = gmap?.slots.all.get(this.#slotNumber(gmap));
    if (!slot) return this.#guestPage(gmap);
    return slot.to + (this.#pageNear(Number(slot.from >> 20n), gmap?.process) % SEGMENT);
  }

  /** Returns a name, which is taken in most cases. */
  #name(taken: ReadonlyMap<number, unknown>, names: number): number {
    if (taken.size === 0 || this.#random.oneIn(60)) return this.#random.below(names);
    return this.#random.pick([...taken.keys()]);
  }

  /** Returns a name, which is free in most cases. */
  #freeName(taken: ReadonlyMap<number, unknown>, names: number): number {
    const name = this.#random.below(names);
    if (this.#random.oneIn(20)) return name;
    for (let i = 0; i < names; i++) if (!taken.has((name + i) % names)) return (name + i) % names;
    return name;
  }

  /** Returns a process segment, which has mapped pages in most cases. */
  #processSegment(process: ProcessModel | undefined): number {
    if (!process || process.segments.size === 0 || this.#random.oneIn(3))
      return this.#places.processSegment();
    return this.#random.pick([...process.segments.keys()]);
  }

  /** Returns a page, which is mapped or near a mapped one in most cases. */
  #pageOf(process: ProcessModel | undefined): bigint {
    return this.#pageNear(this.#processSegment(process), process);
  }

  #pageNear(segment: number, process: ProcessModel | undefined): bigint {
    const pages = process?.segments.get(segment)?.pages;
    if (!pages || this.#random.oneIn(3)) return this.#places.pageIn(segment);
    // One of the first mapped pages, in the order of mapping.
    let skip = this.#random.below(Math.min(pages.size, 3));
    for (const page of pages.keys()) if (skip-- === 0) return BigInt(page) << 12n;
    return this.#places.pageIn(segment);
  }

  /** Returns a guest segment, which is mapped in most cases. */
  #guestSegment(gmap: GmapModel | undefined): number {
    if (!gmap || gmap.segments.size === 0 || this.#random.oneIn(8)) return this.#places.guestSegment();
    return this.#random.pick([...gmap.segments.keys()]);
  }

  /** Returns a guest page, which is backed by the process in most cases. */
  #guestPage(gmap: GmapModel | undefined): bigint {
    let segment = this.#guestSegment(gmap);
    for (let i = 0; i < 4 && !isBacked(gmap, segment); i++) segment = this.#guestSegment(gmap);
    const mapped = gmap?.segments.get(segment);
    if (!mapped) return this.#places.pageIn(segment);
    const page = this.#pageNear(mapped.process, gmap?.process);
    return BigInt(segment) * SEGMENT + (page % SEGMENT);
  }

  /** Returns a length for which all pages may be mapped. */
  #mapped(): bigint {
    return this.#random.oneIn(3) ? this.#places.pages() : BigInt(this.#random.pick([1, 1, 2, 128])) << 12n;
  }

  #cpu(): { cpu?: number } {
    return this.#random.oneIn(3) ? {} : { cpu: this.#random.below(CPUS) };
  }

  /** Returns bytes that identify the store and the position in it. */
  #data(): Uint8Array {
    const value = (this.#value = (this.#value % 255) + 1);
    const bytes = new Uint8Array(this.#places.length());
    for (let i = 0; i < bytes.length; i++) bytes[i] = value + i * 37;
    return bytes;
  }

  /** Returns the operation with one wrong number. */
  #corrupted(operation: Operation): Operation {
    const names = Object.entries(operation).flatMap(([name, value]) =>
      typeof value === 'bigint' ? [name] : [],
    );
    if (names.length === 0) return operation;
    const name = this.#random.pick(names);
    const value = this.#places.odd((operation as unknown as Record<string, bigint>)[name] as bigint);
    const maps = operation.verb === 'mmap' || operation.verb === 'mremap';
    return maps && name.endsWith('ength') && value > MAPPING_MAX
      ? operation
      : { ...operation, [name]: value };
  }
}

/** Returns the operations, each repeated by its weight. Some scenarios omit some of them, so that others are more frequent. */
function drawKinds(random: Random): Kind[] {
  const kinds: Kind[] = [];
  for (const [kind, weight] of Object.entries(WEIGHTS) as [Kind, number][]) {
    if (!NEEDED.includes(kind) && random.oneIn(6)) continue;
    const times = random.oneIn(6) ? weight * 3 : weight;
    for (let i = 0; i < times; i++) kinds.push(kind);
  }
  return kinds;
}

/** Whether a guest segment is mapped to a process segment with a mapping. */
function isBacked(gmap: GmapModel | undefined, segment: number): boolean {
  const mapped = gmap?.segments.get(segment);
  return mapped !== undefined && gmap?.process.segments.get(mapped.process) !== undefined;
}

function processOf(name: number): { process?: number } {
  return name === 0 ? {} : { process: name };
}
