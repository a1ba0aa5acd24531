/**
 * Plays a lesson of a program, and compares what it states.
 */

import { type Playable, RecordingPlayer } from '../../player/internal.ts';
import { stepsAfter } from './event-texts.ts';
import { FactCheck } from './facts.ts';
import { type Lesson, LessonError, type Outcome } from './lesson.ts';

/** Steps played between two questions whether it takes too long. */
const STEPS = 10_000;

/** As `verifyLesson`, for a lesson that plays a program. @throws LessonError */
export function verifyProgram(
  file: string,
  { steps }: Lesson,
  playable: Playable,
  isLate: () => boolean,
): void {
  const player = new RecordingPlayer(playable, {});
  try {
    while (player.progress.end === null) {
      if (isLate()) throw new LessonError(file, steps[0]?.at ?? 1, 'the lesson takes too long');
      player.record(STEPS);
    }
    const [broken] = player.progress.violations;
    if (broken) throw new LessonError(file, 1, `the program breaks a rule: ${broken.violation.message}`);
    const texts = steps.map(({ operation }) => operation);
    const done = stepsAfter(player.events, texts);
    const missing = steps[done.length];
    if (missing) throw new LessonError(file, missing.at, noEvent(missing, steps[done.length - 1]));
    const facts = new FactCheck(file, player, '');
    for (const [index, outcome] of steps.entries()) {
      for (const fact of outcome.facts) facts.compare(fact, done[index] as number);
    }
  } finally {
    player.close();
  }
}

function noEvent({ operation }: Outcome, before: Outcome | undefined): string {
  const after = before === undefined ? '' : ` after "${before.operation}"`;
  return `the program has no event that begins with "${operation}"${after}`;
}
