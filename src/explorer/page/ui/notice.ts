/**
 * The message about the latest failure.
 */

import { signal } from '@preact/signals';

/** The message, or null. */
export const notice = signal<string | null>(null);

/** Shows the message of an error. */
export function complain(error: unknown): void {
  notice.value = error instanceof Error ? error.message : String(error);
}
