/**
 * A fault of Guesthouse itself: something that the code believed impossible. No input, program or guest may
 * be able to cause it; whoever sees one has found a bug.
 */
export class InternalError extends Error {
  constructor(message: string) {
    super(`internal error (a bug in Guesthouse): ${message}`);
    this.name = 'InternalError';
  }
}
