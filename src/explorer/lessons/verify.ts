/**
 * Plays a lesson, without a fault and with each of its faults, and compares every outcome that it states with the real
 * one. A note of a lesson that passes is true: it is only ever shown in the very run that was compared here.
 */

import type { InjectedFault } from '../../host/index.ts';
import { readScript, type SpaceName, type StepAnswer } from '../../player/index.ts';
import { playableScenario, RecordingPlayer } from '../../player/internal.ts';
import { type Fact, type Lesson, LessonError, type Outcome, type StatedFact } from './lesson.ts';

/** Maximum number of characters of an answer in a message. */
const SHOWN = 100;

/**
 * Plays a lesson and compares the outcomes.
 * @param file the name of its file, for messages
 * @param isLate called often; when it returns true, the lesson is rejected: it takes too long
 * @throws LessonError naming the first outcome that is not as stated
 */
export function verifyLesson(file: string, lesson: Lesson, isLate: () => boolean): void {
  const { lines, error } = readScript(lesson.scenario);
  if (error !== null) throw new LessonError(file, lesson.steps[lines.length]?.at ?? 1, error.message);
  for (const fault of [null, ...lesson.faults]) new Rehearsal(file, lesson, fault, isLate).compare();
}

/** A run of a lesson. */
class Rehearsal {
  readonly #file: string;
  readonly #lesson: Lesson;
  readonly #fault: InjectedFault | null;
  readonly #isLate: () => boolean;
  readonly #player: RecordingPlayer;

  constructor(file: string, lesson: Lesson, fault: InjectedFault | null, isLate: () => boolean) {
    this.#file = file;
    this.#lesson = lesson;
    this.#fault = fault;
    this.#isLate = isLate;
    this.#player = new RecordingPlayer(playableScenario(lesson.scenario), { injectedFault: fault });
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
      if (!states) this.#compareFact({ at: outcome.at, fact: { kind: 'broken', rules: [] } }, index + 1);
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
    for (const fact of facts) this.#compareFact(fact, step);
  }

  #compareFact({ at, fact }: StatedFact, step: number): void {
    const [stated, real] = this.#valuesOf(fact, step);
    if (stated === real) return;
    const place = 'space' in fact ? ` of ${fact.space} ${hex(fact.address)}` : '';
    const name = fact.kind === 'entry' ? `${fact.level} entry` : fact.kind;
    const message = `${name}${place}: ${real || 'none'}${this.#withFault}, not ${stated || 'none'}`;
    throw new LessonError(this.#file, at, message);
  }

  get #withFault(): string {
    return this.#fault === null ? '' : ` with the fault ${this.#fault}`;
  }

  /** Returns the stated value of a fact and the real one, as texts. */
  #valuesOf(fact: Fact, step: number): [stated: string, real: string] {
    switch (fact.kind) {
      case 'events':
        return [fact.types.join(' '), this.#eventsOf(step).join(' ')];
      case 'broken':
        return [fact.rules.toSorted().join(' '), this.#brokenBy(step).toSorted().join(' ')];
      case 'entry': {
        const walk = this.#walk(fact.space, fact.address, step);
        const entry = walk?.steps.find(({ level }) => level === fact.level)?.value;
        const value = fact.level === 'pgste' ? walk?.pgste : entry;
        return [hex(fact.value), value == null ? 'not on the walk' : hex(value)];
      }
      case 'tlb':
        return [fact.holds, this.#cached(fact, step)];
      default: {
        const absolute = this.#walk(fact.space, fact.address, step)?.absolute ?? null;
        const name = (frame: bigint | null) => (frame === null ? 'none' : hex(frame));
        return [name(fact.frame), name(absolute === null ? null : (absolute >> 12n) << 12n)];
      }
    }
  }

  #eventsOf(step: number): string[] {
    return this.#player.events.flatMap(({ position, event }) =>
      position.step === step - 1 ? [event.type] : [],
    );
  }

  #brokenBy(step: number): string[] {
    const found = this.#player.progress.violations.filter((one) => one.step === step - 1);
    return [...new Set(found.map(({ violation }) => violation.rule))];
  }

  #cached({ cpu, space, address }: Fact & { readonly kind: 'tlb' }, step: number): string {
    return this.#player.at({ step, event: 0 }, (snapshot) => {
      const asce = snapshot.outline().find(({ name }) => name === space)?.asce;
      const entries = snapshot.machine?.processors()[cpu]?.host.entries ?? [];
      const entry = entries.find((one) => one.asce === asce && one.page === Number(address >> 12n));
      if (entry === undefined) return 'none';
      return `${hex(entry.frame)}${entry.stale ? ' stale' : ''}`;
    });
  }

  #walk(space: string, address: bigint, step: number) {
    const at = { step, event: 0 };
    return this.#player.at(at, ({ machine }) => machine?.walk(space as SpaceName, address)?.walk ?? null);
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

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
