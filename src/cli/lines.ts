/** Reads the lines of a file or of standard input as they arrive. */

import { createReadStream } from 'node:fs';
import { UsageError } from './output.ts';
import { reasonOf } from './reasons.ts';

/** Consecutive lines of a file. */
export interface Lines {
  readonly lines: readonly string[];
  /** The number of lines before them. */
  readonly before: number;
}

/**
 * Generates the lines of a file, in batches as they arrive.
 * @param path a file, or - for standard input
 * @param limit maximum length of a line in characters, so that a hostile file cannot fill the memory with one
 * @throws UsageError if the file cannot be read, or at a line that is too long
 */
export async function* readLines(path: string, limit: number): AsyncGenerator<Lines> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  stream.setEncoding('utf8');
  const rest = new PartialLine();
  let before = 0;
  try {
    for await (const chunk of stream as AsyncIterable<string>) {
      const end = chunk.lastIndexOf('\n');
      if (end >= 0) {
        const lines = (rest.take() + chunk.slice(0, end)).split('\n');
        yield { lines, before };
        before += lines.length;
      }
      rest.add(chunk.slice(end + 1));
      if (rest.length > limit) throw new UsageError(`${path}:${before + 1}: the line is too long`);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (error instanceof UsageError || code === undefined) throw error;
    throw new UsageError(`could not read ${path}: ${reasonOf(error)}`);
  }
  if (rest.length > 0) yield { lines: [rest.take()], before };
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
