/**
 * Reads the blocks of a lesson: operations of the scenario language or events of a program, and below each, indented, what
 * the lesson states about its outcome.
 */

import type { InjectedFault } from '../../host/index.ts';
import { parseNumber, ScenarioSyntaxError } from '../../scenario/index.ts';
import { faultNamed } from './front-matter.ts';
import type { Fact, Outcome, StatedFact } from './lesson.ts';
import { quoted, type Reader } from './reader.ts';

/** The line that ends a block. */
const END = '```';
/** Maximum number of lines of a block. */
const LINES_MAX = 2000;

/** The kinds of facts about the state after a step. */
const STATE_FACTS: readonly Fact['kind'][] = ['entry', 'frame', 'tlb'];

/** A block. */
export interface OperationBlock {
  readonly kind: 'scenario' | 'fault' | 'program';
  /** The fault whose run it describes, or null. */
  readonly fault: InjectedFault | null;
  /** Operations and comments, as the editor shows them. */
  readonly lines: readonly string[];
  readonly outcomes: readonly Outcome[];
}

/** Whether a line begins a block. */
export function beginsBlock(line: string): boolean {
  return line.startsWith(END);
}

/** Reads a block. Preconditions: the next line begins one. @throws LessonError */
export function readBlock(reader: Reader): OperationBlock {
  const start = reader.number;
  const { kind, fault } = beginningOf(reader, reader.take());
  const lines: string[] = [];
  const outcomes: Outcome[] = [];
  while (reader.line !== END) {
    if (reader.line === null) throw reader.error('the block has no end (```)', start);
    if (reader.number - start > LINES_MAX)
      throw reader.error(`a block has at most ${LINES_MAX} lines`, start);
    if (/^\s+\S/.test(reader.line)) throw reader.error('an outcome stands below its operation');
    const line = reader.line;
    if (line === '' || line.startsWith('#')) {
      lines.push(reader.take());
      continue;
    }
    lines.push(line);
    outcomes.push(kind === 'program' ? readEvent(reader) : readOutcome(reader));
  }
  reader.take();
  return { kind, fault, lines, outcomes };
}

/** Returns what the first line of a block says: "```scenario", "```program" or "```fault NAME". */
function beginningOf(reader: Reader, line: string): Pick<OperationBlock, 'kind' | 'fault'> {
  const at = reader.number - 1;
  const [kind = '', name, ...more] = line.slice(END.length).trim().split(/\s+/);
  if ((kind === 'scenario' || kind === 'program') && name === undefined) return { kind, fault: null };
  if (kind === 'fault' && name !== undefined && more.length === 0) {
    return { kind, fault: faultNamed(reader, name, at) };
  }
  throw reader.error('a block begins with ```scenario, ```program, or ```fault and the name of a fault', at);
}

function readOutcome(reader: Reader): Outcome {
  const at = reader.number;
  const operation = reader.take().trim();
  const answer: string[] = [];
  const facts: StatedFact[] = [];
  while (reader.line !== null && /^\s+\S/.test(reader.line)) {
    const line = reader.number;
    const fact = factOf(reader, reader.line.trim());
    if (fact === null) answer.push(reader.line.trim());
    else facts.push({ at: line, fact });
    reader.take();
  }
  return { at, operation, answer: answer.length === 0 ? null : answer, facts };
}

/** Reads an event of a program. Its text is its outcome; the state after it can be stated as well. */
function readEvent(reader: Reader): Outcome {
  const outcome = readOutcome(reader);
  const isState = ({ fact }: StatedFact) => STATE_FACTS.includes(fact.kind);
  if (outcome.answer === null && outcome.facts.every(isState)) return outcome;
  throw reader.error(`below an event stand ${STATE_FACTS.join(', ')}`, outcome.at);
}

/** Returns the fact that a line states, or null if the line belongs to the answer. */
function factOf(reader: Reader, line: string): Fact | null {
  const [kind, ...words] = line.split(/\s+/);
  switch (kind) {
    case 'events':
      return { kind, types: words };
    case 'broken':
      return { kind, rules: words };
    case 'entry': {
      const [level = '', value = '', ...more] = words.slice(3);
      if (value === '' || more.length > 0) {
        throw reader.error('an entry is stated as: entry gmap 0 1G segment 0x10000220');
      }
      return { kind, ...placeOf(reader, words), level, value: numberOf(reader, value) };
    }
    case 'frame': {
      const [frame = '', ...more] = words.slice(3);
      if (frame === '' || more.length > 0) {
        throw reader.error('a frame is stated as: frame gmap 0 1G 0x18000, or none');
      }
      return { kind, ...placeOf(reader, words), frame: frame === 'none' ? null : numberOf(reader, frame) };
    }
    case 'tlb': {
      const [cpu = '', ...place] = words;
      const holds = place.slice(3).join(' ');
      if (!/^[0-3]$/.test(cpu) || !/^(none|0x[0-9a-f]+( stale)?)$/.test(holds)) {
        throw reader.error('a TLB entry is stated as: tlb 1 gmap 0 1G 0x18000, or 0x18000 stale, or none');
      }
      return { kind, cpu: Number(cpu), ...placeOf(reader, place), holds };
    }
    default:
      return null;
  }
}

/** Returns the space and the address in `gmap 0 1G`. */
function placeOf(reader: Reader, [space = '', number = '', address = '']: readonly string[]) {
  if (!/^(process|gmap)$/.test(space) || !/^\d{1,2}$/.test(number)) {
    throw reader.error(`${quoted(`${space} ${number}`)} is no address space: write process 0 or gmap 0`);
  }
  return { space: `${space} ${number}`, address: numberOf(reader, address) };
}

function numberOf(reader: Reader, text: string): bigint {
  try {
    return parseNumber(text);
  } catch (error) {
    if (error instanceof ScenarioSyntaxError) throw reader.error(error.message);
    throw error;
  }
}
