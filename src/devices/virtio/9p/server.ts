/**
 * A server of 9P2000.L for one client. It answers each message at once, so the messages of a client never overlap.
 *
 * The protocol: Linux, include/net/9p/9p.h and Documentation/filesystems/9p.rst.
 */

import type { FileTree } from '../../../files/index.ts';
import { ERRNO, FileError, type FileErrorCode } from '../../../files/index.ts';
import { SavedFields } from '../../saved-state.ts';
import { ATTRIBUTE_MESSAGES } from './attribute-messages.ts';
import { FILE_MESSAGES } from './file-messages.ts';
import { MessageReader } from './message-reader.ts';
import { MessageWriter } from './message-writer.ts';
import { NAME_MESSAGES } from './name-messages.ts';
import {
  CHANGING,
  ERROR_BYTES,
  HEADER_BYTES,
  MESSAGE,
  MSIZE,
  RLERROR,
  UNKNOWN_VERSION,
  VERSION_NAME,
} from './protocol.ts';
import { type Handler, Session } from './session.ts';
import { WALK_MESSAGES } from './walk-messages.ts';

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  ...WALK_MESSAGES,
  ...ATTRIBUTE_MESSAGES,
  ...FILE_MESSAGES,
  ...NAME_MESSAGES,
]);

/** A server. */
export class Server9p {
  readonly #session: Session;

  constructor(tree: FileTree) {
    this.#session = new Session(tree);
  }

  /** Ends the session: closes all files. */
  reset(): void {
    this.#session.reset();
  }

  /**
   * Performs a message. Returns the reply.
   * @param message at least 7 bytes: what is behind its end is ignored, and what is missing an error
   * @param room maximum length of the reply in bytes: at least 11
   */
  answer(message: Uint8Array, room: number): Uint8Array {
    const reader = new MessageReader(message, 4);
    const [type, tag] = [reader.u8(), reader.u16()];
    const limit = Math.min(room, this.#session.messageSize || MSIZE.MIN);
    try {
      const reply = begun(limit, type + 1, tag);
      this.#perform(type, reader, reply);
      return finished(reply);
    } catch (error) {
      if (!(error instanceof FileError)) throw error;
      return finished(begun(ERROR_BYTES, RLERROR, tag).u32(numberOf(error.code)));
    }
  }

  #perform(type: number, message: MessageReader, reply: MessageWriter): void {
    const session = this.#session;
    if (type === MESSAGE.VERSION) {
      this.#agree(message, reply);
      return;
    }
    if (session.messageSize === 0) throw new FileError('EPROTO');
    const handler = HANDLERS.get(type);
    if (!handler) throw new FileError('EOPNOTSUPP');
    if (CHANGING.has(type)) session.demandWritable();
    handler(session, message, reply);
  }

  /** VERSION: begins a new session. */
  #agree(message: MessageReader, reply: MessageWriter): void {
    const session = this.#session;
    const size = Math.min(message.u32(), MSIZE.MAX);
    const known = message.text() === VERSION_NAME;
    session.reset();
    if (size < MSIZE.MIN) throw new FileError('EMSGSIZE');
    if (known) session.messageSize = size;
    reply.u32(size).text(known ? VERSION_NAME : UNKNOWN_VERSION);
  }

  /** Returns the state: values that can be cloned. */
  save(): unknown {
    const { messageSize, fids, tree } = this.#session;
    return { messageSize, fids: fids.save(), tree: tree.save() };
  }

  /** @throws StateError as `ChannelDevice.prepareRestore` does */
  prepareRestore(state: unknown): () => void {
    const session = this.#session;
    const saved = new SavedFields('9P server', state);
    const messageSize = saved.integer('messageSize', MSIZE.MAX);
    const restoreTree = session.tree.prepareRestore(saved.any('tree'));
    const restoreFids = session.fids.prepareRestore(saved.any('fids'), session.tree);
    return () => {
      session.reset();
      restoreTree();
      restoreFids();
      session.messageSize = messageSize && Math.max(messageSize, MSIZE.MIN);
    };
  }
}

function numberOf(code: FileErrorCode): number {
  return ERRNO[code];
}

/** Returns a message with its header, whose size is set at the end. */
function begun(limit: number, type: number, tag: number): MessageWriter {
  return new MessageWriter(limit).u32(HEADER_BYTES).u8(type).u16(tag);
}

function finished(reply: MessageWriter): Uint8Array {
  reply.setU32(0, reply.length);
  return reply.finish();
}
