/** What the messages of one client act on. */

import { type FileAttributes, FileError, type FileTree, MODE } from '../../../files/index.ts';
import { type Fid, Fids, type Opened } from './fids.ts';
import type { MessageReader } from './message-reader.ts';
import type { MessageWriter } from './message-writer.ts';
import { QID_TYPE } from './protocol.ts';

/** A session. */
export class Session {
  readonly tree: FileTree;
  readonly fids = new Fids();
  /** The maximum size of a message in bytes, or 0 before a version was agreed on. */
  messageSize = 0;

  constructor(tree: FileTree) {
    this.tree = tree;
  }

  /** Ends the session: the client must agree on a version again. */
  reset(): void {
    this.fids.clear();
    this.messageSize = 0;
  }

  /** @throws FileError as `FileTree.attributes` */
  attributesOf(fid: Fid): FileAttributes {
    return fid.opened?.kind === 'file' ? fid.opened.file.attributes() : this.tree.attributes(fid.path);
  }

  /** Returns what a fid has open. @throws FileError EBADF if it is not open, ESTALE if that is gone */
  openedBy(fid: Fid): Exclude<Opened, { kind: 'stale' }> {
    if (fid.opened === null) throw new FileError('EBADF');
    if (fid.opened.kind === 'stale') throw new FileError('ESTALE');
    return fid.opened;
  }

  /** @throws FileError EROFS if nothing may be changed */
  demandWritable(): void {
    if (this.tree.readOnly) throw new FileError('EROFS');
  }
}

/**
 * Performs a message and writes the body of the reply.
 * @throws FileError, which the client gets
 */
export type Handler = (session: Session, message: MessageReader, reply: MessageWriter) => void;

/** Handlers by numbers of messages. */
export type Handlers = readonly (readonly [type: number, handler: Handler])[];

/** Whether attributes are those of a folder. */
export function isFolder({ mode }: { readonly mode: number }): boolean {
  return (mode & MODE.TYPE) === MODE.FOLDER;
}

/** Writes the qid of a file: its type, a version that changes with its contents, and what tells it apart. */
export function writeQid(reply: MessageWriter, { id, mode, size, modified }: FileAttributes): void {
  reply.u8(qidTypeOf(mode));
  reply.u32(Number(BigInt.asUintN(32, modified ^ (size << 8n))));
  reply.u64(id);
}

/** Returns the type in the qid of a file with this mode. */
export function qidTypeOf(mode: number): number {
  const type = mode & MODE.TYPE;
  if (type === MODE.FOLDER) return QID_TYPE.FOLDER;
  return type === MODE.LINK ? QID_TYPE.LINK : QID_TYPE.FILE;
}
