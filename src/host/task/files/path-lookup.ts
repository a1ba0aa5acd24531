/**
 * Follows paths. Linux: path_resolution(7), fs/namei.c.
 *
 * Names are bytes: each character of a path is one, and any but 0 and the slash can be in a name.
 */

import { LinuxError } from '../../errors.ts';
import { ACCESS, NAME_MAX, PATH_MAX } from '../abi/files.ts';
import { type Dentry, parentOf, topOf } from './dentry.ts';
import { Directory } from './directory.ts';
import { demandPermission, type FileCredentials } from './permissions.ts';
import { Symlink } from './symlink.ts';

/** The number of symbolic links that one path may lead through. */
const LINKS_MAX = 40;

/** From where, and for whom, paths are followed. */
export interface PathContext {
  /** The root directory: where absolute paths begin, and what no path leads out of. */
  readonly root: Dentry;
  /** Where relative paths begin: the working directory, or that of a descriptor. */
  readonly start: Dentry;
  readonly credentials: FileCredentials;
}

/** How the last name of a path is followed. */
export interface LookupOptions {
  /** Whether a symbolic link is followed (default), or found itself. With a slash behind it, it is followed. */
  readonly follow?: boolean;
  /** Whether the path must lead to a directory; default no. */
  readonly directory?: boolean;
}

/** A path but for its last name. */
export interface LastName {
  readonly parent: Dentry;
  /** The last name, or '' if the path consists of slashes. */
  readonly name: string;
  /** Whether it is a name, and not `.`, `..` or the root. */
  readonly isName: boolean;
  /** Whether slashes follow. */
  readonly hasSlash: boolean;
  /** The path, for messages. */
  readonly path: string;
}

/**
 * Follows a path. Returns what it leads to.
 * @throws LinuxError ENOENT, also for an empty path; ENOTDIR; EACCES if a directory on the way must not be searched; ELOOP for more than
 *   40 symbolic links; ENAMETOOLONG for a name of more than 255 bytes or a path of more than 4,095
 */
export function lookup(context: PathContext, path: string, options: LookupOptions = {}): Dentry {
  return new PathWalk(context, path).end(options);
}

/**
 * Follows a path but for its last name, which need not be there.
 * @throws LinuxError as `lookup`
 */
export function lookupParent(context: PathContext, path: string): LastName {
  return new PathWalk(context, path).parent();
}

/**
 * Returns what has a name in a directory, or null. What is mounted there is left out.
 * Preconditions: the name is neither `.` nor `..`.
 * @throws LinuxError ENAMETOOLONG
 */
export function nameIn(parent: Dentry, name: string): Dentry | null {
  if (name.length > NAME_MAX) throw new LinuxError('ENAMETOOLONG', `a name of ${name.length} bytes`);
  return parent.removed ? null : (parent.inode as Directory).lookup(name);
}

/** As `nameIn`, with what is mounted there. */
export function childOf(parent: Dentry, name: string): Dentry | null {
  const found = nameIn(parent, name);
  return found === null ? null : topOf(found);
}

/** One path on its way. */
export class PathWalk {
  readonly #context: PathContext;
  readonly #path: string;
  #links = 0;

  /** @throws LinuxError ENOENT, ENAMETOOLONG */
  constructor(context: PathContext, path: string) {
    if (path === '') throw new LinuxError('ENOENT', 'the path is empty');
    if (path.length >= PATH_MAX) throw new LinuxError('ENAMETOOLONG', `a path of ${path.length} bytes`);
    this.#context = context;
    this.#path = path;
  }

  /** Follows the path to its end. */
  end({ follow = true, directory = false }: LookupOptions): Dentry {
    return this.#follow(this.#path, this.#context.start, follow, directory);
  }

  /** Follows the path to its last name. */
  parent(): LastName {
    return this.#parentOf(this.#path, this.#context.start);
  }

  /** Follows a symbolic link, which was the last name, to the last name of its path. */
  parentBehind(link: Symlink, directory: Dentry): LastName {
    this.#countLink();
    return this.#parentOf(link.readLink(), directory);
  }

  #follow(path: string, start: Dentry, follow: boolean, directory: boolean): Dentry {
    const last = this.#parentOf(path, start);
    const found =
      last.name === '' ? last.parent : this.#step(last.parent, last.name, follow || last.hasSlash);
    if ((directory || last.hasSlash) && !(found.inode instanceof Directory)) throw this.#notDirectory();
    return found;
  }

  #parentOf(path: string, start: Dentry): LastName {
    let at = path.startsWith('/') ? this.#context.root : start;
    let from = 0;
    while (path[from] === '/') from++;
    while (from < path.length) {
      let end = path.indexOf('/', from);
      if (end < 0) end = path.length;
      const name = path.slice(from, end);
      from = end;
      while (path[from] === '/') from++;
      if (from < path.length) {
        at = this.#step(at, name, true);
        continue;
      }
      // Linux refuses here to look into what is no directory.
      this.#demandSearch(at);
      const isName = name !== '.' && name !== '..';
      return { parent: at, name, isName, hasSlash: end < path.length, path: this.#path };
    }
    return { parent: at, name: '', isName: false, hasSlash: true, path: this.#path };
  }

  /** Goes from a directory to what has a name in it. */
  #step(directory: Dentry, name: string, follow: boolean): Dentry {
    this.#demandSearch(directory);
    if (name === '.') return directory;
    if (name === '..') return parentOf(directory, this.#context.root);
    const found = childOf(directory, name);
    if (found === null) throw new LinuxError('ENOENT', `${this.#path}: there is no ${name}`);
    return follow && found.inode instanceof Symlink ? this.#behind(found.inode, directory) : found;
  }

  #behind(link: Symlink, directory: Dentry): Dentry {
    this.#countLink();
    return link.jump() ?? this.#follow(link.readLink(), directory, true, false);
  }

  #countLink(): void {
    if (++this.#links > LINKS_MAX) throw new LinuxError('ELOOP', `${this.#path} has too many symbolic links`);
  }

  #demandSearch({ inode }: Dentry): void {
    if (!(inode instanceof Directory)) throw this.#notDirectory();
    demandPermission(inode, this.#context.credentials, ACCESS.EXECUTE, this.#path);
  }

  #notDirectory(): LinuxError {
    return new LinuxError('ENOTDIR', `${this.#path}: something on the way is no directory`);
  }
}
