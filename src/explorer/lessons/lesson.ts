/**
 * A lesson: a scenario or a program to play, and notes on what it does. docs/lessons.md describes the files that lessons
 * are written in, and `parse.ts` reads them.
 */

import type { InjectedFault } from '../../host/index.ts';
import type { ProgramName } from './programs.ts';

/** A paragraph or a list. Backquotes, asterisks and terms of the glossary are marked up when it is shown. */
export type Block =
  | { readonly kind: 'paragraph'; readonly text: string }
  | { readonly kind: 'list'; readonly items: readonly string[] };

/** Something that a lesson states about the machine after an operation. */
export type Fact =
  /** The types of the events that the operation emits, in order. */
  | { readonly kind: 'events'; readonly types: readonly string[] }
  /** The rules that the checker finds broken after the operation. */
  | { readonly kind: 'broken'; readonly rules: readonly string[] }
  /** The value of an entry on the walk of an address; `level` may also be `pgste`. */
  | {
      readonly kind: 'entry';
      readonly space: string;
      readonly address: bigint;
      readonly level: string;
      readonly value: bigint;
    }
  /** The frame that a walk ends at; null if it ends with an exception. */
  | {
      readonly kind: 'frame';
      readonly space: string;
      readonly address: bigint;
      readonly frame: bigint | null;
    }
  /** What the TLB of a processor holds for an address: a frame, perhaps followed by `stale`, or `none`. */
  | {
      readonly kind: 'tlb';
      readonly cpu: number;
      readonly space: string;
      readonly address: bigint;
      readonly holds: string;
    };

/** A fact, and the line of the file that states it, from 1. */
export interface StatedFact {
  readonly at: number;
  readonly fact: Fact;
}

/** An operation of a scenario or an event of a program, and what the lesson states about its outcome. */
export interface Outcome {
  /** Its line in the file, from 1. */
  readonly at: number;
  /** The operation, or the beginning of the text of the event (`textOf`), without blanks around it. */
  readonly operation: string;
  /** The lines of its answer, or null if the lesson states none: then it must not be an error. */
  readonly answer: readonly string[] | null;
  readonly facts: readonly StatedFact[];
}

/** The outcome of a step while a fault is injected. */
export interface FaultOutcome extends Outcome {
  readonly fault: InjectedFault;
  /** The number of the step, from 1. */
  readonly step: number;
}

/**
 * A note. It is about one run: the run without a fault, or the one with a certain fault. It is shown only while the run
 * on the page is that run.
 */
export interface Note {
  /** How many of the lesson's steps are done when the note appears; 0 at the beginning. */
  readonly step: number;
  /** The injected fault, or null. */
  readonly fault: InjectedFault | null;
  readonly blocks: readonly Block[];
}

/** An answer to choose, with the reason why it is right or wrong. */
export interface Choice {
  readonly text: string;
  readonly isRight: boolean;
  readonly reason: string;
}

/** A question with answers to choose from. One of them is right. */
export interface Question {
  readonly text: string;
  readonly choices: readonly Choice[];
}

/** The views that a lesson can open with, and the tabs that show them. */
export const LESSON_VIEWS = {
  spaces: 'spaces',
  tables: 'trees',
  walk: 'walk',
  processors: 'processors',
} as const;

/** A view that a lesson can open with. */
export type LessonView = keyof typeof LESSON_VIEWS;

/** A lesson. */
export interface Lesson {
  /** A short name: links refer to it. */
  readonly id: string;
  readonly title: string;
  /** One sentence. */
  readonly summary: string;
  /** The view that is shown first. */
  readonly view: LessonView;
  /** The faults that the lesson invites to inject. */
  readonly faults: readonly InjectedFault[];
  /** The program that the lesson plays, or null if it plays a scenario. */
  readonly program: ProgramName | null;
  /** The text of the scenario, with its comments. Empty if the lesson plays a program. */
  readonly scenario: string;
  /** The operations of the scenario, or the events of the program that the lesson is about. */
  readonly steps: readonly Outcome[];
  /** Outcomes with a fault. */
  readonly faultOutcomes: readonly FaultOutcome[];
  /** In the order of their steps. */
  readonly notes: readonly Note[];
  readonly questions: readonly Question[];
}

/** What is wrong in the file of a lesson: `my-lesson.md:12: …`. */
export class LessonError extends Error {
  /**
   * @param file the name of the file
   * @param line from 1
   */
  constructor(file: string, line: number, message: string) {
    super(`${file}:${line}: ${message}`);
    this.name = 'LessonError';
  }
}
