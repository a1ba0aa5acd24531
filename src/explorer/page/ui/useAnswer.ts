/**
 * Requests that are repeated whenever a signal that they depend on changes.
 */

import { type ReadonlySignal, useSignal, useSignalEffect } from '@preact/signals';

/**
 * Performs a request now, and again whenever a signal that it reads changes. Returns the answer to the latest request. A
 * request that fails leaves the answer unchanged.
 * @param request returns an answer, a promise of one, or null if no request is needed
 * @param none the answer if no request is needed, and before the first one arrives
 */
export function useAnswer<T>(request: () => T | Promise<T> | null, none: T): ReadonlySignal<T> {
  const latest = useSignal(none);
  useSignalEffect(() => {
    const requested = request();
    if (!(requested instanceof Promise)) {
      latest.value = requested ?? none;
      return;
    }
    let isLatest = true;
    requested.then(
      (answer) => {
        if (isLatest) latest.value = answer;
      },
      () => undefined,
    );
    return () => {
      isLatest = false;
    };
  });
  return latest;
}
