/** Options of `run`: files that are handed to a program. */

import { InvalidArgumentError } from 'commander';
import type { FileTree } from '../files/index.ts';
import type { HandedTree } from '../host/task/index.ts';
import { FolderTree } from './folder-tree.ts';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

/** A folder of this computer, and where a program finds it. */
export interface BindFlag {
  readonly source: string;
  readonly target: string;
  readonly isWritable: boolean;
}

/** Parses SRC:DST or SRC:DST:rw, and appends it to the previous ones. @throws InvalidArgumentError */
export function bindOption(text: string, before: readonly BindFlag[] = []): BindFlag[] {
  const isWritable = text.endsWith(':rw');
  const rest = isWritable ? text.slice(0, -3) : text.replace(/:ro$/, '');
  const at = rest.lastIndexOf(':');
  const [source, target] = [rest.slice(0, Math.max(at, 0)), rest.slice(at + 1)];
  if (source === '' || !target.startsWith('/')) {
    throw new InvalidArgumentError('It must be SRC:DST or SRC:DST:rw, with an absolute path DST.');
  }
  return [...before, { source, target, isWritable }];
}

/** Parses NAME=VALUE, and appends it to the previous ones. @throws InvalidArgumentError */
export function envOption(text: string, before: readonly string[] = []): string[] {
  if (!/^[^=]+=/.test(text)) throw new InvalidArgumentError('It must be NAME=VALUE.');
  return [...before, text];
}

/** Opens a folder for a program. @param changes where its changes go. @throws UsageError */
export function handedFolder(path: string, changes: 'memory' | 'tree' | 'nowhere'): HandedTree {
  // Names there have other rules, by which a program could leave the folder.
  if (process.platform === 'win32') throw new UsageError('folders cannot be handed to programs on Windows');
  let tree: FileTree;
  try {
    tree = new FolderTree(path, { readOnly: changes !== 'tree' });
  } catch (error) {
    throw new UsageError(`could not use ${path}: ${reasonOf(error)}`);
  }
  return { tree, changes };
}
