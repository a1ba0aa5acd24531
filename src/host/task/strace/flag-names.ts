/** Flags and constants as strace writes them. */

import { AT } from '../abi/at.ts';
import { O } from '../abi/files.ts';
import { MREMAP } from '../abi/memory.ts';
import { CLONE, WAIT } from '../abi/processes.ts';
import { UFFD_USER_MODE_ONLY } from '../userfaults/abi.ts';

type Bits = readonly (readonly [name: string, bits: number])[];

/** Bits whose names have a prefix. */
function named(prefix: string, bits: Readonly<Record<string, number>>): Bits {
  return Object.entries(bits).map(([name, value]) => [`${prefix}${name}`, value]);
}

const { ACCMODE, RDONLY: _r, WRONLY: _w, RDWR: _rw, ...OPEN } = O;
const { SIGNAL, ...CLONES } = CLONE;
const ACCESS_MODES = ['O_RDONLY', 'O_WRONLY', 'O_RDWR', 'O_ACCMODE'];

/** What a set of flags consists of, by the word behind `flags:` of its kind. */
const SETS: ReadonlyMap<string, Bits> = new Map<string, Bits>([
  ['O', named('O_', OPEN).toSorted(([, one], [, other]) => other - one)],
  ['PROT', named('PROT_', { READ: 1, WRITE: 2, EXEC: 4 })],
  ['CLONE', named('CLONE_', CLONES)],
  [
    'UFFD',
    [
      ...named('O_', { CLOEXEC: O.CLOEXEC, NONBLOCK: O.NONBLOCK }),
      ['UFFD_USER_MODE_ONLY', UFFD_USER_MODE_ONLY],
    ],
  ],
  ['MREMAP', named('MREMAP_', MREMAP)],
  ['AT', named('AT_', { ...AT, REMOVEDIR: 0, FDCWD: 0 }).filter(([, bits]) => bits > 0)],
  [
    'WAIT',
    named('W', {
      NOHANG: WAIT.NOHANG,
      STOPPED: WAIT.UNTRACED,
      EXITED: WAIT.EXITED,
      CONTINUED: WAIT.CONTINUED,
    }),
  ],
]);

/** Returns the names of flags, joined by `|`. @param set the word behind `flags:` */
export function flagNames(set: string, value: number): string {
  const names: string[] = set === 'O' ? [ACCESS_MODES[value & ACCMODE]!] : [];
  let rest = set === 'O' ? value & ~ACCMODE : value;
  for (const [name, bits] of SETS.get(set) ?? []) {
    if ((rest & bits) !== bits || bits === 0) continue;
    names.push(name);
    rest &= ~bits;
  }
  if (set === 'CLONE' && (rest & SIGNAL) === rest && rest !== 0) {
    names.push(rest === 17 ? 'SIGCHLD' : String(rest));
    rest = 0;
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  if (names.length > 0) return names.join('|');
  return set === 'PROT' ? 'PROT_NONE' : '0';
}
