/**
 * Opens a file that somebody chose or dropped.
 */

import type { Moment } from '../../../player/index.ts';
import { complain, notice } from '../layout/notice.ts';
import { tab } from '../layout/tabs.ts';
import { moment, moveTo, progress } from '../state.ts';
import { openOwn } from '../story.ts';
import { FileError, LARGEST_FILE, sourceOf } from './detect.ts';

function isStart({ step, event }: Moment): boolean {
  return step === 0 && event === 0;
}

/** Opens the file; says what is wrong with it when that fails. */
export async function openFile(file: File): Promise<void> {
  try {
    if (file.size > LARGEST_FILE) throw new FileError(`${file.name} is larger than 256 MiB.`);
    const what = sourceOf(file.name, new Uint8Array(await file.arrayBuffer()));
    notice.value = null;
    if (what.kind === 'guest') tab.value = 'console';
    await openOwn(what);
    // What a guest has said is seen at its end.
    if (what.kind === 'guest' && isStart(moment.value)) {
      moveTo({ step: progress.value?.steps ?? 0, event: 0 });
    }
  } catch (error) {
    complain(error instanceof FileError ? error : new FileError(`${file.name} could not be read.`));
  }
}
