/**
 * Doubtful cases end as Linux ends them. The answers were recorded on ext4 by Linux 6.18: each line of operations was performed in a new
 * directory, with umask 0, and the answer is that of the last one. `as 1000,1000,5` makes the caller user 1000 in groups 1000 and 5.
 */

import { expect, it } from 'vitest';
import { LinuxError } from '../../errors.ts';
import { makeHost } from '../../testing/index.ts';
import { O } from '../abi/files.ts';
import {
  access,
  chmod,
  chown,
  FileHost,
  link,
  lookup,
  mkdir,
  mknod,
  open,
  type PathContext,
  rename,
  rmdir,
  Symlink,
  setTimes,
  symlink,
  Tmpfs,
  truncate,
  unlink,
} from './index.ts';

const ANSWERS: readonly (readonly [operations: string, answer: string])[] = [
  ['mkdir a; mkdir a', 'EEXIST'],
  ['mkdir a; mkdir a/', 'EEXIST'],
  ['mkdir a/', 'ok'],
  ['mkdir a/b', 'ENOENT'],
  ['mkdir .', 'EEXIST'],
  ['mkdir ..', 'EEXIST'],
  ['mkdir /', 'EEXIST'],
  ['mkdir ""', 'ENOENT'],
  ['file a; mkdir a/', 'EEXIST'],
  ['file a; mkdir a/b', 'ENOTDIR'],
  ['symlink a b; mkdir b', 'EEXIST'],
  ['symlink a b; mkdir b/', 'EEXIST'],
  ['mkdir a 7777; mode a', '41777'],
  ['mkdir a; chmod a 2775; mkdir a/b; mode a/b', '42777'],
  ['mkdir a; chown a 5 6; chmod a 2775; file a/b; owner a/b', '0:6'],
  ['mkdir a; chown a 5 6; chmod a 2777; as 1000,1000; file a/b 2755; mode a/b', '100755'],
  ['mkdir a; chown a 5 6; chmod a 2777; as 1000,1000,6; file a/b 2755; mode a/b', '102755'],
  ['rmdir a', 'ENOENT'],
  ['rmdir .', 'EINVAL'],
  ['rmdir ..', 'ENOTEMPTY'],
  ['rmdir /', 'EBUSY'],
  ['mkdir a; rmdir a/.', 'EINVAL'],
  ['mkdir a; rmdir a/..', 'ENOTEMPTY'],
  ['mkdir a; rmdir a/', 'ok'],
  ['file a; rmdir a', 'ENOTDIR'],
  ['file a; rmdir a/', 'ENOTDIR'],
  ['mkdir a; symlink a b; rmdir b', 'ENOTDIR'],
  ['mkdir a; symlink a b; rmdir b/', 'ENOTDIR'],
  ['mkdir a; file a/b; rmdir a', 'ENOTEMPTY'],
  ['unlink a', 'ENOENT'],
  ['unlink .', 'EISDIR'],
  ['unlink ..', 'EISDIR'],
  ['unlink /', 'EISDIR'],
  ['unlink a/', 'ENOENT'],
  ['file a; unlink a/', 'ENOTDIR'],
  ['file a; unlink a/b', 'ENOTDIR'],
  ['mkdir a; unlink a', 'EISDIR'],
  ['mkdir a; unlink a/', 'EISDIR'],
  ['mkdir a; symlink a b; unlink b/', 'ENOTDIR'],
  ['symlink a b; unlink b', 'ok'],
  ['symlink a b; symlink b a; unlink a/b', 'ELOOP'],
  ['symlink a b; link b c; readlink c', 'a'],
  ['symlink a b; linkf b c', 'ENOENT'],
  ['mkdir a; link a b', 'EPERM'],
  ['link a b', 'ENOENT'],
  ['file a; link a b/', 'ENOENT'],
  ['file a; link a a', 'EEXIST'],
  ['file a; mkdir b; link a b', 'EEXIST'],
  ['file a; link a .', 'EEXIST'],
  ['mkdir a; link a a', 'EEXIST'],
  ['file a; link a/ b', 'ENOTDIR'],
  ['file a; link a ""', 'ENOENT'],
  ['mknod a 100644', 'ok'],
  ['mknod a 644; mode a', '100644'],
  ['mknod a 40755', 'EPERM'],
  ['mknod a 120777', 'EINVAL'],
  ['mknod a 10644; mode a', '10644'],
  ['mknod a 20644 259; mode a', '20644'],
  ['as 1000,1000; mknod a 20644 259', 'EPERM'],
  ['as 1000,1000; mknod a 60644 259', 'EPERM'],
  ['as 1000,1000; mknod a 10644', 'ok'],
  ['mknod a 140644; open a R', 'ENXIO'],
  ['mknod a 140644; open a PATH', 'ok'],
  ['mknod a 140600; as 1000,1000; open a RW', 'EACCES'],
  ['mknod a 10644; open a W|NONBLOCK', 'ENXIO'],
  ['mknod a 10644; open a R|NONBLOCK', 'ok'],
  ['mknod a 10644; truncate a 0', 'EINVAL'],
  ['mknod a 20644 12345678; open a R', 'ENXIO'],
  ['mknod a/ 100644', 'ENOENT'],
  ['symlink "" a', 'ENOENT'],
  ['symlink b a/', 'ENOENT'],
  ['mkdir a; symlink b a/', 'EEXIST'],
  ['symlink b a; symlink b a', 'EEXIST'],
  ['rename a b', 'ENOENT'],
  ['rename a a', 'ENOENT'],
  ['file a; rename a a', 'ok'],
  ['file a; file b; rename a b', 'ok'],
  ['file a; link a b; rename a b; open a R', 'ok'],
  ['mkdir a; file b; rename a b', 'ENOTDIR'],
  ['mkdir a; file b; rename b a', 'EISDIR'],
  ['mkdir a; mkdir b; rename a b', 'ok'],
  ['mkdir a; mkdir b; file b/c; rename a b', 'ENOTEMPTY'],
  ['mkdir a; rename a a/b', 'EINVAL'],
  ['mkdir a; rename a a/a/b', 'ENOENT'],
  ['mkdir a; mkdir a/b; rename a a/b/c', 'EINVAL'],
  ['mkdir a; mkdir a/b; rename a/b a', 'ENOTEMPTY'],
  ['mkdir a; mkdir a/b; rename a/b .', 'EBUSY'],
  ['mkdir a; rename a ..', 'EBUSY'],
  ['mkdir a; rename . a', 'EBUSY'],
  ['mkdir a; rename .. a', 'EBUSY'],
  ['mkdir a; rename a .', 'EBUSY'],
  ['mkdir a; rename a/. b', 'EBUSY'],
  ['mkdir a; rename a/ b', 'ok'],
  ['mkdir a; rename a b/', 'ok'],
  ['mkdir a; rename a/ b/', 'ok'],
  ['file a; rename a b/', 'ENOTDIR'],
  ['file a; rename a/ b', 'ENOTDIR'],
  ['file a; mkdir b; rename a b/', 'ENOTDIR'],
  ['file a; mkdir b; rename b a/', 'ENOTDIR'],
  ['file a; rename a a/b', 'ENOTDIR'],
  ['file a; rename a/b a', 'ENOTDIR'],
  ['mkdir a; symlink a b; rename b/ c', 'ENOTDIR'],
  ['mkdir a; symlink a b; rename b c; readlink c', 'a'],
  ['symlink x a; symlink y b; rename a b; readlink b', 'x'],
  ['mkdir a; symlink x b; rename a b', 'ENOTDIR'],
  ['mkdir a; symlink x b; rename b a', 'EISDIR'],
  ['rename2 1 a b', 'ENOENT'],
  ['file a; file b; rename2 1 a b', 'EEXIST'],
  ['file a; rename2 1 a b', 'ok'],
  ['file a; rename2 1 a a', 'EEXIST'],
  ['file a; rename2 1 a .', 'EEXIST'],
  ['file a; rename2 2 a b', 'ENOENT'],
  ['file a; mkdir b; rename2 2 a b; rmdir a', 'ok'],
  ['file a; mkdir b; rename2 2 a/ b', 'ENOTDIR'],
  ['file a; mkdir b; rename2 2 a b/', 'ok'],
  ['file a; mkdir b; rename2 2 b a/', 'ENOTDIR'],
  ['mkdir a; mkdir a/b; rename2 2 a a/b', 'EINVAL'],
  ['mkdir a; mkdir a/b; rename2 2 a/b a', 'EINVAL'],
  ['file a; file b; rename2 3 a b', 'EINVAL'],
  ['file a; file b; rename2 8 a b', 'EINVAL'],
  ['file a; rename2 2 a a', 'ok'],
  ['file a; link a b; rename2 2 a b', 'ok'],
  ['file a; link a b; rename2 1 a b', 'EEXIST'],
  ['open a R', 'ENOENT'],
  ['open a R|CREAT; mode a', '100666'],
  ['open . R|CREAT', 'EISDIR'],
  ['open . R|CREAT|EXCL', 'EEXIST'],
  ['open .. R|CREAT', 'EISDIR'],
  ['open / R|CREAT', 'EISDIR'],
  ['open a/ R|CREAT', 'EISDIR'],
  ['mkdir a; open a/ R|CREAT', 'EISDIR'],
  ['mkdir a; open a R|CREAT', 'EISDIR'],
  ['mkdir a; open a R|CREAT|EXCL', 'EEXIST'],
  ['mkdir a; open a W', 'EISDIR'],
  ['mkdir a; open a RW|DIRECTORY', 'EISDIR'],
  ['mkdir a; open a R|TRUNC', 'EISDIR'],
  ['mkdir a; open a R', 'ok'],
  ['mkdir a; open a R|CREAT|DIRECTORY', 'EINVAL'],
  ['file a; open a R|DIRECTORY', 'ENOTDIR'],
  ['file a; open a/ R', 'ENOTDIR'],
  ['file a; open a/b R', 'ENOTDIR'],
  ['file a; open a/. R', 'ENOTDIR'],
  ['file a; open a/.. R', 'ENOTDIR'],
  ['file a; open a R|CREAT|EXCL', 'EEXIST'],
  ['symlink b a; open a R|CREAT; open b R', 'ok'],
  ['symlink b a; open a R|CREAT|EXCL', 'EEXIST'],
  ['symlink b a; open a R|NOFOLLOW', 'ELOOP'],
  ['symlink b a; open a R|NOFOLLOW|CREAT', 'ELOOP'],
  ['symlink b a; open a R|NOFOLLOW|DIRECTORY', 'ENOTDIR'],
  ['symlink b a; open a PATH|NOFOLLOW', 'ok'],
  ['symlink b a; open a PATH', 'ENOENT'],
  ['symlink b a; open a PATH|NOFOLLOW|DIRECTORY', 'ENOTDIR'],
  ['mkdir b; symlink b a; open a/ R|NOFOLLOW', 'ok'],
  ['mkdir b; symlink b a; open a R|NOFOLLOW|DIRECTORY', 'ENOTDIR'],
  ['mkdir b; symlink b/ a; open a R|CREAT', 'EISDIR'],
  ['symlink b/ a; open a R|CREAT', 'EISDIR'],
  ['symlink b/. a; open a R|CREAT', 'ENOENT'],
  ['symlink . a; open a R|CREAT', 'EISDIR'],
  ['symlink . a; open a R|CREAT|EXCL', 'EEXIST'],
  ['symlink a a; open a R', 'ELOOP'],
  ['symlink a a; open a R|CREAT', 'ELOOP'],
  ['symlink a a; open a R|CREAT|EXCL', 'EEXIST'],
  ['symlink a a; open a/ R|NOFOLLOW', 'ELOOP'],
  ['symlink a a; mkdir a/b', 'ELOOP'],
  ['symlink /tmp a; open a/ R', 'ok'],
  ['open . RW|TMPFILE', 'ok'],
  ['open . R|TMPFILE', 'EINVAL'],
  ['open . RW|TMPFILE|CREAT', 'EINVAL'],
  ['file a; open a RW|TMPFILE', 'ENOTDIR'],
  ['mkdir a 555; as 1000,1000; open a RW|TMPFILE', 'EACCES'],
  ['file a 000; as 1000,1000; open a R', 'EACCES'],
  ['file a 000; open a RW', 'ok'],
  ['file a 444; as 1000,1000; open a R|TRUNC', 'EACCES'],
  ['file a 444; as 1000,1000; open a W', 'EACCES'],
  ['file a 444; as 1000,1000; open a R|CREAT', 'ok'],
  ['file a 444; as 1000,1000; open a R|NOATIME', 'EPERM'],
  ['file a 444; chown a 1000 1000; as 1000,1000; open a R|NOATIME', 'ok'],
  ['as 1000,1000; open a RW|CREAT 000', 'ok'],
  ['as 1000,1000; open a RW|CREAT 000; open a R', 'EACCES'],
  ['mkdir a 600; file a/b; as 1000,1000; open a/b R', 'EACCES'],
  ['mkdir a 711; file a/b; as 1000,1000; open a/b R', 'ok'],
  ['mkdir a 711; file a/b; as 1000,1000; open a R', 'EACCES'],
  ['mkdir a 755; as 1000,1000; open a/b R|CREAT', 'EACCES'],
  ['mkdir a 755; as 1000,1000; mkdir a/b', 'EACCES'],
  ['mkdir a 755; file a/b; as 1000,1000; mkdir a/b', 'EEXIST'],
  ['mkdir a 755; file a/b; as 1000,1000; unlink a/b', 'EACCES'],
  ['mkdir a 755; as 1000,1000; unlink a/b', 'ENOENT'],
  ['mkdir a 755; mkdir a/b; as 1000,1000; unlink a/b', 'EACCES'],
  ['mkdir a 755; mkdir a/b; as 1000,1000; rmdir a/b', 'EACCES'],
  ['mkdir a 755; file a/b; as 1000,1000; rmdir a/b', 'EACCES'],
  ['mkdir a 755; file a/b; as 1000,1000; link a/b a/b', 'EEXIST'],
  ['mkdir a 755; file a/b; as 1000,1000; link a/b a/c', 'EACCES'],
  ['mkdir a 1777; file a/b; as 1000,1000; unlink a/b', 'EPERM'],
  ['mkdir a 1777; chown a 1000 0; file a/b; as 1000,1000; unlink a/b', 'ok'],
  ['mkdir a 1777; file a/b; chown a/b 1000 0; as 1000,1000; unlink a/b', 'ok'],
  ['mkdir a 1777; file a/b; as 1000,1000; rename a/b a/c', 'EPERM'],
  ['mkdir a 1777; file a/b; as 1000,1000; file a/c; rename a/c a/b', 'EPERM'],
  ['mkdir a 1777; mkdir a/b; as 1000,1000; rmdir a/b', 'EPERM'],
  ['mkdir a 1777; mkdir a/b; as 1000,1000; unlink a/b', 'EPERM'],
  ['mkdir a 777; mkdir b 777; mkdir a/c 755; as 1000,1000; rename a/c b/c', 'EACCES'],
  ['mkdir a 777; mkdir a/c 755; as 1000,1000; rename a/c a/d', 'ok'],
  ['mkdir a 777; mkdir b 777; mkdir a/c 757; as 1000,1000; rename a/c b/c', 'ok'],
  ['mkdir a 777; mkdir b 755; file a/c; as 1000,1000; rename a/c b/c', 'EACCES'],
  ['mkdir a 755; mkdir b 777; file a/c; as 1000,1000; rename a/c b/c', 'EACCES'],
  ['mkdir a 755; file a/c; as 1000,1000; rename a/c a/c', 'ok'],
  ['mkdir a 755; file a/c; link a/c a/d; as 1000,1000; rename a/c a/d', 'ok'],
  ['truncate a 1', 'ENOENT'],
  ['file a; truncate a -1', 'EINVAL'],
  ['mkdir a; truncate a 0', 'EISDIR'],
  ['mkdir a; truncate a -1', 'EINVAL'],
  ['symlink a b; truncate b 0', 'ENOENT'],
  ['file a 444; as 1000,1000; truncate a 0', 'EACCES'],
  ['as 1000,1000; file a 444; truncate a 0', 'EACCES'],
  ['file a; truncate a/ 0', 'ENOTDIR'],
  ['chmod a 644', 'ENOENT'],
  ['file a; as 1000,1000; chmod a 600', 'EPERM'],
  ['file a; chmod a 7777; mode a', '107777'],
  ['file a; chown a 1000 5; as 1000,1000; chmod a 2755; mode a', '100755'],
  ['file a; chown a 1000 5; as 1000,1000,5; chmod a 2755; mode a', '102755'],
  ['file a; chmod a 170644; mode a', '100644'],
  ['file a; chmod a 6755; chown a 1 1; mode a', '100755'],
  ['file a; chmod a 6745; chown a 1 1; mode a', '102745'],
  ['file a; chmod a 6755; chown a -1 -1; mode a', '100755'],
  ['mkdir a; chmod a 6755; chown a 1 1; mode a', '46755'],
  ['file a; as 1000,1000; chown a 1000 1000', 'EPERM'],
  ['file a; as 1000,1000; chown a -1 -1', 'ok'],
  ['file a; as 1000,1000; chown a 0 0', 'EPERM'],
  ['file a; chown a 1000 1000; as 1000,1000; chown a 1000 1000', 'ok'],
  ['file a; chown a 1000 1000; as 1000,1000; chown a -1 5', 'EPERM'],
  ['file a; chown a 1000 1000; as 1000,1000,5; chown a -1 5; owner a', '1000:5'],
  ['file a; chown a 1000 1000; as 1000,1000; chown a 1001 -1', 'EPERM'],
  ['file a; chown a 1000 1000; chmod a 6755; as 1000,1000; chown a 1000 -1; mode a', '100755'],
  ['file a; chmod a 6777; as 1000,1000; write a; mode a', '100777'],
  ['file a; chmod a 6767; as 1000,1000; write a; mode a', '100767'],
  ['file a; chmod a 6777; write a; mode a', '106777'],
  ['file a; chmod a 6777; as 1000,1000; truncate a 1; mode a', '100777'],
  ['file a; chmod a 6777; truncate a 1; mode a', '106777'],
  ['file a; as 1000,1000; access a 0', 'ok'],
  ['file a 600; as 1000,1000; access a 4', 'EACCES'],
  ['file a 600; access a 1', 'EACCES'],
  ['file a 601; access a 1', 'ok'],
  ['file a 666; access a 2', 'ok'],
  ['mkdir a 600; access a 1', 'ok'],
  ['access a 0', 'ENOENT'],
  ['file a 444; as 1000,1000; utimes a now', 'EACCES'],
  ['file a 666; as 1000,1000; utimes a now', 'ok'],
  ['file a 666; as 1000,1000; utimes a 5', 'EPERM'],
  ['file a; chown a 1000 1000; chmod a 444; as 1000,1000; utimes a 5', 'ok'],
  ['file a 040; chown a 0 5; as 1000,1000,5; open a R', 'ok'],
  ['file a 004; chown a 0 5; as 1000,1000,5; open a R', 'EACCES'],
  ['file a 004; chown a 1000 5; as 1000,1000; open a R', 'EACCES'],
  ['readlink a', 'ENOENT'],
  ['file a; readlink a', 'EINVAL'],
  ['symlink b a; readlink a/', 'ENOENT'],
  ['mkdir b; symlink b a; readlink a/', 'EINVAL'],
  ['mkdir a; chdir a; rmdir ../a; mkdir b', 'ENOENT'],
  ['mkdir a; chdir a; rmdir ../a; open . R', 'ok'],
  ['mkdir a; chdir a; rmdir ../a; open .. R', 'ok'],
  ['mkdir a; chdir a; rmdir ../a; open b R', 'ENOENT'],
  ['mkdir a; chdir a; rmdir ../a; file b', 'ENOENT'],
  ['mkdir a; chdir a; rmdir ../a; symlink b b', 'ENOENT'],
  ['mkdir a; file b; chdir a; rmdir ../a; rename ../b b', 'ENOENT'],
  ['mkdir a; chdir a; rmdir ../a; rmdir .', 'EINVAL'],
  ['mkdir a; chdir a; rmdir ../a; unlink b', 'ENOENT'],
];

const FLAGS: Record<string, number> = { ...O, R: O.RDONLY, W: O.WRONLY, RW: O.RDWR };

/** Performs one operation. Returns its answer. */
type Perform = (context: PathContext, ...words: string[]) => unknown;

const octal = (text: string | undefined, otherwise: number) =>
  text === undefined ? otherwise : Number.parseInt(text, 8);
const opened = (context: PathContext, path: string, flags: number, mode: number, bytes?: Uint8Array) => {
  const file = open(context, path, flags, mode);
  if (bytes !== undefined) file.write(bytes);
  file.release();
};

const OPERATIONS: Record<string, Perform> = {
  mkdir: (context, path, mode) => mkdir(context, path!, octal(mode, 0o777)),
  rmdir: (context, path) => rmdir(context, path!),
  unlink: (context, path) => unlink(context, path!),
  file: (context, path, mode) => opened(context, path!, O.CREAT | O.WRONLY, octal(mode, 0o666)),
  symlink: (context, target, path) => symlink(context, target!, path!),
  link: (context, from, to) => link(lookup(context, from!, { follow: false }), context, to!),
  linkf: (context, from, to) => link(lookup(context, from!), context, to!),
  rename: (context, from, to) => rename(context, from!, to!),
  rename2: (context, flags, from, to) => rename(context, from!, to!, Number(flags)),
  mknod: (context, path, mode, device) => mknod(context, path!, octal(mode, 0), Number(device ?? 0)),
  open: (context, path, flags, mode) =>
    opened(
      context,
      path!,
      flags!.split('|').reduce((sum, flag) => sum | FLAGS[flag]!, 0),
      octal(mode, 0o666),
    ),
  truncate: (context, path, size) =>
    truncate(lookup(context, path!).inode, context.credentials, Number(size)),
  chmod: (context, path, mode) => chmod(lookup(context, path!).inode, context.credentials, octal(mode, 0)),
  chown: (context, path, uid, gid) => {
    const id = (text: string) => (text === '-1' ? null : Number(text));
    chown(lookup(context, path!).inode, context.credentials, id(uid!), id(gid!));
  },
  access: (context, path, wanted) =>
    access(lookup(context, path!).inode, context.credentials, Number(wanted)),
  utimes: (context, path, time) => {
    const at = time === 'now' ? 'now' : BigInt(time!);
    setTimes(lookup(context, path!).inode, context.credentials, at, at);
  },
  mode: (context, path) => lookup(context, path!).inode.mode.toString(8),
  owner: (context, path) => {
    const { uid, gid } = lookup(context, path!).inode;
    return `${uid}:${gid}`;
  },
  readlink: (context, path) => {
    const { inode } = lookup(context, path!, { follow: false });
    if (inode instanceof Symlink) return inode.readLink();
    throw new LinuxError('EINVAL', 'no symbolic link');
  },
  write: (context, path) => opened(context, path!, O.WRONLY, 0, Uint8Array.of(120)),
};

/** Performs operations in a new file system. Returns the answer of the last. */
function answerOf(text: string): string {
  const { host } = makeHost({ storageSize: 1 << 20, checked: false });
  const { root } = new Tmpfs(new FileHost(host.kernel, host.common, () => 0n));
  let context: PathContext = { root, start: root, credentials: { fsuid: 0, fsgid: 0, groups: [] } };
  mkdir(context, 'tmp', 0o777);
  mkdir(context, 'top', 0o777);
  context = { ...context, start: lookup(context, 'top') };
  let answer = '';
  for (const line of text.split('; ')) {
    const [operation, ...words] = line.split(' ').map((word) => (word === '""' ? '' : word));
    if (operation === 'as') {
      const [fsuid, fsgid, ...groups] = words[0]!.split(',').map(Number) as [number, number];
      context = { ...context, credentials: { fsuid, fsgid, groups } };
    } else if (operation === 'chdir') {
      context = { ...context, start: lookup(context, words[0]!) };
    } else {
      answer = ending(() => OPERATIONS[operation!]!(context, ...words));
    }
  }
  return answer;
}

function ending(action: () => unknown): string {
  try {
    const answer = action();
    return typeof answer === 'string' ? answer : 'ok';
  } catch (error) {
    if (error instanceof LinuxError) return error.code;
    throw error;
  }
}

it.each(ANSWERS)('%s: %s', (operations, answer) => {
  expect(answerOf(operations)).toBe(answer);
});
