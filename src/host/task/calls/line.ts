/** A line of the table of system calls: the name, the arguments, and what it does. */

import type { SystemCallName } from '../abi/system-calls.ts';
import type { Blocking } from '../process/blocking.ts';
import type { Registers } from '../process/registers.ts';
import type { Thread } from '../process/task.ts';
import type { System } from '../system.ts';

/**
 * What a system call returns: an integer from -4095 on, negative for an error; nothing if the registers are those to go on with, as
 * after exec; or a generator if it may have to wait. Errors are thrown as LinuxError.
 */
export type CallResult = number | undefined | Blocking<number | undefined>;

/** Performs a system call. The arguments are numbers: 64 bits beyond 2^53 are not exact. */
export type CallHandler = (system: System, thread: Thread, ...args: number[]) => CallResult;

/**
 * Kinds of arguments, which say how a register becomes a number and how strace shows it. `int` and `fd` have 32 bits with a sign; `uint`, `ioctl` and the
 * kinds of flags 32 without; `long` 64 with a sign; the others 64 without.
 */
export type ArgumentKind =
  | 'int'
  | 'fd'
  | 'dirfd'
  | 'uint'
  | 'oct'
  | 'long'
  | 'size'
  | 'addr'
  | 'path'
  | 'buf'
  | 'sig'
  | 'hex'
  | 'ioctl'
  | `flags:${string}`;

/** A system call. */
export interface CallLine {
  readonly name: SystemCallName;
  readonly kinds: readonly ArgumentKind[];
  readonly run: CallHandler;
  /** What is missing of it, in words; undefined if nothing is. */
  readonly missing: string | undefined;
}

/** Makes a line. @param kinds kinds of the arguments, separated by blanks */
export function call(name: SystemCallName, kinds: string, run: CallHandler, missing?: string): CallLine {
  return { name, kinds: kinds === '' ? [] : (kinds.split(' ') as ArgumentKind[]), run, missing };
}

/** The register of the first argument. */
const FIRST_ARGUMENT = 2;

/** Returns the arguments of a call, from registers. */
export function argumentsOf({ kinds }: CallLine, registers: Registers): number[] {
  return kinds.map((kind, i) => {
    const r = FIRST_ARGUMENT + i;
    switch (kind) {
      case 'int':
      case 'fd':
      case 'dirfd':
      case 'sig':
        return registers.gr[r * 2]! | 0;
      case 'long':
        return registers.signed(r);
      case 'size':
      case 'addr':
      case 'path':
      case 'buf':
        return registers.unsigned(r);
      default:
        return registers.gr[r * 2]!;
    }
  });
}
