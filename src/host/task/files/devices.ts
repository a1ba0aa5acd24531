/** Device nodes, and the devices that they are for. */

import { LinuxError } from '../../errors.ts';
import { majorOf, minorOf, type S } from '../abi/files.ts';
import type { FileSystem } from './file-system.ts';
import type { Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import { OpenableInode } from './openable-inode.ts';

/** Opens a device by a node. @param flags bits of `O`. @throws LinuxError ENXIO, EBUSY … */
export type DeviceOpener = (node: Inode, flags: number) => OpenFile;

/** The type of a device: S.IFCHR or S.IFBLK. */
export type DeviceType = typeof S.IFCHR | typeof S.IFBLK;

/** The devices of a system. */
export class Devices {
  readonly #openers = new Map<string, DeviceOpener>();

  /** Adds a device. @param minor null for all minor numbers that no other device has */
  register(type: DeviceType, major: number, minor: number | null, opener: DeviceOpener): void {
    this.#openers.set(`${type}:${major}:${minor ?? '*'}`, opener);
  }

  /** Opens the device of a node. @throws LinuxError ENXIO if there is none, and what its opener throws */
  open(node: Inode, flags: number): OpenFile {
    const [major, minor] = [majorOf(node.rdev), minorOf(node.rdev)];
    const opener =
      this.#openers.get(`${node.type}:${major}:${minor}`) ?? this.#openers.get(`${node.type}:${major}:*`);
    if (opener === undefined) throw new LinuxError('ENXIO', `there is no device ${major}:${minor}`);
    return opener(node, flags);
  }
}

/** A device node. */
export class DeviceNode extends OpenableInode {
  readonly #devices: Devices;
  readonly #rdev: number;

  /** @param mode type and permissions. @param rdev see `makeDevice` */
  constructor(fs: FileSystem, mode: number, rdev: number, devices: Devices, ino?: number) {
    super(fs, mode, ino);
    this.#rdev = rdev;
    this.#devices = devices;
  }

  override get rdev(): number {
    return this.#rdev;
  }

  override open(flags: number): OpenFile {
    return this.#devices.open(this, flags);
  }
}
