/** State files in a browser, which has gzip as streams. */

import { StateError } from '../devices/index.ts';
import { PlayerError } from '../player/index.ts';
import {
  checkedState,
  compressedState,
  decodeValue,
  encodedParts,
  type GuestState,
  STATE_FILE_LINE,
} from '../vmm/index.ts';

/** Maximum size of a state in bytes, uncompressed: more than a guest of 512 MiB needs. */
const STATE_MAX = 1 << 30;

/** Returns the file of a state. */
export async function stateFile(state: GuestState): Promise<Blob> {
  const parts = encodedParts(state) as readonly Uint8Array<ArrayBuffer>[];
  const compressed = new Blob([...parts]).stream().pipeThrough(new CompressionStream('gzip'));
  return new Blob([STATE_FILE_LINE, ...(await partsOf(compressed, Infinity))]);
}

/** Reads the state in a file. @throws PlayerError if it is none */
export async function stateOf(name: string, file: Uint8Array, most = STATE_MAX): Promise<GuestState> {
  try {
    const compressed = compressedState(file) as Uint8Array<ArrayBuffer>;
    const bytes = new Blob([compressed]).stream().pipeThrough(new DecompressionStream('gzip'));
    const whole = await new Blob(await partsOf(bytes, most)).arrayBuffer();
    return checkedState(decodeValue(new Uint8Array(whole)));
  } catch (error) {
    if (error instanceof StateError) throw new PlayerError(`${name}: ${error.message}`);
    throw error;
  }
}

/** Reads a stream. @throws StateError if it has more than `most` bytes, or cannot be unpacked */
async function partsOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  most: number,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = stream.getReader();
  let left = most;
  for (;;) {
    const { done, value } = await reader.read().catch(notWhole);
    if (done) return parts;
    left -= value.length;
    if (left < 0) {
      await reader.cancel();
      throw new StateError(`the state has more than ${most} bytes`);
    }
    parts.push(value);
  }
}

/** What a stream throws for bytes that are not compressed, or cut, differs from browser to browser. */
function notWhole(): never {
  throw new StateError('not a whole state: it is cut, or no gzip stream');
}
