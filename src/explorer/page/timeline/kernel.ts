/**
 * What does the same in the Linux kernel, in a phrase.
 */

import { KERNEL_FUNCTIONS, type TraceEventType } from '../../../trace/index.ts';

/** Returns the functions of the kernel that do what an event reports, or null if there are none. */
export function inLinux(type: TraceEventType): string | null {
  const { functions, note } = KERNEL_FUNCTIONS[type] ?? { functions: [] };
  if (functions.length === 0) return null;
  return `In Linux: ${functions.join(', ')}${note === undefined ? '' : ` (${note})`}`;
}
