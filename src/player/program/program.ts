/** What a Linux program is made of that is played. */

import { LinuxError } from '../../host/index.ts';
import { programIn } from '../../host/task/internal.ts';
import { type SymbolTable, symbolsOf } from '../../vmm/index.ts';
import { PlayerError, type Source } from '../positions.ts';

/** Characters of names that are kept in paths. */
const OTHERS = /[^\w.+-]/g;

/** A program to be played. */
export interface Program {
  readonly path: string;
  readonly image: Uint8Array;
  readonly args: readonly string[];
  /** All of its standard input. */
  readonly input: string;
  readonly symbols: SymbolTable;
}

/** Returns the program of a source. @throws PlayerError if it cannot be executed */
export function programOf({ name, image, arguments: args, input }: Source & { kind: 'program' }): Program {
  try {
    if (programIn(image).interpreter !== null) {
      throw new PlayerError(
        `${name} needs shared libraries, which the player does not have. Link it with -static.`,
      );
    }
  } catch (error) {
    if (error instanceof LinuxError) throw new PlayerError(`${name}: ${error.message}`);
    throw error;
  }
  const path = `/bin/${name.replace(OTHERS, '_').slice(-100) || 'program'}`;
  return { path, image, args: args ?? [], input: input ?? '', symbols: symbolsOf(image) };
}
