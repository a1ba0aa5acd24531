/** Messages of the 9P protocol, right and wrong: few fids and names, so that they meet. */

import { MESSAGE_9P, message9p } from '../../devices/testing/index.ts';
import type { Random } from '../random.ts';

const FIDS = 5;
const NAMES = ['a', 'b', 'c', 'd'];
const STRANGE_NAMES = ['..', '.', '', 'a/b', 'x'.repeat(255), '\xff'];
const FLAGS = [0, 1, 2, 2, 3, 0o1001, 0o1002, 0o2002, 0o200, 0o202, 0o200000];
const MODES = [0o644, 0o7777, 0o100600, 0o020600, 0o040755];
const NUMBERS = [0, 1, 5, 100, 5000, 0x7fff_ffff, 0xffff_ffff];
const LONG_NUMBERS = [0n, 0n, 1n, 2n, 10n, 4000n, 9000n, 1n << 53n, (1n << 63n) - 1n, (1n << 64n) - 1n];

type Message = Parameters<NonNullable<Parameters<typeof message9p>[1]>>[0];
type Field = (random: Random, message: Message) => unknown;

const fid: Field = (random, message) => message.u32(random.oneIn(40) ? random.next() : random.below(FIDS));
/** Mostly a fid of a folder, and of a file or link. */
const folder: Field = (random, message) => (random.oneIn(4) ? fid(random, message) : message.u32(0));
const file: Field = (random, message) =>
  random.oneIn(4) ? fid(random, message) : message.u32(random.pick([1, 1, 3, 4]));
const openFolder: Field = (random, message) => (random.oneIn(4) ? fid(random, message) : message.u32(2));
const name: Field = (random, message) => message.text(random.pick(random.oneIn(8) ? STRANGE_NAMES : NAMES));
const flags: Field = (random, message) => message.u32(random.oneIn(10) ? random.next() : random.pick(FLAGS));
const mode: Field = (random, message) => message.u32(random.pick(MODES));
const number: Field = (random, message) => message.u32(random.pick(NUMBERS));
const long: Field = (random, message) => message.u64(random.pick(LONG_NUMBERS));
const byte: Field = (random, message) => message.u8(random.below(4));
const removal: Field = (random, message) => message.u32(random.pick([0, 0, 0x200, 0x200, 1]));
const names: Field = (random, message) => {
  const count = random.oneIn(40) ? 17 : random.pick([0, 0, 1, 1, 2]);
  message.u16(count);
  for (let n = 0; n < count; n++) name(random, message);
};
const data: Field = (random, message) => {
  const bytes = new Uint8Array(random.pick([0, 1, 10, 300])).fill(random.below(256));
  return message.u32(random.oneIn(20) ? random.next() : bytes.length).bytes(bytes);
};

const { WALK, LOPEN, LCREATE, READ, WRITE, READDIR, GETATTR, SETATTR, CLUNK, REMOVE } = MESSAGE_9P;
const { MKDIR, SYMLINK, LINK, MKNOD, RENAME, RENAMEAT, UNLINKAT, READLINK, FSYNC, STATFS } = MESSAGE_9P;
const { LOCK, GETLOCK, XATTRWALK, FLUSH, AUTH, ATTACH, VERSION } = MESSAGE_9P;

/** The fields of messages. Those that stand here twice are sent more often. */
const BODIES: readonly (readonly [type: number, fields: readonly Field[]])[] = [
  [WALK, [folder, fid, names]],
  [WALK, [folder, fid, names]],
  [LOPEN, [file, flags]],
  [LOPEN, [file, flags]],
  [LCREATE, [folder, name, flags, mode, number]],
  [LCREATE, [folder, name, flags, mode, number]],
  [READ, [file, long, number]],
  [WRITE, [file, long, data]],
  [WRITE, [file, long, data]],
  [READDIR, [openFolder, long, number]],
  [GETATTR, [file, long]],
  [SETATTR, [file, number, mode, number, number, long, long, long, long, long]],
  [CLUNK, [fid]],
  [REMOVE, [file]],
  [MKDIR, [folder, name, mode, number]],
  [MKDIR, [folder, name, mode, number]],
  [SYMLINK, [folder, name, name, number]],
  [LINK, [folder, file, name]],
  [MKNOD, [folder, name, mode, number, number, number]],
  [RENAME, [file, folder, name]],
  [RENAMEAT, [folder, name, folder, name]],
  [UNLINKAT, [folder, name, removal]],
  [READLINK, [file]],
  [FSYNC, [file, number]],
  [STATFS, [fid]],
  [LOCK, [file, byte, number, long, long, number, name]],
  [GETLOCK, [file, byte, long, long, number, name]],
  [XATTRWALK, [fid, fid, name]],
  [FLUSH, []],
  [AUTH, [fid, name, name, number]],
  [ATTACH, [fid, number, name, name, number]],
];

/** Messages that begin a session: fid 0 is the root, 1 an open file, 2 the root opened, 3 the file, 4 a symbolic link. */
export function firstFileMessages(): Uint8Array[] {
  return [
    message9p(VERSION, (message) => message.u32(8192).text('9P2000.L')),
    message9p(ATTACH, (message) => message.u32(0).u32(0xffff_ffff).text('').text('').u32(0)),
    message9p(MKDIR, (message) => message.u32(0).text('a').u32(0o755).u32(0)),
    message9p(WALK, (message) => message.u32(0).u32(1).u16(1).text('a')),
    message9p(LCREATE, (message) => message.u32(1).text('b').u32(2).u32(0o644).u32(0)),
    message9p(WALK, (message) => message.u32(0).u32(2).u16(0)),
    message9p(LOPEN, (message) => message.u32(2).u32(0)),
    message9p(WALK, (message) => message.u32(0).u32(3).u16(2).text('a').text('b')),
    message9p(SYMLINK, (message) => message.u32(0).text('c').text('a').u32(0)),
    message9p(WALK, (message) => message.u32(0).u32(4).u16(1).text('c')),
  ];
}

/** Returns a message. @param hostile whether it may be cut, or of an unknown kind */
export function fileMessage(random: Random, hostile: boolean): Uint8Array {
  if (random.oneIn(60)) return firstFileMessages()[0] as Uint8Array;
  const [type, fields] = random.pick(BODIES);
  const sent = hostile && random.oneIn(40) ? random.below(256) : type;
  const message = message9p(sent, (body) => {
    for (const field of fields) field(random, body);
  });
  if (hostile && random.oneIn(12)) message[random.below(message.length)] = random.below(256);
  return hostile && random.oneIn(12) ? message.slice(0, 7 + random.below(message.length - 6)) : message;
}
