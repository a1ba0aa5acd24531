/** Messages that make, move and remove names in folders. */

import {
  childOf,
  type FileAttributes,
  FileError,
  type FileTree,
  isTarget,
  isWithin,
  MODE,
  type TreePath,
} from '../../../files/index.ts';
import type { MessageReader } from './message-reader.ts';
import { MESSAGE, REMOVE_FOLDER } from './protocol.ts';
import { type Handler, type Handlers, isFolder, type Session, writeQid } from './session.ts';

/** Reads a fid and a name in its folder. */
function newNameOf({ fids }: Session, message: MessageReader): TreePath {
  return childOf(fids.get(message.u32()).path, message.text(), 'EEXIST');
}

const makeFolder: Handler = (session, message, reply) => {
  const path = newNameOf(session, message);
  session.tree.makeFolder(path, message.u32() & MODE.SETTABLE);
  writeQid(reply, session.tree.attributes(path));
};

const makeLink: Handler = (session, message, reply) => {
  const path = newNameOf(session, message);
  const target = message.text();
  if (target === '') throw new FileError('ENOENT');
  if (!isTarget(target)) throw new FileError('ENAMETOOLONG');
  session.tree.makeLink(path, target);
  writeQid(reply, session.tree.attributes(path));
};

/** MKNOD: makes regular files only. */
const makeNode: Handler = (session, message, reply) => {
  const path = newNameOf(session, message);
  const mode = message.u32();
  const type = mode & MODE.TYPE;
  if (type !== MODE.FILE && type !== 0) throw new FileError('EPERM');
  const file = session.tree.create(path, { read: false, write: true, append: false }, mode & MODE.SETTABLE);
  file.close();
  writeQid(reply, session.tree.attributes(path));
};

const link: Handler = (session, message) => {
  const { tree, fids } = session;
  const folder = fids.get(message.u32()).path;
  const from = fids.get(message.u32()).path;
  tree.link(from, childOf(folder, message.text(), 'EEXIST'));
};

const rename: Handler = (session, message) => {
  const { fids } = session;
  const from = fids.get(message.u32()).path;
  const folder = fids.get(message.u32()).path;
  move(session, from, childOf(folder, message.text(), 'EINVAL'));
};

const renameAt: Handler = (session, message) => {
  const { fids } = session;
  const from = childOf(fids.get(message.u32()).path, message.text(), 'EINVAL');
  move(session, from, childOf(fids.get(message.u32()).path, message.text(), 'EINVAL'));
};

/** Moves a file. The fids of it, and of what is in it, go with it. */
function move({ tree, fids }: Session, from: TreePath, to: TreePath): void {
  if (from === '') throw new FileError('EBUSY');
  const moved = tree.attributes(from);
  if (to !== from && isWithin(to, from)) throw new FileError('EINVAL');
  const replaced = attributesAt(tree, to);
  tree.rename(from, to);
  // Two names of the same file: both stay.
  if (replaced?.id !== moved.id) fids.moved(from, to);
}

/** Returns attributes, or null if there is nothing at the path. */
function attributesAt(tree: FileTree, path: TreePath): FileAttributes | null {
  try {
    return tree.attributes(path);
  } catch (error) {
    if (error instanceof FileError && error.code === 'ENOENT') return null;
    throw error;
  }
}

const unlinkAt: Handler = (session, message) => {
  const path = childOf(session.fids.get(message.u32()).path, message.text(), 'EINVAL');
  const flags = message.u32();
  if (flags & ~REMOVE_FOLDER) throw new FileError('EINVAL');
  removeAt(session, path, flags !== 0);
};

/** REMOVE: ends the fid, too, even if there is an error. */
const remove: Handler = (session, message) => {
  const number = message.u32();
  const fid = session.fids.get(number);
  try {
    session.demandWritable();
    const { path } = fid;
    removeAt(session, path, isFolder(session.tree.attributes(path)));
  } finally {
    session.fids.remove(number);
  }
};

function removeAt({ tree, fids }: Session, path: TreePath, folder: boolean): void {
  if (path === '') throw new FileError('EBUSY');
  tree.remove(path, folder);
  fids.removedAt(path);
}

export const NAME_MESSAGES: Handlers = [
  [MESSAGE.MKDIR, makeFolder],
  [MESSAGE.SYMLINK, makeLink],
  [MESSAGE.MKNOD, makeNode],
  [MESSAGE.LINK, link],
  [MESSAGE.RENAME, rename],
  [MESSAGE.RENAMEAT, renameAt],
  [MESSAGE.UNLINKAT, unlinkAt],
  [MESSAGE.REMOVE, remove],
];
