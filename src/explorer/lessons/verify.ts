/**
 * Plays a lesson, without a fault and with each of its faults, and compares every outcome that it states with the real
 * one. A note of a lesson that passes is true: it is only ever shown in the very run that was compared here.
 */

import type { InjectedFault } from '../../host/index.ts';
import { readScript, type StepAnswer } from '../../player/index.ts';
import { type Playable, RecordingPlayer } from '../../player/internal.ts';
import { FactCheck } from './facts.ts';
import { type Lesson, LessonError, type Outcome } from './lesson.ts';
import { verifyProgram } from './verify-program.ts';

/** Maximum number of characters of an answer in a message. */
const SHOWN = 100;

/**
 * Plays a lesson and compares the outcomes.
 * @param file the name of its file, for messages
 * @param playable its scenario or its program
 * @param isLate called often; when it returns true, the lesson is rejected: it takes too long
 * @throws LessonError naming the first outcome that is not as stated
 */
export function verifyLesson(file: string, lesson: Lesson, playable: Playable, isLate: () => boolean): void {
  if (lesson.program !== null) {
    verifyProgram(file, lesson, playable, isLate);
    return;
  }
  const { lines, error } = readScript(lesson.scenario);
  if (error !== null) throw new LessonError(file, lesson.steps[lines.length]?.at ?? 1, error.message);
  for (const fault of [null, ...lesson.faults])
    new Rehearsal(file, lesson, playable, fault, isLate).compare();
}

/** A run of a lesson that plays a scenario. */
class Rehearsal {
  readonly #file: string;
  readonly #lesson: Lesson;
  readonly #fault: InjectedFault | null;
  readonly #isLate: () => boolean;
  readonly #player: RecordingPlayer;
  readonly #facts: FactCheck;

  constructor(
    file: string,
    lesson: Lesson,
    playable: Playable,
    fault: InjectedFault | null,
    isLate: () => boolean,
  ) {
    this.#file = file;
    this.#lesson = lesson;
    this.#fault = fault;
    this.#isLate = isLate;
    this.#player = new RecordingPlayer(playable, { injectedFault: fault });
    this.#facts = new FactCheck(file, this.#player, this.#withFault);
  }

  compare(): void {
    try {
      this.#play();
      if (this.#fault === null) this.#compareOwn();
      else this.#compareFault();
    } finally {
      this.#player.close();
    }
  }

  #play(): void {
    const { steps } = this.#lesson;
    for (let step = 1; step <= steps.length; step++) {
      this.#player.record(1);
      const { at, operation } = steps[step - 1] as Outcome;
      if (this.#isLate()) throw new LessonError(this.#file, at, `the lesson takes too long: "${operation}"`);
      if (this.#player.progress.steps < step) {
        throw new LessonError(this.#file, at, `the scenario ends before "${operation}"`);
      }
    }
  }

  /** Without a fault, everything is as stated, and no rule is broken. */
  #compareOwn(): void {
    for (const [index, outcome] of this.#lesson.steps.entries()) {
      this.#compareOutcome(outcome, index + 1);
      const states = outcome.facts.some(({ fact }) => fact.kind === 'broken');
      if (!states) this.#facts.compare({ at: outcome.at, fact: { kind: 'broken', rules: [] } }, index + 1);
    }
  }

  #compareFault(): void {
    for (const outcome of this.#lesson.faultOutcomes) {
      if (outcome.fault === this.#fault) this.#compareOutcome(outcome, outcome.step);
    }
  }

  #compareOutcome({ at, operation, answer, facts }: Outcome, step: number): void {
    const answered = (this.#player.answers[step - 1] as StepAnswer).answer;
    const isError = answered[0]?.startsWith('error') ?? false;
    const agrees = answer === null ? !isError : sameAnswer(answer, answered);
    if (!agrees) {
      const shown = listed(answered);
      const stated = answer === null ? 'which the lesson does not state' : `not ${listed(answer)}`;
      throw new LessonError(this.#file, at, `"${operation}" answers ${shown}${this.#withFault}, ${stated}`);
    }
    for (const fact of facts) this.#facts.compare(fact, step);
  }

  get #withFault(): string {
    return this.#fault === null ? '' : ` with the fault ${this.#fault}`;
  }
}

/** Whether two answers are the same. The text that may follow bytes, in double quotes, does not count. */
function sameAnswer(stated: readonly string[], real: readonly string[]): boolean {
  const bytes = (line: string) => line.replace(/ ".*"$/, '');
  return (
    stated.length === real.length && stated.every((line, at) => bytes(line) === bytes(real[at] as string))
  );
}

function listed(lines: readonly string[]): string {
  const text = lines.join(', ');
  return `"${text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}"`;
}
