/** ioctl(2): what concerns all files; the rest is the file's own. */

import { O } from '../abi/files.ts';
import { IOCTL } from '../abi/ioctls.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { type CallResult, call } from './line.ts';

function ioctl(_: System, thread: Thread, fd: number, command: number, argument: number): CallResult {
  const file = thread.files.get(fd);
  const { memory } = thread.space;
  switch (command) {
    case IOCTL.FIOCLEX:
    case IOCTL.FIONCLEX:
      thread.files.setCloseOnExec(fd, command === IOCTL.FIOCLEX);
      return 0;
    case IOCTL.FIONBIO:
      file.flags = memory.u32(argument) === 0 ? file.flags & ~O.NONBLOCK : file.flags | O.NONBLOCK;
      return 0;
    case IOCTL.FIONREAD:
      memory.setU32(argument, file.available());
      return 0;
    default:
      return file.control(command, argument, thread);
  }
}

/** The system call for devices. */
export const IOCTL_CALLS = [call('ioctl', 'fd ioctl addr', ioctl)];
