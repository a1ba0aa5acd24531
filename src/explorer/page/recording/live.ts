/** What the user does with a guest that is played live: runs and pauses it, and steps. */

import { machine } from '../client.ts';
import { complain } from '../ui/notice.ts';
import { atEnd, isLive, isRecording, moveBySteps, progress, resume } from './state.ts';

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
