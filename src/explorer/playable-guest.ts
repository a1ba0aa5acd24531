/** What plays guests: an image, a Linux kernel, or the file of a saved state. It is loaded with the first guest. */

import { playableGuest, playableState } from '../player/guest/index.ts';
import type { Source } from '../player/index.ts';
import type { Playable } from '../player/internal.ts';
import { beginsAsState } from '../vmm/index.ts';
import { stateOf } from './state-file.ts';

export { stateFile } from './state-file.ts';

/** Returns a guest, to be played. @throws PlayerError if it cannot be played */
export async function playableGuestOf(source: Source & { kind: 'guest' }): Promise<Playable> {
  const { name, image } = source;
  if (!beginsAsState(image)) return playableGuest(source);
  return playableState(name, await stateOf(name, image));
}
