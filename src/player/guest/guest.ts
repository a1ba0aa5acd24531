/** What a guest is made of: an image with its memory and devices, or a saved state. */

import { StateError } from '../../devices/index.ts';
import { MIB } from '../../host/internal.ts';
import type { CpuModel } from '../../machine/index.ts';
import {
  type ElfImage,
  type GuestState,
  ImageError,
  linuxKernelOf,
  type MemoryMap,
  NO_SYMBOLS,
  parseImage,
  type SymbolTable,
  savedDevices,
  symbolsOf,
} from '../../vmm/index.ts';
import { PlayerError, type Source } from '../positions.ts';

/** Process address behind guest address 0. */
const MEMORY_AT = 256n * MIB;
/** The default size of guest memory in bytes: of a bare-metal image, and of a Linux kernel. */
const MEMORY = 64n * MIB;
const LINUX_MEMORY = 256n * MIB;
/** The largest memory of a guest that is played live, in bytes: copies of it are kept. */
export const LIVE_MEMORY_MAX = 512n * MIB;
/** Devices without a disk: console, balloon, entropy. */
const DEVICES = 3;

/** A guest to be played. */
export interface Guest {
  readonly image: ElfImage;
  readonly symbols: SymbolTable;
  readonly commandLine: string;
  readonly initrd: Uint8Array | null;
  readonly cpus: number;
  readonly cpuModel: CpuModel;
  readonly maps: readonly MemoryMap[];
  /** Whether it has devices on channels. */
  readonly hasChannels: boolean;
  /** Whether it is played live: it gets console input, and runs until it is stopped. */
  readonly isLive: boolean;
  /** The state that it goes on from, or null for a guest that starts. */
  readonly state: GuestState | null;
}

/** Returns the guest of a source: a bare-metal image, or a Linux kernel. @throws PlayerError if its image is malformed */
export function guestOf(source: Source & { kind: 'guest' }): Guest {
  const { name, initrd = null, cpus = 1, arguments: commandLine = '' } = source;
  const image = withName(name, () => parseImage(source.image));
  const isKernel = withName(name, () => linuxKernelOf(image)) !== null;
  const length = source.memory ?? (isKernel ? LINUX_MEMORY : MEMORY);
  if (isKernel) demandMemory(name, length);
  return {
    ...{ image, commandLine, initrd, cpus, symbols: symbolsOf(source.image), cpuModel: 'max' },
    maps: [{ from: MEMORY_AT, to: 0n, length }],
    ...{ hasChannels: isKernel, isLive: isKernel, state: null },
  };
}

/** Returns the guest of a saved state. @throws PlayerError if it cannot be played */
export function savedGuest(name: string, state: GuestState): Guest {
  const { image, commandLine, initrd, cpus, cpuModel, maps, channels } = state.configuration;
  demandMemory(
    name,
    maps.reduce((sum, { length }) => sum + length, 0n),
  );
  if (channels) demandNoMore(name, state);
  return {
    ...{ image, symbols: NO_SYMBOLS, commandLine, initrd, cpus, cpuModel, maps },
    ...{ hasChannels: channels, isLive: true, state },
  };
}

function demandMemory(name: string, bytes: bigint): void {
  if (bytes <= LIVE_MEMORY_MAX) return;
  throw new PlayerError(
    `${name}: ${bytes / MIB} MiB of memory are more than the ${LIVE_MEMORY_MAX / MIB} MiB that can be played`,
  );
}

function demandNoMore(name: string, state: GuestState): void {
  const more = withName(name, () => savedDevices(state.channels)) - DEVICES;
  if (more > 0)
    throw new PlayerError(
      `${name}: a guest with disks, shares or a network (${more}), which the player does not have`,
    );
}

/** Performs `read`. @throws PlayerError with the name of the source if it fails */
function withName<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ImageError || error instanceof StateError)
      throw new PlayerError(`${name}: ${error.message}`);
    throw error;
  }
}
