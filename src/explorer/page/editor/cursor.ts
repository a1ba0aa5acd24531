/**
 * Where the cursor of the editor is.
 */

import { signal } from '@preact/signals';

/** The line of the cursor, from 1. */
export const cursorLine = signal(1);
