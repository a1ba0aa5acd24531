/**
 * The stack of a new program: arguments, environment and auxiliary vector. System V ABI for s390x, "Process Initialization"; Linux:
 * create_elf_tables.
 */

import { LinuxError } from '../../errors.ts';
import { AT } from '../abi/processes.ts';
import { bytesOf, type UserMemory } from '../memory/user-memory.ts';

/** What a program is started with. Strings have a character for each byte. */
export interface StartParameters {
  /** The path that it was executed by. */
  readonly path: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  /** Entries of the auxiliary vector besides those that point to the stack. */
  readonly auxiliary: readonly (readonly [type: number, value: number])[];
  readonly platform: string;
  /** 16 bytes for AT_RANDOM. */
  readonly random: Uint8Array;
}

/** Where the parts are. */
export interface InitialStack {
  readonly stackStart: number;
  readonly argStart: number;
  readonly argEnd: number;
  readonly envStart: number;
  readonly envEnd: number;
  readonly auxv: Uint8Array;
}

/** Arguments and environment take at most this part of the stack. */
const ARGUMENTS_SHARE = 4;

/**
 * Fills the stack.
 * @param high its end, and `size` its size in bytes
 * @throws LinuxError E2BIG if the strings do not fit
 */
export function fillStack(
  memory: UserMemory,
  high: number,
  size: number,
  start: StartParameters,
): InitialStack {
  const strings = [...start.args, ...start.env];
  const length = strings.reduce((sum, text) => sum + text.length + 1 + 8, start.path.length + 1);
  if (length > size / ARGUMENTS_SHARE) throw new LinuxError('E2BIG', `${length} bytes of arguments`);
  const pusher = new Pusher(memory, high - 8);
  const path = pusher.string(start.path);
  const envEnd = path;
  const env = start.env
    .toReversed()
    .map((text) => pusher.string(text))
    .reverse();
  const envStart = pusher.at;
  const args = start.args
    .toReversed()
    .map((text) => pusher.string(text))
    .reverse();
  const argStart = pusher.at;
  const platform = pusher.string(start.platform);
  const random = pusher.bytes(start.random);
  const auxiliary = [
    ...start.auxiliary,
    [AT.RANDOM, random],
    [AT.EXECFN, path],
    [AT.PLATFORM, platform],
    [AT.NULL, 0],
  ] as const;
  const words = [args.length, ...args, 0, ...env, 0, ...auxiliary.flat()];
  const stackStart = pusher.at - words.length * 8;
  const aligned = stackStart - (stackStart % 16);
  const bytes = bytesOfWords(words);
  memory.write(aligned, bytes);
  const auxv = bytes.slice(bytes.length - auxiliary.length * 16);
  return { stackStart: aligned, argStart, argEnd: envStart, envStart, envEnd, auxv };
}

/** Puts things onto a stack, downwards. */
class Pusher {
  at: number;
  readonly #memory: UserMemory;

  constructor(memory: UserMemory, high: number) {
    this.#memory = memory;
    this.at = high;
  }

  bytes(bytes: Uint8Array): number {
    this.at -= bytes.length;
    this.#memory.write(this.at, bytes);
    return this.at;
  }

  /** Returns the address of the string, which ends with 0. */
  string(text: string): number {
    return this.bytes(bytesOf(`${text}\0`));
  }
}

function bytesOfWords(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(words.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, word] of words.entries()) {
    view.setUint32(i * 8, Math.floor(word / 0x1_0000_0000));
    view.setUint32(i * 8 + 4, word >>> 0);
  }
  return bytes;
}
