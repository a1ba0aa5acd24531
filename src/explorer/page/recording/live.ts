/** What the user does with a guest that is played live: runs and pauses it, types, and saves its state. */

import { machine } from '../client.ts';
import { complain } from '../ui/notice.ts';
import { atEnd, isLive, isRecording, moveBySteps, progress, resume } from './state.ts';
import { title } from './workspace.ts';

/** Milliseconds after which a file that was offered for saving is forgotten. */
const FORGET = 60_000;

/** Runs the guest from the end of what is recorded, or pauses it. */
export function toggleRun(): void {
  if (isRecording.value) void machine.pause();
  else if (progress.value?.end === null) void resume().catch(complain);
}

/** Moves one step forward: at the end of what is recorded, the guest does one. */
export function stepForward(): void {
  if (!isLive.value || !atEnd.value) moveBySteps(1);
  else if (!isRecording.value && progress.value?.end === null) void resume(1).catch(complain);
}

/** Gives text that the user types to the console of the guest. */
export function typed(text: string): void {
  void machine.input(new TextEncoder().encode(text)).catch(complain);
}

/** Saves the state of the guest as a file. */
export async function saveState(): Promise<void> {
  try {
    const file = (await machine.save()) as Uint8Array<ArrayBuffer>;
    const url = URL.createObjectURL(new Blob([file], { type: 'application/octet-stream' }));
    const link = document.createElement('a');
    link.href = url;
    link.download = `${title.value.replace(/[.]state$/, '').replace(/[^\w.-]+/g, '-') || 'guest'}.state`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), FORGET);
  } catch (error) {
    complain(error);
  }
}
