/**
 * A line for the reader: what could not be done.
 */

import { signal } from '@preact/signals';

/** The line; null for none. */
export const notice = signal<string | null>(null);

/** Says what an error says. */
export function complain(error: unknown): void {
  notice.value = error instanceof Error ? error.message : String(error);
}
