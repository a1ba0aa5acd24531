/** What became of an intercepted instruction. */

import type { Exit } from './exits.ts';

/** Done, an exit, or nothing the host knows: user space's to handle. */
export type Handled = null | Exit | 'user-space';
