/** The terminals of a system, and the files by which they are opened. */

import { LinuxError } from '../../errors.ts';
import { majorOf, makeDevice, minorOf, S } from '../abi/files.ts';
import { addDevice, type Dentry, type DeviceOpener } from '../files/index.ts';
import type { System } from '../system.ts';
import { ControllingFile } from './controlling-file.ts';
import { DevPts, PTMX } from './devpts.ts';
import { SystemTerminal, type SystemTerminalOptions } from './system-terminal.ts';

const CURRENT = makeDevice(5, 0);
const CONSOLE = makeDevice(5, 1);

/** The terminals of one system. */
export class SystemTerminals {
  readonly #system: System;
  readonly #dev: Dentry;
  #console: SystemTerminal | null = null;

  /** Makes /dev/tty, /dev/ptmx and /dev/pts. */
  constructor(system: System) {
    const { files } = system;
    this.#system = system;
    this.#dev = files.directory('/dev');
    const devPts = new DevPts(files.host, system, files.devices);
    files.mount('/dev/pts', devPts.root);
    addDevice(this.#dev, 'ptmx', S.IFCHR | 0o666, PTMX);
    this.#add('tty', 0o666, CURRENT, (node, flags) => new ControllingFile(node, flags));
  }

  #add(name: string, permissions: number, device: number, opener: DeviceOpener): Dentry {
    this.#system.files.devices.register(S.IFCHR, majorOf(device), minorOf(device), opener);
    return addDevice(this.#dev, name, S.IFCHR | permissions, device);
  }

  /** Whether there is a terminal outside that can be typed on. */
  get isConnected(): boolean {
    return this.#console?.isConnected ?? false;
  }

  /** Makes /dev/console. @throws LinuxError EBUSY if there is one */
  make(options: SystemTerminalOptions): SystemTerminal {
    if (this.#console !== null) throw new LinuxError('EBUSY', 'the system has a terminal');
    const node = this.#add('console', 0o600, CONSOLE, (opened, flags) => made.openNode(opened, flags));
    const made = new SystemTerminal(this.#system, node, options);
    this.#console = made;
    return made;
  }
}
