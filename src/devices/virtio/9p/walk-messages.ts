/** Messages that make and end fids. */

import type { FileAttributes, FileName, FileTree, TreePath } from '../../../files/index.ts';
import { childOf, FileError, folderOf } from '../../../files/index.ts';
import { Fid } from './fids.ts';
import { FILE_SYSTEM_TYPE, MESSAGE, WALK_MAX } from './protocol.ts';
import { type Handler, type Handlers, isFolder, writeQid } from './session.ts';

const NAME_MAX = 255;

/** ATTACH: a fid for the root. Every user gets the same, and there is only one tree. */
const attach: Handler = ({ tree, fids }, message, reply) => {
  const number = message.u32();
  // A fid of an authentication, which there is none of, and the name of the user.
  message.u32();
  message.text();
  const name = message.text();
  if (name !== '' && name !== '/') throw new FileError('ENOENT');
  const root = tree.attributes('');
  fids.add(number, new Fid(''));
  writeQid(reply, root);
};

/** WALK: a fid for what some names lead to. If only the first of them do, their qids are returned, and there is no fid. */
const walk: Handler = ({ tree, fids }, message, reply) => {
  const [number, wanted] = [message.u32(), message.u32()];
  const from = fids.get(number);
  const count = message.u16();
  if (count > WALK_MAX || (wanted === number && from.opened !== null)) throw new FileError('EINVAL');
  const names = Array.from({ length: count }, () => message.text());
  const found = namesFrom(tree, from, names);
  if (found.ids.length === count) {
    if (wanted === number) fids.remove(number);
    fids.add(wanted, found.fid);
  }
  reply.u16(found.ids.length);
  for (const attributes of found.ids) writeQid(reply, attributes);
};

/** Follows names. Returns the attributes of each file on the way, and a fid for the last one. @throws FileError of the first name */
function namesFrom(
  tree: FileTree,
  from: Fid,
  names: readonly FileName[],
): { readonly ids: FileAttributes[]; readonly fid: Fid } {
  if (names.length === 0) return { ids: [], fid: new Fid(from.lastPath, from.removed) };
  let { path } = from;
  const ids: FileAttributes[] = [];
  try {
    for (const name of names) {
      path = stepFrom(tree, path, name);
      ids.push(tree.attributes(path));
    }
  } catch (error) {
    if (ids.length === 0 || !(error instanceof FileError)) throw error;
  }
  return { ids, fid: new Fid(path) };
}

/** Returns the path that a name leads to. The root is its own parent. */
function stepFrom(tree: FileTree, path: TreePath, name: FileName): TreePath {
  if (name !== '..') return childOf(path, name, 'ENOENT');
  if (!isFolder(tree.attributes(path))) throw new FileError('ENOTDIR');
  return folderOf(path);
}

const clunk: Handler = ({ fids }, message) => fids.remove(message.u32());

/** FLUSH: every message was answered before the next one is looked at, so there is nothing to be given up. */
const flush: Handler = () => {};

const statfs: Handler = ({ tree, fids }, message, reply) => {
  fids.get(message.u32());
  const { blockSize, blocks, free, available, files, freeFiles } = tree.space();
  reply.u32(FILE_SYSTEM_TYPE).u32(blockSize);
  for (const number of [blocks, free, available, files, freeFiles]) reply.u64(number);
  reply.u64(0n).u32(NAME_MAX);
};

export const WALK_MESSAGES: Handlers = [
  [MESSAGE.ATTACH, attach],
  [MESSAGE.WALK, walk],
  [MESSAGE.CLUNK, clunk],
  [MESSAGE.FLUSH, flush],
  [MESSAGE.STATFS, statfs],
];
