/** Names and paths in a tree, checked: they come from a guest or from a saved state. */

import { FileError } from './file-error.ts';
import type { FileName, TreePath } from './file-tree.ts';

const NAME_MAX = 255;
/** Maximum length of a path, and of the target of a symbolic link: Linux's PATH_MAX without the final zero. */
const PATH_MAX = 4095;

/** Whether a text is the name of a file. */
export function isName(text: string): boolean {
  return text.length <= NAME_MAX && text !== '.' && text !== '..' && isPlain(text);
}

/** Whether a text is not empty and has neither a zero nor a slash, and only bytes. */
function isPlain(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: names may have them.
  return /^[\x01-\x2e\x30-\xff]+$/.test(text);
}

/** Whether a text is a path, the root's included. */
export function isPath(text: string): boolean {
  return text === '' || (text.length <= PATH_MAX && text.split('/').every(isName));
}

/** Whether a text can be the target of a symbolic link. */
export function isTarget(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: targets may have them.
  return text.length <= PATH_MAX && /^[\x01-\xff]+$/.test(text);
}

/**
 * Returns the path of a file in a folder.
 * @throws FileError ENAMETOOLONG; EINVAL for a name with a slash or a zero; `dots` for `.` and `..`
 */
export function childOf(folder: TreePath, name: FileName, dots: 'EEXIST' | 'EINVAL' | 'ENOENT'): TreePath {
  if (name === '') throw new FileError('ENOENT');
  if (name === '.' || name === '..') throw new FileError(dots);
  if (!isPlain(name)) throw new FileError('EINVAL');
  const path = folder === '' ? name : `${folder}/${name}`;
  if (name.length > NAME_MAX || path.length > PATH_MAX) throw new FileError('ENAMETOOLONG');
  return path;
}

/** Returns the path of the folder of a file. The root is in itself. */
export function folderOf(path: TreePath): TreePath {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0));
}

/** Returns the last name of a path: the empty string for the root. */
export function nameOf(path: TreePath): FileName {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Whether a path is that of a folder, or of something in it. */
export function isWithin(path: TreePath, folder: TreePath): boolean {
  return path === folder || folder === '' || path.startsWith(`${folder}/`);
}
