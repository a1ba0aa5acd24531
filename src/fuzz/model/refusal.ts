/** Errors of the model. */

import type { Errno } from '../../host/index.ts';

/** The error that an operation must end with. */
export class Refusal extends Error {
  readonly code: Errno;

  constructor(code: Errno) {
    super(code);
    this.code = code;
  }
}
