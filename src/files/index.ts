/** Trees of files that are handed to a guest or to processes: a folder of the computer, or files in memory. */

export { ERRNO, FileError, type FileErrorCode } from './file-error.ts';
export {
  type FileAttributes,
  type FileChanges,
  type FileName,
  type FileTree,
  type FolderEntry,
  MODE,
  type OpenFile,
  type OpenMode,
  type TreePath,
  type TreeSpace,
} from './file-tree.ts';
export { childOf, folderOf, isName, isPath, isTarget, isWithin, nameOf } from './paths.ts';
