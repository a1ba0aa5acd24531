/**
 * Breaking a host on purpose.
 */

import type { Host } from '../host/index.ts';
import type { LeftOut } from './positions.ts';

/** Makes a host leave something out from now on; null: nothing. */
export function leaveOut(host: Host, what: LeftOut | null): void {
  host.kernel.unlinkLeftOut = what === 'unlink';
  host.kernel.purges.leftOut = what === 'unlink' ? null : what;
}
