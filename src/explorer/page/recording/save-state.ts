/** Saves the state of a guest that is played live. */

import { machine } from '../client.ts';
import { complain } from '../ui/notice.ts';
import { title } from './workspace.ts';

/** Milliseconds after which a file that was offered for saving is forgotten. */
const FORGET = 60_000;

/** Saves the state of the guest as a file. */
export async function saveState(): Promise<void> {
  try {
    const url = URL.createObjectURL(await machine.save());
    const link = document.createElement('a');
    link.href = url;
    link.download = `${title.value.replace(/[.]state$/, '').replace(/[^\w.-]+/g, '-') || 'guest'}.state`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), FORGET);
  } catch (error) {
    complain(error);
  }
}
