/** The guest of `guesthouse boot`: its image, its memory, and the machine that it runs on. */

import { NetworkDevice, StateError } from '../devices/index.ts';
import type { Host, Mm } from '../host/index.ts';
import { MIB } from '../host/internal.ts';
import { type CpuModel, DEFAULT_STORAGE_SIZE, type Engine, Machine, type Storage } from '../machine/index.ts';
import { GUEST_MAC, type UserNetwork } from '../net/index.ts';
import {
  type AttachedDevice,
  checkBeginning,
  DISKS_MAX,
  type ElfImage,
  type GuestConsole,
  type GuestState,
  ImageError,
  linuxKernelOf,
  type MemoryMap,
  Monitor,
  NO_SYMBOLS,
  parseImage,
  type SymbolTable,
  standardDevices,
  symbolsOf,
} from '../vmm/index.ts';
import { type DiskFlag, type OpenDisk, openDisk } from './disk-file.ts';
import { readLimited } from './files.ts';
import type { ForwardFlag } from './guest-network.ts';
import { UsageError } from './output.ts';
import { type OpenShare, openShare, type ShareFlag } from './share-option.ts';
import { checkStorage } from './sizes.ts';
import { readState } from './state-file.ts';

/** Process address behind guest address 0, unless `--map` is given. */
const MEMORY_AT = 256n * MIB;
/** Storage for everything except the guest's memory: tables, and a reserve. */
const STORAGE_RESERVE = 64n * MIB;
/** Maximum size of an image, and of an initial RAM disk, in bytes. Kernels with all their symbols have some hundred MiB. */
const IMAGE_MAX = 1 << 30;
const INITRD_MAX = 1 << 30;
/** The default size of memory: of a bare-metal image, and of a Linux kernel. */
const MEMORY = 64n * MIB;
const LINUX_MEMORY = 512n * MIB;

/** The options that describe a guest. */
export interface GuestFlags {
  /** The size of memory from guest address 0 on; undefined for the default. */
  readonly memory?: bigint;
  readonly map: MemoryMap[];
  readonly cpus: number;
  readonly cpu: CpuModel;
  readonly engine: Engine;
  /** The path of an initial RAM disk. */
  readonly initrd?: string;
  readonly disk: readonly DiskFlag[];
  /** The kind of network; undefined for none, unless there are forwards. */
  readonly net?: 'user';
  readonly forward: readonly ForwardFlag[];
  readonly share: readonly ShareFlag[];
  readonly balloon: bigint;
  /** The seed of the entropy device. */
  readonly seed: number;
}

/** A guest to boot: its files were read and checked. */
export interface GuestToBoot {
  readonly image: ElfImage;
  readonly symbols: SymbolTable;
  readonly commandLine: string;
  readonly initrd: Uint8Array | null;
  readonly cpus: number;
  /** The size of memory from guest address 0 on, and further ranges. */
  readonly memory: bigint;
  readonly map: readonly MemoryMap[];
  readonly disks: readonly OpenDisk[];
  readonly shares: readonly OpenShare[];
  /** Whether it has a network device. */
  readonly hasNetwork: boolean;
  readonly seed: number;
  /** Whether it gets devices on channels: a Linux kernel does, and an image with disks, shared folders or a network. */
  readonly hasChannels: boolean;
  readonly cpuModel: CpuModel;
  /** The target of the balloon in bytes. */
  readonly balloon: bigint;
  /** The state that it goes on from, or null for a guest that starts. */
  readonly state: GuestState | null;
}

/** Reads the files of a guest. @throws UsageError naming the file that cannot be used */
export function readGuest(path: string, commandLine: string, flags: GuestFlags): GuestToBoot {
  const { image, symbols, isKernel } = readImage(path);
  if (flags.initrd !== undefined && !isKernel)
    throw new UsageError(`--initrd is for Linux kernels, and ${path} is none`);
  const initrd = flags.initrd === undefined ? null : readLimited(flags.initrd, INITRD_MAX);
  const { cpus, map, seed, cpu: cpuModel, balloon, memory = isKernel ? LINUX_MEMORY : MEMORY } = flags;
  const attached = attachedTo(flags);
  const hasChannels = isKernel || flags.disk.length + flags.share.length > 0 || attached.hasNetwork;
  return {
    ...{ image, symbols, commandLine, initrd, cpus, cpuModel, memory, map },
    ...{ ...attached, seed, hasChannels, balloon, state: null },
  };
}

/** Opens disks and shared folders. @throws UsageError */
function attachedTo(flags: GuestFlags): Pick<GuestToBoot, 'disks' | 'shares' | 'hasNetwork'> {
  const { disk, share } = flags;
  if (disk.length > DISKS_MAX) throw new UsageError(`there can be ${DISKS_MAX} disks`);
  return { disks: disk.map(openDisk), shares: share.map(openShare), hasNetwork: wantsNetwork(flags) };
}

/** Reads the state of a guest. @throws UsageError if it cannot be used */
export function readSavedGuest(path: string, flags: GuestFlags): GuestToBoot {
  const { seed, balloon } = flags;
  const state = readState(path);
  const attached = attachedTo(flags);
  const { image, commandLine, initrd, cpus, cpuModel, maps, channels } = state.configuration;
  return {
    ...{ image, symbols: NO_SYMBOLS, commandLine, initrd, cpus, cpuModel, memory: 0n, map: maps },
    ...{ ...attached, seed, hasChannels: channels || attached.hasNetwork, balloon, state },
  };
}

/** A forward needs a network. */
function wantsNetwork({ net, forward }: GuestFlags): boolean {
  return net !== undefined || forward.length > 0;
}

function readImage(path: string): { image: ElfImage; symbols: SymbolTable; isKernel: boolean } {
  try {
    // A file of another kind is rejected before it is read to its end, because a device may have no end.
    const file = readLimited(path, IMAGE_MAX, checkBeginning);
    const image = parseImage(file);
    return { image, symbols: symbolsOf(file), isKernel: linuxKernelOf(image) !== null };
  } catch (error) {
    if (error instanceof ImageError) throw new UsageError(`${path}: ${error.message}`);
    throw error;
  }
}

/** Makes the machine for a guest. @param storage to be reused. @throws UsageError if there is no such machine */
export function makeMachine(
  guest: GuestToBoot,
  { engine }: GuestFlags,
  storage: Storage | null = null,
): Machine {
  const { cpuModel } = guest;
  if (storage !== null) return new Machine({ storage, cpuModel, engine });
  try {
    return new Machine({ storageSize: storageFor(guest), cpuModel, engine });
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

/** Returns the size of storage for all memory of the guest. Memory that it does not touch costs nothing. */
function storageFor({ memory, map }: GuestToBoot): number {
  const whole = map.reduce((sum, { length }) => sum + length, memory);
  checkStorage('guest memory', whole);
  const wanted = whole + STORAGE_RESERVE;
  const size = Number(((wanted + wanted / 64n) / MIB + 1n) * MIB);
  return Math.max(size, DEFAULT_STORAGE_SIZE);
}

/** Returns the number of bytes that are copied into the guest when it is made. */
export function sizeOf({ image, initrd, state }: GuestToBoot): number {
  const sum = (parts: readonly { readonly bytes: Uint8Array }[]) =>
    parts.reduce((size, { bytes }) => size + bytes.length, 0);
  return sum(image.segments) + (initrd?.length ?? 0) + sum(state?.memory ?? []);
}

/** Makes the guest, in a process of its own. @param network if it has a network device. @throws as `Monitor` */
export function makeMonitor(
  host: Host,
  mm: Mm,
  guest: GuestToBoot,
  console: GuestConsole,
  network: UserNetwork | null = null,
): Monitor {
  const { image, commandLine, initrd, cpus, hasChannels } = guest;
  const maps = mapsFor(mm, guest);
  const devices = hasChannels ? devicesOf(guest, network) : undefined;
  const events = { input: true, realTime: network !== null };
  const options = { image, maps, console, arguments: commandLine, initrd, cpus, ...events };
  const monitor = new Monitor(host, mm, devices === undefined ? options : { ...options, devices });
  if (guest.state !== null) restore(monitor, guest.state);
  if (guest.balloon > 0n) inflate(monitor, guest.balloon);
  return monitor;
}

/** @throws UsageError if the state does not fit the guest */
function restore(monitor: Monitor, state: GuestState): void {
  try {
    monitor.restore(state);
  } catch (error) {
    if (error instanceof StateError) throw new UsageError(`the state cannot be restored: ${error.message}`);
    throw error;
  }
}

/** @throws UsageError if the guest has no balloon */
function inflate({ balloon }: Monitor, bytes: bigint): void {
  if (balloon === null) throw new UsageError('--balloon is for guests with devices, such as Linux kernels');
  balloon.inflateTo(Number(bytes >> 12n));
}

function devicesOf({ seed, disks, shares }: GuestToBoot, network: UserNetwork | null): AttachedDevice[] {
  return standardDevices({
    seed,
    network: network && new NetworkDevice(network, { mac: GUEST_MAC }),
    disks: disks.map((disk) => disk.backend()),
    shares: shares.map(({ tag, tree }) => ({ tag, tree: tree() })),
  });
}

/** Maps process memory for all ranges of the guest. Ranges may share memory. Returns the maps. */
function mapsFor(mm: Mm, { memory, map }: GuestToBoot): readonly MemoryMap[] {
  const whole = ((memory + MIB - 1n) / MIB) * MIB;
  const maps = whole > 0n ? [{ from: MEMORY_AT, to: 0n, length: whole }, ...map] : map;
  for (const { from, length } of maps) {
    for (let at = from; at < from + length; at += MIB) {
      if (!mm.mappings.at(Number(at >> 12n))) mm.mmap({ address: at, length: MIB });
    }
  }
  return maps;
}
