/** /dev/userfaultfd: who may open it makes userfaultfds without other rights. */

import { LinuxError } from '../../errors.ts';
import { makeDevice, S } from '../abi/files.ts';
import { addDevice, OpenFile } from '../files/index.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { USERFAULTFD_IOC_NEW } from './abi.ts';
import { makeUserfaultFile } from './make.ts';

/** Linux gives it any minor number of 127 and below that is free. */
const MAJOR = 10;
const MINOR = 126;

/** An open file of /dev/userfaultfd. */
class UserfaultDevice extends OpenFile {
  readonly #system: System;

  constructor(system: System, ...file: ConstructorParameters<typeof OpenFile>) {
    super(...file);
    this.#system = system;
  }

  override control(command: number, flags: number, thread: Thread): number {
    if (command !== USERFAULTFD_IOC_NEW)
      throw new LinuxError('EINVAL', `/dev/userfaultfd has no command 0x${command.toString(16)}`);
    return makeUserfaultFile(this.#system, thread, flags);
  }
}

/** Adds /dev/userfaultfd to a system. */
export function registerUserfaults(system: System): void {
  const { devices } = system.files;
  devices.register(S.IFCHR, MAJOR, MINOR, (node, flags) => new UserfaultDevice(system, node, flags));
  const permissions = S.IFCHR | 0o600;
  addDevice(system.files.directory('/dev'), 'userfaultfd', permissions, makeDevice(MAJOR, MINOR));
}
