/**
 * Opens a file that the user chose or dropped.
 */

import { complain, notice } from '../../ui/notice.ts';
import { tab } from '../tabs.ts';
import { openOwn, ownName } from '../workspace.ts';
import { FileError, LARGEST_FILE, sourceOf } from './detect.ts';

/** Counts the files chosen: only the latest one is opened, no matter which is read first. */
let chosen = 0;

/** Opens a file, or shows why it cannot be opened. */
export async function openFile(file: File): Promise<void> {
  const mine = ++chosen;
  try {
    if (file.size > LARGEST_FILE) throw new FileError(`${file.name} is larger than 256 MiB.`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    if (mine !== chosen) return;
    const what = sourceOf(file.name, bytes);
    notice.value = null;
    if (what.kind === 'guest') tab.value = 'console';
    else if (tab.value === 'console') tab.value = 'spaces';
    const opening = openOwn(what);
    ownName.value = file.name;
    await opening;
  } catch (error) {
    complain(error instanceof FileError ? error : new FileError(`${file.name} could not be read.`));
  }
}
