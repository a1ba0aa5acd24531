/**
 * Reads the text of a lesson: paragraphs, lists, and questions with answers to choose from.
 */

import type { Block, Choice, Question } from './lesson.ts';
import { quoted, type Reader } from './reader.ts';

/** Maximum length of a paragraph, of an item of a list, and of a question, in characters. */
const TEXT_MAX = 2000;
/** Maximum number of items of a list, and of answers to a question. */
const ITEMS_MAX = 20;
const CHOICES_MAX = 8;

const ITEM = /^- (?=\S)/;
const CHOICE = /^- \[([ x])\] (?=\S)/;
const QUESTION = /^## (?=\S)/;
/** What Markdown has and lessons do not. */
const OTHER = /^(#|>|\||<|!\[|\* |\+ |\d+[.)] |={3,}$|-{3,}$|~{3,}|\t| {2,}\S)/;

/** Whether a line begins a question. */
export function beginsQuestion(line: string): boolean {
  return QUESTION.test(line);
}

/** Reads a paragraph or a list. Preconditions: the next line is not blank. @throws LessonError */
export function readText(reader: Reader): Block {
  if (!ITEM.test(reader.line ?? '')) return { kind: 'paragraph', text: readParagraph(reader) };
  const items: string[] = [];
  const start = reader.number;
  while (ITEM.test(reader.line ?? '')) {
    if (items.length === ITEMS_MAX) throw reader.error(`a list has at most ${ITEMS_MAX} items`, start);
    items.push(readItem(reader, ITEM));
  }
  return { kind: 'list', items };
}

/** Reads a question with its answers. Preconditions: the next line begins one. @throws LessonError */
export function readQuestion(reader: Reader): Question {
  const start = reader.number;
  const text = checked(reader, reader.take().replace(QUESTION, ''), start);
  const choices: Choice[] = [];
  reader.skipBlank();
  while (CHOICE.test(reader.line ?? '')) {
    if (choices.length === CHOICES_MAX)
      throw reader.error(`a question has at most ${CHOICES_MAX} answers`, start);
    choices.push(readChoice(reader));
    reader.skipBlank();
  }
  const right = choices.filter(({ isRight }) => isRight).length;
  if (choices.length < 2) throw reader.error('a question has at least two answers: - [ ] or - [x]', start);
  if (right !== 1) throw reader.error(`a question has one right answer (- [x]), not ${right}`, start);
  return { text, choices };
}

function readChoice(reader: Reader): Choice {
  const start = reader.number;
  const isRight = CHOICE.exec(reader.line ?? '')?.[1] === 'x';
  const text = readItem(reader, CHOICE);
  reader.skipBlank();
  if (!/^ {2,}\S/.test(reader.line ?? '')) {
    throw reader.error('below an answer stands the reason why it is right or wrong, indented', start);
  }
  return { text, isRight, reason: readIndented(reader) };
}

/** Reads an item of a list: its line, and further lines that are indented. */
function readItem(reader: Reader, begin: RegExp): string {
  const start = reader.number;
  const words = [reader.take().replace(begin, '')];
  if (/^ {2,}\S/.test(reader.line ?? '')) words.push(readIndented(reader));
  return checked(reader, words.join(' '), start);
}

function readIndented(reader: Reader): string {
  const start = reader.number;
  const words: string[] = [];
  while (/^ {2,}\S/.test(reader.line ?? '')) words.push(reader.take().trim());
  return checked(reader, words.join(' '), start);
}

function readParagraph(reader: Reader): string {
  const start = reader.number;
  const words: string[] = [];
  for (let line = reader.line; line !== null && line !== '' && !endsParagraph(line); line = reader.line) {
    if (OTHER.test(line)) {
      throw reader.error(
        `${quoted(line)}: the text of a lesson has paragraphs, lists (- ) and questions (## ) only`,
      );
    }
    words.push(reader.take());
  }
  return checked(reader, words.join(' '), start);
}

function endsParagraph(line: string): boolean {
  return ITEM.test(line) || line.startsWith('```') || beginsQuestion(line);
}

function checked(reader: Reader, text: string, line: number): string {
  if (text.length > TEXT_MAX) throw reader.error(`a text is longer than ${TEXT_MAX} characters`, line);
  if (text.split('`').length % 2 === 0) throw reader.error('a backquote is missing', line);
  return text;
}
