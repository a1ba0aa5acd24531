/** Messages about the attributes of files. */

import type { FileChanges } from '../../../files/index.ts';
import { FileError, MODE } from '../../../files/index.ts';
import type { MessageReader } from './message-reader.ts';
import { ATTRIBUTES_BASIC, MESSAGE, SET } from './protocol.ts';
import { type Handler, type Handlers, writeQid } from './session.ts';

const NANOSECONDS = 1_000_000_000n;
/** Times are kept in 64 bits: the year 2262. Linux, too, makes what a file system cannot hold the nearest that it can. */
const TIME_MAX = (1n << 63n) - 1n;
const BLOCK_SIZE = 4096n;

const getAttributes: Handler = (session, message, reply) => {
  const attributes = session.attributesOf(session.fids.get(message.u32()));
  const { mode, uid, gid, links, device, size, blocks, accessed, modified, changed } = attributes;
  reply.u64(ATTRIBUTES_BASIC);
  writeQid(reply, attributes);
  reply.u32(mode).u32(uid).u32(gid).u64(BigInt(links));
  for (const number of [device, size, BLOCK_SIZE, blocks]) reply.u64(number);
  for (const time of [accessed, modified, changed]) reply.u64(secondsOf(time)).u64(rest(time));
  // The time of birth, generation and data version are not known.
  for (let n = 0; n < 4; n++) reply.u64(0n);
};

/** Returns the seconds of a time, rounded down. */
function secondsOf(time: bigint): bigint {
  return (time - rest(time)) / NANOSECONDS;
}

/** Returns the nanoseconds of a time beyond its seconds. */
function rest(time: bigint): bigint {
  return ((time % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
}

const setAttributes: Handler = ({ tree, fids }, message) => {
  const fid = fids.get(message.u32());
  const changes = changesOf(message);
  if (fid.opened?.kind === 'file') fid.opened.file.change(changes);
  else tree.change(fid.path, changes);
};

/** Reads the body of SETATTR. The time of the last change of attributes changes by itself. */
function changesOf(message: MessageReader): FileChanges {
  const valid = message.u32();
  const [mode, uid, gid] = [message.u32(), message.u32(), message.u32()];
  const size = message.u64();
  const [accessed, modified] = [timeOf(message), timeOf(message)];
  if (valid & SET.SIZE && size > BigInt(Number.MAX_SAFE_INTEGER)) throw new FileError('EFBIG');
  return {
    ...(valid & SET.MODE && { mode: mode & MODE.SETTABLE }),
    ...(valid & SET.UID && { uid }),
    ...(valid & SET.GID && { gid }),
    ...(valid & SET.SIZE && { size: Number(size) }),
    ...(valid & SET.ACCESSED && { accessed: valid & SET.ACCESSED_TO ? accessed() : ('now' as const) }),
    ...(valid & SET.MODIFIED && { modified: valid & SET.MODIFIED_TO ? modified() : ('now' as const) }),
  };
}

/** Reads a time, which need not be one. Returns a function that returns it. */
function timeOf(message: MessageReader): () => bigint {
  const [seconds, nanoseconds] = [BigInt.asIntN(64, message.u64()), message.u64()];
  return () => {
    if (nanoseconds >= NANOSECONDS) throw new FileError('EINVAL');
    const time = seconds * NANOSECONDS + nanoseconds;
    return time > TIME_MAX ? TIME_MAX : time < -TIME_MAX ? -TIME_MAX : time;
  };
}

const readLink: Handler = ({ tree, fids }, message, reply) => {
  reply.text(tree.readLink(fids.get(message.u32()).path));
};

/** There are no extended attributes: Linux then uses none. */
const refuse: Handler = () => {
  throw new FileError('EOPNOTSUPP');
};

export const ATTRIBUTE_MESSAGES: Handlers = [
  [MESSAGE.GETATTR, getAttributes],
  [MESSAGE.SETATTR, setAttributes],
  [MESSAGE.READLINK, readLink],
  [MESSAGE.XATTRWALK, refuse],
  [MESSAGE.XATTRCREATE, refuse],
  [MESSAGE.AUTH, refuse],
];
