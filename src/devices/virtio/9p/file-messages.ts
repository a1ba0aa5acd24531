/** Messages that open, read and write files, and read folders. */

import {
  childOf,
  FileError,
  type FolderEntry,
  folderOf,
  MODE,
  type OpenFile,
  type OpenMode,
  type TreePath,
} from '../../../files/index.ts';
import { ENTRIES_MAX, type Opened } from './fids.ts';
import type { MessageWriter } from './message-writer.ts';
import { LOCK_NONE, LOCK_SUCCESS, MESSAGE, OPEN } from './protocol.ts';
import { type Handler, type Handlers, isFolder, qidTypeOf, type Session, writeQid } from './session.ts';

/** The client may use messages of any size that was agreed on. */
const ANY_SIZE = 0;
/** Size of an entry of READDIR without its name: qid, offset, type, length of the name. */
const ENTRY_BYTES = 24;
/** The type of a file in an entry is in these bits of its mode. */
const ENTRY_TYPE_SHIFT = 12;

/** Returns how flags open a file. @throws FileError EINVAL, or EROFS if nothing may be changed */
function modeOf(session: Session, flags: number): OpenMode {
  const access = flags & OPEN.ACCESS;
  if (access > OPEN.READ_WRITE) throw new FileError('EINVAL');
  const write = access !== OPEN.READ;
  if (write) session.demandWritable();
  return { read: access !== OPEN.WRITE, write, append: write && (flags & OPEN.APPEND) !== 0 };
}

/** Whether flags empty a file that they open. */
function truncates({ write }: OpenMode, flags: number): boolean {
  return write && (flags & OPEN.TRUNCATE) !== 0;
}

const open: Handler = (session, message, reply) => {
  const { tree, fids } = session;
  const fid = fids.get(message.u32());
  const flags = message.u32();
  fids.demandMayOpen(fid);
  const mode = modeOf(session, flags);
  const attributes = tree.attributes(fid.path);
  if (!isFolder(attributes)) {
    if (flags & OPEN.FOLDER) throw new FileError('ENOTDIR');
    fids.open(fid, { kind: 'file', file: tree.open(fid.path, mode, truncates(mode, flags)), mode });
  } else {
    if (mode.write) throw new FileError('EISDIR');
    fids.open(fid, { kind: 'folder', entries: null });
  }
  writeQid(reply, attributes);
  reply.u32(ANY_SIZE);
};

/** LCREATE: makes a file in the folder of a fid, which then is the file. The file belongs to the user of this program. */
const create: Handler = (session, message, reply) => {
  const { fids } = session;
  const fid = fids.get(message.u32());
  const path = childOf(fid.path, message.text(), 'EEXIST');
  const flags = message.u32();
  const permissions = message.u32() & MODE.SETTABLE;
  fids.demandMayOpen(fid);
  const mode = modeOf(session, flags);
  const file = createdOrOpened(session, path, mode, { flags, permissions });
  fid.path = path;
  fids.open(fid, { kind: 'file', file, mode });
  writeQid(reply, file.attributes());
  reply.u32(ANY_SIZE);
};

/** Makes a file and opens it, or opens one that exists unless the client wants a new one. */
function createdOrOpened(
  { tree }: Session,
  path: TreePath,
  mode: OpenMode,
  { flags, permissions }: { readonly flags: number; readonly permissions: number },
): OpenFile {
  try {
    return tree.create(path, mode, permissions);
  } catch (error) {
    const mayExist = error instanceof FileError && error.code === 'EEXIST' && !(flags & OPEN.EXCLUSIVE);
    if (!mayExist) throw error;
    return tree.open(path, mode, truncates(mode, flags));
  }
}

/** Returns the file that a fid has open. @throws FileError EISDIR for a folder, EBADF unless it is open for this */
function fileOf(session: Session, number: number, access: 'read' | 'write'): OpenFile {
  const opened = session.openedBy(session.fids.get(number));
  if (opened.kind === 'folder') throw new FileError('EISDIR');
  if (!opened.mode[access]) throw new FileError('EBADF');
  return opened.file;
}

/** Returns an offset in a file. @throws FileError with `code` if it is too high */
function offsetOf(offset: bigint, code: 'EINVAL' | 'EFBIG'): number {
  if (offset > BigInt(Number.MAX_SAFE_INTEGER)) throw new FileError(code);
  return Number(offset);
}

const read: Handler = (session, message, reply) => {
  const file = fileOf(session, message.u32(), 'read');
  const offset = offsetOf(message.u64(), 'EINVAL');
  const bytes = file.read(offset, countFor(message.u32(), reply));
  reply.u32(bytes.length).bytes(bytes);
};

/** Returns how many of the bytes that a client asks for fit into the reply, behind their number. */
function countFor(wanted: number, reply: MessageWriter): number {
  return Math.max(0, Math.min(wanted, reply.room - 4));
}

const write: Handler = (session, message, reply) => {
  const file = fileOf(session, message.u32(), 'write');
  const offset = message.u64();
  const bytes = message.bytes(message.u32());
  const end = offset + BigInt(bytes.length);
  reply.u32(file.write(offsetOf(end, 'EFBIG') - bytes.length, bytes));
};

/** READDIR: as many entries as fit, from the one whose number is the offset. Offset 0 reads the folder again. */
const readFolder: Handler = (session, message, reply) => {
  const { fids } = session;
  const fid = fids.get(message.u32());
  const first = Number(message.u64());
  const wanted = message.u32();
  const folder = session.openedBy(fid);
  if (folder.kind !== 'folder') throw new FileError('ENOTDIR');
  if (first === 0 || folder.entries === null) fids.keepEntries(folder, entriesOf(session, fid.path));
  const room = countFor(wanted, reply);
  const at = reply.length;
  reply.u32(0);
  writeEntries(folder, first, room, reply);
  reply.setU32(at, reply.length - at - 4);
};

/** Returns what a folder has, with itself and its parent. */
function entriesOf({ tree }: Session, path: TreePath): FolderEntry[] {
  const dots = [
    { name: '.', ...tree.attributes(path) },
    { name: '..', ...tree.attributes(folderOf(path)) },
  ];
  return [...dots.map(({ name, id, mode }) => ({ name, id, mode })), ...tree.list(path, ENTRIES_MAX)];
}

/** Writes entries until there is no room. @throws FileError EINVAL if there is no room for one */
function writeEntries(
  { entries }: Opened & { kind: 'folder' },
  first: number,
  room: number,
  reply: MessageWriter,
): void {
  const all = entries ?? [];
  let left = room;
  for (let n = first; n < all.length; n++) {
    const { name, id, mode } = all[n] as FolderEntry;
    left -= ENTRY_BYTES + name.length;
    if (left < 0 && n === first) throw new FileError('EINVAL');
    if (left < 0) return;
    reply.u8(qidTypeOf(mode)).u32(0).u64(id);
    reply.u64(BigInt(n + 1)).u8((mode & MODE.TYPE) >>> ENTRY_TYPE_SHIFT);
    reply.text(name);
  }
}

const sync: Handler = (session, message) => {
  const fid = session.fids.get(message.u32());
  const opened = session.openedBy(fid);
  if (opened.kind === 'file') opened.file.sync();
  else session.tree.syncFolder(fid.path);
};

/** LOCK: there is one client, Linux, which settles by itself which of its programs has a lock. So every lock is free. */
const lock: Handler = (session, message, reply) => {
  session.openedBy(session.fids.get(message.u32()));
  reply.u8(LOCK_SUCCESS);
};

const getLock: Handler = (session, message, reply) => {
  session.openedBy(session.fids.get(message.u32()));
  message.u8();
  const [start, length, process, client] = [message.u64(), message.u64(), message.u32(), message.text()];
  reply.u8(LOCK_NONE).u64(start).u64(length).u32(process).text(client);
};

export const FILE_MESSAGES: Handlers = [
  [MESSAGE.LOPEN, open],
  [MESSAGE.LCREATE, create],
  [MESSAGE.READ, read],
  [MESSAGE.WRITE, write],
  [MESSAGE.READDIR, readFolder],
  [MESSAGE.FSYNC, sync],
  [MESSAGE.LOCK, lock],
  [MESSAGE.GETLOCK, getLock],
];
