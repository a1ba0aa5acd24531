/** Folders that a guest shares with this computer. */

import { accessSync, constants } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import type { FileTree } from '../files/index.ts';
import { FolderTree } from './folder-tree.ts';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

/** Whether a guest may change a folder. */
const MODES = ['ro', 'rw'] as const;
type Mode = (typeof MODES)[number];

/** A tag before `=`. A path with `=` is not taken for one if a slash is before it: ./a=b. */
const TAGGED = /^([A-Za-z0-9_.-]{1,32})=(.*)$/s;
const FIRST_TAG = 'share';

/** A folder on the command line. */
export interface ShareFlag {
  readonly tag: string;
  readonly path: string;
  readonly mode: Mode;
}

/** Parses [TAG=]DIR, [TAG=]DIR:ro or [TAG=]DIR:rw, and appends it to the previous ones. @throws InvalidArgumentError */
export function shareOption(text: string, before: readonly ShareFlag[] = []): ShareFlag[] {
  const [, given, rest = text] = TAGGED.exec(text) ?? [];
  const tag = given ?? (before.length === 0 ? FIRST_TAG : `${FIRST_TAG}${before.length}`);
  const at = rest.lastIndexOf(':');
  const mode = at < 0 ? undefined : MODES.find((one) => one === rest.slice(at + 1));
  const path = mode === undefined ? rest : rest.slice(0, at);
  if (path === '') throw new InvalidArgumentError('It must be DIR, DIR:rw or TAG=DIR.');
  if (before.some((one) => one.tag === tag))
    throw new InvalidArgumentError(`There are two folders "${tag}".`);
  return [...before, { tag, path, mode: mode ?? 'ro' }];
}

/** A folder that can be used. */
export interface OpenShare {
  readonly tag: string;
  readonly mode: Mode;
  /** Returns its files for one run of a guest. */
  tree(): FileTree;
}

/** Opens a folder. @throws UsageError if it is none, or cannot be read */
export function openShare({ tag, path, mode }: ShareFlag): OpenShare {
  // Names there have other rules, by which a guest could leave the folder.
  if (process.platform === 'win32') throw new UsageError('--share is not there on Windows');
  const open = () => new FolderTree(path, { readOnly: mode === 'ro' });
  try {
    open().close();
    accessSync(path, constants.R_OK | constants.X_OK);
  } catch (error) {
    throw new UsageError(`could not share ${path}: ${reasonOf(error)}`);
  }
  return { tag, mode, tree: open };
}
