/**
 * Compares what a lesson states about the machine with the machine.
 */

import type { SpaceName } from '../../player/index.ts';
import type { RecordingPlayer } from '../../player/internal.ts';
import { type Fact, LessonError, type StatedFact } from './lesson.ts';

/** Compares the facts of a lesson with a run. */
export class FactCheck {
  readonly #file: string;
  readonly #player: RecordingPlayer;
  readonly #run: string;

  /**
   * @param file the name of the lesson's file, for messages
   * @param run what messages say about the run: nothing, or " with the fault …"
   */
  constructor(file: string, player: RecordingPlayer, run: string) {
    this.#file = file;
    this.#player = player;
    this.#run = run;
  }

  /** Compares a fact after `step` steps. @throws LessonError if it is not so */
  compare({ at, fact }: StatedFact, step: number): void {
    const [stated, real] = this.#valuesOf(fact, step);
    if (stated === real) return;
    const place = 'space' in fact ? ` of ${fact.space} ${hex(fact.address)}` : '';
    const name = fact.kind === 'entry' ? `${fact.level} entry` : fact.kind;
    const message = `${name}${place}: ${real || 'none'}${this.#run}, not ${stated || 'none'}`;
    throw new LessonError(this.#file, at, message);
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

function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
