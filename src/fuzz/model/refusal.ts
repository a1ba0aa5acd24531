/** How the model says no. */

import type { Errno } from '../../host/index.ts';

/** An operation that must end with an error. */
export class Refusal extends Error {
  readonly code: Errno;

  constructor(code: Errno) {
    super(code);
    this.code = code;
  }
}
