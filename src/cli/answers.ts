/** How `replay` prints answers: plainly for scripts, in columns on a terminal, or as JSON. */

import { describeViolation, RULES, type Violation } from '../check/index.ts';
import { type Answer, formatText } from '../scenario/index.ts';
import { json } from './json.ts';
import { styled } from './output.ts';
import type { NumberedOperation } from './scenario-file.ts';

/** What a replay has done. */
export interface ReplaySummary {
  readonly operations: number;
  /** Operations that were answered by an error. */
  readonly errors: number;
  /** Whether every rule was checked after every operation. */
  readonly checked: boolean;
  readonly violations: number;
}

/** Prints answers. The texts are chunks of standard output, generated when they are read: an answer may have millions of lines. */
export interface AnswerFormat {
  /** Prepares for some operations that follow. */
  expect(operations: readonly NumberedOperation[]): void;
  answer(one: NumberedOperation, answer: Answer): Iterable<string>;
  /** Lines for standard error that go with an answer. */
  remark(one: NumberedOperation, answer: Answer): string | null;
  /** A violation for standard output, or null if it goes to standard error. */
  violation(violation: Violation): string | null;
  summary(summary: ReplaySummary): string;
}

/** The answers and nothing else, as docs/scenarios.md states; the reasons of errors go to standard error. */
export class PlainAnswers implements AnswerFormat {
  expect(): void {}

  *answer(_one: NumberedOperation, { lines }: Answer): Iterable<string> {
    for (const line of lines) yield `${line}\n`;
  }

  remark({ number }: NumberedOperation, { explanation }: Answer): string | null {
    return explanation === undefined ? null : `line ${number}: ${explanation}`;
  }

  violation(): null {
    return null;
  }

  summary(): string {
    return '';
  }
}

/** One object per line. */
export class JsonAnswers implements AnswerFormat {
  expect(): void {}

  *answer({ number, text }: NumberedOperation, { lines, data, explanation }: Answer): Iterable<string> {
    yield `{"line":${number},"operation":${json(text)},"answer":[`;
    let first = true;
    let code = '';
    for (const line of lines) {
      yield `${first ? '' : ','}${json(line)}`;
      if (first && explanation !== undefined) code = line.replace('error ', '');
      first = false;
    }
    const shown = data === undefined ? null : formatText(data);
    const asText = shown === null ? '' : `,"text":${json(new TextDecoder().decode(data))}`;
    const error = explanation === undefined ? '' : `,"error":${json({ code, message: explanation })}`;
    yield `]${asText}${error}}\n`;
  }

  remark(): null {
    return null;
  }

  violation({ rule, message, operations }: Violation): string {
    return `${json({ violation: { rule, message, operations } })}\n`;
  }

  summary(summary: ReplaySummary): string {
    return `${json({ summary })}\n`;
  }
}

/** Width of the widest operation that is padded, in characters. */
const COLUMN_MAX = 50;
/** Characters that a terminal obeys or that hide others. The text of a scenario may be hostile. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Operations and answers in columns, and a summary at the end. */
export class TerminalAnswers implements AnswerFormat {
  /** Whether standard error is read elsewhere, and so needs the reasons of errors, too. */
  readonly #remarks: boolean;
  #width = 0;
  #digits = 2;

  constructor(remarks: boolean) {
    this.#remarks = remarks;
  }

  expect(operations: readonly NumberedOperation[]): void {
    for (const { text } of operations) {
      if (text.length <= COLUMN_MAX) this.#width = Math.max(this.#width, text.length);
    }
    const last = operations[operations.length - 1];
    if (last) this.#digits = Math.max(this.#digits, `${last.number}`.length);
  }

  *answer({ number, text }: NumberedOperation, { lines, data, explanation }: Answer): Iterable<string> {
    const shown = text.replace(UNSEEN, '?');
    const operation = `${styled('dim', `${number}`.padStart(this.#digits))}  ${shown.padEnd(this.#width)}`;
    let before = operation;
    for (const line of lines) {
      yield `${before}  ${this.#colored(line, explanation)}${textOf(data)}\n`;
      before = ' '.repeat(this.#digits + 2 + this.#width);
    }
  }

  #colored(line: string, explanation: string | undefined): string {
    if (explanation !== undefined) return `${styled('yellow', line)}  ${explanation}`;
    return line === 'ok' ? styled('green', line) : line;
  }

  remark({ number }: NumberedOperation, { explanation }: Answer): string | null {
    return explanation === undefined || !this.#remarks ? null : `line ${number}: ${explanation}`;
  }

  violation(violation: Violation): string | null {
    const [first = '', ...operations] = describeViolation(violation).split('\n');
    return `${styled('red', first)}\n${operations.map((line) => `${styled('dim', line)}\n`).join('')}`;
  }

  summary({ operations, errors, checked, violations }: ReplaySummary): string {
    const done = `${counted(operations, 'operation')}, ${counted(errors, 'error')}. `;
    if (!checked) return `\n${done}Nothing was checked; --check tests every rule after every line.\n`;
    const rules = `${Object.keys(RULES).length} rules`;
    if (violations > 0) return `\n${done}${styled('red', `${counted(violations, 'violation')}.`)}\n`;
    return `\n${done}${styled('green', 'All checks pass')}: ${rules}, after every line.\n`;
  }
}

function textOf(data: Uint8Array | undefined): string {
  const text = data === undefined ? null : formatText(data);
  return text === null ? '' : ` ${styled('cyan', text)}`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
