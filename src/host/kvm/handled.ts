/** The outcomes of handling an intercepted instruction. */

import type { Exit } from './exits.ts';

/** The outcome of handling an intercepted instruction. */
export type Handled =
  /** The host executed it, or injected an exception: the guest continues. */
  | { readonly kind: 'done' }
  /** The virtual CPU returns to its user. */
  | { readonly kind: 'exit'; readonly exit: Exit }
  /** The host does not know it: user space handles it. */
  | { readonly kind: 'user-space' };

/** The guest continues. */
export const DONE: Handled = { kind: 'done' };
/** User space handles the instruction. */
export const USER_SPACE: Handled = { kind: 'user-space' };
