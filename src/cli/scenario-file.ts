/** Reads a scenario from a file or from standard input, line by line. */

import { type Operation, parseLine, ScenarioSyntaxError } from '../scenario/index.ts';
import { cut } from '../scenario/internal.ts';
import { readLines } from './lines.ts';
import { UsageError } from './output.ts';

/** Maximum length of a line in characters. */
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
  for await (const { lines, before } of readLines(path, LINE_LIMIT)) yield* batch(path, lines, before);
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
