/** What an intercepted instruction ended with. */

import type { Exit } from './exits.ts';

/** What an intercepted instruction ended with. */
export type Handled =
  /** The host executed it, or injected an exception for it: the guest continues. */
  | { readonly kind: 'done' }
  /** The virtual CPU returns to its user. */
  | { readonly kind: 'exit'; readonly exit: Exit }
  /** The host does not know it: user space handles it. */
  | { readonly kind: 'user-space' };

export const DONE: Handled = { kind: 'done' };
export const USER_SPACE: Handled = { kind: 'user-space' };
