/** Errors of trees of files. */

import { FileError } from '../../../files/index.ts';
import { LinuxError } from '../../errors.ts';

/** Performs an operation of a tree. @throws LinuxError instead of its errors */
export function fromTree<T>(operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    if (error instanceof FileError) throw new LinuxError(error.code, 'the folder says so');
    throw error;
  }
}
