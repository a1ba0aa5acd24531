/** Reads a scenario from a file or from standard input, line by line. */

import { createReadStream } from 'node:fs';
import { type Operation, parseLine, ScenarioSyntaxError } from '../scenario/index.ts';
import { cut } from '../scenario/internal.ts';
import { UsageError } from './output.ts';

/** Maximum length of a line in characters, so that a hostile file cannot fill the memory with one. */
const LINE_LIMIT = 1 << 26;

/** Number of characters of a line that are kept as the name of the operation. */
const NAME_WIDTH = 200;

/** An operation and its line. */
export interface NumberedOperation {
  readonly number: number;
  /** The line, truncated. */
  readonly text: string;
  readonly operation: Operation;
}

/**
 * Generates the operations of a scenario, in batches as they arrive.
 * @param path a file, or - for standard input
 * @throws UsageError if the file cannot be read, or at a line with a syntax error
 */
export async function* readScenario(path: string): AsyncGenerator<NumberedOperation[]> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  stream.setEncoding('utf8');
  const rest = new PartialLine();
  let number = 0;
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      const end = chunk.lastIndexOf('\n');
      if (end >= 0) {
        const lines = (rest.take() + chunk.slice(0, end)).split('\n');
        yield* batch(path, lines, number);
        number += lines.length;
      }
      rest.add(chunk.slice(end + 1));
      if (rest.length > LINE_LIMIT) throw new UsageError(`${path}:${number + 1}: the line is too long`);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UsageError || code === undefined) throw error;
    throw new UsageError(`${path} cannot be read: ${code}`);
  }
  if (rest.length > 0) yield* batch(path, [rest.take()], number);
}

/** The beginning of a line whose end has not arrived yet, in the chunks that have arrived. */
class PartialLine {
  #chunks: string[] = [];
  length = 0;

  add(chunk: string): void {
    if (chunk !== '') this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  take(): string {
    const text = this.#chunks.join('');
    this.#chunks = [];
    this.length = 0;
    return text;
  }
}

/** Parses lines. The operations before a line with a syntax error are yielded before the error is thrown. */
function* batch(path: string, lines: readonly string[], before: number): Generator<NumberedOperation[]> {
  const operations: NumberedOperation[] = [];
  for (const [i, text] of lines.entries()) {
    const number = before + i + 1;
    try {
      const operation = parseLine(text);
      if (operation) operations.push({ number, text: cut(text.trim(), NAME_WIDTH), operation });
    } catch (error) {
      if (!(error instanceof ScenarioSyntaxError)) throw error;
      yield operations;
      throw new UsageError(`${path}:${number}: ${error.message}`);
    }
  }
  yield operations;
}
