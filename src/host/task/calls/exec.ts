/** execve(2). */

import { LinuxError } from '../../errors.ts';
import { AT } from '../abi/at.ts';
import { execute } from '../process/execute.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';
import { contextOf, pathAt } from './descriptors.ts';
import { call } from './line.ts';

/** The longest argument, and how many bytes of arguments there are at most. Linux: MAX_ARG_STRLEN. */
const STRING_MAX = 131_071;
const TOTAL_MAX = 6 << 20;

function execveat(
  system: System,
  thread: Thread,
  dirfd: number,
  pathname: number,
  argv: number,
  envp: number,
  flags: number,
): undefined {
  if ((flags & ~(AT.EMPTY_PATH | AT.SYMLINK_NOFOLLOW)) !== 0)
    throw new LinuxError('EINVAL', `flags ${flags} of execveat`);
  const path = pathAt(thread, pathname);
  const args = stringsAt(thread, argv);
  const env = stringsAt(thread, envp);
  const context = contextOf(thread, dirfd, path);
  if (path === '' && (flags & AT.EMPTY_PATH) !== 0) {
    const { dentry } = thread.files.get(dirfd);
    if (dentry === null) throw new LinuxError('EACCES', `descriptor ${dirfd} is no program`);
    execute(system, thread, { context, path: `/dev/fd/${dirfd}`, args, env, found: dentry });
    return undefined;
  }
  execute(system, thread, { context, path, args, env });
  return undefined;
}

/** Returns the strings of a list that ends with 0. */
function stringsAt({ space }: Thread, at: number): string[] {
  const strings: string[] = [];
  if (at === 0) return strings;
  let total = 0;
  for (let place = at; ; place += 8) {
    const address = space.memory.u64(place);
    if (address === 0) return strings;
    const text = stringAt(space.memory, address);
    total += text.length + 9;
    if (total > TOTAL_MAX) throw new LinuxError('E2BIG', `more than ${TOTAL_MAX} bytes of arguments`);
    strings.push(text);
  }
}

function stringAt(memory: Thread['space']['memory'], address: number): string {
  try {
    return memory.string(address, STRING_MAX);
  } catch (error) {
    if (error instanceof LinuxError && error.code === 'ENAMETOOLONG')
      throw new LinuxError('E2BIG', error.message);
    throw error;
  }
}

/** The system calls that execute programs. */
export const EXEC_CALLS = [
  call('execve', 'path addr addr', (system, thread, path, argv, envp) =>
    execveat(system, thread, AT.FDCWD, path!, argv!, envp!, 0),
  ),
  call('execveat', 'dirfd path addr addr flags:AT', execveat),
];
