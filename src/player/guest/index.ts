/** Plays guests. */

import { type ElfImage, ImageError, parseElf, symbolsOf } from '../../vmm/index.ts';
import type { Playable } from '../playable.ts';
import { PlayerError, type Source } from '../positions.ts';
import { GuestRun } from './guest-run.ts';

/** Returns a guest, to be played. @throws PlayerError if its image is malformed */
export function playableGuest(source: Source & { kind: 'guest' }): Playable {
  const image = imageOf(source.name, source.image);
  const symbols = symbolsOf(source.image);
  return {
    kind: 'guest',
    symbols,
    runs: (injectedFault) => (storage, listener) =>
      new GuestRun({ source, image, symbols, injectedFault, storage: storage(), listener }),
  };
}

function imageOf(name: string, bytes: Uint8Array): ElfImage {
  try {
    return parseElf(bytes);
  } catch (error) {
    if (error instanceof ImageError) throw new PlayerError(`${name}: ${error.message}`);
    throw error;
  }
}
