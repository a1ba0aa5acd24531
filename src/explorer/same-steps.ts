/**
 * Compares two recordings.
 */

import type { Player } from '../player/index.ts';

/** Returns how many steps, from the first on, have the same answers and events in both recordings. */
export function sameSteps(one: Player, other: Player): number {
  const steps = Math.min(one.progress.steps, other.progress.steps);
  return Math.min(steps, sameAnswers(one, other), sameEvents(one, other));
}

function sameAnswers({ answers }: Player, other: Player): number {
  const at = answers.findIndex(({ answer }, step) => {
    const theirs = other.answers[step]?.answer ?? [];
    return answer.length !== theirs.length || answer.some((line, index) => line !== theirs[index]);
  });
  return at < 0 ? answers.length : at;
}

/** Returns the step of the first event that is not in both recordings. */
function sameEvents({ events }: Player, other: Player): number {
  const both = Math.min(events.length, other.events.length);
  for (let n = 0; n <= both; n++) {
    const [mine, theirs] = [events[n], other.events[n]];
    if (mine !== undefined && theirs !== undefined && textOf(mine) === textOf(theirs)) continue;
    return Math.min(mine?.position.step ?? Infinity, theirs?.position.step ?? Infinity);
  }
  return Infinity;
}

function textOf(event: Player['events'][number]): string {
  return JSON.stringify(event, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
}
