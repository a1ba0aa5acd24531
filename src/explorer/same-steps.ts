/**
 * Compares two recordings.
 */

import type { RecordingPlayer } from '../player/internal.ts';

/** Returns how many steps, from the first on, have the same answers and events in both recordings. */
export function sameSteps(one: RecordingPlayer, other: RecordingPlayer): number {
  const steps = Math.min(one.progress.steps, other.progress.steps);
  return Math.min(steps, sameAnswers(one, other), sameEvents(one, other));
}

function sameAnswers({ answers }: RecordingPlayer, other: RecordingPlayer): number {
  const at = answers.findIndex(({ answer }, step) => {
    const theirs = other.answers[step]?.answer ?? [];
    return answer.length !== theirs.length || answer.some((line, index) => line !== theirs[index]);
  });
  return at < 0 ? answers.length : at;
}

/** Returns the step of the first event that is not in both recordings. */
function sameEvents({ events }: RecordingPlayer, other: RecordingPlayer): number {
  const both = Math.min(events.length, other.events.length);
  for (let n = 0; n <= both; n++) {
    const [mine, theirs] = [events[n], other.events[n]];
    if (mine !== undefined && theirs !== undefined && textOf(mine) === textOf(theirs)) continue;
    return Math.min(mine?.position.step ?? Infinity, theirs?.position.step ?? Infinity);
  }
  return Infinity;
}

function textOf(event: RecordingPlayer['events'][number]): string {
  return JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}
