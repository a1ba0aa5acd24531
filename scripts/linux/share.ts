/** What the group `share` of check.ts does with shared folders. */

import { createHash, randomBytes } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

const BIG = 20 << 20;
/** A file outside of the shared folders, which no guest may see. */
const SECRET = 'not for guests';

/** Folders that a guest shares. */
export interface SharedFolders {
  readonly readOnly: string;
  readonly writable: string;
  /** A file outside. */
  readonly secret: string;
  /** SHA-256 of the big file. */
  readonly sum: string;
}

/** Makes the folders. @param base where to make them */
export function sharedFolders(base: string): SharedFolders {
  const [readOnly, writable, secret] = [join(base, 'lower'), join(base, 'work'), join(base, 'secret')];
  for (const path of [readOnly, writable, join(readOnly, 'sub')]) mkdirSync(path);
  writeFileSync(secret, SECRET);
  writeFileSync(join(readOnly, 'hello'), 'hello from outside\n');
  writeFileSync(join(readOnly, 'sub/ünïcode'), 'yes\n');
  symlinkSync('/etc/hostname', join(readOnly, 'link'));
  symlinkSync(secret, join(readOnly, 'out'));
  symlinkSync('..', join(readOnly, 'up'));
  const big = randomBytes(BIG);
  writeFileSync(join(readOnly, 'big'), big);
  return { readOnly, writable, secret, sum: createHash('sha256').update(big).digest('hex') };
}

/** A command in the guest, and what is to be true then. */
interface ShareCommand {
  readonly what: string;
  command(folders: SharedFolders): string;
  wanted(folders: SharedFolders): RegExp;
  /** Looks at the folders from outside. */
  after?(folders: SharedFolders): void;
}

/** The command that mounts a shared folder, without its tag. */
export const MOUNT = 'mount -t 9p -o trans=virtio,version=9p2000.L';

/** @throws Error unless it is true */
function demand(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(`outside: ${what}`);
}

export const SHARE_COMMANDS: readonly ShareCommand[] = [
  {
    what: 'two shared folders, mounted',
    command: () => `mkdir /lower /work; ${MOUNT} share /lower && ${MOUNT} work /work && echo mounted`,
    wanted: () => /^mounted/m,
  },
  {
    what: '`ls`, `cat`, `find`',
    command: () => 'ls /lower | tr "\\n" ,; cat /lower/hello /lower/sub/*; find /lower -type f | wc -l',
    wanted: () => /big,hello,link,out,sub,up,hello from outside\s+yes\s+3/,
  },
  {
    what: '`sha256sum` of 20 MiB',
    command: () => 'sha256sum /lower/big',
    wanted: ({ sum }) => new RegExp(sum),
  },
  {
    what: 'symbolic links lead to files of the guest',
    command: () =>
      'echo of the guest > /etc/hostname; cat /lower/link; cat /lower/out; ls /lower/up/etc/hostname',
    wanted: () => /^of the guest\s+cat: .*out'?: No such file[\s\S]*\/lower\/up\/etc\/hostname/m,
  },
  {
    what: 'a folder that is read-only refuses changes',
    command: () =>
      'cd /lower; for c in "touch new" "rm hello" "mkdir x" "mv hello y" "ln -s a b" "chmod 600 hello" "tee hello"; do $c </dev/null 2>&1 | grep -c "Read-only"; done | tr "\\n" ,; cd',
    wanted: () => /^1,1,1,1,1,1,1,/m,
    after: ({ readOnly }) => {
      demand(readFileSync(join(readOnly, 'hello'), 'utf8') === 'hello from outside\n', 'hello has changed');
      demand(readdirSync(readOnly).length === 6, 'there are other files');
    },
  },
  {
    what: '20 MiB copied in, the same outside',
    command: () => 'cp /lower/big /work/copy && sync && echo copied',
    wanted: () => /^copied/m,
    after: ({ writable, sum }) => {
      const found = createHash('sha256')
        .update(readFileSync(join(writable, 'copy')))
        .digest('hex');
      demand(found === sum, 'the copy differs');
    },
  },
  {
    what: '`mkdir`, `mv`, `ln`, `ln -s`, `rm`, `chmod`, `touch -d`',
    command: () =>
      [
        ...['cd /work', 'mkdir -p a/b', 'echo one > a/b/f', 'mv a c', 'ln c/b/f c/hard', 'ln -s ../x c/soft'],
        ...[
          'chmod 640 c/b/f',
          'touch -d "2020-01-02 03:04:05" c/b/f',
          'echo gone > g',
          'rm g',
          'mkdir d',
          'rmdir d',
        ],
        ...['cat c/hard', 'stat -c "%a %h %Y" c/b/f', 'readlink c/soft', 'cd'],
      ].join(' && '),
    wanted: () => /^one\s+640 2 1577934245\s+\.\.\/x/m,
    after: ({ writable }) => {
      const file = statSync(join(writable, 'c/b/f'));
      demand(file.nlink === 2 && (file.mode & 0o777) === 0o640 && file.mtimeMs === 1577934245000, 'c/b/f');
      demand(readlinkSync(join(writable, 'c/soft')) === '../x', 'c/soft');
      demand(!existsSync(join(writable, 'g')) && !existsSync(join(writable, 'd')), 'g or d');
    },
  },
  {
    what: 'a symbolic link that the guest makes does not lead outside',
    command: ({ secret }) =>
      `cd /work; ln -s ${secret} s; ln -s / r; cat s; ls r/etc/hostname; echo x > s; ls -l s | wc -l; cd`,
    wanted: () => /No such file[\s\S]*r\/etc\/hostname[\s\S]*1\s/,
    after: ({ writable, secret }) => {
      demand(readFileSync(secret, 'utf8') === SECRET, 'the secret has changed');
      demand(lstatSync(join(writable, 's')).isSymbolicLink(), 's is no link');
    },
  },
  {
    what: 'a file that was removed stays open; 500 files in a folder',
    command: () =>
      'cd /work; exec 5<>t; echo kept >&5; rm t; cat /proc/self/fd/5 2>&1 | head -1; exec 5>&-; mkdir m; cd m; for i in $(seq 500); do echo $i > $i; done; ls | wc -l; cd ..; rm -r m; ls -d m; cd',
    wanted: () => /500\s[\s\S]*m: No such file/,
  },
  {
    what: '`tar` in, compared, and unmounted',
    command: () =>
      'cd /work; tar cf t.tar c && mkdir u && tar xf t.tar -C u && diff -r c/b u/c/b && cd / && umount /work /lower && echo done; cd',
    wanted: () => /^done/m,
  },
];
