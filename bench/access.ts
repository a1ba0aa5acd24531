/**
 * The cost of a program's load and store through the processor's translation, compared with a bare read of the same
 * bytes, in nanoseconds per access.
 *
 *     npm run bench -- access [--json]
 */

import { Host } from '../src/host/index.ts';
import { type Cpu, EDAT, FRAME_SIZE, logicalPage, Machine, SPACE, TLB_SLOTS } from '../src/machine/index.ts';
import { bestOf, type Figures, time } from './timing.ts';

/** The order in which the words of memory are accessed. */
export const PATTERNS = ['sequential', 'strided', 'random'] as const;
export type Pattern = (typeof PATTERNS)[number];

/**
 * How an access finds its frame. `bare` is DataView.getUint32 at the absolute address. The others access four bytes at a
 * logical address: `hit` and `hit-store` find the page in the translation-lookaside buffer; `walk` and `walk-gmap` walk
 * through the 3 tables of a process and the 5 of a gmap. In `guest-hit` and `guest-walk` a guest under interpretive
 * execution has its own DAT, with 2 tables, on top of the 5 tables of its gmap: the page is found in both buffers, or in
 * neither.
 */
export const ROUTES = ['bare', 'hit', 'hit-store', 'walk', 'walk-gmap', 'guest-hit', 'guest-walk'] as const;
export type Route = (typeof ROUTES)[number];

/** Number of pages that fit into the buffer, and of pages that replace one another in its slots. */
const FEW_PAGES = 256;
const MANY_PAGES = 2 * TLB_SLOTS;
const PROCESS_ADDRESS = 1n << 28n;
const GUEST_SIZE = 192 << 20;
const STORAGE = 512 << 20;
const MIB = 1n << 20n;
const ACCESSES = 1 << 16;
const ROUNDS = 15;
/** Guest absolute address of the guest's own tables: a segment table, then its page tables. */
const GUEST_TABLES = 160 << 20;

/** A machine whose memory is accessed. */
interface World {
  readonly cpu: Cpu;
  /** Absolute address of the frame of each page of the guest's memory. */
  readonly frames: Uint32Array;
  readonly view: DataView;
  /** Switches the processor to one of three spaces. */
  readonly enter: (space: 'process' | 'gmap' | 'guest') => void;
}

function makeWorld(): World {
  const machine = new Machine({ storageSize: STORAGE });
  const host = new Host(machine);
  const mm = host.createMm();
  const cpu = machine.cpu(0);
  mm.mmap({ address: PROCESS_ADDRESS, length: BigInt(GUEST_SIZE) });
  mm.write(PROCESS_ADDRESS, new Uint8Array(GUEST_SIZE));
  const gmap = host.createGmap(mm);
  gmap.map({ from: PROCESS_ADDRESS, to: 0n, length: BigInt(GUEST_SIZE) });
  for (let at = 0n; at < GUEST_SIZE; at += MIB) gmap.fault(at);
  cpu.dat = true;
  cpu.space = SPACE.PRIMARY;
  cpu.setControl(1, mm.asce);
  const frames = new Uint32Array(GUEST_SIZE / FRAME_SIZE);
  const firstPage = Number(PROCESS_ADDRESS >> 12n);
  for (let page = 0; page < frames.length; page++)
    frames[page] = cpu.attempt(logicalPage(firstPage + page), 0);
  const guestAsce = writeGuestTables(machine.storage.view, frames);
  const guest = {
    ...{
      originPage: 0,
      pages: GUEST_SIZE / FRAME_SIZE,
      asceHi: gmap.asceHi,
      asceLo: gmap.asceLo,
      prefix: 0,
      edat: EDAT.EDAT_2,
      executionProtection: false,
    },
    ...{ interceptOperation: false, interceptions: 0, loadControls: 0 },
    ...{ externalRequest: false, ioRequest: false, pageStatus: true, enforceEvents: false },
  };
  const enter = (space: 'process' | 'gmap' | 'guest') => {
    cpu.sie = space === 'guest' ? guest : null;
    cpu.setControl(1, space === 'process' ? mm.asce : space === 'gmap' ? gmap.asce : guestAsce);
  };
  return { cpu, frames, view: machine.storage.view, enter };
}

/** Writes the guest's own tables, which map every page to itself. Returns their address-space-control element. */
function writeGuestTables(view: DataView, frames: Uint32Array): bigint {
  const at = (address: number) =>
    (frames[Math.floor(address / FRAME_SIZE)] as number) + (address % FRAME_SIZE);
  const set = (address: number, low: number) => {
    view.setUint32(at(address), 0);
    view.setUint32(at(address) + 4, low);
  };
  const pageTables = GUEST_TABLES + 0x4000;
  for (let i = 0; i < 2048; i++) set(GUEST_TABLES + i * 8, 0x20);
  for (let segment = 0; segment < GUEST_SIZE >> 20; segment++) {
    const table = pageTables + segment * 2048;
    set(GUEST_TABLES + segment * 8, table);
    for (let page = 0; page < 256; page++) set(table + page * 8, segment * 2 ** 20 + page * FRAME_SIZE);
  }
  return BigInt(GUEST_TABLES) | 0x03n;
}

/** Returns byte offsets of words in the first `pages` pages, in the order of a pattern. */
function offsets(pattern: Pattern, pages: number): Uint32Array {
  const words = (pages * FRAME_SIZE) / 4;
  const result = new Uint32Array(ACCESSES);
  let random = 1;
  for (let i = 0; i < ACCESSES; i++) {
    // Park and Miller: the same words on every computer.
    random = (random * 48271) % 0x7fff_ffff;
    // A little more than a page, so that every access is to another page and to another offset in it.
    const strided = (i * (FRAME_SIZE + 64)) % (words * 4);
    result[i] =
      pattern === 'sequential'
        ? (i * 4) % (words * 4)
        : pattern === 'strided'
          ? strided
          : (random % words) * 4;
  }
  return result;
}

/** Returns offsets in `MANY_PAGES` pages such that no page is in the buffer when it is accessed. */
function farOffsets(pattern: Pattern): Uint32Array {
  const result = new Uint32Array(ACCESSES);
  let random = 1;
  for (let i = 0; i < ACCESSES; i++) {
    random = (random * 48271) % 0x7fff_ffff;
    // Pages `TLB_SLOTS` apart share a slot. Each access to a slot is to another page than the one before.
    const turn = i >>> 1;
    const slot = pattern === 'sequential' ? turn : pattern === 'strided' ? turn * 17 : (turn * 48271) >>> 3;
    result[i] = ((slot % TLB_SLOTS) + (i & 1) * TLB_SLOTS) * FRAME_SIZE + (random % 1024) * 4;
  }
  return result;
}

// One loop per route, so that V8 compiles each for the types that occur there.
function bare(view: DataView, addresses: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) sum = (sum + view.getUint32(addresses[i] as number)) | 0;
  return sum;
}

function load(cpu: Cpu, addresses: Uint32Array): number {
  let sum = 0;
  for (let i = 0; i < addresses.length; i++) sum = (sum + cpu.load32(0, addresses[i] as number)) | 0;
  return sum;
}

function store(cpu: Cpu, addresses: Uint32Array): void {
  for (let i = 0; i < addresses.length; i++) cpu.store32(0, addresses[i] as number, i);
}

/** Measures each route once. Returns nanoseconds per access. */
function round(world: World, near: Uint32Array, far: Uint32Array): Figures<Route> {
  const { cpu, frames, view } = world;
  const base = Number(PROCESS_ADDRESS);
  const absolute = near.map((at) => (frames[at >>> 12] as number) + (at & 0xfff));
  const inProcess = near.map((at) => base + at);
  const farInProcess = far.map((at) => base + at);
  const per = (action: () => void) => time(action) / ACCESSES;
  const hit = (action: () => void) => {
    action();
    return per(action);
  };
  world.enter('process');
  const figures = {
    bare: hit(() => bare(view, absolute)),
    hit: hit(() => load(cpu, inProcess)),
    'hit-store': hit(() => store(cpu, inProcess)),
    walk: per(() => load(cpu, farInProcess)),
  };
  world.enter('gmap');
  const walkGmap = per(() => load(cpu, far));
  world.enter('guest');
  const guestHit = hit(() => load(cpu, near));
  const guestWalk = per(() => load(cpu, far));
  return { ...figures, 'walk-gmap': walkGmap, 'guest-hit': guestHit, 'guest-walk': guestWalk };
}

/** Returns the best of several rounds, for a pattern. */
export function benchAccess(pattern: Pattern, rounds = ROUNDS): Figures<Route> {
  const world = makeWorld();
  const near = offsets(pattern, FEW_PAGES);
  const far = farOffsets(pattern);
  return bestOf(rounds, () => round(world, near, far));
}

// The pages of `farOffsets` must lie below the guest's tables.
if (MANY_PAGES * FRAME_SIZE > GUEST_TABLES) throw new Error('the guest’s tables overlap the measured pages');
