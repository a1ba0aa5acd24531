/** What lessons play, for tests: programs come from the folder of examples. */

import { readFileSync } from 'node:fs';
import { type Playable, playableScenario } from '../../../player/internal.ts';
import { playableProgram } from '../../../player/program/index.ts';
import type { Lesson } from '../lesson.ts';
import { PROGRAMS, programSource } from '../programs.ts';

/** Returns what a lesson plays. */
export function playableOf({ program, scenario }: Lesson): Playable {
  if (program === null) return playableScenario(scenario);
  return playableProgram(programSource(program, readFileSync(`examples/${PROGRAMS[program]}`)));
}
