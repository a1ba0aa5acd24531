/**
 * Opens files that the user chooses. What reads them is loaded with the first one: most visits need none of it.
 */

import { complain } from '../../ui/notice.ts';

/** Opens files, or shows why they cannot be opened: one, or a Linux kernel with its initial RAM disk. */
export async function openChosen(files: readonly File[]): Promise<void> {
  if (files.length === 0) return;
  try {
    const { openFiles } = await import('./open-file.ts');
    await openFiles(files);
  } catch (error) {
    complain(error);
  }
}
