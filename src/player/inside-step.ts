/** State inside a step: right after one of its events. */

import type { Run } from './run.ts';

/** Plays one step, and calls `ask` right after its `nth` event; at the end of the step if it has fewer. */
export function insideStep<T>(run: Run, nth: number, ask: () => T): T {
  let answer: { readonly value: T } | null = null;
  let failure: unknown = null;
  let count = 0;
  const unsubscribe = run.trace.subscribe(() => {
    if (++count !== nth) return;
    try {
      answer = { value: ask() };
    } catch (error) {
      failure = error;
    }
  });
  try {
    run.advance(1);
  } finally {
    unsubscribe();
  }
  if (failure !== null) throw failure;
  return answer === null ? ask() : (answer as { readonly value: T }).value;
}
