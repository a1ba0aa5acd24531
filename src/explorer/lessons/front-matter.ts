/**
 * Reads the front matter of a lesson: lines of the form `key: value` between two lines of three hyphens.
 */

import { type InjectedFault, PURGE_SITES } from '../../host/index.ts';
import { LESSON_VIEWS, type Lesson, type LessonView } from './lesson.ts';
import { PROGRAMS, type ProgramName } from './programs.ts';
import { quoted, type Reader } from './reader.ts';

/** The line before and after front matter. */
export const FENCE = '---';

/** What the front matter contains. */
export type FrontMatter = Pick<Lesson, 'id' | 'title' | 'summary' | 'view' | 'faults' | 'program'>;

/** The keys, and the maximum length of their values. */
const KEYS = { id: 40, title: 100, summary: 300, view: 20, faults: 200, program: 40 } as const;
type Key = keyof typeof KEYS;

const FAULT_NAMES: readonly string[] = ['unlink', ...PURGE_SITES];
const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;

/** Reads front matter. @throws LessonError */
export function readFrontMatter(reader: Reader): FrontMatter {
  const start = reader.number;
  if (reader.line !== FENCE) {
    throw reader.error(`a lesson begins with front matter: ${FENCE}, id, title and summary, ${FENCE}`);
  }
  reader.take();
  const values = new Map<Key, { readonly text: string; readonly line: number }>();
  while (reader.line !== FENCE) {
    if (reader.line === null) throw reader.error(`the front matter has no end (${FENCE})`, start);
    readPair(reader, values);
  }
  reader.take();
  const required = (key: Key) => {
    const value = values.get(key)?.text;
    if (value === undefined) throw reader.error(`the front matter has no ${key}`, start);
    return value;
  };
  const id = required('id');
  if (!ID.test(id)) {
    const line = values.get('id')?.line;
    throw reader.error(`the id ${quoted(id)} may have only lower-case letters, digits and hyphens`, line);
  }
  const program = programOf(reader, values.get('program'));
  if (program !== null && values.has('faults')) {
    throw reader.error('a lesson of a program has no faults', values.get('faults')?.line);
  }
  return {
    id,
    title: required('title'),
    summary: required('summary'),
    view: viewOf(reader, values.get('view')),
    faults: faultsOf(reader, values.get('faults')),
    program,
  };
}

type Value = { readonly text: string; readonly line: number } | undefined;

function readPair(reader: Reader, values: Map<Key, Value & object>): void {
  const line = reader.number;
  const text = reader.line ?? '';
  const [, key = '', value = ''] = /^([a-z]+):\s*(.*)$/.exec(text) ?? [];
  if (!Object.hasOwn(KEYS, key)) {
    throw reader.error(`front matter has the keys ${Object.keys(KEYS).join(', ')}, not ${quoted(text)}`);
  }
  const known = key as Key;
  if (values.has(known)) throw reader.error(`${known} appears twice`);
  if (value === '') throw reader.error(`${known} has no value`);
  if (value.length > KEYS[known]) throw reader.error(`${known} is longer than ${KEYS[known]} characters`);
  values.set(known, { text: value, line });
  reader.take();
}

function viewOf(reader: Reader, value: Value): LessonView {
  if (value === undefined) return 'spaces';
  if (Object.hasOwn(LESSON_VIEWS, value.text)) return value.text as LessonView;
  const views = Object.keys(LESSON_VIEWS).join(', ');
  throw reader.error(`the view is one of ${views}, not ${quoted(value.text)}`, value.line);
}

function programOf(reader: Reader, value: Value): ProgramName | null {
  if (value === undefined) return null;
  if (Object.hasOwn(PROGRAMS, value.text)) return value.text as ProgramName;
  const names = Object.keys(PROGRAMS).join(', ');
  throw reader.error(`a program is one of ${names}, not ${quoted(value.text)}`, value.line);
}

function faultsOf(reader: Reader, value: Value): readonly InjectedFault[] {
  if (value === undefined) return [];
  const faults = value.text.split(',').map((name) => faultNamed(reader, name.trim(), value.line));
  if (new Set(faults).size < faults.length) throw reader.error('a fault appears twice', value.line);
  return faults;
}

/** Returns the fault with a name. @throws LessonError if there is none */
export function faultNamed(reader: Reader, name: string, line: number): InjectedFault {
  if (FAULT_NAMES.includes(name)) return name as InjectedFault;
  throw reader.error(`a fault is one of ${FAULT_NAMES.join(', ')}, not ${quoted(name)}`, line);
}
