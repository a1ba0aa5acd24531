/**
 * Random operations, which look at the model to find something worth doing: what is there is used more often than
 * what is not.
 */

import { CPUS, type Operation } from '../scenario/index.ts';
import type { GmapModel, Model, ProcessModel } from './model/index.ts';
import { Places } from './places.ts';
import type { Random } from './random.ts';

/** What one scenario is like. */
export interface Profile {
  /** How many names of processes and gmaps are used. */
  readonly processes: number;
  readonly gmaps: number;
  /** One operation in so many is preceded by a `fail`; 0 for none. */
  readonly failOneIn: number;
}

/** Draws what a scenario is like. */
export function drawProfile(random: Random): Profile {
  return {
    processes: random.pick([1, 1, 2, 2, 3, 4, 6]),
    gmaps: random.pick([1, 2, 3, 3, 4, 6, 16]),
    failOneIn: random.pick([0, 0, 16, 40]),
  };
}

type Kind = Operation['verb'];
type KindOfGmap = Exclude<Extract<Operation, { readonly gmap: number }>['verb'], 'gmap_alloc'>;
type KindOfProcess = Exclude<Kind, KindOfGmap | 'new' | 'stats' | 'fail'>;

/** How often which operation is drawn. */
const WEIGHTS: readonly (readonly [Kind, number])[] = [
  ['guest read', 36],
  ['guest write', 30],
  ['process read', 16],
  ['process write', 14],
  ['kernel read', 2],
  ['kernel write', 3],
  ['mmap', 18],
  ['munmap', 6],
  ['mprotect', 6],
  ['dontneed', 5],
  ['gmap_alloc', 3],
  ['gmap_free', 1],
  ['gmap_map_segment', 12],
  ['gmap_unmap_segment', 4],
  ['gmap_fault', 7],
  ['gmap_discard', 4],
  ['new', 3],
  ['exit', 1],
  ['dump', 1],
  ['stats', 1],
];

/** Kinds without which nothing happens. */
const NEEDED: readonly Kind[] = ['mmap', 'gmap_alloc', 'gmap_map_segment', 'guest read', 'guest write'];

const SEGMENT = 1n << 20n;
const PROTECTIONS = [1, 1, 1, 0, 0, 2, 4, 5, 6, 7] as const;

/** Makes the operations of one scenario, one after another. */
export class Generator {
  readonly #random: Random;
  readonly #profile: Profile;
  readonly #places: Places;
  readonly #kinds: readonly Kind[];
  #value = 0;

  constructor(random: Random, profile: Profile) {
    this.#random = random;
    this.#profile = profile;
    this.#places = new Places(random);
    this.#kinds = drawKinds(random);
  }

  /** The next operation, in a world that is as the model says. */
  next(model: Model): Operation {
    const { failOneIn } = this.#profile;
    if (failOneIn > 0 && this.#random.oneIn(failOneIn)) {
      return { verb: 'fail', count: BigInt(this.#random.pick([1, 1, 1, 2, 2, 3, 4, 6, 0])) };
    }
    const operation = this.#make(this.#startWith(model) ?? this.#random.pick(this.#kinds), model);
    return this.#random.oneIn(40) ? this.#spoilt(operation) : operation;
  }

  /** What must come first when there is nothing to do anything with. */
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
      case 'exit':
      case 'gmap_alloc':
      case 'mmap':
      case 'munmap':
      case 'mprotect':
      case 'dontneed':
      case 'process read':
      case 'process write':
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
    const whose = processOf(name);
    switch (verb) {
      case 'exit':
        return { verb, ...whose };
      case 'gmap_alloc': {
        // When all are taken, this is seldom worth doing.
        const { gmaps } = this.#profile;
        if (model.gmaps.size >= gmaps && !this.#random.oneIn(20)) return this.#make('guest write', model);
        const gmap = this.#freeName(model.gmaps, gmaps);
        return { verb, ...whose, gmap };
      }
      case 'mmap': {
        const segment = this.#places.processSegment();
        const range = this.#random.oneIn(2)
          ? { address: BigInt(segment) << 20n, length: this.#places.segments() }
          : { address: this.#places.pageIn(segment), length: this.#places.pages() };
        const words = {
          ...(this.#random.oneIn(4) ? { protection: this.#random.pick(PROTECTIONS) } : {}),
          ...(this.#random.oneIn(3) ? {} : { fixed: true as const }),
        };
        return { verb, ...whose, ...range, ...words };
      }
      case 'munmap': {
        const address = this.#pageOf(process);
        const length = this.#random.oneIn(30) ? (1n << 42n) - address : this.#places.pages();
        return { verb, ...whose, address, length };
      }
      case 'dontneed':
        return { verb, ...whose, address: this.#pageOf(process), length: this.#mapped() };
      case 'mprotect': {
        const protection = this.#random.oneIn(2) ? 3 : this.#random.pick(PROTECTIONS);
        return { verb, ...whose, address: this.#pageOf(process), length: this.#mapped(), protection };
      }
      case 'kernel read':
      case 'process read': {
        const address = this.#places.within(this.#pageOf(process));
        const cpu = verb === 'process read' ? this.#cpu() : {};
        return { verb, ...whose, address, length: BigInt(this.#places.length()), ...cpu } as Operation;
      }
      case 'kernel write':
      case 'process write': {
        const address = this.#places.within(this.#pageOf(process));
        const cpu = verb === 'process write' ? this.#cpu() : {};
        return { verb, ...whose, address, bytes: this.#data(), ...cpu } as Operation;
      }
    }
  }

  #ofGmap(verb: KindOfGmap, model: Model): Operation {
    const gmap = this.#name(model.gmaps, this.#profile.gmaps);
    const known = model.gmaps.get(gmap);
    switch (verb) {
      case 'gmap_free':
      case 'dump':
        return { verb, gmap };
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

  /** A name that is taken, mostly. */
  #name(taken: ReadonlyMap<number, unknown>, names: number): number {
    if (taken.size === 0 || this.#random.oneIn(60)) return this.#random.below(names);
    return this.#random.pick([...taken.keys()]);
  }

  /** A name that is free, mostly. */
  #freeName(taken: ReadonlyMap<number, unknown>, names: number): number {
    const name = this.#random.below(names);
    if (this.#random.oneIn(20)) return name;
    for (let i = 0; i < names; i++) if (!taken.has((name + i) % names)) return (name + i) % names;
    return name;
  }

  /** A segment of which the process has something, mostly. */
  #processSegment(process: ProcessModel | undefined): number {
    if (!process || process.segments.size === 0 || this.#random.oneIn(3))
      return this.#places.processSegment();
    return this.#random.pick([...process.segments.keys()]);
  }

  /** A page that is mapped, mostly, or another near it. */
  #pageOf(process: ProcessModel | undefined): bigint {
    return this.#pageNear(this.#processSegment(process), process);
  }

  #pageNear(segment: number, process: ProcessModel | undefined): bigint {
    const pages = process?.segments.get(segment)?.pages;
    if (!pages || this.#random.oneIn(3)) return this.#places.pageIn(segment);
    // One of the first few that are mapped, in the order in which they came to be.
    let skip = this.#random.below(Math.min(pages.size, 3));
    for (const page of pages.keys()) if (skip-- === 0) return BigInt(page) << 12n;
    return this.#places.pageIn(segment);
  }

  /** A segment that the gmap has a promise for, mostly. */
  #guestSegment(gmap: GmapModel | undefined): number {
    if (!gmap || gmap.segments.size === 0 || this.#random.oneIn(8)) return this.#places.guestSegment();
    return this.#random.pick([...gmap.segments.keys()]);
  }

  /** A guest page with something behind it, mostly. */
  #guestPage(gmap: GmapModel | undefined): bigint {
    let segment = this.#guestSegment(gmap);
    for (let i = 0; i < 4 && !isBacked(gmap, segment); i++) segment = this.#guestSegment(gmap);
    const promised = gmap?.segments.get(segment);
    if (!promised) return this.#places.pageIn(segment);
    const page = this.#pageNear(promised.process, gmap?.process);
    return BigInt(segment) * SEGMENT + (page % SEGMENT);
  }

  /** A length that may well be mapped as a whole. */
  #mapped(): bigint {
    return this.#random.oneIn(3) ? this.#places.pages() : BigInt(this.#random.pick([1, 1, 2, 128])) << 12n;
  }

  #cpu(): { cpu?: number } {
    return this.#random.oneIn(3) ? {} : { cpu: this.#random.below(CPUS) };
  }

  /** Bytes that tell one store and the place in it from others. */
  #data(): Uint8Array {
    const value = (this.#value = (this.#value % 255) + 1);
    const bytes = new Uint8Array(this.#places.length());
    for (let i = 0; i < bytes.length; i++) bytes[i] = value + i * 37;
    return bytes;
  }

  /** The operation with one of its numbers wrong. */
  #spoilt(operation: Operation): Operation {
    const names = Object.entries(operation).flatMap(([name, value]) =>
      typeof value === 'bigint' ? [name] : [],
    );
    if (names.length === 0) return operation;
    const name = this.#random.pick(names);
    const value = (operation as unknown as Record<string, bigint>)[name] as bigint;
    return { ...operation, [name]: this.#places.odd(value) };
  }
}

/** Kinds, each as often as it weighs. Some scenarios do without some, so that others come to more. */
function drawKinds(random: Random): Kind[] {
  const kinds: Kind[] = [];
  for (const [kind, weight] of WEIGHTS) {
    if (!NEEDED.includes(kind) && random.oneIn(6)) continue;
    const times = random.oneIn(6) ? weight * 3 : weight;
    for (let i = 0; i < times; i++) kinds.push(kind);
  }
  return kinds;
}

/** Whether the process has something behind a guest segment. */
function isBacked(gmap: GmapModel | undefined, segment: number): boolean {
  const promised = gmap?.segments.get(segment);
  return promised !== undefined && gmap?.process.segments.get(promised.process) !== undefined;
}

function processOf(name: number): { process?: number } {
  return name === 0 ? {} : { process: name };
}
