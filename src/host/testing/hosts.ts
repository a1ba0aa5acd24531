/** Small hosts for tests, and functions that read their state from outside. */

import { AbsoluteEntries, CRST_SIZE, EDAT, FRAME_SIZE, Machine, Walk } from '../../machine/index.ts';
import { LinuxError } from '../errors.ts';
import { PURPOSES } from '../frames.ts';
import type { Gmap } from '../gmap/index.ts';
import { Host } from '../host.ts';
import type { Mm } from '../mm/index.ts';

/** 1 MiB, the unit in which gmaps are mapped. */
export const MIB = 1n << 20n;
/** 1 GiB. */
export const GIB = 1n << 30n;
/** 1 TiB. */
export const TIB = 1n << 40n;
/** 1 PiB. */
export const PIB = 1n << 50n;
/** A page, 4 KiB. */
export const PAGE_BYTES = 4096n;

/** A host in check mode, which collects wrong uses of locks. */
export interface TestHost {
  readonly host: Host;
  readonly machine: Machine;
  /** Wrong uses of locks, in the order in which they happened. */
  readonly problems: string[];
}

/** Returns a host on a machine of, by default, 3 processors and 16 MiB, in check mode. */
export function makeHost(options: { cpus?: number; storageSize?: number; checked?: boolean } = {}): TestHost {
  const { cpus = 3, storageSize = 0x100_0000, checked = true } = options;
  const machine = new Machine({ cpus, storageSize });
  const host = new Host(machine);
  const problems: string[] = [];
  if (checked) host.kernel.locks.problems.subscribe((problem) => problems.push(problem));
  return { host, machine, problems };
}

/** Returns the error code with which an operation ends, or 'ok'. Rethrows an error that is not a LinuxError. */
export function codeOf(action: () => unknown): string {
  try {
    action();
    return 'ok';
  } catch (error) {
    if (error instanceof LinuxError) return error.code;
    throw error;
  }
}

/** Returns the message of the LinuxError with which an operation ends, or undefined. */
export function messageOf(action: () => unknown): string | undefined {
  try {
    action();
  } catch (error) {
    if (error instanceof LinuxError) return error.message;
    throw error;
  }
  return undefined;
}

/** Returns the number of frames in use, by purpose, and of free frames. */
export function frameCounts(host: Host): Record<string, number> {
  const { frames } = host.kernel;
  const counts: Record<string, number> = { available: frames.available };
  for (const purpose of PURPOSES) counts[purpose] = frames.count(purpose);
  return counts;
}

/** Returns the tables that an address-space-control element designates, directly and through other tables. */
export function tablesOf(host: Host, asce: bigint): { origin: number; size: number }[] {
  const { storage } = host.machine;
  const found: { origin: number; size: number }[] = [];
  const visit = (origin: number, type: number) => {
    found.push({ origin, size: CRST_SIZE });
    for (let entry = origin; entry < origin + CRST_SIZE; entry += 8) {
      const lo = storage.get32(entry + 4);
      if (lo & 0x20) continue;
      const below = storage.get32(entry) * 2 ** 32;
      if (type > 0) {
        visit(below + ((lo & 0xffff_f000) >>> 0), type - 1);
      } else {
        if (lo & 0x400) continue;
        // A page table, and its PGSTEs when it has any.
        const table = below + ((lo & 0xffff_f800) >>> 0);
        const whole = host.kernel.frames.purposeOf(table) === 'pgste-table';
        found.push({ origin: table, size: whole ? FRAME_SIZE : FRAME_SIZE / 2 });
      }
    }
  };
  visit(Number(asce & 0xffff_ffff_ffff_f000n), Number((asce >> 2n) & 3n));
  return found;
}

/** Returns the contents of every table of a process and its gmaps, by origin. */
export function tableBytes(host: Host, ...spaces: readonly { readonly asce: bigint }[]): Map<number, string> {
  const bytes = new Map<number, string>();
  for (const { asce } of spaces) {
    for (const { origin, size } of tablesOf(host, asce)) {
      bytes.set(origin, digest(host.machine.storage.bytes.subarray(origin, origin + size)));
    }
  }
  return bytes;
}

/** Returns all bytes as a text: one line for each run of equal 8-byte entries. */
function digest(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const runs: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const [hi, lo] = [view.getUint32(at), view.getUint32(at + 4)];
    let end = at + 8;
    while (end < bytes.length && view.getUint32(end) === hi && view.getUint32(end + 4) === lo) end += 8;
    runs.push(`${at.toString(16)}: ${hi.toString(16)} ${lo.toString(16)}`);
    at = end;
  }
  return runs.join('\n');
}

/** Returns the state of a process and its gmaps that a failed operation must not change. */
export function snapshotOf(host: Host, mm: Mm, ...gmaps: readonly Gmap[]) {
  return {
    frames: frameCounts(host),
    stats: host.stats(),
    mappings: [...mm.mappings],
    guests: mm.gmaps.size,
    pgstes: mm.tables.pgstes,
    segments: gmaps.map((gmap) => [...gmap.segments()]),
    tables: tableBytes(host, mm, ...gmaps),
  };
}

/** A stale translation: a walk would not find it now. */
export interface Stale {
  readonly cpu: number;
  readonly page: number;
  readonly asce: bigint;
}

/**
 * Returns the cached translations that a fresh walk does not find, or whose space was freed.
 * @param live the elements of the spaces that exist
 */
export function staleTranslations(host: Host, live: readonly bigint[]): Stale[] {
  const walk = new Walk(new AbsoluteEntries(host.machine.storage));
  const stale: Stale[] = [];
  for (const cpu of host.machine.cpus) {
    for (const entry of cpu.tlb.entries()) {
      const asce = (BigInt(entry.asceHi) << 32n) | BigInt(entry.asceLo);
      const code = walk.to(entry.asceHi, entry.asceLo, entry.page, EDAT.EDAT_2);
      const same = code === 0 && walk.frame === entry.frame && walk.protect === entry.protect;
      if (!same || walk.table !== entry.table || !live.includes(asce)) {
        stale.push({ cpu: cpu.address, page: entry.page, asce });
      }
    }
  }
  return stale;
}

/** Returns the table entry of a guest or process address at a level (0 segment … 3 region first). */
export function entryOf(host: Host, asce: bigint, address: bigint, level: number): bigint {
  let table = asce & ~0xfffn;
  for (let type = Number((asce >> 2n) & 3n); ; type--) {
    const shift = BigInt([20, 31, 42, 53][type] as number);
    const entry = host.machine.storage.get64(Number(table + ((address >> shift) & 0x7ffn) * 8n));
    if (type === level) return entry;
    table = entry & ~0xfffn;
  }
}

/** As `entryOf`, for the page-table entry, or its PGSTE. */
export function pageEntryOf(host: Host, asce: bigint, address: bigint, pgste = false): bigint {
  const table = entryOf(host, asce, address, 0) & ~0x7ffn;
  const at = table + ((address >> 12n) & 0xffn) * 8n + (pgste ? 0x800n : 0n);
  return host.machine.storage.get64(Number(at));
}

/** Bytes from numbers. */
export function bytes(...values: number[]): Uint8Array {
  return Uint8Array.from(values);
}
