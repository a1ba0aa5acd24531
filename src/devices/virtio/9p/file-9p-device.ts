/** A shared folder: a device that carries messages of the 9P protocol. Linux: include/uapi/linux/virtio_9p.h. */

import type { FileTree } from '../../../files/index.ts';
import { SavedFields, StateError } from '../../saved-state.ts';
import { features } from '../features.ts';
import { RingError } from '../ring-error.ts';
import { DEVICE_ID, type VirtioDevice, type VirtioPort } from '../virtio-device.ts';
import type { Virtqueue } from '../virtqueue.ts';
import { ERROR_BYTES, HEADER_BYTES, MSIZE } from './protocol.ts';
import { Server9p } from './server.ts';

/** Feature bit: the configuration space has the tag. */
const MOUNT_TAG = 0;
const QUEUE_SIZE = 128;
/** The length of the tag, in the configuration space before it. */
const LENGTH_BYTES = 2;
const TAG_MAX = 32;

/** A device with a tree of files. */
export class File9pDevice implements VirtioDevice {
  readonly id = DEVICE_ID.FILE_9P;
  readonly features = features(MOUNT_TAG);
  readonly queueSizes = [QUEUE_SIZE];
  readonly #tag: string;
  readonly #server: Server9p;

  /**
   * @param tag by which a guest mounts it
   * @throws RangeError if the tag is not 1 to 32 characters of ASCII
   */
  constructor(tree: FileTree, tag: string) {
    if (tag.length > TAG_MAX || !/^[\x21-\x7e]+$/.test(tag)) {
      throw new RangeError(`tag "${tag}" is not 1 to ${TAG_MAX} characters of ASCII`);
    }
    this.#tag = tag;
    this.#server = new Server9p(tree);
  }

  connect(_port: VirtioPort): void {
    // It acts only when the driver asks. Messages have the same byte order in every interface.
  }

  readConfiguration(littleEndian: boolean): Uint8Array {
    const bytes = new Uint8Array(LENGTH_BYTES + this.#tag.length);
    new DataView(bytes.buffer).setUint16(0, this.#tag.length, littleEndian);
    bytes.set(
      Array.from(this.#tag, (character) => character.charCodeAt(0)),
      LENGTH_BYTES,
    );
    return bytes;
  }

  writeConfiguration(): void {
    // No field may be written.
  }

  process(queue: Virtqueue): void {
    for (const request of queue.requests()) {
      const room = request.writableLength;
      if (request.readableLength < HEADER_BYTES || room < ERROR_BYTES) {
        throw new RingError('a buffer without room for a message or its reply');
      }
      const size = new DataView(request.read(0, 4).buffer).getUint32(0, true);
      const message = request.read(0, Math.min(Math.max(size, HEADER_BYTES), MSIZE.MAX));
      queue.give(request, request.write(0, this.#server.answer(message, room)));
    }
  }

  reset(): void {
    this.#server.reset();
  }

  save(): unknown {
    return { tag: this.#tag, server: this.#server.save() };
  }

  prepareRestore(state: unknown): () => void {
    const saved = new SavedFields('shared folder', state);
    if (saved.any('tag') !== this.#tag) throw new StateError('a shared folder with another tag');
    return this.#server.prepareRestore(saved.any('server'));
  }
}
