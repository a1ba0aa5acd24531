/**
 * Parses files of lessons. They may come from anywhere: every count and every length is limited, and what is wrong is
 * reported in one line. docs/lessons.md describes the format.
 */

import { FENCE, type FrontMatter, readFrontMatter } from './front-matter.ts';
import type { FaultOutcome, Lesson, Note, Outcome, Question } from './lesson.ts';
import { beginsBlock, type OperationBlock, readBlock } from './outcomes.ts';
import { beginsQuestion, readQuestion, readText } from './prose.ts';
import { quoted, Reader } from './reader.ts';

/** Maximum size of a file, in characters. */
export const LESSON_SIZE_MAX = 1 << 20;
/** Maximum number of lessons opened together. */
export const LESSONS_MAX = 100;
/** Maximum numbers of operations, notes and questions of a lesson. */
const STEPS_MAX = 500;
const NOTES_MAX = 500;
const QUESTIONS_MAX = 20;

/**
 * Parses a file with one or more lessons, each with its own front matter.
 * @param file its name, for messages
 * @throws LessonError naming the line of the first mistake
 */
export function parseLessons(file: string, text: string): readonly Lesson[] {
  const reader = new Reader(file, text.slice(0, LESSON_SIZE_MAX + 1));
  if (text.length > LESSON_SIZE_MAX) throw reader.error('a file of lessons has at most 1 MiB');
  const lessons: Lesson[] = [];
  reader.skipBlank();
  do {
    if (lessons.length === LESSONS_MAX) throw reader.error(`there are at most ${LESSONS_MAX} lessons`);
    const start = reader.number;
    const lesson = new Draft(readFrontMatter(reader)).read(reader, start);
    if (lessons.some(({ id }) => id === lesson.id)) {
      throw reader.error(`there are two lessons with the id ${quoted(lesson.id)}`, start);
    }
    lessons.push(lesson);
  } while (reader.line !== null);
  return lessons;
}

/** Whether a file is meant to hold lessons: by its name, or because it begins with front matter. */
export function isLessonFile(name: string, text: string): boolean {
  return /\.(md|markdown)$/i.test(name) || /^\uFEFF?\s*---\r?\n/.test(text.slice(0, 100));
}

/** A lesson while it is being read. */
class Draft {
  readonly #front: FrontMatter;
  readonly #lines: string[] = [];
  readonly #steps: Outcome[] = [];
  readonly #faultOutcomes: FaultOutcome[] = [];
  readonly #notes: Note[] = [];
  readonly #questions: Question[] = [];
  /** What the next text is about. */
  #about: Pick<Note, 'step' | 'fault'> = { step: 0, fault: null };

  constructor(front: FrontMatter) {
    this.#front = front;
  }

  /** Reads up to the next front matter, or the end. @param start the line at which the lesson begins */
  read(reader: Reader, start: number): Lesson {
    for (reader.skipBlank(); reader.line !== null && reader.line !== FENCE; reader.skipBlank()) {
      if (beginsBlock(reader.line)) this.#addBlock(reader);
      else if (beginsQuestion(reader.line)) this.#addQuestion(reader);
      else this.#addText(reader);
    }
    if (this.#steps.length === 0) throw reader.error(`the lesson has no ${this.#content}`, start);
    for (const fault of this.#front.faults) {
      if (this.#faultOutcomes.some((one) => one.fault === fault)) continue;
      throw reader.error(
        `the lesson does not say what happens with the fault ${fault} (\`\`\`fault ${fault})`,
        start,
      );
    }
    return {
      ...this.#front,
      scenario: this.#front.program === null ? `${this.#lines.join('\n')}\n` : '',
      steps: this.#steps,
      faultOutcomes: this.#faultOutcomes,
      notes: this.#notes.toSorted((a, b) => a.step - b.step),
      questions: this.#questions,
    };
  }

  /** What the blocks of the lesson consist of. */
  get #content(): string {
    return this.#front.program === null ? 'operation (```scenario)' : 'event (```program)';
  }

  #addBlock(reader: Reader): void {
    const start = reader.number;
    if (this.#questions.length > 0) throw reader.error('a block stands before the questions');
    const block = readBlock(reader);
    if ((block.kind === 'program') !== (this.#front.program !== null)) {
      throw reader.error(`the lesson has other blocks: ${this.#content}`, start);
    }
    if (block.fault === null) {
      this.#lines.push(...block.lines);
      this.#steps.push(...block.outcomes);
      if (this.#steps.length > STEPS_MAX)
        throw reader.error(`a lesson has at most ${STEPS_MAX} operations or events`, start);
      this.#about = { step: this.#steps.length, fault: null };
    } else {
      for (const outcome of block.outcomes) this.#addFaultOutcome(reader, block, outcome);
    }
  }

  #addFaultOutcome(reader: Reader, { fault }: OperationBlock, outcome: Outcome): void {
    if (fault === null || !this.#front.faults.includes(fault)) {
      throw reader.error(`the front matter does not name the fault ${fault} (faults: …)`, outcome.at);
    }
    const step = this.#steps.findLastIndex((one) => sameOperation(one.operation, outcome.operation)) + 1;
    if (step === 0) {
      throw reader.error(`the scenario above has no operation ${quoted(outcome.operation)}`, outcome.at);
    }
    if (this.#faultOutcomes.some((one) => one.fault === fault && one.step === step)) {
      throw reader.error(`its outcome with the fault ${fault} is stated twice`, outcome.at);
    }
    this.#faultOutcomes.push({ ...outcome, fault, step });
    this.#about = { step, fault };
  }

  #addText(reader: Reader): void {
    const start = reader.number;
    if (this.#questions.length > 0) throw reader.error('a text stands before the questions');
    const block = readText(reader);
    const { step, fault } = this.#about;
    const at = this.#notes.findIndex((note) => note.step === step && note.fault === fault);
    const before = this.#notes[at];
    if (before) this.#notes[at] = { ...before, blocks: [...before.blocks, block] };
    else this.#notes.push({ step, fault, blocks: [block] });
    if (this.#notes.length > NOTES_MAX) throw reader.error(`a lesson has at most ${NOTES_MAX} notes`, start);
    const blocks = this.#notes.at(at)?.blocks.length ?? 0;
    if (blocks > NOTES_MAX) throw reader.error(`a note has at most ${NOTES_MAX} paragraphs`, start);
  }

  #addQuestion(reader: Reader): void {
    const start = reader.number;
    this.#questions.push(readQuestion(reader));
    if (this.#questions.length > QUESTIONS_MAX) {
      throw reader.error(`a lesson has at most ${QUESTIONS_MAX} questions`, start);
    }
  }
}

/** Whether two lines perform the same operation: blanks between words do not matter, but those in a text do. */
export function sameOperation(one: string, other: string): boolean {
  return wordsOf(one).join(' ') === wordsOf(other).join(' ');
}

function wordsOf(line: string): readonly string[] {
  return line.match(/"(?:\\.|[^"\\])*"|\S+/g) ?? [];
}
