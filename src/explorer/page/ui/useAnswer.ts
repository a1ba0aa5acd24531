/**
 * Questions that are asked again whenever something they depend on changes.
 */

import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';

/**
 * Asks a question now, and again whenever a signal that it reads changes. Returns the latest answer. Only the answer to
 * the latest question counts; a question that fails leaves the answer as it is.
 * @param question returns an answer, a promise of one, or null if there is nothing to ask
 * @param none the answer while there is nothing to ask, and before the first one arrives
 * @param arrived called with each answer that counts
 */
export function useAnswer<T>(
  question: () => T | Promise<T> | null,
  none: T,
  arrived: (answer: T) => void = () => {},
): ReadonlySignal<T> {
  const latest = useSignal(none);
  useSignalEffect(() => {
    const asked = question();
    if (!(asked instanceof Promise)) {
      latest.value = asked ?? none;
      return;
    }
    let isLatest = true;
    asked.then(
      (answer) => {
        if (!isLatest) return;
        latest.value = answer;
        arrived(answer);
      },
      () => undefined,
    );
    return () => {
      isLatest = false;
    };
  });
  return latest;
}
