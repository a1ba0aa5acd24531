/**
 * The state of a guest: all that it needs to go on as if it had never stopped. Its host is not part of it: a restored guest begins with
 * empty tables, which its faults fill again.
 */

import { SavedFields, StateError } from '../devices/index.ts';
import {
  GuestMemoryFault,
  LinuxError,
  type SavedFloating,
  type SavedVcpu,
  type VirtualMachine,
} from '../host/index.ts';
import { CPU_MODELS, type CpuModel } from '../machine/index.ts';
import type { ElfImage } from './elf.ts';
import type { MemoryMap } from './memory-map.ts';

/** What a guest was made with, so that another one like it can be made. */
export interface GuestConfiguration {
  readonly cpuModel: CpuModel;
  readonly cpus: number;
  readonly maps: readonly MemoryMap[];
  /** Whether it has a channel subsystem. Its devices must be attached again, in the same order. */
  readonly channels: boolean;
  /** What is loaded when the guest is reset. */
  readonly image: ElfImage;
  readonly commandLine: string;
  readonly initrd: Uint8Array | null;
}

/** A part of memory: whole pages that are not all zeros, or whose key is not 0. */
export interface SavedMemory {
  /** Guest absolute address, a multiple of 4 KiB. */
  readonly address: bigint;
  readonly bytes: Uint8Array;
  /** A storage key for each page, or null if the guest uses none. */
  readonly keys: Uint8Array | null;
}

/** The state of a guest. */
export interface GuestState {
  readonly configuration: GuestConfiguration;
  /** The TOD clock of the machine, and its offset. */
  readonly tod: bigint;
  readonly todOffset: bigint;
  readonly vcpus: readonly SavedVcpu[];
  readonly floating: SavedFloating;
  readonly memory: readonly SavedMemory[];
  /** Whether the guest uses storage keys. */
  readonly usesKeys: boolean;
  readonly sclp: unknown;
  readonly channels: unknown;
  /** The virtual CPU whose turn it is, what is left of the turn, and the CPUs that loaded a disabled wait PSW. */
  readonly current: number;
  readonly turn: number;
  readonly ended: readonly number[];
}

const PAGE = 4096;
/** Pages that are looked at, and stored, at a time: 1 MiB. */
const PAGES_AT_ONCE = 256;
const IMAGE_MAX = 1 << 30;
const SEGMENTS_MAX = 0x1_0000;
const MAPS_MAX = 4096;
const PARTS_MAX = 1 << 24;
const CPUS_MAX = 248;

/** Returns the memory of a guest. */
export function saveMemory(vm: VirtualMachine, maps: readonly MemoryMap[]): SavedMemory[] {
  const parts: SavedMemory[] = [];
  const step = BigInt(PAGES_AT_ONCE * PAGE);
  for (const { from, to, length } of maps) {
    for (let at = 0n; at < length; at += step) savePart(vm, from + at, to + at, parts);
  }
  return parts;
}

/** Saves the runs of pages of 1 MiB that are not empty. */
function savePart(vm: VirtualMachine, process: bigint, guest: bigint, parts: SavedMemory[]): void {
  const resident = vm.mm.mincore({ address: process, length: BigInt(PAGES_AT_ONCE * PAGE) });
  const keys = vm.getKeys(Number(guest / BigInt(PAGE)), PAGES_AT_ONCE);
  const hasKey = (page: number) => keys !== null && keys[page] !== 0;
  for (const run of runsOf(0, PAGES_AT_ONCE, (page) => resident[page] === 1 || hasKey(page))) {
    const bytes = vm.readGuest(guest + BigInt(run.first * PAGE), (run.end - run.first) * PAGE);
    const part = (first: number, end: number) =>
      bytes.subarray((first - run.first) * PAGE, (end - run.first) * PAGE);
    for (const { first, end } of runsOf(
      run.first,
      run.end,
      (page) => hasKey(page) || isUsed(part(page, page + 1)),
    )) {
      const address = guest + BigInt(first * PAGE);
      parts.push({ address, bytes: part(first, end), keys: keys === null ? null : keys.slice(first, end) });
    }
  }
}

/** Returns the runs of consecutive pages, of those from `first` up to `end`, that pass a test. */
function* runsOf(
  first: number,
  end: number,
  test: (page: number) => boolean,
): Iterable<{ readonly first: number; readonly end: number }> {
  let begin = first;
  for (let page = first; page <= end; page++) {
    if (page < end && test(page)) continue;
    if (page > begin) yield { first: begin, end: page };
    begin = page + 1;
  }
}

/** Whether a page has a byte that is not zero. */
function isUsed(page: Uint8Array): boolean {
  for (let i = 0; i < page.length; i++) if (page[i] !== 0) return true;
  return false;
}

/** Fills the memory of a guest, which is all zeros. */
export function restoreMemory(vm: VirtualMachine, parts: readonly SavedMemory[]): void {
  for (const { address, bytes, keys } of parts) {
    vm.writeGuest(address, bytes);
    if (keys !== null) vm.setKeys(Number(address / BigInt(PAGE)), keys);
  }
}

/** Drops all memory of a guest. */
export function clearMemory(vm: VirtualMachine, maps: readonly MemoryMap[]): void {
  const none = new Uint8Array(PAGES_AT_ONCE);
  const keyed = vm.getKeys(Number((maps[0]?.to ?? 0n) / BigInt(PAGE)), 1) !== null;
  for (const { from, to, length } of maps) {
    vm.mm.dontNeed({ address: from, length });
    if (!keyed) continue;
    const pages = Number(length / BigInt(PAGE));
    for (let done = 0; done < pages; done += PAGES_AT_ONCE) {
      vm.setKeys(Number(to / BigInt(PAGE)) + done, none);
    }
  }
}

/** Returns a state whose structure is checked. Its parts are checked when they are restored. @throws StateError */
export function checkedState(value: unknown): GuestState {
  const saved = new SavedFields('guest', value);
  return {
    configuration: checkedConfiguration(saved.any('configuration')),
    tod: saved.bigint('tod'),
    todOffset: saved.bigint('todOffset'),
    vcpus: saved.list('vcpus', CPUS_MAX, (vcpu) => vcpu as SavedVcpu),
    floating: saved.any('floating') as SavedFloating,
    memory: saved.list('memory', PARTS_MAX, checkedPart),
    usesKeys: saved.flag('usesKeys'),
    sclp: saved.any('sclp'),
    channels: saved.any('channels'),
    current: saved.integer('current', CPUS_MAX - 1),
    turn: saved.integer('turn', 1 << 30),
    ended: saved.list('ended', CPUS_MAX, checkedCpu),
  };
}

function checkedCpu(value: unknown): number {
  return new SavedFields('CPU', { value }).integer('value', CPUS_MAX - 1);
}

function checkedPart(value: unknown): SavedMemory {
  const saved = new SavedFields('memory', value);
  const address = saved.bigint('address');
  const bytes = saved.any('bytes');
  if (!(bytes instanceof Uint8Array) || bytes.length === 0 || bytes.length > PAGES_AT_ONCE * PAGE) {
    throw new StateError('memory: bytes are not 1 to 256 pages');
  }
  if (address % BigInt(PAGE) !== 0n || bytes.length % PAGE !== 0)
    throw new StateError('memory: not whole pages');
  const keys = saved.any('keys') === null ? null : saved.bytes('keys', bytes.length / PAGE);
  return { address, bytes, keys };
}

function checkedConfiguration(value: unknown): GuestConfiguration {
  const saved = new SavedFields('configuration', value);
  const cpuModel = saved.any('cpuModel') as CpuModel;
  if (!CPU_MODELS.includes(cpuModel)) throw new StateError(`configuration: no CPU model ${String(cpuModel)}`);
  const commandLine = saved.any('commandLine');
  if (typeof commandLine !== 'string') throw new StateError('configuration: commandLine is not a string');
  return {
    cpuModel,
    cpus: saved.integer('cpus', CPUS_MAX),
    maps: saved.list('maps', MAPS_MAX, (map) => {
      const fields = new SavedFields('map', map);
      return { from: fields.bigint('from'), to: fields.bigint('to'), length: fields.bigint('length') };
    }),
    channels: saved.flag('channels'),
    image: checkedImage(saved.any('image')),
    commandLine,
    initrd: saved.any('initrd') === null ? null : saved.bytes('initrd', IMAGE_MAX, false),
  };
}

function checkedImage(value: unknown): ElfImage {
  const saved = new SavedFields('image', value);
  return {
    entry: saved.bigint('entry'),
    segments: saved.list('segments', SEGMENTS_MAX, (segment) => {
      const fields = new SavedFields('segment', segment);
      const [address, memorySize] = [fields.bigint('address'), fields.bigint('memorySize')];
      const bytes = fields.bytes('bytes', IMAGE_MAX, false);
      if (BigInt(bytes.length) > memorySize) throw new StateError('segment: more bytes than memory');
      return { address, memorySize, bytes, flags: fields.integer('flags', 0xffff_ffff) };
    }),
  };
}

/** Performs a part of restoring. @throws StateError instead of an error about a wrong value, or memory that the guest lacks */
export function restoring(part: () => void): void {
  try {
    part();
  } catch (error) {
    const isWrong = error instanceof LinuxError && error.code === 'EINVAL';
    if (isWrong || error instanceof GuestMemoryFault) throw new StateError(error.message);
    throw error;
  }
}
