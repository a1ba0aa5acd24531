/** The devices with major number 1: null, zero, full, random and urandom. Linux: drivers/char/mem.c, Documentation/admin-guide/devices.txt. */

import { LinuxError } from '../../errors.ts';
import { S } from '../abi/files.ts';
import type { Devices } from './devices.ts';
import { OpenFile } from './open-file.ts';

/** The major number of these devices. */
export const MEMORY_MAJOR = 1;
/** Their minor numbers. */
export const MEMORY_MINOR = { NULL: 3, ZERO: 5, FULL: 7, RANDOM: 8, URANDOM: 9 } as const;

/** Stores pseudo-random bytes. */
export type RandomFiller = (into: Uint8Array) => void;

/** A device without a position: an offset is accepted, and means nothing. */
abstract class MemoryDevice extends OpenFile {
  abstract override read(into: Uint8Array): number;
  abstract override write(bytes: Uint8Array): number;

  override readAt(into: Uint8Array): number {
    return this.read(into);
  }

  override writeAt(bytes: Uint8Array): number {
    return this.write(bytes);
  }

  override seek(): number {
    return 0;
  }
}

/** /dev/null. */
class NullDevice extends MemoryDevice {
  override read(_into: Uint8Array): number {
    return 0;
  }

  override write(bytes: Uint8Array): number {
    return bytes.length;
  }
}

/** /dev/zero. */
class ZeroDevice extends NullDevice {
  override read(into: Uint8Array): number {
    into.fill(0);
    return into.length;
  }
}

/** /dev/full. */
class FullDevice extends ZeroDevice {
  override write(bytes: Uint8Array): number {
    if (bytes.length === 0) return 0;
    throw new LinuxError('ENOSPC', 'the device is always full');
  }
}

/** /dev/random and /dev/urandom. */
class RandomDevice extends NullDevice {
  readonly #fill: RandomFiller;

  constructor(fill: RandomFiller, ...file: ConstructorParameters<typeof OpenFile>) {
    super(...file);
    this.#fill = fill;
  }

  override read(into: Uint8Array): number {
    this.#fill(into);
    return into.length;
  }
}

/** Adds the devices. @param random where the bytes of random and urandom come from */
export function registerMemoryDevices(devices: Devices, random: RandomFiller): void {
  const { NULL, ZERO, FULL, RANDOM, URANDOM } = MEMORY_MINOR;
  devices.register(S.IFCHR, MEMORY_MAJOR, NULL, (node, flags) => new NullDevice(node, flags));
  devices.register(S.IFCHR, MEMORY_MAJOR, ZERO, (node, flags) => new ZeroDevice(node, flags));
  devices.register(S.IFCHR, MEMORY_MAJOR, FULL, (node, flags) => new FullDevice(node, flags));
  for (const minor of [RANDOM, URANDOM]) {
    devices.register(S.IFCHR, MEMORY_MAJOR, minor, (node, flags) => new RandomDevice(random, node, flags));
  }
}
