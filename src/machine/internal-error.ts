/**
 * A bug in Guesthouse: a state that the code considers impossible. No input, program or guest can cause it.
 */
export class InternalError extends Error {
  constructor(message: string) {
    super(`internal error (a bug in Guesthouse): ${message}`);
    this.name = 'InternalError';
  }
}
