/**
 * Opens files that the user chooses. What reads them is loaded with the first one: most visits need none of it.
 */

import { complain } from '../../ui/notice.ts';

/** Opens a file, or shows why it cannot be opened. */
export async function openChosen(file: File): Promise<void> {
  try {
    const { openFile } = await import('./open-file.ts');
    await openFile(file);
  } catch (error) {
    complain(error);
  }
}
